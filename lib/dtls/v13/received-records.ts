/**
 * What we acknowledge, and when (RFC 9147, 7 and 7.1): the records with messages of the peer's current flight that have
 * come.
 *
 * A flight that a flight of ours answers needs no ACK. If its rest does not follow soon, an ACK asks for it. A flight that
 * nothing answers is acknowledged at once, and again whenever a part of it is repeated.
 */

import { Timer } from '../../machine/index.ts'
import { ACK_HEADER, RECORD_NUMBER, type RecordNumber } from './acknowledgement.ts'

/** How many records one ACK names at most: the latest. The peer sends more than those in no one flight. */
export const MAX_ACKNOWLEDGED = 64
/** How much of the retransmission timeout passes until the rest of a flight is asked for (RFC 9147, 7.1). */
const PATIENCE = 1 / 4

export class ReceivedRecords {
  /** Runs while a flight has come in part. */
  readonly timer = new Timer()
  #records: RecordNumber[] = []
  #incomplete = false
  #due = false

  /** Whether `settle` has something to do. */
  get unsettled(): boolean {
    return this.#incomplete || this.#due
  }

  /** A record of the current flight has come, all of whose fragments are kept. */
  add(epoch: number, sequence: number): void {
    if (this.#records.length >= MAX_ACKNOWLEDGED) this.#records.shift()
    this.#records.push({ epoch, sequence })
    this.#incomplete = true
  }

  /** A record has come that cannot be read yet: it is not acknowledged, but what makes it readable was overtaken or lost. */
  addUnread(): void {
    this.#incomplete = true
  }

  /** A record has come that repeats what was acknowledged before: that ACK was lost. */
  addRepeated(epoch: number, sequence: number): void {
    this.add(epoch, sequence)
    this.#due = true
  }

  /** The flight is whole, and no flight of ours answers it. */
  acknowledge(): void {
    this.#due = true
  }

  /** The flight is whole, and what is sent now says so; or all is over. */
  clear(): void {
    this.#records = []
    this.#incomplete = false
    this.#due = false
    this.timer.stop()
  }

  /** A datagram has been taken. Returns whether an ACK must be sent now; else it may be due later. */
  settle(timeout: number, now: number): boolean {
    if (this.#due) return true
    if (!this.timer.running) this.timer.set(now + PATIENCE * timeout)
    this.#incomplete = false
    return false
  }

  /**
   * What to say in an ACK, in the order of the protocol.
   * @param room Bytes that the ACK may have.
   * @param epoch None of a later one is named.
   */
  take(room: number, epoch: number): readonly RecordNumber[] {
    const known = this.#records.filter(record => record.epoch <= epoch)
    const count = Math.max(0, Math.floor((room - ACK_HEADER) / RECORD_NUMBER))
    const records = known.slice(Math.max(0, known.length - count))
    if (this.#due) this.clear()
    return records.sort((a, b) => a.epoch - b.epoch || a.sequence - b.sequence)
  }
}
