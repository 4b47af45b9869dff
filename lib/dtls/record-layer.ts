/**
 * The way in through the record layer (RFC 6347, 4.1; RFC 9147, 4): takes datagrams apart into records, opens them, and
 * hands on their content. What cannot be read yet is kept within a bound; what is bad is dropped and counted.
 *
 * Of the epochs that a connection goes through the latest four can be read, one for each value of the two bits that a
 * unified header has for them, the newer ones in place of the older. Earlier ones end some minutes after the peer has
 * shown that it uses the next.
 */

import { EarlyRecords } from './early-records.ts'
import type { DtlsCounters } from './options.ts'
import {
  ContentType,
  FORGED,
  MAX_EXPANSION,
  MAX_PLAINTEXT,
  RECORD_HEADER,
  type RecordOpener,
  recordSequence,
  Version,
} from './record.ts'
import { epochBits, isUnified, unifiedRecordEnd } from './v13/unified-header.ts'

/**
 * How many records that fail authentication one key stands (RFC 9147, 4.5.3). At half of them the peer is asked for
 * another.
 */
export const FORGERY_LIMIT = 2 ** 36
/**
 * After how many of them the rest of a datagram is not looked at: the peer sends none, and each that anybody packs into
 * one costs as much as a datagram.
 */
export const FORGERIES_PER_DATAGRAM = 4
/** Milliseconds for which an epoch can still be read after its successor came into use (RFC 9147, 4.2.1; RFC 793, 3.3). */
const RETENTION = 120_000
/** The same of the handshake's epoch: the peer may repeat its last flight for that long (RFC 9147, 5.8.1). */
const HANDSHAKE_RETENTION = 2 * RETENTION
/** The epoch of the one set of keys in DTLS 1.2; DTLS 1.3 would use it for early data alone, which is never agreed on. */
const EPOCH_12 = 1
/** The epoch of the handshake's keys in DTLS 1.3, and that of the first ones for data (RFC 9147, 6.1). */
export const HANDSHAKE_EPOCH = 2
export const DATA_EPOCH = 3

export interface RecordSink {
  /** Takes the content of the record of that number, `bytes[start, end)`: borrowed. */
  content(type: number, epoch: number, sequence: number, bytes: Uint8Array, start: number, end: number): void
  /** A record has come ahead of its keys. `isUnified`: as only a peer sends it that has chosen DTLS 1.3. */
  early(isUnified: boolean): void
  /**
   * So many forged records came that the key should be replaced, or that it cannot be trusted any more.
   * @param limit Whether the limit is reached; else half of it.
   */
  forgeries(limit: boolean): void
}

interface Reader {
  readonly opener: RecordOpener
  forgeries: number
  /** Monotonic milliseconds. */
  expiry: number
}

export class RecordLayer {
  readonly #counters: DtlsCounters
  readonly #sink: RecordSink
  readonly #forgeryLimit: number
  /** Records that nothing opens yet. */
  readonly #sealed = new EarlyRecords()
  /** Application data that is open, and waits for who takes it. */
  readonly #data = new EarlyRecords()
  /** By the low bits of their epoch. */
  readonly #readers: (Reader | undefined)[] = [undefined, undefined, undefined, undefined]
  #newest = 0
  /** Whether nothing of the newest epoch has come yet. */
  #unconfirmed = false
  /** When the first of the earlier epochs ends. */
  #nextExpiry = Number.POSITIVE_INFINITY
  #plaintext = true
  #dataWanted = false
  /** Whether early records may be of use now. */
  #due = false
  #stopped = false
  #now = 0

  constructor(counters: DtlsCounters, sink: RecordSink, forgeryLimit = FORGERY_LIMIT) {
    this.#counters = counters
    this.#sink = sink
    this.#forgeryLimit = forgeryLimit
  }

  /** Whether `takeEarly` has something to do. */
  get due(): boolean {
    return this.#due
  }

  /** The latest epoch that can be read; 0 where none is protected yet. */
  get epoch(): number {
    return this.#newest
  }

  /** There are keys for the peer's next epoch. */
  openWith(opener: RecordOpener): void {
    this.#readers[epochBits(opener.epoch)] = { opener, forgeries: 0, expiry: Number.POSITIVE_INFINITY }
    this.#newest = Math.max(this.#newest, opener.epoch)
    this.#unconfirmed = true
    if (this.#sealed.length > 0) this.#due = true
  }

  /** The handshake is over: what comes without protection is not believed any more. */
  refusePlaintext(): void {
    this.#plaintext = false
  }

  /** There is somebody to take application data; until now it was kept. */
  wantData(): void {
    this.#dataWanted = true
    if (this.#data.length > 0) this.#due = true
  }

  /** Nothing is handed on any more, not even the rest of the datagram that is being taken apart. */
  stop(): void {
    this.#stopped = true
    this.#sealed.take()
    this.#data.take()
    this.#readers.fill(undefined)
    this.#due = false
  }

  /** A datagram: borrowed, and decrypted in place. */
  receive(datagram: Uint8Array, now: number): void {
    this.#now = now
    if (now >= this.#nextExpiry) this.#expire(now)
    if (this.#due) this.takeEarly()
    const counters = this.#counters
    const patience = counters.droppedForged + FORGERIES_PER_DATAGRAM
    let at = 0
    while (at < datagram.length && !this.#stopped && counters.droppedForged < patience) {
      at = isUnified(datagram[at]!) ? this.#unified(datagram, at) : this.#plain(datagram, at)
    }
    if (this.#due) this.takeEarly()
  }

  /** Takes what came too early once more, in its order. */
  takeEarly(): void {
    this.#due = false
    for (const { bytes } of this.#sealed.take()) {
      if (this.#stopped) return
      if (isUnified(bytes[0]!)) this.#unified(bytes, 0)
      else this.#plain(bytes, 0)
    }
    if (!this.#dataWanted) return
    for (const { bytes, epoch, sequence } of this.#data.take()) {
      if (!this.#stopped) this.#sink.content(ContentType.applicationData, epoch, sequence, bytes, 0, bytes.length)
    }
  }

  /** Takes the record at `at`, which has the header of DTLSPlaintext. Returns where the next one begins. */
  #plain(datagram: Uint8Array, at: number): number {
    const counters = this.#counters
    const fragment = at + RECORD_HEADER
    const type = datagram[at]!
    const version = (datagram[at + 1]! << 8) | datagram[at + 2]!
    const epoch = (datagram[at + 3]! << 8) | datagram[at + 4]!
    const length = (datagram[at + 11]! << 8) | datagram[at + 12]!
    const end = fragment + length
    if (fragment > datagram.length || end > datagram.length) {
      counters.droppedMalformed++
      return datagram.length
    }
    const known = type >= ContentType.changeCipherSpec && type <= ContentType.applicationData
    if (
      (!known && (type !== ContentType.ack || epoch > 0)) ||
      !this.#isVersion(version) ||
      length > MAX_PLAINTEXT + MAX_EXPANSION
    ) {
      counters.droppedMalformed++
      return end
    }
    const reader = this.#readers[EPOCH_12]
    if (epoch === EPOCH_12 && reader?.opener.epoch === EPOCH_12) {
      this.#open(reader, datagram, at, end)
    } else if (epoch === 0 && this.#plaintext) {
      this.#sink.content(type, epoch, recordSequence(datagram, at), datagram, fragment, end)
    } else if (epoch === EPOCH_12 && this.#newest === 0) {
      this.#keep(datagram, at, end)
    } else {
      counters.droppedEpoch++
    }
    return end
  }

  /** Takes the record at `at`, which has a unified header. Returns where the next one begins. */
  #unified(datagram: Uint8Array, at: number): number {
    const end = unifiedRecordEnd(datagram, at)
    if (end < 0 || this.#newest === EPOCH_12) {
      this.#counters.droppedMalformed++
      return end < 0 ? datagram.length : end
    }
    const bits = epochBits(datagram[at]!)
    const reader = this.#readers[bits]
    if (reader !== undefined) this.#open(reader, datagram, at, end)
    else if (this.#plaintext && (bits === HANDSHAKE_EPOCH || bits === DATA_EPOCH)) this.#keep(datagram, at, end)
    else this.#counters.droppedEpoch++
    return end
  }

  /**
   * Whether a record may carry that version. Hellos have any of DTLS (RFC 5246, E.1); where DTLS 1.3 is agreed on it means
   * nothing (RFC 9147, 4).
   */
  #isVersion(version: number): boolean {
    if (this.#newest === EPOCH_12) return version === Version.dtls12 || version === Version.dtls10
    return this.#newest > EPOCH_12 || version >>> 8 === Version.dtls12 >>> 8
  }

  #open(reader: Reader, datagram: Uint8Array, at: number, end: number): void {
    const { opener } = reader
    const contentEnd = opener.open(datagram, at, end)
    if (contentEnd < 0) {
      if (contentEnd === FORGED) this.#forged(reader)
      else this.#counters.droppedReplayed++
      return
    }
    const { type, epoch, sequence, start } = opener
    if (this.#unconfirmed && epoch === this.#newest && !this.#plaintext) this.#confirm()
    if (type === ContentType.applicationData && !this.#dataWanted && epoch !== HANDSHAKE_EPOCH) {
      if (!this.#data.keep(datagram, start, contentEnd, epoch, sequence)) this.#counters.droppedEarly++
    } else {
      this.#sink.content(type, epoch, sequence, datagram, start, contentEnd)
    }
  }

  #forged(reader: Reader): void {
    this.#counters.droppedForged++
    const limit = this.#forgeryLimit
    reader.forgeries++
    // An earlier key may go, and needs no other in its place; without the newest nothing is left to read by.
    if (reader.opener.epoch < this.#newest) {
      if (reader.forgeries >= limit) this.#readers[epochBits(reader.opener.epoch)] = undefined
    } else if (reader.forgeries >= limit / 2) {
      this.#sink.forgeries(reader.forgeries >= limit)
    }
  }

  /** The peer uses the newest epoch: from now on the earlier ones last only as long as records may be under way. */
  #confirm(): void {
    this.#unconfirmed = false
    for (const reader of this.#readers) {
      if (reader === undefined || reader.opener.epoch === this.#newest) continue
      const retention = reader.opener.epoch === HANDSHAKE_EPOCH ? HANDSHAKE_RETENTION : RETENTION
      reader.expiry = Math.min(reader.expiry, this.#now + retention)
      this.#nextExpiry = Math.min(this.#nextExpiry, reader.expiry)
    }
  }

  #expire(now: number): void {
    this.#nextExpiry = Number.POSITIVE_INFINITY
    for (const [bits, reader] of this.#readers.entries()) {
      if (reader === undefined) continue
      if (reader.expiry <= now) this.#readers[bits] = undefined
      else this.#nextExpiry = Math.min(this.#nextExpiry, reader.expiry)
    }
  }

  #keep(datagram: Uint8Array, at: number, end: number): void {
    if (!this.#sealed.keep(datagram, at, end)) this.#counters.droppedEarly++
    this.#sink.early(isUnified(datagram[at]!))
  }
}
