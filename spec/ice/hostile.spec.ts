import t from 'tap'
import { type IceCandidate, MOST_PAIRS } from '../../lib/ice/index.ts'
import { Attribute, nomination } from '../../lib/stun/index.ts'
import { Alone, encodeAnswer, encodeCheck, PEER, REMOTE, SOCKET } from './raw-peer.ts'

const OTHER = { address: '198.51.100.66', port: 66 }
const candidate = (port: number): IceCandidate => ({
  foundation: String(port),
  component: 1,
  protocol: 'udp',
  priority: port,
  type: 'host',
  address: PEER.address,
  port,
})
/** A controlled agent with a nominated pair, whose peer announces renomination. */
const connected = (): Alone => {
  const alone = new Alone('controlled')
  alone.agent.setRemoteParameters({ ...REMOTE, renomination: true }, 0)
  alone.meet()
  alone.answerLast()
  alone.receive(encodeCheck({ useCandidate: true, more: [nomination(1)] }))
  alone.take()
  return alone
}

t.test('forged nominations select nothing and make no pair', t => {
  const alone = connected()
  const before = alone.agent.selectedPair
  for (const forged of [
    encodeCheck({ useCandidate: true, more: [nomination(9)], password: 'x'.repeat(22) }),
    encodeCheck({ useCandidate: true, more: [nomination(9)], password: undefined }),
    encodeCheck({ useCandidate: true, more: [nomination(9)], username: 'ours:evil' }),
    encodeCheck({ useCandidate: true, more: [nomination(9)], fingerprint: false }),
  ])
    alone.receive(forged, OTHER)
  t.equal(alone.agent.selectedPair, before)
  t.equal(alone.agent.pairs.length, 1)
  t.notOk(alone.admits(OTHER))
  // The numbers did not count either.
  alone.receive(encodeCheck({ useCandidate: true, more: [nomination(2)] }), OTHER)
  alone.pass(50)
  alone.answerLast({ from: OTHER })
  t.equal(alone.agent.selectedPair?.remoteAddress, OTHER.address)
  t.end()
})

t.test('a nomination of 0, or of a length that lies, is none', t => {
  for (const value of [[0, 0, 0, 0], [1], [0, 0, 0, 0, 9], []]) {
    const alone = connected()
    const more = [{ type: Attribute.nomination, value: Uint8Array.from(value) }]
    alone.receive(encodeCheck({ more }), OTHER)
    alone.pass(50)
    alone.answerLast({ from: OTHER })
    t.equal(alone.agent.selectedPair?.remoteAddress, PEER.address)
    t.notOk(alone.agent.pairs.find(pair => pair.remoteAddress === OTHER.address)?.nominated)
  }
  t.end()
})

t.test(
  'a true check that is replayed from elsewhere gets a check in return, and no data before that is answered',
  t => {
    const alone = connected()
    const bytes = encodeCheck({ useCandidate: true, more: [nomination(7)] })
    alone.receive(bytes)
    alone.receive(bytes, OTHER)
    alone.pass(1_000)
    t.equal(alone.agent.selectedPair?.remoteAddress, PEER.address)
    t.match(
      alone.agent.pairs.find(pair => pair.remoteAddress === OTHER.address),
      { valid: false, nominated: false },
    )
    t.end()
  },
)

t.test('a captured nomination that is repeated from elsewhere before it arrives keeps nobody from following it', t => {
  const alone = connected()
  const second = { address: PEER.address, port: 1_003 }
  alone.agent.addRemoteCandidate({ ...candidate(second.port), priority: 0x7e7ffffe }, alone.now)
  alone.receive(encodeCheck(), second)
  alone.pass(100)
  alone.answerLast()
  t.equal(alone.agent.selectedPair?.remotePort, PEER.port)
  const bytes = encodeCheck({ useCandidate: true, more: [nomination(7)] })
  alone.receive(bytes, OTHER)
  alone.receive(bytes, second)
  t.equal(alone.agent.selectedPair?.remotePort, second.port)
  // Whoever repeats it and leads our check to the peer as well does not get the number either.
  alone.pass(1_000)
  for (const check of alone.take().filter(({ address }) => address === OTHER.address))
    alone.receive(encodeAnswer(check.message), OTHER)
  t.equal(alone.agent.selectedPair?.remotePort, second.port)
  t.end()
})

t.test('an answer that comes over another socket, or from elsewhere, is none for its pair', t => {
  for (const [from, socket] of [
    [PEER, 8],
    [OTHER, SOCKET.socket],
  ] as const) {
    const alone = new Alone('controlling')
    alone.agent.addHostCandidate({ socket: 8, address: '192.0.2.9', port: 9 }, 0)
    alone.meet('none')
    alone.agent.addRemoteCandidate(candidate(PEER.port), 0)
    alone.pass(0)
    const [check] = alone.take()
    t.equal(check!.socket, SOCKET.socket)
    alone.receive(encodeAnswer(check!.message), from, socket)
    t.ok(alone.agent.pairs.every(({ valid }) => !valid))
    t.equal(alone.agent.counters.asymmetricResponses, 1)
    alone.receive(encodeAnswer(check!.message), PEER)
    t.ok(
      alone.agent.pairs.every(({ valid }) => !valid),
      'nor does it come a second time',
    )
  }
  t.end()
})

t.test('an answer replayed later renews no consent', t => {
  const alone = connected()
  alone.pass(6_000)
  const check = alone.answerLast()
  const until = alone.agent.selectedPair!.consentUntil
  alone.pass(3_000)
  for (const socket of [SOCKET.socket, 99]) alone.receive(encodeAnswer(check.message), PEER, socket)
  t.equal(alone.agent.selectedPair!.consentUntil, until)
  t.same([alone.agent.counters.unmatchedResponses, alone.agent.counters.unknownSocket], [1, 1])
  t.end()
})

t.test('a flood of authenticated checks from everywhere stays within its bounds, and the pair in use lives', t => {
  const alone = connected()
  const { selectedPair } = alone.agent
  for (let i = 0; i < 3_000; i++)
    alone.receive(encodeCheck({ useCandidate: true, more: [nomination(i + 2)] }), {
      address: `10.${i >> 8}.${i & 255}.1`,
      port: 1 + i,
    })
  t.ok(alone.agent.pairs.length <= MOST_PAIRS)
  t.ok(alone.agent.remoteCandidates.length <= 128)
  t.ok(alone.agent.pairs.includes(selectedPair!))
  t.equal(alone.agent.selectedPair, selectedPair)
  alone.take()
  alone.pass(1_000)
  t.ok(alone.take().length <= 60, 'paced by Ta, and by RTO over their number')
  t.end()
})

t.test('a flood of trickled candidates after the nomination is paced and bounded', t => {
  const alone = connected()
  for (let port = 2_000; port < 4_000; port++)
    alone.agent.addRemoteCandidate({ ...candidate(port), priority: 0x7f000000 + port }, alone.now)
  t.ok(alone.agent.pairs.length <= MOST_PAIRS)
  alone.pass(1_000)
  t.ok(alone.take().length <= 60)
  t.equal(alone.agent.selectedPair?.remotePort, PEER.port)
  t.end()
})

t.test('a flood of mapped addresses makes no more than 32 candidates of ours', t => {
  const alone = new Alone('controlled').connect()
  for (let i = 1; i < 200; i++) {
    alone.pass(6_000)
    const check = alone.take().findLast(({ message }) => message.kind === 'request')
    if (check === undefined) break
    alone.receive(encodeAnswer(check.message, { mapped: { address: '203.0.113.1', port: i } }))
  }
  t.equal(alone.agent.localCandidates.length, 33)
  t.equal(alone.agent.state, 'connected')
  t.end()
})
