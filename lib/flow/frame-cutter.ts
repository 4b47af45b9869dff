/** Cuts frames into payloads: by the format of their codec, and audio more than once where the peer prefers that (RFC 2198). */

import {
  type EncodedFrame,
  encodingOf,
  formatParametersOf,
  type Packetizer,
  type PayloadCodec,
  type PayloadSink,
  payloadFormat,
  RedPacketizer,
} from '../rtp/index.ts'

/** Frames of audio that are sent once more with the next ones. */
const GENERATIONS = 2

export class FrameCutter {
  readonly #random: () => number
  readonly #red = new RedPacketizer(GENERATIONS)
  #codec: PayloadCodec | undefined
  #packetizer: Packetizer | undefined

  /** @param random Gives random bits: picture ids begin anywhere. */
  constructor(random: () => number) {
    this.#random = random
  }

  /** Whether frames of a codec can be cut: those before it are of another if it is another. */
  use(codec: PayloadCodec): boolean {
    const before = this.#codec
    this.#codec = codec
    // Another negotiation may give the same codec in another object: what counts up goes on.
    const isSame = before?.mimeType === codec.mimeType && before.sdpFmtpLine === codec.sdpFmtpLine
    if (before === codec || isSame) return this.#packetizer !== undefined
    const format = payloadFormat(encodingOf(codec))
    this.#packetizer = format?.createPacketizer(formatParametersOf(codec), this.#random() & 0xffff)
    return this.#packetizer !== undefined
  }

  /** What comes next is of another source: what was before it is not repeated. */
  join(): void {
    this.#red.reset()
  }

  /** @returns How many payloads there were: none for a frame that the format cannot carry. */
  cut(frame: EncodedFrame, limit: number, sink: PayloadSink): number {
    return this.#packetizer?.packetize(frame, limit, sink) ?? 0
  }

  /** The same, with the frames before it in front. */
  cutRedundant(frame: EncodedFrame, timestamp: number, limit: number, sink: PayloadSink): number {
    const payloadType = this.#codec?.payloadType ?? 0
    return this.#red.packetize(payloadType, frame.data, timestamp, limit, sink)
  }
}
