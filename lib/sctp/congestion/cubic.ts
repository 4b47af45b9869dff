/**
 * CUBIC (RFC 9438): after a loss the window returns along a cubic curve of time to where the loss happened, lingers
 * there, and then probes beyond it ever faster. Unlike the standard growth it does not depend on the round trip time, so long fast
 * paths are filled again in seconds. Where the standard control would be faster, it grows as that does (4.3).
 */

import type { Acknowledgement } from './congestion-control.ts'
import { WindowControl } from './window-control.ts'

/** C, in packets a second cubed (5.1). */
const AGGRESSIVENESS = 0.4
/** What is left of the window after a loss (4.6). */
const BETA = 0.7
/** Packets a window by which the standard growth is imitated, so that both get the same share (4.3). */
const ALPHA = (3 * (1 - BETA)) / (1 + BETA)

export class CubicCongestionControl extends WindowControl {
  /** W_max: the window at which the last loss came, less when the path seems to be shared by more (fast convergence, 4.7). */
  #maximum = 0
  /** When this stage of congestion avoidance began, in ms; NaN: with the next SACK. */
  #epoch = Number.NaN
  /** K: milliseconds from the epoch until the curve is back at the maximum. */
  #return = 0
  /** W_est: what the standard control would have. */
  #estimate = 0
  /** cwnd_prior: the window before the last loss. */
  #prior = 0
  #last = 0
  readonly #saved = { maximum: 0, epoch: Number.NaN, return: 0, estimate: 0, prior: 0 }

  protected avoid({ bytes, limited, now }: Readonly<Acknowledgement>): void {
    if (!(this.#epoch >= 0)) this.#begin(now)
    else if (!limited) this.#epoch += now - this.#last
    this.#last = now
    // The curve stands still while the window is not used (5.8).
    if (!limited) return
    const { window } = this
    // Whoever imitates the standard control takes back less, and hence adds less, until it is where it was (4.3).
    const alpha = this.#estimate >= this.#prior ? 1 : ALPHA
    this.#estimate += (alpha * this.packetSize * bytes) / window
    const elapsed = now - this.#epoch
    if (this.#curve(elapsed) < this.#estimate) {
      this.window = Math.max(window, this.#estimate)
      return
    }
    const roundTrip = this.roundTrip >= 0 ? this.roundTrip : 0
    const target = Math.min(this.#curve(elapsed + roundTrip), 1.5 * window)
    if (target > window) this.window = window + ((target - window) * bytes) / window
  }

  /** W_cubic in bytes, `elapsed` milliseconds after the epoch. */
  #curve(elapsed: number): number {
    return AGGRESSIVENESS * this.packetSize * ((elapsed - this.#return) / 1000) ** 3 + this.#maximum
  }

  #begin(now: number): void {
    this.#epoch = now
    this.#last = now
    this.#estimate = this.window
    // After a timeout, or when slow start ended by itself, the curve begins at its flat part.
    if (this.#maximum < this.window) this.#maximum = this.window
    this.#return = Math.cbrt((this.#maximum - this.window) / (AGGRESSIVENESS * this.packetSize)) * 1000
  }

  protected reduced(): number {
    const { window } = this
    this.#maximum = window < this.#maximum ? (window * (1 + BETA)) / 2 : window
    this.#prior = window
    this.#epoch = Number.NaN
    return Math.max(window * BETA, 2 * this.packetSize)
  }

  protected avoidanceBegins(): void {
    this.#maximum = 0
    this.#epoch = Number.NaN
  }

  protected collapsed(): void {
    // What the path bears now is found by slow start up to the threshold (4.8).
    this.#maximum = 0
    this.#prior = 0
    this.#epoch = Number.NaN
  }

  protected save(): void {
    const saved = this.#saved
    saved.maximum = this.#maximum
    saved.epoch = this.#epoch
    saved.return = this.#return
    saved.estimate = this.#estimate
    saved.prior = this.#prior
  }

  protected restore(now: number): void {
    const saved = this.#saved
    this.#maximum = saved.maximum
    this.#epoch = saved.epoch
    this.#return = saved.return
    this.#estimate = saved.estimate
    this.#prior = saved.prior
    this.#last = now
  }
}
