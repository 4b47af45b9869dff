/**
 * A Binding request to a STUN server, until it is answered or hope is lost (RFC 8489, 6.2 and 6.3): how a host learns
 * what address it has on the other side of its NAT. Without credentials, as such servers ask for none.
 */

import { equalBytes } from '../bytes/index.ts'
import type { CryptoProvider } from '../crypto/index.ts'
import { type Machine, randomBytes } from '../machine/index.ts'
import { readAddress, readXorAddress, type StunAddress } from './address.ts'
import { Attribute, readAlternateDomain, type StunAttribute } from './attributes.ts'
import { NO_ANSWER, readErrorCode, readUnknownAttributes, unknownRequired } from './error-attributes.ts'
import { verifyFingerprint } from './integrity.ts'
import { encodeStun, Method, type StunMessage, TRANSACTION_ID_LENGTH } from './message.ts'
import { ClientTransaction, type RetransmissionTiming } from './transaction.ts'

/** Where a server sends its client on to (RFC 8489, 10). */
export interface AlternateServer extends StunAddress {
  /** What the certificate there is to name (RFC 8489, 14.16); when left out, the name that the first server had. */
  readonly domain?: string
}

/** Why there is no mapped address. */
export interface BindingError {
  /** 300 to 699 is the server's. 701 when nobody answers, or what answers says nothing that can be understood. */
  readonly code: number
  readonly reason: string
  /**
   * Of a 300. It is for the caller to ask there, of another family than the server's never (RFC 8489, 14.15), and to stop
   * when it has been there before.
   */
  readonly alternate?: AlternateServer
  /** Of a 420: which attributes of ours the server does not know. */
  readonly unknown?: readonly number[]
}

export interface BindingQueryOptions {
  readonly crypto: CryptoProvider
  /** Puts the request on the wire; it is not to be changed there. */
  readonly transmit: (message: Uint8Array, now: number) => void
  /** Over TCP or TLS: sent once. False by default. */
  readonly reliable?: boolean
  /** Over UDP. */
  readonly timing?: RetransmissionTiming
  /** What else the request is to say, SOFTWARE for example. */
  readonly attributes?: readonly StunAttribute[]
}

/** Ti: how long to wait for an answer over a reliable transport, as long as UDP would in all (RFC 8489, 6.2.2). */
const RELIABLE: RetransmissionTiming = { initialTimeout: 39_500, requests: 1, lastWait: 1 }

/** SOURCE-ADDRESS, CHANGED-ADDRESS and REFLECTED-FROM of RFC 3489: servers of that age still answer with them. */
const OF_OLD = [0x0004, 0x0005, 0x000b]

/** What is understood in a response, if only well enough to pass over it. */
const UNDERSTOOD: ReadonlySet<number> = new Set([
  Attribute.mappedAddress,
  Attribute.username,
  Attribute.messageIntegrity,
  Attribute.errorCode,
  Attribute.unknownAttributes,
  Attribute.realm,
  Attribute.nonce,
  Attribute.messageIntegritySha256,
  Attribute.xorMappedAddress,
  ...OF_OLD,
])

/** The alternate server that a 300 names, or undefined when it names none. */
export const readAlternateServer = (message: StunMessage): AlternateServer | undefined => {
  const value = message.find(Attribute.alternateServer)
  const address = value === undefined ? undefined : readAddress(value)
  if (address === undefined || address.port === 0) return undefined
  const name = message.find(Attribute.alternateDomain)
  const domain = name === undefined ? undefined : readAlternateDomain(name)
  return domain === undefined ? address : { ...address, domain }
}

/** The client's address as the server saw it. A server of RFC 3489 knows MAPPED-ADDRESS only. Nothing comes from port 0. */
const readMapped = (message: StunMessage): StunAddress | undefined => {
  const xored = message.find(Attribute.xorMappedAddress)
  const plain = xored === undefined ? message.find(Attribute.mappedAddress) : undefined
  const mapped = xored === undefined ? plain && readAddress(plain) : readXorAddress(xored, message.transactionId)
  return mapped?.port === 0 ? undefined : mapped
}

/** What an error response says. */
const readError = (message: StunMessage): BindingError => {
  const value = message.find(Attribute.errorCode)
  const error = value === undefined ? undefined : readErrorCode(value)
  if (error === undefined) return { code: NO_ANSWER, reason: 'an error response without an error code' }
  const alternate = error.code === 300 ? readAlternateServer(message) : undefined
  const list = error.code === 420 ? message.find(Attribute.unknownAttributes) : undefined
  const unknown = list === undefined ? undefined : readUnknownAttributes(list)
  return { ...error, ...(alternate && { alternate }), ...(unknown && { unknown }) }
}

export class BindingQuery implements Machine {
  state: 'running' | 'done' | 'failed' = 'running'
  /** Once done: the address that the request came from, as the server saw it. */
  mapped?: StunAddress
  /** Once failed. */
  error?: BindingError
  /** 12 bytes. */
  readonly transactionId: Uint8Array
  readonly #transaction: ClientTransaction

  /** Sends the request for the first time. */
  constructor(options: BindingQueryOptions, now: number) {
    const { crypto, transmit, reliable = false, timing, attributes = [] } = options
    this.transactionId = randomBytes(crypto.random, TRANSACTION_ID_LENGTH)
    const request = encodeStun({
      kind: 'request',
      method: Method.binding,
      transactionId: this.transactionId,
      attributes,
    })
    this.#transaction = new ClientTransaction(request, transmit, now, reliable ? RELIABLE : timing)
  }

  get deadline(): number {
    return this.#transaction.deadline
  }

  /** When the request was first sent. */
  get startedAt(): number {
    return this.#transaction.firstSentAt
  }

  advance(now: number): void {
    this.#transaction.advance(now)
    if (this.state === 'running' && this.#transaction.state === 'timed-out')
      this.#fail({ code: NO_ANSWER, reason: 'the server does not answer' })
  }

  /**
   * Takes a message in that came from the server. Whether it did, the caller knows by where it came from: a response from
   * elsewhere is not to be given to it.
   * @returns True when it was the response to this request, which is then over.
   */
  receive(message: StunMessage, _now: number): boolean {
    if (this.state !== 'running' || message.method !== Method.binding) return false
    if (message.kind !== 'success' && message.kind !== 'error') return false
    if (!equalBytes(message.transactionId, this.transactionId)) return false
    if (message.fingerprintAt >= 0 && !verifyFingerprint(message)) return false
    if (message.kind === 'error') this.#fail(readError(message))
    else this.#succeed(message)
    return true
  }

  #succeed(message: StunMessage): void {
    // What it says may mean another thing than we think (RFC 8489, 6.3.3).
    const [unknown] = unknownRequired(message.attributes, UNDERSTOOD)
    if (unknown !== undefined) {
      const reason = `the answer has an attribute that is not understood: 0x${unknown.toString(16).padStart(4, '0')}`
      this.#fail({ code: NO_ANSWER, reason })
      return
    }
    const mapped = readMapped(message)
    if (mapped === undefined) {
      this.#fail({ code: NO_ANSWER, reason: 'the answer has no address' })
      return
    }
    this.mapped = mapped
    this.state = 'done'
    this.#transaction.complete()
  }

  #fail(error: BindingError): void {
    this.error = error
    this.state = 'failed'
    this.#transaction.complete()
  }
}
