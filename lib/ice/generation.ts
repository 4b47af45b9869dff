/**
 * One ICE session (RFC 8445, 4) of an agent: the credentials of both sides, the candidates that go with them, the check
 * list, and the checks under way. A restart makes a new one; the one before lives on until it is no longer needed.
 */

import { utf8 } from '../bytes/index.ts'
import type { Mac } from '../crypto/index.ts'
import type { StunAddress, StunMessage } from '../stun/index.ts'
import { Backups } from './backups.ts'
import type { Responder } from './binding.ts'
import { type IceCandidate, isUnicast } from './candidate.ts'
import { CheckClient, type CheckOwner } from './check-client.ts'
import { CheckList } from './check-list.ts'
import { Consent } from './consent.ts'
import type { EarlyCheck, PeerCheck } from './early-checks.ts'
import type { GenerationContext } from './generation-context.ts'
import { answerAsLite } from './lite.ts'
import { type LocalCandidate, LocalCandidates } from './local-candidates.ts'
import { Nominations } from './nominations.ts'
import type { Check, CheckPurpose } from './outstanding-checks.ts'
import type { CandidatePair } from './pair.ts'
import { Pairing } from './pairing.ts'
import type { IceParameters } from './parameters.ts'
import { localPriority } from './priority.ts'
import { RemoteCandidates } from './remote-candidates.ts'
import { RemoteNames, resolvedCandidates } from './remote-names.ts'

export class Generation implements Responder, CheckOwner {
  readonly local: IceParameters
  readonly localFragment: string
  readonly localMac: Mac
  readonly checkList = new CheckList()
  readonly locals: LocalCandidates
  readonly remotes: RemoteCandidates
  readonly names = new RemoteNames()
  readonly nominations: Nominations
  readonly backups: Backups
  /** The peer has said that no more candidates will come (RFC 8838, 14). */
  remoteEnded = false
  /** Until then the list does not fail for want of pairs (RFC 8863). */
  patienceUntil = Number.POSITIVE_INFINITY
  /** When a pair first became valid. */
  firstValidAt = Number.POSITIVE_INFINITY
  readonly #context: GenerationContext
  readonly #client: CheckClient
  readonly #pairing: Pairing
  readonly #consent: Consent
  #remote: IceParameters | undefined
  #retired = false

  constructor(context: GenerationContext, local: IceParameters) {
    this.#context = context
    this.local = local
    this.localFragment = local.usernameFragment
    this.localMac = context.crypto.createMac('sha-1', utf8(local.password))
    this.locals = new LocalCandidates(local.usernameFragment, context.foundations, context.counters)
    this.remotes = new RemoteCandidates(context.counters)
    this.#client = new CheckClient(context, local.usernameFragment, this.checkList, this)
    this.nominations = new Nominations(this.checkList)
    this.#consent = new Consent(context.crypto.random, context.timing)
    this.backups = new Backups(context.crypto.random, context.timing)
    const isWorthwhile = (pair: CandidatePair) => this.#isWorthwhile(pair)
    const drop = (pair: CandidatePair) => this.#client.drop(pair)
    this.#pairing = new Pairing(context, this.checkList, this.locals, this.remotes, isWorthwhile, drop)
  }

  get remote(): IceParameters | undefined {
    return this.#remote
  }

  get pairs(): readonly CandidatePair[] {
    return this.checkList.pairs
  }

  get deadline(): number {
    return Math.min(this.#client.deadline, this.#consent.deadline, this.backups.deadline)
  }

  /** Both sides are lite: nobody checks, and silence says nothing (RFC 8445, 8.2). */
  get isUnchecked(): boolean {
    return this.#context.lite && this.#remote?.iceLite === true
  }

  get nominated(): boolean {
    return this.checkList.pairs.some(pair => pair.nominated)
  }

  /** Whether the decision is ours. */
  get mayDecide(): boolean {
    return !this.#retired && !this.#context.lite && this.#context.role === 'controlling'
  }

  // Candidates and credentials

  /** Takes a candidate of ours in; returns what the peer is to be told of it. */
  addLocal(candidate: LocalCandidate): IceCandidate | undefined {
    const before = this.locals.find(candidate.socket)
    const { base, signalled } = this.locals.add(candidate)
    if (base === undefined) return signalled
    if (before !== undefined) this.#pairing.replaceLocal(before.candidate, base.candidate)
    if (this.#mayPair) this.#pairing.formOfBase(base)
    return signalled
  }

  /** A socket of ours has gone, and with it its candidates and pairs. */
  removeSocket(socket: number, now: number): void {
    this.locals.remove(socket)
    for (const pair of this.pairs) if (pair.socket === socket) this.#lose(pair, now)
    this.checkList.removeSocket(socket)
  }

  /** The connection of a pair could not be made, or is over. One that has worked is made anew, if that is for us to do. */
  losePath(socket: number, address: string, port: number, now: number): void {
    const pair = this.checkList.find(socket, address, port)
    if (pair === undefined) return
    const hasWorked = pair.valid
    this.#lose(pair, now)
    if (!hasWorked || this.#retired || pair.local.tcpType !== 'active') return
    pair.state = 'waiting'
    this.checkList.checkLate(pair)
  }

  #lose(pair: CandidatePair, now: number): void {
    // Another path may be found yet, by us or by the peer: the time of its absence begins now.
    if (pair.valid) this.patienceUntil = Math.max(this.patienceUntil, now + this.#context.timing.consentTimeout)
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
    this.nominations.renominates = this.#context.renomination && remote.renomination === true
    if (this.#mayPair) this.#pairing.formAll()
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
      if (this.remotes.add(candidate) && this.#mayPair) this.#pairing.formOfRemote(candidate)
    } else if (known.type === 'prflx' && candidate.type !== 'prflx') {
      this.#pairing.replaceRemote(known, candidate)
      // Other interfaces of ours may reach it too.
      if (this.#mayPair) this.#pairing.formOfRemote(candidate)
    }
  }

  /** A name of the peer's has been resolved; false when it is not waited for here. */
  resolveName(candidate: IceCandidate, addresses: readonly string[]): boolean {
    if (!this.names.take(candidate)) return false
    for (const resolved of resolvedCandidates(candidate, addresses)) this.addRemote(resolved)
    return true
  }

  /** Whether pairs are formed before a check of the peer's comes: a lite agent waits for those (RFC 8445, 6.1.2). */
  get #mayPair(): boolean {
    return this.#remote !== undefined && (!this.#context.lite || this.isUnchecked)
  }

  /** Our role has changed: priorities follow, and a nomination under way is off. */
  refresh(): void {
    const { role } = this.#context
    this.checkList.refresh(role)
    this.nominations.reset(role === 'controlling')
  }

  /** Starts no more checks but those for consent; goes on answering. */
  retire(): void {
    this.#retired = true
    this.checkList.clear()
  }

  // Checks of ours

  get hasCheck(): boolean {
    return this.#remote !== undefined && !this.#context.lite && this.checkList.hasNext
  }

  /** Sends the next check of the list; false when there is none. The pace is the caller's business. */
  sendNextCheck(now: number): boolean {
    const pair = this.#remote === undefined || this.#context.lite ? undefined : this.checkList.next()
    if (pair === undefined) return false
    if (!pair.nominating) pair.state = 'in-progress'
    this.#sendCheck(pair, pair.nominating ? 'nomination' : 'ordinary', now)
    return true
  }

  /**
   * Data goes over this pair from now on, or over none of this generation. A pair that data had to leave is not returned to
   * because it is better, only because the peer has it so.
   */
  carry(pair: CandidatePair | undefined, now: number): void {
    const before = this.backups.carrier
    const { timing, role } = this.#context
    const isAlive = before?.mayCarry(now) && before.isHeard(timing.disconnectedTimeout, now)
    const hasDied = before !== undefined && before !== pair && !isAlive
    if (hasDied) {
      before.lapsed = true
      if (role === 'controlling') before.nominated = false
    }
    this.#consent.carry(this.#context.lite ? undefined : pair, hasDied, now)
    this.backups.choose(this.#context.lite ? [] : this.pairs, pair, now)
    if (this.nominations.decided && !this.#retired) this.backups.seek(this.checkList)
    if (!hasDied) return
    this.backups.probeAll(now)
    // One that fell silent has been in doubt before, and all else was tried then.
    if (pair === undefined && !before.valid) this.#reopen(now)
  }

  advance(now: number): void {
    this.#client.advance(now)
    this.#pairing.refill()
    const pair = this.#consent.due(now)
    if (pair?.valid) {
      this.#sendCheck(pair, 'consent', now)
      this.backups.asked(pair, now)
    }
    const hasOther = this.pairs.length > 1 && !this.#retired && !this.#context.lite
    if (this.backups.advance(now, hasOther, backup => this.#sendCheck(backup, 'consent', now))) this.#reopen(now)
  }

  stop(): void {
    this.retire()
    this.#client.clear()
    this.#consent.carry(undefined, false, 0)
    this.backups.choose([], undefined, 0)
  }

  /** The nominated pair is dead or in doubt: what was not checked, or has failed before, may do better now. */
  #reopen(now: number): void {
    if (this.nominations.decided && !this.#retired) this.checkList.reopen(this.backups.carrier, now)
  }

  /** Whether a pair that comes after the nomination is to be checked: it may be better, or come to be needed. */
  #isWorthwhile(pair: CandidatePair): boolean {
    const { carrier } = this.backups
    if (carrier === undefined || carrier.doubted) return !this.#retired
    return !this.#retired && (pair.priority > carrier.priority || this.backups.wants(pair.socket))
  }

  #sendCheck(pair: CandidatePair, purpose: CheckPurpose, now: number): void {
    const { protocol, tcpType } = pair.local
    const kind = { type: 'prflx', protocol, ...(tcpType && { tcpType }) } as const
    const priority = localPriority(kind, this.locals.find(pair.socket)?.localPreference ?? 0)
    this.#client.send(pair, purpose, priority, now)
  }

  // Answers of the peer

  /** False when the response answers no check of this generation. */
  receiveResponse(message: StunMessage, socket: number, address: string, port: number, now: number): boolean {
    return this.#client.receive(message, socket, address, port, now)
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
    const isExact = transaction.requestsSent === 1
    pair.answered(now - transaction.lastSentAt, isExact, this.#context.timing.consentTimeout, now)
    this.firstValidAt = Math.min(this.firstValidAt, now)
    this.#discoverLocal(pair, mapped, check.priority)
    if (pair.state !== 'succeeded') {
      // The peer has asked for it: it may have no other any more.
      if (pair.requestsReceived > 0) this.backups.heard(pair, now)
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
    this.nominations.complete(pair)
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
    const pair = this.#pairing.ofCheck(check, this.#remote?.usernameFragment, now)
    if (pair === undefined) {
      this.#context.counters.droppedPairs++
      return
    }
    pair.authenticated = true
    pair.lastReceivedAt = now
    this.backups.heard(pair, now)
    // It may be alive again, and that only an answer shows.
    if (pair.doubted) this.#sendCheck(pair, 'consent', now)
    pair.requestsReceived += requests
    pair.responsesSent += requests
    const { role, lite, timing } = this.#context
    if (lite) {
      answerAsLite(pair, check, timing, now)
      this.patienceUntil = Math.max(this.patienceUntil, pair.consentUntil)
    }
    if (this.#retired) return
    const settled = pair.state === 'succeeded' && now < pair.consentUntil && (pair.valid || lite)
    if (role === 'controlled' && this.nominations.take(pair, check, settled)) this.#nominated(pair, now)
    if (settled) return
    if (pair.state === 'in-progress') this.#client.stopRetransmitting(pair, now)
    pair.state = 'waiting'
    this.checkList.trigger(pair)
  }
}
