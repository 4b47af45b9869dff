/**
 * The crypto provider over `@noble/*`: no native code, and every random byte from the source that it is given, so that
 * a seeded run repeats to the byte. Ten to thirty times slower than `node.ts`; it is the oracle of the specs, what `sim/`
 * runs on, and the fallback where a platform has no `node:crypto`.
 */

import { unsafe as aes, cbc } from '@noble/ciphers/aes.js'
import { hmac } from '@noble/hashes/hmac.js'
import { md5, sha1 } from '@noble/hashes/legacy.js'
import { sha256, sha384, sha512 } from '@noble/hashes/sha2.js'
import type { Random } from '../machine/index.ts'
import { aeadKey, BLOCK_LENGTH, blockKey, checkBlocks } from './aead.ts'
import { keyShares } from './key-share.ts'
import { createNobleMlKem } from './ml-kem.ts'
import { PortableAead } from './portable-aead.ts'
import {
  createPortableAgreement,
  generatePortableKey,
  importPortablePrivateKey,
  importPortablePublicKey,
} from './portable-keys.ts'
import type {
  AeadName,
  BlockCipher,
  Cbc,
  ClassicalGroupName,
  CryptoProvider,
  Hash,
  HashName,
  KeyAgreement,
  Mac,
  RecordNumberMask,
} from './provider.ts'
import { ChaChaRecordNumberMask, checkSample, SAMPLE_LENGTH } from './record-number-mask.ts'
import { HASH_LENGTH } from './schemes.ts'

const HASHES = { md5, 'sha-1': sha1, 'sha-256': sha256, 'sha-384': sha384, 'sha-512': sha512 } as const

/** What of noble's hash and HMAC objects is used here. */
interface Absorber {
  update(bytes: Uint8Array): unknown
  digest(): Uint8Array
  clone(): Absorber
}

class PortableHash implements Hash {
  readonly #state: Absorber

  constructor(state: Absorber) {
    this.#state = state
  }

  update(bytes: Uint8Array): this {
    this.#state.update(bytes)
    return this
  }

  copy(): Hash {
    return new PortableHash(this.#state.clone())
  }

  digest(): Uint8Array {
    return this.#state.digest()
  }
}

class PortableMac implements Mac {
  readonly length: number
  /** HMAC with the key taken in and nothing else: each tag starts from a copy. */
  readonly #keyed: Absorber

  constructor(name: HashName, key: Uint8Array) {
    this.length = HASH_LENGTH[name]
    this.#keyed = hmac.create(HASHES[name], key)
  }

  compute(...parts: readonly Uint8Array[]): Uint8Array {
    const mac = this.#keyed.clone()
    for (const part of parts) mac.update(part)
    return mac.digest()
  }
}

class PortableAesRecordNumberMask implements RecordNumberMask {
  readonly #key: Uint32Array
  readonly #block = new Uint8Array(SAMPLE_LENGTH)

  constructor(name: AeadName, key: Uint8Array) {
    // The single block operation, since `ecb` would prepare the key anew for every record.
    this.#key = aes.expandKeyLE(aeadKey(name, key))
  }

  compute(bytes: Uint8Array, at: number): Uint8Array {
    checkSample(bytes, at)
    for (let i = 0; i < SAMPLE_LENGTH; i++) this.#block[i] = bytes[at + i]!
    return aes.encryptBlock(this.#key, this.#block)
  }
}

class PortableBlockCipher implements BlockCipher {
  readonly #key: Uint32Array
  readonly #block = new Uint8Array(BLOCK_LENGTH)

  constructor(key: Uint8Array) {
    this.#key = aes.expandKeyLE(blockKey(key))
  }

  encrypt(blocks: Uint8Array): Uint8Array {
    const encrypted = new Uint8Array(blocks.length)
    for (let at = 0; at < blocks.length; at += BLOCK_LENGTH) {
      this.#block.set(blocks.subarray(at, at + BLOCK_LENGTH))
      encrypted.set(aes.encryptBlock(this.#key, this.#block), at)
    }
    return encrypted
  }
}

class PortableCbc implements Cbc {
  readonly #key: Uint8Array

  constructor(key: Uint8Array) {
    this.#key = blockKey(key)
  }

  encrypt(iv: Uint8Array, buffer: Uint8Array, start: number, end: number): void {
    checkBlocks(iv, buffer, start, end)
    buffer.set(cbc(this.#key, iv, { disablePadding: true }).encrypt(buffer.subarray(start, end)), start)
  }

  decrypt(iv: Uint8Array, buffer: Uint8Array, start: number, end: number): void {
    checkBlocks(iv, buffer, start, end)
    buffer.set(cbc(this.#key, iv, { disablePadding: true }).decrypt(buffer.subarray(start, end)), start)
  }
}

/** A provider whose every random byte comes from `random`. It makes no RSA keys, but imports and uses them. */
export const createPortableCrypto = (random: Random): CryptoProvider => {
  const hash = (name: HashName, ...parts: readonly Uint8Array[]): Uint8Array => {
    const state = HASHES[name].create()
    for (const part of parts) state.update(part)
    return state.digest()
  }
  const createKeyAgreement = (group: ClassicalGroupName, privateKey?: Uint8Array): KeyAgreement =>
    createPortableAgreement(group, random, privateKey)
  const mlKem = createNobleMlKem(random)
  return {
    name: 'portable',
    random,
    createHash: name => new PortableHash(HASHES[name].create()),
    hash,
    createMac: (name, key) => new PortableMac(name, key),
    createAead: (name, key) => new PortableAead(name, key),
    createRecordNumberMask: (name, key) =>
      name === 'chacha20-poly1305' ? new ChaChaRecordNumberMask(key) : new PortableAesRecordNumberMask(name, key),
    createCbc: key => new PortableCbc(key),
    createBlockCipher: key => new PortableBlockCipher(key),
    createKeyAgreement,
    ...keyShares(createKeyAgreement, mlKem),
    mlKem,
    generateKey: type => generatePortableKey(type, hash, random),
    importPublicKey: spki => importPortablePublicKey(spki, hash),
    importPrivateKey: pkcs8 => importPortablePrivateKey(pkcs8, hash, random),
  }
}
