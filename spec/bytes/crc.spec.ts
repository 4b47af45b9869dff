/** CRC-32 and CRC-32C give the published values, whatever the range. */

import fc from 'fast-check'
import t from 'tap'
import { crc32, crc32c, fromHex, utf8 } from '../../lib/bytes/index.ts'
import { fixtureJson } from '../fixture.ts'

const { vectors } = fixtureJson('sctp/crc32c.json') as { vectors: { hex: string; crc32c: number }[] }

t.test('CRC-32C of RFC 3720 B.4', t => {
  t.ok(vectors.length >= 5)
  for (const vector of vectors) t.equal(crc32c(fromHex(vector.hex)!), vector.crc32c, vector.hex.slice(0, 16))
  t.end()
})

t.test('the check values of the catalogue of parametrised CRC algorithms', t => {
  t.equal(crc32(utf8('123456789')), 0xcbf43926)
  t.equal(crc32c(utf8('123456789')), 0xe3069283)
  t.equal(crc32(new Uint8Array(0)), 0)
  t.equal(crc32c(new Uint8Array(0)), 0)
  t.end()
})

/** One bit a step, as the polynomial is defined. */
const bitwise = (polynomial: number, bytes: Uint8Array): number => {
  let crc = -1
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ polynomial : crc >>> 1
  }
  return ~crc >>> 0
}

t.test('a range gives what the same bytes alone give, at every length and alignment', t => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), fc.nat(64), fc.nat(64), (bytes, a, b) => {
      const start = Math.min(a, b, bytes.length)
      const end = Math.min(Math.max(a, b), bytes.length)
      const part = bytes.slice(start, end)
      return (
        crc32(bytes, start, end) === bitwise(0xedb88320, part) &&
        crc32c(bytes, start, end) === bitwise(0x82f63b78, part)
      )
    }),
    { numRuns: 500 },
  )
  t.end()
})

t.test('long inputs, before and after there is a kernel for them', t => {
  const bytes = Uint8Array.from({ length: 70_000 }, (_, i) => (i * i * 31 + (i >>> 3)) & 0xff)
  const lengths = [127, 128, 129, 143, 144, 145, 1176, 1200, 16_384, 49_151, 49_152, 49_153, 65_536]
  for (let round = 0; round < 12; round++) {
    for (const length of lengths) {
      const expected = bitwise(0x82f63b78, bytes.subarray(round, round + length))
      if (crc32c(bytes, round, round + length) !== expected) t.fail(`${length} bytes, round ${round}`)
      if (crc32c(bytes.slice(round, round + length)) !== expected) t.fail(`${length} bytes alone, round ${round}`)
    }
  }
  t.equal(crc32c(bytes, 100, 100), 0)
  t.end()
})
