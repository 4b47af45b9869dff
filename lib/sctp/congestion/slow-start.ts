/**
 * When the first slow start ends without a loss: HyStart++ (RFC 9406).
 *
 * Doubling the window every round trip overshoots by as much as the bottleneck's queue holds. When the round trips of
 * a round are longer than those of the round before, the queue fills already: the window then grows four times slower
 * (Conservative Slow Start), and if the round trips stay long for five rounds, slow start is over. If they fall again,
 * it was jitter, and slow start goes on.
 */

import type { Acknowledgement } from './congestion-control.ts'

/** Milliseconds (RFC 9406 4.3), as the other constants. */
const MIN_RTT_THRESHOLD = 4
const MAX_RTT_THRESHOLD = 16
const MIN_RTT_DIVISOR = 8
/** Packets whose round trip is known, without which a round says nothing. One SACK may tell it of many. */
const LEAST_SAMPLES = 8
const CSS_GROWTH_DIVISOR = 4
const CSS_ROUNDS = 5
/** A round whose shortest round trip is this often the shortest of all has a full path's worth in the queue: no jitter. */
const CERTAIN = 2

export class SlowStart {
  /** What a byte acknowledged adds to the window: 1, in Conservative Slow Start a quarter. */
  growth = 1
  /** The round trips have been long for so many rounds that slow start is over. */
  over = false
  /** `delivered` at which the round ends. */
  #roundEnd = 0
  #lastRoundMinimum = Number.POSITIVE_INFINITY
  #roundMinimum = Number.POSITIVE_INFINITY
  #samples = 0
  /** The round's shortest when Conservative Slow Start began: a shorter one since ends it. */
  #baseline = Number.POSITIVE_INFINITY
  #conservativeRounds = 0
  #shortest = Number.POSITIVE_INFINITY

  /** Takes one SACK of slow start. */
  take({ bytes, roundTrip, delivered, priorDelivered }: Readonly<Acknowledgement>, packetSize: number): void {
    if (priorDelivered >= this.#roundEnd) this.#nextRound(delivered)
    // NaN compares false.
    if (!(roundTrip >= 0)) return
    this.#samples += bytes / packetSize
    if (roundTrip < this.#roundMinimum) this.#roundMinimum = roundTrip
    if (roundTrip < this.#shortest) this.#shortest = roundTrip
    if (this.#samples < LEAST_SAMPLES) return
    if (this.#roundMinimum > CERTAIN * this.#shortest + MAX_RTT_THRESHOLD) this.over = true
    if (this.growth === 1) {
      const last = this.#lastRoundMinimum
      if (last === Number.POSITIVE_INFINITY) return
      const threshold = Math.max(MIN_RTT_THRESHOLD, Math.min(last / MIN_RTT_DIVISOR, MAX_RTT_THRESHOLD))
      if (this.#roundMinimum < last + threshold) return
      this.#baseline = this.#roundMinimum
      this.#conservativeRounds = 0
      this.growth = 1 / CSS_GROWTH_DIVISOR
    } else if (this.#roundMinimum < this.#baseline) {
      this.#baseline = Number.POSITIVE_INFINITY
      this.growth = 1
    }
  }

  #nextRound(delivered: number): void {
    this.#roundEnd = delivered
    // A round with too few samples is no measure for the next.
    this.#lastRoundMinimum = this.#samples > 0 ? this.#roundMinimum : Number.POSITIVE_INFINITY
    this.#roundMinimum = Number.POSITIVE_INFINITY
    this.#samples = 0
    if (this.growth < 1 && ++this.#conservativeRounds > CSS_ROUNDS) this.over = true
  }
}
