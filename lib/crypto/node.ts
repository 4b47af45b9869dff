/**
 * The crypto provider over `node:crypto` (OpenSSL): what real connections use. What it lacks comes from `@noble/*`:
 * ML-KEM before Node 24.7.
 */

import { createHash, createHmac, type Hash as NodeHashObject, randomFillSync } from 'node:crypto'
import type { Random } from '../machine/index.ts'
import { keyShares } from './key-share.ts'
import { createNodeAgreement } from './node-agreement.ts'
import { NODE_HASH, plain } from './node-bytes.ts'
import { createNodeRecordNumberMask, NodeAead, NodeCbc } from './node-ciphers.ts'
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

/** From the raw key: measured on Node 20, a `KeyObject` costs as much again to make, and saves nothing per use. */
class NodeMac implements Mac {
  readonly length: number
  readonly #name: string
  readonly #key: Uint8Array

  constructor(name: HashName, key: Uint8Array) {
    this.length = HASH_LENGTH[name]
    this.#name = NODE_HASH[name]
    this.#key = key.slice()
  }

  compute(...parts: readonly Uint8Array[]): Uint8Array {
    const mac = createHmac(this.#name, this.#key)
    for (const part of parts) mac.update(part)
    return plain(mac.digest())
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
  createAead: (name, key) => new NodeAead(name, key),
  createRecordNumberMask: createNodeRecordNumberMask,
  createCbc: key => new NodeCbc(key),
  createKeyAgreement: createNodeAgreement,
  ...keyShares(createNodeAgreement, mlKem),
  mlKem,
  generateKey: generateNodeKey,
  importPublicKey: importNodePublicKey,
  importPrivateKey: importNodePrivateKey,
}
