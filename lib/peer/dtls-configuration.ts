/**
 * What a configuration says of DTLS beyond webrtc-pc: versions and algorithms, the fingerprints of descriptions, who else
 * is taken for the peer, the key log. All additions, fixed at construction.
 */

import type { GroupName } from '../crypto/index.ts'
import {
  CBC_SUITES,
  CIPHER_SUITES,
  CIPHER_SUITES_13,
  isClassical,
  NAMED_GROUPS,
  SRTP_PROFILES,
  type SrtpProfile,
} from '../dtls/index.ts'
import {
  boolean,
  type Conversion,
  callback,
  DOMString,
  enumeration,
  exception,
  optional,
  sequence,
} from '../idl/index.ts'
import type { DtlsPreferences } from '../transport/index.ts'

export type RTCDtlsVersion = '1.2' | '1.3'

/** A hash function that a certificate is known by (RFC 8122, 5). */
export type RTCFingerprintAlgorithm = 'sha-256' | 'sha-384' | 'sha-512'

/** The members of RTCConfiguration that are read here. Lists must not be empty; an entry counts where it stands first. */
export interface DtlsConfiguration {
  /**
   * Addition: the versions of DTLS to offer and take; both by default, and 1.3 where the peer has it. One for which the
   * suites or groups named leave nothing is not offered.
   */
  dtlsVersions?: RTCDtlsVersion[]
  /**
   * Addition: the cipher suites of both versions to offer and take, best first, by their names in the IANA registry. By
   * default all with AEAD; those with CBC (`TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA`, ...) only when they are named.
   */
  dtlsCipherSuites?: string[]
  /**
   * Addition: the groups of the key exchange, best first, by their names in the IANA registry, in any case:
   * X25519MLKEM768 (DTLS 1.3 only), x25519, secp256r1, secp384r1, which is the default.
   */
  dtlsGroups?: string[]
  /**
   * Addition: whether a peer of DTLS 1.2 must have the extended master secret (RFC 7627). True by default; false admits
   * old ones, whose keys are then not bound to the whole handshake.
   */
  dtlsRequireExtendedMasterSecret?: boolean
  /** Addition: the SRTP protection profiles to agree on, best first (RFC 5764, 4.1.2). All by default, AEAD first. */
  srtpProfiles?: SrtpProfile[]
  /**
   * Addition: by which hash functions descriptions announce our certificate, one `a=fingerprint` each. sha-256 alone by
   * default: the one that every peer knows.
   */
  fingerprintAlgorithms?: RTCFingerprintAlgorithm[]
  /**
   * Addition: takes each line of the NSS key log, without its line end. Whoever has these secrets can read the
   * connection. The file that SSLKEYLOGFILE names gets them too.
   */
  keyLog?: (line: string) => void
  /**
   * Addition: accepts a peer that is authenticated elsewhere, by a certificate of which its description does not tell.
   *
   * It is asked during the handshake, once, in DER, about a certificate that has none of the announced fingerprints (so
   * not about one that has), before anything else of the peer is believed. Only `true` accepts; anything else, a promise
   * too, refuses, as an exception does, which is also reported. The peer must still prove, by its signature, to have the
   * certificate's key; once the transport is `connected`, `getRemoteCertificates` has it. Who accepts every certificate
   * talks to whoever has seen the ICE credentials, and must find out by the channel itself who that is before it says or
   * believes anything.
   *
   * A server of libp2p's webrtc-direct makes up its client's description, and learns of the client by a Noise handshake
   * over a data channel, bound to both certificates:
   * ```js
   * const server = new RTCPeerConnection({ certificates: [certificate], acceptCertificate: () => true })
   * ```
   */
  acceptCertificate?: (certificate: ArrayBuffer) => boolean
}

/** A list that says something: without an entry there would be nothing to agree on. */
const list =
  <T>(convert: Conversion<T>): Conversion<T[]> =>
  (value, context) => {
    const entries = [...new Set(sequence(convert)(value, context))]
    if (entries.length === 0) throw new TypeError(`${context}: The list is empty.`)
    return entries
  }

export const dtlsMembers = {
  acceptCertificate: optional(callback as Conversion<(certificate: ArrayBuffer) => boolean>),
  dtlsCipherSuites: optional(list(DOMString)),
  dtlsGroups: optional(list((value, context) => DOMString(value, context).toLowerCase())),
  dtlsRequireExtendedMasterSecret: optional(boolean),
  dtlsVersions: optional(list(enumeration<RTCDtlsVersion>('RTCDtlsVersion', ['1.2', '1.3']))),
  fingerprintAlgorithms: optional(
    list(enumeration<RTCFingerprintAlgorithm>('RTCFingerprintAlgorithm', ['sha-256', 'sha-384', 'sha-512'])),
  ),
  keyLog: optional(callback as Conversion<(line: string) => void>),
  srtpProfiles: optional(list(enumeration<SrtpProfile>('SrtpProfile', SRTP_PROFILES))),
}

/** The members that may not be changed after construction: each is part of what descriptions and handshakes have begun with. */
export const DTLS_MEMBERS = [
  'acceptCertificate',
  'dtlsCipherSuites',
  'dtlsGroups',
  'dtlsRequireExtendedMasterSecret',
  'dtlsVersions',
  'fingerprintAlgorithms',
  'keyLog',
  'srtpProfiles',
] as const

const VERSIONS: readonly RTCDtlsVersion[] = ['1.2', '1.3']

const SUITES: Readonly<Record<RTCDtlsVersion, readonly { readonly name: string }[]>> = {
  '1.2': [...CIPHER_SUITES, ...CBC_SUITES],
  '1.3': CIPHER_SUITES_13,
}
const GROUPS: Readonly<Record<RTCDtlsVersion, readonly { readonly name: string }[]>> = {
  '1.2': NAMED_GROUPS.filter(isClassical),
  '1.3': NAMED_GROUPS,
}

type Table = typeof SUITES

const hasOne = (table: Table, version: RTCDtlsVersion, names: readonly string[] | undefined): boolean =>
  names === undefined || table[version].some(({ name }) => names.includes(name))

/** The versions that can be agreed on by what a configuration names. */
const possibleVersions = ({ dtlsVersions, dtlsCipherSuites, dtlsGroups }: DtlsConfiguration): RTCDtlsVersion[] =>
  (dtlsVersions ?? VERSIONS).filter(
    version => hasOne(SUITES, version, dtlsCipherSuites) && hasOne(GROUPS, version, dtlsGroups),
  )

/**
 * Throws `NotSupportedError` for a cipher suite or group that there is none of here, `InvalidAccessError` when what is
 * named leaves no version that could be agreed on.
 */
export const checkDtlsConfiguration = (configuration: DtlsConfiguration, context: string): void => {
  const check = (member: string, table: Table, names: readonly string[] = []): void => {
    for (const name of names) {
      if (VERSIONS.some(version => hasOne(table, version, [name]))) continue
      throw exception('NotSupportedError', `${context}: '${name.slice(0, 100)}' in ${member} is not supported.`)
    }
  }
  check('dtlsCipherSuites', SUITES, configuration.dtlsCipherSuites)
  check('dtlsGroups', GROUPS, configuration.dtlsGroups)
  if (possibleVersions(configuration).length === 0) {
    throw exception(
      'InvalidAccessError',
      `${context}: dtlsVersions, dtlsCipherSuites and dtlsGroups have nothing in common.`,
    )
  }
}

/** What a configuration that was checked asks of DTLS, its callback apart. */
export const dtlsPreferences = (configuration: DtlsConfiguration): Omit<DtlsPreferences, 'acceptCertificate'> => {
  const { dtlsCipherSuites, dtlsGroups, dtlsRequireExtendedMasterSecret, srtpProfiles } = configuration
  return {
    versions: possibleVersions(configuration),
    ...(dtlsCipherSuites && { cipherSuites: dtlsCipherSuites }),
    ...(dtlsGroups && { groups: dtlsGroups as GroupName[] }),
    ...(srtpProfiles && { srtpProfiles }),
    ...(dtlsRequireExtendedMasterSecret !== undefined && {
      requireExtendedMasterSecret: dtlsRequireExtendedMasterSecret,
    }),
  }
}
