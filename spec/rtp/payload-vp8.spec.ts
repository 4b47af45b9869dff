import { emptyPayloadInfo, payloadFormat } from 'purertc/rtp'
import t from 'tap'
import { Vp8Descriptor } from '../../lib/rtp/payload/vp8-descriptor.ts'
import { Vp8FrameHeader } from '../../lib/rtp/payload/vp8-frame-header.ts'
import { bytesOf, cut, filling } from './cut.ts'
import { NO_PARAMETERS } from './video-streams.ts'

const VP8 = payloadFormat('VP8')!
/** 640 x 480, scaled by 5/4 and 5/3 when shown. */
const KEY_FRAME = [0x10, 0x02, 0x00, 0x9d, 0x01, 0x2a, 0x80, 0x42, 0xe0, 0x81]
const DELTA_FRAME = [0x31, 0x02, 0x00]

interface Form {
  readonly name: string
  readonly bytes: readonly number[]
  readonly says: Partial<Vp8Descriptor>
}

const NOTHING = { pictureId: -1, baseLayerIndex: -1, temporalLayer: -1, keyIndex: -1, layerSync: false }

const forms: readonly Form[] = [
  { name: 'the shortest', bytes: [0x10], says: { ...NOTHING, startsPartition: true, partition: 0 } },
  { name: 'a later partition', bytes: [0x17], says: { ...NOTHING, startsPartition: true, partition: 7 } },
  { name: 'inside a partition', bytes: [0x03], says: { ...NOTHING, startsPartition: false, partition: 3 } },
  { name: 'what nobody refers to', bytes: [0x30], says: { ...NOTHING, nonReference: true } },
  { name: '7 bits of picture id', bytes: [0x90, 0x80, 0x7f], says: { ...NOTHING, pictureId: 127 } },
  {
    name: '15 bits of picture id',
    bytes: [0x90, 0x80, 0xff, 0xfe],
    says: { ...NOTHING, pictureId: 0x7ffe, isLongPictureId: true },
  },
  {
    name: 'a small picture id in 15 bits',
    bytes: [0x90, 0x80, 0x80, 0x05],
    says: { ...NOTHING, pictureId: 5, isLongPictureId: true },
  },
  { name: 'TL0PICIDX alone', bytes: [0x90, 0x40, 0xc8], says: { ...NOTHING, baseLayerIndex: 200 } },
  { name: 'TID and Y', bytes: [0x90, 0x20, 0xa0], says: { ...NOTHING, temporalLayer: 2, layerSync: true } },
  { name: 'TID without Y', bytes: [0x90, 0x20, 0xc0], says: { ...NOTHING, temporalLayer: 3 } },
  { name: 'KEYIDX alone', bytes: [0x90, 0x10, 0x1e], says: { ...NOTHING, keyIndex: 30 } },
  {
    name: 'everything',
    bytes: [0xb2, 0xf0, 0x92, 0x34, 0x07, 0x65],
    says: {
      nonReference: true,
      startsPartition: true,
      partition: 2,
      pictureId: 0x1234,
      baseLayerIndex: 7,
      temporalLayer: 1,
      layerSync: true,
      keyIndex: 5,
    },
  },
]

for (const { name, bytes, says } of forms) {
  t.test(`a descriptor: ${name}`, t => {
    const descriptor = new Vp8Descriptor()
    const payload = Uint8Array.from([0xff, ...bytes, ...DELTA_FRAME, 0xff])
    t.equal(descriptor.read(payload, 1, payload.length - 1), 1 + bytes.length)
    t.match(descriptor, says)
    const written = new Uint8Array(6)
    t.same([...written.subarray(0, descriptor.write(written))], bytes)
    for (let end = 0; end <= bytes.length; end++)
      t.equal(descriptor.read(payload, 1, 1 + end), -1, `of which ${end} bytes are there`)
    t.end()
  })
}

t.test('what nobody says is ignored: reserved bits, and TID, Y and KEYIDX that do not count', t => {
  const descriptor = new Vp8Descriptor()
  t.equal(descriptor.read(Uint8Array.of(0xd8, 0x2f, 0xbf, 0x31), 0, 4), 3)
  t.match(descriptor, { partition: 0, temporalLayer: 2, layerSync: true, keyIndex: -1 })
  t.equal(descriptor.read(Uint8Array.of(0x90, 0x10, 0xff, 0x31), 0, 4), 3)
  t.match(descriptor, { temporalLayer: -1, layerSync: false, keyIndex: 31 })
  t.end()
})

t.test('a frame header tells key frames and their size', t => {
  const header = new Vp8FrameHeader()
  const read = (bytes: readonly number[]) => header.read(Uint8Array.from(bytes), 0, bytes.length)
  t.ok(read(KEY_FRAME))
  t.match(header, { keyFrame: true, width: 640, height: 480 })
  t.ok(read(KEY_FRAME.slice(0, 9)))
  t.match(header, { keyFrame: true, width: 0, height: 0 }, 'cut off in its size')
  t.ok(read(DELTA_FRAME))
  t.match(header, { keyFrame: false, width: 0 })
  t.notOk(read([...KEY_FRAME.slice(0, 4), 0x02, ...KEY_FRAME.slice(5)]))
  t.match(header, { keyFrame: false }, 'without its start code')
  t.notOk(read([]))
  t.end()
})

t.test('a payload says whether a frame begins with it, and of which layer it is', t => {
  const depacketizer = VP8.createDepacketizer(NO_PARAMETERS)
  const info = emptyPayloadInfo()
  const describe = (...bytes: number[]) => depacketizer.describe(Uint8Array.from(bytes), 0, bytes.length, info)
  t.ok(describe(0x90, 0xe0, 0x81, 0x02, 0x09, 0x00, ...KEY_FRAME))
  t.match(info, { begins: true, ends: false, keyFrame: true, pictureId: 0x102, baseLayerIndex: 9, temporalLayer: 0 })
  t.ok(describe(0x80, 0xe0, 0x81, 0x02, 0x09, 0x80, ...KEY_FRAME))
  t.match(info, { begins: false, keyFrame: false, temporalLayer: 2 }, 'inside a frame nothing is a key frame')
  t.ok(describe(0x11, ...KEY_FRAME))
  t.match(info, { begins: false, keyFrame: false, temporalLayer: -1 }, 'a second partition')
  t.ok(describe(0x10, ...DELTA_FRAME))
  t.match(info, { begins: true, keyFrame: false, pictureId: -1, spatialLayer: -1 })
  t.notOk(describe())
  t.notOk(describe(0x10), 'nothing behind it')
  t.notOk(describe(0x90, 0x80, 0x81))
  t.end()
})

t.test('payloads that are not of one frame, or not all of it, make none', t => {
  const depacketizer = VP8.createDepacketizer(NO_PARAMETERS)
  const join = (...payloads: number[][]) => depacketizer.join(payloads.map(bytes => Uint8Array.from(bytes)))
  const begins = [0x90, 0x80, 0x05, ...DELTA_FRAME]
  t.same([...join(begins, [0x80, 0x80, 0x05, 1, 2])!.data], [...DELTA_FRAME, 1, 2])
  t.equal(join(), undefined)
  t.equal(join([0x80, 0x80, 0x05, 1, 2]), undefined, 'no beginning')
  t.equal(join([0x80, 0x80, 0x05, 1, 2], begins), undefined, 'out of order')
  t.equal(join(begins, [0x80, 0x80, 0x06, 1, 2]), undefined, 'of another picture')
  t.equal(join(begins, [0x80, 0xa0, 0x05, 0x40, 1]), undefined, 'of another layer')
  t.equal(join(begins, [0x80, 0x80, 0x05]), undefined, 'an empty one')
  t.equal(join(begins, []), undefined)
  t.equal(join([0x10, 0x10, 0, 0, 1, 2, 3, 4, 5, 6, 7]), undefined, 'a key frame without its start code')
  t.end()
})

t.test('a sender numbers its frames in 15 bits, and says of layers what it was told', t => {
  const packetizer = VP8.createPacketizer(NO_PARAMETERS, 0xfffe)
  const depacketizer = VP8.createDepacketizer(NO_PARAMETERS)
  const send = (video?: object) => {
    const data = Uint8Array.from([...DELTA_FRAME, ...filling(50)])
    const payloads = bytesOf(cut(packetizer, { data, keyFrame: false, ...(video && { video }) }, 30))
    t.same(
      payloads.map(([first]) => first! & 0x1f),
      payloads.map((_, index) => (index === 0 ? 0x10 : 0x00)),
    )
    return depacketizer.join(payloads)!.video
  }
  t.same(send(), { pictureId: 0x7ffe, discardable: false })
  const layer = { temporalLayer: 0, layerSync: false, discardable: false }
  t.same(send({ temporalLayer: 0 }), { ...layer, pictureId: 0x7fff, baseLayerIndex: 1 })
  t.same(send({ temporalLayer: 2, layerSync: true, discardable: true }), {
    temporalLayer: 2,
    layerSync: true,
    discardable: true,
    pictureId: 0,
    baseLayerIndex: 1,
  })
  t.same(send({ temporalLayer: 0, pictureId: 77, baseLayerIndex: 77 }), { ...layer, pictureId: 1, baseLayerIndex: 2 })
  t.same(send({ temporalLayer: 4 }), { pictureId: 2, discardable: false }, 'a layer that there is none of')
  t.end()
})

t.test('payloads are nearly equal in length, and the last one ends the frame', t => {
  const packetizer = VP8.createPacketizer(NO_PARAMETERS, 0)
  const cuts = cut(packetizer, { data: Uint8Array.from(filling(1000)), keyFrame: false }, 304)
  t.same(
    cuts.map(({ bytes, last }) => [bytes.length, last]),
    [
      [254, false],
      [254, false],
      [254, false],
      [254, true],
    ],
  )
  t.equal(cut(packetizer, { data: new Uint8Array(0), keyFrame: true }, 304).length, 0)
  t.equal(cut(packetizer, { data: Uint8Array.of(1, 2), keyFrame: true }, 6).length, 0, 'no room at all')
  t.end()
})
