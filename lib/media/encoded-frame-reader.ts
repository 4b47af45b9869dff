/**
 * Encoded frames out of a track, in two shapes: those of webrtc-encoded-transform, and WebCodecs' chunks. What came from the
 * peer is put together from its packets. An addition to W3C's objects.
 */

import { type Codec, type EncodedFrame, encodingOf, payloadFormat } from '../rtp/index.ts'
import { usualClockRate } from './codec-name.ts'
import { createAudioFrame, type RTCEncodedAudioFrame } from './encoded-audio-frame.ts'
import { ChunkSlots, EncodedAudioChunk, EncodedVideoChunk } from './encoded-chunk.ts'
import { createVideoFrame, type RTCEncodedVideoFrame } from './encoded-video-frame.ts'
import type { MediaStreamTrack } from './media-stream-track.ts'
import { microsecondsOf, RtpClock } from './rtp-clock.ts'
import { callApplication, type ReaderOptions, type Reading, TrackReader } from './track-reader.ts'

export interface EncodedFrameReaderOptions<F> extends ReaderOptions {
  /** Called for each frame as it comes, in place of keeping it. */
  readonly onframe?: (frame: F) => void
}

export interface EncodedChunkReaderOptions<C> extends ReaderOptions {
  /** Called for each chunk as it comes, in place of keeping it. */
  readonly onchunk?: (chunk: C) => void
}

/** Frames that are kept, unless said otherwise: about four seconds of video, and more of audio. */
const CAPACITY = 128
/** What a frame costs beside its bytes. */
const OVERHEAD = 256

const clockRateOf = ({ clockRate, mimeType }: EncodedFrame): number => clockRate ?? usualClockRate(mimeType)

/** Microseconds that a frame of audio lasts; null where nobody knows. */
const durationOf = (frame: EncodedFrame): number | null => {
  if (frame.kind === 'video') return null
  const codec: Codec = { mimeType: frame.mimeType, clockRate: clockRateOf(frame) }
  const ticks = payloadFormat(encodingOf(codec))?.durationOf?.(frame.data, 0, frame.data.byteLength) ?? -1
  return ticks < 0 ? null : microsecondsOf(ticks, codec.clockRate)
}

/** How frames are read as something else. */
const reading = <T>(
  kind: string,
  callback: ((value: T) => void) | undefined,
  convert: (frame: EncodedFrame, presentation: number) => T,
): Reading<T> => {
  const clock = new RtpClock()
  return {
    form: 'frames',
    capacity: CAPACITY,
    untilKey: kind === 'video',
    callback,
    sink: (offer, count) => ({
      frame(frame) {
        const { timestamp, ssrc, receivedAt, data, keyFrame } = frame
        const value = convert(frame, clock.read(timestamp, ssrc, clockRateOf(frame), receivedAt))
        if (callback === undefined) offer(value, data.byteLength + OVERHEAD, keyFrame)
        else {
          count()
          callApplication(callback, value)
        }
      },
    }),
  }
}

/**
 * @typeParam F `RTCEncodedVideoFrame` for a track of video, `RTCEncodedAudioFrame` for one of audio.
 */
export class EncodedFrameReader<
  F extends RTCEncodedVideoFrame | RTCEncodedAudioFrame = RTCEncodedVideoFrame | RTCEncodedAudioFrame,
> extends TrackReader<F> {
  /**
   * Begins to read.
   * @param options `capacity` in frames, 128 unless given: when there are more, the oldest is dropped and counted; of video, all
   * up to the next key frame, which is asked for.
   * @throws TypeError unless it is a track, RangeError for a capacity below 1.
   */
  constructor(track: MediaStreamTrack, options: EncodedFrameReaderOptions<F> = {}) {
    const convert = (frame: EncodedFrame, presentation: number) =>
      (frame.kind === 'video' ? createVideoFrame(frame, presentation) : createAudioFrame(frame)) as F
    super(track, reading(track?.kind, options.onframe, convert), options)
  }
}

/**
 * Timestamps are microseconds: those of the RTP timestamp, going on through its wraps and from stream to stream.
 * @typeParam C `EncodedVideoChunk` for a track of video, `EncodedAudioChunk` for one of audio.
 */
export class EncodedChunkReader<
  C extends EncodedVideoChunk | EncodedAudioChunk = EncodedVideoChunk | EncodedAudioChunk,
> extends TrackReader<C> {
  /** As that of `EncodedFrameReader`. */
  constructor(track: MediaStreamTrack, options: EncodedChunkReaderOptions<C> = {}) {
    const convert = (frame: EncodedFrame, presentation: number) => {
      const type = frame.keyFrame ? 'key' : 'delta'
      const slots = new ChunkSlots(type, presentation, durationOf(frame), frame.data)
      return (frame.kind === 'video' ? new EncodedVideoChunk(slots) : new EncodedAudioChunk(slots)) as C
    }
    super(track, reading(track?.kind, options.onchunk, convert), options)
  }
}
