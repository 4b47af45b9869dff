/**
 * The standard congestion control (RFC 9260 7.2): a packet more every round trip (7.2.2), half the window at a loss
 * (7.2.3, 7.2.4), one packet after a timeout.
 */

import type { Acknowledgement } from './congestion-control.ts'
import { WindowControl } from './window-control.ts'

export class StandardCongestionControl extends WindowControl {
  /** Bytes acknowledged towards the next packet (partial_bytes_acked). */
  #partial = 0

  protected avoid({ bytes, limited, flight }: Readonly<Acknowledgement>): void {
    this.#partial += bytes
    if (limited) {
      while (this.#partial >= this.window) {
        this.#partial -= this.window
        this.window += this.packetSize
      }
    } else {
      // A window that is not used does not grow, and nothing is saved up for when it is.
      this.#partial = Math.min(this.#partial, this.window)
    }
    if (flight === 0) this.#partial = 0
  }

  protected reduced(): number {
    this.#partial = 0
    return Math.max(this.window / 2, 4 * this.packetSize)
  }

  protected avoidanceBegins(): void {
    this.#partial = 0
  }

  protected collapsed(): void {}

  protected save(): void {}

  protected restore(): void {
    this.#partial = 0
  }
}
