/**
 * The containers of keys: SubjectPublicKeyInfo (RFC 5280, 4.1.2.7; RFC 3279, 2.3.1; RFC 5480, 2; RFC 8410, 4) and
 * PrivateKeyInfo, PKCS #8 (RFC 5958, 2; RFC 5915, 3; RFC 8017, A.1.2; RFC 8410, 7).
 *
 * Both providers import keys through here, so that they take and refuse the same ones. What only arithmetic on the
 * curve can tell (is the point on it?) is left to them, but for Ed25519, where OpenSSL does not look.
 */

import { toBig } from './big.ts'
import {
  bits,
  context,
  DerReader,
  der,
  NULL,
  OBJECT_IDENTIFIER,
  OCTET_STRING,
  oid,
  SEQUENCE,
  sequence,
  unsigned,
} from './der.ts'
import { isEd25519Point } from './ed25519-point.ts'
import type { ClassicalGroupName, KeyType } from './provider.ts'
import { bitLength, isSoundRsaKey, type RsaPrivateParts, type RsaPublicParts } from './rsa.ts'

export const EC_PUBLIC_KEY = '1.2.840.10045.2.1'
const SECP256R1 = '1.2.840.10045.3.1.7'
const SECP384R1 = '1.3.132.0.34'
const RSA_ENCRYPTION = '1.2.840.113549.1.1.1'
const ED25519 = '1.3.101.112'

/** Bits of an RSA modulus: what peers have ever used, and what a signature check may cost us. */
export const MIN_MODULUS_BITS = 1024
export const MAX_MODULUS_BITS = 8192
/** OpenSSL's own bound on public exponents of large keys; a longer one only makes a check slower. */
const MAX_EXPONENT_BITS = 64

export type PublicKeyParts =
  /** `point`: uncompressed, 0x04 X Y. Not yet checked to be on the curve. */
  | { readonly type: 'ec-p256' | 'ec-p384'; readonly point: Uint8Array }
  | { readonly type: 'ed25519'; readonly point: Uint8Array }
  | { readonly type: 'rsa'; readonly rsa: RsaPublicParts }

export type PrivateKeyParts =
  /** `scalar`: as many bytes as the curve's order has. `point` if the container has it: not checked to fit. */
  | { readonly type: 'ec-p256' | 'ec-p384'; readonly scalar: Uint8Array; readonly point: Uint8Array | undefined }
  | { readonly type: 'ed25519'; readonly seed: Uint8Array }
  | { readonly type: 'rsa'; readonly rsa: RsaPrivateParts }

type EcType = 'ec-p256' | 'ec-p384'
const CURVE: Readonly<Record<EcType, string>> = { 'ec-p256': SECP256R1, 'ec-p384': SECP384R1 }
/** The order of the curve's group: a private key is from 1 to one less (FIPS 186-5, A.2.1; SP 800-186, 3.2.1). */
const ORDER: Readonly<Record<EcType, bigint>> = {
  'ec-p256': 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
  'ec-p384': 0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n,
}
const SCALAR_LENGTH: Readonly<Record<EcType, number>> = { 'ec-p256': 32, 'ec-p384': 48 }
const curveType = (curve: string): EcType | undefined =>
  curve === SECP256R1 ? 'ec-p256' : curve === SECP384R1 ? 'ec-p384' : undefined

/** An AlgorithmIdentifier of a key (RFC 5280, 4.1.1.2): which type it names, if it is one that we have. */
const readAlgorithm = (outer: DerReader): KeyType | undefined => {
  const algorithm = outer.enter(SEQUENCE)
  const name = algorithm.oid()
  let type: KeyType | undefined
  if (name === EC_PUBLIC_KEY) {
    if (algorithm.peek() !== OBJECT_IDENTIFIER) return undefined
    type = curveType(algorithm.oid())
  } else if (name === RSA_ENCRYPTION) {
    algorithm.null()
    type = 'rsa'
  } else if (name === ED25519) type = 'ed25519'
  if (type !== undefined) algorithm.finish()
  return type
}

const writeAlgorithm = (type: KeyType): Uint8Array => {
  if (type === 'rsa') return sequence(oid(RSA_ENCRYPTION), der(NULL))
  if (type === 'ed25519') return sequence(oid(ED25519))
  return sequence(oid(EC_PUBLIC_KEY), oid(CURVE[type]))
}

const isScalar = (bytes: Uint8Array, type: EcType): boolean => {
  const value = toBig(bytes)
  return bytes.length === SCALAR_LENGTH[type] && value > 0n && value < ORDER[type]
}

/** Throws a RangeError when `privateKey` is none of the group. */
export const checkAgreementKey = (group: ClassicalGroupName, privateKey: Uint8Array): void => {
  const type = group === 'secp256r1' ? 'ec-p256' : 'ec-p384'
  if (group === 'x25519' ? privateKey.length !== 32 : !isScalar(privateKey, type))
    throw new RangeError(`not a private key of ${group}`)
}

const isUncompressed = (point: Uint8Array, type: EcType): boolean =>
  point.length === 1 + 2 * SCALAR_LENGTH[type] && point[0] === 4

/** Reads SubjectPublicKeyInfo. Undefined when malformed or of no type that we have. */
export const parsePublicKey = (spki: Uint8Array): PublicKeyParts | undefined => {
  const outer = new DerReader(spki)
  const info = outer.enter(SEQUENCE)
  const type = readAlgorithm(info)
  const key = info.bits()
  info.finish()
  outer.finish()
  if (outer.failed || type === undefined) return undefined
  if (type === 'ed25519') return isEd25519Point(key) ? { type, point: key } : undefined
  if (type !== 'rsa') return isUncompressed(key, type) ? { type, point: key } : undefined
  const body = new DerReader(key)
  const numbers = body.enter(SEQUENCE)
  const rsa = { modulus: numbers.unsigned(), publicExponent: numbers.unsigned() }
  numbers.finish()
  body.finish()
  return !body.failed && isAcceptableRsa(rsa) ? { type, rsa } : undefined
}

const isAcceptableRsa = ({ modulus, publicExponent }: RsaPublicParts): boolean => {
  const size = bitLength(modulus)
  const odd = ((modulus.at(-1) ?? 0) & (publicExponent.at(-1) ?? 0) & 1) === 1
  const exponentSize = bitLength(publicExponent)
  return (
    odd && size >= MIN_MODULUS_BITS && size <= MAX_MODULUS_BITS && exponentSize > 1 && exponentSize <= MAX_EXPONENT_BITS
  )
}

export const encodePublicKey = (key: PublicKeyParts): Uint8Array =>
  sequence(
    writeAlgorithm(key.type),
    bits(key.type === 'rsa' ? sequence(unsigned(key.rsa.modulus), unsigned(key.rsa.publicExponent)) : key.point),
  )

/** Reads PrivateKeyInfo. Undefined when malformed, of no type that we have, or an RSA key whose numbers do not fit together. */
export const parsePrivateKey = (pkcs8: Uint8Array): PrivateKeyParts | undefined => {
  const outer = new DerReader(pkcs8)
  const info = outer.enter(SEQUENCE)
  const version = info.small()
  const type = readAlgorithm(info)
  const body = new DerReader(info.read(OCTET_STRING), outer)
  // Attributes [0], and in version 2 a copy of the public key [1], are of no use here.
  info.optional(context(0))
  if (version === 1 && info.peek() === 0x81) info.element()
  info.finish()
  outer.finish()
  if (outer.failed || type === undefined || version > 1) return undefined
  let key: PrivateKeyParts | undefined
  if (type === 'ed25519') {
    const seed = body.read(OCTET_STRING)
    if (seed.length === 32) key = { type, seed }
  } else if (type === 'rsa') key = readRsaPrivateKey(body)
  else key = readEcPrivateKey(body, type)
  body.finish()
  return outer.failed ? undefined : key
}

/** ECPrivateKey (RFC 5915, 3). `named` is the curve that PKCS #8 has named; alone, the key must name it. */
const readEcPrivateKey = (body: DerReader, named?: EcType): PrivateKeyParts | undefined => {
  const fields = body.enter(SEQUENCE)
  const version = fields.small()
  const scalar = fields.read(OCTET_STRING)
  const curve = fields.optional(context(0))
  const own = curve === undefined ? named : curveType(curve.oid())
  curve?.finish()
  const type = named ?? own
  if (type === undefined || own !== type) return undefined
  const wrapped = fields.optional(context(1))
  const point = wrapped?.bits()
  wrapped?.finish()
  fields.finish()
  if (version !== 1 || !isScalar(scalar, type)) return undefined
  return point === undefined || isUncompressed(point, type) ? { type, scalar, point } : undefined
}

/** Reads an EC key as SEC 1 has it (RFC 5915, 4), without PKCS #8 around. Undefined as for `parsePrivateKey`. */
export const parseSec1PrivateKey = (bytes: Uint8Array): PrivateKeyParts | undefined => {
  const outer = new DerReader(bytes)
  const key = readEcPrivateKey(outer)
  outer.finish()
  return outer.failed ? undefined : key
}

/** Reads an RSA key as PKCS #1 has it (RFC 8017, A.1.2), without PKCS #8 around. Undefined as for `parsePrivateKey`. */
export const parsePkcs1PrivateKey = (bytes: Uint8Array): PrivateKeyParts | undefined => {
  const outer = new DerReader(bytes)
  const key = readRsaPrivateKey(outer)
  outer.finish()
  return outer.failed ? undefined : key
}

const readRsaPrivateKey = (body: DerReader): PrivateKeyParts | undefined => {
  const fields = body.enter(SEQUENCE)
  // Version 1 is for keys of more than two primes.
  if (fields.small() !== 0) return undefined
  const rsa = {
    modulus: fields.unsigned(),
    publicExponent: fields.unsigned(),
    privateExponent: fields.unsigned(),
    prime1: fields.unsigned(),
    prime2: fields.unsigned(),
    exponent1: fields.unsigned(),
    exponent2: fields.unsigned(),
    coefficient: fields.unsigned(),
  }
  fields.finish()
  return isAcceptableRsa(rsa) && isSoundRsaKey(rsa) ? { type: 'rsa', rsa } : undefined
}

export const encodePrivateKey = (key: PrivateKeyParts): Uint8Array =>
  sequence(unsigned(Uint8Array.of(0)), writeAlgorithm(key.type), der(OCTET_STRING, encodePrivateBody(key)))

const encodePrivateBody = (key: PrivateKeyParts): Uint8Array => {
  if (key.type === 'ed25519') return der(OCTET_STRING, key.seed)
  if (key.type === 'rsa') {
    const { rsa } = key
    return sequence(
      unsigned(Uint8Array.of(0)),
      unsigned(rsa.modulus),
      unsigned(rsa.publicExponent),
      unsigned(rsa.privateExponent),
      unsigned(rsa.prime1),
      unsigned(rsa.prime2),
      unsigned(rsa.exponent1),
      unsigned(rsa.exponent2),
      unsigned(rsa.coefficient),
    )
  }
  const point = key.point === undefined ? [] : [der(context(1), bits(key.point))]
  return sequence(unsigned(Uint8Array.of(1)), der(OCTET_STRING, key.scalar), ...point)
}
