/**
 * The way in through the record layer (RFC 6347, 4.1): takes datagrams apart into records, opens them, and hands on
 * their content. What cannot be read yet is kept within a bound; what is bad is dropped and counted.
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

/** Takes the content of the record of that number, `bytes[start, end)`: borrowed. */
export type ContentSink = (
  type: number,
  epoch: number,
  sequence: number,
  bytes: Uint8Array,
  start: number,
  end: number,
) => void

export class RecordLayer {
  readonly #counters: DtlsCounters
  readonly #sink: ContentSink
  readonly #early = new EarlyRecords()
  #opener: RecordOpener | undefined
  #plaintext = true
  #dataWanted = false
  /** Whether early records may be readable now. */
  #due = false
  #stopped = false

  constructor(counters: DtlsCounters, sink: ContentSink) {
    this.#counters = counters
    this.#sink = sink
  }

  /** Whether `takeEarly` has something to do. */
  get due(): boolean {
    return this.#due
  }

  /** There are keys for the peer's next epoch. */
  openWith(opener: RecordOpener): void {
    this.#opener = opener
    this.#due = this.#early.length > 0
  }

  /** The handshake is over: what comes without protection is not believed any more. */
  refusePlaintext(): void {
    this.#plaintext = false
  }

  /** There is somebody to take application data; until now it was kept. */
  wantData(): void {
    this.#dataWanted = true
    this.#due = this.#early.length > 0
  }

  /** Nothing is handed on any more, not even the rest of the datagram that is being taken apart. */
  stop(): void {
    this.#stopped = true
    this.#early.take()
    this.#due = false
  }

  /** A datagram: borrowed, and decrypted in place. */
  receive(datagram: Uint8Array): void {
    if (this.#due) this.takeEarly()
    let at = 0
    while (at < datagram.length && !this.#stopped) at = this.#record(datagram, at)
    if (this.#due) this.takeEarly()
  }

  /** Takes the records that came too early once more, in their order. */
  takeEarly(): void {
    this.#due = false
    for (const record of this.#early.take()) {
      if (!this.#stopped) this.#record(record, 0)
    }
  }

  /** Takes the record at `at`. Returns where the next one begins. */
  #record(datagram: Uint8Array, at: number): number {
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
    if (
      type < ContentType.changeCipherSpec ||
      type > ContentType.applicationData ||
      (version !== Version.dtls12 && version !== Version.dtls10) ||
      length > MAX_PLAINTEXT + MAX_EXPANSION
    ) {
      counters.droppedMalformed++
      return end
    }
    const opener = this.#opener
    if (opener !== undefined && epoch === opener.epoch) {
      if (type === ContentType.applicationData && !this.#dataWanted) {
        this.#keep(datagram, at, end)
        return end
      }
      const contentEnd = opener.open(datagram, at, end)
      if (contentEnd >= 0) this.#sink(opener.type, epoch, opener.sequence, datagram, opener.start, contentEnd)
      else if (contentEnd === FORGED) counters.droppedForged++
      else counters.droppedReplayed++
    } else if (epoch === 0 && this.#plaintext) {
      this.#sink(type, epoch, recordSequence(datagram, at), datagram, fragment, end)
    } else if (epoch === 1 && opener === undefined) {
      this.#keep(datagram, at, end)
    } else {
      counters.droppedEpoch++
    }
    return end
  }

  #keep(datagram: Uint8Array, at: number, end: number): void {
    if (!this.#early.keep(datagram, at, end)) this.#counters.droppedEarly++
  }
}
