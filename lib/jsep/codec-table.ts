/**
 * Payload types and extension ids that hold throughout a session: what was once said means the same for ever (RFC 3264, 8.3.2;
 * RFC 8285, 6), and in a BUNDLE group everywhere (RFC 9143, 9.1). What is new gets what nobody has.
 */

import { encodingOf, isSameCodec, type PayloadCodec, referencesOf } from '../rtp/index.ts'
import type { MediaSection } from './media-section.ts'

/** Dynamic payload types (RFC 3551, 3; RFC 5761, 4; RFC 8834): first the upper range, then the lower. */
const DYNAMIC = [...range(96, 127), ...range(35, 63)]
const ONE_BYTE_IDS = range(1, 14)
/** 15 means something else in the one-byte form (RFC 8285, 4.2). */
const TWO_BYTE_IDS = range(16, 255)

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index)
}

export class CodecTable {
  /** By payload type, what it stands for in the session. */
  readonly #codecs = new Map<number, PayloadCodec>()
  readonly #extensions = new Map<string, number>()

  /** Takes what an m-section of either side says. */
  learn({ codecs, extensions }: MediaSection): void {
    for (const codec of codecs) if (!this.#codecs.has(codec.payloadType)) this.#codecs.set(codec.payloadType, codec)
    for (const { uri, id } of extensions) if (!this.#extensions.has(uri)) this.#extensions.set(uri, id)
  }

  /**
   * Gives payload types to codecs of ours: those that stand for them in `section` already, else what we prefer where it is
   * free. What refers to others (`apt`, RED's list) refers to their numbers here.
   */
  assign(own: readonly PayloadCodec[], section: MediaSection | undefined): PayloadCodec[] {
    const types = new Map<number, number>()
    const assigned = new Map<PayloadCodec, PayloadCodec>()
    for (const referring of [false, true]) {
      for (const codec of own) {
        const references = referencesOf(codec) ?? []
        if (references.length > 0 !== referring) continue
        const mapped = references.map(type => types.get(type))
        if (mapped.some(type => type === undefined)) continue
        const given = withReferences(codec, mapped as number[])
        const payloadType = this.#typeFor(given, section)
        if (payloadType === undefined) continue
        types.set(codec.payloadType, payloadType)
        const made = { ...given, payloadType }
        this.#codecs.set(payloadType, made)
        assigned.set(codec, made)
      }
    }
    return own.flatMap(codec => assigned.get(codec) ?? [])
  }

  #typeFor(codec: PayloadCodec, section: MediaSection | undefined): number | undefined {
    const standing = section?.codecs.find(each => isOne(each, codec))?.payloadType
    if (standing !== undefined) return standing
    for (const [payloadType, each] of this.#codecs) if (isOne(each, codec)) return payloadType
    if (!this.#codecs.has(codec.payloadType)) return codec.payloadType
    return DYNAMIC.find(payloadType => !this.#codecs.has(payloadType))
  }

  /** The id of an extension; undefined where there is none left. */
  idOf(uri: string, mixed: boolean): number | undefined {
    const known = this.#extensions.get(uri)
    if (known !== undefined) return known
    const taken = new Set(this.#extensions.values())
    const id = [...ONE_BYTE_IDS, ...(mixed ? TWO_BYTE_IDS : [])].find(each => !taken.has(each))
    if (id !== undefined) this.#extensions.set(uri, id)
    return id
  }
}

/** The same codec of the same medium, with the same references. */
const isOne = (a: PayloadCodec, b: PayloadCodec): boolean => {
  if (!isSameCodec(a, b)) return false
  const first = referencesOf(a) ?? []
  const second = referencesOf(b) ?? []
  return first.length === second.length && first.every((type, index) => type === second[index])
}

const withReferences = (codec: PayloadCodec, types: readonly number[]): PayloadCodec => {
  if (types.length === 0) return codec
  return { ...codec, sdpFmtpLine: encodingOf(codec) === 'RTX' ? `apt=${types[0]}` : types.join('/') }
}
