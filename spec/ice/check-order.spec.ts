import t from 'tap'
import { Packet } from '../../lib/bytes/index.ts'
import type { IceCandidate, IceTiming } from '../../lib/ice/index.ts'
import { Attribute, readUsername } from '../../lib/stun/index.ts'
import { Alone, encodeAnswer, encodeCheck, PEER } from './raw-peer.ts'

const candidate = (port: number, priority: number, foundation = String(port)): IceCandidate => ({
  foundation,
  component: 1,
  protocol: 'udp',
  priority,
  type: 'host',
  address: '192.0.2.2',
  port,
})

/** An agent that knows the peer by these candidates, and has sent nothing yet. */
const facing = (
  role: 'controlling' | 'controlled',
  candidates: readonly IceCandidate[],
  timing: Partial<IceTiming> = {},
): Alone => {
  const alone = new Alone(role, { timing }).meet('none')
  for (const each of candidates) alone.agent.addRemoteCandidate(each, alone.now)
  return alone
}

const ports = (alone: Alone) =>
  alone
    .take()
    .filter(({ message }) => message.kind === 'request')
    .map(({ port }) => port)

t.test('pairs are checked in the order of priority, one each Ta, whatever the order they came in', t => {
  const alone = facing('controlling', [candidate(1, 10), candidate(2, 30), candidate(3, 20)])
  alone.pass(0)
  t.same(ports(alone), [2])
  alone.pass(49)
  t.same(ports(alone), [])
  alone.pass(1)
  t.same(ports(alone), [3])
  alone.pass(50)
  t.same(ports(alone), [1])
  t.end()
})

t.test(
  'of pairs with one foundation the best is checked first, the others when it has succeeded (RFC 8445, 6.1.2.6)',
  t => {
    const alone = facing('controlled', [candidate(1, 10, 'f'), candidate(2, 30, 'f'), candidate(3, 20, 'f')])
    t.same(
      alone.agent.pairs.map(({ remotePort, state }) => [remotePort, state]),
      [
        [2, 'waiting'],
        [3, 'frozen'],
        [1, 'frozen'],
      ],
    )
    alone.pass(400)
    t.same(
      alone.sent.map(({ port }) => port),
      [2],
    )
    alone.answerLast()
    t.same(
      alone.agent.pairs.map(({ state }) => state),
      ['succeeded', 'in-progress', 'waiting'],
    )
    alone.pass(50)
    t.same(ports(alone), [3, 1])
    t.end()
  },
)

t.test('when the best of a foundation fails, the next has its turn', t => {
  const alone = facing('controlled', [candidate(1, 10, 'f'), candidate(2, 30, 'f')])
  alone.pass(39_500)
  t.same([...new Set(ports(alone))], [2, 1])
  t.match(alone.agent.pairs, [{ state: 'failed' }, { state: 'in-progress' }])
  t.end()
})

t.test('a check of the peer goes before the rest of the list (RFC 8445, 6.1.4.2)', t => {
  const alone = facing('controlled', [candidate(1, 40), candidate(2, 30), candidate(3, 20), candidate(4, 10)])
  alone.pass(0)
  alone.receive(encodeCheck(), { address: PEER.address, port: 4 })
  alone.pass(50)
  alone.pass(50)
  t.same(ports(alone), [1, 4, 2])
  t.end()
})

t.test('a check of the peer cancels our check under way and begins another; an answer to either counts', t => {
  for (const which of [0, 1]) {
    const alone = facing('controlled', [candidate(2, 30)])
    alone.pass(10)
    alone.receive(encodeCheck(), { address: PEER.address, port: 2 })
    t.match(alone.agent.pairs, [{ state: 'waiting' }])
    alone.pass(2_000)
    const requests = alone.take().filter(({ message }) => message.kind === 'request')
    const ids = requests.map(({ message }) => String(message.transactionId))
    t.equal(ids.filter(id => id === ids[0]).length, 1, 'the first is not sent again')
    t.equal(ids.filter(id => id === ids[1]).length, 3, 'the second is, at 0, 500 and 1500 ms')
    alone.receive(encodeAnswer(requests[which]!.message), { address: PEER.address, port: 2 })
    t.match(alone.agent.pairs, [{ state: 'succeeded', valid: true }])
    alone.pass(3_000)
    t.same(ports(alone), [], 'and then no more are sent')
  }
  t.end()
})

t.test('a peer that only asks makes no endless list of checks', t => {
  const alone = facing('controlled', [candidate(2, 30)])
  alone.pass(0)
  for (let i = 0; i < 40; i++) {
    alone.receive(encodeCheck(), { address: PEER.address, port: 2 })
    alone.pass(50)
  }
  const requests = alone.take().filter(({ message }) => message.kind === 'request')
  t.ok(requests.length >= 40)
  alone.receive(encodeAnswer(requests[0]!.message), { address: PEER.address, port: 2 })
  t.equal(alone.agent.counters.unmatchedResponses, 1, 'the oldest is forgotten')
  alone.receive(encodeAnswer(requests.at(-1)!.message), { address: PEER.address, port: 2 })
  t.match(alone.agent.pairs, [{ state: 'succeeded' }])
  t.end()
})

t.test('the nomination waits a moment for a better pair that is under way', t => {
  const begin = () => {
    const alone = facing('controlling', [candidate(1, 40), candidate(2, 30)], { nominationWait: 50 })
    alone.agent.endOfRemoteCandidates(alone.now)
    alone.pass(60)
    const [best, second] = alone.take()
    alone.pass(20)
    alone.receive(encodeAnswer(second!.message), second!)
    t.equal(alone.agent.selectedPair?.remotePort, 2, 'data may go meanwhile')
    return { alone, best: best! }
  }
  const { alone, best } = begin()
  alone.pass(70)
  t.same(ports(alone), [], 'for 50 ms and one round trip')
  alone.receive(encodeAnswer(best.message), best)
  alone.pass(50)
  t.same(ports(alone), [1])
  t.equal(alone.agent.selectedPair?.remotePort, 1)

  const { alone: other } = begin()
  other.pass(81)
  const [nomination] = other.take()
  t.equal(nomination?.port, 2)
  t.ok(nomination?.message.has(Attribute.useCandidate))
  t.end()
})

t.test('a nominated pair carries data though one of higher priority is valid', t => {
  const alone = facing('controlled', [candidate(1, 40), candidate(2, 30)])
  alone.pass(60)
  for (const check of alone.take()) alone.receive(encodeAnswer(check.message), check)
  t.equal(alone.agent.selectedPair?.remotePort, 1)
  alone.receive(encodeCheck({ useCandidate: true }), { address: PEER.address, port: 2 })
  t.equal(alone.agent.selectedPair?.remotePort, 2)
  t.end()
})

t.test('a round trip is measured on checks that were sent once', t => {
  const alone = facing('controlling', [candidate(2, 30)])
  alone.agent.endOfRemoteCandidates(alone.now)
  alone.pass(30)
  alone.answerLast()
  t.equal(alone.agent.roundTripTime, 30)
  alone.pass(530)
  t.equal(alone.sent.length, 2, 'the nomination, sent again')
  alone.answerLast()
  t.match(alone.agent.selectedPair, { nominated: true, responsesReceived: 2, currentRoundTripTime: 30 })

  const first = facing('controlling', [candidate(2, 30)])
  first.pass(520)
  first.answerLast()
  t.equal(first.agent.roundTripTime, 20, 'the first may be a guess')
  t.end()
})

t.test('after a restart the new credentials are checked, and the old checks end', t => {
  const alone = facing('controlled', [candidate(1, 40), candidate(2, 30), candidate(3, 20)])
  alone.pass(0)
  alone.agent.restart({ usernameFragment: 'newu', password: 'n'.repeat(22) }, alone.now)
  alone.pass(50)
  t.same(ports(alone), [1, 2], 'until the peer answers, the old list goes on')
  alone.agent.setRemoteParameters({ usernameFragment: 'newt', password: 'm'.repeat(22) }, alone.now)
  alone.agent.addRemoteCandidate(candidate(9, 1), alone.now)
  alone.pass(300)
  t.same(
    alone.take().map(({ message }) => readUsername(message.find(Attribute.username)!)),
    ['newt:newu'],
  )
  t.end()
})

t.test('send looks at the time: consent that has expired is no consent, timer or not', t => {
  const alone = new Alone('controlling').connect()
  t.ok(alone.agent.send(Packet.of(Uint8Array.of(20)), 29_999))
  t.notOk(alone.agent.send(Packet.of(Uint8Array.of(20)), 30_000))
  t.equal(alone.agent.counters.droppedUnsendable, 1)
  t.end()
})

t.test('a pair that takes over after a long idle time is asked for consent soon', t => {
  const alone = facing('controlled', [candidate(1, 40), candidate(2, 30)])
  alone.pass(60)
  for (const check of alone.take()) alone.receive(encodeAnswer(check.message), check)
  alone.pass(25_000)
  alone.take()
  // Only the other pair is heard from now.
  alone.receive(encodeCheck({ useCandidate: true }), { address: PEER.address, port: 2 })
  t.equal(alone.agent.selectedPair?.remotePort, 2)
  alone.pass(10)
  t.equal(ports(alone)[0], 2)
  t.end()
})
