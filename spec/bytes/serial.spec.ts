/** Serial numbers compare across the wrap (RFC 1982). */

import fc from 'fast-check'
import t from 'tap'
import { add16, add32, after16, after32, diff16, diff32 } from '../../lib/bytes/index.ts'

t.test('across the wrap', t => {
  t.ok(after32(0, 0xffff_ffff))
  t.notOk(after32(0xffff_ffff, 0))
  t.equal(diff32(2, 0xffff_fffe), 4)
  t.equal(diff32(0xffff_fffe, 2), -4)
  t.equal(add32(0xffff_ffff, 2), 1)
  t.equal(add32(0, -1), 0xffff_ffff)
  t.ok(after16(0, 0xffff))
  t.notOk(after16(0xffff, 0))
  t.equal(diff16(2, 0xfffe), 4)
  t.equal(diff16(0xfffe, 2), -4)
  t.equal(add16(0xffff, 2), 1)
  t.equal(add16(0, -1), 0xffff)
  t.notOk(after32(5, 5))
  t.notOk(after16(5, 5))
  t.end()
})

t.test('whatever is less than half the space ahead is after', t => {
  const u32 = fc.integer({ min: 0, max: 0xffff_ffff })
  fc.assert(
    fc.property(u32, fc.integer({ min: 1, max: 0x7fff_ffff }), (a, n) => {
      const b = add32(a, n)
      return after32(b, a) && !after32(a, b) && diff32(b, a) === n && diff32(a, b) === -n
    }),
  )
  fc.assert(
    fc.property(fc.nat(0xffff), fc.integer({ min: 1, max: 0x7fff }), (a, n) => {
      const b = add16(a, n)
      return after16(b, a) && !after16(a, b) && diff16(b, a) === n && diff16(a, b) === -n
    }),
  )
  t.end()
})
