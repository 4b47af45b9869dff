/** Simulated TCP: the handshake over the links, bytes in order whatever is lost, both ends' close, refusals by code. */

import t from 'tap'
import { Packet } from '../../lib/bytes/index.ts'
import { type LinkOptions, type SimulatedHost, Simulation } from '../../lib/sim/index.ts'
import { pattern } from './pattern.ts'
import { connect, End, listen } from './stream.ts'

const create = (network: LinkOptions, seed = 1) => {
  const sim = new Simulation({ seed, network })
  const a = sim.createHost({ addresses: ['10.0.0.1', 'fd00::1'] })
  const b = sim.createHost({ addresses: ['10.0.0.2', 'fd00::2'] })
  return { sim, a, b }
}
const B = { remoteAddress: '10.0.0.2', remotePort: 80 }

const joined = async (sim: Simulation, a: SimulatedHost, b: SimulatedHost) => {
  const ear = await listen(b, { address: '10.0.0.2', port: 80 })
  const here = await sim.run(connect(a, B))
  await sim.run(() => ear.accepted.length === 1)
  return { here, there: ear.accepted[0]!, ear }
}

t.test('a stream opens after one round trip and carries bytes both ways', async t => {
  const { sim, a, b } = create({ delay: 20 })
  const { here, there } = await joined(sim, a, b)
  t.equal(sim.now(), 60)
  t.equal(there.socket.remoteAddress, '10.0.0.1')
  t.equal(there.socket.remotePort, here.socket.port)
  t.same([here.socket.remoteAddress, here.socket.remotePort], ['10.0.0.2', 80])
  here.say('ping')
  there.say('pong')
  await sim.elapse(20)
  t.same([here.text, there.text], ['pong', 'ping'])
})

t.test('bytes arrive once and in order through loss, reordering and duplication', async t => {
  for (const seed of [1, 2, 3]) {
    const { sim, a, b } = create({ delay: 30, loss: 0.15, reorder: 0.1, duplicate: 0.1 }, seed)
    const { here, there } = await joined(sim, a, b)
    const sent = pattern(200_000, seed)
    for (let i = 0; i < sent.length; i += 3_333) here.say(sent.subarray(i, i + 3_333))
    there.say(sent.subarray(0, 50_000))
    await sim.run(() => there.bytes.length >= sent.length && here.bytes.length >= 50_000)
    here.socket.close()
    await sim.run(() => there.over !== undefined)
    t.equal(Buffer.compare(there.bytes, sent), 0)
    t.equal(Buffer.compare(here.bytes, sent.subarray(0, 50_000)), 0)
    t.equal(there.over?.code, undefined)
    await sim.run(sim.now() + 200_000)
    t.same([sim.pending, a.openSockets, b.openSockets], [0, 0, 1])
  }
})

t.test('a lost SYN is sent again after a second, then after two more', async t => {
  const { sim, a, b } = create({ delay: 10 })
  await listen(b, { address: '10.0.0.2', port: 80 })
  sim.setLink(a, b, { delay: 10, script: index => (index < 2 ? [] : undefined) })
  await sim.run(connect(a, B))
  t.equal(sim.now(), 3_020)
})

t.test('the rate of a link holds for streams', async t => {
  const { sim, a, b } = create({ delay: 10, rate: 100_000 })
  const { here, there } = await joined(sim, a, b)
  const begin = sim.now()
  here.say(new Uint8Array(100_000))
  t.ok(here.socket.bufferedAmount > 30_000)
  await sim.run(() => there.bytes.length === 100_000)
  t.equal(here.socket.bufferedAmount, 0)
  t.ok(sim.now() - begin > 1_000 && sim.now() - begin < 1_200, `${sim.now() - begin} ms`)
})

t.test('refused, timed out, out of reach: by code', async t => {
  const { sim, a, b } = create({ delay: 10 })
  await t.rejects(sim.run(connect(a, B)), { code: 'ECONNREFUSED' })
  t.equal(sim.now(), 20)
  await t.rejects(sim.run(connect(a, { ...B, remoteAddress: '10.0.0.77', timeout: 4_000 })), { code: 'ETIMEDOUT' })
  t.equal(sim.now(), 4_020)
  await t.rejects(connect(a, { ...B, remotePort: 0 }), { code: 'EINVAL' })
  await t.rejects(connect(a, { ...B, address: '10.0.0.9' }), { code: 'EADDRNOTAVAIL' })
  await t.rejects(connect(a, { ...B, address: 'fd00::1' }), { code: 'EINVAL' })
  await t.rejects(connect(a, { ...B, address: '127.0.0.1', timeout: 100 }), { code: 'ENETUNREACH' })
  const v4only = sim.createHost({ addresses: ['10.0.0.3'] })
  await t.rejects(connect(v4only, { ...B, remoteAddress: 'fd00::2' }), { code: 'ENETUNREACH' })
  await listen(b, { address: '10.0.0.2', port: 80 })
  await t.rejects(listen(b, { address: '10.0.0.2', port: 80 }), { code: 'EADDRINUSE' })
  await t.rejects(listen(b, { address: '10.0.0.9' }), { code: 'EADDRNOTAVAIL' })
})

t.test('whom the listener does not want is reset; one that listens no more refuses and keeps whom it has', async t => {
  const { sim, a, b } = create({ delay: 10 })
  const listener = await b.listenStream({ address: '10.0.0.2', port: 80, accept: () => undefined })
  const end = await sim.run(connect(a, B))
  await sim.elapse(20)
  t.same(end.over, { code: 'ECONNRESET' })
  listener.close()
  const { here, there, ear } = await joined(sim, a, b)
  ear.listener.close()
  ear.listener.close()
  await t.rejects(sim.run(connect(a, B)), { code: 'ECONNREFUSED' })
  here.say('still')
  await sim.elapse(10)
  t.equal(there.text, 'still')
})

t.test('close ends the stream behind what was sent, and tells its own side nothing', async t => {
  const { sim, a, b } = create({ delay: 10 })
  const { here, there } = await joined(sim, a, b)
  here.say(new Uint8Array(150_000))
  here.socket.close()
  here.socket.close()
  here.say('too late')
  there.say('nobody hears it')
  await sim.run(() => there.over !== undefined)
  t.same([there.bytes.length, there.over?.code], [150_000, undefined])
  await sim.elapse(1_000)
  t.same([here.bytes.length, here.over], [0, undefined])
  t.same([sim.pending, a.openSockets, b.openSockets], [0, 0, 1])
})

t.test('an end that the other has forgotten is reset; one that nobody answers times out', async t => {
  const { sim, a, b } = create({ delay: 10 })
  const { here, there } = await joined(sim, a, b)
  sim.network = { loss: 1 }
  there.socket.close()
  await sim.elapse(200_000)
  sim.network = { delay: 10 }
  here.say('anybody?')
  await sim.elapse(20)
  t.same(here.over, { code: 'ECONNRESET' })
  const other = await sim.run(connect(a, B))
  sim.network = { loss: 1 }
  other.say('anybody?')
  await sim.elapse(119_000)
  t.equal(other.over, undefined)
  await sim.elapse(90_000)
  t.same(other.over, { code: 'ETIMEDOUT' })
})

t.test('both ends may open at once, through firewalls of their own making', async t => {
  const { sim, a, b } = create({ delay: 10 })
  // The first SYN of each is lost, as on a path that nobody has opened yet.
  sim.setLink(a, b, { delay: 10, script: index => (index === 0 ? [] : undefined) })
  const forth = connect(a, { remoteAddress: '10.0.0.2', remotePort: 7001, address: '10.0.0.1', port: 7000 })
  const back = connect(b, { remoteAddress: '10.0.0.1', remotePort: 7000, address: '10.0.0.2', port: 7001 })
  const [one, two] = await sim.run(Promise.all([forth, back]))
  t.same([one.socket.port, one.socket.remotePort, two.socket.port], [7000, 7001, 7001])
  one.say('from a')
  two.say('from b')
  await sim.elapse(10)
  t.same([one.text, two.text], ['from b', 'from a'])

  const again = await sim.run(
    Promise.all([
      connect(a, { remoteAddress: '10.0.0.2', remotePort: 7003, port: 7000 }),
      connect(b, { remoteAddress: '10.0.0.1', remotePort: 7000, port: 7003 }),
    ]),
  )
  again[0].say('at the very same time')
  await sim.elapse(10)
  t.equal(again[1].text, 'at the very same time')
})

t.test('one port listens and connects', async t => {
  const { sim, a, b } = create({ delay: 10 })
  const ear = await listen(a, { address: '10.0.0.1', port: 7000 })
  await listen(b, { address: '10.0.0.2', port: 80 })
  const out = await sim.run(connect(a, { ...B, address: '10.0.0.1', port: 7000 }))
  await t.rejects(connect(a, { ...B, address: '10.0.0.1', port: 7000 }), { code: 'EADDRINUSE' })
  const inward = await sim.run(connect(b, { remoteAddress: '10.0.0.1', remotePort: 7000 }))
  inward.say('in')
  await sim.elapse(20)
  t.equal(ear.accepted[0]!.text, 'in')
  t.equal(out.socket.port, 7000)
})

t.test('a stream within one host crosses no link', async t => {
  const { sim, b } = create({ loss: 1 })
  const ear = await listen(b, { address: '0.0.0.0', port: 80 })
  const one = await sim.run(connect(b, { remoteAddress: '127.0.0.1', remotePort: 80 }))
  const two = await sim.run(connect(b, { ...B, address: '0.0.0.0' }))
  t.equal(two.socket.address, '10.0.0.2')
  one.say('1')
  two.say('2')
  await sim.elapse(0)
  t.same(
    ear.accepted.map(end => end.text),
    ['1', '2'],
  )
  t.equal(sim.counters.sent, 0)
})

t.test('TLS costs one round trip more and verifies the certificate', async t => {
  const { sim, a, b } = create({ delay: 10 })
  const certificate = { names: ['turn.example.org', '10.0.0.2'] }
  const ear = await listen(b, { address: '10.0.0.2', port: 443, certificate })
  await listen(b, { address: '10.0.0.2', port: 444, certificate: { ...certificate, ca: 'our own' } })
  const plain = await listen(b, { address: '10.0.0.2', port: 80 })
  const dial = (remotePort: number, serverName: string, ca?: string) =>
    sim.run(connect(a, { ...B, remotePort, tls: { serverName, ...(ca && { ca }) }, timeout: 2_000 }))
  const end = await dial(443, 'TURN.example.org')
  t.equal(sim.now(), 40)
  end.say('hello')
  ear.accepted[0]!.say('welcome')
  await sim.elapse(10)
  t.same([end.text, ear.accepted[0]!.text], ['welcome', 'hello'])
  await dial(443, '10.0.0.2')
  await dial(444, 'turn.example.org', 'our own')
  await t.rejects(dial(443, 'other.example.org'), { code: 'ERR_TLS_CERT_ALTNAME_INVALID' })
  await t.rejects(dial(444, 'turn.example.org'), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' })
  await t.rejects(dial(443, 'turn.example.org', 'our own'), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' })
  await t.rejects(dial(80, 'turn.example.org'), { code: 'ETIMEDOUT' })
  t.ok(plain.accepted[0]!.bytes.length > 0)
  // Who speaks no TLS to a listener that does is reset.
  const mute = await sim.run(connect(a, { ...B, remotePort: 443 }))
  mute.say('GET / HTTP/1.1\r\n')
  await sim.elapse(20)
  t.same(mute.over, { code: 'ECONNRESET' })
  const chatty = await b.listenStream({
    address: '10.0.0.2',
    port: 25,
    accept: socket => {
      socket.send(Packet.copy(pattern(9, 2)))
      return new End().handlers
    },
  })
  await t.rejects(dial(chatty.port, 'turn.example.org'), { code: 'EPROTO' })
})
