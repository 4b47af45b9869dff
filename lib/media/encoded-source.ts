/**
 * Encoded frames into a track: what the application has encoded, or read from a file, is cut into packets by each sender. An
 * addition to W3C's objects. Frames are those of WebCodecs, with microseconds, or of webrtc-encoded-transform, with RTP
 * timestamps; a source is to be given one kind of them.
 */

import { defineInterface, enforcedLongLong } from '../idl/index.ts'
import type { Codec, EncodedFrame, MediaKind, VideoFrameDetails } from '../rtp/index.ts'
import { ApplicationSource, type ApplicationSourceInit } from './application-source.ts'
import { audioSettings, codecOf, type SourceCodec } from './codec-name.ts'
import { fromAudioFrame, RTCEncodedAudioFrame } from './encoded-audio-frame.ts'
import { bytesOf } from './encoded-chunk.ts'
import {
  AudioMetadataDictionary,
  type RTCEncodedAudioFrameMetadata,
  type RTCEncodedVideoFrameMetadata,
  VideoMetadataDictionary,
  videoDetails,
} from './encoded-frame.ts'
import { fromVideoFrame, RTCEncodedVideoFrame } from './encoded-video-frame.ts'
import { rtpTimestampOf } from './rtp-clock.ts'

type Bytes = ArrayBufferLike | ArrayBufferView

/** An EncodedVideoChunk or EncodedAudioChunk of any platform, or what one is made of. */
export type EncodedChunkLike = {
  /** Of video: `key` can be decoded without another. */
  readonly type: string
  /** Microseconds. */
  readonly timestamp: number
  readonly duration?: number | null
} & ({ readonly byteLength: number; copyTo(destination: Uint8Array<ArrayBuffer>): void } | { readonly data: Bytes })

/** An RTCEncodedVideoFrame of any platform, or what looks like one. `timestamp`: of RTP, 32 bits. */
export interface EncodedVideoFrameLike {
  readonly type: string
  readonly timestamp: number
  readonly data: Bytes
  getMetadata(): RTCEncodedVideoFrameMetadata
}

export interface EncodedAudioFrameLike {
  readonly timestamp: number
  readonly data: Bytes
  getMetadata(): RTCEncodedAudioFrameMetadata
}

/** What a VideoEncoder of WebCodecs hands over beside a chunk: given on, it is remembered for those that follow. */
export interface EncodedChunkMetadata {
  readonly decoderConfig?: {
    /** H264, H265: that NAL units have their lengths in front (ISO/IEC 14496-15). */
    readonly description?: Bytes
    readonly codedWidth?: number
    readonly codedHeight?: number
  }
  readonly svc?: { readonly temporalLayerId?: number }
}

export interface EncodedSourceInit extends ApplicationSourceInit {
  /** `video/VP8`, WebCodecs' `vp8`, `avc1.42e01f`, `opus`, or as `RTCRtpCodec`. */
  readonly codec: string | SourceCodec
}

export interface EncodedSourceCounters {
  readonly frames: number
  /** Video. */
  readonly keyFrames: number
  readonly bytes: number
  /** Written while the source was muted, or after it had ended; and empty ones. */
  readonly ignored: number
}

/** The bytes as a copy that nobody changes. */
const copyOf = (chunk: object, context: string): Uint8Array => {
  const { copyTo, byteLength, data } = chunk as { copyTo?: unknown; byteLength?: unknown; data?: unknown }
  if (typeof copyTo !== 'function') return new Uint8Array(bytesOf(data, context))
  const bytes = new Uint8Array(Number(byteLength))
  copyTo.call(chunk, bytes)
  return bytes
}

const isFrame = (value: object): value is EncodedVideoFrameLike | EncodedAudioFrameLike =>
  typeof (value as Partial<EncodedAudioFrameLike>).getMetadata === 'function'

abstract class EncodedSource<Chunk extends object> extends ApplicationSource {
  readonly #codec: Codec
  readonly #counters = { frames: 0, keyFrames: 0, bytes: 0, ignored: 0 }
  #writable: WritableStream<Chunk> | undefined

  constructor(kind: MediaKind, init: EncodedSourceInit) {
    super(kind, 'frames', init)
    this.#codec = codecOf(kind, init.codec)
    if (kind === 'audio') this.settings = { ...audioSettings(this.#codec), ...init.settings }
  }

  get counters(): EncodedSourceCounters {
    return { ...this.#counters }
  }

  /** A stream whose chunks are written. Closing it ends the source, as aborting it does. */
  get writable(): WritableStream<Chunk> {
    this.#writable ??= new WritableStream({
      write: chunk => this.write(chunk),
      close: () => this.end(),
      abort: () => this.end(),
    })
    return this.#writable
  }

  abstract write(chunk: Chunk): void

  /** What is the same in each frame of the codec. */
  protected frameOf(data: Uint8Array, timestamp: number, keyFrame: boolean): EncodedFrame {
    const { mimeType, clockRate } = this.#codec
    const { kind } = this.source
    return { kind, data, mimeType, payloadType: 0, clockRate, timestamp, keyFrame, ssrc: 0, csrcs: [] }
  }

  /** Microseconds to the codec's clock. */
  protected timestampOf(microseconds: unknown, context: string): number {
    return rtpTimestampOf(
      enforcedLongLong(microseconds, `${context}: Failed to read 'timestamp'`),
      this.#codec.clockRate,
    )
  }

  protected pass(frame: EncodedFrame): void {
    const counters = this.#counters
    if (this.ended || this.muted || frame.data.byteLength === 0) {
      counters.ignored++
      return
    }
    counters.frames++
    counters.bytes += frame.data.byteLength
    if (frame.kind === 'video' && frame.keyFrame) {
      counters.keyFrames++
      const { width, height } = frame.video ?? {}
      if (width && height) this.settings = { ...this.settings, width, height }
    }
    // It is of this source's codec, whatever the connection had where it comes from.
    const { mimeType, clockRate } = this.#codec
    this.source.frame({ ...frame, mimeType, clockRate }, undefined)
  }
}

export class EncodedVideoSource extends EncodedSource<EncodedChunkLike | EncodedVideoFrameLike> {
  #description: Uint8Array | undefined
  #given: unknown

  /** @throws TypeError, or `NotSupportedError` for a codec name that is not known. */
  constructor(init: EncodedSourceInit) {
    super('video', init)
  }

  /**
   * A frame for the tracks: in the order of decoding. It is read before this returns. `new VideoEncoder({ output: (chunk,
   * metadata) => source.write(chunk, metadata), ... })` writes what it encodes.
   * @throws TypeError when it is none.
   */
  write(chunk: EncodedChunkLike | EncodedVideoFrameLike, metadata?: EncodedChunkMetadata): void {
    const context = "Failed to execute 'write' on 'EncodedVideoSource'"
    if (typeof chunk !== 'object' || chunk === null) throw new TypeError(`${context}: It is no frame.`)
    if (metadata?.decoderConfig !== undefined) this.#configure(metadata.decoderConfig, context)
    this.pass(chunk instanceof RTCEncodedVideoFrame ? fromVideoFrame(chunk) : this.#read(chunk, metadata, context))
  }

  #read(
    chunk: EncodedChunkLike | EncodedVideoFrameLike,
    metadata: EncodedChunkMetadata | undefined,
    context: string,
  ): EncodedFrame {
    const data = copyOf(chunk, context)
    const keyFrame = chunk.type === 'key'
    if (isFrame(chunk)) {
      const details = VideoMetadataDictionary(chunk.getMetadata(), context)
      const frame = this.frameOf(data, chunk.timestamp >>> 0, keyFrame)
      return { ...frame, video: videoDetails(undefined, details) }
    }
    const temporalLayer = metadata?.svc?.temporalLayerId
    const video: VideoFrameDetails | undefined = temporalLayer === undefined ? undefined : { temporalLayer }
    return {
      ...this.frameOf(data, this.timestampOf(chunk.timestamp, context), keyFrame),
      ...(video && { video }),
      ...(this.#description && { description: this.#description }),
    }
  }

  #configure(config: NonNullable<EncodedChunkMetadata['decoderConfig']>, context: string): void {
    const { description, codedWidth: width, codedHeight: height } = config
    if (width && height) this.settings = { ...this.settings, width, height }
    if (description === this.#given) return
    this.#given = description
    this.#description = description === undefined ? undefined : new Uint8Array(bytesOf(description, context))
  }

  static {
    defineInterface(EncodedVideoSource, 'EncodedVideoSource')
  }
}

export class EncodedAudioSource extends EncodedSource<EncodedChunkLike | EncodedAudioFrameLike> {
  /** @throws TypeError, or `NotSupportedError` for a codec name that is not known. */
  constructor(init: EncodedSourceInit) {
    super('audio', init)
  }

  /**
   * What one packet is to carry (of Opus: one Opus packet). It is read before this returns.
   * @throws TypeError when it is none.
   */
  write(chunk: EncodedChunkLike | EncodedAudioFrameLike): void {
    const context = "Failed to execute 'write' on 'EncodedAudioSource'"
    if (typeof chunk !== 'object' || chunk === null) throw new TypeError(`${context}: It is no frame.`)
    this.pass(chunk instanceof RTCEncodedAudioFrame ? fromAudioFrame(chunk) : this.#read(chunk, context))
  }

  #read(chunk: EncodedChunkLike | EncodedAudioFrameLike, context: string): EncodedFrame {
    const data = copyOf(chunk, context)
    if (!isFrame(chunk)) return this.frameOf(data, this.timestampOf(chunk.timestamp, context), true)
    const { contributingSources = [] } = AudioMetadataDictionary(chunk.getMetadata(), context)
    return { ...this.frameOf(data, chunk.timestamp >>> 0, true), csrcs: contributingSources }
  }

  static {
    defineInterface(EncodedAudioSource, 'EncodedAudioSource')
  }
}
