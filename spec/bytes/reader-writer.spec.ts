/** What a Writer writes a Reader reads; what a peer cuts short fails without throwing. */

import fc from 'fast-check'
import t from 'tap'
import { getU16, getU32, hex, Reader, setU16, setU32, utf8, Writer } from '../../lib/bytes/index.ts'

t.test('numbers are written in network byte order', t => {
  const w = new Writer(1)
  w.u8(0x01).u16(0x0203).u24(0x040506).u32(0x8708090a).u48(0xfb0c0d0e0f10).u64(0xf112131415161718n)
  t.equal(hex(w.finish()), '010203040506' + '8708090a' + 'fb0c0d0e0f10' + 'f112131415161718')
  t.equal(w.length, 24)
  const r = new Reader(w.finish())
  t.same(
    [r.u8(), r.u16(), r.u24(), r.u32(), r.u48(), r.u64()],
    [0x01, 0x0203, 0x040506, 0x8708090a, 0xfb0c0d0e0f10, 0xf112131415161718n],
  )
  t.equal(r.remaining, 0)
  t.notOk(r.failed)
  t.end()
})

t.test('byte strings, with their length before them, padded, and filled in afterwards', t => {
  const w = new Writer(4)
  w.vector8(utf8('a'))
    .vector16(utf8('bc'))
    .vector24(utf8('def'))
    .nested16(inner => inner.bytes(utf8('gh')).nested16(empty => empty))
    .pad(4)
    .pad(4)
    .zeros(2)
    .u16(0)
    .setU16(20, 0xaabb)
    .setU32(0, 0x01020304)
  t.equal(hex(w.finish()), '01020304' + '6263' + '000003646566' + '000467680000' + '0000' + 'aabb0000')
  const r = new Reader(w.finish())
  r.skip(4)
  t.same([...r.view(2)], [0x62, 0x63])
  t.same([...r.vector24()], [...utf8('def')])
  const nested = new Reader(r.vector16())
  t.same([...nested.view(2), ...nested.vector16()], [0x67, 0x68])
  t.equal(r.rest().length, 6)
  t.equal(r.rest().length, 0)
  t.notOk(r.failed)
  t.end()
})

t.test('a view is borrowed, and a range is all that a reader sees', t => {
  const bytes = new Uint8Array([0, 1, 2, 3, 4, 5])
  const r = new Reader(bytes, 1, 4)
  const view = r.view(2)
  bytes[1] = 9
  t.same([...view], [9, 2])
  t.equal(r.u8(), 3)
  t.notOk(r.failed)
  t.equal(r.u8(), 0)
  t.ok(r.failed)
  t.equal(new Reader(bytes, 4, 99).remaining, 2)
  t.end()
})

t.test('whatever is read past the end is zero or empty, and the failure stays', t => {
  const reads: ((r: Reader) => unknown)[] = [
    r => r.u16(),
    r => r.u24(),
    r => r.u32(),
    r => r.u48(),
    r => Number(r.u64()),
    r => r.view(2).length,
    r => r.view(-1).length,
    r => r.vector8().length,
    r => r.vector16().length,
    r => r.vector24().length,
  ]
  for (const read of reads) {
    const r = new Reader(new Uint8Array([7]))
    t.equal(read(r), 0)
    t.ok(r.failed)
    t.equal(r.u8(), 0)
    t.ok(r.failed)
  }
  const skipping = new Reader(new Uint8Array(2))
  skipping.skip(3)
  t.ok(skipping.failed)
  t.end()
})

t.test('random reads of random bytes never throw and never leave the range', t => {
  const reads = ['u8', 'u16', 'u24', 'u32', 'u48', 'u64', 'vector8', 'vector16', 'vector24', 'rest'] as const
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), fc.array(fc.constantFrom(...reads)), (bytes, sequence) => {
      const r = new Reader(bytes)
      for (const read of sequence) r[read]()
      return r.position <= bytes.length && r.remaining >= 0
    }),
  )
  t.end()
})

t.test('fields at a known offset', t => {
  const bytes = new Uint8Array(8)
  setU16(bytes, 1, 0xfedc)
  setU32(bytes, 3, 0xfedcba98)
  t.equal(hex(bytes), '00fedcfedcba9800')
  t.equal(getU16(bytes, 1), 0xfedc)
  t.equal(getU32(bytes, 3), 0xfedcba98)
  t.end()
})
