/**
 * Where an agent stands: its generations, the pair that carries data, the state, and what is due next.
 *
 * `settle` is called after every input and draws the consequences in order: a nomination (RFC 8445, 8.1.1), the choice
 * of the pair to send on, the end of the generation before a restart, the state.
 */

import { EventQueue, type TraceSink } from '../machine/index.ts'
import type { IceCandidate } from './candidate.ts'
import type { Generation } from './generation.ts'
import type { IceRole, IceTiming } from './options.ts'
import type { CandidatePair } from './pair.ts'
import { carrierOf, nominationDeadline, nominee } from './selection.ts'

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
  current: Generation
  /** From before a restart: carries data and answers until the current one has taken over, and a while longer. */
  previous: Generation | undefined
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
  #drainUntil = NEVER
  #nextCheckAt = 0
  /** The pair that the last datagram came in on, until something happens that may name another for its path. */
  #admitted: CandidatePair | undefined

  constructor(first: Generation, timing: IceTiming, trace: TraceSink | undefined) {
    this.current = first
    this.#timing = timing
    this.#trace = trace
  }

  /** The present generation and the one before, if there still is one. */
  get generations(): readonly Generation[] {
    return this.previous === undefined ? [this.current] : [this.current, this.previous]
  }

  /**
   * A restart: of the generations so far, the one that carries data stays, or else the last. One that the peer has not
   * answered has nothing to give up its place for, and the one before may yet be reinstated.
   */
  replace(generation: Generation, now: number): void {
    const last = this.current
    this.current = generation
    const { previous, selected } = this
    if (previous !== undefined && (last.remote === undefined || (selected && previous.pairs.includes(selected)))) {
      last.stop()
    } else {
      previous?.stop()
      this.previous = last
    }
    this.#drainUntil = NEVER
    // webrtc-pc, 5.6.3: a restart forgets that connectivity was lost.
    if (this.state === 'disconnected' || this.state === 'failed') {
      this.#wasConnected = false
      this.#setState('checking', now)
    }
  }

  /** Takes a restart back. */
  reinstate(generation: Generation): void {
    this.current.stop()
    this.current = generation
    this.previous = undefined
    this.#drainUntil = NEVER
  }

  /** The present generation's credentials are known on both sides: it is its turn to check. */
  leavePrevious(): void {
    // Without credentials of the peer it could only go on to believe whoever has seen ours.
    if (this.previous?.remote === undefined) this.#dropPrevious()
    else this.previous.retire()
  }

  /** Draws the consequences of what has just happened. */
  settle(now: number): void {
    this.#admitted = undefined
    if (this.state === 'closed') return
    // Before the peer has answered a restart, the generation before is the one that proceeds.
    const active = this.current.remote === undefined && this.previous !== undefined ? this.previous : this.current
    const chosen = nominee(active, this.#timing, now)
    if (chosen !== undefined) active.nominate(chosen)
    this.#select(now)
    this.#drain(now)
    this.#setState(this.#derive(now), now)
    this.#computeDeadline(active, now)
  }

  /** Sends the next check when Ta has passed since the last (RFC 8445, 14.2). */
  sendDueCheck(now: number): void {
    if (now < this.#nextCheckAt || this.state === 'closed') return
    if (!this.current.sendNextCheck(now) && !this.previous?.sendNextCheck(now)) return
    this.#nextCheckAt = now + this.#timing.checkInterval
    this.settle(now)
  }

  advance(now: number): void {
    if (now < this.deadline) return
    for (const generation of this.generations) generation.advance(now)
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
    const pair = this.current.checkList.find(socket, address, port)
    if (pair?.authenticated) return pair
    const before = this.previous?.checkList.find(socket, address, port)
    return before?.authenticated ? before : undefined
  }

  close(now: number): void {
    this.current.stop()
    this.#dropPrevious()
    this.#admitted = undefined
    this.selected = undefined
    this.deadline = NEVER
    this.#setState('closed', now)
  }

  #select(now: number): void {
    const { current, previous } = this
    const before = previous !== undefined && !current.nominated ? carrierOf(previous, this.#timing, now) : undefined
    const pair = this.state === 'failed' ? undefined : (before ?? carrierOf(current, this.#timing, now))
    for (const generation of this.generations)
      generation.consent.carry(pair !== undefined && generation.pairs.includes(pair) ? pair : undefined, now)
    const isKnown =
      pair === this.selected && pair?.local === this.#selectedLocal && pair?.remote === this.#selectedRemote
    if (isKnown) return
    this.selected = pair
    this.#selectedLocal = pair?.local
    this.#selectedRemote = pair?.remote
    if (pair !== undefined) this.events.push({ type: 'selected', pair })
  }

  /**
   * The generation before is needed until the current one has taken over and the peer has surely noticed. Its time runs
   * on when the pair that took over fails.
   */
  #drain(now: number): void {
    const { current, previous } = this
    if (previous === undefined || (!current.nominated && this.#drainUntil === NEVER)) return
    previous.retire()
    if (this.#drainUntil === NEVER) this.#drainUntil = now + this.#timing.drainTime
    if (now >= this.#drainUntil) this.#dropPrevious()
  }

  #dropPrevious(): void {
    this.previous?.stop()
    this.previous = undefined
    this.#drainUntil = NEVER
  }

  #derive(now: number): IceState {
    const { current, selected } = this
    if (this.state === 'failed') return 'failed'
    if (selected !== undefined) {
      if (now >= selected.lastReceivedAt + this.#timing.disconnectedTimeout) {
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
    this.current.stop()
    this.#dropPrevious()
    this.selected = undefined
  }

  #computeDeadline(active: Generation, now: number): void {
    let deadline = this.#drainUntil
    for (const generation of this.generations) {
      deadline = Math.min(deadline, generation.deadline)
      if (generation.hasCheck) deadline = Math.min(deadline, this.#nextCheckAt)
    }
    const { selected, current } = this
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
