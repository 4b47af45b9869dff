/** Which payload type what is to be sent gets (RFC 3264, 6.1: what the peer has said it takes), and that of its retransmissions. */

import { type Codec, encodingOf, formatParametersOf, isSameCodec, type PayloadCodec } from '../rtp/index.ts'

/** Not media themselves. */
const REPAIR = new Set(['RTX', 'RED', 'ULPFEC', 'FLEXFEC-03', 'TELEPHONE-EVENT', 'CN'])

export class OutgoingCodecs {
  readonly media: readonly PayloadCodec[]
  readonly #codecs: readonly PayloadCodec[]
  readonly #retransmissions: (number | undefined)[] = []
  readonly #answers: readonly boolean[]
  #lastMimeType = ''
  #lastFmtp: string | undefined
  #last: PayloadCodec | undefined

  constructor(codecs: readonly PayloadCodec[]) {
    this.#codecs = codecs
    this.media = codecs.filter(codec => !REPAIR.has(encodingOf(codec)))
    const answers: boolean[] = []
    for (const { payloadType, feedback } of this.media) {
      answers[payloadType] = feedback.some(({ type, parameter }) => type === 'nack' && parameter === undefined)
    }
    this.#answers = answers
    for (const codec of codecs) {
      if (encodingOf(codec) !== 'RTX') continue
      const apt = Number(formatParametersOf(codec).get('apt'))
      if (apt >= 0 && apt < 128) this.#retransmissions[apt] = codec.payloadType
    }
  }

  /** Whether the peer may ask for packets of a payload type again (RFC 4585, 4.2). */
  answersNack(payloadType: number): boolean {
    return this.#answers[payloadType] === true
  }

  /** The payload type of the retransmissions of one; undefined where none was agreed on. */
  retransmissionOf(payloadType: number): number | undefined {
    return this.#retransmissions[payloadType]
  }

  /** What carries such media; undefined where the peer takes none of it. The one before is remembered. */
  find(mimeType: string, clockRate: number, sdpFmtpLine: string | undefined): PayloadCodec | undefined {
    if (mimeType === this.#lastMimeType && sdpFmtpLine === this.#lastFmtp) return this.#last
    this.#lastMimeType = mimeType
    this.#lastFmtp = sdpFmtpLine
    this.#last = this.#search(mimeType, clockRate, sdpFmtpLine)
    return this.#last
  }

  #search(mimeType: string, clockRate: number, sdpFmtpLine: string | undefined): PayloadCodec | undefined {
    const wanted = mimeType.toLowerCase()
    const named = this.media.filter(codec => codec.mimeType.toLowerCase() === wanted)
    const like: Codec = { mimeType, clockRate, ...(sdpFmtpLine !== undefined && { sdpFmtpLine }) }
    const same = named.find(codec =>
      isSameCodec({ ...like, ...(codec.channels && { channels: codec.channels }) }, codec),
    )
    // Who does not say which profile it is has the first.
    return same ?? (sdpFmtpLine === undefined ? named[0] : undefined)
  }

  /** One that is no media by itself, as `TELEPHONE-EVENT`, by its clock. */
  other(encoding: string, clockRate: number): PayloadCodec | undefined {
    return this.#codecs.find(codec => encodingOf(codec) === encoding && codec.clockRate === clockRate)
  }
}
