/**
 * A full ICE agent for one component (RFC 8445), with trickle (RFC 8838), consent (RFC 7675) and patience (RFC 8863).
 *
 * The order of events: candidates and credentials of both sides come in; pairs are checked, one each Ta; what the peer
 * checks is checked in return; the controlling side nominates; the selected pair is kept alive by consent checks until
 * a restart makes a new generation, which takes over when it has a nominated pair of its own.
 *
 * Nomination is regular (RFC 8445, 8.1.1): at once when the peer has ended its candidates and none better than the best
 * valid pair is under way, else `nominationWait` and one round trip after the first pair became valid. Data does not
 * wait for it: before, it goes over the best valid pair.
 */

import { Packet } from '../bytes/index.ts'
import { type Machine, randomU32 } from '../machine/index.ts'
import { canonicalAddress, decodeStun, Method } from '../stun/index.ts'
import { type IceCandidate, isHostName, isUsable } from './candidate.ts'
import { CheckServer } from './check-server.ts'
import { SILENCE } from './doubt.ts'
import { EarlyChecks } from './early-checks.ts'
import type { Generation } from './generation.ts'
import type { GenerationContext } from './generation-context.ts'
import { Generations } from './generations.ts'
import { roleBesideLite } from './lite.ts'
import type { HostSocket, LocalCandidateInit } from './local-candidates.ts'
import { createCounters, DEFAULT_TIMING, type IceAgentOptions, type IceRole, type IceTiming } from './options.ts'
import type { CandidatePair } from './pair.ts'
import { areSameParameters, createIceParameters, type IceParameters } from './parameters.ts'
import { Foundations } from './priority.ts'
import { type IceEvent, type IceState, Progress } from './progress.ts'

export class IceAgent implements Machine {
  readonly counters = createCounters()
  readonly #options: IceAgentOptions
  readonly #timing: IceTiming
  readonly #context: GenerationContext
  readonly #early = new EarlyChecks()
  readonly #generations: Generations
  readonly #progress: Progress
  readonly #server: CheckServer

  /** Throws a RangeError when the credentials given do not follow RFC 8839, 5.4. */
  constructor(options: IceAgentOptions) {
    const { crypto, parameters = createIceParameters(crypto.random), role, timing } = options
    this.#options = options
    this.#timing = { ...DEFAULT_TIMING, ...timing }
    this.#context = {
      crypto,
      timing: this.#timing,
      counters: this.counters,
      foundations: new Foundations(),
      lite: options.lite === true,
      renomination: options.renomination !== false,
      role,
      tieBreaker: this.#drawTieBreaker(),
      transmit: (message, socket, address, port, now) => this.#transmit(message, socket, address, port, now),
      switchRole: () => this.#switchRole(),
      loseRole: () => {
        // RFC 8445, 7.2.5.1: with the number that has lost, the next conflict would be lost again.
        this.#context.tieBreaker = this.#drawTieBreaker()
        this.#switchRole()
      },
    }
    this.#generations = new Generations(this.#context, this.#early, parameters)
    this.#progress = new Progress(this.#generations, this.#timing, options.trace)
    this.#server = new CheckServer(this.#context, this.#generations, this.#early)
  }

  get state(): IceState {
    return this.#progress.state
  }

  get role(): IceRole {
    return this.#context.role
  }

  /** Which side decides is for the descriptions to say (RFC 8445, 6.1.1); a conflict is resolved by itself. */
  set role(role: IceRole) {
    if (role !== this.#context.role) this.#setRole(role)
  }

  get localParameters(): IceParameters {
    return this.#current.local
  }

  /** The peer's credentials of the present generation, once known. */
  get remoteParameters(): IceParameters | undefined {
    return this.#current.remote
  }

  /** Ours that the peer knows of or has seen, of the present generation. */
  get localCandidates(): readonly IceCandidate[] {
    return [...this.#current.locals.signalled, ...this.#current.locals.reflexive]
  }

  get remoteCandidates(): readonly IceCandidate[] {
    return this.#current.remotes.all
  }

  /** All pairs, those from before a restart included while they are in use. */
  get pairs(): readonly CandidatePair[] {
    return this.#generations.all.toReversed().flatMap(({ pairs }) => pairs)
  }

  /** The pair that `send` uses: the nominated one, or before nomination the best that is valid. */
  get selectedPair(): CandidatePair | undefined {
    return this.#progress.selected
  }

  /** Milliseconds, as last measured on the selected pair. */
  get roundTripTime(): number | undefined {
    return this.#progress.selected?.currentRoundTripTime
  }

  get deadline(): number {
    return this.#progress.deadline
  }

  nextEvent(): IceEvent | undefined {
    return this.#progress.events.next()
  }

  // Candidates and credentials

  /**
   * A candidate that has been gathered. A base that is named first is preferred, unless `localPreference` says
   * otherwise. Throws a TypeError for an address that is none, a name without `baseAddress`, or TCP without its type.
   * @returns What the peer is to be told; undefined when it is redundant (RFC 8445, 5.1.3) or not to be signalled.
   */
  addLocalCandidate(init: LocalCandidateInit, now: number): IceCandidate | undefined {
    const { locals } = this.#current
    const local = locals.make(init)
    if (this.state === 'closed') return undefined
    const signalled = this.#current.addLocal(local)
    this.#progress.settle(now)
    return signalled
  }

  /** The host candidate of a UDP socket. Throws a TypeError when `address` is no IP address. */
  addHostCandidate({ socket, address, port }: HostSocket, now: number): IceCandidate {
    const known = this.#current.locals.find(socket)
    if (known !== undefined && !known.unsignalled) return known.candidate
    const local = this.#current.locals.make({ socket, type: 'host', address, port, baseAddress: address })
    this.#current.addLocal(local)
    this.#progress.settle(now)
    return this.#current.locals.find(socket)!.candidate
  }

  /** The socket of that number has gone: its pairs die at once, and its candidates leave. */
  removeSocket(socket: number, now: number): void {
    for (const generation of this.#generations.all) generation.removeSocket(socket, now)
    this.#progress.settle(now)
  }

  /** A TCP connection could not be made, or is over: its pair fails at once. `address` is canonical text. */
  pathLost(socket: number, address: string, port: number, now: number): void {
    for (const generation of this.#generations.all) generation.losePath(socket, address, port, now)
    this.#progress.settle(now)
  }

  endOfLocalCandidates(now: number): void {
    this.#progress.localEnded = true
    this.#progress.settle(now)
  }

  /**
   * The peer's credentials. Others than before are the peer's side of a restart (RFC 8445, 9).
   * @param options `otherPeer`: it was another peer's before, to which our offer was forked (RFC 3264; a provisional
   * answer). That one is let in no longer.
   */
  setRemoteParameters(parameters: IceParameters, now: number, options: { otherPeer?: boolean } = {}): void {
    if (this.state === 'closed') return
    const known = this.#current.remote
    if (known !== undefined && areSameParameters(known, parameters)) return
    if (known !== undefined) this.#begin(this.#current.local, now)
    if (options.otherPeer === true) this.#generations.leaveOtherPeer()
    const role = roleBesideLite(this.#context.lite, parameters.iceLite === true)
    if (role !== undefined) this.role = role
    this.#generations.answer(parameters, now)
    this.#progress.settle(now)
  }

  /**
   * A candidate of the peer's. One known already or of no use here is counted and left out; one with a name is told by
   * an event, and waits for `resolveName`.
   */
  addRemoteCandidate(candidate: IceCandidate, now: number): void {
    if (this.state === 'closed' || this.state === 'failed') return
    const { remote, names } = this.#current
    const address = canonicalAddress(candidate.address)
    const generation = candidate.usernameFragment ?? remote?.usernameFragment
    const isOfOther = remote !== undefined && generation !== remote.usernameFragment
    if (!isUsable(candidate) || isOfOther || (address === undefined && !isHostName(candidate.address))) {
      this.counters.ignoredCandidates++
    } else if (address !== undefined) {
      this.#current.addRemote(address === candidate.address ? candidate : { ...candidate, address })
      this.#progress.settle(now)
    } else if (names.add(candidate)) {
      this.#progress.events.push({ type: 'name', candidate })
    } else {
      this.counters.ignoredNames++
    }
  }

  /**
   * The addresses of a candidate that event `name` has told of, or none when its name has none. Of each family the first
   * is used. What is no longer waited for, after a restart for example, is left out.
   */
  resolveName(candidate: IceCandidate, addresses: readonly string[], now: number): void {
    if (this.state === 'closed' || this.state === 'failed') return
    for (const generation of this.#generations.all) if (generation.resolveName(candidate, addresses)) break
    this.#progress.settle(now)
  }

  endOfRemoteCandidates(now: number): void {
    this.#current.remoteEnded = true
    this.#progress.settle(now)
  }

  /**
   * Takes new credentials into use on the same sockets (RFC 8445, 9). Data keeps flowing on the pair selected before,
   * and checks for the old credentials are answered, until the new generation has nominated a pair. Giving the
   * credentials from before, while the peer's new ones are not known, takes the restart back (a rolled-back offer).
   * Throws a RangeError when the credentials do not follow RFC 8839, 5.4.
   * @returns Our candidates, to be announced anew.
   */
  restart(parameters: IceParameters, now: number): IceCandidate[] {
    if (this.state === 'closed') return []
    if (!this.#generations.reinstate(parameters)) {
      this.#begin(parameters, now)
      this.#progress.localEnded = false
    }
    this.#progress.settle(now)
    return this.#current.locals.signalled
  }

  get #current(): Generation {
    return this.#generations.current
  }

  #begin(parameters: IceParameters, now: number): void {
    this.#generations.begin(parameters, this.#progress.selected)
    this.#progress.forgetLoss(now)
  }

  #drawTieBreaker(): bigint {
    const { random } = this.#options.crypto
    return (BigInt(randomU32(random)) << 32n) | BigInt(randomU32(random))
  }

  /** A role conflict is lost (RFC 8445, 7.2.5.1 and 7.3.1.1). */
  #switchRole(): void {
    this.#setRole(this.#context.role === 'controlling' ? 'controlled' : 'controlling')
    this.#progress.events.push({ type: 'role', role: this.#context.role })
  }

  #setRole(role: IceRole): void {
    this.#context.role = role
    for (const generation of this.#generations.all) generation.refresh()
  }

  // Datagrams

  /** A STUN message that came into one of our sockets; `address` is canonical text. */
  receive(packet: Uint8Array, socket: number, address: string, port: number, now: number): void {
    if (this.state === 'closed') return
    const message = decodeStun(packet)
    if (message === undefined) {
      this.counters.malformed++
      return
    }
    this.#options.trace?.packet?.('ice', 'in', packet, now)
    if (this.#current.locals.find(socket) === undefined) {
      this.counters.unknownSocket++
      return
    }
    if (message.method !== Method.binding || message.kind === 'indication') {
      this.counters.ignoredMethods++
      return
    }
    if (message.kind === 'request') {
      this.#server.receive(message, socket, address, port, now)
    } else if (!this.#generations.all.some(each => each.receiveResponse(message, socket, address, port, now))) {
      this.counters.unmatchedResponses++
    }
    this.#progress.settle(now)
    this.#progress.sendDueCheck(now)
  }

  /**
   * Whether a datagram other than STUN may be believed to be the peer's: an authenticated check has passed between
   * that address and our socket, in either direction. Counts it to its pair.
   */
  admit(socket: number, address: string, port: number, length: number, now: number): boolean {
    const pair = this.#progress.admit(socket, address, port)
    if (pair === undefined) {
      if (this.#early.has(socket, address, port)) return true
      this.counters.droppedUnauthenticated++
      return false
    }
    pair.packetsReceived++
    pair.bytesReceived += length
    pair.lastReceivedAt = now
    if (pair !== this.#progress.selected) this.#progress.heardElsewhere(pair, now)
    if (this.state === 'disconnected') this.#progress.settle(now)
    return true
  }

  /** What `admit` decides, without counting: to ask again about what was kept until more is known of the peer. */
  isAuthenticated(socket: number, address: string, port: number): boolean {
    if (this.#progress.findAuthenticated(socket, address, port) !== undefined) return true
    return this.#early.has(socket, address, port)
  }

  /** Sends data on the selected pair; without one that has consent, releases the packet and returns false. */
  send(packet: Packet, now: number): boolean {
    const pair = this.#progress.selected
    if (pair === undefined || now >= pair.consentUntil) {
      this.counters.droppedUnsendable++
      packet.release()
      return false
    }
    if (now >= pair.lastReceivedAt + SILENCE) this.#progress.unheard(pair, now)
    pair.packetsSent++
    pair.bytesSent += packet.length
    this.#options.transmit(packet, pair.socket, pair.remoteAddress, pair.remotePort)
    return true
  }

  #transmit(message: Uint8Array, socket: number, address: string, port: number, now: number): void {
    this.#options.trace?.packet?.('ice', 'out', message, now)
    this.#options.transmit(Packet.copy(message), socket, address, port)
  }

  // Time

  advance(now: number): void {
    this.#progress.advance(now)
  }

  close(now: number): void {
    if (this.state === 'closed') return
    this.#progress.close(now)
    this.#early.clear()
  }
}
