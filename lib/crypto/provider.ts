/**
 * The cryptographic primitives of WebRTC behind one interface.
 *
 * Two providers implement it: `crypto/node.ts` over `node:crypto`, and `crypto/portable.ts` over `@noble/*`, which
 * draws every random byte from the source it is given, so that a seeded run repeats to the byte. Names are those of the
 * TLS registries where they have one. Nothing here is asynchronous except the making of keys.
 */

import type { Random } from '../machine/index.ts'

export type HashName = 'md5' | 'sha-1' | 'sha-256' | 'sha-384' | 'sha-512'
export type AeadName = 'aes-128-gcm' | 'aes-256-gcm' | 'chacha20-poly1305'
/** Named groups (RFC 8446, 4.2.7; draft-ietf-tls-ecdhe-mlkem for the hybrid of ML-KEM-768 and X25519). */
export type GroupName = 'x25519mlkem768' | ClassicalGroupName
/** The groups where both sides do the same: what TLS 1.2 can use too. */
export type ClassicalGroupName = 'x25519' | 'secp256r1' | 'secp384r1'
/** Signature schemes (RFC 8446, 4.2.3). */
export type SignatureScheme =
  | 'ecdsa_secp256r1_sha256'
  | 'ecdsa_secp384r1_sha384'
  | 'rsa_pkcs1_sha256'
  | 'rsa_pkcs1_sha384'
  | 'rsa_pkcs1_sha512'
  | 'rsa_pss_rsae_sha256'
  | 'rsa_pss_rsae_sha384'
  | 'rsa_pss_rsae_sha512'
  | 'ed25519'
export type KeyType = 'ec-p256' | 'ec-p384' | 'rsa' | 'ed25519'

export interface Hash {
  update(bytes: Uint8Array): this
  /** The state so far, to go on from separately. */
  copy(): Hash
  /** The hash of what was put in. The object is used up. */
  digest(): Uint8Array
}

/** A keyed hash (HMAC, RFC 2104), its key prepared once. */
export interface Mac {
  /** Bytes of a whole tag. */
  readonly length: number
  /** The tag over the parts as if joined: fresh bytes. */
  compute(...parts: readonly Uint8Array[]): Uint8Array
}

/** An AEAD with its key prepared once, working in place on a range of a buffer. Nonces are 12 bytes, tags 16. */
export interface Aead {
  /**
   * Encrypts `buffer[start, end)` in place and writes the tag behind it (the buffer must have room).
   * @returns The end of the tag.
   */
  seal(nonce: Uint8Array, additional: Uint8Array, buffer: Uint8Array, start: number, end: number): number
  /**
   * Verifies and decrypts `buffer[start, end)`, whose last 16 bytes are the tag, in place.
   * @returns The end of the plaintext, or -1 when it is forged or too short; what the range then holds is not defined.
   */
  open(nonce: Uint8Array, additional: Uint8Array, buffer: Uint8Array, start: number, end: number): number
}

/**
 * What encrypts record numbers (RFC 9147, 4.2.3), its key prepared once: AES in ECB mode for the AES suites, a block of
 * ChaCha20 for the other.
 */
export interface RecordNumberMask {
  /**
   * The mask from the first 16 bytes of ciphertext, `bytes[at, at + 16)`, which must all be there (a RangeError
   * otherwise).
   * @returns At least two bytes, which the next call may overwrite.
   */
  compute(bytes: Uint8Array, at: number): Uint8Array
}

/** AES-CBC (SP 800-38A, 6.2) without padding, its key prepared once, working in place on whole blocks of 16 bytes. */
export interface Cbc {
  /** Encrypts `buffer[start, end)` in place. A RangeError when these are not whole blocks, or `iv` is not 16 bytes. */
  encrypt(iv: Uint8Array, buffer: Uint8Array, start: number, end: number): void
  /** Decrypts `buffer[start, end)` in place. A RangeError when these are not whole blocks, or `iv` is not 16 bytes. */
  decrypt(iv: Uint8Array, buffer: Uint8Array, start: number, end: number): void
}

/** AES by whole blocks, each by itself (ECB, SP 800-38A, 6.1), its key prepared once: what counter modes are made of. */
export interface BlockCipher {
  /** Encrypts blocks of 16 bytes. The result may be overwritten by the next call. */
  encrypt(blocks: Uint8Array): Uint8Array
}

/** One side's ephemeral key of a key agreement. */
export interface KeyAgreement {
  readonly group: ClassicalGroupName
  /** As TLS writes it: an uncompressed point (0x04 X Y) or 32 bytes of X25519. */
  readonly publicKey: Uint8Array
  /** The shared secret (the X coordinate, or 32 bytes), or undefined when the peer's key is not valid (RFC 8446, 4.2.8.2; an all-zero X25519 secret too). */
  agree(peer: Uint8Array): Uint8Array | undefined
}

/**
 * A key pair of ML-KEM-768 (FIPS 203): 1184 bytes of encapsulation key, 1088 of ciphertext, 32 of secret.
 */
export interface MlKemKey {
  readonly encapsulationKey: Uint8Array
  /**
   * The secret in a ciphertext. One that was not made for this key gives a secret that nobody else knows (6.3), so
   * undefined means a wrong length only.
   */
  decapsulate(ciphertext: Uint8Array): Uint8Array | undefined
}

/** ML-KEM-768 (FIPS 203). */
export interface MlKem {
  /** @param seed For known answers: the 64 bytes d, z of algorithm 16. Fresh ones are drawn otherwise. */
  generate(seed?: Uint8Array): MlKemKey
  /**
   * A secret, and the ciphertext that brings it to the owner of the key. Undefined when the key is none: it has another
   * length, or a coefficient that is not reduced (7.2).
   */
  encapsulate(
    encapsulationKey: Uint8Array,
  ): { readonly ciphertext: Uint8Array; readonly secret: Uint8Array } | undefined
}

/** What the first to speak shares for a key exchange of TLS 1.3 (RFC 8446, 4.2.8). */
export interface KeyShare {
  readonly group: GroupName
  /** `key_exchange` of its KeyShareEntry. */
  readonly publicKey: Uint8Array
  /** The shared secret, or undefined when the answer's `key_exchange` is not valid (4.2.8.2). */
  complete(answer: Uint8Array): Uint8Array | undefined
}

/** What the answerer shares, and the secret that both now have. */
export interface KeyShareAnswer {
  /** `key_exchange` of its KeyShareEntry. */
  readonly share: Uint8Array
  readonly secret: Uint8Array
}

export interface PublicKey {
  readonly type: KeyType
  /** DER of SubjectPublicKeyInfo. */
  readonly spki: Uint8Array
  /**
   * Whether `signature` (DER-encoded for ECDSA) is right; false too when the scheme does not fit the key. Of an ECDSA
   * scheme only the hash counts, as in TLS 1.2 (RFC 8422, 5.1.3): whoever needs the curve checks `type`.
   */
  verify(scheme: SignatureScheme, data: Uint8Array, signature: Uint8Array): boolean
}

export interface PrivateKey {
  readonly type: KeyType
  readonly publicKey: PublicKey
  /** DER of PKCS #8 PrivateKeyInfo. */
  readonly pkcs8: Uint8Array
  /** Signs `data` (the hash is part of the scheme). Throws a TypeError when the scheme does not fit the key. */
  sign(scheme: SignatureScheme, data: Uint8Array): Uint8Array
}

export interface CryptoProvider {
  readonly name: 'node' | 'portable'
  readonly random: Random
  createHash(name: HashName): Hash
  /** The hash of the parts as if joined. */
  hash(name: HashName, ...parts: readonly Uint8Array[]): Uint8Array
  createMac(name: HashName, key: Uint8Array): Mac
  /**
   * @param key 16 bytes for aes-128-gcm, 32 for the others.
   * @param iv 12 bytes, where nonces are these mixed (XOR) with a number that counts up from one record to the next: lets
   * work be done ahead. Another nonce does no harm.
   */
  createAead(name: AeadName, key: Uint8Array, iv?: Uint8Array): Aead
  /** Record numbers of DTLS 1.3 under `sn_key`, as long as the AEAD's own key (a RangeError otherwise). */
  createRecordNumberMask(name: AeadName, key: Uint8Array): RecordNumberMask
  /** `key` is 16 or 32 bytes (a RangeError otherwise). */
  createCbc(key: Uint8Array): Cbc
  /** AES. `key` is 16 or 32 bytes (a RangeError otherwise). */
  createBlockCipher(key: Uint8Array): BlockCipher
  readonly mlKem: MlKem
  /** Key exchange of TLS 1.3: a fresh share, for the client. */
  createKeyShare(group: GroupName): KeyShare
  /** Key exchange of TLS 1.3: the server's answer to a client's share. Undefined when that is not valid (RFC 8446, 4.2.8.2; FIPS 203, 7.2). */
  answerKeyShare(group: GroupName, share: Uint8Array): KeyShareAnswer | undefined
  /**
   * @param privateKey For known answers: 32 bytes of X25519, or a scalar as long as the curve's order (a RangeError when
   * it is none). A fresh one is drawn otherwise, as it must be for every handshake.
   */
  createKeyAgreement(group: ClassicalGroupName, privateKey?: Uint8Array): KeyAgreement
  /** `modulusLength` (bits) is for RSA: 2048 by default. Rejects with code `ERR_CRYPTO_UNSUPPORTED` where the provider cannot make such a key. */
  generateKey(type: KeyType, modulusLength?: number): Promise<PrivateKey>
  /** Undefined when the DER is malformed, the point is not on its curve, or the type is none of `KeyType`. */
  importPublicKey(spki: Uint8Array): PublicKey | undefined
  importPrivateKey(pkcs8: Uint8Array): PrivateKey | undefined
}
