/**
 * What the standard congestion control (RFC 9260 7.2) and CUBIC (RFC 9438) share: a window that slow start doubles,
 * that loss cuts, and that is restored when the loss turns out not to have been one.
 *
 * Choices that the RFC leaves open: the window grows by what was acknowledged without a limit per SACK (7.2.1, L > 1;
 * RFC 3465), because a receiver that coalesces its SACKs would else hold slow start back, and bursts are bounded by the
 * sender and its pacer; it starts at ten packets (RFC 6928); the first slow start ends by HyStart++ (RFC 9406).
 */

import type { Acknowledgement, CongestionControl, CongestionOptions } from './congestion-control.ts'
import { SlowStart } from './slow-start.ts'

/** Milliseconds. On shorter paths a host's timers are too coarse to pace by. */
const LEAST_PACED_ROUND_TRIP = 8
/** How much faster than a window a round trip packets leave: slow start must be able to double, avoidance to probe. */
const SLOW_START_PACE = 2
const AVOIDANCE_PACE = 1.25
/** Of the smoothed round trip (RFC 6298). */
const SMOOTHING = 1 / 8

/** Ten packets, but when they are large no more than two of them (RFC 6928 2). */
export const initialWindow = (packetSize: number): number => Math.min(10 * packetSize, Math.max(2 * packetSize, 14_600))

export abstract class WindowControl implements CongestionControl {
  window: number
  /** The slow start threshold in bytes. */
  threshold = Number.POSITIVE_INFINITY
  protected packetSize: number
  /** Milliseconds; NaN before the first measurement. */
  protected roundTrip = Number.NaN
  readonly #slowStart = new SlowStart()
  /** What the window and the threshold were before the last cut; 0: there was none, or it cannot be undone. */
  #priorWindow = 0
  #priorThreshold = 0
  /** The timer ran out, and nothing has been acknowledged since. */
  #silent = false

  constructor({ packetSize }: CongestionOptions) {
    this.packetSize = packetSize
    this.window = initialWindow(packetSize)
  }

  get pacingRate(): number {
    if (!(this.roundTrip >= LEAST_PACED_ROUND_TRIP)) return Number.POSITIVE_INFINITY
    const pace = this.window < this.threshold ? SLOW_START_PACE : AVOIDANCE_PACE
    return (pace * Math.max(this.window, 2 * this.packetSize)) / this.roundTrip
  }

  /** The window stays what it is in bytes: what the path holds has not changed with the size of packets. */
  setPacketSize(bytes: number): void {
    this.packetSize = bytes
  }

  sent(_bytes: number, _flight: number, _now: number): void {}

  acknowledged(sample: Readonly<Acknowledgement>): void {
    const { bytes, roundTrip } = sample
    if (roundTrip >= 0) {
      this.roundTrip = this.roundTrip >= 0 ? this.roundTrip + SMOOTHING * (roundTrip - this.roundTrip) : roundTrip
    }
    if (bytes > 0) this.#silent = false
    const first = this.threshold === Number.POSITIVE_INFINITY
    if (first) this.#slowStart.take(sample, this.packetSize)
    if (!sample.advanced || bytes === 0 || sample.recovering) return
    if (this.window >= this.threshold) {
      this.avoid(sample)
      return
    }
    if (!sample.limited) return
    // What goes beyond the threshold is congestion avoidance already, however much one SACK acknowledges.
    this.window = Math.min(this.window + bytes * (first ? this.#slowStart.growth : 1), this.threshold)
    if (first && this.#slowStart.over) {
      this.threshold = this.window
      this.avoidanceBegins(sample.now)
    }
  }

  lost(_flight: number, now: number): void {
    this.#remember()
    this.threshold = this.reduced(now)
    this.window = this.threshold
  }

  recovered(_now: number): void {}

  spurious(now: number): void {
    if (this.#priorWindow === 0) return
    this.window = Math.max(this.window, this.#priorWindow)
    this.threshold = Math.max(this.threshold, this.#priorThreshold)
    this.#priorWindow = 0
    this.restore(now)
  }

  timedOut(_flight: number, now: number): void {
    // Undone is what came before the first of several in a row, which also alone tells what the path bore.
    if (!this.#silent) {
      this.#remember()
      this.threshold = this.reduced(now)
    }
    this.#silent = true
    this.window = this.packetSize
    this.collapsed()
  }

  /** Halves once a timeout; what the path bore once is remembered as the threshold (RFC 7661 4.4.2). */
  idled(timeouts: number, _now: number): void {
    const least = initialWindow(this.packetSize)
    if (this.window <= least) return
    if (this.threshold !== Number.POSITIVE_INFINITY) this.threshold = Math.max(this.threshold, this.window * 0.75)
    this.window = Math.max(least, this.window / 2 ** Math.min(timeouts, 30))
    this.#priorWindow = 0
  }

  #remember(): void {
    this.#priorWindow = this.window
    this.#priorThreshold = this.threshold
    this.save()
  }

  /** One SACK of congestion avoidance that moved the cumulative TSN, outside of a recovery. */
  protected abstract avoid(sample: Readonly<Acknowledgement>): void
  /** The threshold after a loss, in bytes; asked before the window changes. */
  protected abstract reduced(now: number): number
  /** Slow start ended by long round trips, not by a loss. */
  protected abstract avoidanceBegins(now: number): void
  /** The window collapsed to a packet. */
  protected abstract collapsed(): void
  /** Keeps what `restore` brings back when the loss that comes next was none. */
  protected abstract save(): void
  protected abstract restore(now: number): void
}
