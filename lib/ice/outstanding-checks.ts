/**
 * Checks that wait for their answer, by transaction id (RFC 8445, 7.2.5): retransmitted, matched, timed out.
 *
 * A pair may have several: one that was cancelled for a triggered check still counts when its answer comes late (RFC
 * 8445, 7.3.1.4), and so do consent checks (RFC 7675, 5.1).
 */

import { hex } from '../bytes/index.ts'
import type { ClientTransaction, RetransmissionTiming } from '../stun/index.ts'
import type { IceRole, IceTiming } from './options.ts'
import type { CandidatePair } from './pair.ts'

export type CheckPurpose = 'ordinary' | 'nomination' | 'consent'

export interface Check {
  readonly pair: CandidatePair
  readonly purpose: CheckPurpose
  /** The role that the request told. */
  readonly role: IceRole
  /** The PRIORITY that the request told. */
  readonly priority: number
  readonly transaction: ClientTransaction
}

/**
 * How a check is repeated (RFC 8445, 14.3); one for consent is not (RFC 7675, 5.1).
 * @param active Pairs that are waiting or in progress: the more they are, the slower each.
 * @param reliable Over TCP it is sent once, and waited for as long as over UDP (RFC 8489, 6.2.2).
 */
export const retransmissionOf = (
  purpose: CheckPurpose,
  timing: IceTiming,
  active: number,
  reliable: boolean,
): RetransmissionTiming => {
  const { checkInterval, consentTimeout, requests, lastWait } = timing
  if (purpose !== 'consent' && reliable)
    return { initialTimeout: timing.initialTimeout * (2 ** (requests - 1) - 1 + lastWait), requests: 1, lastWait: 1 }
  if (purpose === 'consent') return { initialTimeout: consentTimeout, requests: 1, lastWait: 1 }
  return { initialTimeout: Math.max(timing.initialTimeout, checkInterval * active), requests, lastWait }
}

/** A peer that never answers and always asks would otherwise make them many. Seven consent checks fall into 30 s. */
const MOST_PER_PAIR = 16

export class OutstandingChecks {
  readonly #checks = new Map<string, Check>()

  get deadline(): number {
    let deadline = Number.POSITIVE_INFINITY
    for (const { transaction } of this.#checks.values())
      if (transaction.deadline < deadline) deadline = transaction.deadline
    return deadline
  }

  get size(): number {
    return this.#checks.size
  }

  add(transactionId: Uint8Array, check: Check): void {
    let oldest: string | undefined
    let count = 0
    for (const [key, { pair }] of this.#checks) {
      if (pair !== check.pair) continue
      oldest ??= key
      count++
    }
    if (count >= MOST_PER_PAIR) this.#checks.delete(oldest!)
    this.#checks.set(hex(transactionId), check)
  }

  find(transactionId: Uint8Array): Check | undefined {
    return this.#checks.get(hex(transactionId))
  }

  /** The check has had its answer. */
  remove(transactionId: Uint8Array): void {
    this.#checks.delete(hex(transactionId))
  }

  /** The path of the pair has gone: no answer can come. */
  drop(pair: CandidatePair): void {
    for (const [key, check] of this.#checks) if (check.pair === pair) this.#checks.delete(key)
  }

  /** Whether a check of the pair that decides its state is under way. */
  isChecking(pair: CandidatePair): boolean {
    for (const check of this.#checks.values()) if (check.pair === pair && check.purpose !== 'consent') return true
    return false
  }

  /** Sends the pair's ordinary checks no more, but goes on listening for their answers. */
  stopRetransmitting(pair: CandidatePair, now: number): void {
    for (const check of this.#checks.values())
      if (check.pair === pair && check.purpose === 'ordinary') check.transaction.stopRetransmitting(now)
  }

  /** Retransmits what is due; what has timed out is taken out and told. */
  advance(now: number, timedOut: (check: Check) => void): void {
    for (const [key, check] of this.#checks) {
      check.transaction.advance(now)
      if (check.transaction.state !== 'timed-out') continue
      this.#checks.delete(key)
      timedOut(check)
    }
  }

  clear(): void {
    this.#checks.clear()
  }
}
