/** The roll-over counter (RFC 3711, 3.3.1): estimated within 2^15 packets, over losses of thousands, across every wrap. */

import fc from 'fast-check'
import t from 'tap'
import { hex } from '../../lib/bytes/index.ts'
import { guessIndex } from '../../lib/srtp/packet-index.ts'
import { createReceiver, createSender, opened, PROFILES, rtp, sealed } from './streams.ts'

t.test('the estimate is the RFC’s, wherever the newest packet stands', t => {
  const nearby = (highest: number, index: number) => guessIndex(highest, index % 0x1_0000)
  fc.assert(
    fc.property(
      fc.integer({ min: 0x1_0000, max: 2 ** 40 }),
      fc.integer({ min: -0x7fff, max: 0x7fff }),
      (highest, step) => nearby(highest, highest + step) === highest + step,
    ),
    { numRuns: 2000 },
  )
  // The appendix of the RFC has these: HALF is a border that belongs to the present cycle.
  t.equal(guessIndex(0x1_0000, 0xffff), 0xffff, 'one behind the wrap')
  t.equal(guessIndex(0x1_0000, 0x8000), 0x1_8000)
  t.equal(guessIndex(0x1_0000, 0x8001), 0x8001)
  t.equal(guessIndex(0x1_9000, 0x0fff), 0x2_0fff)
  t.equal(guessIndex(0x1_9000, 0x1000), 0x1_1000)
  t.equal(guessIndex(-1, 0xfff0), 0xfff0, 'the first packet is of the first cycle')
  t.equal(guessIndex(5, 0xfff0), 0xfff0, 'and there is none before')
  t.end()
})

for (const profile of PROFILES) {
  t.test(`${profile}: three wraps with losses of thousands`, t => {
    const sender = createSender(profile)
    const receiver = createReceiver(profile)
    let wrong = 0
    let count = 0
    for (let index = 0xff00; index < 0x4_0000; index += 1 + ((index * 7919) % 25_000)) {
      const plain = rtp(index)
      const bytes = sealed(sender, plain)
      const text = bytes && opened(receiver, bytes)
      if (text === undefined || hex(text) !== hex(plain)) wrong++
      count++
    }
    t.equal(wrong, 0)
    t.ok(count > 10)
    t.end()
  })

  t.test(`${profile}: the last packets before a wrap come behind the first ones after it`, t => {
    const sender = createSender(profile)
    const receiver = createReceiver(profile)
    const numbers = Array.from({ length: 40 }, (_, i) => 0x1_ffec + i)
    const packets = new Map(numbers.map(index => [index, sealed(sender, rtp(index))!]))
    // The sender itself has begun in the first cycle.
    const order = [...numbers.slice(20), ...numbers.slice(0, 20).reverse()]
    const first = createReceiver(profile)
    for (const index of numbers) t.ok(opened(first, packets.get(index)!), 'in order')
    t.ok(opened(receiver, packets.get(numbers[0]!)!))
    for (const index of order) {
      const text = opened(receiver, packets.get(index)!)
      t.equal(text && hex(text), index === numbers[0] ? undefined : hex(rtp(index)), `${index}`)
    }
    t.equal(receiver.counters.replayed, 1)
    t.end()
  })

  t.test(`${profile}: a stream that was lost for more than half a cycle is not opened by chance`, t => {
    const sender = createSender(profile)
    const receiver = createReceiver(profile)
    for (const index of [0, 30_000, 60_000, 90_000]) t.ok(opened(receiver, sealed(sender, rtp(index))!))
    for (const index of [110_000, 130_000]) sealed(sender, rtp(index))
    const late = sealed(sender, rtp(130_500))!
    t.equal(opened(receiver, late), undefined, 'of a counter that is guessed wrong')
    t.equal(receiver.counters.forged + receiver.counters.replayed, 1)
    const again = createSender(profile)
    for (const index of [0, 30_000, 60_000]) sealed(again, rtp(index))
    t.ok(opened(receiver, sealed(again, rtp(90_001))!), 'and the guess for others is as it was')
    t.end()
  })
}
