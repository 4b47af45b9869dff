/**
 * Joins the packets of one source after another to one stream (RFC 3550, 5.1): numbers go on without a gap, time as it
 * passes. Of one source, a loss stays a gap and what was out of order gets the number that is its own.
 *
 * No number is ever given to two packets: under one key that would betray both (RFC 3711, 9.1). So it is remembered from
 * where on which offset holds, and a packet that comes late gets the one of its time.
 */

import { add32, diff16 } from '../bytes/index.ts'
import { SequenceWindow } from './sequence-window.ts'

const CYCLE = 0x1_0000
/** Changes of the offset that are remembered: what is late by more of them is not sent. */
const MOST_OFFSETS = 16
/** Farther apart, a source has begun anew (RFC 3550, A.1, MAX_DROPOUT). */
const MAX_JUMP = 3000
/** How far behind the newest number a gap is closed up: what is older nobody waits for. */
const LONGEST_GAP = 256

export class Rewriter {
  #source: object | undefined
  /** Hertz: of what was sent last. */
  #clockRate = 90_000
  #timestampOffset = 0
  /** Extended number of the source's newest packet. */
  #newest = 0
  /** From these numbers of the source on, in ascending order, these offsets hold. */
  readonly #starts = new Float64Array(MOST_OFFSETS)
  readonly #offsets = new Float64Array(MOST_OFFSETS)
  #count = 0
  /** Of the stream: the newest, extended. */
  #last: number
  #lastTimestamp: number
  #lastAt = 0
  #begun = false
  /** The first of the stream, extended. */
  readonly #first: number
  readonly #sent = new SequenceWindow()
  /** What `place` found. */
  sequenceNumber = 0
  timestamp = 0
  /** Whether that is ahead of all that were sent before. */
  isNewest = false

  /** @param initialSequence 16 random bits; below 2^15, so that no loss at the wrap comes early (RFC 3711, 3.3.1). */
  constructor(initialSequence: number, initialTimestamp: number) {
    this.#last = CYCLE + (initialSequence & 0x7fff) - 1
    this.#first = this.#last + 1
    this.#lastTimestamp = initialTimestamp >>> 0
  }

  /** Before the first source, the clock that the stream is to have. */
  expect(clockRate: number): void {
    if (!this.#begun) this.#clockRate = clockRate
  }

  /** Nothing was sent for a while: whatever comes next is joined, be it of the same source. */
  leave(): void {
    this.#source = undefined
  }

  isFrom(source: object): boolean {
    return this.#source === source
  }

  /** Goes on with another source, whose first packet has this number and time. */
  join(source: object, sequenceNumber: number, timestamp: number, clockRate: number, now: number): void {
    this.#source = source
    this.#clockRate = clockRate
    this.#begin(CYCLE + sequenceNumber, this.#last + 1, timestamp, now)
  }

  #begin(first: number, sequenceNumber: number, timestamp: number, now: number): void {
    this.#newest = first - 1
    this.#starts[0] = first
    this.#offsets[0] = sequenceNumber - first
    this.#count = 1
    const elapsed = this.#begun ? Math.max(1, Math.round(((now - this.#lastAt) * this.#clockRate) / 1000)) : 0
    this.#timestampOffset = add32(this.#lastTimestamp, elapsed) - timestamp
  }

  #extend(sequenceNumber: number): number {
    return this.#newest + diff16(sequenceNumber, this.#newest & 0xffff)
  }

  /**
   * Finds the place of a packet of the present source; false for one that has none: it is from before the source was joined,
   * or has been sent.
   */
  place(sequenceNumber: number, timestamp: number, now: number): boolean {
    let extended = this.#extend(sequenceNumber)
    if (Math.abs(extended - this.#newest) > MAX_JUMP) {
      // The source has begun anew, and nobody can tell what was lost: a gap of one number shows that something was.
      extended = CYCLE + sequenceNumber
      this.#begin(extended, this.#last + 2, timestamp, now)
    }
    let offset = this.#count - 1
    while (offset >= 0 && extended < this.#starts[offset]!) offset--
    if (offset < 0) return false
    const place = extended + this.#offsets[offset]!
    if (!this.#sent.take(place)) return false
    this.sequenceNumber = place & 0xffff
    this.timestamp = (timestamp + this.#timestampOffset) >>> 0
    if (extended > this.#newest) this.#newest = extended
    this.isNewest = place > this.#last
    if (this.isNewest) this.#last = place
    if (!this.#begun || ((this.timestamp - this.#lastTimestamp) | 0) > 0) {
      this.#lastTimestamp = this.timestamp
      this.#lastAt = now
    }
    this.#begun = true
    return true
  }

  /** A packet of the source that is not sent: those behind it move up, so that no gap shows. */
  leaveOut(sequenceNumber: number): void {
    const extended = this.#extend(sequenceNumber)
    // What comes late leaves a gap that was there before.
    if (extended <= this.#newest || extended - this.#newest > MAX_JUMP) return
    const offset = this.#offsets[this.#count - 1]!
    if (extended === this.#newest + 1) this.#shift(extended + 1, offset - 1)
    else this.#push(extended + 1, offset - 1)
    this.#newest = extended
  }

  /** The number of a packet of our own, behind all that was sent: those of the source that follow move on. */
  next(): number {
    this.#last++
    this.#shift(this.#newest + 1, this.#offsets[this.#count - 1]! + 1)
    this.#sent.take(this.#last)
    return this.#last & 0xffff
  }

  /** A number among the latest that no packet had: it is taken. -1 where there is none. */
  takeHole(): number {
    for (let number = Math.max(this.#first, this.#last - LONGEST_GAP); number < this.#last; number++) {
      if (this.#sent.has(number)) continue
      this.#sent.take(number)
      return number & 0xffff
    }
    return -1
  }

  /** Another offset; where the one before was not used for anything, it takes its place. */
  #shift(start: number, offset: number): void {
    if (this.#count > 0 && this.#starts[this.#count - 1] === this.#newest + 1) {
      this.#starts[this.#count - 1] = start
      this.#offsets[this.#count - 1] = offset
    } else {
      this.#push(start, offset)
    }
  }

  #push(start: number, offset: number): void {
    if (this.#count === MOST_OFFSETS) {
      this.#starts.copyWithin(0, 1)
      this.#offsets.copyWithin(0, 1)
      this.#count--
    }
    this.#starts[this.#count] = start
    this.#offsets[this.#count] = offset
    this.#count++
  }

  /** The time of a frame of the present source. */
  stamp(timestamp: number, now: number): number {
    return this.#stamp((timestamp + this.#timestampOffset) >>> 0, now)
  }

  /** The time of something that no source gives. */
  stampOwn(now: number): number {
    return this.#stamp(this.timestampAt(now), now)
  }

  #stamp(timestamp: number, now: number): number {
    this.#begun = true
    this.#lastTimestamp = timestamp
    this.#lastAt = now
    return timestamp
  }

  /** Where the stream's clock is (RFC 3550, 6.4.1): what the last packet said, and the time since. */
  timestampAt(now: number): number {
    const elapsed = this.#begun ? Math.round(((now - this.#lastAt) * this.#clockRate) / 1000) : 0
    return add32(this.#lastTimestamp, elapsed)
  }
}
