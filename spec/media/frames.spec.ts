/** Encoded frames in the shapes of webrtc-encoded-transform and WebCodecs, made and read. */

import t from 'tap'
import {
  createAudioFrame,
  createVideoFrame,
  EncodedAudioChunk,
  type EncodedChunkInit,
  EncodedChunkReader,
  EncodedVideoChunk,
  fromAudioFrame,
  fromVideoFrame,
  RTCEncodedAudioFrame,
  RTCEncodedVideoFrame,
} from '../../lib/media/index.ts'
import { frameOf, trackWith } from './sources.ts'

const received = frameOf({
  timestamp: 4_000_000_000,
  csrcs: [1, 2],
  receivedAt: 12.5,
  video: { width: 640, height: 480, temporalLayer: 1, spatialLayer: 0, pictureId: 77 },
})

t.test('a video frame tells what is known of it', t => {
  const frame = createVideoFrame(received, 44_444)
  t.equal(frame.type, 'key')
  t.equal(frame.timestamp, 4_000_000_000)
  t.same(new Uint8Array(frame.data), [1, 1, 1, 1])
  t.strictSame(frame.getMetadata(), {
    contributingSources: [1, 2],
    mimeType: 'video/VP8',
    payloadType: 96,
    receiveTime: 12.5,
    rtpTimestamp: 4_000_000_000,
    synchronizationSource: 7,
    height: 480,
    spatialIndex: 0,
    temporalIndex: 1,
    timestamp: 44_444,
    width: 640,
  })
  t.equal(createVideoFrame(frameOf({ keyFrame: false })).type, 'delta')
  t.equal(createVideoFrame(frameOf({ size: 0 })).type, 'key', 'whatever its bytes are')
  t.end()
})

t.test('what the application changes goes on, and nothing else', t => {
  const frame = createVideoFrame(received)
  t.equal(fromVideoFrame(frame).data, received.data, 'untouched bytes are not copied')
  new Uint8Array(frame.data)[0] = 99
  t.same(received.data, [1, 1, 1, 1], 'those of others are not touched')
  const sent = fromVideoFrame(frame)
  t.same(sent.data, [99, 1, 1, 1])
  t.same(sent, { ...received, data: sent.data })
  frame.data = new Uint8Array([5, 6]).buffer
  frame.setMetadata({ payloadType: 256 + 97, rtpTimestamp: 3, synchronizationSource: 8, width: 320 })
  t.match(fromVideoFrame(frame), {
    timestamp: 3,
    payloadType: 97,
    ssrc: 8,
    csrcs: [1, 2],
    video: { width: 320, height: 480, pictureId: 77, temporalLayer: 1 },
  })
  t.same(fromVideoFrame(frame).data, [5, 6])
  t.equal(frame.timestamp, 3)
  t.throws(() => {
    frame.data = new Uint8Array(1) as unknown as ArrayBuffer
  }, TypeError)
  t.throws(() => frame.setMetadata(4 as unknown as object), TypeError)
  t.end()
})

t.test('a frame is made of another, with metadata of its own', t => {
  const original = createVideoFrame(received)
  new Uint8Array(original.data)[0] = 42
  const copy = new RTCEncodedVideoFrame(original, { metadata: { payloadType: 100, frameId: 5 } })
  new Uint8Array(original.data)[0] = 43
  t.same(new Uint8Array(copy.data), [42, 1, 1, 1])
  t.match(copy.getMetadata(), { payloadType: 100, frameId: 5, synchronizationSource: 7 })
  t.equal(original.getMetadata().payloadType, 96)
  const audio = createAudioFrame(frameOf({ kind: 'audio' }))
  t.same(new Uint8Array(new RTCEncodedAudioFrame(audio).data), [1, 1, 1, 1])
  t.throws(() => new RTCEncodedVideoFrame(audio as unknown as RTCEncodedVideoFrame), TypeError)
  t.throws(() => new RTCEncodedVideoFrame({} as RTCEncodedVideoFrame), TypeError)
  t.throws(() => new (RTCEncodedAudioFrame as unknown as new () => unknown)(), TypeError)
  t.throws(() => new RTCEncodedVideoFrame(original, { metadata: { frameId: 0.5e300 } }), TypeError)
  t.end()
})

t.test('audio: its level is linear, its number that of the packet', t => {
  const levels: [number, number][] = [
    [0, 1],
    [20, 0.1],
    [126, 10 ** -6.3],
    [127, 0],
  ]
  for (const [audioLevel, linear] of levels) {
    const frame = createAudioFrame(frameOf({ kind: 'audio', audioLevel, firstSequenceNumber: 65_535 }))
    const metadata = frame.getMetadata()
    t.equal(metadata.sequenceNumber, 65_535)
    t.ok(Math.abs((metadata.audioLevel ?? -1) - linear) < 1e-12)
    t.equal(fromAudioFrame(frame).audioLevel, audioLevel)
  }
  t.notOk('audioLevel' in createAudioFrame(frameOf({ kind: 'audio' })).getMetadata())
  t.end()
})

t.test('chunks are of bytes that are copied in and out', t => {
  for (const Chunk of [EncodedVideoChunk, EncodedAudioChunk]) {
    const data = new Uint8Array([0, 1, 2, 3]).subarray(1)
    const chunk = new Chunk({ type: 'key', timestamp: -5.7, duration: 20_000, data })
    data.fill(9)
    const into = new Uint8Array(4)
    chunk.copyTo(into)
    t.same(into, [1, 2, 3, 0])
    t.match(chunk, { type: 'key', timestamp: -5, duration: 20_000, byteLength: 3 })
    t.equal(new Chunk({ type: 'delta', timestamp: 0, data: data.buffer }).duration, null)
    t.throws(() => chunk.copyTo(new Uint8Array(2)), TypeError)
    t.throws(() => chunk.copyTo([] as unknown as Uint8Array), TypeError)
    const bad: unknown[] = [
      undefined,
      { type: 'key', data },
      { type: 'key', timestamp: 0 },
      { type: 'empty', timestamp: 0, data },
      { type: 'key', timestamp: Number.NaN, data },
      { type: 'key', timestamp: 0, duration: -1, data },
    ]
    for (const init of bad) t.throws(() => new Chunk(init as EncodedChunkInit), TypeError)
  }
  t.end()
})

t.test('chunks of a track have microseconds that go on through the wrap, and through another stream', t => {
  const { source, track } = trackWith({ form: 'frames' })
  const got: EncodedVideoChunk[] = []
  new EncodedChunkReader<EncodedVideoChunk>(track, { onchunk: chunk => got.push(chunk) })
  const feed = (timestamp: number, receivedAt: number, ssrc = 7) =>
    source.frame(frameOf({ timestamp: timestamp >>> 0, receivedAt, ssrc, keyFrame: receivedAt === 0 }), receivedAt)
  const start = 2 ** 32 - 3000
  feed(start, 0)
  feed(start + 3000, 33)
  feed(start + 9000, 100)
  feed(start + 6000, 101)
  feed(123, 150, 8)
  feed(123 + 90_000, 1150, 8)
  const [first = Number.NaN] = got.map(({ timestamp }) => timestamp)
  t.equal(first, Math.round((start * 1e6) / 90_000))
  t.strictSame(
    got.map(({ timestamp, type }) => [timestamp - first, type]),
    [
      [0, 'key'],
      [33_333, 'delta'],
      [100_000, 'delta'],
      [66_667, 'delta'],
      [66_667 + 49_000, 'delta'],
      [66_667 + 1_049_000, 'delta'],
    ],
  )
  t.end()
})

t.test('chunks of audio know how long they last', t => {
  const { source, track } = trackWith({ kind: 'audio', form: 'frames' })
  const got: EncodedAudioChunk[] = []
  new EncodedChunkReader<EncodedAudioChunk>(track, { onchunk: chunk => got.push(chunk) })
  const audio = { kind: 'audio', receivedAt: 0 } as const
  // Opus: configuration 31 is a frame of 20 ms of CELT; PCMU: a byte a sample.
  source.frame(frameOf({ ...audio, mimeType: 'audio/opus', fill: 31 << 3, timestamp: 48_000 }), 0)
  source.frame(frameOf({ ...audio, mimeType: 'audio/PCMU', size: 160, ssrc: 8 }), 0)
  source.frame(frameOf({ ...audio, mimeType: 'audio/unheard-of', ssrc: 9, clockRate: 16_000 }), 0)
  t.strictSame(
    got.map(({ duration }) => duration),
    [20_000, 20_000, null],
  )
  t.equal(got[0]?.timestamp, 1_000_000)
  t.end()
})
