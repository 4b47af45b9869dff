/**
 * Requests to the server, each until it has its answer: transactions (RFC 8489, 6.2), challenges (9.2), and the wait for
 * other credentials.
 *
 * One request may take several transactions: 401 and 438 can come at any time, to each of them, and are answered with
 * the same request sealed anew. How many there are at a time is bounded by those who send them.
 */

import { hex, Packet } from '../bytes/index.ts'
import { type EventQueue, randomBytes, Timer } from '../machine/index.ts'
import {
  Attribute,
  ClientTransaction,
  DEFAULT_INITIAL_TIMEOUT,
  DEFAULT_LAST_WAIT,
  DEFAULT_REQUESTS,
  LongTermSession,
  NO_ANSWER,
  type RetransmissionTiming,
  readErrorCode,
  type SealedRequest,
  type StunAttribute,
  type StunError,
  type StunMessage,
  TRANSACTION_ID_LENGTH,
} from '../stun/index.ts'
import type { TurnClientOptions, TurnCounters, TurnCredentials, TurnEvent } from './options.ts'

/** How a request has ended. */
export type Outcome =
  | { readonly kind: 'success'; readonly message: StunMessage }
  /** `message` is there when the server itself has said so. Without, nobody answered, or nobody who could be believed. */
  | { readonly kind: 'error'; readonly code: number; readonly reason: string; readonly message?: StunMessage }

export interface Request {
  readonly method: number
  /** The attributes besides those of the credentials. Addresses are XORed with the transaction id. */
  readonly attributes: (transactionId: Uint8Array) => readonly StunAttribute[]
  /** Called once. */
  readonly ended: (outcome: Outcome, now: number) => void
}

interface Outstanding {
  readonly request: Request
  readonly sealed: SealedRequest
  readonly transaction: ClientTransaction
  /** Challenges that this request has met in succession. */
  readonly challenges: number
  /** What was answered without proof: told when nothing better comes. */
  unproven: StunError | undefined
}

interface Last {
  readonly key: string
  readonly sealed: SealedRequest
  readonly method: number
  readonly attributes: readonly StunAttribute[]
}

/** A server that answers each nonce with the next would keep us busy for ever. */
const MOST_CHALLENGES = 4
/** How often the owner may give other credentials before one is accepted. */
const MOST_RENEWALS = 3
const CREDENTIALS_TIMEOUT = 30_000
const NONE = new Uint8Array(0)

export class Requests {
  readonly #options: TurnClientOptions
  readonly #counters: TurnCounters
  readonly #events: EventQueue<TurnEvent>
  readonly #session: LongTermSession
  readonly #timing: RetransmissionTiming
  readonly #outstanding = new Map<string, Outstanding>()
  /** Requests that wait for other credentials, and how long. */
  readonly #held: Request[] = []
  readonly #patience = new Timer()
  /** The request that ended all, until it has been answered or repeated. */
  #last: Last | undefined
  #renewals = 0
  /** When something last went to the server. */
  lastSentAt = 0

  constructor(options: TurnClientOptions, counters: TurnCounters, events: EventQueue<TurnEvent>) {
    this.#options = options
    this.#counters = counters
    this.#events = events
    this.#session = new LongTermSession(options.crypto, options.credentials)
    this.#timing = options.reliable ? onceFor(options.timing) : (options.timing ?? {})
  }

  get deadline(): number {
    let deadline = this.#patience.at
    for (const { transaction } of this.#outstanding.values())
      if (transaction.deadline < deadline) deadline = transaction.deadline
    return deadline
  }

  send(request: Request, now: number): void {
    if (this.#held.length > 0) this.#held.push(request)
    else this.#attempt(request, 0, now)
  }

  /**
   * Sends a request that ends all: once, and without waiting. Only when the server's answer comes all the same, and says
   * that the nonce is stale, is it sent again.
   */
  sendLast(method: number, attributes: readonly StunAttribute[], now: number): void {
    const transactionId = this.#transactionId()
    const sealed = this.#session.encode(method, transactionId, attributes)
    this.#counters.requestsSent++
    this.#transmit(sealed.bytes, now)
    this.#last = { key: hex(transactionId), sealed, method, attributes }
  }

  /** Whether a request is under way that the server will grant if it knows us. */
  get isSealed(): boolean {
    for (const { sealed } of this.#outstanding.values()) if (sealed.seal !== undefined) return true
    return false
  }

  /** Takes what comes after the last request. */
  receiveLast(message: StunMessage, now: number): void {
    const last = this.#last
    if (last === undefined || hex(message.transactionId) !== last.key) return
    const verdict = this.#session.judge(message, last.sealed)
    if (verdict === 'repeat') this.sendLast(last.method, last.attributes, now)
    this.#last = undefined
  }

  /** Sends an indication. */
  indicate(bytes: Uint8Array, now: number): void {
    this.#transmit(bytes, now)
  }

  #transactionId(): Uint8Array {
    return randomBytes(this.#options.crypto.random, TRANSACTION_ID_LENGTH)
  }

  #attempt(request: Request, challenges: number, now: number): void {
    const transactionId = this.#transactionId()
    const sealed = this.#session.encode(request.method, transactionId, request.attributes(transactionId))
    this.#counters.requestsSent++
    const transmit = (bytes: Uint8Array, at: number): void => this.#transmit(bytes, at)
    const transaction = new ClientTransaction(sealed.bytes, transmit, now, this.#timing)
    this.#outstanding.set(hex(transactionId), { request, sealed, transaction, challenges, unproven: undefined })
  }

  #transmit(bytes: Uint8Array, now: number): void {
    this.lastSentAt = now
    this.#options.trace?.packet?.('turn', 'out', bytes, now)
    this.#options.transmit(Packet.copy(bytes))
  }

  /** Takes a response. */
  receive(message: StunMessage, now: number): void {
    const key = hex(message.transactionId)
    const outstanding = this.#outstanding.get(key)
    if (outstanding === undefined || message.method !== outstanding.request.method) {
      this.#counters.unmatchedResponses++
      return
    }
    const { request, sealed, challenges } = outstanding
    const verdict = this.#session.judge(message, sealed)
    if (verdict === 'ignored' || verdict === 'forged') {
      this.#counters.unauthenticatedResponses++
      outstanding.unproven = errorOf(message) ?? UNPROVEN
      if (verdict === 'ignored' || !this.#options.reliable) return
      // RFC 8489, 9.2.5: a stream brings no second answer.
      this.#end(key, outstanding, { kind: 'error', ...outstanding.unproven }, now)
      return
    }
    this.#outstanding.delete(key)
    outstanding.transaction.complete()
    if (verdict === 'repeat' && challenges < MOST_CHALLENGES) {
      this.#counters.challenges++
      this.#attempt(request, challenges + 1, now)
    } else if (verdict === 'refused' && this.#renewals < MOST_RENEWALS) {
      this.#hold(request, now)
    } else if (message.kind === 'success') {
      this.#renewals = 0
      request.ended({ kind: 'success', message }, now)
    } else {
      request.ended({ kind: 'error', ...(errorOf(message) ?? UNPROVEN), message }, now)
    }
  }

  #end(key: string, { request, transaction }: Outstanding, outcome: Outcome, now: number): void {
    this.#outstanding.delete(key)
    transaction.complete()
    request.ended(outcome, now)
  }

  #hold(request: Request, now: number): void {
    this.#held.push(request)
    if (this.#patience.running) return
    this.#patience.set(now + (this.#options.credentialsTimeout ?? CREDENTIALS_TIMEOUT))
    this.#events.push({ type: 'credentials' })
  }

  /** Seals with these from now on, and sends again what was refused; undefined: there are none, and it has failed. */
  setCredentials(credentials: TurnCredentials | undefined, now: number): void {
    if (credentials === undefined) {
      this.#giveUp(now)
      return
    }
    this.#session.setCredentials(credentials)
    if (this.#held.length > 0) this.#renewals++
    this.#patience.stop()
    for (const request of this.#held.splice(0)) this.#attempt(request, 0, now)
  }

  #giveUp(now: number): void {
    this.#patience.stop()
    for (let request = this.#held.shift(); request !== undefined; request = this.#held.shift())
      request.ended({ kind: 'error', ...REFUSED }, now)
  }

  advance(now: number): void {
    if (this.#patience.expire(now)) this.#giveUp(now)
    for (const [key, outstanding] of this.#outstanding) {
      const { transaction } = outstanding
      const sent = transaction.requestsSent
      transaction.advance(now)
      this.#counters.requestsRetransmitted += transaction.requestsSent - sent
      if (transaction.state === 'timed-out')
        this.#end(key, outstanding, { kind: 'error', ...(outstanding.unproven ?? UNANSWERED) }, now)
    }
  }

  /** Forgets them all; none is told. */
  clear(): void {
    this.#outstanding.clear()
    this.#held.length = 0
    this.#patience.stop()
  }
}

const UNANSWERED: StunError = { code: NO_ANSWER, reason: 'the server does not answer' }
const UNPROVEN: StunError = { code: NO_ANSWER, reason: 'no answer was authentic' }
const REFUSED: StunError = { code: 401, reason: 'the credentials are refused' }

const errorOf = (message: StunMessage): StunError | undefined =>
  message.kind === 'error' ? readErrorCode(message.find(Attribute.errorCode) ?? NONE) : undefined

/** Over a stream: once, and the wait that UDP would have in all (RFC 8489, 6.2.2). */
const onceFor = (timing: RetransmissionTiming = {}): RetransmissionTiming => {
  const { initialTimeout = DEFAULT_INITIAL_TIMEOUT, requests = DEFAULT_REQUESTS, lastWait = DEFAULT_LAST_WAIT } = timing
  const total = initialTimeout * (2 ** (requests - 1) - 1 + lastWait)
  return { initialTimeout: total, requests: 1, lastWait: 1 }
}
