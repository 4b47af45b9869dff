/** Which pair is nominated, and which carries data (RFC 8445, sections 8.1.1 and 12.1). */

import type { Generation } from './generation.ts'
import type { IceTiming } from './options.ts'
import type { CandidatePair } from './pair.ts'

/**
 * The pair that a controlling agent decides for at `now`, if any.
 *
 * First it is the best valid one, as soon as no better one is under way or can still be trickled, or when those have had
 * their time. Waiting costs nothing, since data flows on a valid pair before it is nominated; deciding early does: a
 * Chromium that is controlled prunes what it finds worse, and does not follow a nomination onto a path that it has pruned.
 *
 * Later it is the pair that has taken the place of one that died, and with renomination a better one than the selected.
 */
export const nominee = (generation: Generation, timing: IceTiming, now: number): CandidatePair | undefined => {
  if (!generation.mayDecide) return undefined
  const { pairs, checkList } = generation
  if (generation.nominations.decided) return laterNominee(generation, timing, now)
  if (pairs.some(pair => pair.nominating)) return undefined
  const best = pairs.find(pair => pair.mayCarry(now))
  if (best === undefined) return undefined
  const isBetterPending = !checkList.concluded && pairs.slice(0, pairs.indexOf(best)).some(pair => pair.pending)
  const isOpen = isBetterPending || !generation.remoteEnded
  return isOpen && now < nominationDue(generation, best, timing) ? undefined : best
}

const laterNominee = (generation: Generation, timing: IceTiming, now: number): CandidatePair | undefined => {
  const { pairs, nominations } = generation
  const carrier = carrierOf(generation, timing, now)
  const decided = pairs.find(pair => pair.nominating) ?? pairs.find(pair => pair.nominated)
  if (carrier === undefined || decided === undefined) return carrier
  // What was to replace the one that died is dead as well.
  if (decided.nominating && decided !== carrier && !decided.isHeard(timing.disconnectedTimeout, now)) return carrier
  if (!nominations.renominates || decided.nominating) return undefined
  const best = pairs.find(pair => pair.mayCarry(now) && pair.isHeard(timing.disconnectedTimeout, now) && !pair.lapsed)
  return best !== undefined && best.priority > decided.priority ? best : undefined
}

/** When a valid pair is nominated at the latest: a better one, sent out at most then, has had one round trip more. */
const nominationDue = (generation: Generation, best: CandidatePair, timing: IceTiming): number =>
  generation.firstValidAt + timing.nominationWait + (best.currentRoundTripTime ?? 0)

/** When `nominee` must be asked again though nothing has happened, whatever it waits for; Infinity when never. */
export const nominationDeadline = (generation: Generation, timing: IceTiming, now: number): number => {
  const { pairs, nominations, mayDecide } = generation
  if (!mayDecide || nominations.decided || pairs.some(pair => pair.nominating)) return Number.POSITIVE_INFINITY
  const best = pairs.find(pair => pair.mayCarry(now))
  return best === undefined ? Number.POSITIVE_INFINITY : nominationDue(generation, best, timing)
}

/**
 * The pair to send on: one that is heard from before one that is silent, then a nominated one, then one that data has
 * not had to leave before, then the one of highest priority. A peer that nominates aggressively names several (RFC 5245,
 * 8.1.1.2); a peer that moves to another pair without a restart falls silent on the one before.
 */
export const carrierOf = (generation: Generation, timing: IceTiming, now: number): CandidatePair | undefined => {
  const merit = (pair: CandidatePair) =>
    (pair.isHeard(timing.disconnectedTimeout, now) ? 4 : 0) + (pair.nominated ? 2 : 0) + (pair.lapsed ? 0 : 1)
  let best: CandidatePair | undefined
  // The list is in the order of priority, so that a later pair must be better by merit.
  for (const pair of generation.pairs)
    if (pair.mayCarry(now) && (best === undefined || merit(pair) > merit(best))) best = pair
  return best
}
