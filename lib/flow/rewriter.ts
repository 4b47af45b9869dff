/**
 * Joins the packets of one source after another to one stream (RFC 3550, 5.1): numbers go on without a gap, time as it
 * passes. Of one source, a loss stays a gap and what was out of order gets the number that is its own.
 */

import { add16, add32, diff16 } from '../bytes/index.ts'

export class Rewriter {
  #source: object | undefined
  #sequenceOffset = 0
  #timestampOffset = 0
  /** Of the source: its first packet's. */
  #first = 0
  #begun = false
  /** Of the stream: the newest. */
  #lastSequence: number
  #lastTimestamp: number
  #lastAt = 0
  /** What `place` found. */
  sequenceNumber = 0
  timestamp = 0

  /** @param initialSequence 16 random bits; below 2^15, so that no loss at the wrap comes early (RFC 3711, 3.3.1). */
  constructor(initialSequence: number, initialTimestamp: number) {
    this.#lastSequence = (initialSequence & 0x7fff) - 1
    this.#lastTimestamp = initialTimestamp
  }

  isFrom(source: object): boolean {
    return this.#source === source
  }

  /** Goes on with another source, whose first packet has this number and time. */
  join(source: object, sequenceNumber: number, timestamp: number, clockRate: number, now: number): void {
    this.#source = source
    this.#first = sequenceNumber
    this.#sequenceOffset = add16(this.#lastSequence, 1) - sequenceNumber
    const elapsed = this.#begun ? Math.max(1, Math.round(((now - this.#lastAt) * clockRate) / 1000)) : 0
    this.#timestampOffset = add32(this.#lastTimestamp, elapsed) - timestamp
  }

  /** Finds the place of a packet of the present source; false for one that has none: it is from before the source was joined. */
  place(sequenceNumber: number, timestamp: number, now: number): boolean {
    if (diff16(sequenceNumber, this.#first) < 0) return false
    this.sequenceNumber = (sequenceNumber + this.#sequenceOffset) & 0xffff
    this.timestamp = (timestamp + this.#timestampOffset) >>> 0
    if (!this.#begun || diff16(this.sequenceNumber, this.#lastSequence & 0xffff) > 0) {
      this.#lastSequence = this.sequenceNumber
      this.#first = diff16(sequenceNumber, this.#first) > 0x4000 ? (sequenceNumber - 0x2000) & 0xffff : this.#first
    }
    if (!this.#begun || ((this.timestamp - this.#lastTimestamp) | 0) > 0) {
      this.#lastTimestamp = this.timestamp
      this.#lastAt = now
    }
    this.#begun = true
    return true
  }

  /** A packet of the source that is not sent: those behind it move up, so that no gap shows. */
  leaveOut(sequenceNumber: number): void {
    if (diff16((sequenceNumber + this.#sequenceOffset) & 0xffff, this.#lastSequence & 0xffff) > 0)
      this.#sequenceOffset--
  }

  /** The number of the next packet that is cut here from a frame of the present source. */
  next(): number {
    this.#lastSequence = add16(this.#lastSequence, 1)
    return this.#lastSequence
  }

  /** The time of a frame of the present source. */
  stamp(timestamp: number, now: number): number {
    const stamped = (timestamp + this.#timestampOffset) >>> 0
    this.#begun = true
    this.#lastTimestamp = stamped
    this.#lastAt = now
    return stamped
  }
}
