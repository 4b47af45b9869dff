/**
 * What RTCEncodedVideoFrame and RTCEncodedAudioFrame (webrtc-encoded-transform, 4 and 5) are made of: a frame as flow and
 * payload formats know it, the application's bytes in place of its own, and metadata.
 */

import {
  type Conversion,
  DOMString,
  dictionary,
  double,
  enforcedLongLong,
  illegalConstructor,
  optional,
  sequence,
  unsignedLong,
  unsignedShort,
} from '../idl/index.ts'
import type { EncodedFrame, VideoFrameDetails } from '../rtp/index.ts'

export interface RTCEncodedFrameMetadata {
  /** Milliseconds, by the sender's clock. */
  captureTime?: number
  contributingSources?: number[]
  /** As `video/VP8`. */
  mimeType?: string
  payloadType?: number
  /** Monotonic milliseconds at which its first packet came. */
  receiveTime?: number
  /** 32 bits, in units of the codec's clock. */
  rtpTimestamp?: number
  senderCaptureTimeOffset?: number
  synchronizationSource?: number
}

export interface RTCEncodedVideoFrameMetadata extends RTCEncodedFrameMetadata {
  dependencies?: number[]
  frameId?: number
  /** Pixels; of key frames, where the payload tells. */
  height?: number
  spatialIndex?: number
  temporalIndex?: number
  /** Microseconds, going on through the wraps of `rtpTimestamp`. */
  timestamp?: number
  width?: number
}

export interface RTCEncodedAudioFrameMetadata extends RTCEncodedFrameMetadata {
  /** From 0 (silence) to 1, linear (RFC 6464, by the header extension). */
  audioLevel?: number
  sequenceNumber?: number
}

/** Modulo 256, as an `octet` without [EnforceRange] is. */
const octet: Conversion<number> = (value, context) => unsignedShort(value, context) & 0xff
const numbers = sequence(unsignedLong)
const frameMetadata = dictionary('RTCEncodedFrameMetadata', {
  captureTime: optional(double),
  contributingSources: optional(numbers),
  mimeType: optional(DOMString),
  payloadType: optional(octet),
  receiveTime: optional(double),
  rtpTimestamp: optional(unsignedLong),
  senderCaptureTimeOffset: optional(double),
  synchronizationSource: optional(unsignedLong),
})

export const VideoMetadataDictionary: Conversion<RTCEncodedVideoFrameMetadata> = dictionary(
  'RTCEncodedVideoFrameMetadata',
  {
    dependencies: optional(sequence(enforcedLongLong)),
    frameId: optional(enforcedLongLong),
    height: optional(unsignedShort),
    spatialIndex: optional(unsignedLong),
    temporalIndex: optional(unsignedLong),
    timestamp: optional(enforcedLongLong),
    width: optional(unsignedShort),
  },
  frameMetadata,
)

export const AudioMetadataDictionary: Conversion<RTCEncodedAudioFrameMetadata> = dictionary(
  'RTCEncodedAudioFrameMetadata',
  { audioLevel: optional(double), sequenceNumber: optional(unsignedShort) },
  frameMetadata,
)

const defined = <T extends object>(members: { [K in keyof T]: T[K] | undefined }): T => {
  const present: Partial<T> = {}
  for (const key of Object.keys(members) as (keyof T)[]) {
    const value = members[key]
    if (value !== undefined) present[key] = value
  }
  return present as T
}

const frameMembers = (frame: EncodedFrame): RTCEncodedFrameMetadata =>
  defined<RTCEncodedFrameMetadata>({
    contributingSources: [...frame.csrcs],
    mimeType: frame.mimeType,
    payloadType: frame.payloadType,
    receiveTime: frame.receivedAt,
    rtpTimestamp: frame.timestamp,
    synchronizationSource: frame.ssrc,
  })

/** @param presentation Microseconds, where they are known. */
export const videoMetadata = (frame: EncodedFrame, presentation: number | undefined): RTCEncodedVideoFrameMetadata => ({
  ...frameMembers(frame),
  ...defined<RTCEncodedVideoFrameMetadata>({
    height: frame.video?.height,
    spatialIndex: frame.video?.spatialLayer,
    temporalIndex: frame.video?.temporalLayer,
    timestamp: presentation,
    width: frame.video?.width,
  }),
})

export const audioMetadata = (frame: EncodedFrame): RTCEncodedAudioFrameMetadata => ({
  ...frameMembers(frame),
  ...defined<RTCEncodedAudioFrameMetadata>({
    // -dBov to a linear level; 127 is silence (RFC 6464, 3).
    audioLevel:
      frame.audioLevel === undefined ? undefined : frame.audioLevel >= 127 ? 0 : 10 ** (-frame.audioLevel / 20),
    sequenceNumber: frame.firstSequenceNumber === undefined ? undefined : frame.firstSequenceNumber & 0xffff,
  }),
})

/** The bytes as a buffer of the application's own. */
const ownBuffer = (bytes: Uint8Array): ArrayBuffer => new Uint8Array(bytes).buffer

const isArrayBuffer = (value: unknown): value is ArrayBuffer =>
  value instanceof ArrayBuffer || Object.prototype.toString.call(value) === '[object ArrayBuffer]'

export class EncodedFrameSlots<M extends RTCEncodedFrameMetadata> {
  readonly frame: EncodedFrame
  metadata: M
  /** The application's: made when it is first asked for, since it may be changed. */
  #data: ArrayBuffer | undefined

  constructor(frame: EncodedFrame, metadata: M, data?: ArrayBuffer) {
    this.frame = frame
    this.metadata = metadata
    this.#data = data
  }

  get data(): ArrayBuffer {
    this.#data ??= ownBuffer(this.frame.data)
    return this.#data
  }

  set data(value: ArrayBuffer) {
    if (!isArrayBuffer(value)) throw new TypeError("Failed to set the 'data' property: it is not an ArrayBuffer.")
    this.#data = value
  }

  /** A copy for another frame; what `members` has takes the place of what was known. */
  copy(members: M): EncodedFrameSlots<M> {
    const data = this.#data === undefined ? undefined : this.#data.slice(0)
    return new EncodedFrameSlots(this.frame, { ...structuredClone(this.metadata), ...members }, data)
  }

  /** The frame to send on: with the bytes and the metadata that the application has given it. */
  toFrame(): EncodedFrame {
    const { frame, metadata } = this
    return {
      ...frame,
      // The application may go on to change its own.
      data: this.#data === undefined ? frame.data : new Uint8Array(this.#data.slice(0)),
      timestamp: metadata.rtpTimestamp ?? frame.timestamp,
      payloadType: metadata.payloadType ?? frame.payloadType,
      mimeType: metadata.mimeType ?? frame.mimeType,
      ssrc: metadata.synchronizationSource ?? frame.ssrc,
      csrcs: metadata.contributingSources ?? frame.csrcs,
    }
  }
}

/** What the metadata of video tells a payload format. */
export const videoDetails = (
  video: VideoFrameDetails | undefined,
  { width, height, spatialIndex, temporalIndex }: RTCEncodedVideoFrameMetadata,
): VideoFrameDetails => ({
  ...video,
  ...(width !== undefined && { width }),
  ...(height !== undefined && { height }),
  ...(spatialIndex !== undefined && { spatialLayer: spatialIndex }),
  ...(temporalIndex !== undefined && { temporalLayer: temporalIndex }),
})

/** The slots for a new face: those handed in by the room, or a copy of another frame's. */
export const slotsFor = <M extends RTCEncodedFrameMetadata>(
  given: unknown,
  original: EncodedFrameSlots<M> | undefined,
  options: unknown,
  convert: Conversion<M>,
  context: string,
): EncodedFrameSlots<M> => {
  if (given instanceof EncodedFrameSlots) return given as EncodedFrameSlots<M>
  if (original === undefined) return illegalConstructor()
  return original.copy(
    dictionary('RTCEncodedFrameOptions', { metadata: optional(convert) })(options, context).metadata ?? ({} as M),
  )
}
