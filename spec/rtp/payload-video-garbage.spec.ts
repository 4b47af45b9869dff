import fc from 'fast-check'
import { emptyPayloadInfo, type JoinedFrame, payloadFormat, Vp9Packetizer } from 'purertc/rtp'
import t from 'tap'
import { equalBytes } from '../../lib/bytes/index.ts'
import { bytesOf, cut, filling } from './cut.ts'
import { framesOfIvf, NO_PARAMETERS, packetsOf } from './video-streams.ts'

const ENCODINGS = ['VP8', 'VP9', 'AV1'] as const

/** Beginnings of payloads of each format: what is random all over is often refused at the first byte. */
const HEADS = {
  VP8: [[], [0x10], [0x90, 0xf0], [0x90, 0x80, 0x85], [0x80, 0xe0, 0x05], [0x10, 0x30, 0, 0, 0x9d, 0x01, 0x2a]],
  VP9: [
    [],
    [0x8c, 0x05],
    [0xaa, 0x05, 0x00, 0x07],
    [0x8a, 0x05, 0xf8],
    [0xd8, 0x05],
    [0xff],
    [0x0c, 0x82, 0x49, 0x83, 0x42],
  ],
  AV1: [
    [],
    [0x10, 0x30],
    [0x00],
    [0x20, 0x05],
    [0x50, 0x32],
    [0x90],
    [0xd0],
    [0x18, 0x08, 0x00],
    [0x28, 0x04, 0x08, 0x04],
    [0x10, 0x36],
  ],
} as const

for (const encoding of ENCODINGS) {
  const format = payloadFormat(encoding)!
  const payload = fc
    .tuple(fc.constantFrom<readonly number[]>(...HEADS[encoding]), fc.uint8Array({ maxLength: 60 }))
    .map(([head, rest]) => Uint8Array.from([...head, ...rest]))

  t.test(`${encoding}: whatever a peer sends is a frame or none, and nothing throws`, t => {
    const depacketizer = format.createDepacketizer(NO_PARAMETERS)
    const info = emptyPayloadInfo()
    fc.assert(
      fc.property(fc.array(payload, { maxLength: 6 }), payloads => {
        const sound = payloads.map(bytes => {
          const whole = Uint8Array.from([0xff, ...bytes, 0xff])
          return depacketizer.describe(whole, 1, whole.length - 1, info)
        })
        const frame = depacketizer.join(payloads)
        if (frame === undefined) return
        if (sound.includes(false)) throw new Error('joins what it does not know')
        const size = payloads.reduce((sum, { length }) => sum + length, 0)
        // AV1: of each OBU a size is put in, where a payload may have none.
        if (frame.data.length === 0 || frame.data.length > size + payloads.length * 2) throw new Error('grows')
      }),
      { numRuns: 3000 },
    )
    t.end()
  })

  t.test(`${encoding}: payloads of a stream with a bit turned or an end cut off do not throw either`, t => {
    const frames = framesOfIvf(`rtp-media/${encoding.toLowerCase()}.ivf`)
    const packets = packetsOf(encoding, [{ data: frames[0]!, keyFrame: true }], 1200)
    const payloads = packets.map(({ payload }) => payload)
    const depacketizer = format.createDepacketizer(NO_PARAMETERS)
    const whole = depacketizer.join(payloads)!.data.length
    const info = emptyPayloadInfo()
    fc.assert(
      fc.property(fc.nat(), fc.nat(40 * 8 - 1), fc.nat(1200), fc.boolean(), (which, bit, end, isCut) => {
        const place = which % payloads.length
        const payload = payloads[place]!.slice(0, isCut ? end : undefined)
        if (payload.length > bit >> 3) payload[bit >> 3]! ^= 1 << (bit & 7)
        depacketizer.describe(payload, 0, payload.length, info)
        const frame = depacketizer.join(payloads.with(place, payload))
        if (frame !== undefined && frame.data.length > whole + 16) throw new Error(`${frame.data.length} bytes`)
      }),
      { numRuns: 500 },
    )
    t.end()
  })

  t.test(`${encoding}: frames of an application that are none make no payload, or one frame of the same bytes`, t => {
    const packetizers = [format.createPacketizer(NO_PARAMETERS, 0), new Vp9Packetizer(0, true)]
    const depacketizer = format.createDepacketizer(NO_PARAMETERS)
    const layer = fc.oneof(fc.integer({ min: -2, max: 9 }), fc.constantFrom(Number.NaN, 1e9, 0.5))
    const given = fc.record({
      data: fc.uint8Array({ maxLength: 200 }),
      keyFrame: fc.boolean(),
      video: fc.record({
        spatialLayer: layer,
        temporalLayer: layer,
        layerSync: fc.boolean(),
        references: fc.array(layer),
        layerFrames: fc.array(
          fc.record({ spatialLayer: layer, end: layer, interLayer: fc.boolean(), interPicture: fc.boolean() }),
        ),
      }),
    })
    fc.assert(
      fc.property(given, fc.integer({ min: -1, max: 300 }), (frame, limit) => {
        for (const packetizer of encoding === 'VP9' ? packetizers : packetizers.slice(0, 1)) {
          const payloads = bytesOf(cut(packetizer, frame, limit))
          if (payloads.some(({ length }) => length > limit)) throw new Error('longer than the limit')
          const joined: JoinedFrame | undefined = depacketizer.join(payloads)
          if (encoding === 'VP9' && payloads.length > 0 && !equalBytes(joined?.data ?? new Uint8Array(0), frame.data))
            throw new Error('another frame')
        }
      }),
      { numRuns: 1000 },
    )
    t.end()
  })
}

t.test('a frame comes out as it went in, for any limit', t => {
  const obus = fc
    .array(fc.tuple(fc.constantFrom(0x32, 0x1a, 0x2a, 0x22), fc.nat(3000), fc.nat(255)), { minLength: 1, maxLength: 8 })
    .map(units =>
      units.flatMap(([header, length, seed]) => [
        header,
        ...(length < 128 ? [length] : [(length & 0x7f) | 0x80, length >> 7]),
        ...filling(length, seed),
      ]),
    )
  const plain = (first: number) =>
    fc.tuple(fc.nat(6000), fc.nat(255)).map(([length, seed]) => [first, ...filling(length, seed)])
  const cases: readonly [(typeof ENCODINGS)[number], fc.Arbitrary<number[]>][] = [
    ['VP8', plain(0x31)],
    ['VP9', plain(0x86)],
    ['AV1', obus],
  ]
  for (const [encoding, bytes] of cases) {
    const format = payloadFormat(encoding)!
    const packetizer = format.createPacketizer(NO_PARAMETERS, 0)
    const depacketizer = format.createDepacketizer(NO_PARAMETERS)
    fc.assert(
      fc.property(bytes, fc.integer({ min: 60, max: 1500 }), (given, limit) => {
        const data = Uint8Array.from(given)
        const cuts = cut(packetizer, { data, keyFrame: false }, limit)
        const payloads = bytesOf(cuts)
        if (payloads.some(({ length }) => length > limit)) throw new Error('longer than the limit')
        if (cuts.filter(({ last }) => last).length !== 1 || !cuts.at(-1)!.last) throw new Error('not one end')
        if (!equalBytes(depacketizer.join(payloads)?.data ?? new Uint8Array(0), data)) throw new Error('not the same')
        if (cuts.length > 2 + Math.ceil((data.length * 1.1) / (limit - 40))) throw new Error(`${cuts.length} payloads`)
      }),
      { numRuns: 100 },
    )
  }
  t.end()
})
