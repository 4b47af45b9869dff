/**
 * An encoded frame between payload formats and whoever makes or takes it: the shape that W3C's RTCEncodedVideoFrame,
 * RTCEncodedAudioFrame (webrtc-encoded-transform) and WebCodecs' chunks are made of.
 */

import type { MediaKind } from './codec.ts'

/** One spatial layer of a picture (RFC 9628, 3). */
export interface LayerFrame {
  /** 0 to 7. */
  readonly spatialLayer: number
  /** Where it ends in the bytes of its picture; the next one begins there. */
  readonly end: number
  /** Whether it is predicted from the next lower layer of its picture, and from other pictures. */
  readonly interLayer: boolean
  readonly interPicture: boolean
  /** Pixels, where a scalability structure says it. */
  readonly width?: number
  readonly height?: number
}

/** What a video frame tells of itself, as far as its payload format or its header extensions say it. */
export interface VideoFrameDetails {
  /** Of a picture with several, the highest. */
  readonly spatialLayer?: number
  readonly temporalLayer?: number
  /** VP8, VP9: the picture id, 7 or 15 bits as it was sent. */
  readonly pictureId?: number
  /** VP8, VP9: TL0PICIDX. */
  readonly baseLayerIndex?: number
  /** Whether the decoder may switch up to this frame's temporal layer here. */
  readonly layerSync?: boolean
  /** VP8: whether no other frame depends on it. */
  readonly discardable?: boolean
  /** VP9 in flexible mode: how many pictures back those are that it refers to, 1 to 127, three at most. */
  readonly references?: readonly number[]
  /** VP9 with several spatial layers: what `data` holds, lowest layer first. */
  readonly layerFrames?: readonly LayerFrame[]
  /** Pixels, where the payload says it (key frames). */
  readonly width?: number
  readonly height?: number
  /** Quarter turns clockwise that a viewer is to make, from the video-orientation extension: 0, 90, 180, 270. */
  readonly rotation?: number
}

export interface EncodedFrame {
  readonly kind: MediaKind
  /** The codec's own bytes: H264 and H265 with Annex B start codes, AV1 as OBUs with sizes (low-overhead format). */
  readonly data: Uint8Array
  /** Of the codec that made it, as `video/VP8`. */
  readonly mimeType: string
  readonly payloadType: number
  /** Hertz of the timestamp; where it is absent, what is usual for the codec. */
  readonly clockRate?: number
  /** H264, H265 whose NAL units have lengths in front: the decoder's configuration record (ISO/IEC 14496-15), by identity. */
  readonly description?: Uint8Array
  /** RTP timestamp, 32 bits, in units of the codec's clock. */
  readonly timestamp: number
  /** Video: whether it can be decoded without another. Audio: true. */
  readonly keyFrame: boolean
  readonly ssrc: number
  readonly csrcs: readonly number[]
  /** Sequence numbers of its first and last packet, where it came in packets. */
  readonly firstSequenceNumber?: number
  readonly lastSequenceNumber?: number
  readonly video?: VideoFrameDetails
  /** Audio: level in -dBov (0 to 127), and whether it is speech, from the audio-level extension (RFC 6464). */
  readonly audioLevel?: number
  readonly voiceActivity?: boolean
  /** Monotonic milliseconds at which its first packet came. */
  readonly receivedAt?: number
}
