/**
 * Keys and key agreements over `@noble/curves`, for the portable provider.
 *
 * ECDSA is deterministic (RFC 6979), so a seeded run signs the same bytes. RSA is in `rsa.ts`.
 */

import { ed25519, x25519 } from '@noble/curves/ed25519.js'
import { p256, p384 } from '@noble/curves/nist.js'
import { equalBytes } from '../bytes/index.ts'
import { type Random, randomBytes } from '../machine/index.ts'
import { CryptoError } from './error.ts'
import {
  checkAgreementKey,
  encodePrivateKey,
  encodePublicKey,
  type PrivateKeyParts,
  type PublicKeyParts,
  parsePrivateKey,
  parsePublicKey,
} from './keys.ts'
import type { ClassicalGroupName, KeyAgreement, KeyType, PrivateKey, PublicKey, SignatureScheme } from './provider.ts'
import { type HashFunction, signRsa, verifyRsa } from './rsa.ts'
import { SCHEMES, suits, termsFor } from './schemes.ts'

type Curve = typeof p256

const CURVES = { 'ec-p256': p256, 'ec-p384': p384 } as const
/** Any s is right, as the peers' signatures and the standard have it; the DER must be strict. */
const ECDSA = { prehash: true, lowS: false, format: 'der' } as const

const freshScalar = (curve: Curve, random: Random): Uint8Array =>
  curve.utils.randomSecretKey(randomBytes(random, curve.lengths.seed ?? 0))

/** What noble throws for a peer's bad bytes, as `undefined`. */
const attempt = <T>(compute: () => T): T | undefined => {
  try {
    return compute()
  } catch {
    return undefined
  }
}

class PortableEcdh implements KeyAgreement {
  readonly publicKey: Uint8Array
  readonly #curve: Curve
  readonly #secret: Uint8Array

  constructor(
    readonly group: ClassicalGroupName,
    curve: Curve,
    privateKey: Uint8Array,
  ) {
    this.#curve = curve
    this.#secret = privateKey
    this.publicKey = curve.getPublicKey(this.#secret, false)
  }

  agree(peer: Uint8Array): Uint8Array | undefined {
    // noble takes compressed points too, which are shorter; TLS does not (RFC 8446, 4.2.8.2).
    if (peer.length !== this.publicKey.length) return undefined
    // The compressed form of the shared point is a sign byte and the X coordinate.
    return attempt(() => this.#curve.getSharedSecret(this.#secret, peer, true).slice(1))
  }
}

class PortableX25519 implements KeyAgreement {
  readonly group = 'x25519'
  readonly publicKey: Uint8Array
  readonly #secret: Uint8Array

  constructor(privateKey: Uint8Array) {
    this.#secret = privateKey
    this.publicKey = x25519.getPublicKey(this.#secret)
  }

  agree(peer: Uint8Array): Uint8Array | undefined {
    // An all-zero result is refused by noble itself.
    return peer.length === 32 ? attempt(() => x25519.getSharedSecret(this.#secret, peer)) : undefined
  }
}

export const createPortableAgreement = (
  group: ClassicalGroupName,
  random: Random,
  privateKey?: Uint8Array,
): KeyAgreement => {
  if (privateKey !== undefined) checkAgreementKey(group, privateKey)
  if (group === 'x25519') return new PortableX25519(privateKey?.slice() ?? randomBytes(random, 32))
  const curve = group === 'secp256r1' ? p256 : p384
  return new PortableEcdh(group, curve, privateKey?.slice() ?? freshScalar(curve, random))
}

class PortablePublicKey implements PublicKey {
  readonly type: KeyType
  readonly spki: Uint8Array
  readonly #parts: PublicKeyParts
  readonly #hash: HashFunction

  constructor(parts: PublicKeyParts, hash: HashFunction) {
    this.type = parts.type
    this.spki = encodePublicKey(parts)
    this.#parts = parts
    this.#hash = hash
  }

  verify(scheme: SignatureScheme, data: Uint8Array, signature: Uint8Array): boolean {
    const parts = this.#parts
    const terms = SCHEMES[scheme]
    if (!suits(parts.type, terms)) return false
    if (parts.type === 'rsa') return verifyRsa(this.#hash, terms, parts.rsa, data, signature)
    // `zip215: false` is RFC 8032 to the letter, as OpenSSL has it.
    const check = (): boolean =>
      parts.type === 'ed25519'
        ? ed25519.verify(signature, data, parts.point, { zip215: false })
        : CURVES[parts.type].verify(signature, this.#hash(terms.hash, data), parts.point, { ...ECDSA, prehash: false })
    return attempt(check) ?? false
  }
}

class PortablePrivateKey implements PrivateKey {
  readonly type: KeyType
  readonly publicKey: PublicKey
  readonly pkcs8: Uint8Array
  readonly #parts: PrivateKeyParts
  readonly #hash: HashFunction
  readonly #random: Random

  constructor(parts: PrivateKeyParts, hash: HashFunction, random: Random) {
    this.type = parts.type
    this.#parts = parts
    this.#hash = hash
    this.#random = random
    const own = publicParts(parts)
    this.publicKey = new PortablePublicKey(own, hash)
    this.pkcs8 = encodePrivateKey('scalar' in parts && 'point' in own ? { ...parts, point: own.point } : parts)
  }

  sign(scheme: SignatureScheme, data: Uint8Array): Uint8Array {
    const parts = this.#parts
    const terms = termsFor(parts.type, scheme)
    if (parts.type === 'ed25519') return ed25519.sign(data, parts.seed)
    if (parts.type !== 'rsa') return CURVES[parts.type].sign(data, parts.scalar, ECDSA)
    const signature = signRsa(this.#hash, this.#random, terms, parts.rsa, data)
    if (signature === undefined) throw new TypeError(`the RSA key is too short to sign by ${scheme}`)
    return signature
  }
}

const publicParts = (parts: PrivateKeyParts): PublicKeyParts => {
  if (parts.type === 'rsa') return parts
  if (parts.type === 'ed25519') return { type: parts.type, point: ed25519.getPublicKey(parts.seed) }
  return { type: parts.type, point: CURVES[parts.type].getPublicKey(parts.scalar, false) }
}

export const generatePortableKey = async (type: KeyType, hash: HashFunction, random: Random): Promise<PrivateKey> => {
  if (type === 'rsa')
    throw new CryptoError(
      'ERR_CRYPTO_UNSUPPORTED',
      'the portable provider makes no RSA keys: their primes take it too long',
    )
  const parts: PrivateKeyParts =
    type === 'ed25519'
      ? { type, seed: randomBytes(random, 32) }
      : { type, scalar: freshScalar(CURVES[type], random), point: undefined }
  return new PortablePrivateKey(parts, hash, random)
}

export const importPortablePublicKey = (spki: Uint8Array, hash: HashFunction): PublicKey | undefined => {
  const parts = parsePublicKey(spki.slice())
  if (parts === undefined) return undefined
  if (parts.type === 'ec-p256' || parts.type === 'ec-p384') {
    const { Point } = CURVES[parts.type]
    if (attempt(() => Point.fromBytes(parts.point)) === undefined) return undefined
  }
  return new PortablePublicKey(parts, hash)
}

export const importPortablePrivateKey = (
  pkcs8: Uint8Array,
  hash: HashFunction,
  random: Random,
): PrivateKey | undefined => {
  const parts = parsePrivateKey(pkcs8.slice())
  if (parts === undefined) return undefined
  const key = new PortablePrivateKey(parts, hash, random)
  const named = 'point' in parts ? parts.point : undefined
  if (named === undefined) return key
  const own = publicParts(parts)
  return 'point' in own && equalBytes(own.point, named) ? key : undefined
}
