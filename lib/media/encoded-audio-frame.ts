/** RTCEncodedAudioFrame (webrtc-encoded-transform, 5): what one packet of audio carries, to be read, changed, and sent on. */

import { defineInterface, requireArguments } from '../idl/index.ts'
import type { EncodedFrame } from '../rtp/index.ts'
import {
  AudioMetadataDictionary,
  audioMetadata,
  EncodedFrameSlots,
  type RTCEncodedAudioFrameMetadata,
  slotsFor,
} from './encoded-frame.ts'

export interface RTCEncodedAudioFrameOptions {
  /** Takes the place of what the original frame has, member by member. */
  metadata?: RTCEncodedAudioFrameMetadata
}

type Slots = EncodedFrameSlots<RTCEncodedAudioFrameMetadata>

let frameOf: (face: RTCEncodedAudioFrame) => EncodedFrame

/** The level as RFC 6464 sends it: -dBov, 127 for silence. */
const levelOf = (linear: number): number =>
  linear <= 0 ? 127 : Math.min(127, Math.max(0, Math.round(-20 * Math.log10(linear))))

export class RTCEncodedAudioFrame {
  readonly #slots: Slots

  /** A copy of a frame, with other metadata. */
  constructor(originalFrame: RTCEncodedAudioFrame | Slots, options: RTCEncodedAudioFrameOptions = {}) {
    const context = "Failed to construct 'RTCEncodedAudioFrame'"
    requireArguments(context, 1, originalFrame === undefined ? 0 : 1)
    const original = originalFrame instanceof RTCEncodedAudioFrame ? originalFrame.#slots : undefined
    this.#slots = slotsFor(originalFrame, original, options, AudioMetadataDictionary, context)
  }

  /** RTP timestamp: 32 bits, in units of the codec's clock (Opus: 1/48000 s). As that of video. */
  get timestamp(): number {
    return this.#slots.metadata.rtpTimestamp ?? this.#slots.frame.timestamp
  }

  get data(): ArrayBuffer {
    return this.#slots.data
  }

  set data(value: ArrayBuffer) {
    this.#slots.data = value
  }

  getMetadata(): RTCEncodedAudioFrameMetadata {
    return structuredClone(this.#slots.metadata)
  }

  /** Addition: replaces the metadata, member by member; what is not given stays. */
  setMetadata(metadata: RTCEncodedAudioFrameMetadata): void {
    const context = "Failed to execute 'setMetadata' on 'RTCEncodedAudioFrame'"
    Object.assign(this.#slots.metadata, AudioMetadataDictionary(metadata, context))
  }

  static {
    frameOf = face => {
      const slots = face.#slots
      const { audioLevel } = slots.metadata
      return { ...slots.toFrame(), ...(audioLevel !== undefined && { audioLevel: levelOf(audioLevel) }) }
    }
    defineInterface(RTCEncodedAudioFrame, 'RTCEncodedAudioFrame', { constructor: 1 })
  }
}

export const createAudioFrame = (frame: EncodedFrame): RTCEncodedAudioFrame =>
  new RTCEncodedAudioFrame(new EncodedFrameSlots(frame, audioMetadata(frame)))

/** The frame to send: with the application's bytes and metadata. */
export const fromAudioFrame = (face: RTCEncodedAudioFrame): EncodedFrame => frameOf(face)
