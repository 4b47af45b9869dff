/** Packets in and out of tracks: RtpSource, RtpReader, and what a sink gets to send on. */

import fc from 'fast-check'
import t from 'tap'
import {
  extensionTable,
  type ReceivedRtpPacket,
  type RtpPacketInit,
  RtpReader,
  RtpSource,
  type SourcePacket,
  SourcePacketView,
  trackOf,
} from '../../lib/media/index.ts'
import { RtpPacket } from '../../lib/rtp/index.ts'
import { eventsOf, rtpBytes, settled, trackWith } from './sources.ts'

const LEVEL = 'urn:ietf:params:rtp-hdrext:ssrc-audio-level'
const VP8 = { mimeType: 'video/VP8', payloadType: 96 }
const H264 = { mimeType: 'video/H264', payloadType: 102, sdpFmtpLine: 'packetization-mode=1' }

/** What the track's sinks get, copied. */
const sunk = (source: RtpSource): (ReceivedRtpPacket & { source: object; fmtp: string | undefined })[] => {
  const got: (ReceivedRtpPacket & { source: object; fmtp: string | undefined })[] = []
  trackOf(source.track).addSink({
    packet: ({ bytes, payloadStart, payloadEnd, sdpFmtpLine, ...packet }: SourcePacket, now) =>
      got.push({ ...packet, fmtp: sdpFmtpLine, payload: bytes.slice(payloadStart, payloadEnd), receivedAt: now }),
  })
  return got
}

t.test('a whole packet comes out with its codec, its extensions by name, and no padding', t => {
  const source = new RtpSource({ kind: 'video', codecs: [VP8, H264], headerExtensions: [{ uri: LEVEL, id: 3 }] })
  const got = sunk(source)
  const extensions = [
    { id: 3, bytes: [0x85] },
    { id: 4, bytes: [1, 2] },
  ]
  source.write(rtpBytes({ payloadType: 102, sequenceNumber: 65_535, timestamp: 2 ** 32 - 1, marker: true, extensions }))
  const [packet] = got
  t.match(packet, {
    payloadType: 102,
    sequenceNumber: 65_535,
    timestamp: 2 ** 32 - 1,
    ssrc: 7,
    marker: true,
    mimeType: 'video/H264',
    fmtp: 'packetization-mode=1',
    clockRate: 90_000,
    receivedAt: undefined,
  })
  t.same(packet?.payload, [1, 2, 3])
  t.same(
    packet?.extensions.map(({ uri, bytes }) => [uri, [...bytes]]),
    [[LEVEL, [0x85]]],
  )
  t.match(source.counters, { packets: 1, bytes: 3, ignored: 0, malformed: 0, unknownPayloadType: 0 })
  t.end()
})

t.test('what is no packet of the stream is dropped and counted', t => {
  const source = new RtpSource({ kind: 'video', codecs: [VP8, { mimeType: 'video/rtx', payloadType: 97 }] })
  const got = sunk(source)
  const rtcp = Uint8Array.of(0x80, 201, 0, 1, 0, 0, 0, 1)
  for (const bytes of [new Uint8Array(0), new Uint8Array(12), rtcp, rtpBytes({}).subarray(0, 11)]) source.write(bytes)
  for (const payloadType of [95, 97, 111]) source.write(rtpBytes({ payloadType }))
  t.equal(got.length, 0)
  t.match(source.counters, { packets: 0, malformed: 4, unknownPayloadType: 3 })
  t.end()
})

t.test('no bytes make a source throw, or count twice', t => {
  const source = new RtpSource({ kind: 'video', codecs: [VP8], headerExtensions: [{ uri: LEVEL, id: 3 }] })
  const got = sunk(source)
  let written = 0
  const whole = fc.tuple(fc.nat(255), fc.nat(127), fc.uint8Array({ minLength: 10, maxLength: 60 }))
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 40 }),
    whole.map(([first, second, rest]) => Uint8Array.of(0x80 | (first & 0x3f), second, ...rest)),
  )
  fc.assert(
    fc.property(bytes, packet => {
      source.write(packet)
      written++
      const { packets, malformed, unknownPayloadType } = source.counters
      return got.length === packets && packets + malformed + unknownPayloadType === written
    }),
    { numRuns: 3000 },
  )
  t.end()
})

t.test('a source of one codec takes any payload type for it', t => {
  const source = new RtpSource({ kind: 'audio', codecs: ['opus'] })
  const got = sunk(source)
  source.write(rtpBytes({ payloadType: 111 }))
  source.write(rtpBytes({ payloadType: 120 }))
  t.strictSame(
    got.map(({ mimeType, clockRate }) => [mimeType, clockRate]),
    [
      ['audio/opus', 48_000],
      ['audio/opus', 48_000],
    ],
  )
  t.end()
})

t.test('a packet in parts; a mistake in it throws', t => {
  const source = new RtpSource({ kind: 'video', codecs: [VP8, H264] })
  const got = sunk(source)
  const payload = new Uint8Array([9, 8, 7]).subarray(1)
  source.write({ payload, sequenceNumber: 65_537, timestamp: 2 ** 32 + 5 })
  source.write({
    payload: payload.buffer,
    sequenceNumber: 2,
    timestamp: 5,
    payloadType: 102,
    marker: true,
    csrcs: [1, 2],
  })
  source.write({ payload: new DataView(payload.buffer, 2), sequenceNumber: 3, timestamp: 5, mimeType: 'VIDEO/h264' })
  source.write({ payload, sequenceNumber: 4, timestamp: 5, mimeType: 'video/AV1' })
  t.match(got, [
    { mimeType: 'video/VP8', sequenceNumber: 1, timestamp: 5, marker: false, csrcs: [] },
    { mimeType: 'video/H264', marker: true, csrcs: [1, 2] },
    { mimeType: 'video/H264' },
  ])
  t.same(
    got.map(packet => [...packet.payload]),
    [[8, 7], [9, 8, 7], [7]],
  )
  t.equal(source.counters.unknownPayloadType, 1)
  const bad: unknown[] = [
    null,
    'packet',
    {},
    { payload: 'text', sequenceNumber: 1, timestamp: 1 },
    { payload, sequenceNumber: 1, timestamp: 1, extensions: [{ uri: LEVEL, bytes: [1] }] },
  ]
  for (const packet of bad) t.throws(() => source.write(packet as RtpPacketInit), TypeError)
  t.end()
})

t.test('what a reader gave is written by its codec, whatever payload type that has here', t => {
  const base = { mimeType: 'video/H264', sdpFmtpLine: 'packetization-mode=0', payloadType: 40 }
  const source = new RtpSource({ kind: 'video', codecs: [VP8, base, H264] })
  const got = sunk(source)
  const write = (payloadType: number, mimeType: string) =>
    source.write({ payload: new Uint8Array(1), sequenceNumber: 1, timestamp: 1, payloadType, mimeType })
  write(96, 'video/H264')
  write(102, 'video/H264')
  write(111, 'video/VP8')
  t.strictSame(
    got.map(({ mimeType, fmtp }) => [mimeType, fmtp]),
    [
      ['video/H264', 'packetization-mode=0'],
      ['video/H264', 'packetization-mode=1'],
      ['video/VP8', undefined],
    ],
  )
  t.end()
})

t.test('another SSRC is another stream to join; the same is the same', t => {
  const source = new RtpSource({ kind: 'video', codecs: ['vp8'] })
  const got = sunk(source)
  for (const ssrc of [1, 1, 2, 1]) source.write(rtpBytes({ ssrc }))
  const [first, second, third, fourth] = got.map(packet => packet.source)
  t.equal(first, second)
  t.not(third, first)
  t.not(fourth, third)
  t.end()
})

t.test('what comes after a mute is another stream, and a key frame is asked for', t => {
  const source = new RtpSource({ kind: 'video', codecs: ['vp8'] })
  const got = sunk(source)
  const asked = eventsOf(source, ['keyframerequest'])
  source.write(rtpBytes({}))
  source.muted = true
  source.write(rtpBytes({}))
  source.muted = false
  source.write(rtpBytes({}))
  t.equal(got.length, 2)
  t.not(got[0]?.source, got[1]?.source)
  t.equal(asked.length, 1)
  t.end()
})

t.test('sources are refused that have no codec, or one of another kind', t => {
  t.throws(() => new RtpSource({ kind: 'video', codecs: [] }), TypeError)
  t.throws(() => new RtpSource({ kind: 'text' as 'audio', codecs: ['opus'] }), TypeError)
  t.throws(() => new RtpSource({ kind: 'video', codecs: ['audio/opus'] }), TypeError)
  t.throws(() => new RtpSource({ kind: 'video', codecs: ['opus'] }), { name: 'NotSupportedError' })
  t.throws(() => new RtpSource({ kind: 'audio', codecs: [{ mimeType: 'audio/L16', clockRate: 0 }] }), RangeError)
  t.end()
})

t.test('mute, end and stop: told after what runs now, and nothing passes meanwhile', async t => {
  const source = new RtpSource({ kind: 'audio', codecs: ['pcmu'], label: 'line' })
  const got = sunk(source)
  const ofTrack = eventsOf(source.track, ['mute', 'unmute', 'ended'])
  const ofSource = eventsOf(source, ['ended'])
  t.equal(source.track.label, 'line')
  source.muted = true
  source.write(rtpBytes({}))
  t.strictSame(ofTrack, [])
  await settled()
  t.equal(source.track.muted, true)
  source.muted = false
  source.write(rtpBytes({}))
  await settled()
  source.end()
  source.end()
  source.write(rtpBytes({}))
  t.equal(source.track.readyState, 'live', 'the state changes with the event')
  await settled()
  t.strictSame(ofTrack, ['mute', 'unmute', 'ended'])
  t.strictSame(ofSource, ['ended'])
  t.equal(got.length, 1)
  t.equal(source.counters.ignored, 2)

  const other = new RtpSource({ kind: 'audio', codecs: ['pcmu'] })
  const ended = eventsOf(other, ['ended'])
  const clone = other.track.clone()
  other.track.stop()
  t.equal(other.ended, false)
  clone.stop()
  t.equal(other.ended, true)
  await settled()
  t.strictSame(ended, ['ended'])
})

t.test('a reader hands over what came, as a copy, and forwards it as it was', async t => {
  const from = new RtpSource({ kind: 'video', codecs: [VP8], headerExtensions: [{ uri: LEVEL, id: 3 }] })
  const to = new RtpSource({ kind: 'video', codecs: [VP8] })
  const got = sunk(to)
  const reader = new RtpReader(from.track)
  const done = reader.readable.pipeTo(to.writable)
  const bytes = rtpBytes({ sequenceNumber: 5, marker: true, extensions: [{ id: 3, bytes: [6] }] })
  from.write(bytes)
  bytes.fill(0)
  from.write(rtpBytes({ sequenceNumber: 6 }))
  from.end()
  await done
  t.match(got, [
    { sequenceNumber: 5, marker: true, ssrc: 7, mimeType: 'video/VP8' },
    { sequenceNumber: 6, marker: false },
  ])
  t.same(got[0]?.payload, [1, 2, 3])
  t.same(got[0]?.extensions[0]?.bytes, [6])
  await settled()
  t.equal(to.track.readyState, 'ended', 'closing the stream ends the source')
})

t.test('a callback gets the packet itself, borrowed; what it throws disturbs nobody', async t => {
  const { source, track } = trackWith()
  const rejections: unknown[] = []
  const listen = (reason: unknown) => rejections.push(reason)
  process.on('unhandledRejection', listen)
  t.teardown(() => process.off('unhandledRejection', listen))
  const seen: SourcePacket[] = []
  const reader = new RtpReader(track, {
    onpacket: packet => {
      seen.push(packet)
      throw new Error('of the application')
    },
  })
  let passed = 0
  trackOf(track).addSink({ packet: () => passed++ })
  const packet = new RtpPacket()
  packet.parse(rtpBytes({ csrcs: [] } as object))
  const view = new SourcePacketView({}).fill(packet, { mimeType: 'video/VP8', clockRate: 90_000 }, extensionTable([]))
  source.packet(view, 12)
  t.equal(seen[0], view)
  t.equal(passed, 1)
  t.same(reader.counters, { received: 1, dropped: 0 })
  t.throws(() => reader.readable, { name: 'InvalidStateError' })
  t.throws(() => reader[Symbol.asyncIterator](), { name: 'InvalidStateError' })
  await new Promise(resolve => setImmediate(resolve))
  t.match(rejections, [{ message: 'of the application' }])
})

t.test('key frames are asked of the application', t => {
  const source = new RtpSource({ kind: 'video', codecs: ['vp8'] })
  const rids: (string | null)[] = []
  source.onkeyframerequest = ({ rid }) => rids.push(rid)
  new RtpReader(source.track.clone()).requestKeyFrame()
  t.strictSame(rids, [null])
  t.end()
})

t.test('a track without packets has no reader of them', t => {
  t.throws(() => new RtpReader(trackWith({ form: 'frames' }).track), { name: 'NotSupportedError' })
  t.throws(() => new RtpReader({} as typeof RtpSource.prototype.track), TypeError)
  t.throws(() => new RtpReader(trackWith().track, { capacity: 0 }), RangeError)
  t.end()
})
