import { emptyPayloadInfo, payloadFormat } from 'purertc/rtp'
import t from 'tap'
import { Leb128, leb128Length, ObuList, putLeb128 } from '../../lib/rtp/payload/av1-obu.ts'
import { Av1SequenceHeader } from '../../lib/rtp/payload/av1-sequence-header.ts'
import { bytesOf, cut, filling } from './cut.ts'
import { framesOfIvf, NO_PARAMETERS } from './video-streams.ts'

const AV1 = payloadFormat('AV1')!

const DELIMITER = [0x12, 0x00]
/** What libaom writes for 640 x 480, realtime. */
const SEQUENCE = [0x00, 0x00, 0x00, 0x24, 0xc4, 0xff, 0xdf, 0x00, 0x68, 0x02]
/** show_existing_frame 0, KEY_FRAME, show_frame 1; INTER_FRAME. */
const KEY = 0x10
const INTER = 0x30

/** An OBU with its size. */
const obu = (type: number, content: readonly number[], extension?: number): number[] => {
  const size = new Uint8Array(5)
  const sizeLength = putLeb128(size, 0, content.length)
  const header = (type << 3) | 0x02 | (extension === undefined ? 0 : 0x04)
  return [header, ...(extension === undefined ? [] : [extension]), ...size.subarray(0, sizeLength), ...content]
}
const frame = (first: number, length: number, extension?: number): number[] =>
  obu(6, [first, ...filling(length - 1)], extension)

const join = (...payloads: readonly (readonly number[])[]) =>
  AV1.createDepacketizer(NO_PARAMETERS).join(payloads.map(bytes => Uint8Array.from(bytes)))

t.test('sizes are LEB128: of five bytes at most', t => {
  const size = new Leb128()
  const bytes = new Uint8Array(8)
  for (const value of [0, 1, 127, 128, 300, 16_383, 16_384, 2 ** 21, 2 ** 32 - 1]) {
    const end = putLeb128(bytes, 1, value)
    t.equal(end, 1 + leb128Length(value))
    t.ok(size.read(bytes, 1, end))
    t.match(size, { value, end })
    t.notOk(size.read(bytes, 1, end - 1), 'cut off')
  }
  t.ok(size.read(Uint8Array.of(0x85, 0x80, 0x00), 0, 3), 'longer than it needs to be')
  t.match(size, { value: 5, end: 3 })
  t.notOk(size.read(Uint8Array.of(0x80, 0x80, 0x80, 0x80, 0x80, 0x00), 0, 6))
  t.end()
})

t.test('a sequence header says how large pictures are', t => {
  const sequence = new Av1SequenceHeader()
  t.ok(sequence.read(Uint8Array.from(framesOfIvf('rtp-media/av1.ivf')[0]!.subarray(4)), 0, 11))
  t.match(sequence, { profile: 0, isReduced: false, width: 322, height: 182 })
  // seq_profile 1, still_picture 1, reduced 1, level 8, 4 + 4 bits of length: 16 x 9 pixels in 5 and 4 bits.
  t.ok(sequence.read(Uint8Array.of(0x3a, 0x11, 0x8f, 0x87, 0x00), 0, 5), 'a reduced one')
  t.match(sequence, { profile: 1, isReduced: true })
  for (let length = 0; length < 7; length++)
    t.notOk(sequence.read(framesOfIvf('rtp-media/av1.ivf')[0]!.subarray(4), 0, length), `${length} bytes of it`)
  t.end()
})

t.test('a sequence header with times and a decoder model is read to its end', t => {
  const bits = [
    '000', // seq_profile
    '0', // still_picture
    '0', // reduced_still_picture_header
    '1', // timing_info_present_flag
    `${'0'.repeat(31)}1`,
    `${'0'.repeat(31)}1`,
    '1', // equal_picture_interval
    '00101', // num_ticks_per_picture_minus_1, uvlc: 4
    '1', // decoder_model_info_present_flag
    '01001', // buffer_delay_length_minus_1: 9
    '0'.repeat(32),
    '0000000000',
    '1', // initial_display_delay_present_flag
    '00001', // operating_points_cnt_minus_1: 1
    `${'0'.repeat(12)}010010${'1'}${'1'.repeat(10)}${'1'.repeat(10)}01${'0101'}`, // level 9, tier, model, delay
    `${'0'.repeat(12)}00100${'0'}${'0'}`, // level 4: without tier
    '1001', // frame_width_bits_minus_1: 9
    '1000',
    '0111111111', // 511
    '011111111', // 255
  ].join('')
  const bytes = Uint8Array.from({ length: Math.ceil(bits.length / 8) }, (_, index) =>
    Number.parseInt(bits.slice(index * 8, index * 8 + 8).padEnd(8, '0'), 2),
  )
  const sequence = new Av1SequenceHeader()
  t.ok(sequence.read(bytes, 0, bytes.length))
  t.match(sequence, { width: 512, height: 256 })
  t.end()
})

t.test('OBUs are divided by their sizes; the last one may lack it', t => {
  const obus = new ObuList()
  const split = (...bytes: number[]) => obus.split(Uint8Array.from(bytes))
  t.ok(split(...DELIMITER, ...frame(INTER, 3, 0x28), 0x30, INTER, 1))
  t.same(
    obus.units
      .slice(0, obus.count)
      .map(({ type, header, extension, start, end }) => [type, header, extension, start, end]),
    [
      [2, 0x10, -1, 2, 2],
      [6, 0x34, 0x28, 5, 8],
      [6, 0x30, -1, 9, 11],
    ],
  )
  t.notOk(split(), 'nothing')
  t.notOk(split(0x32, 0x02, INTER), 'a size that lies')
  t.notOk(split(0x32), 'no size')
  t.notOk(split(0xb2, 0x01, 0x00), 'the forbidden bit')
  t.notOk(split(0x36), 'no extension')
  t.notOk(split(...Array(1025).fill(DELIMITER).flat()), 'more than any frame has')
  t.end()
})

const HEAD = [0x30, INTER, 7]

t.test('each form of payload is joined to OBUs with sizes', t => {
  const whole = [0x32, 0x02, INTER, 7]
  t.same([...join([0x10, ...HEAD])!.data], whole, 'W 1')
  t.same([...join([0x00, 3, ...HEAD])!.data], whole, 'W 0')
  t.same([...join([0x20, 3, ...HEAD, ...HEAD])!.data], [...whole, ...whole], 'W 2')
  t.same([...join([0x30, 3, ...HEAD, 3, ...HEAD, ...HEAD])!.data], [...whole, ...whole, ...whole], 'W 3')
  t.same([...join([0x00, 3, ...HEAD, 3, ...HEAD])!.data], [...whole, ...whole], 'W 0, two of them')
  t.same([...join([0x10, 0x34, 0x28, INTER])!.data], [0x36, 0x28, 0x01, INTER], 'an extension')
  t.same([...join([0x10, ...whole])!.data], whole, 'a size of its own')
  t.same([...join([0x10, 0x32, 0x82, 0x00, INTER, 7])!.data], whole, 'written longer than it needs to be')
  t.same([...join([0x20, 1, 0x10, ...HEAD])!.data], whole, 'a temporal delimiter is left out')
  t.same([...join([0x20, 3, 0x40, 1, 1, ...HEAD])!.data], whole, 'a tile list is left out')
  t.same([...join([0x50, 0x30], [0xd0, INTER], [0x90, 7])!.data], whole, 'in three fragments')
  t.same([...join([0x60, 3, ...HEAD, 0x30], [0xa0, 2, INTER, 7, ...HEAD])!.data], [...whole, ...whole, ...whole])
  t.same([...join([0x40, 2, 0x30, INTER], [0x80, 1, 7])!.data], whole, 'fragments that say their length')
  t.same([...join([0x50, 0x32, 0x02], [0x90, INTER, 7])!.data], whole, 'in fragments, with a size of its own')
  t.end()
})

t.test('what lies, lacks a part, or is out of order makes no frame', t => {
  t.equal(join(), undefined)
  t.equal(join([]), undefined)
  t.equal(join([0x10]), undefined, 'an aggregation header alone')
  t.equal(join([0x00, 4, ...HEAD]), undefined, 'a length that lies')
  t.equal(join([0x00, 3, ...HEAD, 0x80]), undefined, 'a length without end')
  t.equal(join([0x00, 0, 3, ...HEAD]), undefined, 'an empty element')
  t.equal(join([0x20, 3, ...HEAD]), undefined, 'two elements of which one is there')
  t.equal(join([0x30, 3, ...HEAD, ...HEAD]), undefined, 'three of which two are')
  t.equal(join([0x50, 0x30], [0xd0, INTER]), undefined, 'without its end')
  t.equal(join([0xd0, INTER], [0x90, 7]), undefined, 'without its start')
  t.equal(join([0x90, 7], [0x50, 0x30, INTER]), undefined, 'out of order')
  t.equal(join([0x50, 0x30], [0x10, INTER]), undefined, 'a fragment that nobody continues')
  t.equal(join([0x10, ...HEAD], [0x90, 7]), undefined, 'one that continues nothing')
  t.equal(join([0x98, ...HEAD]), undefined, 'a new sequence within an OBU')
  t.equal(join([0x10, 0xb0, INTER]), undefined, 'the forbidden bit')
  t.equal(join([0x10, 0x34]), undefined, 'no extension')
  t.equal(join([0x10, 0x32, 0x03, INTER, 7]), undefined, 'a size of its own that is too large')
  t.equal(join([0x10, 0x32, 0x01, INTER, 7]), undefined, 'and too small')
  t.equal(join([0x10, 0x10]), undefined, 'nothing but a temporal delimiter')
  t.end()
})

t.test('a coded video sequence begins with a sequence header and a key frame that is shown', t => {
  const sequence = [0x08, ...SEQUENCE]
  const begin = [0x28, sequence.length, ...sequence]
  t.match(join([...begin, 0x30, KEY, 7]), { keyFrame: true, video: { width: 640, height: 480 } })
  t.match(join([...begin, 0x18, KEY, 7], [0x10, 0x20, 1]), { keyFrame: true }, 'frame header and tiles apart')
  t.match(join([...begin, 0x30, INTER, 7]), { keyFrame: false, video: undefined }, 'not a key frame')
  t.match(join([...begin, 0x30, 0x00, 7]), { keyFrame: false }, 'not shown')
  t.match(join([...begin, 0x30, 0x80, 7]), { keyFrame: false }, 'an existing frame')
  t.match(join([0x10, 0x30, KEY, 7]), { keyFrame: false }, 'without a sequence header')
  t.match(join([0x28, 3, 0x08, 0x00, 0x00, 0x30, KEY, 7]), { keyFrame: false }, 'which ends too early')
  t.match(join([0x28, 6, 0x08, 0x3a, 0x11, 0x8f, 0x87, 0x00, 0x30, 0xff]), { keyFrame: true }, 'a still picture')
  t.end()
})

t.test('a payload says whether it begins an OBU, and of which layer it is', t => {
  const depacketizer = AV1.createDepacketizer(NO_PARAMETERS)
  const info = emptyPayloadInfo()
  const describe = (...bytes: number[]) =>
    depacketizer.describe(Uint8Array.from([0xff, ...bytes, 0xff]), 1, 1 + bytes.length, info)
  t.ok(describe(0x18, ...HEAD))
  t.match(info, { begins: true, ends: false, keyFrame: true, spatialLayer: -1, temporalLayer: -1 }, 'N')
  t.ok(describe(0x60, 1 + SEQUENCE.length, 0x08, ...SEQUENCE, 0x30, KEY))
  t.match(info, { begins: true, keyFrame: true }, 'without N')
  t.ok(describe(0x10, ...HEAD))
  t.match(info, { begins: true, keyFrame: false })
  t.ok(describe(0xd0, 1, 2, 3))
  t.match(info, { begins: false, keyFrame: false })
  t.ok(describe(0x10, 0x34, 0x48, INTER))
  t.match(info, { spatialLayer: 1, temporalLayer: 2 })
  t.ok(describe(0xa0, 1, 7, 0x34, 0x30, INTER))
  t.match(info, { begins: false, spatialLayer: 2, temporalLayer: 1 }, 'behind the end of another OBU')
  t.ok(describe(0x50, 0x34), 'a fragment of which the extension is in the next payload')
  t.match(info, { begins: true, spatialLayer: -1 })
  t.ok(describe(0x50, 0x32, 0x90), 'or its size')
  t.notOk(describe())
  t.notOk(describe(0x10))
  t.notOk(describe(0x98, ...HEAD))
  t.notOk(describe(0x00, 9, ...HEAD))
  t.notOk(describe(0x10, 0xb0, 1))
  t.end()
})

t.test('a sender leaves out sizes, temporal delimiters and tile lists, and puts small OBUs together', t => {
  const packetizer = AV1.createPacketizer(NO_PARAMETERS, 0)
  const send = (bytes: readonly number[], limit: number) =>
    bytesOf(cut(packetizer, { data: Uint8Array.from(bytes), keyFrame: false }, limit)).map(bytes => [...bytes])
  const small = frame(INTER, 3)
  const sent = [0x30, ...small.slice(2)]
  t.same(send([...DELIMITER, ...small, ...obu(8, [1, 2])], 100), [[0x10, ...sent]])
  t.same(send([...small, ...small], 100), [[0x20, 4, ...sent, ...sent]])
  t.same(send([...small, ...small, ...small], 100), [[0x30, 4, ...sent, 4, ...sent, ...sent]])
  t.same(
    send([...small, ...small, ...small, ...small], 100),
    [[0x00, 4, ...sent, 4, ...sent, 4, ...sent, 4, ...sent]],
    'more than three: each says its length',
  )
  t.same(
    send([...obu(1, SEQUENCE), ...frame(KEY, 3)], 100),
    [[0x28, 11, 0x08, ...SEQUENCE, 0x30, KEY, ...filling(2)]],
    'a new coded video sequence',
  )
  t.same(
    send([...frame(INTER, 3, 0x00), ...frame(INTER, 3, 0x08)], 100),
    [
      [0x10, 0x34, 0x00, ...small.slice(2)],
      [0x10, 0x34, 0x08, ...small.slice(2)],
    ],
    'layers are not put together',
  )
  t.same(send([0x30, INTER, 9], 100), [[0x10, 0x30, INTER, 9]], 'the last OBU without a size')
  for (const bytes of [[], DELIMITER, [0x32, 9, 1], [0x80, 1]]) t.same(send(bytes, 100), [])
  t.same(send(small, 7), [], 'no room')
  t.end()
})

t.test('a long OBU goes out in fragments, and the marker with the last', t => {
  const packetizer = AV1.createPacketizer(NO_PARAMETERS, 0)
  const bytes = Uint8Array.from([...DELIMITER, ...obu(1, SEQUENCE), ...frame(KEY, 1000), ...frame(INTER, 20)])
  const cuts = cut(packetizer, { data: bytes, keyFrame: true }, 300)
  t.same(
    cuts.map(({ bytes, last }) => [bytes[0], last]),
    [
      [0x68, false],
      [0xd0, false],
      [0xd0, false],
      [0xa0, true],
    ],
  )
  t.same([...join(...bytesOf(cuts).map(bytes => [...bytes]))!.data], [...bytes.subarray(2)])
  t.end()
})

t.test('temporal units of an encoder come out as they went in, without their delimiters', t => {
  const packetizer = AV1.createPacketizer(NO_PARAMETERS, 0)
  const depacketizer = AV1.createDepacketizer(NO_PARAMETERS)
  for (const limit of [8, 60, 300, 1200, 20_000]) {
    framesOfIvf('rtp-media/av1.ivf').forEach((data, index) => {
      const payloads = bytesOf(cut(packetizer, { data, keyFrame: false }, limit))
      if (payloads.some(({ length }) => length > limit)) t.fail('longer than the limit')
      const frame = depacketizer.join(payloads)
      t.same(frame?.data, data.subarray(2))
      t.equal(frame?.keyFrame, index % 8 === 0)
      t.equal((payloads[0]![0]! & 0x08) !== 0, index % 8 === 0)
    })
  }
  t.end()
})
