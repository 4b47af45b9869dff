/**
 * Every transmission of a DATA chunk, in the order in which they left: what loss detection by time walks (RFC 8985 5), and
 * what the rate of delivery is measured against.
 *
 * A ring of parallel arrays. A transmission is named by its order, a serial number. It stays until it leads the ring and
 * the chunk is no longer in flight by it, so that a walk from the lowest order on touches each transmission once.
 */

import { diff32 } from '../bytes/index.ts'

const FIRST_CAPACITY = 256
/** What is known of a transmission, bit by bit. */
const APPLICATION_LIMITED = 1
const LARGE = 2

export class Transmissions {
  /** The order of the oldest one that is kept; equal to `next` when none is. */
  first = 0
  /** The order of the one that comes next. */
  next = 0
  #capacity = FIRST_CAPACITY
  #tsns = new Uint32Array(FIRST_CAPACITY)
  #sentAt = new Float64Array(FIRST_CAPACITY)
  #delivered = new Float64Array(FIRST_CAPACITY)
  #deliveredAt = new Float64Array(FIRST_CAPACITY)
  #firstSentAt = new Float64Array(FIRST_CAPACITY)
  #flags = new Uint8Array(FIRST_CAPACITY)

  /**
   * A chunk leaves; returns the order of this transmission.
   * @param delivered Bytes delivered until now; `deliveredAt` when the last of them were reported.
   * @param firstSentAt When the chunk that was reported last had been sent: where the interval of sending begins.
   */
  add(
    tsn: number,
    now: number,
    delivered: number,
    deliveredAt: number,
    firstSentAt: number,
    applicationLimited: boolean,
  ): number {
    const order = this.next
    if (((order - this.first) | 0) === this.#capacity) this.#grow()
    const slot = order & (this.#capacity - 1)
    this.#tsns[slot] = tsn
    this.#sentAt[slot] = now
    this.#delivered[slot] = delivered
    this.#deliveredAt[slot] = deliveredAt
    this.#firstSentAt[slot] = firstSentAt
    this.#flags[slot] = applicationLimited ? APPLICATION_LIMITED : 0
    this.next = (order + 1) >>> 0
    return order
  }

  get empty(): boolean {
    return this.first === this.next
  }

  /** Whether this one is still kept. */
  has(order: number): boolean {
    return diff32(order, this.first) >= 0
  }

  /** Forgets the oldest one. */
  shift(): void {
    this.first = (this.first + 1) >>> 0
  }

  tsn(order: number): number {
    return this.#tsns[order & (this.#capacity - 1)]!
  }

  sentAt(order: number): number {
    return this.#sentAt[order & (this.#capacity - 1)]!
  }

  delivered(order: number): number {
    return this.#delivered[order & (this.#capacity - 1)]!
  }

  deliveredAt(order: number): number {
    return this.#deliveredAt[order & (this.#capacity - 1)]!
  }

  firstSentAt(order: number): number {
    return this.#firstSentAt[order & (this.#capacity - 1)]!
  }

  applicationLimited(order: number): boolean {
    return (this.#flags[order & (this.#capacity - 1)]! & APPLICATION_LIMITED) !== 0
  }

  /** Whether it left beyond what the base packet has room for. */
  large(order: number): boolean {
    return (this.#flags[order & (this.#capacity - 1)]! & LARGE) !== 0
  }

  markLarge(order: number): void {
    this.#flags[order & (this.#capacity - 1)]! |= LARGE
  }

  #grow(): void {
    const capacity = this.#capacity * 2
    const order = this.first
    this.#tsns = spread(this.#tsns, new Uint32Array(capacity), order)
    this.#sentAt = spread(this.#sentAt, new Float64Array(capacity), order)
    this.#delivered = spread(this.#delivered, new Float64Array(capacity), order)
    this.#deliveredAt = spread(this.#deliveredAt, new Float64Array(capacity), order)
    this.#firstSentAt = spread(this.#firstSentAt, new Float64Array(capacity), order)
    this.#flags = spread(this.#flags, new Uint8Array(capacity), order)
    this.#capacity = capacity
  }
}

/** Puts a full ring, whose oldest entry has this serial number, into a larger one. */
export const spread = <T extends Uint8Array | Uint16Array | Uint32Array | Float64Array>(
  from: T,
  to: T,
  first: number,
): T => {
  for (let i = 0; i < from.length; i++) to[(first + i) & (to.length - 1)] = from[(first + i) & (from.length - 1)]!
  return to
}
