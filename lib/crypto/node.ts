/**
 * The crypto provider over `node:crypto` (OpenSSL): what real connections use.
 *
 * Records are sealed by one cipher object each, from the raw key: measured on Node 20, a `KeyObject` and an explicit
 * tag length cost more and give nothing. Keys are imported by our own strict DER first, so that both providers take
 * and refuse the same keys.
 */

import { Buffer } from 'node:buffer'
import {
  constants,
  createCipheriv,
  createDecipheriv,
  createECDH,
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  diffieHellman,
  type ECDH,
  generateKeyPair,
  generateKeyPairSync,
  type JsonWebKey,
  type KeyObject,
  type Hash as NodeHashObject,
  randomFillSync,
  sign,
  verify,
} from 'node:crypto'
import { equalBytes, fromHex } from '../bytes/index.ts'
import type { Random } from '../machine/index.ts'
import { aeadKey, openedEnd, sealedEnd } from './aead.ts'
import { CryptoError } from './error.ts'
import {
  checkAgreementKey,
  encodePrivateKey,
  MAX_MODULUS_BITS,
  MIN_MODULUS_BITS,
  type PublicKeyParts,
  parsePrivateKey,
  parsePublicKey,
} from './keys.ts'
import type {
  Aead,
  AeadName,
  CryptoProvider,
  GroupName,
  Hash,
  HashName,
  KeyAgreement,
  KeyType,
  Mac,
  PrivateKey,
  PublicKey,
  SignatureScheme,
} from './provider.ts'
import { HASH_LENGTH, SCHEMES, type SchemeTerms, suits, termsFor } from './schemes.ts'

const NODE_HASH = {
  md5: 'md5',
  'sha-1': 'sha1',
  'sha-256': 'sha256',
  'sha-384': 'sha384',
  'sha-512': 'sha512',
} as const

/** The same bytes without `Buffer`'s own methods, whose `slice` and `toString` differ from those of `Uint8Array`. */
const plain = (buffer: Uint8Array): Uint8Array => new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength)

const random: Random = {
  fill: target => randomFillSync(target),
}

class NodeHash implements Hash {
  readonly #hash: NodeHashObject

  constructor(hash: NodeHashObject) {
    this.#hash = hash
  }

  update(bytes: Uint8Array): this {
    this.#hash.update(bytes)
    return this
  }

  copy(): Hash {
    return new NodeHash(this.#hash.copy())
  }

  digest(): Uint8Array {
    return plain(this.#hash.digest())
  }
}

class NodeMac implements Mac {
  readonly length: number
  readonly #name: string
  readonly #key: KeyObject

  constructor(name: HashName, key: Uint8Array) {
    this.length = HASH_LENGTH[name]
    this.#name = NODE_HASH[name]
    this.#key = createSecretKey(key)
  }

  compute(...parts: readonly Uint8Array[]): Uint8Array {
    const mac = createHmac(this.#name, this.#key)
    for (const part of parts) mac.update(part)
    return plain(mac.digest())
  }
}

class NodeAead implements Aead {
  readonly #name: AeadName
  readonly #key: Uint8Array

  constructor(name: AeadName, key: Uint8Array) {
    this.#name = name
    this.#key = aeadKey(name, key)
  }

  seal(nonce: Uint8Array, additional: Uint8Array, buffer: Uint8Array, start: number, end: number): number {
    const tagEnd = sealedEnd(nonce, buffer, start, end)
    // The overloads name AES-GCM and ChaCha20 apart; the calls are the same.
    const cipher = createCipheriv(this.#name as 'aes-128-gcm', this.#key, nonce)
    if (additional.length > 0) cipher.setAAD(additional)
    if (end > start) buffer.set(cipher.update(buffer.subarray(start, end)), start)
    cipher.final()
    buffer.set(cipher.getAuthTag(), end)
    return tagEnd
  }

  open(nonce: Uint8Array, additional: Uint8Array, buffer: Uint8Array, start: number, end: number): number {
    const textEnd = openedEnd(nonce, buffer, start, end)
    if (textEnd < start) return -1
    const decipher = createDecipheriv(this.#name as 'aes-128-gcm', this.#key, nonce)
    if (additional.length > 0) decipher.setAAD(additional)
    decipher.setAuthTag(buffer.subarray(textEnd, end))
    const text = textEnd > start ? decipher.update(buffer.subarray(start, textEnd)) : undefined
    try {
      decipher.final()
    } catch {
      return -1
    }
    // Only now, when the tag is known to be right, does plaintext reach the caller's buffer.
    if (text !== undefined) buffer.set(text, start)
    return textEnd
  }
}

class NodeEcdh implements KeyAgreement {
  readonly publicKey: Uint8Array
  readonly #ecdh: ECDH

  constructor(
    readonly group: GroupName,
    curve: string,
    privateKey: Uint8Array | undefined,
  ) {
    this.#ecdh = createECDH(curve)
    if (privateKey === undefined) this.#ecdh.generateKeys()
    else this.#ecdh.setPrivateKey(privateKey)
    this.publicKey = plain(this.#ecdh.getPublicKey())
  }

  agree(peer: Uint8Array): Uint8Array | undefined {
    // OpenSSL takes compressed and hybrid points too; TLS does not (RFC 8446, 4.2.8.2).
    if (peer.length !== this.publicKey.length || peer[0] !== 4) return undefined
    try {
      return plain(this.#ecdh.computeSecret(peer))
    } catch {
      return undefined
    }
  }
}

/** JSON Web Keys (RFC 7518, 6; RFC 8037, 2) go in and out of OpenSSL 3 in half the time of DER, and less. */
const base64url = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64url')

/** What stands before the 32 bytes of a key in PrivateKeyInfo (RFC 8410, 7). */
const X25519_PKCS8 = fromHex('302e020100300506032b656e04220420')!

const ZERO = new Uint8Array(32)

class NodeX25519 implements KeyAgreement {
  readonly group = 'x25519'
  readonly publicKey: Uint8Array
  readonly #key: KeyObject

  constructor(privateKey: Uint8Array | undefined) {
    this.#key =
      privateKey === undefined
        ? generateKeyPairSync('x25519').privateKey
        : createPrivateKey({ key: Buffer.concat([X25519_PKCS8, privateKey]), format: 'der', type: 'pkcs8' })
    this.publicKey = Uint8Array.from(
      Buffer.from(createPublicKey(this.#key).export({ format: 'jwk' }).x ?? '', 'base64url'),
    )
  }

  agree(peer: Uint8Array): Uint8Array | undefined {
    if (peer.length !== 32) return undefined
    try {
      const publicKey = createPublicKey({ key: { kty: 'OKP', crv: 'X25519', x: base64url(peer) }, format: 'jwk' })
      const secret = plain(diffieHellman({ privateKey: this.#key, publicKey }))
      return equalBytes(secret, ZERO) ? undefined : secret
    } catch {
      return undefined
    }
  }
}

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
    const bits = key.asymmetricKeyDetails?.modulusLength
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

const importPublicKey = (spki: Uint8Array): PublicKey | undefined => {
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

const importPrivateKey = (pkcs8: Uint8Array): PrivateKey | undefined => {
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

const makeKey = (type: KeyType, modulusLength: number): Promise<KeyObject> =>
  new Promise((resolve, reject) => {
    const done = (error: Error | null, _publicKey: KeyObject, privateKey: KeyObject): void =>
      error === null ? resolve(privateKey) : reject(error)
    if (type === 'rsa') generateKeyPair('rsa', { modulusLength }, done)
    else if (type === 'ed25519') generateKeyPair('ed25519', undefined, done)
    else generateKeyPair('ec', { namedCurve: type === 'ec-p256' ? 'prime256v1' : 'secp384r1' }, done)
  })

export const nodeCrypto: CryptoProvider = {
  name: 'node',
  random,
  createHash: name => new NodeHash(createHash(NODE_HASH[name])),
  hash: (name, ...parts) => {
    const hash = createHash(NODE_HASH[name])
    for (const part of parts) hash.update(part)
    return plain(hash.digest())
  },
  createMac: (name, key) => new NodeMac(name, key),
  createAead: (name, key) => new NodeAead(name, key),
  createKeyAgreement: (group, privateKey) => {
    if (privateKey !== undefined) checkAgreementKey(group, privateKey)
    if (group === 'x25519') return new NodeX25519(privateKey)
    return new NodeEcdh(group, group === 'secp256r1' ? 'prime256v1' : 'secp384r1', privateKey)
  },
  generateKey: async (type, modulusLength = 2048) => {
    if (type === 'rsa' && !(modulusLength >= MIN_MODULUS_BITS && modulusLength <= MAX_MODULUS_BITS))
      throw new CryptoError('ERR_CRYPTO_UNSUPPORTED', `an RSA modulus of ${modulusLength} bits is not supported`)
    return new NodePrivateKey(type, await makeKey(type, modulusLength))
  },
  importPublicKey,
  importPrivateKey,
}
