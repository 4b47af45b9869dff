/**
 * The allocation (RFC 8656, 6 to 8): asked for, refreshed a minute before its end, given back, or lost.
 */

import { Timer } from '../machine/index.ts'
import {
  type AddressFamily,
  Attribute,
  additionalAddressFamily,
  addressFamily,
  ErrorCode,
  lifetime,
  Method,
  NO_ANSWER,
  readAddressErrorCode,
  readU32,
  readXorAddress,
  requestedAddressFamily,
  requestedTransport,
  type StunAddress,
  type StunAttribute,
  type StunError,
  type StunMessage,
} from '../stun/index.ts'
import { isLoss, type TurnContext } from './context.ts'
import type { Outcome } from './requests.ts'

/** Seconds of an allocation when the server does not say (RFC 8656, 3.2); more than an hour is not relied on. */
const DEFAULT_LIFETIME = 600
const LONGEST_LIFETIME = 3600
/** Milliseconds before its end at which it is refreshed, or at half its life when that is later. */
const AHEAD = 60_000
/** After a refresh that nobody answered, which has taken its time already, and after an error of the server's own. */
const RETRY = 1_000
const SERVER_RETRY = 5_000
/** At least between a refresh and one for the sake of a doubt. */
const DOUBT = 10_000

export class Allocation {
  readonly #context: TurnContext
  readonly #lifetime: number | undefined
  readonly #allocated: (now: number) => void
  /** What to ask for next, when the server does not support the families asked for. */
  readonly #plans: (readonly AddressFamily[])[]
  readonly #refresh = new Timer()
  readonly #expiry = new Timer()
  /** When the server has granted it last. */
  refreshedAt = Number.NEGATIVE_INFINITY
  relayed: readonly StunAddress[] = []
  mapped: StunAddress | undefined
  /** Why there is no relayed address of a family beside the other. */
  familyError: (StunError & { readonly family: AddressFamily }) | undefined

  constructor(
    context: TurnContext,
    families: readonly AddressFamily[],
    lifetime: number | undefined,
    allocated: (now: number) => void,
  ) {
    this.#context = context
    this.#lifetime = lifetime
    this.#allocated = allocated
    const both = families.includes(4) && families.includes(6)
    this.#plans = both ? [[4, 6], [4], [6]] : [families.includes(6) ? [6] : [4]]
  }

  get deadline(): number {
    return Math.min(this.#refresh.at, this.#expiry.at)
  }

  /** The families of the relayed addresses. */
  get families(): readonly AddressFamily[] {
    return this.relayed.map(({ address }) => addressFamily(address))
  }

  allocate(now: number): void {
    const families = this.#plans.shift() ?? [4]
    const attributes: StunAttribute[] = [requestedTransport(), ...this.#asked()]
    // The two exclude each other, and a server of RFC 5766 knows neither: IPv4 is asked for by saying nothing.
    if (families.length === 2) attributes.push(additionalAddressFamily())
    else if (families[0] === 6) attributes.push(requestedAddressFamily(6))
    this.#context.requests.send(
      {
        method: Method.allocate,
        attributes: () => attributes,
        ended: (outcome, at) => this.#answered(outcome, families, now, at),
      },
      now,
    )
  }

  #asked(): readonly StunAttribute[] {
    return this.#lifetime === undefined ? [] : [lifetime(this.#lifetime)]
  }

  #answered(outcome: Outcome, families: readonly AddressFamily[], askedAt: number, now: number): void {
    if (outcome.kind === 'error') {
      const { code, message } = outcome
      if (code === ErrorCode.addressFamilyNotSupported && message !== undefined && this.#plans.length > 0)
        this.allocate(now)
      else this.#context.lose(outcome)
      return
    }
    const { message } = outcome
    this.relayed = relayedAddresses(message, families)
    if (this.relayed.length === 0) {
      this.#context.lose({ kind: 'error', code: ErrorCode.serverError, reason: 'no relayed address was given' })
      return
    }
    const mapped = message.find(Attribute.xorMappedAddress)
    const address = mapped && readXorAddress(mapped, message.transactionId)
    this.mapped = address?.port === 0 ? undefined : address
    const familyError = message.find(Attribute.addressErrorCode)
    this.familyError = familyError && readAddressErrorCode(familyError)
    this.#prolong(message, askedAt, now)
    this.#allocated(now)
  }

  /** The server counts from when it got the request; from when it was first sent is on the safe side. */
  #prolong(message: StunMessage, askedAt: number, now: number): void {
    const value = message.find(Attribute.lifetime)
    const seconds = Math.min((value && readU32(value)) ?? DEFAULT_LIFETIME, LONGEST_LIFETIME)
    const milliseconds = seconds * 1000
    this.refreshedAt = now
    const end = Math.max(askedAt + milliseconds, now)
    const due = Math.max(askedAt + Math.max(milliseconds - AHEAD, milliseconds / 2), now + RETRY)
    this.#expiry.set(end)
    // Of a second or less, half of what is left.
    this.#refresh.set(due < end ? due : (now + end) / 2)
  }

  advance(now: number): void {
    if (this.#expiry.expire(now)) {
      this.#context.lose({ kind: 'error', code: NO_ANSWER, reason: 'the allocation has expired' })
      return
    }
    if (!this.#refresh.expire(now)) return
    this.#context.requests.send(
      {
        method: Method.refresh,
        attributes: () => this.#asked(),
        ended: (outcome, at) => this.#refreshed(outcome, now, at),
      },
      now,
    )
  }

  #refreshed(outcome: Outcome, askedAt: number, now: number): void {
    if (outcome.kind === 'success') {
      this.#prolong(outcome.message, askedAt, now)
    } else if (outcome.message === undefined && !isLoss(outcome)) {
      this.#refresh.set(now + RETRY)
    } else if (outcome.code >= 500) {
      this.#refresh.set(now + SERVER_RETRY)
    } else {
      this.#context.lose(outcome)
    }
  }

  /** Refreshes it soon: it may not be there any more. */
  doubt(now: number): void {
    this.refresh(Math.max(now, this.refreshedAt + DOUBT))
  }

  /** Refreshes it at `at` if not before. */
  refresh(at: number): void {
    // Not running: a refresh is under way.
    if (this.#refresh.running) this.#refresh.set(Math.min(this.#refresh.at, at))
  }

  /** Gives the allocation back. Best effort: nobody waits for the answer. */
  release(now: number): void {
    this.#context.requests.sendLast(Method.refresh, [lifetime(0)], now)
  }

  clear(): void {
    this.#refresh.stop()
    this.#expiry.stop()
  }
}

/** One address of each family asked for. */
const relayedAddresses = (message: StunMessage, families: readonly AddressFamily[]): StunAddress[] => {
  const relayed: StunAddress[] = []
  for (const { type, value } of message.attributes) {
    const found = type === Attribute.xorRelayedAddress ? readXorAddress(value, message.transactionId) : undefined
    if (found === undefined || found.port === 0) continue
    const family = addressFamily(found.address)
    if (families.includes(family) && !relayed.some(({ address }) => addressFamily(address) === family))
      relayed.push(found)
  }
  return relayed
}
