/** How controllers share a bottleneck: idealized flows over 20 Mbit/s and 100 ms, a minute long. */

import t from 'tap'
import { Bottleneck } from './flow.ts'

const RATE = 2_500_000
/** About what the path holds. */
const QUEUE = 256 << 10
const PATH = { delay: 50, rate: RATE, queue: QUEUE }

for (const name of ['standard', 'cubic', 'bbr'] as const) {
  t.test(`${name}: two flows share within 2:1, whenever the second begins`, t => {
    for (const start of [0, 10_000]) {
      const network = new Bottleneck(PATH, 3)
      const first = network.add({ name })
      const second = network.add({ name, start })
      network.run(start)
      const before = first.received
      network.run(start + 60_000)
      const ratio = (first.received - before) / second.received
      t.ok(ratio > 0.5 && ratio < 2, `ratio ${ratio}`)
      t.ok(first.received - before + second.received > 0.9 * 60 * RATE)
    }
    t.end()
  })
}

t.test('bbr: two flows share within 2:1 at 5 % loss, and over a queue of a third of the path', t => {
  for (const path of [
    { ...PATH, loss: 0.05 },
    { ...PATH, queue: QUEUE / 3 },
  ]) {
    const network = new Bottleneck(path, 2)
    const first = network.add({ name: 'bbr' })
    const second = network.add({ name: 'bbr', start: 10_000 })
    network.run(10_000)
    const before = first.received
    network.run(70_000)
    const ratio = (first.received - before) / second.received
    t.ok(ratio > 0.5 && ratio < 2, `ratio ${ratio}`)
  }
  t.end()
})

t.test('bbr and the standard: neither starves the other', t => {
  for (const queue of [QUEUE, 4 * QUEUE]) {
    const network = new Bottleneck({ ...PATH, queue })
    const bbr = network.add({ name: 'bbr' })
    const standard = network.add({ name: 'standard' })
    network.run(60_000)
    for (const { received } of [bbr, standard]) t.ok(received > 0.08 * 60 * RATE, `${received}`)
  }
  t.end()
})
