/** RTCCertificate (webrtc-pc, 4.9.2): a key and a self-signed certificate that connections present to their peers. */

import {
  type Certificate,
  type CryptoProvider,
  createSelfSignedCertificate,
  fingerprint,
  type KeyType,
} from '../crypto/index.ts'
import type { ConnectionHost } from './host-symbol.ts'
import { defineInterface, illegalConstructor } from './idl/index.ts'

export interface RTCDtlsFingerprint {
  /** A hash function by its textual name (RFC 8122, 5). */
  algorithm?: string
  /** Lower-case hexadecimal bytes with colons between. */
  value?: string
}

/** What an RTCCertificate stands for; only who generates one can construct its face. */
export class CertificateSlots {
  constructor(
    readonly certificate: Certificate,
    /** Milliseconds since 1970 after which it is not used for new connections. */
    readonly expires: number,
    readonly crypto: CryptoProvider,
  ) {}
}

/** Tells the slots of a certificate. */
export let certificateSlots: (certificate: RTCCertificate) => CertificateSlots

export class RTCCertificate {
  readonly #slots: CertificateSlots

  /** Not for applications: certificates come from `RTCPeerConnection.generateCertificate`. */
  constructor(slots: CertificateSlots) {
    this.#slots = slots instanceof CertificateSlots ? slots : illegalConstructor()
  }

  /** Milliseconds since 1970 UTC after which constructing a connection with it fails. */
  get expires(): number {
    return this.#slots.expires
  }

  getFingerprints(): RTCDtlsFingerprint[] {
    const { crypto, certificate } = this.#slots
    return [{ algorithm: 'sha-256', value: fingerprint(crypto, 'sha-256', certificate.der).toLowerCase() }]
  }

  static {
    defineInterface(RTCCertificate, 'RTCCertificate')
    certificateSlots = certificate => certificate.#slots
  }
}

/** Milliseconds for which a certificate is valid unless it is asked for otherwise: 30 days (webrtc-pc, 4.9.1). */
export const DEFAULT_VALIDITY = 2_592_000_000
/** The longest validity in milliseconds: 365 days. */
export const LONGEST_VALIDITY = 31_536_000_000
/** Milliseconds that a peer's clock may be behind ours. */
const CLOCK_SKEW = 86_400_000

/** The kind of key that a certificate is to be for. */
export interface KeySpecification {
  readonly type: KeyType
  /** Bits, for RSA. */
  readonly modulusLength?: number
}

/** Makes a key and a certificate that expires `validity` milliseconds from now. */
export const generate = async (
  { host, crypto }: ConnectionHost,
  key: KeySpecification,
  validity: number,
): Promise<CertificateSlots> => {
  const privateKey = await crypto.generateKey(key.type, key.modulusLength)
  const now = host.timeOrigin + host.now()
  const expires = Math.floor(now + validity)
  const certificate = createSelfSignedCertificate(crypto, privateKey, {
    notBefore: now - CLOCK_SKEW,
    notAfter: expires,
  })
  return new CertificateSlots(certificate, expires, crypto)
}
