/**
 * Which TSNs have arrived, and when to say so: the receiver's half of RFC 9260 6.2 (SACK, delayed or at once, with gap
 * blocks and duplicates).
 *
 * SACKs are written when the turn ends (`flush`): one for all that a burst brought.
 */

import { add32, diff32, setU16, setU32 } from '../bytes/index.ts'
import { Timer } from '../machine/index.ts'
import { CHUNK, CHUNK_HEADER } from './chunk-type.ts'
import type { SctpCounters } from './counters.ts'
import type { PacketBuilder } from './packet-builder.ts'
import { SACK_FIXED } from './sack-chunk.ts'
import { SerialBits } from './serial-bits.ts'

/** Gap blocks count in 16 bits: what lies further ahead than this could not be reported, and is not taken. */
export const MAX_AHEAD = 65_535
const MAX_DUPLICATES = 16
/** Milliseconds (6.2). */
const DELAY = 200
/** An acknowledgement is due for every second packet (6.2). */
const PACKETS_PER_SACK = 2
/** SACKs that are not put off when TSNs turn out to be missing: there are senders that wait for three reports (7.2.4). */
const URGENT = 3

export class TsnTracker {
  /** All up to this one have arrived. */
  cumulative: number
  /** The highest that has arrived. */
  highest: number
  /** A delayed SACK is due. */
  readonly timer = new Timer()
  readonly #received = new SerialBits(MAX_AHEAD + 1)
  readonly #duplicates = new Uint32Array(MAX_DUPLICATES)
  readonly #counters: SctpCounters
  #gaps = new Uint16Array(0)
  /** How many SACKs are not to be put off. */
  #urgent = 0
  #duplicateCount = 0
  /** Packets with DATA since the last SACK. */
  #packets = 0
  #immediate = false

  constructor(initialTsn: number, counters: SctpCounters) {
    this.cumulative = add32(initialTsn, -1)
    this.highest = this.cumulative
    this.#counters = counters
  }

  /** Whether TSNs are missing. */
  get gap(): boolean {
    return this.highest !== this.cumulative
  }

  /** How far ahead of the cumulative TSN; 0 or less: it has been here before. */
  ahead(tsn: number): number {
    return diff32(tsn, this.cumulative)
  }

  /** Whether this TSN, ahead of the cumulative one by no more than `MAX_AHEAD`, has arrived. */
  has(tsn: number): boolean {
    return this.#received.has(tsn)
  }

  /** A TSN came again. */
  duplicate(tsn: number): void {
    this.#counters.duplicates++
    this.#immediate = true
    if (this.#duplicateCount < MAX_DUPLICATES) this.#duplicates[this.#duplicateCount++] = tsn
  }

  /** The next TSN in sequence arrived. Returns how many the cumulative TSN moved by: more than one when a gap closed. */
  next(): number {
    const tsn = add32(this.cumulative, 1)
    if (!this.gap) {
      this.cumulative = tsn
      this.highest = tsn
      return 1
    }
    this.#immediate = true
    this.cumulative = tsn
    return 1 + this.#advance()
  }

  /** A TSN ahead of a gap arrived. */
  beyond(tsn: number): void {
    this.#immediate = true
    this.#received.add(tsn)
    const further = diff32(tsn, this.highest)
    if (further <= 0) return
    if (further > 1) this.#urgent = URGENT
    this.highest = tsn
  }

  /** The peer gave up what has not arrived up to `tsn` (RFC 3758 3.6), which is ahead. */
  forward(tsn: number): void {
    this.#immediate = true
    this.#received.clear(add32(this.cumulative, 1), diff32(tsn, this.cumulative))
    this.cumulative = tsn
    if (diff32(tsn, this.highest) >= 0) this.highest = tsn
    else this.#advance()
  }

  /** Acknowledge when this turn ends. */
  acknowledgeNow(): void {
    this.#immediate = true
  }

  /** A packet with DATA has been taken. */
  packetDone(now: number): void {
    this.#packets++
    if (this.#packets === 1 && !this.#immediate) this.timer.set(now + DELAY)
  }

  /** Whether a SACK has to leave before the turn ends: TSNs are missing, and the sender should learn of it soon (6.2, 6.7). */
  get pressing(): boolean {
    return this.gap && (this.#urgent > 0 || this.#packets >= PACKETS_PER_SACK)
  }

  /** Whether a SACK has to be sent when the turn ends. */
  get due(): boolean {
    return this.#immediate || this.#packets >= PACKETS_PER_SACK
  }

  /** Whether a SACK could be sent along with something else. */
  get pending(): boolean {
    return this.#immediate || this.#packets > 0
  }

  /** Writes a SACK (3.3.4), with as many gap blocks as it has room for. */
  write(window: number, packets: PacketBuilder, now: number): void {
    const duplicates = this.#duplicateCount
    const most = ((packets.largestChunk - CHUNK_HEADER - SACK_FIXED) >>> 2) - duplicates
    const blocks = this.gap ? this.#collectGaps(most) : 0
    const at = packets.chunk(CHUNK.SACK, 0, SACK_FIXED + 4 * (blocks + duplicates), now)
    const { bytes } = packets
    setU32(bytes, at, this.cumulative)
    setU32(bytes, at + 4, window)
    setU16(bytes, at + 8, blocks)
    setU16(bytes, at + 10, duplicates)
    let field = at + SACK_FIXED
    for (let i = 0; i < 2 * blocks; i++) {
      setU16(bytes, field, this.#gaps[i]!)
      field += 2
    }
    for (let i = 0; i < duplicates; i++) {
      setU32(bytes, field, this.#duplicates[i]!)
      field += 4
    }
    this.#duplicateCount = 0
    this.#packets = 0
    this.#immediate = false
    if (this.#urgent > 0) this.#urgent--
    this.timer.stop()
    this.#counters.sacksSent++
  }

  /** Start and end of each run that has arrived, as offsets from the cumulative TSN, into `#gaps`; returns how many. */
  #collectGaps(most: number): number {
    if (this.#gaps.length < 2 * most) this.#gaps = new Uint16Array(2 * most)
    const gaps = this.#gaps
    const span = diff32(this.highest, this.cumulative)
    let count = 0
    let offset = 1
    while (offset <= span && count < most) {
      const missing = this.#received.distanceToMember(add32(this.cumulative, offset), span - offset + 1)
      if (missing < 0) break
      offset += missing
      const run = this.#received.distanceToGap(add32(this.cumulative, offset), span - offset + 1)
      const end = run < 0 ? span : offset + run - 1
      gaps[2 * count] = offset
      gaps[2 * count + 1] = end
      count++
      offset = end + 1
    }
    return count
  }

  /** Moves the cumulative TSN over what has arrived behind it, which is short of the highest; returns by how many. */
  #advance(): number {
    const from = add32(this.cumulative, 1)
    const span = diff32(this.highest, this.cumulative)
    const run = this.#received.distanceToGap(from, span)
    const moved = run < 0 ? span : run
    this.#received.clear(from, moved)
    this.cumulative = add32(this.cumulative, moved)
    return moved
  }
}
