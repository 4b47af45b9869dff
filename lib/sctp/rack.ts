/**
 * Loss detection by time: RACK (RFC 8985), carried over to SCTP.
 *
 * A chunk is lost when one that was sent later has arrived, and as much time has gone by since as packets may overtake
 * each other by. While no reordering has been seen that is no time at all, once packets have been reported behind a gap
 * three times (DupThresh, and the missing reports of RFC 9260 7.2.4) or a recovery is under way. It holds for what was
 * sent again as well, which is thus found lost again without the timer.
 */

import { diff32 } from '../bytes/index.ts'

/** Packets reported behind a gap after which nothing is waited for (RFC 9260 7.2.4; RFC 8985 DupThresh). */
export const REPORTS = 3
/** Recoveries for which a reordering window that had to be widened is kept (RFC 8985 6.2 step 4). */
const KEPT_RECOVERIES = 16
/** The part of the least round trip by which the reordering window grows. */
const STEP = 1 / 4
/** Milliseconds: no timer is finer. */
const LEAST_WINDOW = 1
/** Milliseconds for which a least round trip counts. */
const MINIMUM_PERIOD = 30_000

export class Rack {
  /** The order of the latest transmission that is known to have arrived. */
  newest = 0
  /** Its round trip in milliseconds; NaN: nothing has arrived yet. */
  roundTrip = Number.NaN
  /** Whether packets were seen to overtake each other. */
  reordering = false
  /** Packets newly reported behind the gap since the cumulative TSN moved. */
  reports = 0
  #sentAt = Number.NEGATIVE_INFINITY
  #steps = 1
  #kept = 0
  /** Orders before this were sent when the window was widened last: it grows once a round trip. */
  #widenedAt = 0
  #widened = false
  /** The least round trips of this period and of the one before. */
  #least = Number.POSITIVE_INFINITY
  #leastBefore = Number.POSITIVE_INFINITY
  #periodEnd = Number.NEGATIVE_INFINITY

  /** Milliseconds; Infinity before the first measurement. */
  get leastRoundTrip(): number {
    return Math.min(this.#least, this.#leastBefore)
  }

  /** A round trip was measured on a chunk that was sent once. */
  measured(roundTrip: number, now: number): void {
    if (now >= this.#periodEnd) {
      this.#leastBefore = this.#least
      this.#least = roundTrip
      this.#periodEnd = now + MINIMUM_PERIOD
    } else if (roundTrip < this.#least) {
      this.#least = roundTrip
    }
  }

  /** A transmission is known to have arrived; only the one that was sent last counts (6.2 step 2). */
  arrived(order: number, sentAt: number, now: number): void {
    if (diff32(order, this.newest) < 0 && sentAt <= this.#sentAt) return
    this.newest = order
    this.#sentAt = sentAt
    this.roundTrip = now - sentAt
  }

  /** Milliseconds by which packets may overtake each other (6.2 step 4). */
  window(recovering: boolean, smoothed: number): number {
    if (!this.reordering && (recovering || this.reports >= REPORTS)) return 0
    return this.patient(smoothed)
  }

  /** The same where a mistake could not be made good: however many reports there are, time alone counts. */
  patient(smoothed: number): number {
    return Math.max(LEAST_WINDOW, Math.min(this.#steps * STEP * this.leastRoundTrip, smoothed))
  }

  /** The peer received twice what had been sent again: it was late, and not lost. `next` is the next order. */
  mistaken(newestDelivered: number, next: number): void {
    this.reordering = true
    this.#kept = KEPT_RECOVERIES
    if (this.#widened && diff32(newestDelivered, this.#widenedAt) < 0) return
    this.#widened = true
    this.#widenedAt = next
    this.#steps++
  }

  /** A recovery has ended. */
  recovered(): void {
    if (this.#kept > 0 && --this.#kept === 0) this.#steps = 1
  }
}
