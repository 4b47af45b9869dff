/**
 * What a connection and the handshake that runs on it, of whichever version, know of each other.
 */

import type { Certificate, CryptoProvider, GroupName, SignatureScheme } from '../crypto/index.ts'
import type { TraceSink } from '../machine/index.ts'
import { CBC_SUITES, CIPHER_SUITES, type CipherSuite, cbcLast } from './cipher-suite.ts'
import type { Flight } from './flight.ts'
import type { HandshakeMessage } from './handshake-message.ts'
import { isClassical, NAMED_GROUPS, type NamedGroup } from './named-group.ts'
import type { DtlsOptions } from './options.ts'
import type { Fingerprint } from './peer-certificate.ts'
import { type PlaintextSealer, type RecordOpener, type RecordSealer, Version } from './record.ts'
import { SRTP_PROFILES, type SrtpProfile } from './srtp-profile.ts'
import { CIPHER_SUITES_13, type CipherSuite13 } from './v13/cipher-suite.ts'

export interface HandshakeSettings {
  readonly crypto: CryptoProvider
  readonly certificate: Certificate
  readonly fingerprints: readonly Fingerprint[]
  readonly acceptCertificate: ((der: Uint8Array) => boolean) | undefined
  /** What is offered and taken, best first, as `Version` has it. At least one, each with a suite and a group. */
  readonly versions: readonly number[]
  /** Of DTLS 1.2. */
  readonly cipherSuites: readonly CipherSuite[]
  readonly cipherSuites13: readonly CipherSuite13[]
  readonly groups: readonly NamedGroup[]
  readonly srtpProfiles: readonly SrtpProfile[]
  /** Server: whether to have the client return a cookie first. */
  readonly cookieExchange: boolean
  /** DTLS 1.2: whether a peer without extended master secret is refused. */
  readonly requireExtendedMasterSecret: boolean
  readonly trace: TraceSink | undefined
}

/** The entries of those names, in their order, each once; all when nothing is named. */
const chosen = <T extends { readonly name: string }>(all: readonly T[], names: readonly string[] | undefined) =>
  names === undefined
    ? all
    : [...new Set(names)].map(name => {
        const entry = all.find(candidate => candidate.name === name)
        if (entry === undefined) throw new RangeError(`${name} is not known here`)
        return entry
      })

/**
 * What a connection's options ask of its handshake. Throws a RangeError when the name of a suite, a group or an SRTP
 * profile is unknown, or no version is left that has both a suite and a group.
 */
export const handshakeSettings = (options: DtlsOptions): HandshakeSettings => {
  const named =
    options.cipherSuites && chosen([...CIPHER_SUITES_13, ...CIPHER_SUITES, ...CBC_SUITES], options.cipherSuites)
  const groups = chosen(NAMED_GROUPS, options.groups)
  const cipherSuites = cbcLast(named?.filter(suite => 'protection' in suite) ?? CIPHER_SUITES)
  const cipherSuites13 = named?.filter((suite): suite is CipherSuite13 => !('protection' in suite)) ?? CIPHER_SUITES_13
  const { versions: allowed = ['1.3', '1.2'] } = options
  // Whoever names only what one version has, means that version.
  const versions = [
    ...(allowed.includes('1.3') && cipherSuites13.length > 0 && groups.length > 0 ? [Version.dtls13] : []),
    ...(allowed.includes('1.2') && cipherSuites.length > 0 && groups.some(isClassical) ? [Version.dtls12] : []),
  ]
  const srtpProfiles = options.srtpProfiles ?? SRTP_PROFILES
  const unknown = srtpProfiles.find(profile => !SRTP_PROFILES.includes(profile))
  if (unknown !== undefined) throw new RangeError(`${unknown} is not known here`)
  if (versions.length === 0) throw new RangeError('no version of DTLS is left that has a cipher suite and a group')
  return {
    crypto: options.crypto,
    certificate: options.certificate,
    fingerprints: options.fingerprints,
    acceptCertificate: options.acceptCertificate,
    trace: options.trace,
    versions,
    cipherSuites,
    cipherSuites13,
    groups,
    srtpProfiles,
    cookieExchange: options.cookieExchange ?? false,
    requireExtendedMasterSecret: options.requireExtendedMasterSecret ?? true,
  }
}

/**
 * What ends the sending of a flight: the peer's next flight, or an ACK where no flight answers it (DTLS 1.3: the
 * client's last one, and what comes after the handshake). `nothing`: it is sent once, and again when the peer repeats its own.
 */
export type Awaited = 'reply' | 'ack' | 'nothing'

/** What a handshake may do to its connection. */
export interface HandshakeOwner {
  /** Epoch 0. */
  readonly plaintext: PlaintextSealer
  /** The version is agreed on: that handshake takes the place of the one that negotiated it. */
  become(handshake: Handshake): void
  /**
   * Sends a flight, in answer to all that was handed in so far, and again until what it awaits has come.
   * @param done Is called once, when all of a flight that awaits an ACK has been acknowledged.
   */
  send(flight: Flight, awaited: Awaited, done?: () => void): void
  /**
   * DTLS 1.3: all that was handed in so far is a whole flight that no flight of ours answers. It is acknowledged, now
   * and whenever the peer repeats it (RFC 9147, 7.1).
   */
  acknowledge(): void
  /** What is sent from now on, flights apart, is sealed by this. */
  sealWith(sealer: RecordSealer): void
  /** The peer's records of this epoch can be read from now on, beside those of the epochs before. */
  openWith(opener: RecordOpener): void
  /**
   * The peer is authenticated: application data flows.
   * @param lastFlightIsOurs Whether the peer may still ask for the last flight again.
   */
  establish(lastFlightIsOurs: boolean): void
}

export interface Handshake {
  /** Client: sends the first flight. Server: nothing. */
  start(): void
  /** The peer's next message, whole. Throws a `DtlsError` with the alert to send. */
  receive(message: HandshakeMessage): void
  /**
   * DTLS 1.3, once established: replaces the key that we send by, and has the peer replace its own when
   * `requestPeer` (RFC 9147, 8). Absent where the version has no such thing.
   */
  updateKeys?(requestPeer: boolean): void
  readonly negotiated: Readonly<Negotiated>
  /** RFC 5705 and RFC 8446, 7.5. Only once established. */
  exportKeyingMaterial(label: string, length: number, context: Uint8Array | undefined): Uint8Array
}

/** What a handshake has agreed on so far. */
export interface Negotiated {
  version: number | undefined
  cipherSuite: { readonly id: number; readonly name: string } | undefined
  group: GroupName | undefined
  /** What the peer signed by. */
  signatureScheme: SignatureScheme | undefined
  srtpProfile: SrtpProfile | undefined
  /** DER. */
  remoteCertificate: Uint8Array | undefined
}

/** Of a handshake that has agreed on nothing yet. */
export const nothingNegotiated = (): Negotiated => ({
  version: undefined,
  cipherSuite: undefined,
  group: undefined,
  signatureScheme: undefined,
  srtpProfile: undefined,
  remoteCertificate: undefined,
})
