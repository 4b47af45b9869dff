/**
 * Spreads packets over time, at the rate that congestion control asks for: a bucket of tokens, kept as the moment at
 * which the next packet is due.
 *
 * Timers are good to a millisecond, so that as much as a millisecond's worth leaves at once, or two packets when that is
 * less. When a timer fires late what it missed is made up for; but a sender that had nothing to send saves nothing up.
 */

/** Milliseconds. */
const GRANULARITY = 1
/** Milliseconds of a late timer that are made up for: a collection of garbage, and not a machine that slept. */
const LATEST = 50

export class Pacer {
  /** It has held a packet back, and what was to leave meanwhile has not all left yet. */
  #held = false
  /** When the next packet is due, in monotonic milliseconds. */
  #due = Number.NEGATIVE_INFINITY

  /** Whether a packet may leave now. */
  allows(rate: number, packetSize: number, now: number): boolean {
    if (rate === Number.POSITIVE_INFINITY) return true
    return this.#due - now <= Math.max(GRANULARITY, packetSize / rate)
  }

  /** When `allows` will be true: when no packet may leave now. */
  resume(rate: number, packetSize: number, now: number): number {
    this.#held = true
    return Math.max(now + GRANULARITY, this.#due - Math.max(GRANULARITY, packetSize / rate))
  }

  /** Data leaves. */
  sent(bytes: number, rate: number, now: number): void {
    if (rate === Number.POSITIVE_INFINITY) {
      this.#held = false
      return
    }
    if (this.#due >= now) this.#held = false
    else this.#due = Math.max(this.#due, this.#held ? now - LATEST : now)
    this.#due += bytes / rate
  }

  /** There is nothing more to send. */
  rest(): void {
    this.#held = false
  }
}
