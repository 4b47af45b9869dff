/**
 * A model-based congestion control: BBR (draft-cardwell-iccrg-bbr-congestion-control-00, the first version, with the
 * acknowledgement aggregation of the second).
 *
 * It measures what the path delivers (the largest rate of ten round trips) and how long it takes when no queue stands
 * (the shortest round trip of ten seconds), sends at that rate, and keeps about their product in flight. A lost packet is
 * sent again and changes nothing: on long paths with random loss that is the difference between using the link and a few
 * packets a round trip. Only when half of what was sent is lost, which is no longer chance but a path that became
 * slower, does it forget what it had measured.
 */

import { BbrModel } from './bbr-model.ts'
import type { Acknowledgement, CongestionControl, CongestionOptions } from './congestion-control.ts'
import { initialWindow } from './window-control.ts'

/** 2 / ln 2: the least that doubles the rate each round trip (4.3.1). */
const STARTUP_GAIN = 2.885
const DRAIN_GAIN = 1 / STARTUP_GAIN
/** One round trip probes for more, the next lets go of the queue that this made, six cruise (4.3.3). */
const CYCLE = [1.25, 0.75, 1, 1, 1, 1, 1, 1] as const
/** The gain in rate after which a probe is followed by another at once. A flow with a third of the path or less gains more. */
const AGAIN = 1.15
/** The products of rate and delay that may be in flight: acknowledgements are late at times. */
const WINDOW_GAIN = 2
/** Packets: what keeps acknowledgements coming whatever was measured. */
const LEAST_PACKETS = 4
/** Milliseconds that little is in flight, to see the path without its queue (4.3.4). */
const PROBE_ROUND_TRIP = 200
/** Slightly less than was measured leaves, so that a queue drains of what measurements overstate. */
const PACING_MARGIN = 0.99

type Phase = 'startup' | 'drain' | 'probe-rate' | 'probe-round-trip'

export class BbrCongestionControl implements CongestionControl {
  window: number
  pacingRate = Number.POSITIVE_INFINITY
  phase: Phase = 'startup'
  readonly model: BbrModel
  readonly #random: CongestionOptions['random']
  #packetSize: number
  #pacingGain: number = STARTUP_GAIN
  #windowGain: number = STARTUP_GAIN
  /** Where in the cycle, and since when. */
  #step = 0
  #stepBegan = 0
  #lostInStep = false
  /** The rate before the last probe for more. */
  #rateBefore = 0
  /** The end of ProbeRTT; NaN: what is in flight has not drained yet. */
  #probeUntil = Number.NaN
  /** The window from before a timeout or ProbeRTT; 0: none. */
  #priorWindow = 0
  /** A timeout: until something arrives, and the window has grown back. */
  #timedOut = false
  /** Nothing was in flight: the round trip is then seen without a probe. */
  #idle = true

  constructor({ packetSize, random }: CongestionOptions) {
    this.#packetSize = packetSize
    this.#random = random
    this.model = new BbrModel()
    this.window = initialWindow(packetSize)
  }

  setPacketSize(bytes: number): void {
    this.#packetSize = bytes
    this.window = Math.max(this.window, this.#least)
  }

  sent(_bytes: number, flight: number, _now: number): void {
    if (flight > 0) return
    this.#idle = true
    // What leaves after a pause leaves at the rate that the path has: to probe with a burst would only make a queue.
    if (this.phase === 'probe-rate') this.#setPace(1)
  }

  acknowledged(sample: Readonly<Acknowledgement>): void {
    const { model } = this
    const stale = model.roundTripStale(sample.now)
    model.take(sample)
    if (stale && this.#idle) model.roundTripProbed(sample.now)
    if (sample.lost > 0) this.#lostInStep = true
    if (model.roundBegan && model.collapsed) this.#forget()
    if (this.phase === 'startup' && model.full) {
      this.phase = 'drain'
      this.#pacingGain = DRAIN_GAIN
      this.#windowGain = STARTUP_GAIN
    }
    if (this.phase === 'drain' && sample.flight <= Math.max(model.inFlight(1), this.#least)) this.#cruise(sample.now)
    if (this.phase === 'probe-rate') this.#cycle(sample)
    this.#probeRoundTrip(sample, stale)
    if (sample.bytes > 0) this.#idle = false
    this.#setPace(this.#pacingGain)
    this.#setWindow(sample)
  }

  /** Loss by itself says nothing about the path's rate. */
  lost(_flight: number, _now: number): void {}

  recovered(_now: number): void {
    this.#resume()
  }

  spurious(_now: number): void {
    this.#resume()
  }

  /** Nothing arrives: the window is a packet, and grows by what is acknowledged until it is what it was. */
  timedOut(_flight: number, _now: number): void {
    if (!this.#timedOut && this.phase !== 'probe-round-trip') this.#priorWindow = this.window
    this.#timedOut = true
    this.window = this.#packetSize
  }

  /** The model ages by itself: rates in rounds, of which a pause has none, and the round trip in seconds. */
  idled(_timeouts: number, _now: number): void {}

  get #least(): number {
    return LEAST_PACKETS * this.#packetSize
  }

  #resume(): void {
    if (!this.#timedOut) return
    this.#timedOut = false
    if (this.phase !== 'probe-round-trip') this.window = Math.max(this.window, this.#priorWindow)
  }

  /** Most of what was sent is lost: neither the rate nor the window are true any more. */
  #forget(): void {
    const { model } = this
    model.believeLatest()
    if (this.phase === 'probe-rate') this.#setStep(1, this.#stepBegan)
    this.#priorWindow = 0
  }

  /** Enters ProbeBW at a step drawn by chance, so that flows do not probe together; not where it would let go. */
  #cruise(now: number): void {
    this.phase = 'probe-rate'
    this.#windowGain = WINDOW_GAIN
    const drawn = this.#random.fill(new Uint8Array(1))[0]! % (CYCLE.length - 1)
    this.#setStep(drawn === 0 ? 0 : drawn + 1, now)
  }

  #setStep(step: number, now: number): void {
    this.#step = step
    this.#stepBegan = now
    this.#lostInStep = false
    this.#pacingGain = CYCLE[step]!
    if (step > 0) return
    this.model.release()
    this.#rateBefore = this.model.recentRate
  }

  #cycle({ now, priorFlight, flight }: Readonly<Acknowledgement>): void {
    const { model } = this
    const passed = now - this.#stepBegan > model.roundTrip
    const gain = CYCLE[this.#step]!
    let done = passed
    // The probe goes on until its queue stands, or nothing more fits; letting go ends when the queue is gone.
    if (gain > 1) done = passed && (this.#lostInStep || priorFlight >= model.inFlight(gain))
    else if (gain < 1) done = passed || flight <= model.inFlight(1)
    if (!done) return
    // Whoever gained this much has far less than the path has to give, or than others have: it need not wait its turn.
    const again = (this.#step === 1 || this.#step === 2) && model.recentRate > AGAIN * this.#rateBefore
    this.#setStep(again ? 0 : (this.#step + 1) % CYCLE.length, now)
  }

  #probeRoundTrip({ now, flight }: Readonly<Acknowledgement>, stale: boolean): void {
    const { model } = this
    if (stale && !this.#idle && this.phase !== 'probe-round-trip' && !this.#timedOut) {
      this.phase = 'probe-round-trip'
      this.#priorWindow = this.window
      this.#pacingGain = 1
      this.#probeUntil = Number.NaN
    }
    if (this.phase !== 'probe-round-trip') return
    model.markApplicationLimited()
    if (!(this.#probeUntil >= 0)) {
      if (flight > this.#least) return
      this.#probeUntil = now + Math.max(PROBE_ROUND_TRIP, model.roundTrip)
      return
    }
    if (now < this.#probeUntil) return
    model.roundTripProbed(now)
    this.window = Math.max(this.window, this.#priorWindow)
    if (model.full) this.#cruise(now)
    else {
      this.phase = 'startup'
      this.#pacingGain = STARTUP_GAIN
      this.#windowGain = STARTUP_GAIN
    }
  }

  #setPace(gain: number): void {
    const { model } = this
    const { rate } = model
    if (rate > 0) {
      // What may be in flight in any case may leave within a round trip: else what was measured while the path was all but down
      // would hold back the very packets that show it to be up again.
      const pace = Math.max(gain * rate * PACING_MARGIN, this.#least / Math.max(model.roundTrip, 1))
      // Startup never slows down because of one small measurement.
      if (model.full || pace > this.pacingRate || this.pacingRate === Number.POSITIVE_INFINITY) this.pacingRate = pace
    }
    if (!model.full && model.roundTrip > 0 && model.roundTrip < Number.POSITIVE_INFINITY) {
      const first = (STARTUP_GAIN * initialWindow(this.#packetSize)) / model.roundTrip
      if (this.pacingRate < first || this.pacingRate === Number.POSITIVE_INFINITY) this.pacingRate = first
    }
  }

  #setWindow({ bytes, delivered }: Readonly<Acknowledgement>): void {
    const { model } = this
    const least = this.#least
    if (this.phase === 'probe-round-trip') {
      this.window = Math.min(this.window, least)
      return
    }
    if (model.rate === 0) {
      this.window += bytes
      return
    }
    // A host sends in bursts of its timers, and takes bursts of acknowledgements: both are in flight besides (4.2.3.2).
    const quantum = Math.min(Math.max(this.pacingRate, 2 * this.#packetSize), 65_536)
    const target = Math.max(model.inFlight(this.#windowGain) + model.aggregated + 3 * quantum, least)
    if (model.full) this.window = Math.min(this.window + bytes, target)
    else if (this.window < target || delivered < initialWindow(this.#packetSize)) this.window += bytes
    if (this.#timedOut) {
      if (this.window >= Math.min(this.#priorWindow, target)) this.#timedOut = false
      else return
    }
    this.window = Math.max(this.window, least)
  }
}
