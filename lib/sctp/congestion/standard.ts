/**
 * The standard congestion control (RFC 9260 7.2).
 *
 * Two choices that the RFC leaves open: the window grows by what was
 * acknowledged without a limit per SACK (7.2.1, L > 1; RFC 3465), because a receiver that coalesces its SACKs would else
 * hold slow start back, and bursts are bounded by the sender; and it starts at ten packets (RFC 6928).
 */

import type { Acknowledgement, CongestionControl, CongestionOptions } from './congestion-control.ts'

const INITIAL_PACKETS = 10
/** Above this many packets slow start adds at most half as many a round trip (limited slow start, RFC 3742). */
const LIMITED_FROM = 100

export class StandardCongestionControl implements CongestionControl {
  window: number
  threshold: number
  readonly pacingRate = Number.POSITIVE_INFINITY
  #mtu: number
  #partial = 0

  constructor({ packetSize }: CongestionOptions) {
    this.#mtu = packetSize
    this.window = INITIAL_PACKETS * packetSize
    this.threshold = Number.POSITIVE_INFINITY
  }

  setPacketSize(bytes: number): void {
    this.#mtu = bytes
  }

  sent(): void {}

  acknowledged({ bytes, advanced, limited, recovering }: Readonly<Acknowledgement>): void {
    if (!advanced || bytes === 0 || recovering) return
    if (!limited) {
      this.#partial = 0
      return
    }
    if (this.window < this.threshold) {
      const limit = LIMITED_FROM * this.#mtu
      const growth = this.window <= limit ? bytes : bytes / Math.ceil(this.window / (limit / 2))
      // What goes beyond the threshold is congestion avoidance already, however much one SACK acknowledges.
      this.window = Math.min(this.window + growth, this.threshold)
      return
    }
    this.#partial += bytes
    while (this.#partial >= this.window) {
      this.#partial -= this.window
      this.window += this.#mtu
    }
  }

  lost(): void {
    this.threshold = Math.max(this.window / 2, 4 * this.#mtu)
    this.window = this.threshold
    this.#partial = 0
  }

  recovered(): void {}

  spurious(): void {}

  timedOut(): void {
    this.threshold = Math.max(this.window / 2, 4 * this.#mtu)
    this.window = this.#mtu
    this.#partial = 0
  }

  idled(timeouts: number): void {
    const least = INITIAL_PACKETS * this.#mtu
    if (this.window <= least) return
    this.threshold = Math.max(this.threshold === Number.POSITIVE_INFINITY ? 0 : this.threshold, this.window * 0.75)
    this.window = Math.max(least, this.window / 2 ** Math.min(timeouts, 30))
  }
}
