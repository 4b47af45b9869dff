import t from 'tap'
import { Attribute, errorCode } from '../../lib/stun/index.ts'
import { Alone, encodeAnswer, encodeCheck, PEER, REMOTE } from './raw-peer.ts'
import { createConnected, createTwo, exchange } from './wire.ts'

const SECOND = { address: '192.0.2.3', port: 1003 }
const requests = (alone: Alone) => alone.take().filter(({ message }) => message.kind === 'request')
const useCandidate = true

t.test('a lite agent only answers; a pair is valid and selected when the peer nominates it', t => {
  const alone = new Alone('controlling', { lite: true }).meet()
  t.equal(alone.agent.role, 'controlled', 'whoever has offered (RFC 8445, 6.1.1)')
  alone.pass(1_000)
  t.same(alone.take(), [])
  t.equal(alone.agent.pairs.length, 0)
  alone.receive(encodeCheck())
  t.same(alone.takeCodes(), [200])
  t.ok(alone.admits())
  t.equal(alone.agent.selectedPair, undefined)
  alone.receive(encodeCheck({ useCandidate }))
  t.match(alone.agent.selectedPair, { nominated: true, valid: true, remoteAddress: PEER.address })
  alone.pass(7_000)
  t.same(requests(alone), [])
  t.same(alone.states(), ['checking', 'connected'])
  t.end()
})

t.test('an aggressive peer is connected by its first check, on the pair of highest priority in the end', t => {
  const alone = new Alone('controlled', { lite: true }).meet('none')
  alone.receive(encodeCheck({ useCandidate, priority: 1000 }), SECOND)
  t.equal(alone.agent.selectedPair?.remoteAddress, SECOND.address)
  alone.receive(encodeCheck({ useCandidate, priority: 2000 }), PEER)
  t.equal(alone.agent.selectedPair?.remoteAddress, PEER.address)
  alone.receive(encodeCheck({ useCandidate, priority: 1000 }), SECOND)
  t.equal(alone.agent.selectedPair?.remoteAddress, PEER.address)
  t.end()
})

t.test('a peer that nominates regularly is followed to its last nomination', t => {
  const alone = new Alone('controlled', { lite: true }).meet('none')
  for (const from of [PEER, SECOND]) alone.receive(encodeCheck({ priority: from === PEER ? 2000 : 1000 }), from)
  alone.receive(encodeCheck({ useCandidate }), PEER)
  alone.receive(encodeCheck({ useCandidate }), SECOND)
  t.equal(alone.agent.selectedPair?.remoteAddress, SECOND.address)
  alone.receive(encodeCheck({ useCandidate }), PEER)
  t.equal(alone.agent.selectedPair?.remoteAddress, PEER.address)
  t.end()
})

t.test('the checks of the peer are its consent: 8 s of silence disconnect, 30 s fail', t => {
  const alone = new Alone('controlled', { lite: true }).meet('none')
  alone.receive(encodeCheck({ useCandidate }))
  for (let i = 0; i < 10; i++) {
    alone.pass(7_000)
    alone.receive(encodeCheck())
  }
  t.same(alone.states(), ['connected'])
  alone.pass(7_999)
  t.same(alone.states(), [])
  alone.pass(1)
  t.same(alone.states(), ['disconnected'])
  alone.pass(21_999)
  t.same(alone.states(), [])
  t.ok(alone.agent.selectedPair)
  alone.pass(1)
  t.equal(alone.agent.selectedPair, undefined)
  t.same(alone.states(), ['failed'])
  t.equal(alone.agent.deadline, Number.POSITIVE_INFINITY)
  t.end()
})

t.test('data of the peer is life, but no consent', t => {
  const alone = new Alone('controlled', { lite: true }).meet('none')
  alone.receive(encodeCheck({ useCandidate }))
  for (let i = 0; i < 5; i++) {
    alone.pass(5_900)
    t.ok(alone.admits())
  }
  t.same(alone.states(), ['connected'])
  alone.pass(500)
  t.equal(alone.agent.selectedPair, undefined)
  t.end()
})

t.test('a full peer that takes itself for controlled is told to control, whatever the tie-breakers', t => {
  for (const tieBreaker of [0n, 0xffffffffffffffffn]) {
    const alone = new Alone('controlled', { lite: true }).meet('none')
    alone.receive(encodeCheck({ role: 'controlled', tieBreaker }))
    t.same(alone.takeCodes(), [487])
    t.equal(alone.agent.role, 'controlled')
  }
  t.end()
})

t.test('a full agent beside a lite peer controls, and nominates regularly', t => {
  const alone = new Alone('controlled')
  alone.agent.setRemoteParameters({ ...REMOTE, iceLite: true }, 0)
  t.equal(alone.agent.role, 'controlling')
  for (const { address, port } of [PEER, SECOND])
    alone.agent.addRemoteCandidate(
      { foundation: address, component: 1, protocol: 'udp', priority: port, type: 'host', address, port },
      0,
    )
  alone.agent.endOfRemoteCandidates(0)
  alone.pass(60)
  const checks = requests(alone)
  t.ok(checks.every(({ message }) => !message.has(Attribute.useCandidate)))
  for (const check of checks) alone.receive(encodeAnswer(check.message), check)
  alone.pass(60)
  const [nomination, ...more] = requests(alone)
  t.ok(nomination?.message.has(Attribute.useCandidate))
  t.same(more, [])
  alone.receive(encodeAnswer(nomination!.message), nomination!)
  t.match(alone.agent.selectedPair, { nominated: true, remoteAddress: SECOND.address })
  t.end()
})

t.test('a full and a lite agent connect and carry data, whoever has offered', t => {
  for (const [a, b] of [
    [{ lite: true }, {}],
    [{}, { lite: true }],
  ]) {
    const two = createTwo({ a: a!, b: b! })
    const [full, lite] = a!.lite ? [two.b, two.a] : [two.a, two.b]
    full.agent.setRemoteParameters({ ...lite.agent.localParameters, iceLite: true }, 0)
    lite.agent.setRemoteParameters(full.agent.localParameters, 0)
    for (const candidate of lite.agent.localCandidates) full.agent.addRemoteCandidate(candidate, 0)
    full.agent.endOfRemoteCandidates(0)
    t.ok(two.wire.run(1_000, () => full.agent.selectedPair?.nominated === true && lite.agent.state === 'connected'))
    t.same([full.agent.role, lite.agent.role], ['controlling', 'controlled'])
    t.ok(full.send('a') && lite.send('b'))
    two.wire.run(200_000)
    t.same([full.heard, lite.heard], [['b'], ['a']])
    t.same([full.states.at(-1), lite.states.at(-1)], ['connected', 'connected'])
    two.wire.filter = () => false
    two.wire.run(60_000)
    t.same([full.states.at(-1), lite.states.at(-1)], ['failed', 'failed'])
  }
  t.end()
})

t.test('two lite agents use the pair of highest priority without any check; the offerer controls', t => {
  const { wire, a, b } = createTwo({ a: { lite: true }, b: { lite: true } })
  for (const [from, to] of [
    [a, b],
    [b, a],
  ] as const) {
    to.agent.setRemoteParameters({ ...from.agent.localParameters, iceLite: true }, 0)
    for (const candidate of from.agent.localCandidates) to.agent.addRemoteCandidate(candidate, 0)
  }
  t.same([a.agent.role, b.agent.role], ['controlling', 'controlled'])
  t.ok(a.send('a') && b.send('b'))
  wire.run(100_000)
  t.same([a.heard, b.heard], [['b'], ['a']])
  t.same([a.states.at(-1), b.states.at(-1)], ['connected', 'connected'])
  t.equal(wire.sent.length, 2)
  t.end()
})

t.test('a lite agent is restarted by a full peer while data flows', t => {
  const { wire, a, b } = createConnected({ b: { lite: true } })
  a.agent.restart({ usernameFragment: 'newa', password: 'a'.repeat(22) }, wire.now)
  b.agent.restart({ usernameFragment: 'newb', password: 'b'.repeat(22) }, wire.now)
  t.ok(a.send('1') && b.send('1'))
  exchange(a, b)
  for (let i = 2; i < 50; i++) {
    t.ok(a.send(String(i)) && b.send(String(i)))
    wire.run(20)
  }
  t.same([a.heard.length, b.heard.length], [49, 49])
  t.match(b.agent.selectedPair, { nominated: true, local: { usernameFragment: 'newb' } })
  t.end()
})

t.test('a lite peer that refuses a nomination loses the pair', t => {
  const alone = new Alone('controlled')
  alone.agent.setRemoteParameters({ ...REMOTE, iceLite: true }, 0)
  alone.meet()
  alone.agent.endOfRemoteCandidates(0)
  alone.pass(10)
  alone.answerLast()
  alone.pass(60)
  alone.answerLast({ error: errorCode(500, 'no') })
  t.match(alone.agent.pairs, [{ state: 'failed' }])
  t.end()
})
