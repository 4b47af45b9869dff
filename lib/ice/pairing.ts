/**
 * How pairs come to be (RFC 8445, 6.1.2.2 to 6.1.2.5 and 7.3.1.3): each base of ours with each candidate of the peer's,
 * and with what its checks discover; and how their candidates change while they stay.
 */

import type { IceCandidate } from './candidate.ts'
import { type CheckList, MOST_PAIRS } from './check-list.ts'
import type { PeerCheck } from './early-checks.ts'
import type { GenerationContext } from './generation-context.ts'
import type { LocalCandidate, LocalCandidates } from './local-candidates.ts'
import { CandidatePair, mayPair } from './pair.ts'
import type { RemoteCandidates } from './remote-candidates.ts'

/** Of the pairs that checks of the peer have discovered, those that have never answered us. */
const MOST_UNPROVED = 48
/** How long such a pair counts, while there is one that works; ms. */
const UNPROVED_TIME = 600_000

export class Pairing {
  readonly #context: GenerationContext
  readonly #checkList: CheckList
  readonly #locals: LocalCandidates
  readonly #remotes: RemoteCandidates
  /** Whether a pair that comes after the nomination is worth a check. */
  readonly #isWorthwhile: (pair: CandidatePair) => boolean
  /** A pair has lost its place: its check is off. */
  readonly #drop: (pair: CandidatePair) => void
  /** Paths that have been tried and given up for others. */
  readonly #tried = new Set<string>()
  #hasOmitted = false
  #unproved: readonly { readonly pair: CandidatePair; readonly at: number }[] = []

  constructor(
    context: GenerationContext,
    checkList: CheckList,
    locals: LocalCandidates,
    remotes: RemoteCandidates,
    isWorthwhile: (pair: CandidatePair) => boolean,
    drop: (pair: CandidatePair) => void,
  ) {
    this.#context = context
    this.#checkList = checkList
    this.#locals = locals
    this.#remotes = remotes
    this.#isWorthwhile = isWorthwhile
    this.#drop = drop
  }

  /** Pairs a base of ours with all that is known of the peer. */
  formOfBase(base: LocalCandidate): void {
    for (const remote of this.#remotes.all) this.#form(base, remote)
  }

  /** Pairs a candidate of the peer's with all bases of ours. */
  formOfRemote(remote: IceCandidate): void {
    for (const base of this.#locals.bases) this.#form(base, remote)
  }

  formAll(): void {
    for (const remote of this.#remotes.all) this.formOfRemote(remote)
  }

  /** Another candidate stands for a base of ours: pairs keep their state. */
  replaceLocal(known: IceCandidate, candidate: IceCandidate): void {
    for (const pair of this.#checkList.pairs) {
      if (pair.local !== known) continue
      pair.local = candidate
      pair.refresh(this.#context.role)
    }
    this.#checkList.sort()
  }

  /** What a check had discovered has now been signalled: pairs keep their state and nomination. */
  replaceRemote(known: IceCandidate, candidate: IceCandidate): void {
    this.#remotes.replace(known, candidate)
    for (const pair of this.#checkList.pairs) {
      if (pair.remote !== known) continue
      pair.remote = candidate
      pair.refresh(this.#context.role)
    }
    this.#checkList.sort()
  }

  /** The pair that a check of the peer came on: a known one, or one with a peer-reflexive candidate of the peer's. */
  ofCheck({ socket, address, port, priority }: PeerCheck, usernameFragment: string | undefined, now: number) {
    const known = this.#checkList.find(socket, address, port)
    if (known !== undefined) return known
    const base = this.#locals.find(socket)
    if (base === undefined) return undefined
    if (!this.#mayDiscover(now)) return undefined
    const remote = this.#remotes.discover({ address, port }, base.candidate, priority, usernameFragment)
    if (remote === undefined) return undefined
    const pair = new CandidatePair(base.candidate, socket, remote, this.#context.role)
    this.#unproved = [...this.#unproved, { pair, at: now }]
    return this.#checkList.add(pair, true, now) ? pair : undefined
  }

  /**
   * When all that had a place in the list is under way without an answer, what found none is tried in its place, each path once.
   * With so many, a check is repeated after 5 s only (RFC 8445, 14.3), which is as long as there is. Paced by Ta like all, this asks no more of the network; without it a host with a dozen interfaces would give up
   * with most paths untried.
   */
  refill(): void {
    const { pairs, concluded, hasNext } = this.#checkList
    if (!this.#hasOmitted || concluded || hasNext || pairs.some(({ valid }) => valid)) return
    const tired = pairs.filter(
      ({ state, requestsSent, requestsReceived }) =>
        state === 'failed' || (state === 'in-progress' && requestsSent > 1 && requestsReceived === 0),
    )
    for (const remote of this.#remotes.all)
      for (const base of this.#locals.bases) {
        const victim = tired.at(-1)
        if (victim === undefined) return
        if (!mayPair(base, remote) || this.#tried.has(pathOf(base.socket, remote))) continue
        if (this.#checkList.find(base.socket, remote.address, remote.port) !== undefined) continue
        tired.pop()
        this.#tried.add(pathOf(victim.socket, victim.remote))
        this.#checkList.remove(victim)
        this.#drop(victim)
        this.#form(base, remote)
      }
    this.#hasOmitted = false
  }

  /**
   * Whether there is room for another discovery. Whoever has captured one check of the peer can repeat it from anywhere,
   * and two NATs that give each destination a port of its own, and let everyone in, answer each check of ours with one
   * from yet another port, for ever. But a peer that moves from port to port for days must always be found again.
   */
  #mayDiscover(now: number): boolean {
    const used = new Set<IceCandidate>()
    let isConnected = false
    for (const pair of this.#checkList.pairs) {
      if (pair.mayCarry(now)) isConnected = true
      if (pair.pending || pair.nominated || now < pair.consentUntil) used.add(pair.remote)
    }
    if (isConnected) this.#remotes.forget(candidate => used.has(candidate))
    this.#unproved = this.#unproved.filter(
      ({ pair, at }) => pair.responsesReceived === 0 && !(isConnected && now - at > UNPROVED_TIME),
    )
    return this.#unproved.length < MOST_UNPROVED
  }

  /** One pair for each path. */
  #form(base: LocalCandidate, remote: IceCandidate): void {
    if (!mayPair(base, remote)) return
    if (this.#checkList.find(base.socket, remote.address, remote.port) !== undefined) return
    const pair = new CandidatePair(base.candidate, base.socket, remote, this.#context.role)
    const isFull = this.#checkList.pairs.length >= MOST_PAIRS
    const isAdded = this.#checkList.add(pair, false, Number.NEGATIVE_INFINITY)
    if (isFull) this.#hasOmitted = true
    if (!isAdded) this.#context.counters.droppedPairs++
    else if (this.#checkList.concluded && this.#isWorthwhile(pair)) this.#checkList.checkLate(pair)
  }
}

const pathOf = (socket: number, { address, port }: IceCandidate): string => `${socket} ${address} ${port}`
