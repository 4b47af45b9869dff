/** Key agreements over `node:crypto`. */

import { Buffer } from 'node:buffer'
import {
  createECDH,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  type ECDH,
  generateKeyPairSync,
  type KeyObject,
} from 'node:crypto'
import { equalBytes, fromHex } from '../bytes/index.ts'
import { checkAgreementKey } from './keys.ts'
import { base64url, plain } from './node-bytes.ts'
import type { ClassicalGroupName, KeyAgreement } from './provider.ts'

class NodeEcdh implements KeyAgreement {
  readonly publicKey: Uint8Array
  readonly #ecdh: ECDH

  constructor(
    readonly group: ClassicalGroupName,
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

/** What stands before the 32 bytes of a key in PrivateKeyInfo (RFC 8410, 7). */
const X25519_PKCS8 = fromHex('302e020100300506032b656e04220420')!

const ZERO = new Uint8Array(32)

/**
 * The public key is asked for with the pair. To export it as a JSON Web Key afterwards can stop the process for good
 * (seen on Node 20.20): that allocates while it holds the key's lock, and a garbage collection right then takes the same
 * lock to clear away the finished job that made the key. So nothing here asks a generated key for its JSON Web Key or
 * its details.
 */
const generatePair = generateKeyPairSync as unknown as (
  type: 'x25519',
  options: { publicKeyEncoding: { format: 'der'; type: 'spki' } },
) => { readonly publicKey: Uint8Array; readonly privateKey: KeyObject }

class NodeX25519 implements KeyAgreement {
  readonly group = 'x25519'
  readonly publicKey: Uint8Array
  readonly #key: KeyObject

  constructor(privateKey: Uint8Array | undefined) {
    if (privateKey === undefined) {
      const pair = generatePair('x25519', { publicKeyEncoding: { format: 'der', type: 'spki' } })
      this.#key = pair.privateKey
      this.publicKey = new Uint8Array(pair.publicKey.subarray(-32))
      return
    }
    this.#key = createPrivateKey({ key: Buffer.concat([X25519_PKCS8, privateKey]), format: 'der', type: 'pkcs8' })
    this.publicKey = new Uint8Array(createPublicKey(this.#key).export({ format: 'der', type: 'spki' }).subarray(-32))
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

export const createNodeAgreement = (group: ClassicalGroupName, privateKey?: Uint8Array): KeyAgreement => {
  if (privateKey !== undefined) checkAgreementKey(group, privateKey)
  if (group === 'x25519') return new NodeX25519(privateKey)
  return new NodeEcdh(group, group === 'secp256r1' ? 'prime256v1' : 'secp384r1', privateKey)
}
