/** Which payload type what is to be sent gets (RFC 3264, 6.1: what the peer has said it takes), and that of its retransmissions. */

import {
  type Codec,
  encodingOf,
  formatParametersOf,
  isSameCodec,
  type PayloadCodec,
  readPayloadTypes,
} from '../rtp/index.ts'

/** What is made here of media, and never handed in: redundant audio names payload types that are its source's. */
const REPAIR: ReadonlySet<string> = new Set(['RTX', 'RED', 'ULPFEC', 'FLEXFEC-03'])
/** What goes along with audio. */
const BESIDE: ReadonlySet<string> = new Set(['TELEPHONE-EVENT', 'CN'])

export class OutgoingCodecs {
  readonly media: readonly PayloadCodec[]
  readonly #codecs: readonly PayloadCodec[]
  /** What may be handed in. */
  readonly #sendable: readonly PayloadCodec[]
  readonly #retransmissions: (number | undefined)[] = []
  readonly #redundancies: (number | undefined)[] = []
  readonly #answers: readonly boolean[]
  #lastMimeType = ''
  #lastFmtp: string | undefined
  #lastClockRate = 0
  #last: PayloadCodec | undefined

  constructor(codecs: readonly PayloadCodec[]) {
    this.#codecs = codecs
    this.#sendable = codecs.filter(codec => !REPAIR.has(encodingOf(codec)))
    this.media = this.#sendable.filter(codec => !BESIDE.has(encodingOf(codec)))
    const answers: boolean[] = []
    for (const { payloadType, feedback } of this.media) {
      answers[payloadType] = feedback.some(({ type, parameter }) => type === 'nack' && parameter === undefined)
    }
    this.#answers = answers
    for (const codec of codecs) {
      const encoding = encodingOf(codec)
      if (encoding === 'RTX') {
        const apt = Number(formatParametersOf(codec).get('apt'))
        if (apt >= 0 && apt < 128) this.#retransmissions[apt] = codec.payloadType
      } else if (encoding === 'RED') {
        this.#addRedundancy(codec)
      }
    }
  }

  /** Redundant audio (RFC 2198) that the peer likes better than the plain. */
  #addRedundancy(codec: PayloadCodec): void {
    const primary = readPayloadTypes(codec.sdpFmtpLine ?? '')?.[0]
    const plain = this.#codecs.findIndex(({ payloadType }) => payloadType === primary)
    if (primary === undefined || plain < 0 || plain < this.#codecs.indexOf(codec)) return
    this.#redundancies[primary] = codec.payloadType
  }

  /** Whether the peer may ask for packets of a payload type again (RFC 4585, 4.2). */
  answersNack(payloadType: number): boolean {
    return this.#answers[payloadType] === true
  }

  /** The payload type of the retransmissions of one; undefined where none was agreed on. */
  retransmissionOf(payloadType: number): number | undefined {
    return this.#retransmissions[payloadType]
  }

  /** The payload type that carries audio of this one more than once; undefined where the peer does not prefer it. */
  redundancyOf(payloadType: number): number | undefined {
    return this.#redundancies[payloadType]
  }

  /** What carries such media; undefined where the peer takes none of it. The one before is remembered. */
  find(mimeType: string, clockRate: number, sdpFmtpLine: string | undefined): PayloadCodec | undefined {
    const isLast =
      mimeType === this.#lastMimeType && clockRate === this.#lastClockRate && sdpFmtpLine === this.#lastFmtp
    if (isLast) return this.#last
    this.#lastMimeType = mimeType
    this.#lastClockRate = clockRate
    this.#lastFmtp = sdpFmtpLine
    this.#last = this.#search(mimeType, clockRate, sdpFmtpLine)
    return this.#last
  }

  /** Of the first that has this name; of video where none has. */
  clockRateOf(mimeType: string): number {
    const wanted = mimeType.toLowerCase()
    return this.media.find(codec => codec.mimeType.toLowerCase() === wanted)?.clockRate ?? 90_000
  }

  #search(mimeType: string, clockRate: number, sdpFmtpLine: string | undefined): PayloadCodec | undefined {
    const wanted = mimeType.toLowerCase()
    const named = this.#sendable.filter(
      codec => codec.mimeType.toLowerCase() === wanted && codec.clockRate === clockRate,
    )
    const like: Codec = { mimeType, clockRate, ...(sdpFmtpLine !== undefined && { sdpFmtpLine }) }
    const same = named.find(codec =>
      isSameCodec({ ...like, ...(codec.channels && { channels: codec.channels }) }, codec),
    )
    // Who does not say which profile it is has the first.
    return same ?? (sdpFmtpLine === undefined ? named[0] : undefined)
  }

  /** What carries telephone events beside a codec, best with its clock (RFC 4733, 2.1); undefined where the peer takes none. */
  telephoneEvent(clockRate: number): PayloadCodec | undefined {
    const events = this.#codecs.filter(codec => encodingOf(codec) === 'TELEPHONE-EVENT')
    return events.find(codec => codec.clockRate === clockRate) ?? events[0]
  }
}
