import t from 'tap'
import { Alone, encodeAnswer, encodeCheck } from './raw-peer.ts'
import { createConnected } from './wire.ts'

/** An agent that has nominated, or whose peer has. */
const connected = () => {
  const alone = new Alone('controlled').connect()
  alone.receive(encodeCheck({ useCandidate: true }))
  alone.take()
  alone.states()
  return alone
}

t.test('consent is asked for every 4 to 6 s, at random (RFC 7675, 5.1)', t => {
  const { wire, a } = createConnected()
  const start = wire.now
  wire.sent.length = 0
  wire.run(300_000)
  const times = wire.sent
    .filter(({ from, bytes }) => from === a && bytes[0] === 0 && bytes[1] === 1)
    .map(({ at }) => at)
  const gaps = times.slice(1).map((at, i) => at - times[i]!)
  t.ok(times[0]! - start <= 6000)
  t.ok(Math.min(...gaps) >= 4000 && Math.max(...gaps) <= 6000)
  t.ok(Math.max(...gaps) - Math.min(...gaps) > 1000, 'they differ')
  t.ok(a.agent.selectedPair!.consentRequestsSent >= 50)
  t.same(a.states, ['checking', 'connected', 'completed'])
  t.end()
})

t.test('a peer that vanishes: disconnected after 8 s of silence, failed when consent has expired after 30 s', t => {
  const { wire, a } = createConnected()
  const last = a.agent.selectedPair!.lastReceivedAt
  const answered = a.agent.selectedPair!.consentUntil - 30_000
  wire.filter = () => false
  a.states.length = 0
  t.ok(wire.run(60_000, () => a.agent.state === 'disconnected'))
  t.equal(wire.now, last + 8_000)
  t.ok(a.send('still allowed'))
  wire.run(answered + 29_999 - wire.now)
  t.ok(a.send('still allowed'))
  wire.run(1)
  t.notOk(a.send('no more'))
  t.equal(a.agent.selectedPair, undefined)
  t.ok(wire.run(30_000, () => a.agent.state === 'failed'))
  t.same(a.states, ['disconnected', 'failed'])
  t.equal(a.agent.deadline, Number.POSITIVE_INFINITY)
  const sent = wire.sent.length
  wire.run(120_000)
  t.equal(
    wire.sent.filter(({ from }) => from === a).length,
    wire.sent.slice(0, sent).filter(({ from }) => from === a).length,
  )
  t.end()
})

t.test('a connection that has lasted fails at the moment when its consent expires', t => {
  const { wire, a } = createConnected()
  wire.run(100_000)
  const pair = a.agent.selectedPair!
  wire.filter = () => false
  t.ok(wire.run(60_000, () => a.agent.state === 'failed'))
  t.equal(wire.now, pair.consentUntil)
  t.end()
})

t.test('a connection that comes back is connected again', t => {
  const { wire, a, b } = createConnected()
  a.states.length = 0
  wire.filter = () => false
  wire.run(15_000)
  wire.filter = () => true
  wire.run(10_000)
  t.same(a.states, ['disconnected', 'completed'])
  t.ok(a.send('back'))
  wire.run(100)
  t.same(b.heard, ['back'])
  t.end()
})

t.test('an answer that comes late renews consent all the same', t => {
  const alone = connected()
  alone.pass(6_000)
  const [late] = alone.take()
  alone.pass(20_000)
  t.ok(alone.agent.state === 'disconnected')
  alone.receive(encodeAnswer(late!.message))
  t.equal(alone.agent.selectedPair!.consentUntil, alone.now + 30_000)
  t.same(alone.states(), ['disconnected', 'connected'])
  t.end()
})

t.test('checks of the peer keep it connected, but give no consent', t => {
  const alone = connected()
  for (let i = 0; i < 5; i++) {
    alone.pass(5_000)
    alone.receive(encodeCheck())
  }
  t.equal(alone.now, 25_000)
  t.same(alone.states(), [])
  t.equal(alone.agent.state, 'connected')
  t.equal(alone.agent.selectedPair!.consentUntil, 30_000)
  alone.pass(5_000)
  t.equal(alone.agent.selectedPair, undefined)
  t.not(alone.agent.state, 'connected')
  t.end()
})

t.test('data of the peer keeps it connected, but gives no consent', t => {
  const alone = connected()
  for (let i = 0; i < 5; i++) {
    alone.pass(5_000)
    t.ok(alone.admits())
  }
  t.same(alone.states(), [])
  t.equal(alone.agent.selectedPair!.consentUntil, 30_000)
  alone.pass(1_000)
  t.end()
})

t.test('data lifts the state out of disconnected', t => {
  const alone = connected()
  alone.pass(9_000)
  t.same(alone.states(), ['disconnected'])
  alone.admits()
  t.same(alone.states(), ['connected'])
  t.end()
})

t.test('consent checks are not sent twice, and an error or a forged answer gives no consent', t => {
  const alone = connected()
  alone.pass(6_000)
  const [check, ...more] = alone.take()
  t.same(more, [])
  alone.receive(encodeAnswer(check!.message, { password: 'x'.repeat(22) }))
  alone.receive(encodeAnswer(check!.message), { address: '192.0.2.99', port: 1 })
  t.equal(alone.agent.selectedPair!.consentUntil, 30_000)
  t.end()
})
