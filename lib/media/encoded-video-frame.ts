/** RTCEncodedVideoFrame (webrtc-encoded-transform, 4): an encoded picture, to be read, changed, and sent on. */

import { defineInterface, requireArguments } from '../idl/index.ts'
import type { EncodedFrame } from '../rtp/index.ts'
import type { EncodedChunkType } from './encoded-chunk.ts'
import {
  EncodedFrameSlots,
  type RTCEncodedVideoFrameMetadata,
  slotsFor,
  VideoMetadataDictionary,
  videoDetails,
  videoMetadata,
} from './encoded-frame.ts'

export interface RTCEncodedVideoFrameOptions {
  /** Takes the place of what the original frame has, member by member. */
  metadata?: RTCEncodedVideoFrameMetadata
}

type Slots = EncodedFrameSlots<RTCEncodedVideoFrameMetadata>

let frameOf: (face: RTCEncodedVideoFrame) => EncodedFrame

export class RTCEncodedVideoFrame {
  readonly #slots: Slots

  /** A copy of a frame, with other metadata. */
  constructor(originalFrame: RTCEncodedVideoFrame | Slots, options: RTCEncodedVideoFrameOptions = {}) {
    const context = "Failed to construct 'RTCEncodedVideoFrame'"
    requireArguments(context, 1, originalFrame === undefined ? 0 : 1)
    const original = originalFrame instanceof RTCEncodedVideoFrame ? originalFrame.#slots : undefined
    this.#slots = slotsFor(originalFrame, original, options, VideoMetadataDictionary, context)
  }

  /** `key`: can be decoded without another. */
  get type(): EncodedChunkType {
    return this.#slots.frame.keyFrame ? 'key' : 'delta'
  }

  /** RTP timestamp: 32 bits, in units of 1/90000 s. Browsers have it; W3C has moved it to `getMetadata().rtpTimestamp`. */
  get timestamp(): number {
    return this.#slots.metadata.rtpTimestamp ?? this.#slots.frame.timestamp
  }

  /** The codec's bytes: H264 and H265 with start codes (Annex B), AV1 as OBUs with sizes. */
  get data(): ArrayBuffer {
    return this.#slots.data
  }

  set data(value: ArrayBuffer) {
    this.#slots.data = value
  }

  getMetadata(): RTCEncodedVideoFrameMetadata {
    return structuredClone(this.#slots.metadata)
  }

  /** Addition: replaces the metadata, member by member; what is not given stays. */
  setMetadata(metadata: RTCEncodedVideoFrameMetadata): void {
    const context = "Failed to execute 'setMetadata' on 'RTCEncodedVideoFrame'"
    Object.assign(this.#slots.metadata, VideoMetadataDictionary(metadata, context))
  }

  static {
    frameOf = face => {
      const slots = face.#slots
      const frame = slots.toFrame()
      return { ...frame, video: videoDetails(frame.video, slots.metadata) }
    }
    defineInterface(RTCEncodedVideoFrame, 'RTCEncodedVideoFrame', { constructor: 1 })
  }
}

/** @param presentation Microseconds, for `getMetadata().timestamp`. */
export const createVideoFrame = (frame: EncodedFrame, presentation?: number): RTCEncodedVideoFrame =>
  new RTCEncodedVideoFrame(new EncodedFrameSlots(frame, videoMetadata(frame, presentation)))

/** The frame to send: with the application's bytes and metadata. */
export const fromVideoFrame = (face: RTCEncodedVideoFrame): EncodedFrame => frameOf(face)
