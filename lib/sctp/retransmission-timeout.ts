/**
 * Round-trip time and the retransmission timeout drawn from it (RFC 9260 6.3).
 *
 * The floor is lower than the RFC's one second, which dates from signalling networks and stalls a data channel at each
 * lost tail. What has to be covered is the peer's delayed acknowledgement, 200 ms: so the variance term never counts
 * less than 220 ms, and the timeout follows as SRTT + max(4 * RTTVAR, 220 ms).
 */

const ALPHA = 1 / 8
const BETA = 1 / 4
/** Milliseconds: the delayed acknowledgement of RFC 9260 6.2, and some slack for timers. */
const LEAST_VARIANCE_TERM = 220
/** Milliseconds up to which the timeout follows what was measured, where back-off would not go as far. */
const LARGEST_MEASURED = 10_000

export interface TimeoutOptions {
  /** Milliseconds before the first measurement (RTO.Initial of RFC 9260 16). */
  readonly initial: number
  /** Milliseconds: the end of back-off. */
  readonly largest: number
}

export class RetransmissionTimeout {
  /** Milliseconds; undefined before the first measurement. */
  smoothed: number | undefined
  /** Milliseconds, back-off included. */
  value: number
  #variance = 0
  readonly #largest: number

  constructor(options: TimeoutOptions) {
    this.value = options.initial
    this.#largest = options.largest
  }

  /** Takes a measured round trip in milliseconds; ends a back-off. */
  sample(roundTrip: number): void {
    const smoothed = this.smoothed
    if (smoothed === undefined) {
      this.#variance = roundTrip / 2
      this.smoothed = roundTrip
    } else {
      this.#variance += BETA * (Math.abs(smoothed - roundTrip) - this.#variance)
      this.smoothed = smoothed + ALPHA * (roundTrip - smoothed)
    }
    const measured = this.smoothed + Math.max(LEAST_VARIANCE_TERM, 4 * this.#variance)
    this.value = Math.min(Math.max(LARGEST_MEASURED, this.#largest), measured)
  }

  /** Doubles the timeout (rule E2). */
  backOff(): void {
    this.value = Math.max(this.value, Math.min(this.#largest, this.value * 2))
  }
}
