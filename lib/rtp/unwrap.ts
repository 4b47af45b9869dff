/** Numbers that begin again, counted on (RFC 3550, 6.4.1 and A.1: the extended sequence number; timestamps likewise). */

/**
 * Tells of each number the one that has the same low bits and is nearest to the highest so far. The first stays as it is;
 * what is older than it comes out negative.
 */
export class Unwrapper {
  readonly #space: number
  #highest: number | undefined

  /** @param bits 16 for sequence numbers, 24 for send times, 32 for timestamps: at most 32. */
  constructor(bits = 16) {
    this.#space = 2 ** bits
  }

  /** Undefined before the first. */
  get highest(): number | undefined {
    return this.#highest
  }

  /** @param value 0 to 2^bits - 1. */
  unwrap(value: number): number {
    const unwrapped = this.peek(value)
    if (this.#highest === undefined || unwrapped > this.#highest) this.#highest = unwrapped
    return unwrapped
  }

  /** The same, but as if nothing had been told: for a packet of which it is not known yet whether it counts. */
  peek(value: number): number {
    const highest = this.#highest
    if (highest === undefined) return value
    const space = this.#space
    const low = highest - Math.floor(highest / space) * space
    const ahead = value - low
    // From half the space behind to just below half the space ahead.
    if (ahead >= space / 2) return highest + ahead - space
    if (ahead < -space / 2) return highest + ahead + space
    return highest + ahead
  }

  /** Begins anew: another source. */
  reset(): void {
    this.#highest = undefined
  }
}
