/** One TCP port for many connections: the first check says whose a TCP connection is, strangers are bounded. */

import t from 'tap'
import { TcpActiveBase } from '../../lib/gather/tcp-active.ts'
import { TcpMux, type TcpMuxOptions } from '../../lib/gather/tcp-mux.ts'
import { Simulation } from '../../lib/sim/index.ts'
import { check, data, packet, success, textOf, transactionId } from './checks.ts'

const SERVER = '10.0.0.1'
const PORT = 443

const world = async (options: TcpMuxOptions = {}) => {
  const sim = new Simulation({ seed: 1, network: { delay: 5 } })
  const server = sim.createHost({ addresses: [SERVER] })
  const mux = await TcpMux.open(server, { port: PORT, ...options })
  const port = mux.ports[0]!
  const listen = (...fragments: string[]) => {
    const heard: string[] = []
    const lost: string[] = []
    const from: { address: string; port: number }[] = []
    const gone: string[] = []
    const share = port.share({
      receive: (bytes, address, remotePort) => {
        heard.push(textOf(bytes))
        from.push({ address, port: remotePort })
      },
      lost: (address, remotePort) => lost.push(`${address} ${remotePort}`),
      gone: () => gone.push('gone'),
    })
    share.fragments(fragments)
    return { share, heard, lost, from, gone }
  }
  let count = 0
  const peer = () => {
    const address = `10.0.1.${++count}`
    const host = sim.createHost({ addresses: [address] })
    const heard: string[] = []
    const lost: string[] = []
    const base = new TcpActiveBase(host, {
      address,
      receive: bytes => heard.push(textOf(bytes)),
      lost: (to, port) => lost.push(`${to} ${port}`),
    })
    const say = async (bytes: Uint8Array): Promise<void> => {
      base.send(packet(bytes), SERVER, PORT)
      await sim.elapse(30)
    }
    return { host, base, heard, lost, say }
  }
  return { sim, server, mux, port, listen, peer }
}

t.test('a TCP connection belongs to the share that its first check names, with all that follows', async t => {
  const { sim, server, mux, port, listen, peer } = await world()
  const [one, two] = [listen('frag1'), listen('frag2')]
  const [a, b, c] = [peer(), peer(), peer()]
  await a.say(check('frag1:peer'))
  await b.say(check('frag2:peer'))
  await c.say(check('frag2:peer'))
  for (const end of [a, b, c]) await end.say(data('hello'))
  t.same(
    [one.heard, two.heard],
    [
      ['request', 'hello'],
      ['request', 'request', 'hello', 'hello'],
    ],
  )
  const { address, port: remotePort } = one.from[0]!
  one.share.send(packet(success(transactionId())), address, remotePort)
  two.share.send(packet(data('not mine')), address, remotePort)
  await sim.elapse(20)
  t.same([a.heard, b.heard, c.heard], [['success'], [], []])
  t.match(port.usage, { shares: 2, fragments: 2, connections: 3, strangers: 0 })
  t.match(one.share, { protocol: 'tcp', address: SERVER, port: PORT })

  two.share.close()
  two.share.close()
  await sim.elapse(20)
  t.same([a.lost.length, b.lost.length, c.lost.length], [0, 1, 1])
  a.base.close()
  await sim.elapse(20)
  t.same([one.lost.length, two.lost.length], [1, 0])
  t.match(port.usage, { shares: 1, fragments: 1, connections: 0, strangers: 0 })
  mux.close()
  t.same([one.gone, two.gone], [['gone'], []])
  await sim.elapse(60_000)
  t.equal(server.openSockets, 0)
  t.equal(port.share({ receive: () => {}, lost: () => {} }).fragments(['frag']), false)
})

t.test('a fragment that is in use cannot be taken over; at a restart both lead to the share', async t => {
  const { mux, port, listen, peer } = await world()
  const [one, two] = [listen('frag1'), listen()]
  t.equal(two.share.fragments(['frag1']), false)
  t.equal(port.usage.conflicts, 1)
  one.share.fragments(['frag1', 'new1'])
  await peer().say(check('frag1:peer'))
  await peer().say(check('new1:peer'))
  one.share.fragments(['new1'])
  const late = peer()
  await late.say(check('frag1:peer'))
  t.equal(one.heard.length, 2)
  t.equal(late.lost.length, 1, 'nobody knows it')
  t.equal(one.share.connections, 2, 'connections that are there stay')
  mux.close()
})

t.test('a check that belongs to nobody is told; a share made within a second has the connection', async t => {
  const told: unknown[] = []
  const { sim, mux, port, listen, peer } = await world({
    unknown: ({ message, ...rest }) => told.push({ ...rest, size: message.length }),
  })
  const a = peer()
  const request = check('libp2p+webrtc+v1/abc:peer')
  await a.say(request)
  t.match(told, [
    {
      protocol: 'tcp',
      localFragment: 'libp2p+webrtc+v1/abc',
      remoteFragment: 'peer',
      address: '10.0.1.1',
      localAddress: SERVER,
      localPort: PORT,
      size: request.length,
    },
  ])
  t.match(port.usage, { strangers: 1, connections: 0 })
  await sim.elapse(800)
  const one = listen('libp2p+webrtc+v1/abc')
  await sim.elapse(1)
  t.same(one.heard, ['request'])
  t.match(port.usage, { strangers: 0, connections: 1 })
  await a.say(data('more'))
  t.same(one.heard, ['request', 'more'])

  const b = peer()
  await b.say(check('nobody:peer'))
  await sim.elapse(2000)
  const late = listen('nobody')
  await sim.elapse(1)
  t.same(late.heard, [])
  await b.say(check('nobody:peer'))
  t.same(late.heard, ['request'], 'the next check finds it')

  const c = peer()
  await c.say(check('nothing:peer'))
  await sim.elapse(11_000)
  t.equal(c.lost.length, 1)
  t.equal(port.usage.strangers, 0)
  mux.close()
})

t.test('without anybody to tell, and without two halves of a name, it is closed at once', async t => {
  const { mux, port, peer } = await world()
  for (const name of ['frag1:peer', 'frag1', '']) {
    const a = peer()
    await a.say(check(name))
    t.equal(a.lost.length, 1)
  }
  t.equal(port.usage.strangers, 0)
  mux.close()
})

t.test('a flood of silent connections is bounded and goes away, and others still come through', async t => {
  const { sim, server, mux, port, listen, peer } = await world()
  const one = listen('frag1')
  const flooder = sim.createHost({ addresses: ['10.0.2.1'] })
  let refused = 0
  const target = { remoteAddress: SERVER, remotePort: PORT, receive: () => {}, closed: () => {} }
  for (let i = 0; i < 200; i++) {
    flooder.openStream(target).catch(() => {
      refused++
    })
  }
  await sim.elapse(100)
  t.equal(port.usage.strangers, 64)
  t.ok(mux.counters.overBound >= 64, 'the platform refuses some by itself')
  await peer().say(check('frag1:peer'))
  t.same(one.heard, ['request'])
  await sim.elapse(11_000)
  t.equal(port.usage.strangers, 0)
  mux.close()
  await sim.elapse(60_000)
  t.equal(server.openSockets, 0)
  t.ok(refused <= 136)
})

t.test('connections for a known fragment that prove nothing are few, and make room', async t => {
  const { sim, mux, listen, peer } = await world()
  const one = listen('frag1')
  const real = peer()
  await real.say(check('frag1:peer'))
  const { address, port } = one.from[0]!
  one.share.send(packet(success(transactionId())), address, port)
  for (let i = 0; i < 50; i++) await peer().say(check('frag1:fake'))
  t.equal(one.share.connections, 32)
  t.same(real.lost, [])
  await sim.elapse(31_000)
  t.equal(one.share.connections, 1)
  mux.close()
})

t.test('opening: the same port on all addresses, a taken one refused with nothing left open', async t => {
  const { sim, mux } = await world()
  const host = sim.createHost({ addresses: ['10.0.3.1', 'fd00::1'] })
  const first = await TcpMux.open(host)
  t.equal(first.ports.length, 2)
  t.equal(new Set(first.ports.map(({ port }) => port)).size, 1)
  await t.rejects(TcpMux.open(host, { port: first.port }), { code: 'EADDRINUSE' })
  t.equal(host.openSockets, 2)
  first.close()
  first.close()
  t.equal(first.closed, true)
  t.equal(host.openSockets, 0)
  await t.rejects(TcpMux.open(host, { port: -1 }), RangeError)
  mux.close()
})
