/**
 * How fast the path delivers (draft-cheng-iccrg-delivery-rate-estimation): what arrived between the departure of a chunk
 * and its acknowledgement, by the longer of the times in which it was sent and in which it was acknowledged; so neither
 * acknowledgements that come together nor bursts of sending make it look faster than it is.
 */

import type { Acknowledgement } from './congestion/congestion-control.ts'
import type { Transmissions } from './transmissions.ts'

export class DeliveryRate {
  /** Bytes known to be delivered since the association began. */
  delivered = 0
  #deliveredAt = 0
  #firstSentAt = 0
  /** Samples tell nothing of the path's capacity until this many bytes are delivered; 0: they do. */
  #limitedUntil = 0
  readonly #transmissions: Transmissions

  constructor(transmissions: Transmissions) {
    this.#transmissions = transmissions
  }

  /** A chunk leaves; returns the order of its transmission. */
  sent(tsn: number, flight: number, now: number): number {
    if (flight === 0) {
      this.#firstSentAt = now
      this.#deliveredAt = now
    }
    return this.#transmissions.add(
      tsn,
      now,
      this.delivered,
      this.#deliveredAt,
      this.#firstSentAt,
      this.#limitedUntil > 0,
    )
  }

  /** There was too little to send for the path to be filled, or the peer's buffer stood in the way. */
  applicationLimited(flight: number): void {
    this.#limitedUntil = Math.max(1, this.delivered + flight)
  }

  /** A SACK told of so many bytes that had not been known to have arrived. */
  arrived(bytes: number, now: number): void {
    this.delivered += bytes
    this.#deliveredAt = now
    if (this.#limitedUntil > 0 && this.delivered > this.#limitedUntil) this.#limitedUntil = 0
  }

  /**
   * Fills in the sample of the transmission that was sent last among those that a SACK acknowledged; call it after
   * `arrived`.
   * @param leastRoundTrip Milliseconds: what took less was not one round trip, and tells nothing.
   */
  measure(order: number, leastRoundTrip: number, sample: Acknowledgement): void {
    const transmissions = this.#transmissions
    const sentAt = transmissions.sentAt(order)
    sample.priorDelivered = transmissions.delivered(order)
    sample.applicationLimited = transmissions.applicationLimited(order)
    const sending = sentAt - transmissions.firstSentAt(order)
    const acknowledging = this.#deliveredAt - transmissions.deliveredAt(order)
    this.#firstSentAt = sentAt
    const interval = Math.max(sending, acknowledging)
    const measured = interval > 0 && interval >= leastRoundTrip
    sample.deliveryRate = measured ? (this.delivered - sample.priorDelivered) / interval : Number.NaN
  }
}
