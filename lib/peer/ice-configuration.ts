/**
 * What a configuration says of ICE beyond webrtc-pc: which addresses and ports a server uses and shows, TCP candidates
 * (RFC 6544), the lite role (RFC 8445, 2.5), credentials of its own. All additions.
 */

import { type AdvertisedAddress, TcpMux, UdpMux } from '../gather/index.ts'
import { areValidParameters } from '../ice/index.ts'
import {
  boolean,
  type Conversion,
  callback,
  DOMString,
  dictionary,
  enforcedUnsignedShort,
  enumeration,
  interfaceType,
  optional,
  required,
  sequence,
} from '../idl/index.ts'
import type { InterfaceAddress } from '../machine/index.ts'
import { canonicalAddress } from '../stun/index.ts'

/** UDP and TCP ports, both ends included, from 1 to 65535. */
export interface RTCPortRange {
  readonly min: number
  readonly max: number
}

export type RTCTcpCandidateType = 'active' | 'passive' | 'so'

/** ICE credentials of the application's own. */
export interface RTCIceCredentials {
  /** 4 to 256 ice-chars (RFC 8839, 5.4). */
  readonly usernameFragment: string
  /** 22 to 256 ice-chars. */
  readonly password: string
}

/** The members of RTCConfiguration that are read here. */
export interface IceConfiguration {
  /** Addition: offer loopback addresses as candidates too. By default only when the host has no others. */
  includeLoopback?: boolean
  /** Addition: which addresses of this machine to use; all by default. Called when candidates are gathered. */
  addressFilter?: (address: InterfaceAddress) => boolean
  /** Addition: the ports to use. By default whichever are free. */
  portRange?: RTCPortRange
  /**
   * Addition: the TCP candidates to gather (RFC 6544): `active` connects (the default, as browsers do), `passive` listens,
   * `so` does both at once.
   */
  tcpCandidates?: RTCTcpCandidateType[]
  /** Addition: show an mDNS name in place of each host address, as browsers do for pages without a camera. */
  hideHostAddresses?: boolean
  /**
   * Addition: addresses under which the world knows this machine (a 1:1 NAT, a load balancer), shown in place of its own,
   * or with `type: 'srflx'` beside them.
   */
  advertisedAddresses?: AdvertisedAddress[]
  /**
   * Addition: one UDP port that this connection shares with others, in place of sockets of its own. Closed, it gives no
   * candidates. Two connections on the same one do not reach each other over it.
   */
  udpMux?: UdpMux
  /** Addition: one TCP port that this connection shares with others: candidates of type `passive` come of it. */
  tcpMux?: TcpMux
  /** Addition: only answer connectivity checks (RFC 8445, 2.5). For servers that every peer can reach. */
  iceLite?: boolean
  /** Addition: the ICE credentials of the first description; random ones by default. A restart draws new ones. */
  iceCredentials?: RTCIceCredentials
}

const function1 = callback as Conversion<(address: InterfaceAddress) => boolean>

export const iceMembers = {
  addressFilter: optional(function1),
  advertisedAddresses: optional(
    sequence(
      dictionary('RTCAdvertisedAddress', {
        address: required(DOMString),
        base: optional(DOMString),
        type: optional(enumeration<'host' | 'srflx'>('RTCAdvertisedAddressType', ['host', 'srflx'])),
      }),
    ),
  ),
  hideHostAddresses: optional(boolean),
  iceCredentials: optional(
    dictionary('RTCIceCredentials', { password: required(DOMString), usernameFragment: required(DOMString) }),
  ),
  iceLite: optional(boolean),
  includeLoopback: optional(boolean),
  portRange: optional(
    dictionary('RTCPortRange', { max: required(enforcedUnsignedShort), min: required(enforcedUnsignedShort) }),
  ),
  tcpCandidates: optional(
    sequence(enumeration<RTCTcpCandidateType>('RTCTcpCandidateType', ['active', 'passive', 'so'])),
  ),
  tcpMux: optional(interfaceType('TcpMux', TcpMux)),
  udpMux: optional(interfaceType('UdpMux', UdpMux)),
}

/** The members that may be changed while the connection lives: they take effect when it gathers again. */
export const CHANGEABLE = [
  'addressFilter',
  'advertisedAddresses',
  'hideHostAddresses',
  'includeLoopback',
  'portRange',
  'tcpCandidates',
] as const

/** The members that may not. */
export const UNCHANGEABLE = ['iceCredentials', 'iceLite', 'tcpMux', 'udpMux'] as const

/** Throws a TypeError for what the types alone do not exclude. */
export const checkIceConfiguration = (configuration: IceConfiguration, context: string): void => {
  const { portRange, iceCredentials, advertisedAddresses = [] } = configuration
  if (portRange !== undefined && (portRange.min < 1 || portRange.min > portRange.max)) {
    throw new TypeError(`${context}: portRange must have 1 <= min <= max.`)
  }
  if (iceCredentials !== undefined && !areValidParameters(iceCredentials)) {
    throw new TypeError(`${context}: iceCredentials must be ice-chars, 4 to 256 and 22 to 256 of them.`)
  }
  for (const { address } of advertisedAddresses) {
    if (canonicalAddress(address) === undefined) {
      throw new TypeError(`${context}: '${address.slice(0, 100)}' in advertisedAddresses is not an IP address.`)
    }
  }
}
