/** Packets that come before the description that tells whose they are: kept within bounds, and handed out once. */

import t from 'tap'
import { EarlyPackets } from '../../lib/session/early-packets.ts'

const replayed = (early: EarlyPackets, now: number): number[] => {
  const got: number[] = []
  early.replay(now, packet => got.push(packet[0]!))
  return got
}

t.test('what is kept is handed out in its order, and once', t => {
  const early = new EarlyPackets()
  const bytes = new Uint8Array(1200)
  for (const number of [1, 2, 3]) {
    bytes[0] = number
    early.add(bytes, number)
  }
  bytes[0] = 9
  t.same(replayed(early, 4), [1, 2, 3], 'copies')
  t.same(replayed(early, 4), [])
  t.equal(early.dropped, 0)
  t.end()
})

t.test('the oldest give way: 128 packets, 128 kilobytes', t => {
  const early = new EarlyPackets()
  for (let number = 0; number < 200; number++) early.add(Uint8Array.of(number), 0)
  t.same([replayed(early, 0).length, early.dropped], [128, 72])

  const large = new EarlyPackets()
  for (let number = 0; number < 120; number++) large.add(new Uint8Array(1500).fill(number), 0)
  const kept = replayed(large, 0)
  t.equal(kept.length, Math.floor((128 << 10) / 1500))
  t.same([kept.at(-1), large.dropped], [119, 120 - kept.length])

  large.add(new Uint8Array(200_000), 0)
  t.same(replayed(large, 0), [], 'one that is larger than all that may be')
  t.end()
})

t.test('what is older than five seconds is not what a description is about', t => {
  const early = new EarlyPackets()
  early.add(Uint8Array.of(1), 0)
  early.add(Uint8Array.of(2), 1000)
  t.same(replayed(early, 5001), [2])
  t.equal(early.dropped, 1)
  t.end()
})

t.test('what nobody takes is kept on, and grows no younger', t => {
  const early = new EarlyPackets()
  early.add(Uint8Array.of(1), 0)
  for (const now of [2000, 4000]) early.replay(now, packet => early.add(packet, now))
  early.add(Uint8Array.of(2), 4000)
  t.same(replayed(early, 5001), [2])
  t.end()
})
