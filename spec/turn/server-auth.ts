/** The server's side of long-term credentials (RFC 8489, 9.2.4), for the TURN server of the specs. */

import { equalBytes, fromUtf8 } from '../../lib/bytes/index.ts'
import type { CryptoProvider, Mac } from '../../lib/crypto/index.ts'
import {
  Attribute,
  encodeStun,
  longTermKey,
  nonce as nonceAttribute,
  PasswordAlgorithm,
  passwordAlgorithms,
  readPasswordAlgorithm,
  readUsername,
  realm as realmAttribute,
  type StunAttribute,
  type StunMessage,
  userhash,
  verifyIntegrity,
  verifyIntegritySha256,
} from '../../lib/stun/index.ts'

export interface AuthOptions {
  readonly crypto: CryptoProvider
  readonly realm: string
  /** Passwords by user name; may be changed while the server runs. */
  readonly users: Map<string, string>
  /** Password algorithms to offer, the best first (1 is MD5, 2 is SHA-256). None: the mechanism of RFC 5389. */
  readonly algorithms: readonly number[]
  /** Whether users are to be named by USERHASH. */
  readonly anonymous: boolean
}

/** How the answers to an authenticated request are sealed. */
export interface Proof {
  readonly user: string
  readonly seal: { readonly integrity: Mac } | { readonly integritySha256: Mac }
}

export type AuthResult =
  | { readonly ok: true; readonly proof: Proof }
  | { readonly ok: false; readonly code: number; readonly attributes: readonly StunAttribute[] }

/** A response, sealed if the request was. */
export const sealedReply = (
  { method, transactionId }: StunMessage,
  kind: 'success' | 'error',
  attributes: readonly StunAttribute[],
  proof: Proof | undefined,
): Uint8Array => encodeStun({ kind, method, transactionId, attributes, ...proof?.seal })

const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

export class ServerAuth {
  readonly #options: AuthOptions
  readonly #nonces = new Set<string>()
  #count = 0

  constructor(options: AuthOptions) {
    this.#options = options
  }

  /** Makes all nonces stale. */
  expire(): void {
    this.#nonces.clear()
  }

  /** REALM, a fresh NONCE, and PASSWORD-ALGORITHMS. */
  challenge(): StunAttribute[] {
    const { algorithms, anonymous, realm } = this.#options
    let text = `nonce-${++this.#count}`
    if (algorithms.length > 0 || anonymous) {
      const features = (algorithms.length > 0 ? 32 : 0) + (anonymous ? 16 : 0)
      text = `obMatJos2${BASE64[features]}AAA${text}`
    }
    this.#nonces.add(text)
    const list = algorithms.length > 0 ? [passwordAlgorithms(algorithms)] : []
    return [realmAttribute(realm), nonceAttribute(text), ...list]
  }

  /** Judges a request, in the order of the RFC. */
  check(message: StunMessage): AuthResult {
    const { realm, algorithms } = this.#options
    if (message.integrityAt < 0 && message.integritySha256At < 0) return this.#again(401)
    const nonce = message.find(Attribute.nonce)
    const user = this.#user(message)
    if (user === undefined || nonce === undefined || !message.has(Attribute.realm)) return BAD_REQUEST
    const chosen = message.find(Attribute.passwordAlgorithm)
    const echoed = message.find(Attribute.passwordAlgorithms)
    const entry = chosen && readPasswordAlgorithm(chosen)
    if (chosen !== undefined || echoed !== undefined) {
      const isSame = echoed !== undefined && equalBytes(echoed, passwordAlgorithms(algorithms).value)
      if (entry === undefined || !isSame || !algorithms.includes(entry.algorithm)) return BAD_REQUEST
    }
    const password = this.#options.users.get(user)
    if (password === undefined || fromUtf8(message.find(Attribute.realm)!) !== realm) return this.#again(401)
    const proof = this.#proof(user, password, entry?.algorithm)
    const isRight =
      'integrity' in proof.seal
        ? verifyIntegrity(message, proof.seal.integrity)
        : verifyIntegritySha256(message, proof.seal.integritySha256)
    if (!isRight) return this.#again(401)
    if (!this.#nonces.has(fromUtf8(nonce))) return this.#again(438)
    return { ok: true, proof }
  }

  #again(code: number): AuthResult {
    return { ok: false, code, attributes: this.challenge() }
  }

  /** The user that a request names; an empty name for a hash that is nobody's. */
  #user(message: StunMessage): string | undefined {
    const { anonymous, crypto, realm, users } = this.#options
    const hash = message.find(Attribute.userhash)
    if (anonymous && hash !== undefined)
      return [...users.keys()].find(name => equalBytes(userhash(crypto, name, realm).value, hash)) ?? ''
    const name = message.find(Attribute.username)
    return name && readUsername(name)
  }

  #proof(user: string, password: string, algorithm: number | undefined): Proof {
    const { crypto, realm } = this.#options
    const name = algorithm === PasswordAlgorithm.sha256 ? 'sha-256' : 'md5'
    const key = longTermKey(crypto, name, user, realm, password)
    if (algorithm === undefined) return { user, seal: { integrity: crypto.createMac('sha-1', key) } }
    return { user, seal: { integritySha256: crypto.createMac('sha-256', key) } }
  }
}

const BAD_REQUEST: AuthResult = { ok: false, code: 400, attributes: [] }
