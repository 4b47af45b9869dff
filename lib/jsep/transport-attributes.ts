/**
 * The attributes of a transport in a description: read with what the session level says for all m-sections
 * (RFC 9429, 5.8), written into the m-section that carries the transport (5.2.1, 5.3.1).
 */

import {
  type Attribute,
  attribute,
  attributes,
  type Connection,
  type FingerprintValue,
  type MediaDescription,
  type Setup,
  typed,
} from '../sdp/index.ts'
import type { LocalTransport } from './applied.ts'
import { candidateValue, type Trickled } from './candidates.ts'
import { MOST_CANDIDATES, MOST_FINGERPRINTS } from './limits.ts'
import type { SessionLevel } from './session-level.ts'

/** What a description says of a transport: nothing of it need be there. */
export interface StatedTransport {
  readonly usernameFragment: string | undefined
  readonly password: string | undefined
  readonly iceLite: boolean
  readonly iceOptions: readonly string[]
  readonly fingerprints: readonly FingerprintValue[]
  readonly setup: Setup | undefined
  /** Values of `a=candidate`. */
  readonly candidates: readonly string[]
  readonly endOfCandidates: boolean
}

export const readTransport = (session: SessionLevel, media: MediaDescription): StatedTransport => {
  const own = attributes(media, 'fingerprint').slice(0, MOST_FINGERPRINTS)
  return {
    usernameFragment: attribute(media, 'ice-ufrag') ?? session.usernameFragment,
    password: attribute(media, 'ice-pwd') ?? session.password,
    iceLite: session.iceLite,
    iceOptions: [...session.iceOptions, ...attributes(media, 'ice-options').flat()],
    fingerprints: own.length > 0 ? own : session.fingerprints,
    setup: attribute(media, 'setup') ?? session.setup,
    candidates: attributes(media, 'candidate').slice(0, MOST_CANDIDATES),
    endOfCandidates: session.endOfCandidates || attribute(media, 'end-of-candidates') === true,
  }
}

/**
 * The transport's attributes in an m-section of ours, in the order that Chromium has. RFC 9429, 5.2.1 leaves them out where
 * an m-section has no transport of its own, and Chromium and Firefox do not: libwebrtc answers one without a certificate by
 * one without a certificate and rejects those after it, and Firefox takes credentials that come later for a restart.
 */
export const transportAttributes = (
  transport: LocalTransport,
  fingerprints: readonly FingerprintValue[],
  setup: Setup,
): Attribute[] => [
  typed('ice-ufrag', transport.usernameFragment),
  typed('ice-pwd', transport.password),
  ...fingerprints.map(each => typed('fingerprint', each)),
  typed('setup', setup),
]

export const candidateAttributes = ({ candidates, ended }: Trickled): Attribute[] => [
  ...candidates.map(value => typed('candidate', value)),
  ...(ended ? [typed('end-of-candidates', true)] : []),
]

export const trickledOf = ({ candidates, endOfCandidates }: LocalTransport): Trickled => ({
  candidates: candidates.map(candidateValue),
  ended: endOfCandidates,
})

/** RFC 9429, 5.2.1: where no candidate is known yet. */
const NOWHERE: Connection = { networkType: 'IN', addressType: 'IP4', address: '0.0.0.0' }
const DISCARD = 9

/** What reaches us from outside stands first (RFC 8839, 4.2.1.2). */
const DEFAULT_ORDER = ['relay', 'srflx', 'host']

/**
 * The port and address that the m- and c-lines show (RFC 8839, 4.2.1.2): the default candidate, UDP, IPv4 where there
 * is one; for peers without ICE, of which there are none here, so a host name (mDNS) counts as no candidate.
 */
export const defaultDestination = (candidates: readonly string[]): { port: number; connection: Connection } => {
  let best = { rank: Number.POSITIVE_INFINITY, port: DISCARD, connection: NOWHERE }
  for (const value of candidates) {
    const [, component, protocol = '', , address = '', port = '', , type = ''] = value.split(' ')
    const isIpv6 = address.includes(':')
    if (component !== '1' || protocol.toLowerCase() !== 'udp') continue
    if (!isIpv6 && !/^[0-9]+(?:\.[0-9]+){3}$/.test(address)) continue
    const rank = DEFAULT_ORDER.indexOf(type) + (isIpv6 ? DEFAULT_ORDER.length : 0)
    if (rank < best.rank && DEFAULT_ORDER.includes(type)) {
      const connection = { networkType: 'IN', addressType: isIpv6 ? 'IP6' : 'IP4', address }
      best = { rank, port: Number(port), connection }
    }
  }
  return best
}
