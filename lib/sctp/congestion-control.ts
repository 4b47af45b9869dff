/**
 * How much may be in flight: the interface that every congestion controller has, and the standard one (RFC 9260 7.2).
 *
 * Bytes count whole DATA chunks, headers included. Two choices that the RFC leaves open: the window grows by what was
 * acknowledged without a limit per SACK (7.2.1, L > 1; RFC 3465), because a receiver that coalesces its SACKs would else
 * hold slow start back, and bursts are bounded by the sender; and it starts at ten packets (RFC 6928).
 */

export interface CongestionControl {
  /** The congestion window in bytes. */
  readonly window: number
  /**
   * A SACK moved the cumulative TSN.
   * @param bytes Newly acknowledged.
   * @param limited Whether the window, and not a lack of data, had held the sender back.
   */
  acknowledged(bytes: number, limited: boolean): void
  /** A loss was found by missing reports; called once per window (fast recovery, RFC 9260 7.2.4). */
  lost(): void
  /** The retransmission timer ran out (7.2.3). */
  timedOut(): void
  /** Nothing was sent for this many retransmission timeouts (7.2.1). */
  idled(timeouts: number): void
}

const INITIAL_PACKETS = 10
/** Above this many packets slow start adds at most half as many a round trip (limited slow start, RFC 3742). */
const LIMITED_FROM = 100

export class StandardCongestionControl implements CongestionControl {
  window: number
  threshold: number
  readonly #mtu: number
  #partial = 0

  /** @param mtu What a full packet counts for, in bytes: its DATA chunk. */
  constructor(mtu: number) {
    this.#mtu = mtu
    this.window = INITIAL_PACKETS * mtu
    this.threshold = Number.POSITIVE_INFINITY
  }

  acknowledged(bytes: number, limited: boolean): void {
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
