/** What the TURN server of the specs takes and offers. */

import type { CryptoProvider } from '../../lib/crypto/index.ts'
import { Method, type StunAttribute, type StunMessage } from '../../lib/stun/index.ts'
import type { RelayCounters, ServerAllocation, ServerClient } from './server-allocation.ts'

export interface TurnServerOptions {
  /** Addresses to listen on, IPv4 or IPv6. */
  readonly addresses: readonly string[]
  /** Addresses to relay from, one of a family at most. Those listened on by default. */
  readonly relayAddresses?: readonly string[]
  /** 3478 by default; 0 for any. */
  readonly port?: number
  /** Where else it listens. TLS needs a host of `sim/`, and its certificate. None by default. */
  readonly tcp?: boolean
  readonly tls?: { readonly port: number; readonly names: readonly string[]; readonly ca?: string }
  /** Passwords by user name. Without any, nobody need prove anything. */
  readonly users?: Readonly<Record<string, string>>
  readonly realm?: string
  /** Password algorithms to offer: 1 is MD5, 2 is SHA-256. None by default, as most servers. */
  readonly algorithms?: readonly number[]
  readonly anonymous?: boolean
  /** Seconds of an allocation for which a client asks nothing, and the most that it gets. 600 and 3600. */
  readonly lifetime?: number
  readonly longestLifetime?: number
  readonly crypto?: CryptoProvider
}

export interface Refusal {
  /** Which requests; any but Binding by default. */
  readonly method?: number
  /** How many of them. 1 by default. */
  readonly times?: number
  readonly reason?: string
  readonly attributes?: (transactionId: Uint8Array) => readonly StunAttribute[]
  /** Refuses without asking who it is, and without proof. False by default. */
  readonly bare?: boolean
}

/** A request that was answered. */
export interface Served {
  readonly at: number
  readonly method: number
  /** Of the error, or 0. */
  readonly code: number
  readonly from: string
  readonly message: StunMessage
}

export interface TurnServer {
  /** The first address and the port that UDP listens on. */
  readonly address: string
  readonly port: number
  readonly counters: RelayCounters & { requests: number; malformed: number }
  /** Every request that was answered, in order. */
  readonly served: readonly Served[]
  readonly allocations: ReadonlyMap<string, ServerAllocation>
  /** Passwords, to be changed at will. */
  readonly users: Map<string, string>
  /** Requests are read and not answered while it is true; data is relayed all the same. */
  mute: boolean
  /** Peers with which nobody may exchange data: 403. */
  readonly forbidden: Set<string>
  /** Changes each message on its way to a client; what it returns undefined for is lost. */
  alter: ((bytes: Uint8Array, to: ServerClient) => Uint8Array | undefined) | undefined
  /** The next requests are refused with this code. */
  refuse(code: number, refusal?: Refusal): void
  /** All nonces are stale: the next requests are answered 438. */
  expireNonce(): void
  /** As a restart of its process: allocations, nonces and streams are gone. */
  restart(): void
  /** Frees all sockets. */
  close(): void
}

/** A refusal that is in force. */
export interface PendingRefusal {
  readonly code: number
  readonly refusal: Refusal
  times: number
}

/** The refusals that a server is told to make. */
export class Refusals {
  readonly #pending: PendingRefusal[] = []

  add(code: number, refusal: Refusal): void {
    this.#pending.push({ code, times: refusal.times ?? 1, refusal })
  }

  find(method: number): PendingRefusal | undefined {
    return this.#pending.find(
      ({ refusal }) => refusal.method === method || (refusal.method === undefined && method !== Method.binding),
    )
  }

  /** Counts one that was made. */
  use(refused: PendingRefusal): void {
    if (--refused.times <= 0) this.#pending.splice(this.#pending.indexOf(refused), 1)
  }
}
