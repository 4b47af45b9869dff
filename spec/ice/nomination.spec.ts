import t from 'tap'
import { Attribute, errorCode } from '../../lib/stun/index.ts'
import { Alone, encodeAnswer, encodeCheck, PEER } from './raw-peer.ts'

const SECOND = { address: '192.0.2.3', port: 1003 }
const withSecond = (alone: Alone): Alone => {
  alone.agent.addRemoteCandidate(
    { foundation: '2', component: 1, protocol: 'udp', priority: 1000, type: 'host', ...SECOND },
    alone.now,
  )
  return alone
}
const useCandidates = (alone: Alone) =>
  alone
    .take()
    .filter(({ message }) => message.kind === 'request' && message.has(Attribute.useCandidate))
    .map(({ address }) => address)

t.test('a controlling agent repeats the check of the best valid pair with USE-CANDIDATE (RFC 8445, 8.1.1)', t => {
  const alone = new Alone('controlling').meet()
  t.same(useCandidates(alone), [], 'the first check does not nominate')
  const again = new Alone('controlling').connect()
  t.match(again.agent.selectedPair, { nominated: false, valid: true })
  again.agent.endOfRemoteCandidates(again.now)
  again.pass(50)
  const [nomination] = again.sent
  t.ok(nomination!.message.has(Attribute.useCandidate))
  again.receive(encodeAnswer(nomination!.message))
  t.match(again.agent.selectedPair, { nominated: true })
  again.pass(3000)
  t.same(useCandidates(again), ['192.0.2.2'], 'once')
  t.end()
})

t.test(
  'a controlled agent does not nominate, and USE-CANDIDATE without an answer to its own check is no nomination',
  t => {
    const alone = new Alone('controlled').meet()
    alone.receive(encodeCheck({ useCandidate: true }))
    t.match(alone.agent.pairs, [{ nominated: false, valid: false }])
    t.equal(alone.agent.selectedPair, undefined)
    alone.pass(50)
    alone.answerLast()
    t.match(alone.agent.selectedPair, { nominated: true })
    alone.pass(3000)
    t.same(useCandidates(alone), [])
    t.end()
  },
)

t.test('USE-CANDIDATE on a pair that is valid nominates it at once', t => {
  const alone = new Alone('controlled').connect()
  t.match(alone.agent.selectedPair, { nominated: false })
  alone.receive(encodeCheck({ useCandidate: true }))
  t.match(alone.agent.selectedPair, { nominated: true })
  t.end()
})

t.test('USE-CANDIDATE to a controlling agent without a role is ignored', t => {
  const alone = new Alone('controlling').connect()
  alone.receive(encodeCheck({ useCandidate: true, role: 'controlled' }))
  t.match(alone.agent.selectedPair, { nominated: false })
  t.end()
})

t.test('of several pairs that an aggressive peer nominates, the highest priority is selected', t => {
  const alone = withSecond(new Alone('controlled').meet())
  alone.pass(100)
  const checks = alone.take()
  const answer = (address: string) =>
    alone.receive(encodeAnswer(checks.find(check => check.address === address)!.message), {
      ...(address === PEER.address ? PEER : SECOND),
    })
  answer(SECOND.address)
  alone.receive(encodeCheck({ useCandidate: true }), SECOND)
  t.equal(alone.agent.selectedPair?.remoteAddress, SECOND.address)
  t.ok(alone.agent.selectedPair?.nominated)
  alone.receive(encodeCheck({ useCandidate: true }), PEER)
  t.equal(alone.agent.selectedPair?.remoteAddress, SECOND.address, 'not before our own check has succeeded')
  answer(PEER.address)
  t.equal(alone.agent.selectedPair?.remoteAddress, PEER.address)
  alone.receive(encodeCheck({ useCandidate: true }), SECOND)
  t.equal(alone.agent.selectedPair?.remoteAddress, PEER.address, 'it stays')
  t.end()
})

t.test('all pairs that an aggressive peer nominates at once are checked, whichever answers first', t => {
  const alone = withSecond(new Alone('controlled').meet())
  alone.receive(encodeCheck({ useCandidate: true }), SECOND)
  alone.receive(encodeCheck({ useCandidate: true }), PEER)
  alone.pass(50)
  alone.answerLast({ from: SECOND })
  t.equal(alone.agent.selectedPair?.remoteAddress, SECOND.address)
  alone.pass(50)
  alone.answerLast({ from: PEER })
  t.match(alone.agent.selectedPair, { remoteAddress: PEER.address, nominated: true })
  t.end()
})

t.test('a peer that nominates another pair and falls silent on the one before is followed', t => {
  const alone = withSecond(new Alone('controlled').connect())
  alone.receive(encodeCheck({ useCandidate: true }), PEER)
  alone.receive(encodeCheck({ useCandidate: true }), SECOND)
  alone.pass(50)
  alone.answerLast()
  t.equal(alone.agent.selectedPair?.remoteAddress, PEER.address)
  alone.pass(5_000)
  alone.receive(encodeCheck(), SECOND)
  alone.pass(5_000)
  t.equal(alone.agent.selectedPair?.remoteAddress, SECOND.address)
  t.notMatch(alone.states(), ['disconnected'])
  t.end()
})

t.test('a nominated peer-reflexive candidate that signalling names keeps its nomination', t => {
  const alone = new Alone('controlled').meet('none')
  alone.receive(encodeCheck({ useCandidate: true }))
  alone.answerLast()
  const pair = alone.agent.selectedPair!
  t.match([pair.remote.type, pair.nominated], ['prflx', true])
  const before = pair.priority
  alone.agent.addRemoteCandidate(
    { foundation: '1', component: 1, protocol: 'udp', priority: 0x7e7fffff, type: 'host', ...PEER },
    alone.now,
  )
  t.equal(alone.agent.selectedPair, pair)
  t.match([pair.remote.type, pair.nominated, pair.valid], ['host', true, true])
  t.ok(pair.priority > before)
  t.equal(alone.agent.remoteCandidates.length, 1)
  t.end()
})

t.test('a nomination that is refused fails the pair, and the next best is nominated', t => {
  const alone = withSecond(new Alone('controlling').meet())
  alone.agent.endOfRemoteCandidates(alone.now)
  alone.pass(60)
  for (const check of alone.take()) alone.receive(encodeAnswer(check.message), check)
  alone.pass(60)
  const nomination = alone.answerLast({ error: errorCode(500, 'Server Error') })
  t.equal(nomination.address, PEER.address)
  t.match(alone.agent.pairs[0], { remoteAddress: PEER.address, state: 'failed', nominated: false })
  t.equal(alone.agent.selectedPair?.remoteAddress, SECOND.address)
  alone.pass(60)
  t.equal(alone.answerLast().address, SECOND.address)
  t.match(alone.agent.selectedPair, { remoteAddress: SECOND.address, nominated: true })
  t.end()
})

t.test('checks that were not begun end with the nomination', t => {
  const alone = new Alone('controlled').connect()
  for (let port = 2000; port < 2020; port++)
    alone.agent.addRemoteCandidate(
      { foundation: '1', component: 1, protocol: 'udp', priority: 1000, type: 'host', address: '192.0.2.2', port },
      alone.now,
    )
  alone.receive(encodeCheck({ useCandidate: true }))
  alone.take()
  alone.agent.endOfLocalCandidates(alone.now)
  alone.agent.endOfRemoteCandidates(alone.now)
  t.equal(alone.agent.state, 'completed')
  alone.pass(3000)
  t.same(alone.take(), [])
  t.end()
})

/** A controlling agent that has been answered, 10 ms after its check, on a pair of low priority. */
const connectSecond = (): Alone => {
  const alone = withSecond(new Alone('controlling', { timing: { nominationWait: 500 } }).meet('none'))
  alone.pass(10)
  alone.answerLast()
  t.match(alone.agent.selectedPair, { remoteAddress: SECOND.address, nominated: false })
  return alone
}
const addBetter = (alone: Alone, address = PEER.address): void =>
  alone.agent.addRemoteCandidate(
    { foundation: address, component: 1, protocol: 'udp', priority: 0x7e7fffff, type: 'host', address, port: 1002 },
    alone.now,
  )

t.test('a better candidate that trickles in 200 ms after a pair became valid wins the nomination', t => {
  const alone = connectSecond()
  alone.pass(200)
  t.same(useCandidates(alone), [])
  addBetter(alone)
  alone.pass(10)
  alone.answerLast()
  t.equal(alone.agent.selectedPair?.remoteAddress, PEER.address, 'it carries data at once')
  alone.pass(299)
  t.same(useCandidates(alone), [], 'for there may be one better still')
  alone.pass(1)
  t.same(useCandidates(alone), [PEER.address])
  t.end()
})

t.test(
  'when nothing more is trickled, the nomination falls 500 ms and one round trip after the first valid pair',
  t => {
    const alone = connectSecond()
    alone.pass(100)
    t.equal(alone.agent.deadline, 520, 'it wakes by itself')
    alone.pass(409)
    t.same(useCandidates(alone), [])
    alone.pass(1)
    t.same(useCandidates(alone), [SECOND.address])
    t.end()
  },
)

t.test('the end of the candidates of the peer ends the wait, unless a better pair is under way', t => {
  const alone = connectSecond()
  alone.pass(100)
  alone.agent.endOfRemoteCandidates(alone.now)
  alone.pass(0)
  t.same(useCandidates(alone), [SECOND.address])

  const other = connectSecond()
  addBetter(other)
  other.agent.endOfRemoteCandidates(other.now)
  other.pass(100)
  t.same(
    other.sent.map(({ address, message }) => [address, message.has(Attribute.useCandidate)]),
    [[PEER.address, false]],
  )
  other.answerLast()
  other.pass(0)
  t.same(useCandidates(other), [PEER.address])

  const ended = withSecond(new Alone('controlling').meet('none'))
  ended.agent.endOfRemoteCandidates(ended.now)
  ended.pass(60)
  ended.answerLast()
  ended.pass(0)
  t.same(useCandidates(ended), [SECOND.address], 'no wait at all when the end came first')
  t.end()
})

t.test(
  'an end of candidates that comes after the nomination completes, whatever better pairs were left unanswered',
  t => {
    const alone = connectSecond()
    alone.agent.endOfLocalCandidates(alone.now)
    for (const address of ['192.0.2.4', '192.0.2.5', '192.0.2.6']) addBetter(alone, address)
    alone.pass(510)
    alone.answerLast()
    t.match(alone.agent.selectedPair, { remoteAddress: SECOND.address, nominated: true })
    t.equal(alone.agent.pairs.filter(({ state }) => state === 'in-progress').length, 3)
    alone.pass(1_000)
    t.equal(alone.agent.state, 'connected')
    t.same(alone.take(), [], 'nor is what was under way asked again')
    addBetter(alone)
    alone.agent.endOfRemoteCandidates(alone.now)
    t.equal(alone.agent.state, 'completed', 'nor does the state wait for one that is trickled now')
    alone.pass(100)
    t.match(alone.take(), [{ address: PEER.address }], 'though it is checked')
    alone.pass(400)
    t.equal(alone.agent.state, 'completed')
    t.match(alone.agent.selectedPair, { remoteAddress: SECOND.address, nominated: true })
    t.end()
  },
)
