/**
 * Candidates that come after their descriptions (RFC 8840): to which m-section and generation each belongs, of ours and of the
 * peer's, and for how long they are kept.
 */

import type { Agreement } from './agreement.ts'
import { candidateValue, generationOf, TrickledCandidates } from './candidates.ts'
import type { Description } from './description.ts'
import { JsepError } from './error.ts'

/** A remote candidate as signalling carries it (webrtc-pc, 4.8.2 RTCIceCandidateInit). */
export interface RemoteCandidate {
  /** `candidate:...`, or empty for the end of candidates. */
  readonly candidate: string
  readonly sdpMid: string | null
  readonly sdpMLineIndex: number | null
  readonly usernameFragment: string | null
}

/** Where a remote candidate belongs. */
export interface CandidatePlace {
  readonly mid: string
  readonly transportMid: string
  /** All that are meant: more than one when the end of candidates names no m-section. */
  readonly transportMids: readonly string[]
}

export class Trickle {
  readonly local = new TrickledCandidates()
  readonly remote = new TrickledCandidates()
  readonly #agreement: Agreement

  constructor(agreement: Agreement) {
    this.#agreement = agreement
  }

  /**
   * Forgets the candidates of generations that no description has any more, and those of m-sections whose own transport gave
   * way to a group's: they may come to carry that one.
   */
  drop(): void {
    const { current, pending } = this.#agreement
    for (const side of ['local', 'remote'] as const) {
      const inForce = [current[side], pending[side]]
      this[side].keep((mid, fragment) =>
        inForce.some(each => generationAt(each, mid) === fragment && this.#carriesItsOwn(mid, each!)),
      )
    }
  }

  #carriesItsOwn(mid: string, description: Description): boolean {
    const name = this.#agreement.transportMid(mid, description)
    return this.#agreement.carrier(name, description) === description.indexOf(mid)
  }

  /** A candidate of ours, shown from now on by the local descriptions of its generation, by the m-section that carries its transport. */
  addLocal(transportMid: string, candidate: string): void {
    const value = candidateValue(candidate)
    const generation = generationOf(value) ?? this.#newestGeneration(transportMid)
    if (generation !== undefined) for (const mid of this.#carriers(transportMid)) this.local.add(mid, generation, value)
  }

  /** No candidate of ours is to come for the newest generation of a transport. */
  endLocal(transportMid: string): void {
    const generation = this.#newestGeneration(transportMid)
    if (generation !== undefined) for (const mid of this.#carriers(transportMid)) this.local.end(mid, generation)
  }

  #newestGeneration(transportMid: string): string | undefined {
    const local = this.#agreement.newest('local')
    const index = this.#agreement.carrier(transportMid, local)
    return index === undefined ? undefined : local!.usernameFragment(index)
  }

  /** Another m-section may carry the transport in a description that is pending than in the one in force. */
  #carriers(transportMid: string): ReadonlySet<string> {
    const { current, pending } = this.#agreement
    const mids = new Set<string>()
    for (const description of [pending.local, current.local]) {
      const index = this.#agreement.carrier(transportMid, description)
      if (index !== undefined) mids.add(description!.mids[index]!)
    }
    return mids
  }

  /**
   * A candidate of the peer, or the end of them, shown from now on by its descriptions of that generation (webrtc-pc,
   * 4.4.2 addIceCandidate). Throws JsepError `InvalidStateError` before a remote description, and `OperationError` for
   * a place or a generation that no remote description has.
   */
  addRemote(init: RemoteCandidate): CandidatePlace {
    const remote = this.#agreement.newest('remote')
    if (remote === undefined) throw new JsepError('InvalidStateError', 'there is no remote description yet')
    const value = init.candidate === '' ? undefined : candidateValue(init.candidate)
    const indices = placesOf(init, remote)
    const mids = indices.map(index => remote.mids[index]!)
    for (const mid of mids) this.#verifyGeneration(init.usernameFragment, mid)
    const isPending = this.#agreement.pending.remote === remote
    for (const index of indices) {
      const mid = remote.mids[index]!
      // Late ones of a transport that is gone are nowhere shown.
      const isShown = !remote.rejected(index) && (isPending || this.#carriesItsOwn(mid, remote))
      if (isShown) this.#place(mid, value, init)
    }
    const transportMids = [...new Set(mids.map(mid => this.#agreement.transportMid(mid, remote)))]
    return { mid: mids[0] ?? '', transportMid: transportMids[0] ?? '', transportMids }
  }

  #place(mid: string, value: string | undefined, init: RemoteCandidate): void {
    const { current, pending } = this.#agreement
    const generations = [generationAt(pending.remote, mid), generationAt(current.remote, mid)]
    const told = init.usernameFragment ?? (value === undefined ? undefined : generationOf(value))
    const generation = told ?? generations[0] ?? generations[1]
    // One that says itself that it is of a generation gone by is late, not wrong.
    if (generation === undefined || !generations.includes(generation)) return
    if (value === undefined) this.remote.end(mid, generation)
    else this.remote.add(mid, generation, value)
  }

  #verifyGeneration(usernameFragment: string | null, mid: string): void {
    const { current, pending } = this.#agreement
    if (usernameFragment === null) return
    if ([pending.remote, current.remote].some(each => generationAt(each, mid) === usernameFragment)) return
    throw new JsepError('OperationError', `m-section ${mid} has no generation with this user-name fragment`)
  }
}

const generationAt = (description: Description | undefined, mid: string): string | undefined => {
  const index = description?.indexOf(mid)
  return description === undefined || index === undefined ? undefined : description.usernameFragment(index)
}

/** The m-sections that a candidate names. */
const placesOf = ({ candidate, sdpMid, sdpMLineIndex }: RemoteCandidate, remote: Description): number[] => {
  if (sdpMid !== null) {
    const index = remote.indexOf(sdpMid)
    if (index !== undefined) return [index]
    // An empty one says nothing (a mid is a token, RFC 5888, 4): pion writes it beside the index, and browsers take that.
    if (sdpMid !== '') throw new JsepError('OperationError', `no m-section has the mid ${sdpMid}`)
  }
  if (sdpMLineIndex !== null) {
    if (sdpMLineIndex >= remote.length) throw new JsepError('OperationError', `there is no m-section ${sdpMLineIndex}`)
    return [sdpMLineIndex]
  }
  if (candidate !== '') throw new JsepError('OperationError', 'the candidate names no m-section')
  return remote.mids.map((_, index) => index)
}
