/**
 * Whether the pair that carries data still carries it. One lost datagram must not move anything, so that there is a
 * suspicion first:
 *
 * - A check for consent (RFC 7675, 5.1) stays unanswered.
 * - The peer checks, or sends on, another valid pair: it may have lost its end of this one.
 * - We send, and nothing has come for a while.
 *
 * Under suspicion the pair is asked over and over within one `doubtTimeout`, and the others as well. If none of that is
 * answered, the pair is in doubt until a check is. That something still comes in proves nothing: a path may die in one
 * direction. Where the peer sends decides nothing either as long as the pair answers: each side may use another (RFC
 * 8445, 12), and whoever captures a check of the peer could repeat it from anywhere.
 */

import type { IceTiming } from './options.ts'
import type { CandidatePair } from './pair.ts'

/** With every fifth datagram lost, each way, all of these go unanswered once in 3,500 times. */
const PROBES = 8
/** Milliseconds of silence after which what we send is in question: libwebrtc's receiving timeout. */
export const SILENCE = 2_500
const NEVER = Number.POSITIVE_INFINITY

/** What is to be done: nothing, ask the carrier, ask the others too, or leave the carrier if there is a better one. */
export type Verdict = 'nothing' | 'ask' | 'ask-all' | 'doubted'

export class Doubt {
  /** When `judge` is to be asked. */
  deadline = NEVER
  readonly #timing: IceTiming
  #carrier: CandidatePair | undefined
  /** An answer from then on ends the suspicion. */
  #since = 0
  /** Not only a check for consent is waited for. */
  #isUrgent = false
  #probes = 0
  /** A peer that sends elsewhere all the time is no reason to ask all the time. */
  #calmUntil = Number.NEGATIVE_INFINITY

  constructor(timing: IceTiming) {
    this.#timing = timing
  }

  carry(pair: CandidatePair | undefined): void {
    if (pair === this.#carrier) return
    this.#carrier = pair
    this.#end()
    this.#calmUntil = Number.NEGATIVE_INFINITY
  }

  /** A check for consent was sent. */
  asked(now: number): void {
    if (this.#carrier === undefined || this.deadline !== NEVER) return
    this.#begin(now, false)
    this.deadline = now + this.#patience(this.#carrier)
  }

  /** There is a sign that the carrier may be dead. False when that is known. */
  suspect(now: number): boolean {
    const carrier = this.#carrier
    if (carrier === undefined || carrier.doubted || this.#isUrgent) return false
    this.#begin(now, true)
    this.deadline = Math.max(now, this.#calmUntil)
    return true
  }

  /** @param hasOther Whether there is any other pair, valid or still to be checked. */
  judge(now: number, hasOther: boolean): Verdict {
    if (now < this.deadline) return 'nothing'
    const carrier = this.#carrier
    if (carrier === undefined || !hasOther || carrier.lastAnsweredAt >= this.#since) {
      this.#end()
      if (carrier !== undefined) this.#calmUntil = now + 2 * this.#patience(carrier)
      return 'nothing'
    }
    if (carrier.doubted) {
      this.#end()
      return 'ask-all'
    }
    if (this.#probes === PROBES) {
      carrier.doubted = true
      this.#end()
      return 'doubted'
    }
    this.#isUrgent = true
    this.deadline = now + this.#patience(carrier) / PROBES
    return this.#probes++ % 3 === 1 ? 'ask-all' : 'ask'
  }

  /** Whether a pair has shown since the suspicion began that it works. */
  hasAnswered(pair: CandidatePair): boolean {
    return Math.max(pair.lastAnsweredAt, pair.lastReceivedAt) >= this.#since
  }

  #begin(now: number, isUrgent: boolean): void {
    this.#since = now
    this.#isUrgent = isUrgent
    this.#probes = 0
  }

  #end(): void {
    this.deadline = NEVER
    this.#isUrgent = false
    this.#probes = 0
  }

  #patience(pair: CandidatePair): number {
    return Math.max(this.#timing.doubtTimeout, 4 * (pair.currentRoundTripTime ?? 0))
  }
}
