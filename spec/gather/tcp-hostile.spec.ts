/** TCP bases and what strangers do to them: floods, slow-loris, nonsense, peers that do not read. */

import t from 'tap'
import { concatBytes, Packet } from '../../lib/bytes/index.ts'
import { TcpActiveBase } from '../../lib/gather/tcp-active.ts'
import { openTcpPassiveBase, type TcpPassiveBase } from '../../lib/gather/tcp-passive.ts'
import type { StreamSocket } from '../../lib/machine/index.ts'
import { type SimulatedHost, Simulation } from '../../lib/sim/index.ts'
import { check, data, packet, success, textOf, transactionId } from './checks.ts'

const SERVER = '10.0.0.1'

const framed = (payload: Uint8Array): Uint8Array =>
  concatBytes(Uint8Array.of(payload.length >> 8, payload.length), payload)

interface Stranger {
  readonly socket: StreamSocket
  readonly closed: boolean
  readonly bytes: number
  send(bytes: Uint8Array): void
}

const world = async () => {
  const sim = new Simulation({ seed: 1, network: { delay: 5 } })
  const server = sim.createHost({ addresses: [SERVER] })
  const heard: string[] = []
  const lost: string[] = []
  const base = (await openTcpPassiveBase(server, {
    address: SERVER,
    receive: (bytes, address) => heard.push(`${address} ${textOf(bytes)}`),
    lost: (address, port) => lost.push(`${address} ${port}`),
  }))!
  const connect = async (host: SimulatedHost): Promise<Stranger | undefined> => {
    const state = { closed: false, bytes: 0 }
    try {
      const opening = host.openStream({
        remoteAddress: SERVER,
        remotePort: base.port,
        receive: bytes => {
          state.bytes += bytes.length
        },
        closed: () => {
          state.closed = true
        },
      })
      const socket = await sim.run(opening)
      await sim.elapse(20)
      return Object.assign(state, { socket, send: (bytes: Uint8Array) => socket.send(Packet.of(bytes)) })
    } catch {
      return undefined
    }
  }
  return { sim, server, base, heard, lost, connect }
}

const ended = async (sim: Simulation, base: TcpPassiveBase, server: SimulatedHost): Promise<number> => {
  base.close()
  await sim.elapse(60_000)
  return server.openSockets
}

t.test('who connects and says nothing, or too slowly, is gone after ten seconds', async t => {
  const { sim, server, base, heard, lost, connect } = await world()
  const host = sim.createHost({ addresses: ['10.0.1.1'] })
  const silent = (await connect(host))!
  const slow = (await connect(host))!
  const empty = (await connect(host))!
  const request = framed(check('pass:peer'))
  for (let i = 0; i < 20; i++) {
    slow.send(request.slice(i, i + 1))
    empty.send(Uint8Array.of(0, 0))
    await sim.elapse(480)
  }
  t.equal(base.connections, 3)
  await sim.elapse(1000)
  t.same([silent.closed, slow.closed, empty.closed], [true, true, true])
  t.equal(base.connections, 0)
  t.equal(base.counters.strangersClosed, 3)
  t.same([heard, lost], [[], []])
  t.equal(await ended(sim, base, server), 0)
})

t.test('what begins with anything but a check is closed at once', async t => {
  const { sim, server, base, heard, connect } = await world()
  const host = sim.createHost({ addresses: ['10.0.1.1'] })
  const request = check('pass:peer')
  const broken = request.slice()
  broken[30]! ^= 1
  const bad = [
    framed(data('tls?')),
    Uint8Array.of(0x16, 0x03, 0x01, 0x02, 0x00, 0x01),
    framed(success(transactionId())),
    framed(broken),
    framed(check('pass:peer', { fingerprint: false })),
    request,
    Uint8Array.of(0xff, 0xff, 0),
  ]
  for (const bytes of bad) {
    const stranger = (await connect(host))!
    stranger.send(bytes)
    await sim.elapse(20)
    t.equal(stranger.closed, true)
  }
  t.equal(base.connections, 0)
  t.same(heard, [])
  t.equal(await ended(sim, base, server), 0)
})

t.test('a flood of connections is bounded, of one address and in all; then there is room again', async t => {
  const { sim, server, base, heard, connect } = await world()
  const [flooder, peer] = ['10.0.1.1', '10.0.1.2'].map(address => sim.createHost({ addresses: [address] }))
  for (let i = 0; i < 50; i++) await connect(flooder!)
  t.equal(base.connections, 8)
  const real = (await connect(peer!))!
  real.send(framed(check('pass:peer')))
  await sim.elapse(20)
  t.same(heard, ['10.0.1.2 request'], 'others still come through')
  for (let i = 0; i < 20; i++) {
    const host = sim.createHost({ addresses: [`10.0.2.${i}`] })
    for (let k = 0; k < 3; k++) await connect(host)
  }
  t.equal(base.connections, 33)
  t.ok(base.counters.overBound >= 42)
  await sim.elapse(11_000)
  t.equal(base.connections, 1)
  t.equal(await ended(sim, base, server), 0)
})

t.test('checks that nobody can authenticate do not keep out the one that is', async t => {
  const { sim, server, base, lost, connect } = await world()
  const peer = sim.createHost({ addresses: ['10.0.1.1'] })
  const real = (await connect(peer))!
  real.send(framed(check('pass:peer')))
  await sim.elapse(20)
  base.send(packet(success(transactionId())), real.socket.address, real.socket.port)
  for (let i = 0; i < 60; i++) {
    const forger = (await connect(sim.createHost({ addresses: [`10.0.2.${i}`] })))!
    forger.send(framed(check('pass:fake')))
    await sim.elapse(20)
  }
  t.equal(base.connections, 32)
  t.equal(real.closed, false)
  t.notOk(lost.some(text => text.startsWith('10.0.1.1')))
  const late = (await connect(sim.createHost({ addresses: ['10.0.1.2'] })))!
  late.send(framed(check('pass:peer')))
  await sim.elapse(20)
  t.equal(late.closed, false)
  // The real one stays only as long as something passes.
  for (let i = 0; i < 10; i++) {
    base.send(packet(data('x')), real.socket.address, real.socket.port)
    await sim.elapse(4000)
  }
  t.equal(base.connections, 1, 'those that were never answered are gone')
  t.equal(real.closed, false)
  await sim.elapse(70_000)
  t.equal(real.closed, true)
  t.equal(base.connections, 0)
  t.equal(await ended(sim, base, server), 0)
  t.equal(sim.pending, 0)
})

t.test('a peer that does not read: datagrams are dropped as a network would, and nothing grows', async t => {
  const sim = new Simulation({ seed: 1, network: { delay: 5, rate: 100_000 } })
  const [a, b] = [sim.createHost({ addresses: [SERVER] }), sim.createHost({ addresses: ['10.0.0.2'] })]
  let received = 0
  const passive = (await openTcpPassiveBase(b, { address: '10.0.0.2', receive: () => received++, lost: () => {} }))!
  const active = new TcpActiveBase(a, { address: SERVER, receive: () => {}, lost: () => {} })
  let released = 0
  const send = (bytes: Uint8Array): void => {
    const item = packet(bytes)
    item.release = () => {
      released++
    }
    active.send(item, '10.0.0.2', passive.port)
  }
  send(check('pass:peer'))
  for (let i = 0; i < 100; i++) send(data('before it is connected'))
  t.equal(active.counters.droppedCongested, 85, '16 are kept')
  await sim.elapse(100)
  for (let i = 0; i < 2000; i++) send(new Uint8Array(1000).fill(22))
  const { droppedCongested } = active.counters
  t.ok(droppedCongested > 1500, `${droppedCongested} dropped`)
  t.ok(droppedCongested < 1900, 'and what the platform takes is sent')
  await sim.elapse(20_000)
  t.equal(received, 2101 - droppedCongested)
  send(data('again'))
  await sim.elapse(100)
  t.equal(received, 2102 - droppedCongested)
  t.equal(released, 2102)
  active.close()
  passive.close()
})

t.test('an active base connects to a bounded number of places', async t => {
  const sim = new Simulation({ seed: 1, network: { delay: 5 } })
  const host = sim.createHost({ addresses: [SERVER] })
  const lost: number[] = []
  const base = new TcpActiveBase(host, { address: SERVER, receive: () => {}, lost: (_, port) => lost.push(port) })
  for (let port = 1; port <= 500; port++) base.send(packet(check('a:b')), '10.9.9.9', port)
  t.equal(base.connections, 64)
  await sim.elapse(30_000)
  t.equal(base.connections, 0)
  t.equal(new Set(lost).size, 500, 'of each it is told that it came to nothing')
  t.equal(lost.length, 500)
  base.close()
  await sim.elapse(60_000)
  t.equal(host.openSockets, 0)
})
