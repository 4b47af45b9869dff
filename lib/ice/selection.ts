/** Which pair is nominated, and which carries data (RFC 8445, sections 8.1.1 and 12.1). */

import type { Generation } from './generation.ts'
import type { IceTiming } from './options.ts'
import type { CandidatePair } from './pair.ts'

/**
 * The pair that a controlling agent decides for at `now`, if any: the best valid one, as soon as no better one is under
 * way or can still be trickled, or when those have had their time. Waiting costs nothing, since data flows on a valid
 * pair before it is nominated; deciding early does: a Chromium that is controlled prunes what it finds worse, and does not
 * follow a nomination onto a path that it has pruned.
 */
export const nominee = (generation: Generation, timing: IceTiming, now: number): CandidatePair | undefined => {
  if (!generation.mayNominate) return undefined
  const { pairs, checkList } = generation
  const best = pairs.find(pair => pair.mayCarry(now))
  if (best === undefined) return undefined
  const isBetterPending = !checkList.concluded && pairs.slice(0, pairs.indexOf(best)).some(pair => pair.pending)
  const isOpen = isBetterPending || !generation.remoteEnded
  return isOpen && now < nominationDue(generation, best, timing) ? undefined : best
}

/** When a valid pair is nominated at the latest: a better one, sent out at most then, has had one round trip more. */
const nominationDue = (generation: Generation, best: CandidatePair, timing: IceTiming): number =>
  generation.firstValidAt + timing.nominationWait + (best.currentRoundTripTime ?? 0)

/** When `nominee` must be asked again though nothing has happened, whatever it waits for; Infinity when never. */
export const nominationDeadline = (generation: Generation, timing: IceTiming, now: number): number => {
  if (!generation.mayNominate) return Number.POSITIVE_INFINITY
  const best = generation.pairs.find(pair => pair.mayCarry(now))
  return best === undefined ? Number.POSITIVE_INFINITY : nominationDue(generation, best, timing)
}

/**
 * The pair to send on: one that is heard from before one that is silent, then a nominated one, then the one of highest
 * priority. A peer that nominates aggressively names several (RFC 5245, 8.1.1.2); a peer that moves to another pair
 * without a restart falls silent on the one before.
 */
export const carrierOf = (generation: Generation, timing: IceTiming, now: number): CandidatePair | undefined => {
  const merit = (pair: CandidatePair) =>
    (now < pair.lastReceivedAt + timing.disconnectedTimeout ? 2 : 0) + (pair.nominated ? 1 : 0)
  let best: CandidatePair | undefined
  // The list is in the order of priority, so that a later pair must be better by merit.
  for (const pair of generation.pairs)
    if (pair.mayCarry(now) && (best === undefined || merit(pair) > merit(best))) best = pair
  return best
}
