import t from 'tap'
import { Alone, encodeCheck, PEER, REMOTE } from './raw-peer.ts'
import { createTwo, exchange } from './wire.ts'

t.test('with nothing to check, patience lasts 39.5 s from the credentials of the peer (RFC 8863)', t => {
  const alone = new Alone('controlling')
  alone.pass(5_000)
  alone.meet('none')
  alone.agent.endOfRemoteCandidates(alone.now)
  alone.agent.endOfLocalCandidates(alone.now)
  alone.pass(39_499)
  t.same(alone.states(), ['checking'])
  alone.pass(1)
  t.same(alone.states(), ['failed'])
  t.equal(alone.agent.deadline, Number.POSITIVE_INFINITY)
  t.end()
})

t.test('a check of the peer in that time still connects', t => {
  const alone = new Alone('controlled').meet('none')
  alone.agent.endOfRemoteCandidates(alone.now)
  alone.pass(39_000)
  alone.receive(encodeCheck({ useCandidate: true }))
  alone.answerLast()
  t.same(alone.states(), ['checking', 'connected'])
  t.end()
})

t.test('a pair that never answers: seven checks, then failed', t => {
  const alone = new Alone('controlling').meet()
  alone.pass(39_499)
  t.equal(alone.sent.length, 7)
  t.same(alone.states(), ['checking'])
  alone.pass(1)
  t.same(alone.states(), ['failed'])
  t.match(alone.agent.pairs, [{ state: 'failed' }])
  t.end()
})

t.test('while a pair is unanswered, it does not fail', t => {
  const alone = new Alone('controlling').meet()
  alone.pass(30_000)
  alone.agent.addRemoteCandidate(
    { foundation: '2', component: 1, protocol: 'udp', priority: 1, type: 'host', address: '192.0.2.3', port: 3 },
    alone.now,
  )
  alone.pass(39_000)
  t.equal(alone.agent.state, 'checking')
  alone.pass(1_000)
  t.equal(alone.agent.state, 'failed')
  t.end()
})

t.test('failed is left by a restart only', t => {
  const { wire, a, b } = createTwo()
  wire.filter = () => false
  exchange(a, b)
  t.ok(wire.run(60_000, () => a.agent.state === 'failed' && b.agent.state === 'failed'))
  wire.filter = () => true
  for (const candidate of b.agent.localCandidates) a.agent.addRemoteCandidate(candidate, wire.now)
  wire.run(60_000)
  t.equal(a.agent.state, 'failed')
  for (const { agent } of [a, b]) agent.restart({ usernameFragment: 'newu', password: 'n'.repeat(22) }, wire.now)
  t.same([a.agent.state, b.agent.state], ['checking', 'checking'])
  exchange(a, b)
  t.ok(wire.run(1_000, () => a.agent.state === 'completed' && b.agent.state === 'completed'))
  t.same(a.states, ['checking', 'failed', 'checking', 'connected', 'completed'])
  t.end()
})

t.test('checks in the failed state are answered, and cause none', t => {
  const alone = new Alone('controlled').meet('none')
  alone.pass(40_000)
  t.equal(alone.agent.state, 'failed')
  alone.receive(encodeCheck({ useCandidate: true }))
  t.same(alone.takeCodes(), [200])
  alone.pass(60_000)
  t.same(alone.take(), [])
  t.equal(alone.agent.state, 'failed')
  t.end()
})

t.test('a check with another generation of the peer’s has no answer before its credentials are known', t => {
  const alone = new Alone('controlled').meet('none')
  alone.receive(encodeCheck({ username: 'ours:next' }))
  t.same(alone.takeCodes(), [])
  t.equal(alone.agent.pairs.length, 0)
  t.notOk(alone.admits())
  alone.agent.setRemoteParameters({ ...REMOTE, usernameFragment: 'next' }, alone.now)
  alone.receive(encodeCheck({ username: 'ours:next' }))
  t.same(alone.takeCodes(), [200])
  t.match(alone.agent.pairs, [{ remoteAddress: PEER.address, requestsReceived: 1 }])
  t.end()
})
