/**
 * Which pairs have been nominated in one generation, by us or by the peer (RFC 8445, 8.1.1 and 7.3.1.5), and which of
 * several nominations counts.
 *
 * With renomination (draft-thatcher-ice-renomination) every nomination has a number, and the highest counts. Without it
 * a peer that nominates regularly means its last, since it asks before it decides; one that nominates aggressively (RFC
 * 5245, 8.1.1.2) names pairs from the first check on, and means the one of highest priority.
 */

import type { CheckList } from './check-list.ts'
import type { PeerCheck } from './early-checks.ts'
import type { CandidatePair } from './pair.ts'

export class Nominations {
  /** Both sides have announced renomination. */
  renominates = false
  /** A pair has been nominated: from now on one that dies is replaced at once. */
  decided = false
  readonly #checkList: CheckList
  /** The highest number that is in force or that we have given, and whose it is. */
  #highest = 0
  #latest: CandidatePair | undefined

  constructor(checkList: CheckList) {
    this.#checkList = checkList
  }

  /** We, controlling, decide for a pair: its check is to be repeated with USE-CANDIDATE. */
  begin(pair: CandidatePair): void {
    for (const other of this.#checkList.pairs) if (other !== pair) this.#cancel(other)
    pair.nominating = true
    if (this.renominates) this.#count(pair, this.#highest + 1)
    this.#checkList.trigger(pair)
  }

  /** Our role has changed: a nomination under way is off, and who decides now counts from the beginning. */
  reset(isControlling: boolean): void {
    this.#highest = 0
    for (const pair of this.#checkList.pairs) {
      this.#cancel(pair)
      pair.nomination = 0
      if (isControlling) pair.nominateOnSuccess = false
    }
  }

  /**
   * We are controlled, and a check of the peer has come. A nomination counts when the pair is valid: at once, or when our
   * own check has succeeded. Its number counts then as well: a check that somebody has captured and repeats from elsewhere
   * must not take the number from the pair that it was meant for.
   * @returns Whether the pair is nominated now by this check.
   */
  take(pair: CandidatePair, { useCandidate, nomination }: PeerCheck, isValid: boolean): boolean {
    const value = this.renominates ? nomination : undefined
    if (value === undefined) {
      if (!useCandidate) pair.wasAsked = true
      if (!useCandidate || this.#highest > 0) return false
    } else {
      // An old one that comes late, or the number of another pair's.
      if (value < this.#highest || (value === this.#highest && pair !== this.#latest)) return false
      if (isValid) this.#count(pair, value)
      else pair.nomination = Math.max(value, pair.nomination)
    }
    if (!isValid) {
      pair.nominateOnSuccess = true
      return false
    }
    return !pair.nominated
  }

  /** The nomination of a valid pair is in force. */
  complete(pair: CandidatePair): void {
    const isLatest =
      pair.nomination > this.#highest ||
      (pair.nomination === this.#highest && (this.#highest === 0 || pair === this.#latest))
    pair.nominating = false
    pair.nominateOnSuccess = false
    if (!isLatest) return
    this.#count(pair, pair.nomination)
    if (this.#highest > 0 || pair.wasAsked)
      for (const other of this.#checkList.pairs) if (other !== pair) other.nominated = false
    pair.nominated = true
    pair.lapsed = false
    this.decided = true
    this.#checkList.conclude()
  }

  #count(pair: CandidatePair, value: number): void {
    pair.nomination = value
    this.#highest = value
    this.#latest = pair
  }

  #cancel(pair: CandidatePair): void {
    if (pair.nominating) this.#checkList.untrigger(pair)
    pair.nominating = false
  }
}
