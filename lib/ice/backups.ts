/**
 * What to do when the pair that carries data dies: a few other valid pairs are kept alive, so that data can move to one
 * of them at once.
 *
 * They are checked every 12 to 15 s, which keeps bindings of NATs (RFC 8445, 11) and consent (RFC 7675) alive, and at once
 * when the carrier is under suspicion (doubt.ts). If that turns into doubt, whichever of them has answered takes its place.
 */

import { type Random, randomUnit } from '../machine/index.ts'
import { type CheckList, PATIENT_REQUESTS } from './check-list.ts'
import { Doubt } from './doubt.ts'
import type { IceTiming } from './options.ts'
import type { CandidatePair } from './pair.ts'

/** More would be asked in vain: a failure seldom takes away three paths and leaves the fourth. */
const MOST_BACKUPS = 3
const NEVER = Number.POSITIVE_INFINITY

export class Backups {
  readonly #random: Random
  readonly #timing: IceTiming
  #pairs: readonly CandidatePair[] = []
  #kept: CandidatePair[] = []
  #carrier: CandidatePair | undefined
  readonly #doubt: Doubt

  constructor(random: Random, timing: IceTiming) {
    this.#random = random
    this.#timing = timing
    this.#doubt = new Doubt(timing)
  }

  get deadline(): number {
    let { deadline } = this.#doubt
    for (const { probeAt } of this.#kept) if (probeAt < deadline) deadline = probeAt
    return deadline
  }

  get carrier(): CandidatePair | undefined {
    return this.#carrier
  }

  /** Whether a pair from a new base would be kept. */
  wants(socket: number): boolean {
    if (this.#carrier === undefined || this.#kept.length >= MOST_BACKUPS) return false
    return this.#carrier.socket !== socket && !this.#kept.some(pair => pair.socket === socket)
  }

  /** Something has happened: chooses anew which pairs to keep beside the one that carries data. */
  choose(pairs: readonly CandidatePair[], carrier: CandidatePair | undefined, now: number): void {
    this.#carrier = carrier
    this.#doubt.carry(carrier)
    this.#pairs = pairs
    const kept = carrier === undefined ? [] : spread(pairs, carrier, now)
    for (const pair of this.#kept) if (!kept.includes(pair)) pair.probeAt = NEVER
    for (const pair of kept)
      if (pair.probeAt === NEVER)
        pair.probeAt = Math.max(now, pair.consentUntil - this.#timing.consentTimeout + this.#draw())
    this.#kept = kept
  }

  /**
   * The nomination ends the checks (RFC 8445, 8.1.2), mostly before a second base has been tried: the best unchecked pair
   * of each base that has none is checked still, while there is room to keep it.
   */
  seek(checkList: CheckList): void {
    if (!checkList.concluded || this.#kept.length >= MOST_BACKUPS) return
    const bases = new Set<number>()
    const remotes = new Set([this.#carrier?.remoteAddress])
    for (const pair of checkList.pairs) {
      // One that has been sent this often is not waited for before another is tried.
      if (!checkList.isLate(pair) && (pair.state !== 'in-progress' || pair.requestsSent >= PATIENT_REQUESTS)) continue
      bases.add(pair.socket)
      remotes.add(pair.remoteAddress)
    }
    // Another address of the peer's as well, if there is one: networks of ours often lead to one of its networks each.
    for (const isElsewhere of [true, false]) {
      for (const pair of checkList.pairs) {
        if (this.#kept.length + bases.size >= MOST_BACKUPS) return
        const isUnchecked = pair.state === 'frozen' || pair.state === 'waiting'
        if (!isUnchecked || pair.local.tcpType === 'passive' || checkList.isTriggered(pair)) continue
        if (bases.has(pair.socket) || !this.wants(pair.socket)) continue
        if (isElsewhere && remotes.has(pair.remoteAddress)) continue
        bases.add(pair.socket)
        remotes.add(pair.remoteAddress)
        checkList.checkLate(pair)
      }
    }
  }

  /** The carrier before has died: which of the others are alive is to be known at once. */
  probeAll(now: number): void {
    for (const pair of this.#kept) pair.probeAt = now
  }

  /** A check for consent was sent. */
  asked(pair: CandidatePair, now: number): void {
    if (pair === this.#carrier) this.#doubt.asked(now)
  }

  /** Something believable has come on `pair`. True when that casts a suspicion on the carrier. */
  heard(pair: CandidatePair, now: number): boolean {
    return pair !== this.#carrier && pair.mayCarry(now) && this.#doubt.suspect(now)
  }

  /** We send on `pair`, and nothing has come on it for a while. True when that casts a suspicion on it. */
  unheard(pair: CandidatePair, now: number): boolean {
    return pair === this.#carrier && this.#doubt.suspect(now)
  }

  /**
   * Does what is due. `hasOther` tells whether there are other pairs at all, kept or still to be checked.
   * @returns Whether the carrier has just come into doubt.
   */
  advance(now: number, hasOther: boolean, probe: (pair: CandidatePair) => void): boolean {
    const verdict = this.#doubt.judge(now, hasOther)
    if (verdict === 'ask' || verdict === 'ask-all') probe(this.#carrier!)
    if (verdict === 'ask-all') this.probeAll(now)
    for (const pair of this.#kept) {
      if (now < pair.probeAt) continue
      pair.probeAt = now + this.#draw()
      probe(pair)
    }
    if (verdict !== 'doubted') return false
    // Those that have not answered since are no better.
    for (const pair of this.#pairs) if (!this.#doubt.hasAnswered(pair)) pair.doubted = true
    return true
  }

  #draw(): number {
    return this.#timing.backupInterval * (0.8 + 0.2 * randomUnit(this.#random))
  }
}

/**
 * The pairs to keep: of many bases rather than of one, of those that the peer checks as well rather than of those that it
 * may have given up (Chromium prunes all but the best on each network), and then by priority.
 */
const spread = (pairs: readonly CandidatePair[], carrier: CandidatePair, now: number): CandidatePair[] => {
  const kept: CandidatePair[] = []
  const valid = pairs.filter(pair => pair !== carrier && pair.mayCarry(now))
  while (kept.length < MOST_BACKUPS && valid.length > 0) {
    let best = 0
    for (let at = 1; at < valid.length; at++)
      if (cost(valid[at]!, carrier, kept) < cost(valid[best]!, carrier, kept)) best = at
    kept.push(...valid.splice(best, 1))
  }
  return kept
}

const cost = ({ socket, requestsReceived }: CandidatePair, carrier: CandidatePair, kept: readonly CandidatePair[]) => {
  let cost = requestsReceived > 0 ? 0 : 1
  if (carrier.socket === socket) cost += 2
  for (const pair of kept) if (pair.socket === socket) cost += 2
  return cost
}
