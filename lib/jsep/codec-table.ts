/**
 * Payload types and extension ids that hold throughout a session: what was once said means the same for ever (RFC 3264, 8.3.2;
 * RFC 8285, 6), and in a BUNDLE group everywhere (RFC 9143, 9.1). What is new gets what nobody has.
 */

import {
  AUDIO_LEVEL_URI,
  COLOR_SPACE_URI,
  encodingOf,
  isSameCodec,
  MID_URI,
  type PayloadCodec,
  PLAYOUT_DELAY_URI,
  REPAIRED_STREAM_ID_URI,
  referencesOf,
  SEND_TIME_URI,
  STREAM_ID_URI,
  TRANSMISSION_OFFSET_URI,
  TRANSPORT_SEQUENCE_NUMBER_URI,
  VIDEO_CONTENT_TYPE_URI,
  VIDEO_ORIENTATION_URI,
  VIDEO_TIMING_URI,
} from '../rtp/index.ts'
import { extensionKey, type MediaSection } from './media-section.ts'

/** Dynamic payload types (RFC 3551, 3; RFC 5761, 4; RFC 8834): first the upper range, then the lower. */
const DYNAMIC = [...range(96, 127), ...range(35, 63)]
/** First those that no other has as a rule. */
const ONE_BYTE_IDS = [9, 12, ...range(1, 8), 10, 11, 13, 14]
/** 15 means something else in the one-byte form (RFC 8285, 4.2). */
const TWO_BYTE_IDS = range(16, 255)

/**
 * The ids that Chromium offers (156). It refuses an offer that crosses its own and gives one of them another meaning, even where
 * its own gives way.
 */
const USUAL_IDS: ReadonlyMap<string, number> = new Map([
  [AUDIO_LEVEL_URI, 1],
  [SEND_TIME_URI, 2],
  [TRANSPORT_SEQUENCE_NUMBER_URI, 3],
  [MID_URI, 4],
  [PLAYOUT_DELAY_URI, 5],
  [VIDEO_CONTENT_TYPE_URI, 6],
  [VIDEO_TIMING_URI, 7],
  [COLOR_SPACE_URI, 8],
  [STREAM_ID_URI, 10],
  [REPAIRED_STREAM_ID_URI, 11],
  [VIDEO_ORIENTATION_URI, 13],
  [TRANSMISSION_OFFSET_URI, 14],
])

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index)
}

/** What either side has said so far, in any m-section. */
export class CodecTable {
  /** By payload type, what was said last that it stands for. */
  readonly codecs = new Map<number, PayloadCodec>()
  /** By `extensionKey`. An id is of one extension, the one that had it last. */
  readonly extensions = new Map<string, number>()
  readonly #keys = new Map<number, string>()
  /**
   * Whether ids above 14 may be given: the peer has given such. Firefox refuses the whole description otherwise, though it says
   * extmap-allow-mixed.
   */
  hasLargeIds = false

  /** Takes what an m-section of either side says. */
  learn({ codecs, extensions }: MediaSection): void {
    for (const codec of codecs) this.codecs.set(codec.payloadType, codec)
    for (const { uri, id, encrypted } of extensions) this.learnExtension(extensionKey(uri, encrypted), id)
  }

  learnExtension(key: string, id: number): void {
    this.hasLargeIds ||= id > 14
    const other = this.#keys.get(id)
    if (other !== undefined && other !== key) this.extensions.delete(other)
    const before = this.extensions.get(key)
    if (before !== undefined) this.#keys.delete(before)
    this.extensions.set(key, id)
    this.#keys.set(id, key)
  }

  hasId(id: number): boolean {
    return this.#keys.has(id)
  }
}

/** The numbers of one offer that is being made: all of its m-sections are to share a transport. */
export class OfferedNumbers {
  readonly #table: CodecTable
  /** What payload types stand for in this offer. */
  readonly #taken = new Map<number, PayloadCodec>()
  readonly #ids = new Map<string, number>()
  readonly #takenIds = new Set<number>()

  /** @param standing The m-sections of ours that go on: what they have they keep, the first one where two have the same number. */
  constructor(table: CodecTable, standing: readonly MediaSection[]) {
    this.#table = table
    for (const { codecs, extensions } of standing) {
      for (const codec of codecs) if (!this.#taken.has(codec.payloadType)) this.#taken.set(codec.payloadType, codec)
      for (const { uri, id, encrypted } of extensions) {
        const key = extensionKey(uri, encrypted)
        if (this.#ids.has(key) || this.#takenIds.has(id)) continue
        this.#ids.set(key, id)
        this.#takenIds.add(id)
      }
    }
  }

  /**
   * Gives payload types to codecs of ours: those that stand for them in `section` already, else what we prefer where it is
   * free. What refers to others (`apt`, RED's list) refers to their numbers here.
   */
  assign(own: readonly PayloadCodec[], section: MediaSection | undefined): PayloadCodec[] {
    const types = new Map<number, number>()
    const assigned = new Map<PayloadCodec, PayloadCodec>()
    // Of this m-section: no number twice.
    const used = new Set<number>()
    for (const referring of [false, true]) {
      for (const codec of own) {
        const references = referencesOf(codec) ?? []
        if (references.length > 0 !== referring) continue
        const mapped = references.map(type => types.get(type))
        if (mapped.some(type => type === undefined)) continue
        const given = withReferences(codec, mapped as number[])
        const payloadType = this.#typeFor(given, section, used)
        if (payloadType === undefined) continue
        used.add(payloadType)
        types.set(codec.payloadType, payloadType)
        const made = { ...given, payloadType }
        this.#taken.set(payloadType, made)
        assigned.set(codec, made)
      }
    }
    return own.flatMap(codec => assigned.get(codec) ?? [])
  }

  #typeFor(codec: PayloadCodec, section: MediaSection | undefined, used: ReadonlySet<number>): number | undefined {
    const { codecs } = this.#table
    const fits = (payloadType: number): boolean => {
      const holder = this.#taken.get(payloadType)
      return !used.has(payloadType) && (holder === undefined || isOne(holder, codec))
    }
    const isNew = (payloadType: number): boolean => fits(payloadType) && !codecs.has(payloadType)
    const standing = section?.codecs.find(each => isOne(each, codec) && fits(each.payloadType))
    if (standing !== undefined) return standing.payloadType
    for (const list of [this.#taken, codecs]) {
      for (const [payloadType, each] of list) if (isOne(each, codec) && fits(payloadType)) return payloadType
    }
    if (isNew(codec.payloadType)) return codec.payloadType
    return DYNAMIC.find(isNew) ?? DYNAMIC.find(payloadType => fits(payloadType) && !this.#taken.has(payloadType))
  }

  /** The id of an extension, by its `extensionKey`; undefined where there is none left. */
  idOf(key: string): number | undefined {
    const id = this.#ids.get(key) ?? this.#freshId(key)
    if (id === undefined) return undefined
    this.#ids.set(key, id)
    this.#takenIds.add(id)
    return id
  }

  #freshId(key: string): number | undefined {
    const known = this.#table.extensions.get(key)
    if (known !== undefined && !this.#takenIds.has(known)) return known
    const usual = USUAL_IDS.get(key) ?? []
    const ids = [usual, ONE_BYTE_IDS, this.#table.hasLargeIds ? TWO_BYTE_IDS : []].flat()
    return ids.find(id => !this.#takenIds.has(id) && !this.#table.hasId(id))
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
