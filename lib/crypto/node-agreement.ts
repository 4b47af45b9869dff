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
  randomFillSync,
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
const KNOWN_PRIVATE = fromHex('77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a')!
const KNOWN_PUBLIC = fromHex('8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a')!

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

/**
 * A key pair from its private half, by way of JSON Web Keys: a third of the time of any other. Their public half has to
 * be there, but is computed anew, not read; so anything may stand for it.
 */
const pairOf = (privateKey: Uint8Array): { readonly privateKey: KeyObject; readonly publicKey: Uint8Array } => {
  const d = base64url(privateKey)
  const key = createPrivateKey({ key: { kty: 'OKP', crv: 'X25519', d, x: base64url(ZERO) }, format: 'jwk' })
  return { privateKey: key, publicKey: new Uint8Array(Buffer.from(key.export({ format: 'jwk' }).x ?? '', 'base64url')) }
}

/** Whether this platform does so, by the key pair of Alice in RFC 7748, 6.1. */
const computesPublicKey = ((): boolean => {
  try {
    return equalBytes(pairOf(KNOWN_PRIVATE).publicKey, KNOWN_PUBLIC)
  } catch {
    return false
  }
})()

class NodeX25519 implements KeyAgreement {
  readonly group = 'x25519'
  readonly publicKey: Uint8Array
  readonly #key: KeyObject

  constructor(privateKey: Uint8Array | undefined) {
    if (computesPublicKey) {
      const pair = pairOf(privateKey ?? randomFillSync(new Uint8Array(32)))
      this.#key = pair.privateKey
      this.publicKey = pair.publicKey
      return
    }
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
