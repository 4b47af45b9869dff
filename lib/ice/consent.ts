/**
 * Consent freshness (RFC 7675, 5.1): when the pair that carries data is checked again.
 *
 * Every 4 to 6 seconds, drawn anew each time so that no two connections fall into step; never retransmitted. An answer
 * renews the pair's consent for 30 s, however late it comes; requests of the peer do not. These checks are the
 * keepalives too (RFC 8445, 11).
 */

import { type Random, randomUnit } from '../machine/index.ts'
import type { IceTiming } from './options.ts'
import type { CandidatePair } from './pair.ts'

const NEVER = Number.POSITIVE_INFINITY

export class Consent {
  readonly #random: Random
  readonly #interval: number
  readonly #timeout: number
  #pair: CandidatePair | undefined
  /** When the next check is due; Infinity when no pair carries data. */
  deadline = NEVER

  constructor(random: Random, { consentInterval, consentTimeout }: IceTiming) {
    this.#random = random
    this.#interval = consentInterval
    this.#timeout = consentTimeout
  }

  /**
   * The pair that carries data, or none.
   * @param isRefuge It takes the place of one that has died. It is checked at once, so that the peer learns of it as well.
   */
  carry(pair: CandidatePair | undefined, isRefuge: boolean, now: number): void {
    if (pair === this.#pair) return
    this.#pair = pair
    // Counted from the pair's last answer: one that has been idle for long is checked at once.
    const due = pair === undefined ? NEVER : pair.consentUntil - this.#timeout + this.#draw()
    this.deadline = isRefuge && pair !== undefined ? now : Math.max(now, due)
  }

  /** The pair to check when its time has come, once. */
  due(now: number): CandidatePair | undefined {
    if (now < this.deadline) return undefined
    this.deadline = now + this.#draw()
    return this.#pair
  }

  #draw(): number {
    return this.#interval * (0.8 + 0.4 * randomUnit(this.#random))
  }
}
