/**
 * Candidates of the peer's with a name instead of an address, mostly mDNS ones (RFC 8839, 5.1;
 * draft-ietf-mmusic-mdns-ice-candidates, 3.2). They wait until the owner has resolved them, and hold up nothing meanwhile.
 */

import { canonicalAddress } from '../stun/index.ts'
import type { IceCandidate } from './candidate.ts'

/** A browser has one for each interface and family; each costs a query to the whole link. */
const MOST_NAMES = 32
/** One IPv4 and one IPv6 address: a name with more is no candidate's. */
const isOfFamily = (isSix: boolean) => (address: string) => address.includes(':') === isSix

export class RemoteNames {
  #waiting: IceCandidate[] = []

  /** Lets a candidate wait; false when there is no room, or when it waits already. */
  add(candidate: IceCandidate): boolean {
    if (this.#waiting.length >= MOST_NAMES) return false
    if (
      this.#waiting.some(
        ({ address, port, protocol, tcpType }) =>
          address === candidate.address &&
          port === candidate.port &&
          protocol === candidate.protocol &&
          tcpType === candidate.tcpType,
      )
    )
      return false
    this.#waiting.push(candidate)
    return true
  }

  /** Whether the candidate has waited here; it does no longer. */
  take(candidate: IceCandidate): boolean {
    const at = this.#waiting.indexOf(candidate)
    if (at >= 0) this.#waiting.splice(at, 1)
    return at >= 0
  }

  /** Keeps those of a generation of the peer's, and those that do not say. */
  keepOnly(usernameFragment: string): void {
    this.#waiting = this.#waiting.filter(
      candidate => (candidate.usernameFragment ?? usernameFragment) === usernameFragment,
    )
  }
}

/** The candidate at the addresses that its name stands for: at most one of each family, the first. */
export const resolvedCandidates = (candidate: IceCandidate, addresses: readonly string[]): IceCandidate[] => {
  const canonical = addresses.map(canonicalAddress).filter(address => address !== undefined)
  return [false, true].flatMap(isSix => {
    const address = canonical.find(isOfFamily(isSix))
    return address === undefined ? [] : [{ ...candidate, address, hostName: candidate.address }]
  })
}
