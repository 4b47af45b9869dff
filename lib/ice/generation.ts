/**
 * One ICE session (RFC 8445, 4) of an agent: the credentials of both sides, the candidates that go with them, the check
 * list, and the checks under way. A restart makes a new one; the one before lives on until it is no longer needed.
 */

import { utf8 } from '../bytes/index.ts'
import type { Mac } from '../crypto/index.ts'
import type { StunAddress, StunMessage } from '../stun/index.ts'
import type { Responder } from './binding.ts'
import { type IceCandidate, isUnicast } from './candidate.ts'
import { CheckClient, type CheckOwner } from './check-client.ts'
import { CheckList } from './check-list.ts'
import { Consent } from './consent.ts'
import type { EarlyCheck, PeerCheck } from './early-checks.ts'
import type { GenerationContext } from './generation-context.ts'
import { type LocalCandidate, LocalCandidates } from './local-candidates.ts'
import type { Check, CheckPurpose } from './outstanding-checks.ts'
import { CandidatePair, mayPair } from './pair.ts'
import type { IceParameters } from './parameters.ts'
import { localPriority } from './priority.ts'
import { RemoteCandidates } from './remote-candidates.ts'
import { RemoteNames, resolvedCandidates } from './remote-names.ts'

export class Generation implements Responder, CheckOwner {
  readonly local: IceParameters
  readonly localFragment: string
  readonly localMac: Mac
  readonly checkList = new CheckList()
  readonly consent: Consent
  readonly locals: LocalCandidates
  readonly remotes: RemoteCandidates
  readonly names = new RemoteNames()
  /** The peer has said that no more candidates will come (RFC 8838, 14). */
  remoteEnded = false
  /** Until then the list does not fail for want of pairs (RFC 8863). */
  patienceUntil = Number.POSITIVE_INFINITY
  /** When a pair first became valid. */
  firstValidAt = Number.POSITIVE_INFINITY
  readonly #context: GenerationContext
  readonly #client: CheckClient
  #remote: IceParameters | undefined
  #retired = false

  constructor(context: GenerationContext, local: IceParameters) {
    this.#context = context
    this.local = local
    this.localFragment = local.usernameFragment
    this.localMac = context.crypto.createMac('sha-1', utf8(local.password))
    const { consentInterval, consentTimeout } = context.timing
    this.locals = new LocalCandidates(local.usernameFragment, context.foundations, context.counters)
    this.remotes = new RemoteCandidates(context.counters)
    this.#client = new CheckClient(context, local.usernameFragment, this)
    this.consent = new Consent(context.crypto.random, consentInterval, consentTimeout)
  }

  get remote(): IceParameters | undefined {
    return this.#remote
  }

  get pairs(): readonly CandidatePair[] {
    return this.checkList.pairs
  }

  get deadline(): number {
    return Math.min(this.#client.deadline, this.consent.deadline)
  }

  get nominated(): boolean {
    return this.checkList.pairs.some(pair => pair.nominated)
  }

  /** Whether the decision is ours and still to be made. */
  get mayNominate(): boolean {
    if (this.#retired || this.#context.role !== 'controlling') return false
    return !this.checkList.pairs.some(pair => pair.nominated || pair.nominating)
  }

  // Candidates and credentials

  /** Takes a candidate of ours in; returns what the peer is to be told of it. */
  addLocal(candidate: LocalCandidate): IceCandidate | undefined {
    const before = this.locals.find(candidate.socket)
    const { base, signalled } = this.locals.add(candidate)
    if (base === undefined) return signalled
    for (const pair of this.checkList.pairs) {
      if (pair.local !== before?.candidate) continue
      pair.local = base.candidate
      pair.refresh(this.#context.role)
    }
    this.checkList.sort()
    if (this.#remote !== undefined) for (const remote of this.remotes.all) this.#formPair(base, remote)
    return signalled
  }

  /** A socket of ours has gone, and with it its candidates and pairs. */
  removeSocket(socket: number): void {
    this.locals.remove(socket)
    for (const pair of this.checkList.removeSocket(socket)) this.#client.drop(pair)
  }

  /** The connection beneath a pair could not be made, or is over. */
  losePath(socket: number, address: string, port: number): void {
    const pair = this.checkList.find(socket, address, port)
    if (pair === undefined) return
    this.#client.drop(pair)
    this.checkList.fail(pair)
  }

  /** The peer's credentials: pairs form, and checks that came before become triggered ones. */
  setRemote(remote: IceParameters, early: readonly EarlyCheck[], now: number): void {
    this.#remote = remote
    this.#client.setRemote(remote)
    this.patienceUntil = now + this.#context.timing.patience
    this.names.keepOnly(remote.usernameFragment)
    this.remotes.keepOnly(remote.usernameFragment)
    for (const candidate of this.remotes.all) this.#formPairs(candidate)
    for (const check of early) this.acceptCheck(check, check.requests, now)
  }

  /** A candidate of the peer's with an IP address, in canonical text. */
  addRemote(candidate: IceCandidate): void {
    if (!isUnicast(candidate.address)) {
      this.#context.counters.ignoredCandidates++
      return
    }
    const known = this.remotes.find(candidate.address, candidate.port, candidate)
    if (known === undefined) {
      if (this.remotes.add(candidate) && this.#remote !== undefined) this.#formPairs(candidate)
    } else if (known.type === 'prflx' && candidate.type !== 'prflx') {
      this.#replaceRemote(known, candidate)
    }
  }

  /** A name of the peer's has been resolved; false when it is not waited for here. */
  resolveName(candidate: IceCandidate, addresses: readonly string[]): boolean {
    if (!this.names.take(candidate)) return false
    for (const resolved of resolvedCandidates(candidate, addresses)) this.addRemote(resolved)
    return true
  }

  /** Our role has changed: priorities follow, and a nomination under way is off. */
  refresh(): void {
    const { role } = this.#context
    this.checkList.refresh(role)
    for (const pair of this.checkList.pairs) {
      if (pair.nominating) this.checkList.untrigger(pair)
      pair.nominating = false
      if (role === 'controlling') pair.nominateOnSuccess = false
    }
  }

  /** Starts no more checks but those for consent; goes on answering. */
  retire(): void {
    this.#retired = true
    this.checkList.clear()
  }

  // Checks of ours

  get hasCheck(): boolean {
    return this.#remote !== undefined && this.checkList.hasNext
  }

  /** Sends the next check of the list; false when there is none. The pace is the caller's business. */
  sendNextCheck(now: number): boolean {
    const pair = this.#remote === undefined ? undefined : this.checkList.next()
    if (pair === undefined) return false
    if (!pair.nominating) pair.state = 'in-progress'
    this.#sendCheck(pair, pair.nominating ? 'nomination' : 'ordinary', now)
    return true
  }

  /** Decides for a pair: its check is repeated with USE-CANDIDATE (RFC 8445, 8.1.1). */
  nominate(pair: CandidatePair): void {
    pair.nominating = true
    this.checkList.trigger(pair)
  }

  advance(now: number): void {
    this.#client.advance(now)
    const pair = this.consent.due(now)
    if (pair?.valid) this.#sendCheck(pair, 'consent', now)
  }

  stop(): void {
    this.retire()
    this.#client.clear()
    this.consent.carry(undefined, 0)
  }

  #sendCheck(pair: CandidatePair, purpose: CheckPurpose, now: number): void {
    const { protocol, tcpType } = pair.local
    const kind = { type: 'prflx', protocol, ...(tcpType && { tcpType }) } as const
    this.#client.send(pair, purpose, localPriority(kind, this.locals.find(pair.socket)?.localPreference ?? 0), now)
  }

  // Answers of the peer

  /** Takes a response in; false when it answers no check of this generation. */
  receiveResponse(message: StunMessage, socket: number, address: string, port: number, now: number): boolean {
    return this.#client.receive(message, socket, address, port, now)
  }

  get active(): number {
    return this.checkList.active
  }

  failed({ pair, purpose }: Check): void {
    if (purpose === 'consent') return
    if (purpose === 'nomination' || pair.state === 'in-progress') this.checkList.fail(pair)
  }

  refused(check: Check, code: number | undefined): void {
    const { pair, purpose } = check
    if (code === 487) {
      // RFC 8445, 7.2.5.1. A second 487 to checks that were sent before the switch changes nothing more.
      if (check.role === this.#context.role) this.#context.loseRole()
      if (purpose === 'consent') return
      if (pair.state === 'in-progress') pair.state = 'waiting'
      if (!this.#retired && pair.state === 'waiting') this.checkList.trigger(pair)
    } else if (purpose !== 'consent' && (purpose === 'nomination' || pair.state !== 'succeeded')) {
      this.checkList.fail(pair)
    }
  }

  /** RFC 8445, 7.2.5.3. */
  succeeded(check: Check, mapped: StunAddress, now: number): void {
    const { pair, transaction } = check
    this.#context.counters.responsesReceived++
    pair.responsesReceived++
    // Of a check that was sent several times, it cannot be told which one was answered.
    if (transaction.requestsSent === 1 || pair.currentRoundTripTime === undefined)
      pair.currentRoundTripTime = now - transaction.lastSentAt
    pair.totalRoundTripTime += now - transaction.lastSentAt
    pair.authenticated = true
    pair.valid = true
    pair.consentUntil = now + this.#context.timing.consentTimeout
    pair.lastReceivedAt = now
    this.firstValidAt = Math.min(this.firstValidAt, now)
    this.#discoverLocal(pair, mapped, check.priority)
    if (pair.state !== 'succeeded') {
      pair.state = 'succeeded'
      this.checkList.unfreeze(pair.foundation)
    }
    this.#client.stopRetransmitting(pair, now)
    if (!pair.nominating) this.checkList.untrigger(pair)
    if (check.purpose === 'nomination' && pair.nominating && this.#context.role === 'controlling')
      this.#nominated(pair, now)
    else if (pair.nominateOnSuccess && this.#context.role === 'controlled') this.#nominated(pair, now)
  }

  #nominated(pair: CandidatePair, now: number): void {
    pair.nominated = true
    pair.nominating = false
    pair.nominateOnSuccess = false
    this.checkList.conclude()
    // RFC 8445, 8.1.2: the others are let go, though an answer is still heard.
    for (const other of this.checkList.pairs)
      if (other.state === 'in-progress' && !other.nominateOnSuccess) this.#client.stopRetransmitting(other, now)
  }

  /** The address that the peer saw names our candidate of the pair (RFC 8445, 7.2.5.3.1). */
  #discoverLocal(pair: CandidatePair, mapped: StunAddress, priority: number): void {
    if (pair.local.address === mapped.address && pair.local.port === mapped.port) return
    const candidate = this.locals.discover(pair.socket, mapped, priority)
    if (candidate === undefined || candidate === pair.local) return
    pair.local = candidate
    pair.refresh(this.#context.role)
    this.checkList.sort()
  }

  // Checks of the peer

  /** An authenticated check of the peer, already answered (RFC 8445, 7.3.1.3 to 7.3.1.5). */
  acceptCheck(check: PeerCheck, requests: number, now: number): void {
    const pair = this.#pairOf(check)
    if (pair === undefined) {
      this.#context.counters.droppedPairs++
      return
    }
    pair.authenticated = true
    pair.lastReceivedAt = now
    pair.requestsReceived += requests
    pair.responsesSent += requests
    if (this.#retired) return
    const settled = pair.state === 'succeeded' && pair.mayCarry(now)
    if (check.useCandidate && this.#context.role === 'controlled') {
      if (settled && !pair.nominated) this.#nominated(pair, now)
      else if (!settled) pair.nominateOnSuccess = true
    }
    if (settled) return
    if (pair.state === 'in-progress') this.#client.stopRetransmitting(pair, now)
    pair.state = 'waiting'
    this.checkList.trigger(pair)
  }

  /** The pair that a check of the peer came on: a known one, or one with a peer-reflexive candidate of the peer's. */
  #pairOf({ socket, address, port, priority }: PeerCheck): CandidatePair | undefined {
    const known = this.checkList.find(socket, address, port)
    if (known !== undefined) return known
    const local = this.locals.find(socket)
    if (local === undefined) return undefined
    const fragment = this.#remote?.usernameFragment
    const remote = this.remotes.discover({ address, port }, local.candidate, priority, fragment)
    if (remote === undefined) return undefined
    const pair = new CandidatePair(local.candidate, socket, remote, this.#context.role)
    return this.checkList.add(pair, true) ? pair : undefined
  }

  // Pairs

  /** What a check had discovered has now been signalled: pairs keep their state and nomination. */
  #replaceRemote(known: IceCandidate, candidate: IceCandidate): void {
    this.remotes.replace(known, candidate)
    for (const pair of this.checkList.pairs) {
      if (pair.remote !== known) continue
      pair.remote = candidate
      pair.refresh(this.#context.role)
    }
    this.checkList.sort()
    // Other interfaces of ours may reach it too.
    this.#formPairs(candidate)
  }

  #formPairs(remote: IceCandidate): void {
    for (const base of this.locals.bases) this.#formPair(base, remote)
  }

  /** Pairs a base of ours with a candidate of the peer's, once for each path. */
  #formPair(base: LocalCandidate, remote: IceCandidate): void {
    if (this.checkList.concluded || !mayPair(base, remote)) return
    if (this.checkList.find(base.socket, remote.address, remote.port) !== undefined) return
    const pair = new CandidatePair(base.candidate, base.socket, remote, this.#context.role)
    if (!this.checkList.add(pair, false)) this.#context.counters.droppedPairs++
  }
}
