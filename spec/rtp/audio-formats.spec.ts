import { emptyPayloadInfo, G722_SAMPLE_RATE, payloadFormat, readComfortNoise, writeComfortNoise } from 'purertc/rtp'
import t from 'tap'
import { fromHex } from '../../lib/bytes/index.ts'
import { cut, filling } from './cut.ts'

for (const encoding of ['PCMU', 'PCMA', 'G722']) {
  t.test(`${encoding}: any length is a frame, a byte is a tick`, t => {
    const format = payloadFormat(encoding)!
    const packetizer = format.createPacketizer(new Map(), 0)
    const depacketizer = format.createDepacketizer(new Map())
    for (const length of [1, 7, 80, 160, 241, 1200]) {
      const data = Uint8Array.from(filling(length))
      const [payload] = cut(packetizer, { data, keyFrame: true }, 1200)
      t.same(payload, { bytes: data, last: true })
      t.same(depacketizer.join([payload!.bytes]), { data, keyFrame: true })
      t.equal(format.durationOf?.(data, 0, length), length)
      const info = emptyPayloadInfo()
      t.ok(depacketizer.describe(data, 0, length, info))
      t.match(info, { begins: true, ends: true, keyFrame: true })
    }
    t.same(cut(packetizer, { data: new Uint8Array(1201), keyFrame: true }, 1200), [])
    t.same(cut(packetizer, { data: new Uint8Array(0), keyFrame: true }, 1200), [])
    t.equal(depacketizer.join([new Uint8Array(0)]), undefined)
    t.equal(depacketizer.join([]), undefined)
    t.end()
  })
}

t.test('G722 samples twice as fast as its clock says', t => {
  // 20 ms are 160 bytes: 320 samples of 16 kHz, 160 ticks of 8 kHz.
  t.equal((payloadFormat('G722')!.durationOf!(new Uint8Array(160), 0, 160) * G722_SAMPLE_RATE) / 8000, 320)
  t.end()
})

t.test('comfort noise is a level and a spectrum', t => {
  t.same(readComfortNoise(Uint8Array.of(78), 0, 1), { level: 78, coefficients: [] })
  t.same(readComfortNoise(Uint8Array.of(9, 78, 127, 0, 254, 191, 9), 1, 6), {
    level: 78,
    coefficients: [0, -127 / 128, 127 / 128, 0.5],
  })
  t.equal(readComfortNoise(Uint8Array.of(1), 1, 1), undefined)
  t.equal(readComfortNoise(Uint8Array.of(0x80 | 5), 0, 1)?.level, 5, 'the bit that must be 0 is no level')
  t.equal(readComfortNoise(new Uint8Array(1000), 0, 1000)?.coefficients.length, 64)
  // Of a stereo call with voice activity detection that libwebrtc keeps for its tests: the model is of order 6, written as 11.
  const captured = readComfortNoise(fromHex('43303e7d4f5e5e7f7f7f7f7f')!, 0, 12)
  t.equal(captured?.level, 67)
  t.same(
    captured?.coefficients,
    [-79, -65, -2, -48, -33, -33, 0, 0, 0, 0, 0].map(step => step / 128),
  )
  const noise = { level: 60, coefficients: [0.25, -0.5, 127 / 128, 0] }
  const written = writeComfortNoise(noise)
  t.same(written, Uint8Array.of(60, 159, 63, 254, 127))
  t.same(readComfortNoise(written, 0, written.length), noise)
  t.throws(() => writeComfortNoise({ level: 128, coefficients: [] }), RangeError)
  t.throws(() => writeComfortNoise({ level: 1, coefficients: [Number.NaN] }), RangeError)
  const format = payloadFormat('CN')!
  t.same(cut(format.createPacketizer(new Map(), 0), { data: written, keyFrame: true }, 1200)[0]?.bytes, written)
  t.equal(format.durationOf?.(written, 0, written.length), 0)
  t.end()
})
