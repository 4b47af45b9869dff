/** Acknowledgements made by hand: a sender that has as much in flight as the window lets it, and a path that loses nothing. */

import type { Acknowledgement, CongestionControl, CongestionOptions } from '../../../lib/sctp/index.ts'
import { seededRandom } from '../../../lib/sim/index.ts'

export const PACKET = 1000
export const OPTIONS: CongestionOptions = { packetSize: PACKET, random: seededRandom(1) }

/** One SACK; what is not said is as in the midst of a transfer that the window limits. */
export const sample = (partial: Partial<Acknowledgement>): Acknowledgement => ({
  now: 0,
  bytes: 0,
  lost: 0,
  priorFlight: 0,
  flight: 10 * PACKET,
  advanced: true,
  limited: true,
  recovering: false,
  roundTrip: Number.NaN,
  deliveryRate: Number.NaN,
  applicationLimited: false,
  delivered: 0,
  priorDelivered: 0,
  ...partial,
})

export interface RoundOptions {
  /** The round trip of its packets: first and last, in ms. */
  readonly from: number
  readonly to?: number
  /** Bytes a millisecond that the path delivers. */
  readonly rate?: number
  /** Lost, of each packet's bytes. */
  readonly loss?: number
  /** How much is acknowledged or lost, unless it follows from the window, the pace and the rate. */
  readonly bytes?: number
}

/** Whole round trips: each acknowledges, packet by packet, what the window was when it began, or what the path delivered. */
export class Rounds {
  now = 1000
  delivered = 0

  constructor(readonly control: CongestionControl) {}

  pass({ from, to = from, rate = Number.NaN, loss = 0, bytes }: RoundOptions): void {
    const { control } = this
    const flight = rate > 0 ? Math.min(control.window, control.pacingRate * from) : control.window
    const priorDelivered = this.delivered
    const acknowledged = bytes ?? (rate > 0 ? Math.min(flight, rate * from) : flight)
    const packets = Math.max(1, Math.floor(acknowledged / PACKET))
    const began = this.now
    for (let i = 1; i <= packets; i++) {
      this.now = began + (from * i) / packets
      const lost = PACKET * loss
      this.delivered += PACKET - lost
      control.acknowledged(
        sample({
          now: this.now,
          bytes: PACKET - lost,
          lost,
          priorFlight: flight,
          flight,
          roundTrip: from + ((to - from) * i) / packets,
          deliveryRate: rate,
          delivered: this.delivered,
          priorDelivered,
        }),
      )
    }
  }
}
