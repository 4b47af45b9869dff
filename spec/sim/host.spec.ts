/** A simulated host keeps the contract of a host: addresses, ports, errors by code, loopback. */

import t from 'tap'
import { Packet, PacketPool } from '../../lib/bytes/index.ts'
import { Simulation } from '../../lib/sim/index.ts'

const quiet = { receive: () => {} }

t.test('ports: given out when none is asked for, refused when taken, free again after close', async t => {
  const host = new Simulation({ seed: 1 }).createHost({ addresses: ['10.0.0.1', 'fd00::1'] })
  const first = await host.openDatagram({ address: '10.0.0.1', ...quiet })
  const second = await host.openDatagram({ address: '10.0.0.1', ...quiet })
  t.not(first.port, second.port)
  await t.rejects(host.openDatagram({ address: '10.0.0.1', port: first.port, ...quiet }), { code: 'EADDRINUSE' })
  await t.rejects(host.openDatagram({ address: '10.0.0.9', ...quiet }), { code: 'EADDRNOTAVAIL' })
  await host.openDatagram({ address: 'fd00::1', port: first.port, ...quiet })
  first.close()
  first.close()
  t.equal(host.openSockets, 2)
  t.equal((await host.openDatagram({ address: '10.0.0.1', port: first.port, ...quiet })).port, first.port)
})

t.test('interfaces: loopback and what was given, which may come and go', t => {
  const sim = new Simulation({ seed: 1 })
  const host = sim.createHost({ addresses: ['10.0.0.1'], name: 'a' })
  t.same(
    host.interfaces().map(({ name, address, family, internal }) => [name, address, family, internal]),
    [
      ['lo', '127.0.0.1', 4, true],
      ['lo', '::1', 6, true],
      ['eth0', '10.0.0.1', 4, false],
    ],
  )
  host.addAddress('fd00::1')
  host.removeAddress('10.0.0.1')
  t.same(
    host.interfaces().map(({ address }) => address),
    ['127.0.0.1', '::1', 'fd00::1'],
  )
  t.throws(() => sim.createHost({ addresses: ['fd00::1'] }), RangeError)
  sim.createHost({ addresses: ['10.0.0.1'] })
  t.end()
})

t.test('whoever watches is told of addresses that come and go, once for each moment', async t => {
  const sim = new Simulation({ seed: 1 })
  const host = sim.createHost({ addresses: ['10.0.0.1'] })
  let told = 0
  const changed = (): void => {
    told++
  }
  const watches = [host.watchInterfaces(changed), host.watchInterfaces(changed)]
  host.addAddress('10.0.0.2')
  host.removeAddress('10.0.0.1')
  host.removeAddress('10.0.0.9')
  t.equal(told, 0)
  await sim.elapse(0)
  t.equal(told, 2)
  watches[0]!.cancel()
  host.addAddress('10.0.0.1')
  await sim.elapse(1)
  t.equal(told, 3)
  watches[1]!.cancel()
  host.removeAddress('10.0.0.1')
  await sim.elapse(1)
  t.equal(told, 3)
})

t.test('a sent packet goes back to its pool, whatever becomes of it', async t => {
  const host = new Simulation({ seed: 1 }).createHost({ addresses: ['10.0.0.1'] })
  const pool = new PacketPool(100, 10)
  const socket = await host.openDatagram({ address: '10.0.0.1', ...quiet })
  const packet = pool.take()
  socket.send(packet, '10.0.0.2', 1)
  t.equal(pool.take().bytes, packet.bytes)
  socket.close()
  const late = pool.take()
  socket.send(late, '10.0.0.2', 1)
  t.equal(pool.take().bytes, late.bytes)
})

t.test('a destination out of reach is told by code, later', async t => {
  const sim = new Simulation({ seed: 1 })
  const host = sim.createHost({ addresses: ['10.0.0.1'] })
  const codes: string[] = []
  const options = { failed: (code: string) => codes.push(code), ...quiet }
  const socket = await host.openDatagram({ address: '10.0.0.1', ...options })
  const loopback = await host.openDatagram({ address: '127.0.0.1', ...options })
  const byte = (): Packet => Packet.of(new Uint8Array(1))
  socket.send(byte(), 'fd00::2', 1)
  socket.send(byte(), '10.0.0.2', 0)
  loopback.send(byte(), '10.0.0.2', 1)
  socket.send(byte(), '10.0.0.77', 1)
  host.removeAddress('10.0.0.1')
  socket.send(byte(), '10.0.0.2', 1)
  t.same(codes, [])
  await sim.elapse(1)
  t.same(codes, ['EINVAL', 'EINVAL', 'ENETUNREACH', 'ENETUNREACH'])
  t.equal(sim.counters.droppedNoRoute, 1)
})

t.test('what stays on the host crosses no link; a wildcard socket takes what no other does', async t => {
  const sim = new Simulation({ seed: 1, network: { loss: 1 } })
  const host = sim.createHost({ addresses: ['10.0.0.1'] })
  const got: string[] = []
  const receive = (label: string) => (bytes: Uint8Array, address: string) => {
    got.push(`${label} ${bytes[0]} from ${address}`)
  }
  await host.openDatagram({ address: '0.0.0.0', port: 9, receive: receive('any') })
  await host.openDatagram({ address: '10.0.0.1', port: 9, receive: receive('one') })
  const socket = await host.openDatagram({ address: '0.0.0.0', ...quiet })
  socket.send(Packet.of(new Uint8Array([1])), '10.0.0.1', 9)
  socket.send(Packet.of(new Uint8Array([2])), '127.0.0.1', 9)
  socket.send(Packet.of(new Uint8Array([3])), '127.0.0.1', 10)
  await sim.elapse(0)
  t.same(got, ['one 1 from 10.0.0.1', 'any 2 from 127.0.0.1'])
  t.equal(host.counters.droppedClosedPort, 1)
})

t.test('names resolve to what the simulation says', async t => {
  const sim = new Simulation({ seed: 1 })
  const host = sim.createHost({ addresses: ['10.0.0.1'] })
  sim.setName('stun.example.org', ['192.0.2.1', '2001:db8::1'])
  t.same(await host.resolve('STUN.example.org'), ['192.0.2.1', '2001:db8::1'])
  t.same(await host.resolve('nowhere.example.org'), [])
})

t.test('randomness differs from host to host and repeats from run to run', t => {
  const draw = (): string[] => {
    const sim = new Simulation({ seed: 12 })
    const hosts = ['10.0.0.1', '10.0.0.2'].map(address => sim.createHost({ addresses: [address] }))
    return hosts.map(host => host.random.fill(new Uint8Array(7)).join())
  }
  const [a, b] = draw()
  t.not(a, b)
  t.same(draw(), [a, b])
  t.end()
})
