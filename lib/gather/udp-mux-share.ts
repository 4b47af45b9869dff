/**
 * The base of one connection on a shared UDP port.
 *
 * What the connection sends tells the port what is the connection's: the transaction ids of its checks and the addresses
 * where it waits for answers. An address is proved to be its peer's when a success response comes from there to a check
 * that went there, whose transaction id nobody else can know; or when it sends anything but STUN there, since ICE sends
 * data on valid pairs only (RFC 8445, 12.1; RFC 7675, 5.1).
 */

import type { Packet } from '../bytes/index.ts'
import type { Base, BaseSink } from './base.ts'
import type { PartyRoutes, Route } from './route-table.ts'

/** A check that is under way. */
export interface Asked {
  readonly share: UdpMuxShare
  /** The other half of the transaction id. */
  readonly rest: number
  readonly address: string
  readonly port: number
}

/** What a share asks of its port. */
export interface ShareOwner {
  readonly address: string
  readonly port: number
  send(packet: Packet, address: string, port: number): void
  claim(share: UdpMuxShare, fragments: readonly string[], former: readonly string[]): boolean
  remember(transaction: number, asked: Asked): void
  forget(transaction: number): void
  wait(share: UdpMuxShare, routes: PartyRoutes<UdpMuxShare>, address: string, port: number): void
  prove(share: UdpMuxShare, routes: PartyRoutes<UdpMuxShare>, address: string, port: number): Route<UdpMuxShare>
  leave(share: UdpMuxShare, routes: PartyRoutes<UdpMuxShare>): void
}

export interface MuxShareOptions {
  readonly receive: BaseSink
  /** The port was closed under the share: nothing is sent or received any more. Not told after `close`. */
  readonly gone?: () => void
}

/**
 * Requests without an answer that are remembered of one share: one each 50 ms, as long as a check lives at most (39.5 s,
 * RFC 8489, 6.2.1). Beyond, the oldest is forgotten.
 */
const MOST_TRANSACTIONS = 800

const HEADER_LENGTH = 20
const CLASS_BITS = 0x0110
const SUCCESS = 0x0100

/** Whether the bytes from `at` to `end` begin as a STUN message does (RFC 8489, 5; RFC 7983, 7). */
export const isStun = (bytes: Uint8Array, at: number, end: number): boolean =>
  end - at >= HEADER_LENGTH &&
  bytes[at]! < 4 &&
  bytes[at + 4] === 0x21 &&
  bytes[at + 5] === 0x12 &&
  bytes[at + 6] === 0xa4 &&
  bytes[at + 7] === 0x42

/** The class bits of a STUN message. */
export const classOf = (bytes: Uint8Array, at: number): number => ((bytes[at]! << 8) | bytes[at + 1]!) & CLASS_BITS

const u48 = (bytes: Uint8Array, at: number): number =>
  ((bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!) * 0x100_0000 +
  ((bytes[at + 3]! << 16) | (bytes[at + 4]! << 8) | bytes[at + 5]!)

/** The first half of the transaction id, of 48 bits, which a number holds: the key by which responses are led. */
export const transactionOf = (bytes: Uint8Array, at: number): number => u48(bytes, at + 8)
/** The second half. */
export const restOf = (bytes: Uint8Array, at: number): number => u48(bytes, at + 14)

export class UdpMuxShare implements Base {
  readonly protocol = 'udp'
  readonly #owner: ShareOwner
  readonly #options: MuxShareOptions
  readonly #routes: PartyRoutes<UdpMuxShare> = new Set()
  readonly #transactions = new Set<number>()
  #fragments: readonly string[] = []
  /** Where data went last. */
  #route: Route<UdpMuxShare> | undefined
  #closed = false

  /** For `UdpMuxPort.share` only. */
  constructor(owner: ShareOwner, options: MuxShareOptions) {
    this.#owner = owner
    this.#options = options
  }

  get address(): string {
    return this.#owner.address
  }

  get port(): number {
    return this.#owner.port
  }

  /**
   * Says by which user-name fragments requests are led here, in place of those said before: the present generation's,
   * and at a restart for a while the former one's too.
   * @returns False when another share has one of them: requests for that go on to the other.
   */
  fragments(list: readonly string[]): boolean {
    if (this.#closed) return false
    const former = this.#fragments
    this.#fragments = [...list]
    return this.#owner.claim(this, this.#fragments, former)
  }

  /**
   * Says that a check with this remote address has made the round trip: what comes from there and is not STUN is this
   * connection's from now on. It need not be said: the port finds it out by itself.
   */
  authenticated(address: string, port: number): void {
    if (!this.#closed) this.#route = this.#owner.prove(this, this.#routes, address, port)
  }

  send(packet: Packet, address: string, port: number): void {
    if (this.#closed) {
      packet.release()
      return
    }
    const { bytes, start, end } = packet
    if (isStun(bytes, start, end)) {
      const kind = classOf(bytes, start)
      if (kind === 0) this.#remember(transactionOf(bytes, start), restOf(bytes, start), address, port)
      // A refusal goes to anybody who asks, and must not make anything of it.
      if (kind === 0 || kind === SUCCESS) this.#owner.wait(this, this.#routes, address, port)
    } else {
      const route = this.#route
      if (route?.port !== port || route.address !== address || !route.proved.includes(this)) {
        this.#route = this.#owner.prove(this, this.#routes, address, port)
      }
    }
    this.#owner.send(packet, address, port)
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    for (const transaction of this.#transactions) this.#owner.forget(transaction)
    this.#transactions.clear()
    this.#owner.claim(this, [], this.#fragments)
    this.#owner.leave(this, this.#routes)
    this.#route = undefined
  }

  /** For its port only: a success response came to this check, from there. */
  answered(asked: Asked, address: string, port: number): void {
    if (asked.port === port && asked.address === address) this.authenticated(address, port)
  }

  /** For its port only: `packet` may be overwritten. */
  receive(packet: Uint8Array, address: string, port: number, now: number): void {
    if (!this.#closed) this.#options.receive(packet, address, port, now)
  }

  /** For its port only: the port is closed. */
  abandon(): void {
    if (this.#closed) return
    this.close()
    this.#options.gone?.()
  }

  #remember(transaction: number, rest: number, address: string, port: number): void {
    // Sent again, it is the youngest again.
    this.#transactions.delete(transaction)
    this.#transactions.add(transaction)
    this.#owner.remember(transaction, { share: this, rest, address, port })
    if (this.#transactions.size <= MOST_TRANSACTIONS) return
    for (const oldest of this.#transactions) {
      this.#transactions.delete(oldest)
      this.#owner.forget(oldest)
      return
    }
  }
}
