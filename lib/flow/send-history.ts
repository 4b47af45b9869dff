/**
 * What a sender has sent of late, to send it again when it is asked for (RFC 4585, 6.2.1; RFC 4588): a ring of copies by
 * sequence number, bounded in number and age. Copies lie in slabs, many in each, that all senders share: one that is silent
 * holds none, and the collector has few objects to look at.
 */

import { diff16 } from '../bytes/index.ts'

/** Packets: two seconds of 5 Mbit/s. */
const SIZE = 1024
/** Milliseconds: what is older is of no use to whoever asks. */
const LONGEST = 3000
/** Milliseconds: a packet that was just sent again is on its way. */
const SHORTEST_INTERVAL = 10
/** Packets of a slab, and bytes of each: what is longer is not kept. */
const SLAB = 64
const LARGEST = 1600
const MOST_FREE = 64

/** Packets whose numbers follow one another, as they were sent, before their protection. */
class Slab {
  readonly bytes = new Uint8Array(SLAB * LARGEST)
  readonly lengths = new Uint16Array(SLAB)
  /** -1 where there is none. */
  readonly sequenceNumbers = new Int32Array(SLAB).fill(-1)
  readonly sentAt = new Float64Array(SLAB)
  readonly resentAt = new Float64Array(SLAB)
  /** When the newest was sent. */
  newest = 0
}

const slabOf = (sequenceNumber: number): number => Math.floor((sequenceNumber % SIZE) / SLAB)

const free: Slab[] = []

const giveBack = (slab: Slab): void => {
  if (free.length >= MOST_FREE) return
  slab.sequenceNumbers.fill(-1)
  free.push(slab)
}

export class SendHistory {
  readonly #slabs: (Slab | undefined)[] = new Array<Slab | undefined>(SIZE / SLAB).fill(undefined)
  #highest = -1

  /** Keeps a copy of `bytes[start, end)`. */
  add(sequenceNumber: number, bytes: Uint8Array, start: number, end: number, now: number): void {
    const length = end - start
    if (length > LARGEST) return
    const slab = this.#slabs[slabOf(sequenceNumber)] ?? this.#take(sequenceNumber, now)
    const slot = sequenceNumber % SLAB
    slab.lengths[slot] = length
    slab.sequenceNumbers[slot] = sequenceNumber
    slab.sentAt[slot] = now
    slab.resentAt[slot] = Number.NEGATIVE_INFINITY
    slab.newest = now
    slab.bytes.set(bytes.subarray(start, end), slot * LARGEST)
    if (this.#highest < 0 || diff16(sequenceNumber, this.#highest) > 0) this.#highest = sequenceNumber
    // The next slab is about to be needed: those that are too old by now may go.
    if (slot === SLAB - 1) this.tidy(now)
  }

  #take(sequenceNumber: number, now: number): Slab {
    const slab = free.pop() ?? new Slab()
    slab.newest = now
    this.#slabs[slabOf(sequenceNumber)] = slab
    return slab
  }

  /** Gives back what is too old: to be called from time to time too, since a stream that is silent adds nothing. */
  tidy(now: number): void {
    for (let i = 0; i < this.#slabs.length; i++) {
      const slab = this.#slabs[i]
      if (slab === undefined || now - slab.newest <= LONGEST) continue
      this.#slabs[i] = undefined
      giveBack(slab)
    }
  }

  /**
   * A packet that is asked for: borrowed. Undefined when it is not here any more, or was sent again less than a round trip ago.
   * @param roundTripTime Milliseconds.
   */
  find(sequenceNumber: number, roundTripTime: number, now: number): Uint8Array | undefined {
    const behind = this.#highest < 0 ? -1 : diff16(this.#highest, sequenceNumber)
    if (behind < 0 || behind >= SIZE) return undefined
    const slab = this.#slabs[slabOf(sequenceNumber)]
    const slot = sequenceNumber % SLAB
    if (slab?.sequenceNumbers[slot] !== sequenceNumber || now - slab.sentAt[slot]! > LONGEST) return undefined
    if (now - slab.resentAt[slot]! < Math.max(SHORTEST_INTERVAL, roundTripTime)) return undefined
    slab.resentAt[slot] = now
    return slab.bytes.subarray(slot * LARGEST, slot * LARGEST + slab.lengths[slot]!)
  }

  clear(): void {
    for (const slab of this.#slabs) if (slab !== undefined) giveBack(slab)
    this.#slabs.fill(undefined)
    this.#highest = -1
  }
}
