/** One UDP port for many connections: each is led what is its own, on every address, and leaves nothing behind. */

import t from 'tap'
import { openUdpBase, type UdpBase } from '../../lib/gather/udp-base.ts'
import { UdpMux } from '../../lib/gather/udp-mux.ts'
import type { UdpMuxPort } from '../../lib/gather/udp-mux-port.ts'
import type { UdpMuxShare } from '../../lib/gather/udp-mux-share.ts'
import { type SimulatedHost, Simulation } from '../../lib/sim/index.ts'
import { check, data, packet, refusal, success, textOf, transactionId } from './checks.ts'

const SERVER = '10.0.0.1'
const PORT = 3478

interface Listener {
  readonly share: UdpMuxShare
  readonly heard: string[]
}

const listen = (port: UdpMuxPort, ...fragments: string[]): Listener => {
  const heard: string[] = []
  const share = port.share({ receive: bytes => heard.push(textOf(bytes)) })
  share.fragments(fragments)
  return { share, heard }
}

const world = async (addresses: readonly string[] = [SERVER]) => {
  const sim = new Simulation({ seed: 1, network: { delay: 5 } })
  const server = sim.createHost({ addresses })
  const mux = await UdpMux.open(server, { port: PORT })
  let count = 0
  /** A peer, and what it hears. */
  const peer = async (): Promise<{ base: UdpBase; host: SimulatedHost; heard: string[] }> => {
    const address = `10.0.1.${++count}`
    const host = sim.createHost({ addresses: [address] })
    const heard: string[] = []
    const base = await openUdpBase(host, { address, receive: bytes => heard.push(textOf(bytes)) })
    return { base: base!, host, heard }
  }
  return { sim, server, mux, port: mux.ports[0]!, peer }
}

t.test(
  'requests are led by the fragment, answers by their transaction, data by the address it was sent to',
  async t => {
    const { sim, server, mux, port, peer } = await world()
    const [one, two] = [listen(port, 'frag1'), listen(port, 'frag2')]
    const [a, b] = [await peer(), await peer()]
    a.base.send(packet(check('frag1:peer')), SERVER, PORT)
    b.base.send(packet(check('frag2:peer')), SERVER, PORT)
    await sim.elapse(5)
    t.same([one.heard, two.heard], [['request'], ['request']])

    const [idA, idB] = [transactionId(), transactionId()]
    one.share.send(packet(check('peer:frag1', { id: idA })), a.base.address, a.base.port)
    two.share.send(packet(check('peer:frag2', { id: idB })), b.base.address, b.base.port)
    await sim.elapse(5)
    t.same([a.heard, b.heard], [['request'], ['request']])
    b.base.send(packet(success(idB)), SERVER, PORT)
    a.base.send(packet(refusal(idA)), SERVER, PORT)
    await sim.elapse(5)
    t.same(
      [one.heard, two.heard],
      [
        ['request', 'error'],
        ['request', 'success'],
      ],
    )

    one.share.send(packet(data('to a')), a.base.address, a.base.port)
    two.share.send(packet(data('to b')), b.base.address, b.base.port)
    b.base.send(packet(data('from b')), SERVER, PORT)
    a.base.send(packet(data('from a')), SERVER, PORT)
    await sim.elapse(5)
    t.same([one.heard.at(-1), two.heard.at(-1)], ['from a', 'from b'])
    t.same([a.heard.at(-1), b.heard.at(-1)], ['to a', 'to b'])
    t.equal(server.openSockets, 1)
    mux.close()
    t.equal(server.openSockets, 0)
  },
)

t.test('an answer to a check that is sent again, or comes twice, still finds its connection', async t => {
  const { sim, mux, port, peer } = await world()
  const one = listen(port, 'frag1')
  const a = await peer()
  const id = transactionId()
  for (let i = 0; i < 3; i++) one.share.send(packet(check('peer:frag1', { id })), a.base.address, a.base.port)
  for (let i = 0; i < 2; i++) a.base.send(packet(success(id)), SERVER, PORT)
  await sim.elapse(10)
  t.same(one.heard, ['success', 'success'])
  t.equal(port.usage.transactions, 1)
  mux.close()
})

t.test('at a restart both fragments lead to the connection, then only the new one', async t => {
  const { sim, mux, port, peer } = await world()
  const one = listen(port, 'old1')
  const a = await peer()
  const ask = async (): Promise<void> => {
    a.base.send(packet(check('old1:peer')), SERVER, PORT)
    a.base.send(packet(check('new1:peer')), SERVER, PORT)
    await sim.elapse(5)
  }
  t.equal(one.share.fragments(['old1', 'new1']), true)
  await ask()
  t.equal(one.heard.length, 2)
  t.equal(one.share.fragments(['new1']), true)
  await ask()
  t.equal(one.heard.length, 3)
  t.equal(mux.unknownCounters.ignored, 1)
  t.equal(port.usage.fragments, 1)
  mux.close()
})

t.test('two connections with one remote address: data is led to the one that proved it last', async t => {
  const { sim, mux, port, peer } = await world()
  const [one, two] = [listen(port, 'frag1'), listen(port, 'frag2')]
  const a = await peer()
  const { address, port: remotePort } = a.base
  const speak = async (text: string): Promise<void> => {
    a.base.send(packet(data(text)), SERVER, PORT)
    await sim.elapse(5)
  }
  one.share.send(packet(data('x')), address, remotePort)
  await speak('first')
  two.share.authenticated(address, remotePort)
  await speak('second')
  one.share.send(packet(data('x')), address, remotePort)
  await speak('third')
  t.same([one.heard, two.heard], [['first'], ['second', 'third']], 'sending on does not take it back')
  two.share.close()
  await speak('fourth')
  t.same(one.heard, ['first', 'fourth'])
  mux.close()
})

t.test('an answered check proves the address: a peer that begins anew from the same port is heard', async t => {
  const { sim, mux, port, peer } = await world()
  const [former, next] = [listen(port, 'frag1'), listen(port, 'frag2')]
  const a = await peer()
  const { address, port: remotePort } = a.base
  former.share.send(packet(data('x')), address, remotePort)
  const id = transactionId()
  next.share.send(packet(check('peer:frag2', { id })), address, remotePort)
  a.base.send(packet(refusal(id)), SERVER, PORT)
  a.base.send(packet(data('for the former')), SERVER, PORT)
  a.base.send(packet(success(id)), SERVER, PORT)
  a.base.send(packet(data('client hello')), SERVER, PORT)
  await sim.elapse(10)
  t.same(former.heard, ['for the former'])
  t.same(next.heard, ['error', 'success', 'client hello'])
  mux.close()
})

t.test('before anybody has proved an address, all who wait there are given what comes, each its own bytes', async t => {
  const { sim, mux, port, peer } = await world()
  const a = await peer()
  const heard: string[] = []
  for (const name of ['one', 'two']) {
    const share = port.share({
      receive: bytes => {
        heard.push(`${name} ${textOf(bytes)}`)
        bytes.fill(0)
      },
    })
    share.send(packet(check('peer:frag')), a.base.address, a.base.port)
  }
  a.base.send(packet(data('early')), SERVER, PORT)
  await sim.elapse(5)
  t.same(heard, ['one early', 'two early'])
  mux.close()
})

t.test('a closed connection leaves nothing behind; what still comes for it is counted', async t => {
  const { sim, mux, port, peer } = await world()
  const a = await peer()
  const id = transactionId()
  const one = listen(port, 'frag1', 'frag2')
  one.share.send(packet(check('peer:frag1', { id })), a.base.address, a.base.port)
  one.share.send(packet(data('x')), a.base.address, a.base.port)
  t.match(port.usage, { shares: 1, fragments: 2, transactions: 1, addresses: 1 })
  one.share.close()
  one.share.close()
  t.match(port.usage, { shares: 0, fragments: 0, transactions: 0, addresses: 0 })
  one.share.send(packet(data('late')), a.base.address, a.base.port)
  t.equal(one.share.fragments(['frag1']), false)
  one.share.authenticated(a.base.address, a.base.port)
  t.match(port.usage, { shares: 0, fragments: 0, transactions: 0, addresses: 0 })
  for (const bytes of [check('frag1:peer'), success(id), data('x')]) a.base.send(packet(bytes), SERVER, PORT)
  await sim.elapse(10)
  t.same(one.heard, [])
  t.match(mux.counters, { unmatchedResponses: 1, unknownSource: 1 })
  t.equal(mux.unknownCounters.ignored, 1)
  t.notOk(a.heard.includes('late'))
  mux.close()
})

t.test('closing the port tells its connections, and they hold nothing afterwards', async t => {
  const { server, mux, port } = await world()
  const gone: string[] = []
  const share = port.share({ receive: () => {}, gone: () => gone.push('one') })
  const closed = port.share({ receive: () => {}, gone: () => gone.push('two') })
  closed.close()
  mux.close()
  mux.close()
  t.same(gone, ['one'])
  share.send(packet(data('x')), '10.0.0.2', 1)
  t.equal(port.share({ receive: () => {} }).fragments(['frag']), false, 'no share of a closed port')
  t.equal(server.openSockets, 0)
})

t.test('it listens on every address, on one port number; each address leads on its own', async t => {
  const { sim, server, mux } = await world([SERVER, 'fd00::1'])
  t.same(mux.ports.map(({ address, port }) => [address, port]).sort(), [
    [SERVER, PORT],
    ['fd00::1', PORT],
  ])
  const listeners = mux.ports.map(port => listen(port, 'frag1'))
  const host = sim.createHost({ addresses: ['fd00::2'] })
  const base = (await openUdpBase(host, { address: 'fd00::2', receive: () => {} }))!
  base.send(packet(check('frag1:peer')), 'fd00::1', PORT)
  await sim.elapse(5)
  t.same(listeners.map(({ share, heard }) => [share.address, share.port, heard.length]).sort(), [
    [SERVER, PORT, 0],
    ['fd00::1', PORT, 1],
  ])
  mux.close()
  base.close()
  t.equal(server.openSockets, 0)
})

t.test('opening: a free port on all, a taken one refused with nothing left open, addresses as asked for', async t => {
  const host = new Simulation({ seed: 1 }).createHost({ addresses: [SERVER, '10.0.0.2', 'fd00::1'] })
  // The first address gets this port, the next cannot have it.
  const first = await UdpMux.open(host, { addresses: [SERVER] })
  const taken = await UdpMux.open(host, { addresses: ['10.0.0.2'], port: first.port + 1 })
  const free = await UdpMux.open(host)
  t.equal(new Set(free.ports.map(({ port }) => port)).size, 1)
  t.equal(free.ports.length, 3)
  t.equal(host.openSockets, 5)
  await t.rejects(UdpMux.open(host, { port: taken.port }), { code: 'EADDRINUSE' })
  await t.rejects(UdpMux.open(host, { addresses: ['10.9.9.9'] }), { code: 'EADDRNOTAVAIL' })
  await t.rejects(UdpMux.open(host, { addresses: ['example.com'] }), TypeError)
  await t.rejects(UdpMux.open(host, { addresses: [] }), RangeError)
  await t.rejects(UdpMux.open(host, { port: 65536 }), RangeError)
  t.equal(host.openSockets, 5)
  const all = await UdpMux.open(host, { addresses: ['0.0.0.0'], port: 4000 })
  t.same(all.ports.map(({ address }) => address).sort(), [SERVER, '10.0.0.2'])
  for (const mux of [first, taken, free, all]) mux.close()
  t.equal(host.openSockets, 0)
})
