/** The peer's candidates of one generation: signalled, and discovered by its checks (RFC 8445, 7.3.1.3). */

import type { StunAddress } from '../stun/index.ts'
import type { IceCandidate, TcpType } from './candidate.ts'
import type { IceCounters } from './options.ts'

/** Bound of what a peer can make us remember. */
const MOST_REMOTE_CANDIDATES = 128
/** From here on there is a look at what may be forgotten. A peer behind some NATs comes from a new port every minute. */
const MANY_REMOTE_CANDIDATES = 64

/** What the other end of a TCP connection is to ours (RFC 6544, 4.5). */
const OPPOSITE: Readonly<Record<TcpType, TcpType>> = { active: 'passive', passive: 'active', so: 'so' }

export class RemoteCandidates {
  all: IceCandidate[] = []
  readonly #counters: IceCounters
  #discovered = 0

  constructor(counters: IceCounters) {
    this.#counters = counters
  }

  find(address: string, port: number, { protocol, tcpType }: Pick<IceCandidate, 'protocol' | 'tcpType'>) {
    for (const known of this.all) {
      if (known.port === port && known.address === address && known.protocol === protocol && known.tcpType === tcpType)
        return known
    }
    return undefined
  }

  /** Takes a candidate in; false when there is no room. */
  add(candidate: IceCandidate): boolean {
    if (this.all.length >= MOST_REMOTE_CANDIDATES) {
      this.#counters.droppedCandidates++
      return false
    }
    this.all.push(candidate)
    return true
  }

  /** What a check had discovered has now been signalled. */
  replace(known: IceCandidate, candidate: IceCandidate): void {
    this.all[this.all.indexOf(known)] = candidate
  }

  /** Forgets those that checks had discovered and that are of no use any more, once they are many. */
  forget(isInUse: (candidate: IceCandidate) => boolean): void {
    if (this.all.length < MANY_REMOTE_CANDIDATES) return
    this.all = this.all.filter(candidate => candidate.type !== 'prflx' || isInUse(candidate))
  }

  /** Keeps those of a generation of the peer's, and those that do not say. */
  keepOnly(usernameFragment: string): void {
    this.all = this.all.filter(candidate => (candidate.usernameFragment ?? usernameFragment) === usernameFragment)
  }

  /**
   * The candidate that a check came from: one that is known, or a peer-reflexive one with the priority that the check
   * told (RFC 8445, 7.3.1.3). Undefined when there is no room for it.
   * @param local What the check came to.
   */
  discover(
    { address, port }: StunAddress,
    local: IceCandidate,
    priority: number,
    usernameFragment: string | undefined,
  ): IceCandidate | undefined {
    const { protocol } = local
    const tcpType = local.tcpType && OPPOSITE[local.tcpType]
    const known = this.find(address, port, { protocol, ...(tcpType && { tcpType }) })
    if (known !== undefined) return known
    const candidate: IceCandidate = {
      // Unlike that of any other candidate.
      foundation: `prflx+${this.#discovered++}`,
      component: 1,
      protocol,
      priority,
      address,
      port,
      type: 'prflx',
      ...(tcpType && { tcpType }),
      ...(usernameFragment !== undefined && { usernameFragment }),
    }
    return this.add(candidate) ? candidate : undefined
  }
}
