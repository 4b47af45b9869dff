/**
 * Which chunks are lost: those that were overtaken for longer than the reordering window (RACK: RFC 8985 6.2 step 5). What
 * is lost waits to be sent again, or its message is given up (RFC 3758 3.5).
 */

import { diff32 } from '../bytes/index.ts'
import { Timer } from '../machine/index.ts'
import type { Abandonment } from './abandonment.ts'
import type { SctpCounters } from './counters.ts'
import { LargePackets } from './large-packets.ts'
import { CHUNK_STATE, type Outstanding } from './outstanding.ts'
import { Rack } from './rack.ts'
import type { RetransmissionTimeout } from './retransmission-timeout.ts'
import { Transmissions } from './transmissions.ts'

/**
 * Milliseconds, or a smoothed round trip if that is longer, before what was sent again counts as lost again: where round
 * trips are short there must be no storm.
 */
const LEAST_REPETITION = 5

export class LossDetection {
  /** What may have been overtaken counts as lost when it runs out. */
  readonly timer = new Timer()
  readonly transmissions = new Transmissions()
  readonly rack = new Rack()
  readonly largePackets = new LargePackets()
  /** Bytes that were found lost since this was set to zero. */
  lost = 0
  readonly #outstanding: Outstanding
  readonly #abandonment: Abandonment
  readonly #timeout: RetransmissionTimeout
  readonly #counters: SctpCounters

  constructor(
    outstanding: Outstanding,
    abandonment: Abandonment,
    timeout: RetransmissionTimeout,
    counters: SctpCounters,
  ) {
    this.#outstanding = outstanding
    this.#abandonment = abandonment
    this.#timeout = timeout
    this.#counters = counters
  }

  /** Finds what is lost by now, and sets the timer for what may be. */
  detect(recovering: boolean, now: number): void {
    const { transmissions, rack } = this
    const outstanding = this.#outstanding
    this.timer.stop()
    const smoothed = this.#timeout.smoothed ?? 0
    const first = rack.roundTrip + rack.window(recovering, smoothed)
    const last = rack.roundTrip + rack.patient(smoothed)
    const again = Math.max(first, smoothed, LEAST_REPETITION)
    while (!transmissions.empty) {
      const order = transmissions.first
      const tsn = transmissions.tsn(order)
      const inFlight =
        diff32(tsn, outstanding.first) >= 0 &&
        outstanding.order(tsn) === order &&
        outstanding.state(tsn) === CHUNK_STATE.IN_FLIGHT
      if (inFlight) {
        if (!(rack.roundTrip >= 0) || diff32(order, rack.newest) >= 0) break
        const sentAt = transmissions.sentAt(order)
        const count = outstanding.transmissions(tsn)
        let patience = count > 1 ? again : first
        // A message that is given up does not come back when its chunk was late, and not lost.
        if (last > patience && this.#abandonment.exhausted(outstanding.message(tsn), count, now)) patience = last
        if (now - sentAt < patience) {
          this.timer.set(Math.max(now + 1, sentAt + patience))
          break
        }
        if (transmissions.large(order) && this.largePackets.lost(order, transmissions.next)) {
          this.#counters.largePacketsLost++
        }
        this.lose(tsn, now)
      }
      transmissions.shift()
    }
  }

  /** A chunk is lost: it is sent again, or its message is given up. */
  lose(tsn: number, now: number): void {
    const outstanding = this.#outstanding
    this.#counters.lostChunks++
    this.lost += outstanding.size(tsn)
    const message = outstanding.message(tsn)
    if (this.#abandonment.exhausted(message, outstanding.transmissions(tsn), now)) this.#abandonment.abandon(message)
    else outstanding.markWaiting(tsn)
  }
}
