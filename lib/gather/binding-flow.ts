/**
 * A Binding request to a STUN server from one of our sockets (RFC 8445, 5.1.1.2), repeated while ICE is not through so
 * that the NAT keeps the binding (5.1.1.4).
 */

import { Packet } from '../bytes/index.ts'
import type { CryptoProvider } from '../crypto/index.ts'
import { type Cancellable, Driver, type Host } from '../machine/index.ts'
import { type AlternateServer, BindingQuery, decodeStun, type StunAddress } from '../stun/index.ts'
import { type AttemptFailure, UNREACHABLE } from './server-attempts.ts'
import type { LinkUser } from './server-link.ts'

/** Milliseconds between two requests that keep a binding: RFC 8445, 11 has 15 s at least. */
const KEEPALIVE = 15_000
/**
 * Requests in all, 500 ms before the second, doubled each time, and 2 s after the last: 9.5 s. RFC 8489's own timing
 * (39.5 s) would hold up the end of gathering for a server that is down.
 */
export const SERVER_TIMING = { initialTimeout: 500, requests: 5, lastWait: 4 } as const

export type BindingResult =
  | { readonly mapped: StunAddress }
  | (AttemptFailure & { readonly alternate?: AlternateServer })

export class BindingFlow implements LinkUser {
  readonly #host: Host
  readonly #crypto: CryptoProvider
  readonly #transmit: (packet: Packet) => void
  #query: BindingQuery | undefined
  #driver: Driver | undefined
  #timer: Cancellable | undefined
  #settle: ((result: BindingResult) => void) | undefined
  #closed = false

  /** @param transmit Sends to the server. */
  constructor(host: Host, crypto: CryptoProvider, transmit: (packet: Packet) => void) {
    this.#host = host
    this.#crypto = crypto
    this.#transmit = transmit
  }

  /** Asks, once; goes on keeping the binding when there is an answer. A failure when it is closed before that. */
  async ask(): Promise<BindingResult> {
    const result = await new Promise<BindingResult>(resolve => {
      this.#settle = resolve
      this.#start()
    })
    if ('mapped' in result) this.#keep()
    return result
  }

  #start(): void {
    const host = this.#host
    const transmit = (message: Uint8Array): void => this.#transmit(Packet.copy(message))
    const query = new BindingQuery({ crypto: this.#crypto, transmit, timing: SERVER_TIMING }, host.now())
    this.#query = query
    this.#driver?.stop()
    this.#driver = new Driver(host, query, () => this.#finish(query))
    this.#driver.touch()
  }

  #finish({ state, mapped, error }: BindingQuery): void {
    if (state === 'running') return
    this.#driver?.stop()
    if (mapped !== undefined) this.#settle?.({ mapped })
    else {
      const { code = UNREACHABLE, reason = '', alternate } = error ?? {}
      this.#settle?.({ code, text: reason, ...(alternate && { alternate }) })
    }
    this.#settle = undefined
  }

  receive(packet: Uint8Array, now: number): boolean {
    const query = this.#query
    if (query?.state !== 'running') return false
    const message = decodeStun(packet)
    if (message === undefined || !query.receive(message, now)) return false
    this.#driver?.touch()
    return true
  }

  #keep(): void {
    if (this.#closed) return
    this.#timer = this.#host.schedule(this.#host.now() + KEEPALIVE, () => {
      if (this.#closed) return
      // What it says now changes nothing: a mapping that moved is found by the checks themselves.
      this.#start()
      this.#keep()
    })
  }

  /** Ends the asking and the keeping. */
  close(): void {
    this.#closed = true
    this.#timer?.cancel()
    this.#driver?.stop()
    this.#settle?.({ code: UNREACHABLE, text: 'closed' })
    this.#settle = undefined
  }
}
