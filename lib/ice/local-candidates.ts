/**
 * Our candidates of one generation, and their bases (RFC 8445, 5.1.1 and 5.1.3).
 *
 * A base is what checks are sent from: a socket of ours, or an allocation on a relay. It may have several candidates: its
 * own address, a name or an advertised address in the place of that, and what STUN servers see of it. Pairs are formed
 * from bases only, since checks from a server-reflexive candidate leave from its base (RFC 8445, 6.1.2.4).
 */

import { canonicalAddress, type StunAddress } from '../stun/index.ts'
import { type CandidateType, type IceCandidate, isHostName, type TcpType } from './candidate.ts'
import type { IceCounters } from './options.ts'
import { type Foundations, localPriority } from './priority.ts'

/** What the owner tells of a candidate that it has gathered. */
export interface LocalCandidateInit {
  /** The owner's number of the base. A relayed candidate's base is the allocation: a number of its own. */
  readonly socket: number
  readonly type: 'host' | 'srflx' | 'relay'
  /** `udp` by default. */
  readonly protocol?: 'udp' | 'tcp'
  /** For `tcp` only, and needed there. */
  readonly tcpType?: TcpType
  /** What the peer is told: an IP address, which may be an advertised one, or an mDNS name. */
  readonly address: string
  /** 1 to 65535; 9 for an active TCP candidate (RFC 6544, 4.1). */
  readonly port: number
  /** The IP address and port to which the base is bound, where they are not `address` and `port`. */
  readonly baseAddress?: string
  readonly basePort?: number
  /** What the peer is told as `raddr` and `rport`; nothing when left out. */
  readonly relatedAddress?: string
  readonly relatedPort?: number
  /**
   * 0 to 65535, the more the better (RFC 8445, 5.1.2.1); by default bases are preferred in the order in which they are
   * named (RFC 8421 says in which). Of a TCP candidate's the upper 13 bits count (RFC 6544, 4.2).
   */
  readonly localPreference?: number
  /** The IP address of the STUN or TURN server: part of the foundation (RFC 8445, 5.1.1.3). */
  readonly server?: string
  /** How the TURN server is spoken to: relays over UDP are preferred. `udp` by default. */
  readonly relayProtocol?: 'udp' | 'tcp' | 'tls'
  /** Of the server, for diagnosis: told with the candidate. */
  readonly url?: string
  /** Checks go out from its base, but the peer is not told: a network that came up late, an address under a filter. */
  readonly unsignalled?: boolean
}

/** A UDP socket that the owner has bound. */
export interface HostSocket {
  /** The owner's own number for it. */
  readonly socket: number
  readonly address: string
  readonly port: number
  readonly interfaceName?: string
}

/** A candidate of ours and its base. */
export interface LocalCandidate {
  readonly candidate: IceCandidate
  /** The owner's own number of the base. */
  readonly socket: number
  /** Canonical text. */
  readonly baseAddress: string
  readonly basePort: number
  /** 0 to 65535 (RFC 8445, 5.1.2.1). */
  readonly localPreference: number
  readonly unsignalled: boolean
}

/** Bound of what a peer can make us remember. */
const MOST_REFLEXIVE_CANDIDATES = 32
/** RFC 6544, 4.2: of the local preference of a TCP candidate, other-pref has 13 bits. */
const MOST_OTHER_PREFERENCE = 0x1fff

const isSame = (a: LocalCandidate, b: LocalCandidate): boolean =>
  a.socket === b.socket &&
  a.candidate.port === b.candidate.port &&
  a.candidate.address === b.candidate.address &&
  a.candidate.tcpType === b.candidate.tcpType

export class LocalCandidates {
  /** One for each socket: what stands for it in pairs. */
  readonly bases: LocalCandidate[] = []
  /** All that were named, in their order. */
  readonly all: LocalCandidate[] = []
  /** Those that checks have discovered (RFC 8445, 7.2.5.3.1). */
  readonly #reflexive: LocalCandidate[] = []
  readonly #usernameFragment: string
  readonly #foundations: Foundations
  readonly #counters: IceCounters

  constructor(usernameFragment: string, foundations: Foundations, counters: IceCounters) {
    this.#usernameFragment = usernameFragment
    this.#foundations = foundations
    this.#counters = counters
  }

  /** What the peer may know of. */
  get signalled(): IceCandidate[] {
    return this.all.filter(({ unsignalled }) => !unsignalled).map(({ candidate }) => candidate)
  }

  get reflexive(): IceCandidate[] {
    return this.#reflexive.map(({ candidate }) => candidate)
  }

  /** The base of that number. */
  find(socket: number): LocalCandidate | undefined {
    for (const base of this.bases) if (base.socket === socket) return base
    return undefined
  }

  /**
   * Makes a candidate, without taking it in. Throws a TypeError for an address that is none, a name without a
   * `baseAddress`, or a TCP candidate without its type.
   */
  make(init: LocalCandidateInit): LocalCandidate {
    const { socket, type, protocol = 'udp', tcpType, port, server, relayProtocol, url, unsignalled = false } = init
    const address = canonicalAddress(init.address) ?? (isHostName(init.address) ? init.address : undefined)
    const baseAddress = canonicalAddress(init.baseAddress ?? init.address)
    if (address === undefined || baseAddress === undefined)
      throw new TypeError(`not an IP address: ${init.baseAddress ?? init.address}`)
    if ((protocol === 'tcp') !== (tcpType !== undefined))
      throw new TypeError('a TCP candidate, and no other, has a type')
    const localPreference = this.#preference(init)
    const flavour = { type, protocol, ...(tcpType && { tcpType }), ...(relayProtocol && { relayProtocol }) }
    const candidate: IceCandidate = {
      foundation: this.#foundations.of(type, baseAddress, protocol, `${server ?? ''} ${relayProtocol ?? ''}`.trim()),
      component: 1,
      priority: localPriority(flavour, localPreference),
      address,
      port,
      ...flavour,
      ...(init.relatedAddress !== undefined && { relatedAddress: init.relatedAddress }),
      ...(init.relatedPort !== undefined && { relatedPort: init.relatedPort }),
      ...(url !== undefined && { url }),
    }
    return { candidate, socket, baseAddress, basePort: init.basePort ?? port, localPreference, unsignalled }
  }

  /**
   * Takes a candidate in, under this generation's user-name fragment.
   * @returns The base, when there was none for the socket or this candidate stands for it better; what is signalled,
   * unless it is redundant (RFC 8445, 5.1.3) or not to be signalled.
   */
  add(given: LocalCandidate): { base?: LocalCandidate; signalled?: IceCandidate } {
    const local = { ...given, candidate: { ...given.candidate, usernameFragment: this.#usernameFragment } }
    const base = this.#updateBase(local)
    const known = this.all.findIndex(other => isSame(other, local))
    if (known >= 0 && (!this.all[known]!.unsignalled || local.unsignalled)) return {}
    if (known >= 0) this.all[known] = local
    else this.all.push(local)
    return { ...(base && { base }), ...(!local.unsignalled && { signalled: local.candidate }) }
  }

  /** The base of that number has gone, and with it its candidates. */
  remove(socket: number): void {
    for (const list of [this.bases, this.all, this.#reflexive])
      for (let at = list.length - 1; at >= 0; at--) if (list[at]!.socket === socket) list.splice(at, 1)
  }

  /**
   * The candidate of ours that the peer sees as `mapped`: one that is known, or a peer-reflexive one (RFC 8445,
   * 7.2.5.3.1). Undefined when there is no room for it.
   * @param priority The PRIORITY of the check that shows it.
   */
  discover(socket: number, mapped: StunAddress, priority: number): IceCandidate | undefined {
    const base = this.find(socket)
    if (base === undefined) return undefined
    const { protocol, tcpType, component } = base.candidate
    // Each connection of an active candidate has a port of its own, which tells nothing of the next (RFC 6544, 4.1).
    const isActive = tcpType === 'active'
    const isMapped = (address: string, port: number) => address === mapped.address && (isActive || port === mapped.port)
    const isSeen = ({ socket: other, candidate }: LocalCandidate) =>
      other === socket && isMapped(candidate.address, candidate.port)
    const known = this.all.find(isSeen) ?? this.#reflexive.find(isSeen)
    if (known !== undefined) return known.candidate
    // It is named otherwise: by an mDNS name, or by an address that is advertised for it.
    if (isMapped(base.baseAddress, base.basePort)) return base.candidate
    if (this.#reflexive.length >= MOST_REFLEXIVE_CANDIDATES) {
      this.#counters.droppedCandidates++
      return undefined
    }
    const candidate: IceCandidate = {
      foundation: this.#foundations.of('prflx', base.baseAddress, protocol),
      component,
      protocol,
      priority,
      address: mapped.address,
      port: mapped.port,
      type: 'prflx',
      ...(tcpType && { tcpType }),
      relatedAddress: base.candidate.address,
      relatedPort: base.candidate.port,
      usernameFragment: this.#usernameFragment,
    }
    this.#reflexive.push({ ...base, candidate })
    return candidate
  }

  #preference({ socket, protocol, localPreference: asked }: LocalCandidateInit): number {
    const at = this.bases.findIndex(base => base.socket === socket)
    const before = at < 0 ? this.bases.length : at
    if (protocol !== 'tcp') return asked ?? this.bases[at]?.localPreference ?? Math.max(0, 0xffff - before)
    return asked === undefined ? Math.max(0, MOST_OTHER_PREFERENCE - before) : asked >>> 3
  }

  /** The candidate that stands for a socket in pairs: the first that is its own address or goes for it. */
  #updateBase(local: LocalCandidate): LocalCandidate | undefined {
    const at = this.bases.findIndex(({ socket }) => socket === local.socket)
    const known = this.bases[at]
    if (known !== undefined && (local.candidate.type === 'srflx' || !isStandIn(known))) return undefined
    const base = local.candidate.type === 'srflx' ? this.#standIn(local) : local
    if (known === undefined) this.bases.push(base)
    else this.bases[at] = base
    return base
  }

  /** The base of a server-reflexive candidate whose host candidate has not been named. */
  #standIn({ candidate, socket, baseAddress, basePort, localPreference }: LocalCandidate): LocalCandidate {
    const type: CandidateType = 'host'
    const { protocol, tcpType, component, usernameFragment } = candidate
    const base: IceCandidate = {
      foundation: this.#foundations.of(type, baseAddress, protocol),
      component,
      protocol,
      priority: localPriority({ type, protocol, ...(tcpType && { tcpType }) }, localPreference),
      address: baseAddress,
      port: basePort,
      type,
      ...(tcpType && { tcpType }),
      ...(usernameFragment !== undefined && { usernameFragment }),
    }
    return { candidate: base, socket, baseAddress, basePort, localPreference, unsignalled: true }
  }
}

/** Whether a candidate that is signalled would stand for the base better. */
const isStandIn = ({ unsignalled }: LocalCandidate): boolean => unsignalled
