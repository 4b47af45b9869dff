/** How long a segment may be unacknowledged before it is sent again (RFC 6298, section 2). */

/** Milliseconds. The least is what platforms use; the RFC's own would be 1,000. */
const FIRST = 1_000
const LEAST = 200
const LARGEST = 60_000

export class RetransmissionTimeout {
  /** In milliseconds. */
  value = FIRST
  #smoothed = -1
  #variation = 0

  /** A round trip has taken so long. */
  measure(roundTrip: number): void {
    if (this.#smoothed < 0) {
      this.#smoothed = roundTrip
      this.#variation = roundTrip / 2
    } else {
      this.#variation = 0.75 * this.#variation + 0.25 * Math.abs(this.#smoothed - roundTrip)
      this.#smoothed = 0.875 * this.#smoothed + 0.125 * roundTrip
    }
    this.restore()
  }

  /** Undoes what was doubled: something new has been acknowledged. */
  restore(): void {
    const value = this.#smoothed < 0 ? FIRST : this.#smoothed + 4 * this.#variation
    this.value = Math.min(LARGEST, Math.max(LEAST, value))
  }

  double(): void {
    this.value = Math.min(LARGEST, this.value * 2)
  }
}
