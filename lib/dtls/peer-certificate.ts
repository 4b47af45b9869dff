/**
 * Recognising the peer: its certificate must have one of the fingerprints of its session description (RFC 8122, 5 and
 * 6; RFC 8827, 5.1). Nothing else of the certificate counts but its key.
 */

import { equalBytes, fromHex } from '../bytes/index.ts'
import { type CryptoProvider, type HashName, type PublicKey, parseCertificate } from '../crypto/index.ts'
import { Alert, DtlsError, violation } from './error.ts'

/** One `a=fingerprint`: a hash function's name, and pairs of hexadecimal digits with colons between. */
export interface Fingerprint {
  readonly algorithm: string
  readonly value: string
}

/** SHA-1 and MD5 are refused: a second certificate with the same fingerprint is within reach of an attacker. */
const HASHES: ReadonlyMap<string, HashName> = new Map([
  ['sha-256', 'sha-256'],
  ['sha-384', 'sha-384'],
  ['sha-512', 'sha-512'],
])

/** What a peer is recognised by. */
export interface KnownPeer {
  readonly crypto: CryptoProvider
  readonly fingerprints: readonly Fingerprint[]
  /** As `DtlsOptions.acceptCertificate`. */
  readonly acceptCertificate: ((der: Uint8Array) => boolean) | undefined
}

/**
 * Whether `der` has one of the fingerprints, of which a description may announce hundreds: it is hashed once by each
 * function, and compared in constant time.
 */
export const matchesFingerprint = (
  crypto: CryptoProvider,
  der: Uint8Array,
  fingerprints: readonly Fingerprint[],
): boolean => {
  const digests = new Map<HashName, Uint8Array>()
  let matches = false
  for (const { algorithm, value } of fingerprints) {
    const hash = HASHES.get(algorithm.toLowerCase())
    const expected = fromHex(value.replaceAll(':', ''))
    if (hash === undefined || expected === undefined) continue
    const digest = digests.get(hash) ?? crypto.hash(hash, der)
    digests.set(hash, digest)
    if (equalBytes(digest, expected)) matches = true
  }
  return matches
}

/** The key of a certificate that the peer is known by. Throws a `DtlsError` with the alert to send. */
export const authenticateCertificate = (
  { crypto, fingerprints, acceptCertificate }: KnownPeer,
  der: Uint8Array,
): PublicKey => {
  if (!matchesFingerprint(crypto, der, fingerprints) && acceptCertificate?.(der.slice()) !== true) {
    throw new DtlsError('fingerprint-mismatch', "the peer's certificate has none of the announced fingerprints", {
      sent: Alert.badCertificate,
    })
  }
  const certificate = parseCertificate(der)
  if (certificate === undefined) throw violation(Alert.badCertificate, "the peer's certificate is malformed")
  const key = crypto.importPublicKey(certificate.spki)
  if (key === undefined) throw violation(Alert.unsupportedCertificate, "the key of the peer's certificate is of no use")
  return key
}
