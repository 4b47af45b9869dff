/**
 * A path that ceases to carry large packets, while small ones keep being acknowledged (RFC 8899 4.3): the losses are found
 * by SACKs, again and again, so that no timer runs out and tells.
 */

import t from 'tap'
import { Bottleneck } from './bottleneck.ts'

/** Bytes a second: 160, 40 and 10 Mbit/s. */
const PATHS = {
  'the same machine': { delay: 0.1, rate: 20e6, queue: 512 << 10 },
  'a local network': { delay: 1, rate: 5e6, queue: 256 << 10 },
  'a wide one': { delay: 30, rate: 1.25e6, queue: 128 << 10 },
} as const

for (const [name, path] of Object.entries(PATHS)) {
  for (const congestionControl of ['standard', 'cubic', 'bbr'] as const) {
    t.test(`${name}, ${congestionControl}: base packets within a second, and no storm`, t => {
      const network = new Bottleneck(path)
      const transfer = network.add({ congestionControl, largestPacket: 16_000 })
      network.run(1500)
      t.ok(transfer.sender.association.mtu > 15_000)
      const lost = transfer.counters.lostChunks
      const resent = transfer.counters.retransmittedChunks
      network.change({ ...path, mtu: 1300 })
      network.run(1500 + 1000 + 20 * path.delay)
      t.ok(transfer.sender.association.mtu < 1300, `${transfer.sender.association.mtu}`)
      const [rate] = network.run(3500 + 20 * path.delay)
      t.ok(rate! > path.rate / 20 && rate! > 50_000, `${rate}`)
      const again = transfer.counters.retransmittedChunks - resent
      t.ok(again < 8000, `${again} sent again, ${transfer.counters.lostChunks - lost} lost`)
      network.run(6500)
      t.equal(transfer.counters.blackHoles, 1)
      t.ok(transfer.sender.association.mtu < 1300)
      network.run(8000)
      network.change(path)
      t.end()
    })
  }
}

t.test('losses by chance, and those of a full queue, are not taken for it', t => {
  for (const loss of [0, 0.02, 0.1]) {
    const network = new Bottleneck({ delay: 20, rate: 2.5e6, queue: 128 << 10, loss })
    const transfer = network.add({ congestionControl: loss === 0 ? 'cubic' : 'bbr', largestPacket: 16_000 })
    network.run(20_000)
    t.ok(transfer.counters.lostChunks > 100)
    t.equal(transfer.counters.largePacketsLost, 0, `${loss}`)
    t.equal(transfer.counters.blackHoles, 0)
  }
  t.end()
})
