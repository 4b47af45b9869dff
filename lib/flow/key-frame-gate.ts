/**
 * Key frames of an outgoing stream: when its source is asked for one, however often the peer asks (RFC 4585, 6.3.1; RFC 5104,
 * 4.3.1), and whether a packet of another source is where a decoder can begin.
 */

import { type Depacketizer, emptyPayloadInfo, encodingOf, type PayloadCodec, payloadFormat } from '../rtp/index.ts'

/** Milliseconds between two that are asked for, at least. */
const INTERVAL = 300
/** Who sends FIR commands, at most: each counts its own. */
const MOST_COMMANDERS = 8
const NO_PARAMETERS: ReadonlyMap<string, string> = new Map()

export class KeyFrameGate {
  readonly #ask: () => void
  readonly #info = emptyPayloadInfo()
  #askedAt = Number.NEGATIVE_INFINITY
  #codec: PayloadCodec | undefined
  #depacketizer: Depacketizer | undefined
  readonly #commands: { readonly from: number; number: number }[] = []

  constructor(ask: () => void) {
    this.#ask = ask
  }

  /** A key frame is wanted: the source is asked, unless it just was. */
  request(now: number): void {
    if (now - this.#askedAt < INTERVAL) return
    this.#askedAt = now
    this.#ask()
  }

  /** Whether a FIR command is another than the last of who sends it: one that is repeated has its number (RFC 5104, 4.3.1.1). */
  isNew(from: number, sequenceNumber: number): boolean {
    const last = this.#commands.find(command => command.from === from)
    if (last?.number === sequenceNumber) return false
    if (last !== undefined) {
      last.number = sequenceNumber
      return true
    }
    if (this.#commands.length === MOST_COMMANDERS) this.#commands.shift()
    this.#commands.push({ from, number: sequenceNumber })
    return true
  }

  /** Whether a frame that needs no other begins with this payload; a format that is not known is not held back. */
  opens(codec: PayloadCodec, bytes: Uint8Array, start: number, end: number): boolean {
    if (this.#codec !== codec) {
      this.#codec = codec
      this.#depacketizer = payloadFormat(encodingOf(codec))?.createDepacketizer(NO_PARAMETERS)
    }
    if (this.#depacketizer === undefined) return true
    const info = this.#info
    return this.#depacketizer.describe(bytes, start, end, info) && info.keyFrame && info.begins
  }
}
