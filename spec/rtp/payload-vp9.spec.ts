import { emptyPayloadInfo, type LayerFrame, payloadFormat, Vp9Packetizer } from 'purertc/rtp'
import t from 'tap'
import { Vp9Descriptor } from '../../lib/rtp/payload/vp9-descriptor.ts'
import { Vp9FrameHeader } from '../../lib/rtp/payload/vp9-frame-header.ts'
import { bytesOf, cut, filling } from './cut.ts'
import { NO_PARAMETERS } from './video-streams.ts'

const VP9 = payloadFormat('VP9')!
/** 640 x 480, profile 0. */
const KEY_FRAME = [0x82, 0x49, 0x83, 0x42, 0x00, 0x27, 0xf0, 0x1d, 0xf0, 0x00]
const INTER_FRAME = [0x86, 0x00, 0x40]
/** Not shown, intra_only, its sync code behind 2 bits of reset_frame_context. */
const INTRA_FRAME = [
  0x84,
  0x80 | (0x498342 >> 19),
  (0x498342 >> 11) & 0xff,
  (0x498342 >> 3) & 0xff,
  (0x498342 << 5) & 0xff,
]

interface Form {
  readonly name: string
  readonly bytes: readonly number[]
  readonly says: object
}

const forms: readonly Form[] = [
  { name: 'the shortest', bytes: [0x00], says: { pictureId: -1, begins: false, ends: false, hasLayers: false } },
  { name: 'a whole frame', bytes: [0x0c], says: { begins: true, ends: true, interPicture: false } },
  { name: '7 bits of picture id', bytes: [0xc8, 0x7f], says: { pictureId: 127, interPicture: true, begins: true } },
  { name: '15 bits of picture id', bytes: [0x84, 0xff, 0xfe], says: { pictureId: 0x7ffe, ends: true } },
  {
    name: 'layers, not flexible',
    bytes: [0xa9, 0x05, 0x53, 0xc8],
    says: {
      temporalLayer: 2,
      layerSync: true,
      spatialLayer: 1,
      interLayer: true,
      baseLayerIndex: 200,
      notReference: true,
    },
  },
  {
    name: 'layers, flexible',
    bytes: [0xb8, 0x05, 0xee],
    says: {
      temporalLayer: 7,
      layerSync: false,
      spatialLayer: 7,
      interLayer: false,
      baseLayerIndex: -1,
      isFlexible: true,
    },
  },
  {
    name: 'a reference',
    bytes: [0xd8, 0x05, 0x02],
    says: { referenceCount: 1, references: { 0: 1 } },
  },
  {
    name: 'three references',
    bytes: [0xd8, 0x80, 0x05, 0x03, 0x09, 0xfe],
    says: { referenceCount: 3, references: { 0: 1, 1: 4, 2: 127 } },
  },
  {
    name: 'a structure of sizes',
    bytes: [0x8a, 0x05, 0x30, 0x01, 0x40, 0x00, 0xf0, 0x02, 0x80, 0x01, 0xe0],
    says: {
      hasScalability: true,
      scalability: {
        layerCount: 2,
        hasResolutions: true,
        widths: { 0: 320, 1: 640 },
        heights: { 0: 240, 1: 480 },
        hasGroup: false,
        pictureCount: 0,
      },
    },
  },
  {
    name: 'a structure of a group',
    bytes: [0x8a, 0x05, 0x08, 0x04, 0x04, 0x04, 0x54, 0x01, 0x34, 0x02, 0x58, 0x01, 0x02],
    says: {
      scalability: {
        layerCount: 1,
        hasResolutions: false,
        hasGroup: true,
        pictureCount: 4,
        temporalLayers: { 0: 0, 1: 2, 2: 1, 3: 2 },
        layerSyncs: { 0: 0, 1: 1, 2: 1, 3: 1 },
        referenceCounts: { 0: 1, 1: 1, 2: 1, 3: 2 },
        references: { 0: 4, 3: 1, 6: 2, 9: 1, 10: 2 },
      },
    },
  },
  {
    name: 'a structure that says nothing',
    bytes: [0x8a, 0x05, 0xe0],
    says: { scalability: { layerCount: 8, hasResolutions: false, hasGroup: false } },
  },
  {
    name: 'a group of no pictures',
    bytes: [0x8a, 0x05, 0x08, 0x00],
    says: { scalability: { hasGroup: true, pictureCount: 0 } },
  },
  {
    name: 'everything',
    bytes: [0xff, 0x80, 0x05, 0x22, 0x05, 0x06, 0x18, 0x01, 0x40, 0x00, 0xf0, 0x01, 0x00],
    says: { pictureId: 5, temporalLayer: 1, spatialLayer: 1, referenceCount: 2, hasScalability: true },
  },
]

for (const { name, bytes, says } of forms) {
  t.test(`a descriptor: ${name}`, t => {
    const descriptor = new Vp9Descriptor()
    const payload = Uint8Array.from([0xff, ...bytes, ...INTER_FRAME, 0xff])
    t.equal(descriptor.read(payload, 1, payload.length - 1), 1 + bytes.length)
    t.match(descriptor, says)
    const written = new Uint8Array(64)
    t.same([...written.subarray(0, descriptor.write(written))], bytes)
    for (let end = 0; end <= bytes.length; end++)
      t.equal(descriptor.read(payload, 1, 1 + end), -1, `of which ${end} bytes are there`)
    t.end()
  })
}

t.test('descriptors that lie are refused', t => {
  const descriptor = new Vp9Descriptor()
  const read = (...bytes: number[]) => descriptor.read(Uint8Array.from(bytes), 0, bytes.length)
  t.equal(read(0xd8, 0x05, 0x03, 0x03, 0x03, 0x02, 1, 1), -1, 'a fourth reference')
  t.equal(read(0xd8, 0x05, 0x00, 1, 1), -1, 'a picture that refers to itself')
  t.equal(read(0x8a, 0x05, 0x08, 0xff, 0x0c, 1, 1, 1, 1, 1, 1), -1, 'a group of 255')
  t.equal(read(0x8a, 0x05, 0xf0, 1, 1, 1, 1, 1, 1, 1, 1), -1, 'sizes of eight layers')
  t.equal(read(0x18, 1), 1, 'a picture id is not missed in flexible mode: FFmpeg sends none')
  t.end()
})

t.test('a frame header tells key frames and their size, and frames that are intra only', t => {
  const header = new Vp9FrameHeader()
  const read = (bytes: readonly number[]) => header.read(Uint8Array.from(bytes), 0, bytes.length)
  read(KEY_FRAME)
  t.match(header, { type: 'key', profile: 0, width: 640, height: 480 })
  read(INTER_FRAME)
  t.match(header, { type: 'inter', width: 0 })
  read(INTRA_FRAME)
  t.match(header, { type: 'intra' })
  read([0x88, 0x00])
  t.match(header, { type: 'inter' }, 'an existing frame is shown')
  read([0x92, 0x49, 0x83, 0x42, 0x00, 0x13, 0xf8, 0x0e, 0xf8])
  t.match(header, { type: 'key', profile: 2, width: 640, height: 480 }, '10 bits')
  read([0xa2, 0x49, 0x83, 0x42, 0x00, 0x04, 0xfe, 0x03, 0xbe])
  t.match(header, { type: 'key', profile: 1, width: 640, height: 480 }, 'with its subsampling')
  for (const bytes of [[], [0x02], KEY_FRAME.slice(0, 7), [0x82, 0x49, 0x83, 0x43, 0, 0, 0, 0, 0, 0], [0xb8, 0, 0]]) {
    read(bytes)
    t.match(header, { type: 'unknown', width: 0, height: 0 })
  }
  t.end()
})

t.test('a payload says whether a picture begins with it, and of which layer it is', t => {
  const depacketizer = VP9.createDepacketizer(NO_PARAMETERS)
  const info = emptyPayloadInfo()
  const describe = (...bytes: number[]) => depacketizer.describe(Uint8Array.from(bytes), 0, bytes.length, info)
  t.ok(describe(0x8c, 0x05, ...KEY_FRAME))
  t.match(info, { begins: true, ends: true, keyFrame: true, pictureId: 5, spatialLayer: -1, temporalLayer: -1 })
  t.ok(describe(0xac, 0x05, 0x00, 0x07, ...KEY_FRAME))
  t.match(info, { begins: true, ends: false, keyFrame: true, spatialLayer: 0, temporalLayer: 0, baseLayerIndex: 7 })
  t.ok(describe(0xac, 0x05, 0x03, 0x07, ...INTER_FRAME))
  t.match(info, { begins: false, keyFrame: false, spatialLayer: 1 }, 'the layer above depends on it')
  t.ok(describe(0xec, 0x05, 0x42, 0x07, ...INTER_FRAME))
  t.match(info, { begins: true, keyFrame: false, spatialLayer: 1, temporalLayer: 2 }, 'lower layers may be missing')
  t.ok(describe(0x80, 0x05, 1, 2, 3))
  t.match(info, { begins: false, ends: false, keyFrame: true }, 'inside a key frame')
  t.ok(describe(0x8c, 0x05, ...INTRA_FRAME))
  t.match(info, { begins: true, keyFrame: false }, 'intra only')
  t.ok(describe(0x8c, 0x05, 0x12, 0x34))
  t.match(info, { begins: true, keyFrame: true }, 'encrypted by the application')
  t.ok(describe(0x18, ...INTER_FRAME))
  t.match(info, { begins: true, keyFrame: false }, 'of whom numbers nothing the frame itself says it')
  t.notOk(describe())
  t.notOk(describe(0x8c, 0x05))
  t.end()
})

/** A key picture of three layers, each cut in two. */
const layered = [
  [0xaa, 0x05, 0x00, 0x07, 0x50, 0, 160, 0, 120, 1, 64, 0, 240, 2, 128, 1, 224, ...KEY_FRAME],
  [0xa4, 0x05, 0x00, 0x07, 1, 2],
  [0xa8, 0x05, 0x03, 0x07, ...INTER_FRAME],
  [0xa4, 0x05, 0x03, 0x07, 3, 4],
  [0xa9, 0x05, 0x05, 0x07, ...INTER_FRAME],
  [0xa5, 0x05, 0x05, 0x07, 5, 6],
].map(bytes => Uint8Array.from(bytes))

const LAYERS: readonly LayerFrame[] = [
  { spatialLayer: 0, end: 12, interLayer: false, interPicture: false, width: 160, height: 120 },
  { spatialLayer: 1, end: 17, interLayer: true, interPicture: false, width: 320, height: 240 },
  { spatialLayer: 2, end: 22, interLayer: true, interPicture: false, width: 640, height: 480 },
]

t.test('the layers of a picture are joined one behind another', t => {
  const depacketizer = VP9.createDepacketizer(NO_PARAMETERS)
  // 0x50 says three layers with their sizes.
  const frame = depacketizer.join(layered)!
  t.same([...frame.data], [...KEY_FRAME, 1, 2, ...INTER_FRAME, 3, 4, ...INTER_FRAME, 5, 6])
  t.equal(frame.keyFrame, true)
  t.same(frame.video, {
    pictureId: 5,
    spatialLayer: 2,
    temporalLayer: 0,
    layerSync: false,
    baseLayerIndex: 7,
    layerFrames: LAYERS,
    width: 640,
    height: 480,
  })
  t.equal(depacketizer.join(layered.slice(0, 4))?.data.length, 17, 'without the highest')
  t.equal(depacketizer.join(layered.slice(2, 6))?.keyFrame, false, 'without the lowest')
  t.end()
})

t.test('payloads that are not of one picture, or not all of it, make none', t => {
  const depacketizer = VP9.createDepacketizer(NO_PARAMETERS)
  t.equal(depacketizer.join([]), undefined)
  for (let missing = 0; missing < 6; missing++) {
    const payloads = layered.toSpliced(missing, 1)
    t.equal(depacketizer.join(payloads), undefined, `without the payload ${missing}`)
  }
  const [first, second, third, fourth] = layered as [Uint8Array, Uint8Array, Uint8Array, Uint8Array]
  t.equal(depacketizer.join([second, first]), undefined, 'out of order')
  t.equal(depacketizer.join([third, fourth, first, second]), undefined, 'layers out of order')
  t.equal(depacketizer.join([first, second, first, second]), undefined, 'a layer twice')
  t.equal(depacketizer.join([first, fourth]), undefined, 'the end of another layer')
  const altered = (place: number, value: number) => depacketizer.join([first, second.with(place, value)])
  t.equal(altered(1, 6), undefined, 'of another picture')
  t.equal(altered(2, 0x20), undefined, 'of another temporal layer')
  t.equal(altered(3, 8), undefined, 'of another TL0PICIDX')
  t.equal(depacketizer.join([first, second, new Uint8Array(0)]), undefined)
  t.end()
})

t.test('a sender is not flexible, numbers its pictures, and describes the stream with key frames', t => {
  const packetizer = VP9.createPacketizer(NO_PARAMETERS, 0xfffe)
  const send = (data: readonly number[], keyFrame: boolean, video?: object) =>
    bytesOf(cut(packetizer, { data: Uint8Array.from(data), keyFrame, ...(video && { video }) }, 60))
  t.same(
    send([...KEY_FRAME, ...filling(50)], true).map(bytes => [...bytes.subarray(0, 3)]),
    [
      [0x8b, 0xff, 0xfe],
      [0x85, 0xff, 0xfe],
    ],
  )
  const [key] = send(KEY_FRAME, true)
  t.same([...key!], [0x8f, 0xff, 0xff, 0x18, 2, 128, 1, 224, 1, 0x04, 1, ...KEY_FRAME], 'its size, a group of one')
  t.same([...send(INTER_FRAME, false)[0]!], [0xcd, 0x80, 0x00, ...INTER_FRAME])
  t.same([...send(INTRA_FRAME, false)[0]!.subarray(0, 4)], [0x8f, 0x80, 0x01, 0x08], 'what depends on nothing')
  t.same(
    [...send([0x12, 0x34], true)[0]!],
    [0x8f, 0x80, 0x02, 0x08, 1, 0x04, 1, 0x12, 0x34],
    'encrypted by the application',
  )
  t.same([...send(INTER_FRAME, false, { temporalLayer: 0 })[0]!.subarray(0, 5)], [0xed, 0x80, 3, 0x00, 5])
  t.same(
    [...send(INTER_FRAME, false, { temporalLayer: 1, layerSync: true })[0]!.subarray(0, 5)],
    [0xed, 0x80, 4, 0x30, 5],
  )
  t.same([...send(KEY_FRAME, true, { temporalLayer: 0 })[0]!.subarray(0, 6)], [0xaf, 0x80, 5, 0x00, 6, 0x10])
  t.equal(send([], true).length, 0)
  t.equal(cut(packetizer, { data: Uint8Array.from(KEY_FRAME), keyFrame: true }, 40).length, 0, 'no room')
  t.end()
})

t.test('in flexible mode it says which pictures a picture refers to', t => {
  const packetizer = new Vp9Packetizer(4, true)
  const depacketizer = VP9.createDepacketizer(NO_PARAMETERS)
  const send = (data: readonly number[], keyFrame: boolean, video: object) =>
    bytesOf(cut(packetizer, { data: Uint8Array.from(data), keyFrame, video }, 60))
  t.same([...send(KEY_FRAME, true, {})[0]!], [0x9f, 0x80, 4, 0x10, 2, 128, 1, 224, ...KEY_FRAME])
  t.same([...send(INTER_FRAME, false, {})[0]!], [0xdd, 0x80, 5, 0x02, ...INTER_FRAME])
  const payloads = send(INTER_FRAME, false, { temporalLayer: 1, references: [1, 0, 500, 3, 127, 9] })
  t.same([...payloads[0]!], [0xfd, 0x80, 6, 0x20, 0x03, 0x07, 0xfe, ...INTER_FRAME])
  t.same(depacketizer.join(payloads)?.video?.references, [1, 3, 127])
  t.end()
})

t.test('layers go out as they came in, each by itself', t => {
  const depacketizer = VP9.createDepacketizer(NO_PARAMETERS)
  const packetizer = VP9.createPacketizer(NO_PARAMETERS, 0x0704)
  const frame = depacketizer.join(layered)!
  const cuts = cut(packetizer, frame, 48)
  t.same(
    cuts.map(({ last }) => last),
    [false, false, true],
  )
  t.same(
    bytesOf(cuts).map(bytes => [...bytes.subarray(0, 5)]),
    [
      [0xae, 0x87, 0x04, 0x00, 8],
      [0xac, 0x87, 0x04, 0x03, 8],
      [0xad, 0x87, 0x04, 0x05, 8],
    ],
  )
  const again = depacketizer.join(bytesOf(cuts))!
  t.same(again, { ...frame, video: { ...frame.video, pictureId: 0x704, baseLayerIndex: 8 } })
  const altered = { ...frame, data: Uint8Array.from(filling(40)) }
  t.same(
    bytesOf(cut(packetizer, altered, 60)).map(bytes => bytes[0]),
    [0xaf],
    'one layer, if the bytes are no longer those',
  )
  t.end()
})
