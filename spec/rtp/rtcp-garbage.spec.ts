/** Whatever comes as RTCP never throws and never grows; what is read without a fault can be written, and reads the same. */

import { readdirSync } from 'node:fs'
import fc from 'fast-check'
import { decodeRtcp, encodeRtcp } from 'purertc/rtp'
import t from 'tap'
import { hex } from '../../lib/bytes/index.ts'
import { fixtureBytes } from '../fixture.ts'

/** How much there is in what was read: members, items, characters, bytes. */
const sizeOf = (value: unknown): number => {
  if (typeof value === 'string' || value instanceof Uint8Array) return 1 + value.length
  if (Array.isArray(value)) return value.reduce((sum: number, each) => sum + sizeOf(each), 1)
  if (typeof value === 'object' && value !== null) return sizeOf(Object.values(value))
  return 1
}

/** The most that feedback on a transport may tell of. */
const FIXED = 20_000
const A_BYTE = 40

const readAll = (bytes: Uint8Array): void => {
  const before = bytes.slice()
  const { packets, malformed } = decodeRtcp(bytes)
  if (malformed < 0 || malformed > 129 || packets.length > 128) throw new Error('counts what is not there')
  if (sizeOf(packets) > FIXED + A_BYTE * bytes.length) throw new Error(`grows: ${sizeOf(packets)} of ${bytes.length}`)
  if (bytes.some((byte, index) => byte !== before[index])) throw new Error('writes into what it reads')
  const written = encodeRtcp(packets)
  const again = decodeRtcp(written)
  if (again.malformed !== 0) throw new Error(`writes what it cannot read: ${hex(written)}`)
  // Padding that fills no whole word leaves a body that does not either: it is filled up when it is written.
  if (hex(encodeRtcp(again.packets)) !== hex(written)) throw new Error(`reads another: ${hex(written)}`)
  if (again.packets.some(({ type }, index) => type !== packets[index]!.type)) throw new Error('another type')
}

const corpus = readdirSync('fixtures/libwebrtc-fuzz-corpora/rtcp').map(name =>
  fixtureBytes(`libwebrtc-fuzz-corpora/rtcp/${name}`),
)

t.test("libwebrtc's corpus: what is canonical is written as it was", t => {
  let canonical = 0
  let faultless = 0
  for (const bytes of corpus) {
    readAll(bytes)
    const { packets, malformed } = decodeRtcp(bytes)
    if (malformed > 0 || bytes.length === 0) continue
    faultless++
    if (hex(encodeRtcp(packets)) === hex(bytes)) canonical++
  }
  t.equal(corpus.length, 76)
  t.equal(faultless, 59)
  // One is padded, and one FIR names a media source, which is not used (RFC 5104, 4.3.1.2).
  t.equal(canonical, faultless - 2)
  t.end()
})

t.test('bits flipped, and ends cut off', t => {
  const whole = Uint8Array.from(corpus.flatMap(bytes => (decodeRtcp(bytes).malformed === 0 ? [...bytes] : [])))
  t.ok(decodeRtcp(whole).packets.length > 50)
  fc.assert(
    fc.property(fc.constantFrom(...corpus), fc.array(fc.nat(), { maxLength: 3 }), fc.nat(), (bytes, flips, end) => {
      const changed = bytes.slice(0, bytes.length - (end % 8))
      for (const bit of flips) if (changed.length > 0) changed[(bit >> 3) % changed.length]! ^= 1 << (bit & 7)
      readAll(changed)
    }),
    { numRuns: 1500 },
  )
  t.end()
})

t.test('random bodies behind every type and format, with counts and lengths that lie', t => {
  fc.assert(
    fc.property(
      fc.array(
        fc.tuple(
          fc.nat(0x3f),
          fc.integer({ min: 199, max: 210 }),
          fc.integer({ min: -1, max: 1 }),
          fc.uint8Array({ maxLength: 60 }),
        ),
        { minLength: 1, maxLength: 4 },
      ),
      packets => {
        const bytes = packets.flatMap(([low, type, lie, body]) => {
          const whole = body.subarray(0, body.length & ~3)
          const words = Math.max(0, whole.length / 4 + (lie === 0 || low % 4 > 0 ? 0 : lie))
          return [0x80 | low, type, words >> 8, words & 0xff, ...whole]
        })
        readAll(Uint8Array.from(bytes))
      },
    ),
    { numRuns: 2000 },
  )
  t.end()
})

t.test('a datagram of the shortest packets, and one of the longest, are bounded', t => {
  const shortest = new Uint8Array(65_532).map((_, index) => [0x80, 203, 0, 0][index & 3]!)
  const read = decodeRtcp(shortest)
  t.equal(read.packets.length, 128)
  t.equal(read.malformed, 1)
  for (const [first, type] of [
    [0x81, 205],
    [0x8b, 205],
    [0x82, 206],
    [0x8f, 206],
    [0x80, 207],
    [0x9f, 202],
  ] as const) {
    const longest = new Uint8Array(65_536).fill(0xff)
    longest.set([first, type, 0x3f, 0xff])
    t.ok(sizeOf(decodeRtcp(longest)) <= FIXED + A_BYTE * longest.length)
  }
  t.end()
})
