/**
 * How pairs come to be (RFC 8445, 6.1.2.2 to 6.1.2.5 and 7.3.1.3): each base of ours with each candidate of the peer's,
 * and with what its checks discover; and how their candidates change while they stay.
 */

import type { IceCandidate } from './candidate.ts'
import type { CheckList } from './check-list.ts'
import type { PeerCheck } from './early-checks.ts'
import type { GenerationContext } from './generation-context.ts'
import type { LocalCandidate, LocalCandidates } from './local-candidates.ts'
import { CandidatePair, mayPair } from './pair.ts'
import type { RemoteCandidates } from './remote-candidates.ts'

export class Pairing {
  readonly #context: GenerationContext
  readonly #checkList: CheckList
  readonly #locals: LocalCandidates
  readonly #remotes: RemoteCandidates
  /** Whether a pair that comes after the nomination is worth a check. */
  readonly #isWorthwhile: (pair: CandidatePair) => boolean

  constructor(
    context: GenerationContext,
    checkList: CheckList,
    locals: LocalCandidates,
    remotes: RemoteCandidates,
    isWorthwhile: (pair: CandidatePair) => boolean,
  ) {
    this.#context = context
    this.#checkList = checkList
    this.#locals = locals
    this.#remotes = remotes
    this.#isWorthwhile = isWorthwhile
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
  ofCheck({ socket, address, port, priority }: PeerCheck, usernameFragment: string | undefined) {
    const known = this.#checkList.find(socket, address, port)
    if (known !== undefined) return known
    const base = this.#locals.find(socket)
    if (base === undefined) return undefined
    const remote = this.#remotes.discover({ address, port }, base.candidate, priority, usernameFragment)
    if (remote === undefined) return undefined
    const pair = new CandidatePair(base.candidate, socket, remote, this.#context.role)
    return this.#checkList.add(pair, true) ? pair : undefined
  }

  /** One pair for each path. */
  #form(base: LocalCandidate, remote: IceCandidate): void {
    if (!mayPair(base, remote)) return
    if (this.#checkList.find(base.socket, remote.address, remote.port) !== undefined) return
    const pair = new CandidatePair(base.candidate, base.socket, remote, this.#context.role)
    if (!this.#checkList.add(pair, false)) this.#context.counters.droppedPairs++
    else if (this.#checkList.concluded && this.#isWorthwhile(pair)) this.#checkList.checkLate(pair)
  }
}
