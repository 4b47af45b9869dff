/** NTP time as RTCP tells it, and numbers that begin again counted on. */

import fc from 'fast-check'
import { fromShortUnits, middleOf, millisecondsOf, ntpOf, shortUnits, Unwrapper } from 'purertc/rtp'
import t from 'tap'

t.test('milliseconds since 1970 as 64 bits since 1900 (RFC 3550, 4), and back', t => {
  t.strictSame(ntpOf(0), { seconds: 2_208_988_800, fraction: 0 })
  t.strictSame(ntpOf(500), { seconds: 2_208_988_800, fraction: 0x8000_0000 })
  // RFC 3550, 6.4.1: the sender report of its example.
  const sent = { seconds: 0xb44db705, fraction: 0x20000000 }
  t.equal(millisecondsOf(sent) % 1000, 125)
  t.strictSame(ntpOf(millisecondsOf(sent)), sent)
  t.equal(middleOf(sent), 0xb7052000)
  t.strictSame(ntpOf(2_085_978_496_000), { seconds: 0, fraction: 0 }, 'the second era begins in 2036')
  t.equal(millisecondsOf({ seconds: 0, fraction: 0 }), 2_085_978_496_000)
  fc.assert(
    fc.property(fc.double({ min: 0, max: 4e12, noNaN: true }), ms => Math.abs(millisecondsOf(ntpOf(ms)) - ms) < 0.001),
  )
  t.end()
})

t.test('delays in 1/65536 of a second', t => {
  t.equal(shortUnits(1000), 65_536)
  t.equal(fromShortUnits(65_536), 1000)
  t.equal(shortUnits(-5), 0)
  t.equal(shortUnits(1e12), 0xffff_ffff)
  // RFC 3550, 6.4.1: the round trip of its example is 6.125 s.
  const roundTrip = (0xb710_8000 - 0x0005_4000 - 0xb705_2000) >>> 0
  t.equal(fromShortUnits(roundTrip), 6125)
  t.end()
})

t.test('numbers are counted on, whatever their order', t => {
  const unwrapper = new Unwrapper()
  t.equal(unwrapper.highest, undefined)
  t.strictSame(
    [65_534, 65_535, 1, 0, 65_533, 2].map(number => unwrapper.unwrap(number)),
    [65_534, 65_535, 65_537, 65_536, 65_533, 65_538],
  )
  t.equal(unwrapper.highest, 65_538)
  t.equal(unwrapper.peek(1000), 66_536)
  t.equal(unwrapper.highest, 65_538, 'as it was')
  unwrapper.reset()
  t.strictSame(
    [5, 65_530, 4].map(number => unwrapper.unwrap(number)),
    [5, -6, 4],
    'older than the first',
  )
  t.equal(unwrapper.unwrap(5 + 32_767), 32_772, 'just below half the space ahead')
  t.equal(unwrapper.unwrap(32_772 - 32_768 + 1), 5, 'half the space behind')
  const halfWay = new Unwrapper()
  halfWay.unwrap(4)
  t.equal(halfWay.peek(4 + 32_768), 4 - 32_768, 'half the space ahead counts as behind')
  const timestamps = new Unwrapper(32)
  t.equal(timestamps.unwrap(0xffff_ff00), 0xffff_ff00)
  t.equal(timestamps.unwrap(0x100), 0x1_0000_0100)
  fc.assert(
    fc.property(
      fc.nat(0xffff),
      fc.array(fc.integer({ min: -32_768, max: 32_767 }), { maxLength: 50 }),
      (first, steps) => {
        const counted = new Unwrapper()
        let highest = counted.unwrap(first)
        for (const step of steps) {
          const real = highest + step
          if (counted.unwrap(real & 0xffff) !== real) return false
          highest = Math.max(highest, real)
        }
        return counted.highest === highest
      },
    ),
    { numRuns: 300 },
  )
  t.end()
})
