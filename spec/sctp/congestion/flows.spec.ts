/** What each controller makes of a bottleneck by itself: idealized flows over 20 Mbit/s and 100 ms. */

import t from 'tap'
import type { CongestionControlName } from '../../../lib/sctp/index.ts'
import { Bottleneck } from './flow.ts'

const RATE = 2_500_000
/** About what the path holds. */
const QUEUE = 256 << 10
const PATH = { delay: 50, rate: RATE, queue: QUEUE }
const NAMES = ['standard', 'cubic', 'bbr'] as const

/** Goodput in bytes a second from `from` to `until`, in ms. */
const goodput = (name: CongestionControlName, path: ConstructorParameters<typeof Bottleneck>[0], from = 5000) => {
  const network = new Bottleneck(path)
  const flow = network.add({ name })
  network.run(from)
  const before = flow.received
  network.run(from + 20_000)
  return (flow.received - before) / 20
}

for (const name of NAMES) {
  t.test(`${name}: fills the path`, t => {
    const filled = goodput(name, PATH, 15_000)
    t.ok(filled > 0.9 * RATE, `${filled}`)
    t.end()
  })

  t.test(`${name}: packets of 16 KiB, and acknowledgements in heaps`, t => {
    for (const [packetSize, coalesce] of [
      [16_300, 0],
      [16_300, 100],
      [1144, 100],
    ] as const) {
      const network = new Bottleneck({ ...PATH, queue: 1 << 20 })
      const flow = network.add({ name, packetSize, coalesce })
      network.run(10_000)
      const before = flow.received
      network.run(30_000)
      const filled = (flow.received - before) / 20
      t.ok(filled > 0.85 * RATE, `${packetSize} bytes, every ${coalesce} ms: ${filled}`)
    }
    t.end()
  })

  t.test(`${name}: a rate that falls to a tenth and comes back`, t => {
    const network = new Bottleneck(PATH)
    const flow = network.add({ name })
    const pass = (time: number) => {
      const before = flow.received
      network.run(network.now + time)
      return (flow.received - before) / (time / 1000)
    }
    pass(10_000)
    network.change({ ...PATH, rate: RATE / 10 })
    pass(5000)
    const low = pass(10_000)
    t.ok(low > (0.9 * RATE) / 10, `low ${low}`)
    network.change(PATH)
    pass(10_000)
    const high = pass(10_000)
    t.ok(high > 0.75 * RATE, `high ${high}`)
    t.equal(flow.timeouts, 0)
    t.end()
  })
}

t.test('bbr: loss by chance costs no more than what was lost', t => {
  for (const loss of [0.01, 0.05, 0.1]) {
    const filled = goodput('bbr', { ...PATH, loss })
    t.ok(filled > (1 - loss) * 0.93 * RATE, `${loss}: ${filled}`)
  }
  t.end()
})

t.test('bbr: the queue stays short, however deep it could be', t => {
  const network = new Bottleneck({ ...PATH, queue: 4 << 20 })
  const flow = network.add({ name: 'bbr' })
  network.run(5000)
  flow.largestRoundTrip = 0
  network.run(30_000)
  t.ok(flow.largestRoundTrip < 150, `${flow.largestRoundTrip} ms`)
  t.equal(flow.lostPackets, 0)
  t.end()
})

t.test('bbr: a path that becomes three times as long, and short again', t => {
  const network = new Bottleneck(PATH)
  const flow = network.add({ name: 'bbr' })
  network.run(10_000)
  network.change({ ...PATH, delay: 150 })
  network.run(25_000)
  const before = flow.received
  network.run(35_000)
  t.ok(flow.received - before > 0.85 * 10 * RATE)
  network.change(PATH)
  network.run(36_000)
  const again = flow.received
  network.run(46_000)
  t.ok(flow.received - again > 0.9 * 10 * RATE)
  t.end()
})

t.test('bbr: an application that sends a tenth of the rate is not slowed down', t => {
  const network = new Bottleneck(PATH)
  const flow = network.add({ name: 'bbr', supply: RATE / 10 / 1000 })
  network.run(30_000)
  t.ok(flow.received > 0.98 * 30 * (RATE / 10), `${flow.received}`)
  t.ok(flow.largestRoundTrip < 200)
  t.end()
})

t.test('standard: the first slow start ends before a deep queue overflows', t => {
  for (const name of ['standard', 'cubic'] as const) {
    const network = new Bottleneck({ ...PATH, queue: 1 << 20 })
    const flow = network.add({ name })
    network.run(5000)
    t.equal(flow.lostPackets, 0, name)
    t.ok(flow.received > 0.85 * 5 * RATE * 0.9)
  }
  t.end()
})
