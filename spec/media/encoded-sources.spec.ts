/** Encoded frames into tracks: EncodedVideoSource and EncodedAudioSource. */

import fc from 'fast-check'
import t from 'tap'
import {
  createAudioFrame,
  createVideoFrame,
  EncodedAudioSource,
  type EncodedChunkLike,
  EncodedChunkReader,
  EncodedFrameReader,
  EncodedVideoChunk,
  EncodedVideoSource,
  type RTCEncodedVideoFrame,
  trackOf,
} from '../../lib/media/index.ts'
import type { EncodedFrame } from '../../lib/rtp/index.ts'
import { eventsOf, frameOf, settled } from './sources.ts'

const sunk = (source: EncodedVideoSource | EncodedAudioSource): EncodedFrame[] => {
  const got: EncodedFrame[] = []
  trackOf(source.track).addSink({ frame: frame => got.push(frame) })
  return got
}

t.test('codecs go by the names of WebCodecs, by MIME types, and as RTCRtpCodec', t => {
  const video: [string, string][] = [
    ['vp8', 'video/VP8'],
    ['vp09.00.10.08', 'video/VP9'],
    ['av01.0.04M.08', 'video/AV1'],
    ['avc1.42E01F', 'video/H264'],
    ['avc3.42E01F', 'video/H264'],
    ['hev1.1.6.L93.B0', 'video/H265'],
    ['hvc1.1.6.L93.B0', 'video/H265'],
    ['video/H264', 'video/H264'],
  ]
  for (const [codec, mimeType] of video) {
    const source = new EncodedVideoSource({ codec })
    const got = sunk(source)
    source.write({ type: 'key', timestamp: 0, data: new Uint8Array(1) })
    t.match(got, [{ kind: 'video', mimeType, clockRate: 90_000 }], codec)
  }
  const audio: [string, string, number][] = [
    ['opus', 'audio/opus', 48_000],
    ['ulaw', 'audio/PCMU', 8000],
    ['alaw', 'audio/PCMA', 8000],
    ['g722', 'audio/G722', 8000],
  ]
  for (const [codec, mimeType, clockRate] of audio) {
    const source = new EncodedAudioSource({ codec })
    const got = sunk(source)
    source.write({ type: 'key', timestamp: 1_000_000, data: new Uint8Array(1) })
    t.match(got, [{ kind: 'audio', mimeType, clockRate, timestamp: clockRate, keyFrame: true }], codec)
  }
  const given = new EncodedAudioSource({ codec: { mimeType: 'audio/L16', clockRate: 44_100, channels: 2 } })
  const got = sunk(given)
  given.write({ type: 'key', timestamp: 2_000_000, data: new Uint8Array(1) })
  t.equal(got[0]?.timestamp, 88_200)
  t.match(given.track.getSettings(), { sampleRate: 44_100, channelCount: 2 })
  t.match(new EncodedAudioSource({ codec: 'opus' }).track.getSettings(), { sampleRate: 48_000, channelCount: 2 })
  t.match(new EncodedAudioSource({ codec: 'g722' }).track.getSettings(), { sampleRate: 16_000, channelCount: 1 })
  t.throws(() => new EncodedVideoSource({ codec: 'opus' }), { name: 'NotSupportedError' })
  t.throws(() => new EncodedAudioSource({ codec: 'video/VP8' }), TypeError)
  t.throws(() => new EncodedAudioSource({} as { codec: string }), TypeError)
  t.end()
})

t.test('chunks of any make are taken: with copyTo, with bytes', t => {
  const source = new EncodedVideoSource({ codec: 'vp8' })
  const got = sunk(source)
  const data = new Uint8Array([1, 2])
  source.write(new EncodedVideoChunk({ type: 'key', timestamp: 0, data }))
  source.write({
    type: 'delta',
    timestamp: 33_333,
    byteLength: 2,
    copyTo: destination => destination.set([3, 4]),
  })
  source.write({ type: 'delta', timestamp: -33_333, data: data.buffer })
  data.fill(0)
  t.strictSame(
    got.map(frame => [frame.keyFrame, frame.timestamp, ...frame.data]),
    [
      [true, 0, 1, 2],
      [false, 3000, 3, 4],
      [false, 2 ** 32 - 3000, 1, 2],
    ],
  )
  const bad: unknown[] = [null, 4, {}, { type: 'key', timestamp: 0 }, { type: 'key', timestamp: Number.NaN, data }]
  for (const chunk of bad) t.throws(() => source.write(chunk as EncodedChunkLike), TypeError)
  t.same(source.counters, { frames: 3, keyFrames: 1, bytes: 6, ignored: 0 })
  t.end()
})

t.test('what an encoder says once holds for the frames that follow', t => {
  const source = new EncodedVideoSource({ codec: 'avc1.42E01F' })
  const got = sunk(source)
  const description = new Uint8Array([1, 66, 224, 31]).buffer
  const chunk = { type: 'delta', timestamp: 0, data: new Uint8Array(4) }
  const decoderConfig = { description, codedWidth: 640, codedHeight: 360 }
  source.write({ ...chunk, type: 'key' }, { decoderConfig, svc: { temporalLayerId: 1 } })
  source.write(chunk)
  source.write({ ...chunk, type: 'key' }, { decoderConfig })
  t.same(got[0]?.description, [1, 66, 224, 31])
  t.equal(got[1]?.description, got[0]?.description, 'the same object, by which a packetizer knows it')
  t.equal(got[2]?.description, got[0]?.description)
  t.match(got[0]?.video, { temporalLayer: 1 })
  t.match(source.track.getSettings(), { width: 640, height: 360 })
  source.write(chunk, { decoderConfig: { codedWidth: 640, codedHeight: 360 } })
  t.equal(got[3]?.description, undefined)
  t.end()
})

t.test('frames of webrtc-encoded-transform keep their RTP timestamps, and take the source’s codec', t => {
  const source = new EncodedVideoSource({ codec: 'vp8' })
  const got = sunk(source)
  const video = { pictureId: 7, temporalLayer: 2, width: 320, height: 180 }
  source.write(createVideoFrame(frameOf({ timestamp: 77, video, csrcs: [4], mimeType: 'video/H264' })))
  source.write({
    type: 'delta',
    timestamp: 78,
    data: new ArrayBuffer(1),
    getMetadata: () => ({ temporalIndex: 1, synchronizationSource: 3 }),
  })
  t.match(got, [
    { timestamp: 77, keyFrame: true, video, csrcs: [4], mimeType: 'video/VP8' },
    { timestamp: 78, keyFrame: false, video: { temporalLayer: 1 } },
  ])
  t.match(source.track.getSettings(), { width: 320, height: 180 })
  const audio = new EncodedAudioSource({ codec: 'opus' })
  const heard = sunk(audio)
  audio.write(createAudioFrame(frameOf({ kind: 'audio', timestamp: 960, audioLevel: 30 })))
  audio.write({ timestamp: 1920, data: new Uint8Array(2), getMetadata: () => ({ contributingSources: [9] }) })
  t.match(heard, [
    { timestamp: 960, audioLevel: 30, mimeType: 'audio/opus' },
    { timestamp: 1920, csrcs: [9] },
  ])
  t.end()
})

t.test('what was changed after it was written is as it was when it was written', t => {
  const source = new EncodedVideoSource({ codec: 'vp8' })
  const got = sunk(source)
  const frame = createVideoFrame(frameOf())
  const bytes = new Uint8Array(frame.data)
  source.write(frame)
  bytes.fill(0)
  t.same(got[0]?.data, [1, 1, 1, 1])
  t.end()
})

t.test('empty frames, and those of a muted or ended source, are dropped and counted', async t => {
  const source = new EncodedVideoSource({ codec: 'vp8' })
  const got = sunk(source)
  const chunk = { type: 'key', timestamp: 0, data: new Uint8Array(1) }
  source.write({ ...chunk, data: new Uint8Array(0) })
  source.muted = true
  source.write(chunk)
  source.muted = false
  source.end()
  source.write(chunk)
  await settled()
  source.write(chunk)
  t.equal(got.length, 0)
  t.equal(source.counters.ignored, 4)
})

t.test('frames and chunks of one track are written to another as streams', async t => {
  const from = new EncodedVideoSource({ codec: 'vp8' })
  const asFrames = new EncodedVideoSource({ codec: 'vp8' })
  const asChunks = new EncodedVideoSource({ codec: 'vp8' })
  const frames = sunk(asFrames)
  const chunks = sunk(asChunks)
  const invert = new TransformStream<RTCEncodedVideoFrame, RTCEncodedVideoFrame>({
    transform(frame, controller) {
      const bytes = new Uint8Array(frame.data)
      for (let i = 0; i < bytes.length; i++) bytes[i]! ^= 0xff
      controller.enqueue(frame)
    },
  })
  const done = [
    new EncodedFrameReader<RTCEncodedVideoFrame>(from.track).readable.pipeThrough(invert).pipeTo(asFrames.writable),
    new EncodedChunkReader<EncodedVideoChunk>(from.track).readable.pipeTo(asChunks.writable),
  ]
  const input = from.writable.getWriter()
  for (let i = 0; i < 3; i++) {
    await input.write({ type: i === 0 ? 'key' : 'delta', timestamp: i * 40_000, data: Uint8Array.of(i) })
  }
  await input.close()
  await Promise.all(done)
  const told = (of: EncodedFrame[]) => of.map(({ keyFrame, timestamp, data }) => [keyFrame, timestamp, data[0]])
  t.strictSame(told(frames), [
    [true, 0, 255],
    [false, 3600, 254],
    [false, 7200, 253],
  ])
  t.strictSame(told(chunks), [
    [true, 0, 0],
    [false, 3600, 1],
    [false, 7200, 2],
  ])
  await settled()
  t.equal(asFrames.track.readyState, 'ended')
})

t.test('microseconds and ticks: nothing drifts, and the way there and back is exact', t => {
  const source = new EncodedVideoSource({ codec: 'vp8' })
  const audio = new EncodedAudioSource({ codec: 'opus' })
  const frames: EncodedFrame[] = []
  let chunk: { timestamp: number } | undefined
  for (const { track } of [source, audio]) trackOf(track).addSink({ frame: frame => frames.push(frame) })
  new EncodedChunkReader(source.track, {
    onchunk: read => {
      chunk = read
    },
  })
  const data = new Uint8Array(1)
  // A day of 30000/1001 frames a second.
  const day = 24 * 3600 * 30
  for (const n of [1, 1000, day]) {
    source.write({ type: 'key', timestamp: Math.round((n * 1_001_000_000) / 30_000), data })
    t.equal(frames.at(-1)?.timestamp, Math.round((n * 1001 * 90) / 30) % 2 ** 32)
  }
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 44 }), ticks => {
      const microseconds = Math.floor(ticks / 90_000) * 1e6 + Math.round(((ticks % 90_000) * 1e6) / 90_000)
      source.write({ type: 'key', timestamp: microseconds, data })
      if (frames.at(-1)?.timestamp !== ticks % 2 ** 32) return false
      audio.write({ type: 'key', timestamp: microseconds, data })
      // What is read of it, is written as the same.
      source.write({ type: 'key', timestamp: chunk?.timestamp ?? 0, data })
      return frames.at(-1)?.timestamp === ticks % 2 ** 32
    }),
    { numRuns: 2000 },
  )
  t.end()
})

t.test('key frames are asked of the application, and constraints told to it', async t => {
  const source = new EncodedVideoSource({
    codec: 'vp8',
    settings: { width: 640, height: 480, frameRate: 30 },
    capabilities: { width: { min: 160, max: 640 }, height: { min: 120, max: 480 } },
  })
  const fired = eventsOf(source, ['keyframerequest', 'settingschange'])
  trackOf(source.track).requestKeyFrame()
  await source.track.applyConstraints({ width: { max: 320 }, height: 240 })
  t.match(source.settings, { width: 320, height: 240, frameRate: 30 })
  await source.track.applyConstraints({ width: { max: 320 }, height: 240 })
  await settled()
  t.strictSame(fired, ['keyframerequest', 'settingschange'])
  await source.track.applyConstraints()
  t.match(source.settings, { width: 640, height: 480, frameRate: 30 }, 'where nothing is wanted, as it was made')
  source.settings = { width: 160, height: 120 }
  t.match(source.track.getSettings(), { width: 160, height: 120, aspectRatio: 1.3333333333 })
  t.match(source.track.getCapabilities(), { width: { min: 160, max: 640 } })
})
