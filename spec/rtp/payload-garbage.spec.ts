import fc from 'fast-check'
import { emptyPayloadInfo, type FrameToPacketize, payloadFormat, TelephoneEventReceiver } from 'purertc/rtp'
import t from 'tap'
import { equalBytes } from '../../lib/bytes/index.ts'
import { RbspReader } from '../../lib/rtp/payload/rbsp-reader.ts'
import { annexB, bytesOf, cut, filling } from './cut.ts'

const ENCODINGS = ['H264', 'H265', 'OPUS', 'PCMU', 'PCMA', 'G722', 'CN', 'TELEPHONE-EVENT']
const PARAMETERS = [
  new Map<string, string>(),
  new Map([['packetization-mode', '1']]),
  new Map([['sprop-max-don-diff', '1']]),
  new Map([
    ['sprop-parameter-sets', 'Z2Q=,aA==,,!,Z///////////'],
    ['sprop-sps', 'QgE=,QgH/////////'],
    ['sprop-pps', 'RAE='],
  ]),
]

/** Bytes that begin as payloads of H264 and H265 do: what is random all over is refused at the first byte. */
const payload = fc
  .tuple(
    fc.constantFrom(
      [],
      [0x78],
      [0x7c, 0x85],
      [0x7c, 0x05],
      [0x7c, 0x45],
      [0x67],
      [0x68],
      [0x65],
      [0x60, 0x01],
      [0x62, 0x01, 0x93],
      [0x62, 0x01, 0x53],
      [0x42, 0x01],
      [0x44, 0x01],
      [0x28, 0x01],
    ),
    fc.uint8Array({ maxLength: 60 }),
  )
  .map(([head, rest]) => Uint8Array.from([...head, ...rest]))

for (const encoding of ENCODINGS) {
  t.test(`${encoding}: whatever a peer sends is a frame or none, and nothing throws`, t => {
    const format = payloadFormat(encoding)!
    const depacketizers = PARAMETERS.map(parameters => format.createDepacketizer(parameters))
    const info = emptyPayloadInfo()
    fc.assert(
      fc.property(
        fc.array(payload, { minLength: 1, maxLength: 6 }),
        fc.nat(PARAMETERS.length - 1),
        (payloads, which) => {
          const depacketizer = depacketizers[which]!
          const whole = Uint8Array.from([0xff, ...payloads[0]!, 0xff])
          const alone = depacketizer.describe(whole, 1, whole.length - 1, info)
          if (!alone && depacketizer.join(payloads) !== undefined) throw new Error('joins what it does not know')
          const frame = depacketizer.join(payloads)
          if (frame === undefined) return
          const size = payloads.reduce((sum, { length }) => sum + length + 4 + length * 2, 0)
          // Parameter sets that came before may be put in front.
          if (frame.data.length === 0 || frame.data.length > size + 3 * 4096)
            throw new Error(`${frame.data.length} bytes`)
        },
      ),
      { numRuns: 1500 },
    )
    t.end()
  })
}

t.test('a frame of valid units comes out as it went in, for any limit; a broken one not at all or in part of it', t => {
  const unit = (header: readonly number[]) =>
    fc.tuple(fc.nat(3000), fc.nat(255)).map(([length, seed]) => [...header, ...filling(length + 2, seed)])
  const cases: readonly [string, fc.Arbitrary<number[]>][] = [
    ['H264', fc.oneof(unit([0x41, 0x9a]), unit([0x01, 0x40]), unit([0x06, 0x05]))],
    ['H265', fc.oneof(unit([0x02, 0x01, 0xd0]), unit([0x00, 0x02, 0x40]), unit([0x4e, 0x01]))],
  ]
  for (const [encoding, units] of cases) {
    const format = payloadFormat(encoding)!
    const packetizer = format.createPacketizer(PARAMETERS[1]!, 0)
    const depacketizer = format.createDepacketizer(PARAMETERS[1]!)
    fc.assert(
      fc.property(
        fc.array(units, { minLength: 1, maxLength: 6 }),
        fc.integer({ min: 60, max: 1500 }),
        fc.nat(),
        (given, limit, lost) => {
          const data = annexB(...given)
          const cuts = cut(packetizer, { data, keyFrame: false }, limit)
          const payloads = bytesOf(cuts)
          if (payloads.some(({ length }) => length > limit)) throw new Error('longer than the limit')
          if (cuts.filter(({ last }) => last).length !== 1 || !cuts.at(-1)!.last) throw new Error('not one end')
          if (!equalBytes(depacketizer.join(payloads)?.data ?? new Uint8Array(0), data)) throw new Error('not the same')
          payloads.splice(lost % payloads.length, 1)
          const part = depacketizer.join(payloads)
          if (part !== undefined && part.data.length >= data.length) throw new Error('nothing is missing')
        },
      ),
      { numRuns: 60 },
    )
  }
  t.end()
})

t.test('frames of an application that are none make no payload, and do not throw', t => {
  const formats = ENCODINGS.map(encoding => payloadFormat(encoding)!.createPacketizer(PARAMETERS[1]!, 0))
  const frame = fc.record({
    data: fc.oneof(
      fc.uint8Array({ maxLength: 60 }),
      fc.array(payload, { maxLength: 3 }).map(units => annexB(...units)),
    ),
    keyFrame: fc.boolean(),
    lengthSize: fc.constantFrom(undefined, 1, 2, 4),
    description: fc.option(
      fc.uint8Array({ maxLength: 40 }).map(rest => Uint8Array.from([1, ...rest])),
      { nil: undefined },
    ),
  })
  fc.assert(
    fc.property(frame, fc.integer({ min: 0, max: 100 }), ({ lengthSize, description, ...rest }, limit) => {
      const given: FrameToPacketize = {
        ...rest,
        ...(lengthSize === undefined ? {} : { lengthSize }),
        ...(description === undefined ? {} : { description }),
      }
      for (const packetizer of formats) {
        if (cut(packetizer, given, limit).some(({ bytes }) => bytes.length > limit))
          throw new Error('longer than the limit')
      }
    }),
    { numRuns: 1000 },
  )
  t.end()
})

t.test('telephone events end as often as they begin, or one is on', t => {
  let on = 0
  const receiver = new TelephoneEventReceiver(({ change }) => {
    if (change === 'begins') on++
    if (change === 'ends') on--
    if (on < 0 || on > 1) throw new Error(`${on} events`)
  })
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 12 }), fc.nat(4000), (bytes, timestamp) => {
      receiver.receive(bytes, 0, bytes.length, timestamp)
    }),
    { numRuns: 2000 },
  )
  t.end()
})

t.test('bits beyond the end are a failure, and Exp-Golomb codes have a bound', t => {
  const reader = (bytes: readonly number[]) => new RbspReader(Uint8Array.from(bytes), 0, bytes.length)
  const golomb = reader([0b10100110, 0b01000010, 0b10000000])
  t.same([golomb.unsigned(), golomb.unsigned(), golomb.unsigned(), golomb.unsigned()], [0, 1, 2, 3])
  t.equal(golomb.unsigned(), 4)
  t.notOk(golomb.failed)
  const signed = reader([0b01001100, 0b10000101])
  t.same([signed.signed(), signed.signed(), signed.signed(), signed.signed()], [1, -1, 2, -2])
  const zeros = reader([0, 0, 0, 0, 0, 0xff])
  zeros.unsigned()
  t.ok(zeros.failed)
  const prevented = reader([1, 0, 0, 3, 1, 0, 0, 3])
  t.same([prevented.bits(32), prevented.failed], [0x01000001, false])
  t.same([prevented.bits(16), prevented.failed], [0, false])
  prevented.bit()
  t.ok(prevented.failed)
  t.end()
})
