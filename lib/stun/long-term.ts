/**
 * The client's side of long-term credentials (RFC 8489, 9.2): what a server's challenge asks for, requests that meet it,
 * and which of the answers may be believed.
 *
 * A session is with one server. Its first request goes out bare; the 401 that answers it brings realm and nonce, and all
 * that follow are sealed. With PASSWORD-ALGORITHMS in the challenge the seal is MESSAGE-INTEGRITY-SHA256 only, and the
 * list is echoed, so that the server sees what an attacker has taken out of it; the nonce cookie says that there was one.
 */

import { equalBytes, fromUtf8 } from '../bytes/index.ts'
import type { CryptoProvider, Mac } from '../crypto/index.ts'
import { Attribute, readText, type StunAttribute, username } from './attributes.ts'
import {
  longTermKey,
  opaqueString,
  PasswordAlgorithm,
  type PasswordAlgorithmEntry,
  passwordAlgorithm,
  readPasswordAlgorithms,
  userhash,
} from './credential-attributes.ts'
import { ErrorCode, readErrorCode } from './error-attributes.ts'
import { verifyIntegrity, verifyIntegritySha256 } from './integrity.ts'
import { encodeStun, type StunMessage } from './message.ts'

export interface LongTermCredentials {
  readonly username: string
  readonly password: string
}

/** Security features in the nonce cookie: the two highest of 24 bits (RFC 8489, 9.2 and 18.1). */
const PASSWORD_ALGORITHMS = 0x80_00_00
const USERNAME_ANONYMITY = 0x40_00_00
const COOKIE = 'obMatJos2'
const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

/** The 24 security features that a nonce announces: 0 when it does not begin with the nonce cookie (RFC 8489, 9.2). */
export const nonceFeatures = (nonce: Uint8Array): number => {
  const text = fromUtf8(nonce.subarray(0, COOKIE.length + 4))
  if (text.length !== COOKIE.length + 4 || !text.startsWith(COOKIE)) return 0
  let features = 0
  for (const character of text.slice(COOKIE.length)) {
    const digit = BASE64.indexOf(character)
    if (digit < 0) return 0
    features = (features << 6) | digit
  }
  return features
}

/** What a 401 or 438 asks for. */
interface Challenge {
  readonly realm: string
  /** The attributes to echo: REALM, NONCE, PASSWORD-ALGORITHMS, byte for byte. */
  readonly echo: readonly StunAttribute[]
  /** The first algorithm of the server's list that we know; undefined when it sent no list. */
  readonly algorithm: PasswordAlgorithmEntry | undefined
  /** Whether the user is to be named by USERHASH. */
  readonly anonymous: boolean
}

/** How a request was sealed. */
interface Seal {
  readonly credentials: LongTermCredentials
  readonly challenge: Challenge
  readonly mac: Mac
}

/** A request as it goes out. Kept to judge what answers it. */
export interface SealedRequest {
  readonly bytes: Uint8Array<ArrayBuffer>
  /** Undefined for one without credentials. */
  readonly seal: Seal | undefined
}

/**
 * What becomes of a request by a response to it:
 * - `accepted`: the response is the server's answer, a success or an error other than a challenge.
 * - `repeat`: a challenge that has been taken over: the request is to be sealed anew and sent in a new transaction.
 * - `refused`: a challenge that these credentials do not meet, or none are known. Others are wanted.
 * - `unanswerable`: a challenge that must not be met: made weaker on its way, or by algorithms that we do not know.
 * - `ignored`: as if it had not come.
 * - `forged`: not authentic. Over UDP as if it had not come; over a stream it ends the transaction (RFC 8489, 9.2.5).
 */
export type Verdict = 'accepted' | 'repeat' | 'refused' | 'unanswerable' | 'ignored' | 'forged'

export class LongTermSession {
  readonly #crypto: CryptoProvider
  #credentials: LongTermCredentials | undefined
  #challenge: Challenge | undefined
  #seal: Seal | undefined
  /** Once the server has proven itself by SHA-256, a challenge without PASSWORD-ALGORITHMS is not the server's. */
  #strong = false

  constructor(crypto: CryptoProvider, credentials?: LongTermCredentials) {
    this.#crypto = crypto
    this.#credentials = credentials
  }

  get credentials(): LongTermCredentials | undefined {
    return this.#credentials
  }

  /** Seals what is encoded from now on with these. */
  setCredentials(credentials: LongTermCredentials): void {
    this.#credentials = credentials
    this.#seal = undefined
  }

  /** Encodes a request, sealed if the server's challenge and the credentials are known. */
  encode(method: number, transactionId: Uint8Array, attributes: readonly StunAttribute[]): SealedRequest {
    const seal = this.#sealing()
    if (seal === undefined) {
      return { bytes: encodeStun({ kind: 'request', method, transactionId, attributes }), seal }
    }
    const { challenge, credentials, mac } = seal
    const { algorithm, anonymous, realm, echo } = challenge
    const all = [
      ...attributes,
      // As the key is made of it, so it is named (RFC 8489, 14.3).
      anonymous ? userhash(this.#crypto, credentials.username, realm) : username(opaqueString(credentials.username)),
      ...echo,
    ]
    if (algorithm !== undefined) all.push(passwordAlgorithm(algorithm))
    const integrity = algorithm === undefined ? { integrity: mac } : { integritySha256: mac }
    return { bytes: encodeStun({ kind: 'request', method, transactionId, attributes: all, ...integrity }), seal }
  }

  /** Judges a response to `request`, whose transaction id it carries (RFC 8489, 9.2.5). */
  judge(response: StunMessage, request: SealedRequest): Verdict {
    let code = 0
    if (response.kind === 'error') {
      const error = readErrorCode(response.find(Attribute.errorCode) ?? NONE)
      if (error === undefined) return 'ignored'
      code = error.code
    }
    if (code === ErrorCode.unauthenticated || code === ErrorCode.staleNonce) {
      return this.#meet(response, code, request.seal)
    }
    const nonce = response.find(Attribute.nonce)
    if (nonce !== undefined && promisesAlgorithms(nonce) && !response.has(Attribute.passwordAlgorithms))
      return 'ignored'
    const { seal } = request
    if (seal === undefined) return 'accepted'
    if (code === ErrorCode.badRequest && response.integrityAt < 0 && response.integritySha256At < 0) return 'ignored'
    const { challenge, mac } = seal
    if (challenge.algorithm === undefined) return verifyIntegrity(response, mac) ? 'accepted' : 'forged'
    if (!verifyIntegritySha256(response, mac)) return 'forged'
    this.#strong = true
    return 'accepted'
  }

  /** A challenge: what it asks for, and whether that is worth another attempt. */
  #meet(response: StunMessage, code: number, seal: Seal | undefined): Verdict {
    const nonce = response.find(Attribute.nonce)
    const realm = response.find(Attribute.realm)
    const realmText = realm && readText(realm)
    if (nonce === undefined || readText(nonce) === undefined || realm === undefined || realmText === undefined) {
      // Without them there is nothing to answer. A 401 says no all the same; of a 438 the next one may have them.
      if (code === ErrorCode.staleNonce) return 'ignored'
      return seal === undefined ? 'unanswerable' : 'refused'
    }
    const list = response.find(Attribute.passwordAlgorithms)
    // Somebody on the way has taken the list away, to have the password hashed by MD5 (RFC 8489, 9.2.1).
    if (list === undefined && (promisesAlgorithms(nonce) || this.#strong)) return 'unanswerable'
    let algorithm: PasswordAlgorithmEntry | undefined
    if (list !== undefined) {
      const known = readPasswordAlgorithms(list)?.find(isKnown)
      if (known === undefined) return 'unanswerable'
      algorithm = { algorithm: known.algorithm, parameters: known.parameters.slice() }
    }
    const echo: StunAttribute[] = [
      { type: Attribute.realm, value: realm.slice() },
      { type: Attribute.nonce, value: nonce.slice() },
    ]
    if (list !== undefined) echo.push({ type: Attribute.passwordAlgorithms, value: list.slice() })
    const anonymous = (nonceFeatures(nonce) & USERNAME_ANONYMITY) !== 0
    this.#take({ realm: realmText, echo, algorithm, anonymous })
    if (this.#credentials === undefined) return 'refused'
    // The same name and password for the same realm would be refused again (RFC 8489, 9.2.5).
    if (code === ErrorCode.unauthenticated && seal !== undefined && this.#wouldRepeat(seal)) return 'refused'
    return 'repeat'
  }

  #take(challenge: Challenge): void {
    const last = this.#challenge
    this.#challenge = challenge
    const seal = this.#seal
    // A new nonce alone needs no new key.
    const isSameKey = last?.realm === challenge.realm && areSameAlgorithms(last.algorithm, challenge.algorithm)
    this.#seal = isSameKey && seal !== undefined ? { ...seal, challenge } : undefined
  }

  #wouldRepeat({ credentials, challenge }: Seal): boolean {
    const [ours, theirs] = [this.#credentials, this.#challenge]
    return (
      ours?.username === credentials.username &&
      ours.password === credentials.password &&
      theirs?.realm === challenge.realm &&
      theirs.anonymous === challenge.anonymous
    )
  }

  #sealing(): Seal | undefined {
    const challenge = this.#challenge
    const credentials = this.#credentials
    if (this.#seal !== undefined || challenge === undefined || credentials === undefined) return this.#seal
    const { algorithm, realm } = challenge
    const name = algorithm?.algorithm === PasswordAlgorithm.sha256 ? 'sha-256' : 'md5'
    const key = longTermKey(this.#crypto, name, credentials.username, realm, credentials.password)
    const mac = this.#crypto.createMac(algorithm === undefined ? 'sha-1' : 'sha-256', key)
    this.#seal = { credentials, challenge, mac }
    return this.#seal
  }
}

const NONE = new Uint8Array(0)

const promisesAlgorithms = (nonce: Uint8Array): boolean => (nonceFeatures(nonce) & PASSWORD_ALGORITHMS) !== 0

const isKnown = ({ algorithm }: PasswordAlgorithmEntry): boolean =>
  algorithm === PasswordAlgorithm.md5 || algorithm === PasswordAlgorithm.sha256

const areSameAlgorithms = (a: PasswordAlgorithmEntry | undefined, b: PasswordAlgorithmEntry | undefined): boolean =>
  a === undefined || b === undefined ? a === b : a.algorithm === b.algorithm && equalBytes(a.parameters, b.parameters)
