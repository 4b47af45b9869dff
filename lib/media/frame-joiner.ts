/**
 * Puts frames together of the packets that an application writes, for readers of frames: in the order in which they are
 * written. A frame with a gap in its sequence numbers is dropped; of video, all that follows up to a key frame. What comes over
 * a network in disorder belongs through a connection's receiver, which waits and asks again.
 */

import {
  type Codec,
  type Depacketizer,
  type EncodedFrame,
  emptyPayloadInfo,
  encodingOf,
  formatParametersOf,
  type MediaKind,
  payloadFormat,
} from '../rtp/index.ts'
import type { SourcePacket } from './source-packet.ts'

/** Bytes of one frame, at most. */
const LARGEST = 16 << 20

export class FrameJoiner {
  /** Frames of which something was missing or malformed, and those that could not be decoded for it. */
  dropped = 0
  readonly #kind: MediaKind
  readonly #deliver: (frame: EncodedFrame) => void
  readonly #needKeyFrame: () => void
  readonly #info = emptyPayloadInfo()
  #codec: Codec | undefined
  #depacketizer: Depacketizer | undefined
  #stream: object | undefined
  #payloads: Uint8Array[] = []
  #bytes = 0
  #isBroken = false
  #needsKey: boolean
  #first = 0
  #timestamp = 0
  #next = -1

  constructor(kind: MediaKind, deliver: (frame: EncodedFrame) => void, needKeyFrame: () => void) {
    this.#kind = kind
    this.#deliver = deliver
    this.#needKeyFrame = needKeyFrame
    this.#needsKey = kind === 'video'
  }

  /** Nobody wants frames for now: what comes later does not follow. */
  reset(): void {
    this.#stream = undefined
    this.#clear()
  }

  /** @param codec Of the packet: the same object for the same codec. */
  packet(packet: SourcePacket, codec: Codec): void {
    if (packet.source !== this.#stream || codec !== this.#codec) this.#begin(packet, codec)
    const { sequenceNumber, timestamp, bytes, payloadStart, payloadEnd } = packet
    // What is missing may have been of the frame before, which had not ended.
    if (this.#next >= 0 && sequenceNumber !== this.#next) this.#isBroken = true
    if (this.#payloads.length > 0 && timestamp !== this.#timestamp) this.#finish(packet)
    this.#next = (sequenceNumber + 1) & 0xffff
    // Padding alone.
    if (payloadEnd === payloadStart) return
    const info = this.#info
    const isSound = this.#depacketizer?.describe(bytes, payloadStart, payloadEnd, info) === true
    if (this.#payloads.length === 0) {
      this.#first = sequenceNumber
      this.#timestamp = timestamp
      if (isSound && info.begins) this.#recover()
      else this.#isBroken = true
    }
    this.#bytes += payloadEnd - payloadStart
    if (!isSound || this.#bytes > LARGEST) this.#isBroken = true
    // What is broken is counted when it ends, and not kept.
    this.#payloads.push(this.#isBroken ? bytes.subarray(0, 0) : bytes.slice(payloadStart, payloadEnd))
    if (packet.marker || this.#kind === 'audio') this.#finish(packet)
  }

  /** A frame begins behind a gap: it is whole itself, but may need what was lost. */
  #recover(): void {
    if (!this.#isBroken) return
    this.#isBroken = false
    this.#needsKey = this.#kind === 'video'
  }

  #begin(packet: SourcePacket, codec: Codec): void {
    this.#clear()
    this.#stream = packet.source
    this.#needsKey = this.#kind === 'video'
    if (codec === this.#codec) return
    this.#codec = codec
    this.#depacketizer = payloadFormat(encodingOf(codec))?.createDepacketizer(formatParametersOf(codec))
  }

  #clear(): void {
    this.#payloads = []
    this.#bytes = 0
    this.#isBroken = false
    this.#next = -1
  }

  /** The frame ends, with this packet or ahead of it. */
  #finish({ mimeType, payloadType, clockRate, ssrc, csrcs }: SourcePacket): void {
    const last = (this.#next - 1) & 0xffff
    const joined = this.#isBroken ? undefined : this.#depacketizer?.join(this.#payloads)
    this.#payloads = []
    this.#bytes = 0
    if (joined === undefined) this.#isBroken = true
    if (joined === undefined || (this.#needsKey && !joined.keyFrame)) {
      this.dropped++
      if (this.#kind === 'video') this.#needKeyFrame()
      return
    }
    this.#needsKey = false
    this.#deliver({
      kind: this.#kind,
      data: joined.data,
      mimeType,
      payloadType,
      clockRate,
      timestamp: this.#timestamp,
      keyFrame: joined.keyFrame,
      ssrc,
      csrcs,
      firstSequenceNumber: this.#first,
      lastSequenceNumber: last,
      ...(joined.video && { video: joined.video }),
    })
  }
}
