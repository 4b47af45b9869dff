/** What the simulated network does to datagrams: delay, loss, reordering, duplication, rate, queue, size, script. */

import t from 'tap'
import { Packet } from '../../lib/bytes/index.ts'
import type { DatagramSocket } from '../../lib/machine/index.ts'
import { type LinkOptions, type SimulatedHost, Simulation } from '../../lib/sim/index.ts'

interface Arrival {
  readonly number: number
  readonly time: number
  readonly address: string
  readonly port: number
}

interface Path {
  readonly sim: Simulation
  readonly a: SimulatedHost
  readonly b: SimulatedHost
  readonly arrivals: Arrival[]
  readonly from: DatagramSocket
  readonly to: DatagramSocket
  /** Sends datagrams of `size` bytes that carry the numbers from `first` on. */
  send(count: number, size?: number, first?: number): void
}

const path = async (network: LinkOptions, seed = 1): Promise<Path> => {
  const sim = new Simulation({ seed, network })
  const a = sim.createHost({ addresses: ['10.0.0.1'] })
  const b = sim.createHost({ addresses: ['10.0.0.2'] })
  const arrivals: Arrival[] = []
  const from = await a.openDatagram({ address: '10.0.0.1', receive: () => {} })
  const to = await b.openDatagram({
    address: '10.0.0.2',
    port: 4000,
    receive: (bytes, address, port, time) => {
      arrivals.push({ number: (bytes[0]! << 8) | bytes[1]!, time, address, port })
    },
  })
  const send = (count: number, size = 100, first = 0): void => {
    for (let i = first; i < first + count; i++) {
      const bytes = new Uint8Array(size)
      bytes[0] = i >>> 8
      bytes[1] = i
      from.send(Packet.of(bytes), '10.0.0.2', 4000)
    }
  }
  return { sim, a, b, arrivals, from, to, send }
}

const numbers = (arrivals: readonly Arrival[]): number[] => arrivals.map(arrival => arrival.number)
const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i)

t.test('a datagram arrives after the delay, from where it was sent', async t => {
  const { sim, arrivals, from, send } = await path({ delay: 30 })
  send(1)
  await sim.run(29.9)
  t.same(arrivals, [])
  await sim.run(30)
  t.same(arrivals, [{ number: 0, time: 30, address: '10.0.0.1', port: from.port }])
})

t.test('jitter spreads and keeps the order', async t => {
  const { sim, arrivals, send } = await path({ delay: 10, jitter: 50 })
  for (let i = 0; i < 200; i++) {
    send(1, 100, i)
    await sim.elapse(1)
  }
  await sim.elapse(100)
  t.same(numbers(arrivals), upTo(200))
  t.ok(arrivals.some(({ number, time }) => time - number > 40))
  t.ok(arrivals.every(({ number, time }) => time - number >= 10 && time - number <= 60))
})

t.test('loss, duplication and reordering come as often as asked', async t => {
  const lossy = await path({ loss: 0.1 })
  lossy.send(5000)
  await lossy.sim.elapse(1)
  t.ok(lossy.arrivals.length > 4350 && lossy.arrivals.length < 4650, `${lossy.arrivals.length} of 5000`)
  t.equal(lossy.sim.counters.lost, 5000 - lossy.arrivals.length)

  const doubling = await path({ duplicate: 0.2 })
  doubling.send(5000)
  await doubling.sim.elapse(100)
  t.ok(doubling.arrivals.length > 5850 && doubling.arrivals.length < 6150, `${doubling.arrivals.length} of 5000`)
  t.equal(new Set(numbers(doubling.arrivals)).size, 5000)

  const mixing = await path({ reorder: 0.1, reorderBy: 20 })
  for (let i = 0; i < 1000; i++) {
    mixing.send(1, 100, i)
    await mixing.sim.elapse(1)
  }
  await mixing.sim.elapse(100)
  const late = mixing.arrivals.filter(({ number }, i) => mixing.arrivals.slice(0, i).some(e => e.number > number))
  t.equal(mixing.arrivals.length, 1000)
  t.ok(late.length > 50 && late.length < 150, `${late.length} overtaken`)
})

t.test('a bottleneck spaces datagrams by their size with headers, and drops what its queue cannot hold', async t => {
  const { sim, arrivals, send } = await path({ rate: 100_000, queue: 5_000, delay: 5 })
  send(8, 972)
  await sim.elapse(1000)
  t.same(
    arrivals.map(({ number, time }) => [number, Math.round(time)]),
    [
      [0, 15],
      [1, 25],
      [2, 35],
      [3, 45],
      [4, 55],
    ],
  )
  t.equal(sim.counters.droppedQueueFull, 3)
})

t.test('what is larger than the path takes vanishes', async t => {
  const { sim, arrivals, send } = await path({ mtu: 1280 })
  send(1, 1253, 0)
  send(1, 1252, 1)
  await sim.elapse(1)
  t.same(numbers(arrivals), [1])
  t.equal(sim.counters.droppedTooBig, 1)
})

t.test('a script decides about each datagram by its number', async t => {
  const { sim, arrivals, send } = await path({
    delay: 10,
    script: index => (index === 1 ? [] : index === 2 ? [15] : index === 3 ? [0, 0] : undefined),
  })
  send(5)
  await sim.elapse(100)
  t.same(numbers(arrivals), [0, 3, 3, 4, 2])
})

t.test('one direction is not the other, and options take effect at once', async t => {
  const { sim, a, b, arrivals, from, to, send } = await path({ delay: 10 })
  let back = 0
  const other = await a.openDatagram({ address: '10.0.0.1', receive: () => back++ })
  sim.setLink(a, b, { delay: 50 })
  send(1)
  to.send(Packet.of(new Uint8Array(1)), '10.0.0.1', other.port)
  await sim.run(10)
  t.equal(back, 1)
  t.same(arrivals, [])
  await sim.run(50)
  t.equal(arrivals.length, 1)
  sim.setLink(a, b, undefined)
  sim.network = { loss: 1 }
  send(1)
  await sim.elapse(100)
  t.equal(arrivals.length, 1)
  sim.network = {}
  from.send(Packet.of(new Uint8Array(2)), '10.0.0.2', 4000)
  await sim.elapse(0)
  t.equal(arrivals.length, 2)
})

t.test('each copy has bytes of its own', async t => {
  const sim = new Simulation({ seed: 1, network: { duplicate: 1 } })
  const a = sim.createHost({ addresses: ['fd00::1'] })
  const b = sim.createHost({ addresses: ['fd00::2'] })
  const seen: string[] = []
  await b.openDatagram({
    address: 'fd00::2',
    port: 1,
    receive: bytes => {
      seen.push(bytes.join())
      bytes.fill(0)
    },
  })
  const socket = await a.openDatagram({ address: 'fd00::1', receive: () => {} })
  const bytes = new Uint8Array([1, 2, 3])
  socket.send(Packet.of(bytes), 'fd00::2', 1)
  bytes.fill(9)
  await sim.elapse(100)
  t.same(seen, ['1,2,3', '1,2,3'])
})

t.test('an injected datagram bears the source it claims', async t => {
  const { sim, arrivals } = await path({ delay: 10 })
  sim.inject('10.0.0.1:7', '10.0.0.2:4000', new Uint8Array([0, 1]))
  sim.inject('192.0.2.77:8', '10.0.0.2:4000', new Uint8Array([0, 2]))
  t.throws(() => sim.inject('10.0.0.1', '10.0.0.2:4000', new Uint8Array(0)), RangeError)
  await sim.elapse(10)
  t.same(
    arrivals.map(({ number, address, port }) => [number, address, port]),
    [
      [1, '10.0.0.1', 7],
      [2, '192.0.2.77', 8],
    ],
  )
})

t.test('the same seed does the same, another does not', async t => {
  const log = async (seed: number): Promise<string[]> => {
    const lines: string[] = []
    const { sim, send } = await path({ delay: 10, jitter: 5, loss: 0.2, duplicate: 0.1, reorder: 0.1 }, seed)
    sim.onPacket = (time, from, to, bytes, fate) => lines.push(`${time} ${from} ${to} ${bytes[1]} ${fate}`)
    for (let i = 0; i < 50; i++) {
      send(1, 100, i)
      await sim.elapse(3)
    }
    return lines
  }
  const first = await log(5)
  t.equal(first.length, 50)
  t.match(first[0], /^0 10\.0\.0\.1:49152 10\.0\.0\.2:4000 0 (passed|lost)$/)
  t.same(await log(5), first)
  t.notSame(await log(6), first)
})
