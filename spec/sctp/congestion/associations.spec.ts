/** The controllers in whole associations, over 20 Mbit/s and 100 ms. */

import t from 'tap'
import { Bottleneck } from '../bottleneck.ts'

const RATE = 2_500_000
/** Of which the headers of UDP, DTLS, SCTP and its chunks take a part. */
const GOODPUT = (RATE * 1144) / (1172 + 65)
const PATH = { delay: 50, rate: RATE, queue: 256 << 10 }
const NAMES = ['standard', 'cubic', 'bbr'] as const

for (const congestionControl of NAMES) {
  t.test(`${congestionControl}: fills the path`, t => {
    const network = new Bottleneck(PATH)
    const transfer = network.add({ congestionControl })
    network.run(10_000)
    const [rate] = network.run(20_000)
    t.ok(rate! > 0.9 * GOODPUT, `${rate}`)
    t.equal(transfer.counters.timeouts, 0)
    t.end()
  })

  t.test(`${congestionControl}: what a path that loses packets by chance brings`, t => {
    const network = new Bottleneck({ ...PATH, loss: 0.05 })
    network.add({ congestionControl })
    network.run(5000)
    const [rate] = network.run(20_000)
    t.ok(rate! > (congestionControl === 'bbr' ? 1_000_000 : 40_000), `${rate}`)
    t.end()
  })

  t.test(`${congestionControl}: a rate that falls to a tenth and comes back`, t => {
    const network = new Bottleneck(PATH)
    network.add({ congestionControl })
    network.run(5000)
    network.change({ ...PATH, rate: RATE / 10 })
    network.run(10_000)
    const [low] = network.run(20_000)
    t.ok(low! > (0.75 * GOODPUT) / 10, `low ${low}`)
    network.change(PATH)
    network.run(30_000)
    const [high] = network.run(35_000)
    t.ok(high! > 0.7 * GOODPUT, `high ${high}`)
    t.end()
  })
}

t.test('bbr: two associations share within 2:1, also when the second begins later', t => {
  for (const start of [0, 7000]) {
    const network = new Bottleneck(PATH)
    network.add({ congestionControl: 'bbr' })
    network.add({ congestionControl: 'bbr', start })
    network.run(start + 1000)
    const [first, second] = network.run(start + 40_000)
    const ratio = first! / second!
    t.ok(ratio > 0.5 && ratio < 2, `ratio ${ratio}`)
    t.ok(first! + second! > 0.85 * GOODPUT)
  }
  t.end()
})

t.test('bbr: the queue stays short', t => {
  const network = new Bottleneck({ ...PATH, queue: 4 << 20 })
  const transfer = network.add({ congestionControl: 'bbr' })
  network.run(5000)
  transfer.longestRoundTrip = 0
  network.run(20_000)
  t.ok(transfer.longestRoundTrip < 150, `${transfer.longestRoundTrip} ms`)
  t.end()
})
