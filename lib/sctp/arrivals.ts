/**
 * What a SACK tells to have arrived (RFC 9260 6.2.1): chunks that are cumulatively acknowledged, and those that gap blocks
 * report; and what their times of arrival say about round trips (6.3.1), the rate of delivery, and reordering (RFC 8985).
 */

import { add32, diff32 } from '../bytes/index.ts'
import type { Acknowledgement } from './congestion/congestion-control.ts'
import type { SctpCounters } from './counters.ts'
import { DeliveryRate } from './delivery-rate.ts'
import type { LargePackets } from './large-packets.ts'
import type { LossDetection } from './loss-detection.ts'
import { CHUNK_STATE, type Outstanding } from './outstanding.ts'
import type { Rack } from './rack.ts'
import type { RetransmissionTimeout } from './retransmission-timeout.ts'
import type { SackView } from './sack-chunk.ts'
import type { Transmissions } from './transmissions.ts'

export class Arrivals {
  readonly rate: DeliveryRate
  /** Something arrived that counted as lost and had not been sent again. */
  unsent = false
  readonly #outstanding: Outstanding
  readonly #transmissions: Transmissions
  readonly #rack: Rack
  readonly #largePackets: LargePackets
  readonly #timeout: RetransmissionTimeout
  readonly #counters: SctpCounters
  /** The highest TSN that is known to have arrived. */
  #highest: number
  /** Round trips are taken for the timeout once each: of what was sent from this order on. */
  #timedFrom = 0
  /** The latest transmissions that arrived, of all and of those sent once. */
  #newest = 0
  #anyNewest = false
  #once = 0
  #anyOnce = false

  constructor(outstanding: Outstanding, losses: LossDetection, timeout: RetransmissionTimeout, counters: SctpCounters) {
    this.#outstanding = outstanding
    this.#transmissions = losses.transmissions
    this.#rack = losses.rack
    this.#largePackets = losses.largePackets
    this.#timeout = timeout
    this.#counters = counters
    this.#highest = add32(outstanding.first, -1)
    this.rate = new DeliveryRate(this.#transmissions)
  }

  /** Another SACK begins. */
  begin(): void {
    this.#anyNewest = false
    this.#anyOnce = false
    this.unsent = false
  }

  /** The timer ran out: no round trip counts of what was sent before. */
  timedOut(): void {
    this.#timedFrom = this.#transmissions.next
  }

  /** Removes the lowest chunk, which is cumulatively acknowledged. Returns its bytes if that is news, else 0. */
  release(now: number): number {
    const outstanding = this.#outstanding
    const tsn = outstanding.first
    const state = outstanding.state(tsn)
    if (state === CHUNK_STATE.IN_FLIGHT || state === CHUNK_STATE.WAITING) this.#arrived(tsn, state, now)
    return outstanding.release()
  }

  /** Takes the gap blocks. Returns the bytes that are newly reported. */
  report(sack: SackView, now: number): number {
    const outstanding = this.#outstanding
    const reach = diff32(outstanding.next, sack.cumulativeTsn)
    let bytes = 0
    let lastEnd = 1
    for (let block = 0; block < sack.gaps; block++) {
      const start = sack.gapStart(block)
      const end = sack.gapEnd(block)
      if (start <= lastEnd || end < start || end >= reach) {
        this.#counters.lyingSacks++
        break
      }
      lastEnd = end
      let offset = start
      while (offset <= end) {
        const known = outstanding.acknowledged.distanceToGap(add32(sack.cumulativeTsn, offset), end - offset + 1)
        if (known < 0) break
        offset += known
        const tsn = add32(sack.cumulativeTsn, offset)
        const state = outstanding.state(tsn)
        this.#arrived(tsn, state, now)
        bytes += outstanding.acknowledge(tsn)
        offset++
      }
    }
    return bytes
  }

  /** Fills in the round trip and the rate of delivery of what this SACK told of, `bytes` in all. */
  measure(bytes: number, sample: Acknowledgement, now: number): void {
    sample.roundTrip = Number.NaN
    sample.deliveryRate = Number.NaN
    if (bytes > 0) this.rate.arrived(bytes, now)
    if (this.#anyOnce) {
      const roundTrip = now - this.#transmissions.sentAt(this.#once)
      sample.roundTrip = roundTrip
      this.#rack.measured(roundTrip, now)
      // A round trip longer than the first timeout, and than what back-off leads to, is found out by what the timer wronged.
      if (diff32(this.#once, this.#timedFrom) >= 0 || this.#timeout.smoothed === undefined) {
        this.#timedFrom = this.#transmissions.next
        this.#timeout.sample(roundTrip)
      }
    }
    if (!this.#anyNewest) return
    this.#rack.arrived(this.#newest, this.#transmissions.sentAt(this.#newest), now)
    this.rate.measure(this.#newest, this.#rack.leastRoundTrip, sample)
  }

  /** A chunk was in flight, waited to be sent again, or was given up, and is known to have arrived. */
  #arrived(tsn: number, state: number, now: number): void {
    const outstanding = this.#outstanding
    const ambiguous = outstanding.ambiguous(tsn)
    const beyond = diff32(tsn, this.#highest) > 0
    if (beyond) this.#highest = tsn
    else if (!ambiguous) this.#rack.reordering = true
    if (state !== CHUNK_STATE.IN_FLIGHT) {
      if (state === CHUNK_STATE.WAITING) {
        this.unsent = true
        if (!ambiguous && this.#timeout.smoothed === undefined) this.#arrivedOnce(outstanding.order(tsn))
      }
      return
    }
    const order = outstanding.order(tsn)
    if (this.#transmissions.large(order)) this.#largePackets.arrived()
    if (ambiguous) {
      // Sooner than any round trip: it is the earlier transmission that arrived (RFC 8985 6.2 step 2).
      if (now - this.#transmissions.sentAt(order) < this.#rack.leastRoundTrip) return
    } else {
      this.#arrivedOnce(order)
    }
    if (!this.#anyNewest || diff32(order, this.#newest) > 0) {
      this.#newest = order
      this.#anyNewest = true
    }
  }
  /** What was sent once tells the round trip. */
  #arrivedOnce(order: number): void {
    if (!this.#transmissions.has(order) || (this.#anyOnce && diff32(order, this.#once) <= 0)) return
    this.#once = order
    this.#anyOnce = true
  }
}
