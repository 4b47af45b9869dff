/**
 * What BBR knows of the path: the largest delivery rate of ten round trips, the shortest round trip of ten seconds,
 * whether the rate still grows, and how much the acknowledgements come in heaps (draft-cardwell-iccrg-bbr 4.1;
 * aggregation as of draft-ietf-ccwg-bbr 5.5.9).
 */

import type { Acknowledgement } from './congestion-control.ts'
import { WindowedMaximum } from './windowed-maximum.ts'

/** Round trips for which a rate is remembered: longer than a cycle of probing. */
const RATE_WINDOW = 10
/** Round trips for which a heap of acknowledgements is remembered. */
const AGGREGATION_WINDOW = 10
/** Milliseconds of the rate that a heap may amount to. */
const LARGEST_AGGREGATION = 100
/** Milliseconds for which a round trip is remembered. */
const ROUND_TRIP_WINDOW = 10_000
/** The pipe is full when three rounds brought not a quarter more (4.3.2). */
const FULL_GROWTH = 1.25
const FULL_ROUNDS = 3
/** Lost, of what was lost or delivered in a round: more than chance explains. */
const COLLAPSE = 1 / 2
/** Lost in a round through which a queue stood: it overflows. Loss without a queue is chance. */
const OVERFLOW = 0.02
/** Times the shortest round trip, which all of a round must exceed for a queue to be standing; and ms, likewise. */
const STANDING = 1.1
const LEAST_STANDING = 2
/** Lost in a round of startup: it need not find out more. A flow that begins where a queue stands sees it by nothing else. */
const STARTUP_LOSS = 0.3
/** Of what was delivered, what is sent until the next probe when the queue overflows. */
const RELIEF = 0.9
/** Bytes without which a round's losses say nothing. */
const LEAST_EVIDENCE = 20_000

export class BbrModel {
  /** The shortest round trip in milliseconds; Infinity before the first. */
  roundTrip = Number.POSITIVE_INFINITY
  /** The latest SACK began a round. */
  roundBegan = false
  /** The rate has ceased to grow: all that the path can carry was seen. */
  full = false
  /** The round that ended with the latest SACK lost half of what was sent or more. */
  collapsed = false
  readonly #rates = new WindowedMaximum(RATE_WINDOW)
  readonly #heaps = new WindowedMaximum(AGGREGATION_WINDOW)
  #round = 0
  #roundEnd = 0
  #roundTripSeen = 0
  #probedMinimum = Number.POSITIVE_INFINITY
  /** `delivered` up to which rates are too low because little was sent on purpose. */
  #limitedUntil = 0
  #delivered = 0
  #flight = 0
  #fullRate = 0
  #fullRounds = 0
  /** Of the round under way. */
  #roundLost = 0
  #roundDelivered = 0
  #roundRate = 0
  #latestRate = 0
  #roundShortest = Number.POSITIVE_INFINITY
  /** The rate may not be more than this until the next probe. */
  #bound = Number.POSITIVE_INFINITY
  /** Since when acknowledgements are compared with the rate, and how much came. */
  #heapBegan = 0
  #heap = 0

  /** Bytes a millisecond; 0 before the first measurement. */
  get rate(): number {
    return Math.min(this.#rates.value, this.#bound)
  }

  /** The largest rate of this round trip and of the one before. */
  get recentRate(): number {
    return Math.max(this.#latestRate, this.#roundRate)
  }

  /** Bytes that were acknowledged ahead of the rate. */
  get aggregated(): number {
    return Math.min(this.#heaps.value, LARGEST_AGGREGATION * this.rate)
  }

  /** Bytes in flight that fill the path `gain` times. */
  inFlight(gain: number): number {
    return this.roundTrip === Number.POSITIVE_INFINITY ? Number.POSITIVE_INFINITY : gain * this.rate * this.roundTrip
  }

  take(sample: Readonly<Acknowledgement>): void {
    this.#delivered = sample.delivered
    this.#flight = sample.flight
    this.#countRounds(sample)
    this.#takeRate(sample)
    this.#takeHeap(sample)
    if (this.roundBegan) this.#findFull(sample.applicationLimited)
    this.#takeRoundTrip(sample)
  }

  /** Whether no shorter or equal round trip was seen for ten seconds. Asked before the SACK is taken. */
  roundTripStale(now: number): boolean {
    return this.roundTrip !== Number.POSITIVE_INFINITY && now - this.#roundTripSeen > ROUND_TRIP_WINDOW
  }

  /** ProbeRTT is over: what it saw is the round trip now. */
  roundTripProbed(now: number): void {
    if (this.#probedMinimum !== Number.POSITIVE_INFINITY) this.roundTrip = this.#probedMinimum
    this.#probedMinimum = Number.POSITIVE_INFINITY
    this.#roundTripSeen = now
  }

  /** What is in flight now was too little to measure a rate by. */
  markApplicationLimited(): void {
    this.#limitedUntil = this.#delivered + Math.max(this.#flight, 1)
  }

  /** What an overflowing queue had imposed ends: the path is probed. */
  release(): void {
    this.#bound = Number.POSITIVE_INFINITY
  }

  /** Takes the rate of the round that ended for the path's. */
  believeLatest(): void {
    if (this.#latestRate === 0) return
    this.#rates.reset(this.#latestRate, this.#round)
    this.full = true
    this.#heaps.reset(0, this.#round)
  }

  #countRounds({ delivered, priorDelivered, bytes, lost }: Readonly<Acknowledgement>): void {
    this.#roundLost += lost
    this.#roundDelivered += bytes
    this.roundBegan = bytes > 0 && priorDelivered >= this.#roundEnd
    if (!this.roundBegan) return
    const total = this.#roundLost + this.#roundDelivered
    // An interruption loses all and leaves the path what it was: only what arrives besides tells of a slower one.
    this.collapsed = this.#roundDelivered >= LEAST_EVIDENCE / 2 && this.#roundLost > COLLAPSE * total
    const standing = this.#roundShortest > Math.max(STANDING * this.roundTrip, this.roundTrip + LEAST_STANDING)
    const overflows = standing && total >= LEAST_EVIDENCE && this.#roundLost > OVERFLOW * total
    // More than a full queue startup cannot find either.
    const enough = !this.full && total >= LEAST_EVIDENCE && this.#roundLost > STARTUP_LOSS * total
    if (overflows || enough) this.full = true
    if ((overflows || enough) && this.#roundRate > 0) this.#bound = RELIEF * this.#roundRate
    this.#roundShortest = Number.POSITIVE_INFINITY
    this.#roundLost = 0
    this.#roundDelivered = 0
    this.#latestRate = this.#roundRate
    this.#roundRate = 0
    this.#roundEnd = delivered
    this.#round++
  }

  #takeRate({ deliveryRate, applicationLimited, priorDelivered }: Readonly<Acknowledgement>): void {
    if (!(deliveryRate > 0)) return
    const limited = applicationLimited || priorDelivered < this.#limitedUntil
    if (deliveryRate > this.#roundRate) this.#roundRate = deliveryRate
    if (!limited || deliveryRate >= this.#rates.value) this.#rates.take(deliveryRate, this.#round)
  }

  #takeHeap({ now, bytes }: Readonly<Acknowledgement>): void {
    if (bytes === 0) return
    let expected = this.rate * (now - this.#heapBegan)
    if (this.#heap <= expected) {
      this.#heapBegan = now
      this.#heap = 0
      expected = 0
    }
    this.#heap += bytes
    if (this.full) this.#heaps.take(this.#heap - expected, this.#round)
  }

  #findFull(applicationLimited: boolean): void {
    if (this.full || applicationLimited || this.rate === 0) return
    if (this.rate >= this.#fullRate * FULL_GROWTH) {
      this.#fullRate = this.rate
      this.#fullRounds = 0
    } else if (++this.#fullRounds >= FULL_ROUNDS) this.full = true
  }

  #takeRoundTrip({ now, roundTrip }: Readonly<Acknowledgement>): void {
    if (!(roundTrip >= 0)) return
    if (roundTrip < this.#roundShortest) this.#roundShortest = roundTrip
    if (roundTrip <= this.roundTrip) {
      this.roundTrip = roundTrip
      this.#roundTripSeen = now
      this.#probedMinimum = Number.POSITIVE_INFINITY
    } else if (this.roundTripStale(now) && roundTrip < this.#probedMinimum) this.#probedMinimum = roundTrip
  }
}
