/**
 * A candidate pair (RFC 8445, 6.1.2): one path, from one of our sockets to one address and port of the peer.
 *
 * There is one object for a path: when a check discovers a peer-reflexive candidate of ours, or signalling names what a
 * check had discovered, the pair's candidate is replaced and the pair stays (RFC 8445, 7.2.5.3.1 and 7.3.1.3).
 */

import type { IceCandidate } from './candidate.ts'
import type { LocalCandidate } from './local-candidates.ts'
import type { IceRole } from './options.ts'
import { pairPriority } from './priority.ts'

export type CandidatePairState = 'frozen' | 'waiting' | 'in-progress' | 'succeeded' | 'failed'

export class CandidatePair {
  local: IceCandidate
  remote: IceCandidate
  /** The owner's number of the socket that is the base of `local`. */
  readonly socket: number
  readonly remoteAddress: string
  readonly remotePort: number
  state: CandidatePairState = 'frozen'
  priority = 0n
  /** Of both candidates: pairs with the same one meet the same fate (RFC 8445, 6.1.2.6). */
  foundation = ''
  /** In the valid list: a check of ours was answered (RFC 8445, 7.2.5.3.2). */
  valid = false
  nominated = false
  /** An authenticated check has passed in either direction: what comes from there is let in. */
  authenticated = false
  /** The peer has nominated this pair before our own check has succeeded (RFC 8445, 7.3.1.5). */
  nominateOnSuccess = false
  /** We, controlling, have decided for this pair, and its check is to carry USE-CANDIDATE. */
  nominating = false
  /** The number of its nomination, when both sides announce renomination. */
  nomination = 0
  /** The peer has checked it without nominating it. */
  wasAsked = false
  /** Checks of ours go unanswered: until one is answered, any other that is heard from is better. */
  doubted = false
  /** Data had to leave it, and it has not been nominated since. */
  lapsed = false
  /** When it is checked next, if it is kept beside the one that carries data; Infinity when it is not. */
  probeAt = Number.POSITIVE_INFINITY
  /** We may send until then (RFC 7675, 5.1): monotonic ms, renewed by each valid answer. */
  consentUntil = Number.NEGATIVE_INFINITY
  /** When something believable came from the peer on this pair: monotonic ms. */
  lastReceivedAt = Number.NEGATIVE_INFINITY
  /** When the last answer to a check of ours came: monotonic ms. */
  lastAnsweredAt = Number.NEGATIVE_INFINITY
  /** Milliseconds, of the last check that was answered without retransmission. */
  currentRoundTripTime: number | undefined
  /** Milliseconds, summed over `responsesReceived`. */
  totalRoundTripTime = 0
  requestsSent = 0
  responsesReceived = 0
  requestsReceived = 0
  responsesSent = 0
  consentRequestsSent = 0
  packetsSent = 0
  bytesSent = 0
  packetsReceived = 0
  bytesReceived = 0

  constructor(local: IceCandidate, socket: number, remote: IceCandidate, role: IceRole) {
    this.local = local
    this.remote = remote
    this.socket = socket
    this.remoteAddress = remote.address
    this.remotePort = remote.port
    this.refresh(role)
  }

  /** Whether its check is still to come or to be answered. */
  get pending(): boolean {
    return this.state === 'frozen' || this.state === 'waiting' || this.state === 'in-progress'
  }

  /** A candidate of the pair or our role has changed: computes what follows from them. */
  refresh(role: IceRole): void {
    const { local, remote } = this
    this.foundation = `${local.foundation} ${remote.foundation}`
    this.priority =
      role === 'controlling'
        ? pairPriority(local.priority, remote.priority)
        : pairPriority(remote.priority, local.priority)
  }

  isPath(socket: number, address: string, port: number): boolean {
    return this.remotePort === port && this.socket === socket && this.remoteAddress === address
  }

  /** A check of ours was answered: `roundTrip` milliseconds after it was last sent, which was once if `isExact`. */
  answered(roundTrip: number, isExact: boolean, consentTimeout: number, now: number): void {
    this.responsesReceived++
    this.totalRoundTripTime += roundTrip
    // Of a check that was sent several times, it cannot be told which one was answered.
    if (isExact || this.currentRoundTripTime === undefined) this.currentRoundTripTime = roundTrip
    this.authenticated = true
    this.valid = true
    this.consentUntil = now + consentTimeout
    this.lastReceivedAt = now
    this.lastAnsweredAt = now
    this.doubted = false
  }

  /** Whether the peer has been heard from here within `timeout` milliseconds, and answers what it is asked. */
  isHeard(timeout: number, now: number): boolean {
    return !this.doubted && now < this.lastReceivedAt + timeout
  }

  mayCarry(now: number): boolean {
    return this.valid && now < this.consentUntil
  }
}

const isLinkLocal = (address: string): boolean => /^fe[89ab]/.test(address)

/** Whether candidates with these addresses make a pair: of one family and one scope (RFC 8445, 6.1.2.2). */
const isReachable = (local: string, remote: string): boolean =>
  local.includes(':') === remote.includes(':') && isLinkLocal(local) === isLinkLocal(remote)

/**
 * Whether a base of ours and a candidate of the peer's make a pair (RFC 8445, 6.1.2.2). Over TCP the active one connects to
 * the passive one, and simultaneous-open ones to each other (RFC 6544, 6.2); a passive one of ours has nobody to connect
 * to, and gets its pairs from the checks that come.
 */
export const mayPair = ({ candidate, baseAddress }: LocalCandidate, remote: IceCandidate): boolean => {
  if (candidate.protocol !== remote.protocol || !isReachable(baseAddress, remote.address)) return false
  if (candidate.protocol === 'udp') return true
  return candidate.tcpType === 'active'
    ? remote.tcpType === 'passive'
    : candidate.tcpType === 'so' && remote.tcpType === 'so'
}
