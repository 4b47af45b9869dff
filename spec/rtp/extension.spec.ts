/** Each typed header extension: its bytes as its document gives them, back again, and lengths that it cannot have. */

import * as rtp from 'purertc/rtp'
import t from 'tap'
import { get, put, refuses } from './element.ts'

t.test('the URIs', t => {
  const uris = Object.entries(rtp).flatMap(([name, value]) => (name.endsWith('_URI') ? [value as string] : []))
  t.equal(uris.length, 17)
  t.equal(new Set(uris).size, uris.length)
  for (const uri of uris) t.match(uri, /^(urn:ietf:params:rtp-hdrext:|urn:3gpp:|https?:\/\/)/)
  t.end()
})

t.test('MID, and both stream ids', t => {
  t.equal(
    put(writer => rtp.putMid(writer, 5, 'audio')),
    '617564696f',
  )
  t.equal(get(rtp.readMid, '617564696f'), 'audio')
  t.equal(get(rtp.readMid, ''), undefined)
  t.equal(get(rtp.readMid, 'c3'), undefined, 'no UTF-8')
  t.equal(
    put(writer => rtp.putMid(writer, 5, '')),
    undefined,
  )
  t.equal(
    put(writer => rtp.putMid(writer, 5, 'x'.repeat(17)), false),
    undefined,
    'too long for the one-byte form',
  )
  t.equal(
    put(writer => rtp.putMid(writer, 5, 'x'.repeat(17))),
    '78'.repeat(17),
  )
  t.equal(
    put(writer => rtp.putStreamId(writer, 5, 'h1')),
    '6831',
  )
  t.equal(get(rtp.readStreamId, '6831'), 'h1')
  t.equal(
    put(writer => rtp.putStreamId(writer, 5, 'h 1')),
    undefined,
  )
  t.equal(
    put(writer => rtp.putStreamId(writer, 5, '')),
    undefined,
  )
  t.equal(get(rtp.readStreamId, '682031'), undefined)
  t.equal(get(rtp.readStreamId, ''), undefined)
  t.end()
})

t.test('audio levels (RFC 6464, RFC 6465)', t => {
  t.equal(
    put(writer => rtp.putAudioLevel(writer, 5, 42, true)),
    'aa',
  )
  t.equal(
    put(writer => rtp.putAudioLevel(writer, 5, 127, false)),
    '7f',
  )
  t.equal(
    put(writer => rtp.putAudioLevel(writer, 5, 300, false)),
    '7f',
    'cut',
  )
  t.equal(
    put(writer => rtp.putAudioLevel(writer, 5, -1, true)),
    '80',
  )
  t.equal(get(rtp.readAudioLevel, 'aa'), 42)
  t.equal(get(rtp.readVoiceActivity, 'aa'), true)
  t.equal(get(rtp.readVoiceActivity, '2a'), false)
  t.equal(get(rtp.readVoiceActivity, ''), false)
  t.equal(get(rtp.readAudioLevel, 'aa00'), 42, 'the two-byte form may pad it')
  refuses(t, rtp.readAudioLevel, [0])
  t.equal(
    put(writer => rtp.putMixerAudioLevels(writer, 5, [1, 127, 30])),
    '017f1e',
  )
  t.equal(
    put(writer => rtp.putMixerAudioLevels(writer, 5, [])),
    undefined,
  )
  const level = (index: number) => (bytes: Uint8Array, start: number, end: number) =>
    rtp.readMixerAudioLevel(bytes, start, end, index)
  t.strictSame(
    [0, 1, 2, 3, -1].map(index => get(level(index), '01ff1e')),
    [1, 127, 30, undefined, undefined],
  )
  t.end()
})

t.test('the number on the transport, and the request for feedback of its second version', t => {
  t.equal(
    put(writer => rtp.putTransportSequenceNumber(writer, 5, 0xfffe)),
    'fffe',
  )
  t.equal(get(rtp.readTransportSequenceNumber, 'fffe'), 0xfffe)
  t.equal(get(rtp.readTransportSequenceNumber, 'fffe8001'), 0xfffe)
  refuses(t, rtp.readTransportSequenceNumber, [0, 1, 3, 5])
  t.equal(
    put(writer => rtp.putTransportSequenceNumberV2(writer, 5, 7, { times: true, count: 300 })),
    '0007812c',
  )
  t.equal(
    put(writer => rtp.putTransportSequenceNumberV2(writer, 5, 7, { times: false, count: 1 })),
    '00070001',
  )
  t.equal(
    put(writer => rtp.putTransportSequenceNumberV2(writer, 5, 7, undefined)),
    '00070000',
  )
  t.strictSame(get(rtp.readFeedbackRequest, '0007812c'), { times: true, count: 300 })
  t.strictSame(get(rtp.readFeedbackRequest, '00070001'), { times: false, count: 1 })
  t.equal(get(rtp.readFeedbackRequest, '00070000'), undefined, 'room, but no request')
  t.equal(get(rtp.readFeedbackRequest, '00078000'), undefined)
  t.equal(get(rtp.readFeedbackRequest, '0007'), undefined)
  t.end()
})

t.test('the time of sending', t => {
  t.equal(rtp.sendTimeOf(0), 0)
  t.equal(rtp.sendTimeOf(1000), 0x4_0000)
  t.equal(rtp.sendTimeOf(63_999.999), 0xff_ffff)
  t.equal(rtp.sendTimeOf(64_000), 0, 'begins again')
  t.equal(rtp.sendTimeOf(1e12 + 500), rtp.sendTimeOf(500 + (1e12 % 64_000)), 'also of times since 1970')
  t.equal(
    put(writer => rtp.putSendTime(writer, 5, 0xbd5f50)),
    'bd5f50',
  )
  t.equal(get(rtp.readSendTime, 'bd5f50'), 0xbd5f50)
  // Two packets of Chromium, 11 ms apart.
  t.ok(Math.abs(rtp.sendTimeDifference(0xbd6b37, 0xbd5f50) - 11.6) < 0.1)
  t.equal(rtp.sendTimeDifference(0x4_0000, 0xfc_0000), 2000, 'over the wrap')
  t.equal(rtp.sendTimeDifference(0xfc_0000, 0x4_0000), -2000)
  refuses(t, rtp.readSendTime, [0, 2, 4])
  t.end()
})

t.test('the offset of transmission (RFC 5450)', t => {
  for (const [ticks, bytes] of [
    [0, '000000'],
    [1, '000001'],
    [-1, 'ffffff'],
    [0x7fffff, '7fffff'],
    [-0x800000, '800000'],
  ] as const) {
    t.equal(
      put(writer => rtp.putTransmissionOffset(writer, 5, ticks)),
      bytes,
    )
    t.equal(get(rtp.readTransmissionOffset, bytes), ticks)
  }
  t.equal(
    put(writer => rtp.putTransmissionOffset(writer, 5, 0x800000)),
    undefined,
  )
  t.equal(
    put(writer => rtp.putTransmissionOffset(writer, 5, Number.NaN)),
    undefined,
  )
  refuses(t, rtp.readTransmissionOffset, [0, 2, 4])
  t.end()
})

t.test('the time of capture, with the offset of its clock', t => {
  const time = { seconds: 0xe0000001, fraction: 0x80000000 }
  t.equal(
    put(writer => rtp.putCaptureTime(writer, 5, time)),
    'e000000180000000',
  )
  t.strictSame(get(rtp.readCaptureTime, 'e000000180000000'), { time })
  for (const [clockOffset, bytes] of [
    [1500, '0000000180000000'],
    [-250, 'ffffffffc0000000'],
    [0, '0000000000000000'],
  ] as const) {
    t.equal(
      put(writer => rtp.putCaptureTime(writer, 5, time, clockOffset)),
      `e000000180000000${bytes}`,
    )
    t.strictSame(get(rtp.readCaptureTime, `e000000180000000${bytes}`), { time, clockOffset })
  }
  t.equal(
    put(writer => rtp.putCaptureTime(writer, 5, time, 1e15)),
    undefined,
  )
  refuses(t, rtp.readCaptureTime, [0, 7, 9, 15, 17])
  t.end()
})
