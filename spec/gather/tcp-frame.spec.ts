/** Frames of RFC 4571: whatever the pieces in which a stream comes, the datagrams are those that were sent. */

import fc from 'fast-check'
import t from 'tap'
import { concatBytes, HEADROOM, Packet, PacketPool } from '../../lib/bytes/index.ts'
import { FrameReader, frame } from '../../lib/gather/tcp-frame.ts'

const framed = (payload: Uint8Array): Uint8Array => frame(Packet.copy(payload))!.view().slice()

t.test('the header goes into the headroom, in place', t => {
  const pool = new PacketPool(100, 1)
  const packet = pool.take()
  packet.bytes.set([1, 2, 3], packet.end)
  packet.end += 3
  const out = frame(packet)!
  t.equal(out, packet)
  t.same([...out.view()], [0, 3, 1, 2, 3])
  t.equal(out.start, HEADROOM - 2)
  t.end()
})

t.test('a packet without headroom is copied, and given back', t => {
  let released = 0
  const packet = Packet.of(Uint8Array.of(9))
  packet.release = () => {
    released++
  }
  t.same([...frame(packet)!.view()], [0, 1, 9])
  t.equal(released, 1)
  for (const length of [0, 65_536]) {
    const bad = Packet.copy(new Uint8Array(length))
    bad.release = () => {
      released++
    }
    t.equal(frame(bad), undefined)
  }
  t.equal(released, 3)
  t.equal(frame(Packet.copy(new Uint8Array(65_535)))!.length, 65_537)
  t.end()
})

t.test('any datagrams in any pieces come out as they went in; empty ones do not', t => {
  const datagrams = fc.array(
    fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc.integer({ min: 2000, max: 9000 }).map(n => new Uint8Array(n).fill(n)),
    ),
    { maxLength: 8 },
  )
  fc.assert(
    fc.property(
      datagrams,
      fc.array(fc.integer({ min: 1, max: 3000 }), { minLength: 1, maxLength: 20 }),
      (sent, cuts) => {
        const stream = concatBytes(
          ...sent.flatMap(payload => [Uint8Array.of(payload.length >> 8, payload.length), payload]),
        )
        const reader = new FrameReader()
        const got: Uint8Array[] = []
        for (let at = 0, i = 0; at < stream.length; i++) {
          const end = Math.min(stream.length, at + cuts[i % cuts.length]!)
          // What is delivered may be overwritten, as decryption does.
          if (!reader.push(stream.slice(at, end), bytes => got.push(bytes.slice()) && bytes.fill(0xff))) return false
          at = end
        }
        const expected = sent.filter(({ length }) => length > 0)
        return got.length === expected.length && got.every((bytes, i) => Buffer.compare(bytes, expected[i]!) === 0)
      },
    ),
    { numRuns: 200 },
  )
  t.end()
})

t.test('a frame above the limit ends the stream; the limit may be lifted between two frames', t => {
  const reader = new FrameReader()
  reader.limit = 100
  const got: number[] = []
  const two = concatBytes(framed(new Uint8Array(100)), framed(new Uint8Array(101)))
  t.equal(
    reader.push(two, ({ length }) => got.push(length)),
    false,
  )
  t.same(got, [100])
  t.equal(
    reader.push(framed(new Uint8Array(1)), ({ length }) => got.push(length)),
    false,
  )
  const lifted = new FrameReader()
  lifted.limit = 100
  t.equal(
    lifted.push(two, ({ length }) => {
      got.push(length)
      lifted.limit = 65_535
    }),
    true,
  )
  t.same(got, [100, 100, 101])
  t.end()
})

t.test('it stops in the middle of what came when it is told to', t => {
  const reader = new FrameReader()
  let count = 0
  const many = concatBytes(...Array.from({ length: 5 }, () => framed(Uint8Array.of(1))))
  const sound = reader.push(many, () => {
    if (++count === 2) reader.stop()
  })
  t.equal(sound, false)
  t.equal(count, 2)
  t.end()
})

t.test('a frame that announces much and brings little holds little', t => {
  const readers = Array.from({ length: 2000 }, () => new FrameReader())
  const before = process.memoryUsage().arrayBuffers
  for (const reader of readers) {
    reader.push(Uint8Array.of(0xff, 0xff, 1, 2, 3), () => t.fail('nothing is whole'))
  }
  const each = (process.memoryUsage().arrayBuffers - before) / readers.length
  t.ok(each < 8192, `${each} bytes each`)
  t.end()
})
