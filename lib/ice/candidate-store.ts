/**
 * The candidates of one generation, ours and the peer's: gathered, signalled, and discovered by checks.
 */

import { canonicalAddress, type StunAddress } from '../stun/index.ts'
import type { IceCandidate } from './candidate.ts'
import type { IceCounters } from './options.ts'
import { candidatePriority, type Foundations } from './priority.ts'

/** A candidate of ours and the socket beneath it. */
export interface LocalCandidate {
  readonly candidate: IceCandidate
  /** The owner's own number of it. */
  readonly socket: number
  /** 0 to 65535 (RFC 8445, 5.1.2.1). */
  readonly localPreference: number
}

/** A UDP socket that the owner has bound. */
export interface HostSocket {
  /** The owner's own number for it. */
  readonly socket: number
  readonly address: string
  readonly port: number
  readonly interfaceName?: string
}

/**
 * The host candidate of a socket. Throws a TypeError when its address is no IP address.
 * @param before How many sockets are preferred to it (RFC 8421 says in which order they are named).
 */
export const hostCandidate = (host: HostSocket, before: number, foundations: Foundations): LocalCandidate => {
  const address = canonicalAddress(host.address)
  if (address === undefined) throw new TypeError(`not an IP address: ${host.address}`)
  const localPreference = Math.max(0, 0xffff - before)
  const candidate: IceCandidate = {
    foundation: foundations.of('host', address, 'udp'),
    component: 1,
    protocol: 'udp',
    priority: candidatePriority('host', localPreference, 1),
    address,
    port: host.port,
    type: 'host',
  }
  return { candidate, socket: host.socket, localPreference }
}

/** Bounds of what a peer can make us remember. */
const MOST_REMOTE_CANDIDATES = 128
const MOST_REFLEXIVE_CANDIDATES = 32

export class CandidateStore {
  /** Ours with a socket beneath: hosts. */
  readonly locals: LocalCandidate[] = []
  /** Ours that checks have discovered. */
  readonly reflexive: IceCandidate[] = []
  remotes: IceCandidate[] = []
  readonly #usernameFragment: string
  readonly #foundations: Foundations
  readonly #counters: IceCounters
  #discovered = 0

  constructor(usernameFragment: string, foundations: Foundations, counters: IceCounters) {
    this.#usernameFragment = usernameFragment
    this.#foundations = foundations
    this.#counters = counters
  }

  /** Takes a candidate of ours in, under this generation's user-name fragment. */
  addLocal({ candidate, socket, localPreference }: LocalCandidate): LocalCandidate {
    const ours = { ...candidate, usernameFragment: this.#usernameFragment }
    const local = { candidate: ours, socket, localPreference }
    this.locals.push(local)
    return local
  }

  findLocal(socket: number): LocalCandidate | undefined {
    for (const local of this.locals) if (local.socket === socket) return local
    return undefined
  }

  findRemote(address: string, port: number): IceCandidate | undefined {
    for (const remote of this.remotes) if (remote.port === port && remote.address === address) return remote
    return undefined
  }

  /** Takes a candidate of the peer's in; false when there is no room. */
  addRemote(candidate: IceCandidate): boolean {
    if (this.remotes.length >= MOST_REMOTE_CANDIDATES) {
      this.#counters.droppedCandidates++
      return false
    }
    this.remotes.push(candidate)
    return true
  }

  /** What a check had discovered has now been signalled. */
  replaceRemote(known: IceCandidate, candidate: IceCandidate): void {
    this.remotes[this.remotes.indexOf(known)] = candidate
  }

  /**
   * The candidate of ours that the peer sees as `mapped`: one that is known, or a peer-reflexive one (RFC 8445,
   * 7.2.5.3.1). Undefined when there is no room for it.
   */
  discoverLocal(socket: number, mapped: StunAddress, priority: number): IceCandidate | undefined {
    const { address, port } = mapped
    const isMapped = (candidate: IceCandidate) => candidate.address === address && candidate.port === port
    const known = this.locals.find(({ candidate }) => isMapped(candidate))?.candidate ?? this.reflexive.find(isMapped)
    const base = this.findLocal(socket)?.candidate
    if (known !== undefined || base === undefined) return known
    if (this.reflexive.length >= MOST_REFLEXIVE_CANDIDATES) {
      this.#counters.droppedCandidates++
      return undefined
    }
    const candidate: IceCandidate = {
      foundation: this.#foundations.of('prflx', base.address, 'udp'),
      component: base.component,
      protocol: base.protocol,
      priority,
      address,
      port,
      type: 'prflx',
      relatedAddress: base.address,
      relatedPort: base.port,
      usernameFragment: this.#usernameFragment,
    }
    this.reflexive.push(candidate)
    return candidate
  }

  /**
   * The candidate of the peer's that a check came from: one that is known, or a peer-reflexive one with the priority
   * that the check told (RFC 8445, 7.3.1.3). Undefined when there is no room for it.
   */
  discoverRemote(
    { address, port }: StunAddress,
    priority: number,
    usernameFragment: string | undefined,
  ): IceCandidate | undefined {
    const known = this.findRemote(address, port)
    if (known !== undefined) return known
    const candidate: IceCandidate = {
      // Unlike that of any other candidate.
      foundation: `prflx+${this.#discovered++}`,
      component: 1,
      protocol: 'udp',
      priority,
      address,
      port,
      type: 'prflx',
      ...(usernameFragment !== undefined && { usernameFragment }),
    }
    return this.addRemote(candidate) ? candidate : undefined
  }
}
