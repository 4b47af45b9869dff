import fc from 'fast-check'
import { MOST_GENERATIONS, RedDepacketizer, RedPacketizer } from 'purertc/rtp'
import t from 'tap'
import { fromHex } from '../../lib/bytes/index.ts'
import { filling } from './cut.ts'

const bytes = (text: string) => fromHex(text.replaceAll(' ', ''))!
type Block = [payloadType: number, timestamp: number, bytes: number[], generationsBack: number]

const receiveAll = (depacketizer: RedDepacketizer, payload: Uint8Array, timestamp: number) => {
  const blocks: Block[] = []
  // Within other bytes: nothing outside the range is looked at.
  const whole = Uint8Array.from([0xff, ...payload, 0xff])
  const result = depacketizer.receive(whole, 1, 1 + payload.length, timestamp, (type, at, from, start, end, back) =>
    blocks.push([type, at, [...from.subarray(start, end)], back]),
  )
  return { result, blocks }
}

const pack = (packetizer: RedPacketizer, type: number, frame: readonly number[], timestamp: number, limit = 1200) => {
  let payload: Uint8Array | undefined
  packetizer.packetize(type, Uint8Array.from(frame), timestamp, limit, (header, length, body, start, end) => {
    payload = Uint8Array.from([...header.subarray(0, length), ...body.subarray(start, end)])
  })
  return payload
}

t.test('the example of RFC 2198, 4: DVI4 with LPC one packet before, 20 ms at 8 kHz', t => {
  // Primary: 84 bytes of payload type 5. Redundant: 14 bytes of payload type 7, 160 ticks earlier.
  const lpc = filling(14)
  const dvi = filling(84, 2)
  const packetizer = new RedPacketizer(1)
  pack(packetizer, 7, lpc, 1000)
  const payload = pack(packetizer, 5, dvi, 1160)
  t.same(payload, Uint8Array.from([0x80 | 7, 160 >> 6, (160 & 0x3f) << 2, 14, 5, ...lpc, ...dvi]))
  t.same(receiveAll(new RedDepacketizer(), payload!, 1160), {
    result: 2,
    blocks: [
      [7, 1000, lpc, 1],
      [5, 1160, dvi, 0],
    ],
  })
  t.end()
})

t.test('every generation comes again, oldest first, and is handed out once', t => {
  const packetizer = new RedPacketizer(2)
  const frame = (index: number) => filling(20 + index, index)
  const at = (index: number) => (0xfffffa00 + index * 960) >>> 0
  const payloads = [0, 1, 2, 3, 4].map(index => pack(packetizer, 111, frame(index), at(index))!)
  t.equal(payloads[0]!.length, 1 + 20)
  t.equal(payloads[4]!.length, 2 * 4 + 1 + 22 + 23 + 24)
  const depacketizer = new RedDepacketizer()
  t.same(receiveAll(depacketizer, payloads[0]!, at(0)).blocks, [[111, at(0), frame(0), 0]])
  t.same(
    receiveAll(depacketizer, payloads[3]!, at(3)).blocks,
    [
      [111, at(1), frame(1), 2],
      [111, at(2), frame(2), 1],
      [111, at(3), frame(3), 0],
    ],
    'two were lost',
  )
  t.same(receiveAll(depacketizer, payloads[2]!, at(2)), { result: 0, blocks: [] }, 'late, and known by now')
  t.same(receiveAll(depacketizer, payloads[4]!, at(4)).blocks, [[111, at(4), frame(4), 0]])
  t.same(receiveAll(depacketizer, payloads[4]!, at(4)).blocks, [], 'twice')
  t.end()
})

t.test('what does not fit, into the fields or into the packet, is not repeated', t => {
  const limited = new RedPacketizer(2)
  pack(limited, 1, filling(100), 0)
  pack(limited, 1, filling(50), 10)
  t.equal(pack(limited, 1, filling(60), 20, 60 + 1 + 54)!.length, 115, 'one generation')
  t.equal(pack(limited, 1, filling(60), 30, 60)?.length, undefined, 'not even the frame')
  const late = new RedPacketizer(1)
  pack(late, 1, filling(10), 0)
  t.equal(pack(late, 1, filling(10), 16_383)!.length, 25)
  t.equal(pack(late, 1, filling(10), 2 * 16_383 + 1)!.length, 11, 'more than 14 bits earlier')
  const long = new RedPacketizer(1)
  pack(long, 1, filling(1024), 0, 2000)
  t.equal(pack(long, 1, filling(10), 1, 2000)!.length, 11, 'longer than 10 bits')
  long.reset()
  t.equal(pack(long, 1, filling(10), 2, 2000)!.length, 11, 'something else begins')
  t.throws(() => new RedPacketizer(MOST_GENERATIONS + 1), RangeError)
  t.equal(pack(new RedPacketizer(0), 1, filling(3), 1)!.length, 4)
  t.end()
})

t.test('headers cut off and lengths that lie are refused', t => {
  for (const text of [
    '',
    '87',
    '87 0100',
    '87 010004',
    '87 010004 05',
    '87 010004 05 010203',
    '87 0103ff 05 0102030405',
  ]) {
    t.same(receiveAll(new RedDepacketizer(), bytes(text), 1), { result: -1, blocks: [] }, text)
  }
  t.same(
    receiveAll(new RedDepacketizer(), bytes('87 010004 05 01020304'), 100).blocks,
    [[7, 36, [1, 2, 3, 4], 1]],
    'without a primary',
  )
  t.same(receiveAll(new RedDepacketizer(), bytes('87 010000 05 01'), 100).blocks, [[5, 100, [1], 0]], 'an empty block')
  t.same(
    receiveAll(new RedDepacketizer(), bytes('87 000001 05 01 02'), 100).blocks,
    [[5, 100, [2], 0]],
    'no time before',
  )
  const many = Uint8Array.from([...Array.from({ length: 33 }, () => [0x87, 1, 0, 0]).flat(), 5, 1])
  t.equal(receiveAll(new RedDepacketizer(), many, 1).result, -1)
  t.end()
})

t.test('random bytes hand out nothing beyond them', t => {
  const depacketizer = new RedDepacketizer()
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(0xffffffff), (payload, timestamp) => {
      depacketizer.receive(payload, 0, payload.length, timestamp, (_type, at, _bytes, start, end) => {
        if (start >= end || end > payload.length || at !== at >>> 0) throw new Error(`${start} to ${end} at ${at}`)
      })
    }),
    { numRuns: 2000 },
  )
  t.end()
})
