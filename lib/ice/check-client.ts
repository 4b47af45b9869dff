/**
 * A generation as a STUN client (RFC 8445, 7.2): sends its checks, believes the answers that the peer has signed, and
 * tells what has become of each.
 */

import { utf8 } from '../bytes/index.ts'
import type { Mac } from '../crypto/index.ts'
import { randomBytes } from '../machine/index.ts'
import {
  Attribute,
  ClientTransaction,
  readErrorCode,
  readXorAddress,
  type StunAddress,
  type StunMessage,
  TRANSACTION_ID_LENGTH,
  verifyIntegrity,
} from '../stun/index.ts'
import { encodeCheck } from './binding.ts'
import type { CheckList } from './check-list.ts'
import type { GenerationContext } from './generation-context.ts'
import { type Check, type CheckPurpose, OutstandingChecks, retransmissionOf } from './outstanding-checks.ts'
import type { CandidatePair } from './pair.ts'
import type { IceParameters } from './parameters.ts'

/** Whoever draws the consequences of a check. */
export interface CheckOwner {
  /** RFC 8445, 7.2.5.3: `mapped` is where the peer has seen the check come from. */
  succeeded(check: Check, mapped: StunAddress, now: number): void
  /** RFC 8445, 7.2.5.1 and 7.2.5.2.4: `code` is the error's, undefined when it cannot be read. */
  refused(check: Check, code: number | undefined): void
  /** No answer has come, or one from elsewhere than the check went to (RFC 8445, 7.2.5.2). */
  failed(check: Check): void
}

const NOTHING = new Uint8Array(0)

export class CheckClient {
  readonly #context: GenerationContext
  readonly #checkList: CheckList
  readonly #owner: CheckOwner
  readonly #localFragment: string
  readonly #outstanding = new OutstandingChecks()
  #username = ''
  #mac: Mac | undefined

  constructor(context: GenerationContext, localFragment: string, checkList: CheckList, owner: CheckOwner) {
    this.#context = context
    this.#localFragment = localFragment
    this.#checkList = checkList
    this.#owner = owner
  }

  get deadline(): number {
    return this.#outstanding.deadline
  }

  setRemote({ usernameFragment, password }: IceParameters): void {
    this.#username = `${usernameFragment}:${this.#localFragment}`
    this.#mac = this.#context.crypto.createMac('sha-1', utf8(password))
  }

  /**
   * Sends a check of a pair.
   * @param priority What a peer-reflexive candidate that it discovers is to have.
   */
  send(pair: CandidatePair, purpose: CheckPurpose, priority: number, now: number): void {
    if (this.#mac === undefined) return
    const { crypto, timing, role, tieBreaker } = this.#context
    const transactionId = randomBytes(crypto.random, TRANSACTION_ID_LENGTH)
    const request = encodeCheck({
      transactionId,
      username: this.#username,
      role,
      tieBreaker,
      priority,
      useCandidate: purpose === 'nomination',
      nomination: purpose === 'nomination' ? pair.nomination : 0,
      mac: this.#mac,
    })
    const transmit = (bytes: Uint8Array, at: number) => {
      if (purpose === 'consent') pair.consentRequestsSent++
      else pair.requestsSent++
      this.#context.counters.requestsSent++
      this.#context.transmit(bytes, pair.socket, pair.remoteAddress, pair.remotePort, at)
    }
    const isReliable = pair.local.protocol === 'tcp'
    const retransmission = retransmissionOf(purpose, timing, this.#checkList.active, isReliable)
    const transaction = new ClientTransaction(request, transmit, now, retransmission)
    this.#outstanding.add(transactionId, { pair, purpose, role, priority, transaction })
  }

  /** Takes a response in; false when it answers no check of this generation. */
  receive(message: StunMessage, socket: number, address: string, port: number, now: number): boolean {
    const check = this.#outstanding.find(message.transactionId)
    if (check === undefined) return false
    const { counters } = this.#context
    // Whoever cannot sign it is not the peer, and the true answer may still come (RFC 8489, 9.1.4).
    if (this.#mac === undefined || !verifyIntegrity(message, this.#mac)) {
      counters.unauthenticatedResponses++
      return true
    }
    this.#outstanding.remove(message.transactionId)
    check.transaction.complete()
    if (!check.pair.isPath(socket, address, port)) {
      counters.asymmetricResponses++
      this.#owner.failed(check)
    } else if (message.kind === 'success') {
      const mapped = readXorAddress(message.find(Attribute.xorMappedAddress) ?? NOTHING, message.transactionId)
      if (mapped === undefined) counters.malformedResponses++
      else this.#owner.succeeded(check, mapped, now)
    } else {
      counters.errorsReceived++
      this.#owner.refused(check, readErrorCode(message.find(Attribute.errorCode) ?? NOTHING)?.code)
    }
    return true
  }

  /** Sends the pair's ordinary checks no more, but goes on listening for their answers. */
  stopRetransmitting(pair: CandidatePair, now: number): void {
    this.#outstanding.stopRetransmitting(pair, now)
  }

  /** The path of the pair has gone: no answer can come. */
  drop(pair: CandidatePair): void {
    this.#outstanding.drop(pair)
  }

  advance(now: number): void {
    this.#outstanding.advance(now, check => {
      if (!this.#outstanding.isChecking(check.pair)) this.#owner.failed(check)
    })
  }

  clear(): void {
    this.#outstanding.clear()
  }
}
