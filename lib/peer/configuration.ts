/**
 * RTCConfiguration (webrtc-pc, 4.2.1), its validation (4.4.1.6), and the members that are additions here.
 */

import {
  any,
  boolean,
  type Conversion,
  type Converted,
  defaulted,
  dictionary,
  enforcedOctet,
  enforcedUnsignedLong,
  enforcedUnsignedShort,
  enumeration,
  exception,
  interfaceType,
  optional,
  required,
  sequence,
} from '../idl/index.ts'
import type { TraceSink } from '../machine/index.ts'
import { certificateSlots, RTCCertificate } from './certificate.ts'
import { checkDtlsConfiguration, DTLS_MEMBERS, type DtlsConfiguration, dtlsMembers } from './dtls-configuration.ts'
import { type ConnectionHost, hostSymbol } from './host-symbol.ts'
import {
  CHANGEABLE,
  checkIceConfiguration,
  type IceConfiguration,
  iceMembers,
  UNCHANGEABLE,
} from './ice-configuration.ts'
import { MOST_ICE_SERVERS, type RTCIceServer, RTCIceServerDictionary, validateIceServers } from './ice-server.ts'
import { checkSctpConfiguration, type SctpConfiguration, sctpMembers } from './sctp-configuration.ts'

export type RTCIceTransportPolicy = 'relay' | 'all'
export type RTCBundlePolicy = 'balanced' | 'max-compat' | 'max-bundle'
export type RTCRtcpMuxPolicy = 'require'
export type RTCRtpHeaderEncryptionPolicy = 'negotiate' | 'require'

export interface RTCConfiguration extends IceConfiguration, DtlsConfiguration, SctpConfiguration {
  /** STUN and TURN servers. Every URL of each is used. None by default. */
  iceServers?: RTCIceServer[]
  /** `relay` shows and uses relayed candidates only. */
  iceTransportPolicy?: RTCIceTransportPolicy
  bundlePolicy?: RTCBundlePolicy
  rtcpMuxPolicy?: RTCRtcpMuxPolicy
  /**
   * The first one is presented to the peer; without any, one is made for the connection. One that is to outlive the
   * process is kept by `toPem` and `RTCCertificate.fromPem`.
   */
  certificates?: RTCCertificate[]
  /** For how many transports to gather candidates ahead of the first description: 0 to 255, 0 by default. */
  iceCandidatePoolSize?: number

  /**
   * Whether RTP header extensions are encrypted with the payload: `negotiate` where the peer can (RFC 9335, and RFC 6904 where
   * it offers that), `require` takes no description of a peer that cannot (webrtc-extensions). Where it is left out they are
   * sent in the clear, and nothing is said of it.
   */
  rtpHeaderEncryptionPolicy?: RTCRtpHeaderEncryptionPolicy

  /**
   * Addition: the largest message taken from the peer, in bytes: 1 to 1,073,741,824 (1 GiB); 262,144 by default. A larger
   * one closes its channel. One message is put together at a time, or as many as the peer interleaves.
   */
  maxMessageSize?: number
  /**
   * Addition: the largest datagram to send, in bytes of UDP payload, from 576. By default 1,200 to begin with, and more
   * where it is found that they get through; with `sctp.pathMtuDiscovery` this is what is begun with.
   */
  mtu?: number
  /**
   * Addition: show the addresses of peer-reflexive remote candidates in `getStats` and `getSelectedCandidatePair`.
   * webrtc-pc hides those that were not signalled, from web pages; a server may want to know who is there.
   */
  exposeRemoteAddresses?: boolean
  /**
   * Addition: is told packets in the clear, events, and the key log (`purertc/trace`). What it throws is reported, and
   * harms nothing.
   */
  trace?: TraceSink
  /** Addition: another world than the platform's, as a simulation has it. */
  [hostSymbol]?: ConnectionHost
}

const object: Conversion<object> = (value, context) => {
  if (typeof value !== 'object' || value === null) throw new TypeError(`${context}: The value is not an object.`)
  return value
}

const members = {
  ...iceMembers,
  ...dtlsMembers,
  ...sctpMembers,
  bundlePolicy: defaulted(
    enumeration<RTCBundlePolicy>('RTCBundlePolicy', ['balanced', 'max-compat', 'max-bundle']),
    (): RTCBundlePolicy => 'balanced',
  ),
  certificates: defaulted(sequence(interfaceType('RTCCertificate', RTCCertificate)), () => []),
  iceCandidatePoolSize: defaulted(enforcedOctet, () => 0),
  iceServers: defaulted(sequence(RTCIceServerDictionary), () => []),
  iceTransportPolicy: defaulted(
    enumeration<RTCIceTransportPolicy>('RTCIceTransportPolicy', ['relay', 'all']),
    (): RTCIceTransportPolicy => 'all',
  ),
  rtcpMuxPolicy: defaulted(
    enumeration<RTCRtcpMuxPolicy>('RTCRtcpMuxPolicy', ['require']),
    (): RTCRtcpMuxPolicy => 'require',
  ),

  rtpHeaderEncryptionPolicy: optional(
    enumeration<RTCRtpHeaderEncryptionPolicy>('RTCRtpHeaderEncryptionPolicy', ['negotiate', 'require']),
  ),

  exposeRemoteAddresses: optional(boolean),
  maxMessageSize: optional(enforcedUnsignedLong),
  mtu: optional(enforcedUnsignedShort),
  trace: optional(object as Conversion<TraceSink>),
}

const RTCConfigurationDictionary = dictionary('RTCConfiguration', members)
const HostDictionary = dictionary('ConnectionHost', { crypto: required(any), host: required(any) })

/** A configuration as converted and checked; the servers beyond the limit are gone. */
export type Configuration = Converted<typeof members>

/** Bytes: the smallest datagram that every IPv4 path carries (RFC 1122, 3.3.2). */
const SMALLEST_MTU = 576
/** Bytes: a message is delivered as one buffer, of which platforms make no larger ones everywhere. */
const LARGEST_MESSAGE = 2 ** 30

/** What of a configuration is fixed at construction, and the name of each for messages. */
const FIXED = [
  'maxMessageSize',
  'mtu',
  'sctp',
  'exposeRemoteAddresses',
  'rtpHeaderEncryptionPolicy',
  'trace',
  ...UNCHANGEABLE,
  ...DTLS_MEMBERS,
] as const

/** The host that the configuration names, or the platform's. */
export const configuredHost = (configuration: unknown, platform: ConnectionHost, context: string): ConnectionHost => {
  const given: unknown =
    typeof configuration === 'object' && configuration !== null
      ? (configuration as { [hostSymbol]?: unknown })[hostSymbol]
      : undefined
  return given === undefined ? platform : (HostDictionary(given, context) as unknown as ConnectionHost)
}

/** Converts what an application passes; throws a TypeError, or what `checkDtlsConfiguration` does. */
export const convertConfiguration = (value: unknown, context: string): Configuration => {
  const configuration = RTCConfigurationDictionary(value, context)
  const { mtu, maxMessageSize } = configuration
  checkIceConfiguration(configuration as IceConfiguration, context)
  checkDtlsConfiguration(configuration as DtlsConfiguration, context)
  checkSctpConfiguration(configuration as SctpConfiguration, context)
  if (mtu !== undefined && mtu < SMALLEST_MTU) throw new TypeError(`${context}: mtu must be at least ${SMALLEST_MTU}.`)
  if (maxMessageSize !== undefined && (maxMessageSize === 0 || maxMessageSize > LARGEST_MESSAGE)) {
    throw new TypeError(`${context}: maxMessageSize must be 1 to ${LARGEST_MESSAGE}.`)
  }
  return configuration
}

/** Throws `InvalidAccessError` when one of the certificates has expired; `now` is milliseconds since 1970. */
export const checkCertificates = (certificates: readonly RTCCertificate[], now: number, context: string): void => {
  for (const certificate of certificates) {
    if (certificateSlots(certificate).expires < now) {
      throw exception('InvalidAccessError', `${context}: Expired certificate(s).`)
    }
  }
}

/** Throws `InvalidModificationError` when `next` changes what may not change after construction. */
const checkModification = (next: Configuration, old: Configuration, described: boolean, context: string): void => {
  const check = (same: boolean, member: string): void => {
    if (!same) throw exception('InvalidModificationError', `${context}: Attempted to modify the ${member}.`)
  }
  const { certificates } = old
  check(
    next.certificates.length === certificates.length && next.certificates.every((item, i) => item === certificates[i]),
    'certificates',
  )
  check(next.bundlePolicy === old.bundlePolicy, 'bundlePolicy')
  check(next.rtcpMuxPolicy === old.rtcpMuxPolicy, 'rtcpMuxPolicy')
  check(!described || next.iceCandidatePoolSize === old.iceCandidatePoolSize, 'iceCandidatePoolSize')
  // What is false by default may also be said to be false.
  for (const member of FIXED) check(next[member] === undefined || isSame(next[member], old[member] ?? false), member)
}

/** A dictionary or list is the same when its members are: each conversion makes another object. */
const isSame = (a: unknown, b: unknown): boolean => {
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((item, i) => item === b[i])
  if (a === b || !isDictionary(a) || !isDictionary(b)) return a === b
  return Object.keys({ ...a, ...b }).every(key => a[key] === b[key])
}

const isDictionary = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype

/**
 * Sets the configuration (webrtc-pc, 4.4.1.6): checks `next` against the one in force, if any, and its servers.
 * @param described Whether `setLocalDescription` has been called.
 * @returns What is in force from now on. Additions that `next` leaves out stay as they were.
 */
export const setConfiguration = (
  next: Configuration,
  old: Configuration | undefined,
  described: boolean,
  context: string,
): Configuration => {
  if (old !== undefined) checkModification(next, old, described, context)
  const iceServers = next.iceServers.slice(0, MOST_ICE_SERVERS)
  validateIceServers(iceServers, context)
  const kept: Partial<Configuration> = {}
  for (const member of [...FIXED, ...CHANGEABLE] as const) {
    if (old?.[member] !== undefined) Object.assign(kept, { [member]: old[member] })
  }
  return { ...kept, ...next, iceServers }
}

/** A copy for the application, as `getConfiguration` returns it: a dictionary is never shared. */
export const copyConfiguration = (configuration: Configuration): RTCConfiguration => {
  const { advertisedAddresses, iceCredentials, portRange, sctp, tcpCandidates } = configuration
  const { dtlsCipherSuites, dtlsGroups, dtlsVersions, fingerprintAlgorithms, srtpProfiles } = configuration
  return {
    ...configuration,
    certificates: [...configuration.certificates],
    iceServers: configuration.iceServers.map(({ ca, urls, ...server }) => ({
      ...server,
      urls: typeof urls === 'string' ? urls : [...urls],
      ...(ca !== undefined && { ca: typeof ca === 'string' ? ca : [...ca] }),
    })),
    ...(advertisedAddresses && { advertisedAddresses: advertisedAddresses.map(item => ({ ...item })) }),
    ...(iceCredentials && { iceCredentials: { ...iceCredentials } }),
    ...(portRange && { portRange: { ...portRange } }),
    ...(sctp && { sctp: { ...sctp } }),
    ...(tcpCandidates && { tcpCandidates: [...tcpCandidates] }),
    ...(dtlsCipherSuites && { dtlsCipherSuites: [...dtlsCipherSuites] }),
    ...(dtlsGroups && { dtlsGroups: [...dtlsGroups] }),
    ...(dtlsVersions && { dtlsVersions: [...dtlsVersions] }),
    ...(fingerprintAlgorithms && { fingerprintAlgorithms: [...fingerprintAlgorithms] }),
    ...(srtpProfiles && { srtpProfiles: [...srtpProfiles] }),
  }
}
