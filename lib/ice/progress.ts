/**
 * Where an agent stands: its generations, the pair that carries data, the state, and what is due next.
 *
 * `settle` is called after every input and draws the consequences in order: the choice of the pair to send on, a
 * nomination (RFC 8445, 8.1.1), the end of the generation before a restart, the state.
 */

import { EventQueue, type TraceSink } from '../machine/index.ts'
import type { IceCandidate } from './candidate.ts'
import type { Generation } from './generation.ts'
import type { Generations } from './generations.ts'
import { agreeUnchecked } from './lite.ts'
import type { IceRole, IceTiming } from './options.ts'
import type { CandidatePair } from './pair.ts'
import { nominationDeadline, nominee } from './selection.ts'

/** RTCIceTransportState, as webrtc-pc (5.6.3) describes it. */
export type IceState = 'new' | 'checking' | 'connected' | 'completed' | 'disconnected' | 'failed' | 'closed'

export type IceEvent =
  | { readonly type: 'state'; readonly state: IceState }
  /** Data goes over this pair from now on, or one of its candidates is known better. */
  | { readonly type: 'selected'; readonly pair: CandidatePair }
  /** A conflict with the peer has changed our role. */
  | { readonly type: 'role'; readonly role: IceRole }
  /** A candidate of the peer's has a name: whoever can resolve it calls `resolveName` with this very object. */
  | { readonly type: 'name'; readonly candidate: IceCandidate }

const NEVER = Number.POSITIVE_INFINITY

export class Progress {
  readonly events = new EventQueue<IceEvent>()
  readonly generations: Generations
  state: IceState = 'new'
  selected: CandidatePair | undefined
  localEnded = false
  deadline = NEVER
  readonly #timing: IceTiming
  readonly #trace: TraceSink | undefined
  #selectedLocal: IceCandidate | undefined
  #selectedRemote: IceCandidate | undefined
  /** Whether to be without a connection is `disconnected` rather than still `checking`. */
  #wasConnected = false
  #nextCheckAt = 0
  /** The pair that the last datagram came in on, until something happens that may name another for its path. */
  #admitted: CandidatePair | undefined

  constructor(generations: Generations, timing: IceTiming, trace: TraceSink | undefined) {
    this.generations = generations
    this.#timing = timing
    this.#trace = trace
  }

  /** A restart has begun: webrtc-pc, 5.6.3, forgets that connectivity was lost. */
  forgetLoss(now: number): void {
    if (this.state !== 'disconnected' && this.state !== 'failed') return
    this.#wasConnected = false
    this.#setState('checking', now)
  }

  /** Draws the consequences of what has just happened. */
  settle(now: number): void {
    this.#admitted = undefined
    if (this.state === 'closed') return
    const active = this.generations.proceeding
    if (active.isUnchecked) agreeUnchecked(active.pairs)
    this.#select(now)
    const chosen = nominee(active, this.#timing, now)
    if (chosen !== undefined) active.nominations.begin(chosen)
    this.generations.drain(now)
    this.#setState(this.#derive(now), now)
    this.#computeDeadline(active, now)
  }

  /** Sends the next check when Ta has passed since the last (RFC 8445, 14.2). */
  sendDueCheck(now: number): void {
    if (now < this.#nextCheckAt || this.state === 'closed') return
    if (!this.generations.all.some(generation => generation.sendNextCheck(now))) return
    this.#nextCheckAt = now + this.#timing.checkInterval
    this.settle(now)
  }

  advance(now: number): void {
    if (now < this.deadline) return
    for (const generation of this.generations.all) generation.advance(now)
    this.settle(now)
    this.sendDueCheck(now)
  }

  /** The pair that lets a datagram of this path in, as `findAuthenticated` finds it; made for every datagram. */
  admit(socket: number, address: string, port: number): CandidatePair | undefined {
    if (this.#admitted?.isPath(socket, address, port)) return this.#admitted
    const pair = this.findAuthenticated(socket, address, port)
    if (pair !== undefined) this.#admitted = pair
    return pair
  }

  /** The pair of this path over which an authenticated check has passed, of the present generation if it has one. */
  findAuthenticated(socket: number, address: string, port: number): CandidatePair | undefined {
    if (this.state === 'closed') return undefined
    for (const { checkList } of this.generations.all) {
      const pair = checkList.find(socket, address, port)
      if (pair?.authenticated) return pair
    }
    return undefined
  }

  /** Data has come on another pair than the one that we use. */
  heardElsewhere(pair: CandidatePair, now: number): void {
    for (const { backups } of this.generations.all) if (backups.heard(pair, now)) this.settle(now)
  }

  /** We send on the selected pair, and nothing has come on it for a while. */
  unheard(pair: CandidatePair, now: number): void {
    for (const { backups } of this.generations.all) if (backups.unheard(pair, now)) this.settle(now)
  }

  close(now: number): void {
    this.generations.leaveEarlier()
    this.generations.current.stop()
    this.#admitted = undefined
    this.selected = undefined
    this.deadline = NEVER
    this.#setState('closed', now)
  }

  #select(now: number): void {
    const pair = this.state === 'failed' ? undefined : this.generations.carrier(now)
    for (const generation of this.generations.all)
      generation.carry(pair !== undefined && generation.pairs.includes(pair) ? pair : undefined, now)
    const isKnown =
      pair === this.selected && pair?.local === this.#selectedLocal && pair?.remote === this.#selectedRemote
    if (isKnown) return
    this.selected = pair
    this.#selectedLocal = pair?.local
    this.#selectedRemote = pair?.remote
    if (pair !== undefined) this.events.push({ type: 'selected', pair })
  }

  #derive(now: number): IceState {
    const { selected } = this
    const { current } = this.generations
    if (this.state === 'failed') return 'failed'
    if (selected !== undefined) {
      if (!current.isUnchecked && now >= selected.lastReceivedAt + this.#timing.disconnectedTimeout) {
        // What is yet to be checked may do better: no alarm before it has been (libwebrtc flapped here).
        if (current.hasCheck) return this.state === 'new' ? 'checking' : this.state
        return this.#lost
      }
      const isDone = selected.nominated && this.localEnded && current.remoteEnded && !current.checkList.pending
      return isDone && current.pairs.includes(selected) ? 'completed' : 'connected'
    }
    if (current.remote === undefined) return this.state === 'new' ? 'new' : this.#lost
    if (!current.checkList.pending && now >= current.patienceUntil) return 'failed'
    const hasBegun = current.remotes.all.length > 0 || current.remoteEnded
    return this.state === 'new' && !hasBegun ? 'new' : this.#lost
  }

  get #lost(): IceState {
    return this.#wasConnected ? 'disconnected' : 'checking'
  }

  #setState(state: IceState, now: number): void {
    if (state === this.state) return
    this.state = state
    if (state === 'connected' || state === 'completed') this.#wasConnected = true
    this.#trace?.event?.('ice', 'state', { state }, now)
    this.events.push({ type: 'state', state })
    if (state !== 'failed') return
    // Only a restart leads out of here (RFC 8445, 8.3; RFC 7675, 5.1).
    this.generations.leaveEarlier()
    this.generations.current.stop()
    this.selected = undefined
  }

  #computeDeadline(active: Generation, now: number): void {
    let deadline = this.generations.drainUntil
    for (const generation of this.generations.all) {
      deadline = Math.min(deadline, generation.deadline)
      if (generation.hasCheck) deadline = Math.min(deadline, this.#nextCheckAt)
    }
    const { selected } = this
    const { current } = this.generations
    if (selected !== undefined) {
      deadline = Math.min(deadline, selected.consentUntil)
      const silentAt = selected.lastReceivedAt + this.#timing.disconnectedTimeout
      if (now < silentAt) deadline = Math.min(deadline, silentAt)
    } else if (this.state !== 'failed' && now < current.patienceUntil) {
      deadline = Math.min(deadline, current.patienceUntil)
    }
    const nominateAt = nominationDeadline(active, this.#timing, now)
    if (now < nominateAt) deadline = Math.min(deadline, nominateAt)
    this.deadline = deadline
  }
}
