/**
 * One ICE session (RFC 8445, 4) of an agent: the credentials of both sides, the candidates that go with them, the check
 * list, and the checks under way. A restart makes a new one; the one before lives on until it is no longer needed.
 */

import { utf8 } from '../bytes/index.ts'
import type { Mac } from '../crypto/index.ts'
import { randomBytes } from '../machine/index.ts'
import {
  Attribute,
  ClientTransaction,
  readErrorCode,
  readXorAddress,
  type StunAddress,
  type StunMessage,
  TRANSACTION_ID_LENGTH,
  verifyIntegrity,
} from '../stun/index.ts'
import { encodeCheck, type Responder } from './binding.ts'
import type { IceCandidate } from './candidate.ts'
import { CandidateStore, type LocalCandidate } from './candidate-store.ts'
import { CheckList } from './check-list.ts'
import { Consent } from './consent.ts'
import type { EarlyCheck, PeerCheck } from './early-checks.ts'
import type { GenerationContext } from './generation-context.ts'
import { type Check, type CheckPurpose, OutstandingChecks, retransmissionOf } from './outstanding-checks.ts'
import { CandidatePair, isReachable } from './pair.ts'
import type { IceParameters } from './parameters.ts'
import { candidatePriority } from './priority.ts'

export class Generation implements Responder {
  readonly local: IceParameters
  readonly localFragment: string
  readonly localMac: Mac
  readonly checkList = new CheckList()
  readonly consent: Consent
  readonly candidates: CandidateStore
  /** The peer has said that no more candidates will come (RFC 8838, 14). */
  remoteEnded = false
  /** Until then the list does not fail for want of pairs (RFC 8863). */
  patienceUntil = Number.POSITIVE_INFINITY
  /** When a pair first became valid. */
  firstValidAt = Number.POSITIVE_INFINITY
  readonly #context: GenerationContext
  readonly #outstanding = new OutstandingChecks()
  #remote: IceParameters | undefined
  #remoteMac: Mac | undefined
  #retired = false

  constructor(context: GenerationContext, local: IceParameters) {
    this.#context = context
    this.local = local
    this.localFragment = local.usernameFragment
    this.localMac = context.crypto.createMac('sha-1', utf8(local.password))
    const { consentInterval, consentTimeout } = context.timing
    this.candidates = new CandidateStore(local.usernameFragment, context.foundations, context.counters)
    this.consent = new Consent(context.crypto.random, consentInterval, consentTimeout)
  }

  get remote(): IceParameters | undefined {
    return this.#remote
  }

  get pairs(): readonly CandidatePair[] {
    return this.checkList.pairs
  }

  get deadline(): number {
    return Math.min(this.#outstanding.deadline, this.consent.deadline)
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

  addLocal(candidate: LocalCandidate): IceCandidate {
    const local = this.candidates.addLocal(candidate)
    if (this.#remote !== undefined) for (const remote of this.candidates.remotes) this.#formPair(local, remote)
    return local.candidate
  }

  /** The peer's credentials: pairs form, and checks that came before become triggered ones. */
  setRemote(remote: IceParameters, early: readonly EarlyCheck[], now: number): void {
    this.#remote = remote
    this.#remoteMac = this.#context.crypto.createMac('sha-1', utf8(remote.password))
    this.patienceUntil = now + this.#context.timing.patience
    const { candidates } = this
    candidates.remotes = candidates.remotes.filter(
      ({ usernameFragment = remote.usernameFragment }) => usernameFragment === remote.usernameFragment,
    )
    for (const candidate of candidates.remotes) this.#formPairs(candidate)
    for (const check of early) this.acceptCheck(check, check.requests, now)
  }

  addRemote(candidate: IceCandidate): void {
    const known = this.candidates.findRemote(candidate.address, candidate.port)
    if (known === undefined) {
      if (this.candidates.addRemote(candidate) && this.#remote !== undefined) this.#formPairs(candidate)
    } else if (known.type === 'prflx' && candidate.type !== 'prflx') {
      this.#replaceRemote(known, candidate)
    }
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
    this.#outstanding.advance(now, check => this.#timedOut(check))
    const pair = this.consent.due(now)
    if (pair?.valid) this.#sendCheck(pair, 'consent', now)
  }

  stop(): void {
    this.retire()
    this.#outstanding.clear()
    this.consent.carry(undefined, 0)
  }

  #sendCheck(pair: CandidatePair, purpose: CheckPurpose, now: number): void {
    const { crypto, timing, role, tieBreaker } = this.#context
    if (this.#remote === undefined || this.#remoteMac === undefined) return
    const transactionId = randomBytes(crypto.random, TRANSACTION_ID_LENGTH)
    const priority = candidatePriority('prflx', this.candidates.findLocal(pair.socket)?.localPreference ?? 0, 1)
    const request = encodeCheck({
      transactionId,
      username: `${this.#remote.usernameFragment}:${this.localFragment}`,
      role,
      tieBreaker,
      priority,
      useCandidate: purpose === 'nomination',
      mac: this.#remoteMac,
    })
    const transmit = (bytes: Uint8Array, at: number) => {
      if (purpose === 'consent') pair.consentRequestsSent++
      else pair.requestsSent++
      this.#context.counters.requestsSent++
      this.#context.transmit(bytes, pair.socket, pair.remoteAddress, pair.remotePort, at)
    }
    const retransmission = retransmissionOf(purpose, timing, this.checkList.active)
    const transaction = new ClientTransaction(request, transmit, now, retransmission)
    this.#outstanding.add(transactionId, { pair, purpose, role, priority, transaction })
  }

  #timedOut({ pair, purpose }: Check): void {
    if (purpose === 'consent' || this.#outstanding.isChecking(pair)) return
    if (purpose === 'nomination' || pair.state === 'in-progress') this.checkList.fail(pair)
  }

  // Answers of the peer

  /** Takes a response in; false when it answers no check of this generation. */
  receiveResponse(message: StunMessage, socket: number, address: string, port: number, now: number): boolean {
    const check = this.#outstanding.find(message.transactionId)
    if (check === undefined) return false
    const { counters } = this.#context
    // Whoever cannot sign it is not the peer, and the true answer may still come (RFC 8489, 9.1.4).
    if (this.#remoteMac === undefined || !verifyIntegrity(message, this.#remoteMac)) {
      counters.unauthenticatedResponses++
      return true
    }
    this.#outstanding.remove(message.transactionId)
    check.transaction.complete()
    const { pair } = check
    if (!pair.isPath(socket, address, port)) {
      counters.asymmetricResponses++
      if (check.purpose !== 'consent' && pair.state !== 'succeeded') this.checkList.fail(pair)
    } else if (message.kind === 'success') {
      this.#succeeded(check, message, now)
    } else {
      counters.errorsReceived++
      this.#refused(check, message)
    }
    return true
  }

  #refused(check: Check, message: StunMessage): void {
    const { pair, purpose } = check
    const code = readErrorCode(message.find(Attribute.errorCode) ?? new Uint8Array(0))?.code
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
  #succeeded(check: Check, message: StunMessage, now: number): void {
    const { pair, transaction } = check
    const mapped = readXorAddress(message.find(Attribute.xorMappedAddress) ?? new Uint8Array(0), message.transactionId)
    if (mapped === undefined) {
      this.#context.counters.malformedResponses++
      return
    }
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
    this.#outstanding.stopRetransmitting(pair, now)
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
      if (other.state === 'in-progress' && !other.nominateOnSuccess) this.#outstanding.stopRetransmitting(other, now)
  }

  /** The address that the peer saw names our candidate of the pair (RFC 8445, 7.2.5.3.1). */
  #discoverLocal(pair: CandidatePair, mapped: StunAddress, priority: number): void {
    if (pair.local.address === mapped.address && pair.local.port === mapped.port) return
    const candidate = this.candidates.discoverLocal(pair.socket, mapped, priority)
    if (candidate === undefined) return
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
    if (pair.state === 'in-progress') this.#outstanding.stopRetransmitting(pair, now)
    pair.state = 'waiting'
    this.checkList.trigger(pair)
  }

  /** The pair that a check of the peer came on: a known one, or one with a peer-reflexive candidate of the peer's. */
  #pairOf({ socket, address, port, priority }: PeerCheck): CandidatePair | undefined {
    const known = this.checkList.find(socket, address, port)
    if (known !== undefined) return known
    const local = this.candidates.findLocal(socket)
    const remote = this.candidates.discoverRemote({ address, port }, priority, this.#remote?.usernameFragment)
    if (local === undefined || remote === undefined) return undefined
    const pair = new CandidatePair(local.candidate, socket, remote, this.#context.role)
    return this.checkList.add(pair, true) ? pair : undefined
  }

  // Pairs

  /** What a check had discovered has now been signalled: pairs keep their state and nomination. */
  #replaceRemote(known: IceCandidate, candidate: IceCandidate): void {
    this.candidates.replaceRemote(known, candidate)
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
    for (const local of this.candidates.locals) this.#formPair(local, remote)
  }

  /** Pairs candidates of one family and scope (RFC 8445, 6.1.2.2), once for each path. */
  #formPair({ candidate, socket }: LocalCandidate, remote: IceCandidate): void {
    if (this.checkList.concluded || !isReachable(candidate.address, remote.address)) return
    if (this.checkList.find(socket, remote.address, remote.port) !== undefined) return
    const pair = new CandidatePair(candidate, socket, remote, this.#context.role)
    if (!this.checkList.add(pair, false)) this.#context.counters.droppedPairs++
  }
}
