/**
 * The lite role (RFC 8445, 2.5, 6.1.1, 7.3.2 and 8.2): an agent with addresses that everyone reaches only answers checks.
 *
 * It is always controlled, unless the peer is lite too. A pair is valid and selected when the peer nominates it. What
 * the peer's checks are to a full agent, they are here as well: consent, and a sign of life.
 */

import type { PeerCheck } from './early-checks.ts'
import type { IceRole, IceTiming } from './options.ts'
import type { CandidatePair } from './pair.ts'

/** A check has come: nothing is asked in return. */
export const answerAsLite = (
  pair: CandidatePair,
  { useCandidate, nomination }: PeerCheck,
  { consentTimeout }: IceTiming,
  now: number,
): void => {
  pair.state = 'succeeded'
  pair.consentUntil = now + consentTimeout
  if (useCandidate || nomination !== undefined) pair.valid = true
}

/**
 * With a lite peer nobody checks anything: the pair of highest priority is taken as it is (RFC 8445, 8.2), and without
 * checks there is no consent to expire.
 */
export const agreeUnchecked = (pairs: readonly CandidatePair[]): void => {
  for (const pair of pairs) {
    const isBest = pair === pairs[0]
    pair.authenticated = true
    pair.state = 'succeeded'
    pair.valid = isBest
    pair.nominated = isBest
    pair.consentUntil = Number.POSITIVE_INFINITY
  }
}

/** Who controls, as far as lite sides decide it (RFC 8445, 6.1.1); with two of them the descriptions say. */
export const roleBesideLite = (isLite: boolean, isPeerLite: boolean): IceRole | undefined =>
  isLite === isPeerLite ? undefined : isLite ? 'controlled' : 'controlling'
