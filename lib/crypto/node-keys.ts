/**
 * Signature keys over `node:crypto`. They are imported by our own strict DER first, so that both providers take and
 * refuse the same keys.
 */

import { Buffer } from 'node:buffer'
import {
  constants,
  createECDH,
  createPrivateKey,
  createPublicKey,
  generateKeyPair,
  type JsonWebKey,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto'
import { equalBytes } from '../bytes/index.ts'
import { CryptoError } from './error.ts'
import {
  encodePrivateKey,
  MAX_MODULUS_BITS,
  MIN_MODULUS_BITS,
  type PublicKeyParts,
  parsePrivateKey,
  parsePublicKey,
} from './keys.ts'
import { base64url, NODE_HASH, plain } from './node-bytes.ts'
import type { KeyType, PrivateKey, PublicKey, SignatureScheme } from './provider.ts'
import { SCHEMES, type SchemeTerms, suits, termsFor } from './schemes.ts'

const CURVE = { 'ec-p256': 'P-256', 'ec-p384': 'P-384' } as const

const toJwk = (parts: PublicKeyParts): JsonWebKey => {
  if (parts.type === 'rsa')
    return { kty: 'RSA', n: base64url(parts.rsa.modulus), e: base64url(parts.rsa.publicExponent) }
  const { type, point } = parts
  if (type === 'ed25519') return { kty: 'OKP', crv: 'Ed25519', x: base64url(point) }
  const middle = (point.length + 1) / 2
  const [x, y] = [base64url(point.subarray(1, middle)), base64url(point.subarray(middle))]
  return { kty: 'EC', crv: CURVE[type], x, y }
}

/** What `sign` and `verify` take: how the signature is written, or how RSA pads. */
const signatureInput = (key: KeyObject, { padding }: SchemeTerms) => {
  if (padding === undefined) return { key, dsaEncoding: 'der' as const }
  return padding === 'pkcs1'
    ? { key, padding: constants.RSA_PKCS1_PADDING }
    : { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
}

/** Ed25519 hashes by itself. */
const signatureHash = (terms: SchemeTerms): string | null => (terms.type === 'ed25519' ? null : NODE_HASH[terms.hash])

class NodePublicKey implements PublicKey {
  readonly #key: KeyObject
  /** Bytes of an RSA signature: as many as the modulus has. Any for other keys. */
  readonly #length: number | undefined

  constructor(
    readonly type: KeyType,
    readonly spki: Uint8Array,
    key: KeyObject,
  ) {
    this.#key = key
    const bits = type === 'rsa' ? key.asymmetricKeyDetails?.modulusLength : undefined
    this.#length = bits === undefined ? undefined : Math.ceil(bits / 8)
  }

  verify(scheme: SignatureScheme, data: Uint8Array, signature: Uint8Array): boolean {
    const terms = SCHEMES[scheme]
    if (!suits(this.type, terms)) return false
    // OpenSSL would take a PSS signature without its leading zero bytes (RFC 8017, 8.1.2, step 1).
    if (this.#length !== undefined && signature.length !== this.#length) return false
    try {
      return verify(signatureHash(terms), data, signatureInput(this.#key, terms), signature)
    } catch {
      return false
    }
  }
}

class NodePrivateKey implements PrivateKey {
  readonly publicKey: PublicKey
  readonly pkcs8: Uint8Array
  readonly #key: KeyObject

  constructor(
    readonly type: KeyType,
    key: KeyObject,
  ) {
    const publicKey = createPublicKey(key)
    this.publicKey = new NodePublicKey(type, plain(publicKey.export({ type: 'spki', format: 'der' })), publicKey)
    this.pkcs8 = plain(key.export({ type: 'pkcs8', format: 'der' }))
    this.#key = key
  }

  sign(scheme: SignatureScheme, data: Uint8Array): Uint8Array {
    const terms = termsFor(this.type, scheme)
    try {
      return plain(sign(signatureHash(terms), data, signatureInput(this.#key, terms)))
    } catch (cause) {
      throw new TypeError(`the ${this.type} key cannot sign by ${scheme}`, { cause })
    }
  }
}

export const importNodePublicKey = (spki: Uint8Array): PublicKey | undefined => {
  const parts = parsePublicKey(spki)
  if (parts === undefined) return undefined
  try {
    // OpenSSL checks that the point is on its curve.
    return new NodePublicKey(parts.type, spki.slice(), createPublicKey({ key: toJwk(parts), format: 'jwk' }))
  } catch {
    return undefined
  }
}

const openPkcs8 = (pkcs8: Uint8Array): KeyObject =>
  createPrivateKey({ key: Buffer.from(pkcs8), format: 'der', type: 'pkcs8' })

export const importNodePrivateKey = (pkcs8: Uint8Array): PrivateKey | undefined => {
  const parts = parsePrivateKey(pkcs8)
  if (parts === undefined) return undefined
  try {
    if (!('point' in parts)) return new NodePrivateKey(parts.type, openPkcs8(encodePrivateKey(parts)))
    // OpenSSL would believe a public key that stands beside the private one: let it compute its own, and compare.
    const ecdh = createECDH(parts.type === 'ec-p256' ? 'prime256v1' : 'secp384r1')
    ecdh.setPrivateKey(parts.scalar)
    const point = ecdh.getPublicKey()
    if (parts.point !== undefined && !equalBytes(point, parts.point)) return undefined
    return new NodePrivateKey(parts.type, openPkcs8(encodePrivateKey({ ...parts, point })))
  } catch {
    return undefined
  }
}

/**
 * Keys come out of their generation as DER and are read again: an operation on a generated key itself can stop the
 * process for good (see `node-agreement.ts`).
 */
const DER = {
  publicKeyEncoding: { format: 'der', type: 'spki' },
  privateKeyEncoding: { format: 'der', type: 'pkcs8' },
} as const

const makeKey = (type: KeyType, modulusLength: number): Promise<Uint8Array> =>
  new Promise((resolve, reject) => {
    const done = (error: Error | null, _publicKey: Uint8Array, privateKey: Uint8Array): void =>
      error === null ? resolve(privateKey) : reject(error)
    if (type === 'rsa') generateKeyPair('rsa', { modulusLength, ...DER }, done)
    else if (type === 'ed25519') generateKeyPair('ed25519', DER, done)
    else generateKeyPair('ec', { namedCurve: type === 'ec-p256' ? 'prime256v1' : 'secp384r1', ...DER }, done)
  })

export const generateNodeKey = async (type: KeyType, modulusLength = 2048): Promise<PrivateKey> => {
  if (type === 'rsa' && !(modulusLength >= MIN_MODULUS_BITS && modulusLength <= MAX_MODULUS_BITS))
    throw new CryptoError('ERR_CRYPTO_UNSUPPORTED', `an RSA modulus of ${modulusLength} bits is not supported`)
  return new NodePrivateKey(type, openPkcs8(await makeKey(type, modulusLength)))
}
