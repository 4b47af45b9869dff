/**
 * What each payload type of an m-section carries: media, retransmissions of it (RFC 4588), audio that is sent more than once
 * (RFC 2198), or what goes along with audio in the same stream (RFC 4733, RFC 3389).
 */

import {
  type Depacketizer,
  encodingOf,
  formatParametersOf,
  type PayloadCodec,
  payloadFormat,
  readPayloadTypes,
} from '../rtp/index.ts'

export type FormatRole = 'media' | 'retransmission' | 'redundancy' | 'event'

export interface IncomingFormat {
  readonly codec: PayloadCodec
  readonly role: FormatRole
  /** Retransmissions: the payload type of the original. Redundancy: that of its first block. Else its own. */
  readonly payloadType: number
  /** What makes frames of it; undefined where nobody here can. One for each stream: it may have state. */
  createDepacketizer(): Depacketizer | undefined
}

const ROLES: ReadonlyMap<string, FormatRole> = new Map([
  ['RTX', 'retransmission'],
  ['RED', 'redundancy'],
  ['TELEPHONE-EVENT', 'event'],
])

const formatOf = (codec: PayloadCodec): IncomingFormat | undefined => {
  const encoding = encodingOf(codec)
  const role = ROLES.get(encoding) ?? 'media'
  let { payloadType } = codec
  if (role === 'retransmission') payloadType = Number(formatParametersOf(codec).get('apt') ?? Number.NaN)
  // Without a list, nothing is known of what is in it: it is told when it comes.
  if (role === 'redundancy') payloadType = readPayloadTypes(codec.sdpFmtpLine ?? '')?.[0] ?? payloadType
  if (!(payloadType >= 0 && payloadType < 128)) return undefined
  return {
    codec,
    role,
    payloadType,
    createDepacketizer: () => payloadFormat(encoding)?.createDepacketizer(formatParametersOf(codec)),
  }
}

export class IncomingFormats {
  readonly #formats: (IncomingFormat | undefined)[] = []

  constructor(codecs: readonly PayloadCodec[]) {
    for (const codec of codecs) this.#formats[codec.payloadType] = formatOf(codec)
  }

  find(payloadType: number): IncomingFormat | undefined {
    return this.#formats[payloadType]
  }

  /** The media that such a packet belongs to: its own codec, or that which it repeats or goes along with. */
  mediaOf({ role, codec, payloadType }: IncomingFormat): PayloadCodec {
    if (role === 'media') return codec
    const named = role === 'event' ? undefined : this.#formats[payloadType]
    if (named !== undefined) return named.codec
    const beside = this.#formats.find(each => each?.role === 'media' && each.codec.clockRate === codec.clockRate)
    return beside?.codec ?? codec
  }
}
