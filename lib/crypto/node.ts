/**
 * The crypto provider over `node:crypto` (OpenSSL): what real connections use. What it lacks comes from `@noble/*`:
 * ML-KEM before Node 24.7, ChaCha20-Poly1305 on Bun.
 */

import { createHash, type Hash as NodeHashObject, randomFillSync } from 'node:crypto'
import type { Random } from '../machine/index.ts'
import { keyShares } from './key-share.ts'
import { createNodeAgreement } from './node-agreement.ts'
import { NODE_HASH, plain } from './node-bytes.ts'
import { createNodeAead, createNodeBlockCipher, createNodeRecordNumberMask, NodeCbc } from './node-ciphers.ts'
import { generateNodeKey, importNodePrivateKey, importNodePublicKey } from './node-keys.ts'
import { createNodeMlKem } from './node-ml-kem.ts'
import type { CryptoProvider, Hash, HashName, Mac } from './provider.ts'
import { HASH_LENGTH } from './schemes.ts'

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

/** Bytes of a block of each hash function (RFC 2104, 2: B). */
const BLOCK_LENGTH: Readonly<Record<HashName, number>> = {
  md5: 64,
  'sha-1': 64,
  'sha-256': 64,
  'sha-384': 128,
  'sha-512': 128,
}

/**
 * HMAC as two hashes (RFC 2104, 2). OpenSSL's own costs more through `node:crypto`: on Node 20 a `KeyObject` takes as
 * long to make as the HMAC, which most keys are used for once; on Node 24 a raw key takes five times as long.
 */
class NodeMac implements Mac {
  readonly length: number
  readonly #name: string
  readonly #inner: Uint8Array
  readonly #outer: Uint8Array

  constructor(name: HashName, key: Uint8Array) {
    const block = BLOCK_LENGTH[name]
    this.length = HASH_LENGTH[name]
    this.#name = NODE_HASH[name]
    const short = key.length > block ? createHash(this.#name).update(key).digest() : key
    this.#inner = new Uint8Array(block).fill(0x36)
    this.#outer = new Uint8Array(block).fill(0x5c)
    for (let i = 0; i < short.length; i++) {
      this.#inner[i]! ^= short[i]!
      this.#outer[i]! ^= short[i]!
    }
  }

  compute(...parts: readonly Uint8Array[]): Uint8Array {
    const inner = createHash(this.#name).update(this.#inner)
    for (const part of parts) inner.update(part)
    return plain(createHash(this.#name).update(this.#outer).update(inner.digest()).digest())
  }
}

const mlKem = createNodeMlKem(random)

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
  createAead: createNodeAead,
  createRecordNumberMask: createNodeRecordNumberMask,
  createCbc: key => new NodeCbc(key),
  createBlockCipher: createNodeBlockCipher,
  createKeyAgreement: createNodeAgreement,
  ...keyShares(createNodeAgreement, mlKem),
  mlKem,
  generateKey: generateNodeKey,
  importPublicKey: importNodePublicKey,
  importPrivateKey: importNodePrivateKey,
}
