/** Replay lists (RFC 3711, 3.3.2): nothing is taken twice, whatever their width, and what is late within it is taken. */

import fc from 'fast-check'
import t from 'tap'
import { ReplayList } from '../../lib/srtp/replay-list.ts'
import { createReceiver, createSender, opened, PROFILES, rtcp, rtp, sealed } from './streams.ts'

t.test('a list of any width does what a set of all indices would', t => {
  for (const size of [64, 128, 1024, 32_768]) {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -2 * size, max: 3 * size }), { maxLength: 200 }), steps => {
        const list = new ReplayList(size)
        const seen = new Set<number>()
        let highest = -1
        for (const step of steps) {
          const index = Math.max(0, highest + step)
          const isNew = !seen.has(index) && index > highest - size
          if (list.isNew(index) !== isNew) return false
          list.add(index)
          if (index > highest - size) seen.add(index)
          highest = Math.max(highest, index)
        }
        return true
      }),
      { numRuns: 150 },
    )
  }
  t.end()
})

t.test('indices of 48 bits', t => {
  const list = new ReplayList(64)
  for (const index of [2 ** 32 - 1, 2 ** 32 + 1, 2 ** 47, 2 ** 48 - 1]) {
    t.ok(list.isNew(index))
    list.add(index)
    t.notOk(list.isNew(index))
    t.ok(list.isNew(index - 1))
  }
  list.add(5)
  t.ok(list.isNew(2 ** 48 - 10), 'what is too old is not noted in the place of another')
  t.end()
})

t.test('widths that are none', t => {
  for (const size of [0, 63, 32_769, Number.NaN, -1]) t.throws(() => new ReplayList(size), RangeError, `${size}`)
  t.throws(() => createReceiver('SRTP_AEAD_AES_128_GCM', { replayWindow: 10 }), RangeError)
  t.end()
})

for (const profile of PROFILES) {
  for (const replayWindow of [64, 100, 1024, 32_768]) {
    t.test(`${profile}: ${replayWindow} packets behind the newest`, t => {
      const width = 2 ** Math.ceil(Math.log2(replayWindow))
      const sender = createSender(profile)
      const receiver = createReceiver(profile, { replayWindow })
      const first = sealed(sender, rtp(0))!
      const second = sealed(sender, rtp(1))!
      const newest = sealed(sender, rtp(width))!
      t.ok(opened(receiver, newest))
      t.equal(opened(receiver, newest), undefined, 'a replayed one')
      t.equal(opened(receiver, first), undefined, 'too old to tell')
      t.ok(opened(receiver, second), 'the last that can be told')
      t.equal(opened(receiver, second), undefined)
      t.equal(receiver.counters.replayed, 3)
      t.equal(receiver.counters.forged, 0)
      t.end()
    })
  }

  t.test(`${profile}: RTCP`, t => {
    const sender = createSender(profile)
    const receiver = createReceiver(profile)
    const packets = Array.from({ length: 200 }, () => sealed(sender, rtcp(), true)!)
    t.ok(opened(receiver, packets[150]!, true))
    for (const index of [150, 22]) t.equal(opened(receiver, packets[index]!, true), undefined)
    for (const index of [100, 23, 199]) {
      t.ok(opened(receiver, packets[index]!, true))
      t.equal(opened(receiver, packets[index]!, true), undefined)
    }
    t.equal(receiver.counters.replayed, 5)
    t.end()
  })

  t.test(`${profile}: a sender gives no number twice, unless it is let`, t => {
    const sender = createSender(profile)
    t.ok(sealed(sender, rtp(7)))
    t.equal(sealed(sender, rtp(7)), undefined)
    t.ok(sealed(sender, rtp(2000)))
    t.equal(sealed(sender, rtp(900)), undefined, 'too old to know')
    t.ok(sealed(sender, rtp(1000)))
    t.equal(sender.counters.repeated, 2)
    const other = createSender(profile, { allowRepeats: true })
    t.same(sealed(other, rtp(7)), sealed(other, rtp(7)), 'the same packet gives the same bytes')
    t.ok(sealed(other, rtp(3000)))
    t.ok(sealed(other, rtp(7)))
    t.end()
  })
}
