/**
 * X.509 version 3 certificates (RFC 5280, 4.1) as WebRTC uses them: self-signed, and known by their fingerprint alone
 * (RFC 8122, 5; RFC 8827, 6.5), so no chain is built, and names and extensions mean nothing here.
 */

import { equalBytes, utf8 } from '../bytes/index.ts'
import { type Random, randomBytes } from '../machine/index.ts'
import { bits, context, DerReader, der, NULL, oid, SEQUENCE, SET, sequence, UTF8_STRING, unsigned } from './der.ts'
import type { CryptoProvider, KeyType, PrivateKey, SignatureScheme } from './provider.ts'
import { encodeTime, parseTime } from './time.ts'

/** A certificate of our own, with its key. */
export interface Certificate {
  readonly der: Uint8Array
  readonly privateKey: PrivateKey
  /** When it expires: milliseconds since 1970 UTC, whole seconds. */
  readonly notAfter: number
}

/** What a certificate says. Views of the bytes that were parsed; nothing is verified. */
export interface CertificateFields {
  /** 1, 2 or 3. */
  readonly version: number
  /** Two's complement. */
  readonly serialNumber: Uint8Array
  /** DER of Name. */
  readonly issuer: Uint8Array
  readonly subject: Uint8Array
  /** Milliseconds since 1970 UTC. */
  readonly notBefore: number
  readonly notAfter: number
  /** DER of SubjectPublicKeyInfo. */
  readonly spki: Uint8Array
  /** Object identifier of the signature's algorithm, dotted. */
  readonly signatureAlgorithm: string
  /** What the signature is over, and the signature. */
  readonly tbs: Uint8Array
  readonly signature: Uint8Array
}

const COMMON_NAME = '2.5.4.3'

interface SigningTerms {
  readonly scheme: SignatureScheme
  /** AlgorithmIdentifier: RFC 5758, 3.2 for ECDSA, RFC 4055, 5 for RSA, RFC 8410, 3 for Ed25519. */
  readonly identifier: Uint8Array
}

const SIGNING: Readonly<Record<KeyType, SigningTerms>> = {
  'ec-p256': { scheme: 'ecdsa_secp256r1_sha256', identifier: sequence(oid('1.2.840.10045.4.3.2')) },
  'ec-p384': { scheme: 'ecdsa_secp384r1_sha384', identifier: sequence(oid('1.2.840.10045.4.3.3')) },
  rsa: { scheme: 'rsa_pkcs1_sha256', identifier: sequence(oid('1.2.840.113549.1.1.11'), der(NULL)) },
  ed25519: { scheme: 'ed25519', identifier: sequence(oid('1.3.101.112')) },
}

/** Eight random bytes as a positive INTEGER of always the same length (RFC 5280, 4.1.2.2). */
const serialNumber = (random: Random): Uint8Array => {
  const serial = randomBytes(random, 8)
  serial[0] = (serial[0]! & 0x3f) | 0x40
  return unsigned(serial)
}

export interface CertificateOptions {
  /** Milliseconds since 1970 UTC, from 1950 to 9999; a RangeError otherwise, or when it would end before it begins. */
  readonly notBefore: number
  readonly notAfter: number
  /** Subject and issuer. `WebRTC` by default, which tells nothing about the host (RFC 8827, 4.1 asks for no identity here). */
  readonly commonName?: string
}

/** Makes a self-signed certificate for `key`, by its usual scheme (SHA-256; SHA-384 for P-384; Ed25519 has its own). */
export const createSelfSignedCertificate = (
  crypto: CryptoProvider,
  key: PrivateKey,
  options: CertificateOptions,
): Certificate => {
  const { notBefore, notAfter, commonName = 'WebRTC' } = options
  if (!(notBefore <= notAfter)) throw new RangeError('a certificate must not expire before it is valid')
  const { scheme, identifier } = SIGNING[key.type]
  const name = sequence(der(SET, sequence(oid(COMMON_NAME), der(UTF8_STRING, utf8(commonName)))))
  const tbs = sequence(
    der(context(0), unsigned(Uint8Array.of(2))),
    serialNumber(crypto.random),
    identifier,
    name,
    sequence(encodeTime(notBefore), encodeTime(notAfter)),
    name,
    key.publicKey.spki,
  )
  const certificate = sequence(tbs, identifier, bits(key.sign(scheme, tbs)))
  return { der: certificate, privateKey: key, notAfter: Math.floor(notAfter / 1000) * 1000 }
}

/** Reads a certificate. Undefined when it is malformed. Names and extensions are passed over. */
export const parseCertificate = (bytes: Uint8Array): CertificateFields | undefined => {
  const outer = new DerReader(bytes)
  const certificate = outer.enter(SEQUENCE)
  outer.finish()
  const tbs = certificate.element()
  const algorithm = certificate.element()
  const signature = certificate.bits()
  certificate.finish()
  const body = new DerReader(tbs, outer).enter(SEQUENCE)
  const explicitVersion = body.optional(context(0))
  const version = (explicitVersion?.small() ?? 0) + 1
  explicitVersion?.finish()
  const serial = body.integer()
  const innerAlgorithm = body.element()
  const issuer = body.element()
  const validity = body.enter(SEQUENCE)
  const notBefore = parseTime(validity.peek(), validity.read(validity.peek()))
  const notAfter = parseTime(validity.peek(), validity.read(validity.peek()))
  validity.finish()
  const subject = body.element()
  const spki = body.element()
  const signatureAlgorithm = new DerReader(algorithm, outer).enter(SEQUENCE).oid()
  // What may follow: unique identifiers [1], [2] and extensions [3].
  let last = 0
  while (!body.done) {
    const tag = body.peek() & 0x1f
    if ((body.peek() & 0xc0) !== 0x80 || tag <= last || tag > 3) return undefined
    last = tag
    body.element()
  }
  if (outer.failed || version > 3 || notBefore === undefined || notAfter === undefined) return undefined
  if (!equalBytes(algorithm, innerAlgorithm)) return undefined
  return {
    version,
    serialNumber: serial,
    issuer,
    subject,
    notBefore,
    notAfter,
    spki,
    signatureAlgorithm,
    tbs,
    signature,
  }
}
