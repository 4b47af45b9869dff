/** RTCCertificate (webrtc-pc, 4.9.2): a key and a self-signed certificate that connections present to their peers. */

import {
  type Certificate,
  CryptoError,
  type CryptoProvider,
  certificateFromPem,
  certificateToPem,
  createSelfSignedCertificate,
  fingerprint,
  type KeyType,
} from '../crypto/index.ts'
import { DOMString, defineInterface, dictionary, exception, illegalConstructor, required } from '../idl/index.ts'
import type { ConnectionHost } from './host-symbol.ts'
import { platform } from './platform.ts'

export interface RTCDtlsFingerprint {
  /** A hash function by its textual name (RFC 8122, 5). */
  algorithm?: string
  /** Lower-case hexadecimal bytes with colons between. */
  value?: string
}

/** A certificate and its key as text (RFC 7468), as OpenSSL reads and writes them. */
export interface RTCCertificatePem {
  /** `-----BEGIN CERTIFICATE-----`; of several, the first counts. */
  certificate: string
  /** `-----BEGIN PRIVATE KEY-----` (PKCS #8), or `EC PRIVATE KEY`, `RSA PRIVATE KEY`; not encrypted. */
  privateKey: string
}

const CertificatePemDictionary = dictionary('RTCCertificatePem', {
  certificate: required(DOMString),
  privateKey: required(DOMString),
})

const FINGERPRINT_ALGORITHMS = ['sha-256', 'sha-384', 'sha-512'] as const

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

  /**
   * The fingerprints by sha-256, sha-384 and sha-512, in this order: whichever a peer is told, it finds here. webrtc-pc
   * asks for that by the hash function of the certificate's signature, which is one of them (for Ed25519, sha-512).
   */
  getFingerprints(): RTCDtlsFingerprint[] {
    const { crypto, certificate } = this.#slots
    return FINGERPRINT_ALGORITHMS.map(algorithm => ({
      algorithm,
      value: fingerprint(crypto, algorithm, certificate.der).toLowerCase(),
    }))
  }

  /** Addition: the certificate and its key, to be kept. Whoever reads the key can pretend to be us. */
  toPem(): RTCCertificatePem {
    return certificateToPem(this.#slots.certificate)
  }

  /**
   * Addition: a certificate that was kept, or made elsewhere, so that an identity outlives the process and its fingerprint
   * is known ahead. Its key is ECDSA on P-256 or P-384, RSA, or Ed25519. It expires when it says so itself: an expired one
   * can be looked at, but no connection takes it.
   *
   * @param pem What `toPem` gave; or one text with both.
   * @throws `DataError` for text that has no certificate or key, a malformed one, or a key that is another's,
   * `NotSupportedError` for an encrypted key, TypeError for members of the wrong type.
   */
  static fromPem(pem: RTCCertificatePem | string): RTCCertificate {
    const context = "Failed to execute 'fromPem' on 'RTCCertificate'"
    const { certificate, privateKey } =
      typeof pem === 'string' ? { certificate: pem, privateKey: pem } : CertificatePemDictionary(pem, context)
    const { crypto } = platform
    try {
      const read = certificateFromPem(crypto, certificate, privateKey)
      return new RTCCertificate(new CertificateSlots(read, read.notAfter, crypto))
    } catch (error) {
      if (!(error instanceof CryptoError)) throw error
      const name = error.code === 'ERR_CRYPTO_ENCRYPTED_KEY' ? 'NotSupportedError' : 'DataError'
      throw exception(name, `${context}: ${error.message}.`)
    }
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
