/**
 * The crypto provider over `node:crypto` (OpenSSL): what real connections use.
 *
 * Records are sealed by one cipher object each, from the raw key: measured on Node 20, a `KeyObject` and an explicit
 * tag length cost more and give nothing. Keys are imported by our own strict DER first, so that both providers take
 * and refuse the same keys.
 */

import type { Buffer } from 'node:buffer'
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
  type KeyObject,
  type Hash as NodeHashObject,
  randomFillSync,
  sign,
  verify,
} from 'node:crypto'
import type { Random } from '../machine/index.ts'
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

const NODE_HASH = {
  md5: 'md5',
  'sha-1': 'sha1',
  'sha-256': 'sha256',
  'sha-384': 'sha384',
  'sha-512': 'sha512',
} as const
const HASH_LENGTH = { md5: 16, 'sha-1': 20, 'sha-256': 32, 'sha-384': 48, 'sha-512': 64 } as const
const AEAD_KEY_LENGTH = { 'aes-128-gcm': 16, 'aes-256-gcm': 32, 'chacha20-poly1305': 32 } as const
const NONCE_LENGTH = 12
const TAG_LENGTH = 16

/** The same bytes without `Buffer`'s own methods, whose `slice` and `toString` differ from those of `Uint8Array`. */
const plain = (buffer: Uint8Array): Uint8Array => new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength)

const random: Random = {
  fill: target => {
    randomFillSync(target)
    return target
  },
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
    if (key.length !== AEAD_KEY_LENGTH[name])
      throw new RangeError(`${name} takes a key of ${AEAD_KEY_LENGTH[name]} bytes, not ${key.length}`)
    this.#name = name
    this.#key = key.slice()
  }

  seal(nonce: Uint8Array, additional: Uint8Array, buffer: Uint8Array, start: number, end: number): number {
    if (nonce.length !== NONCE_LENGTH) throw new RangeError('an AEAD nonce is 12 bytes')
    const tagEnd = end + TAG_LENGTH
    if (start < 0 || end < start || tagEnd > buffer.length) throw new RangeError('no room behind the range for its tag')
    // The overloads name AES-GCM and ChaCha20 apart; the calls are the same.
    const cipher = createCipheriv(this.#name as 'aes-128-gcm', this.#key, nonce)
    if (additional.length > 0) cipher.setAAD(additional)
    if (end > start) buffer.set(cipher.update(buffer.subarray(start, end)), start)
    cipher.final()
    buffer.set(cipher.getAuthTag(), end)
    return tagEnd
  }

  open(nonce: Uint8Array, additional: Uint8Array, buffer: Uint8Array, start: number, end: number): number {
    if (nonce.length !== NONCE_LENGTH) throw new RangeError('an AEAD nonce is 12 bytes')
    if (start < 0 || end > buffer.length) throw new RangeError('the range is not within the buffer')
    const textEnd = end - TAG_LENGTH
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
  ) {
    this.#ecdh = createECDH(curve)
    this.publicKey = plain(this.#ecdh.generateKeys())
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

/** What stands before the 32 bytes of a key in SubjectPublicKeyInfo (RFC 8410, 4). */
const X25519_SPKI = Uint8Array.of(0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x6e, 0x03, 0x21, 0x00)

class NodeX25519 implements KeyAgreement {
  readonly group = 'x25519'
  readonly publicKey: Uint8Array
  readonly #key: KeyObject

  constructor() {
    const pair = generateKeyPairSync('x25519')
    this.#key = pair.privateKey
    this.publicKey = plain(pair.publicKey.export({ type: 'spki', format: 'der' })).slice(X25519_SPKI.length)
  }

  agree(peer: Uint8Array): Uint8Array | undefined {
    if (peer.length !== 32) return undefined
    const spki = new Uint8Array(X25519_SPKI.length + 32)
    spki.set(X25519_SPKI)
    spki.set(peer, X25519_SPKI.length)
    try {
      const publicKey = createPublicKey({ key: spki as Buffer, format: 'der', type: 'spki' })
      const secret = plain(diffieHellman({ privateKey: this.#key, publicKey }))
      let any = 0
      for (const byte of secret) any |= byte
      return any === 0 ? undefined : secret
    } catch {
      return undefined
    }
  }
}

const keyType = (key: KeyObject): KeyType | undefined => {
  if (key.asymmetricKeyType === 'rsa') return 'rsa'
  if (key.asymmetricKeyType === 'ed25519') return 'ed25519'
  if (key.asymmetricKeyType !== 'ec') return undefined
  const curve = key.asymmetricKeyDetails?.namedCurve
  return curve === 'prime256v1' ? 'ec-p256' : curve === 'secp384r1' ? 'ec-p384' : undefined
}

interface SchemeTerms {
  readonly type: KeyType
  readonly hash: string | null
  readonly padding?: number
}

const SCHEMES: Readonly<Record<SignatureScheme, SchemeTerms>> = {
  ecdsa_secp256r1_sha256: { type: 'ec-p256', hash: 'sha256' },
  ecdsa_secp384r1_sha384: { type: 'ec-p384', hash: 'sha384' },
  rsa_pkcs1_sha256: { type: 'rsa', hash: 'sha256', padding: constants.RSA_PKCS1_PADDING },
  rsa_pkcs1_sha384: { type: 'rsa', hash: 'sha384', padding: constants.RSA_PKCS1_PADDING },
  rsa_pkcs1_sha512: { type: 'rsa', hash: 'sha512', padding: constants.RSA_PKCS1_PADDING },
  rsa_pss_rsae_sha256: { type: 'rsa', hash: 'sha256', padding: constants.RSA_PKCS1_PSS_PADDING },
  rsa_pss_rsae_sha384: { type: 'rsa', hash: 'sha384', padding: constants.RSA_PKCS1_PSS_PADDING },
  rsa_pss_rsae_sha512: { type: 'rsa', hash: 'sha512', padding: constants.RSA_PKCS1_PSS_PADDING },
  ed25519: { type: 'ed25519', hash: null },
}

const signInput = (key: KeyObject, terms: SchemeTerms) =>
  terms.padding === undefined
    ? { key, dsaEncoding: 'der' as const }
    : { key, padding: terms.padding, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }

class NodePublicKey implements PublicKey {
  readonly spki: Uint8Array
  readonly #key: KeyObject

  constructor(
    readonly type: KeyType,
    key: KeyObject,
  ) {
    this.#key = key
    this.spki = plain(key.export({ type: 'spki', format: 'der' }))
  }

  verify(scheme: SignatureScheme, data: Uint8Array, signature: Uint8Array): boolean {
    const terms = SCHEMES[scheme]
    if (terms.type !== this.type) return false
    try {
      return verify(terms.hash, data, signInput(this.#key, terms), signature)
    } catch {
      return false
    }
  }
}

class NodePrivateKey implements PrivateKey {
  readonly publicKey: PublicKey
  readonly #key: KeyObject
  #pkcs8: Uint8Array | undefined

  constructor(
    readonly type: KeyType,
    key: KeyObject,
  ) {
    this.#key = key
    this.publicKey = new NodePublicKey(type, createPublicKey(key))
  }

  get pkcs8(): Uint8Array {
    this.#pkcs8 ??= plain(this.#key.export({ type: 'pkcs8', format: 'der' }))
    return this.#pkcs8
  }

  sign(scheme: SignatureScheme, data: Uint8Array): Uint8Array {
    const terms = SCHEMES[scheme]
    if (terms.type !== this.type) throw new TypeError(`a key of type ${this.type} does not sign by ${scheme}`)
    return plain(sign(terms.hash, data, signInput(this.#key, terms)))
  }
}

const importKey = <T>(read: () => KeyObject, make: (type: KeyType, key: KeyObject) => T): T | undefined => {
  try {
    const key = read()
    const type = keyType(key)
    return type === undefined ? undefined : make(type, key)
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
  createKeyAgreement: group =>
    group === 'x25519' ? new NodeX25519() : new NodeEcdh(group, group === 'secp256r1' ? 'prime256v1' : 'secp384r1'),
  generateKey: async (type, modulusLength = 2048) => new NodePrivateKey(type, await makeKey(type, modulusLength)),
  importPublicKey: spki =>
    importKey(
      () => createPublicKey({ key: spki as Buffer, format: 'der', type: 'spki' }),
      (type, key) => new NodePublicKey(type, key),
    ),
  importPrivateKey: pkcs8 =>
    importKey(
      () => createPrivateKey({ key: pkcs8 as Buffer, format: 'der', type: 'pkcs8' }),
      (type, key) => new NodePrivateKey(type, key),
    ),
}
