/**
 * An allocation on a TURN server (RFC 8656), reached by UDP from one of our sockets or by a stream of its own: its relayed
 * addresses are bases of ours.
 */

import type { Packet } from '../bytes/index.ts'
import type { CryptoProvider } from '../crypto/index.ts'
import { Driver, type Host } from '../machine/index.ts'
import { type AlternateServer, ErrorCode, type StunAddress } from '../stun/index.ts'
import { TurnClient, type TurnCredentials, type TurnEvent } from '../turn/index.ts'
import type { Base } from './base.ts'
import { SERVER_TIMING } from './binding-flow.ts'
import type { GatherServer } from './options.ts'
import { type AttemptFailure, UNREACHABLE } from './server-attempts.ts'
import type { LinkUser } from './server-link.ts'

/** Milliseconds that the application has to find other credentials. */
const RENEWAL_TIMEOUT = 10_000

/** Milliseconds that the server has to say that an allocation still stands: four requests. */
const CONFIRMATION_TIMEOUT = 5_000

/** Why there is no allocation, and where there may be one. */
export interface RelayFailure extends AttemptFailure {
  /** Where the server sends us on to. */
  readonly alternate?: AlternateServer
  /** The same server may grant it to another port of ours: to these credentials, or to those that we have. */
  readonly elsewhere?: { readonly credentials?: TurnCredentials }
}

export type RelayResult = { readonly relayed: readonly StunAddress[]; readonly mapped?: StunAddress } | RelayFailure

export interface RelayOptions {
  readonly host: Host
  readonly crypto: CryptoProvider
  readonly server: GatherServer
  readonly credentials: TurnCredentials | undefined
  /** Of the relayed addresses to ask for. */
  readonly families: readonly (4 | 6)[]
  /** Whether the way to the server is a stream. */
  readonly reliable: boolean
  /** Sends to the server. */
  readonly transmit: (packet: Packet) => void
  /** Data of a peer: borrowed. `family` tells which relayed address it came to. */
  readonly deliver: (data: Uint8Array, family: 4 | 6, address: string, port: number, now: number) => void
  /** The allocation is lost: refused, expired, or the server is gone. Told once, after `allocate` has succeeded. */
  readonly lost: (failure: AttemptFailure) => void
}

export class RelayFlow implements LinkUser {
  readonly #options: RelayOptions
  readonly #client: TurnClient
  readonly #driver: Driver
  #settle: ((result: RelayResult) => void) | undefined
  /** Ends the wait for the application's credentials. */
  #giveUp: (() => void) | undefined
  /** Since when somebody waits to hear whether the allocation stands. */
  #confirming: { readonly since: number; readonly end: (stands: boolean) => void } | undefined
  /** In whose name the server is asked. */
  #username: string | undefined
  #closed = false

  constructor(options: RelayOptions) {
    const { host, crypto, credentials, families, reliable, transmit, deliver } = options
    this.#options = options
    this.#username = credentials?.username
    this.#client = new TurnClient({
      crypto,
      reliable,
      transmit,
      families,
      timing: SERVER_TIMING,
      credentialsTimeout: RENEWAL_TIMEOUT,
      ...(credentials && { credentials }),
      deliver: (data, address, port, now) => deliver(data, address.includes(':') ? 6 : 4, address, port, now),
    })
    this.#driver = new Driver(host, this.#client, this.#drain)
  }

  /** Asks for an allocation. A failure when it is closed before there is an answer. */
  async allocate(): Promise<RelayResult> {
    const { server, credentials, host } = this.#options
    if (credentials === undefined && server.renew !== undefined) {
      const given = await this.#ask()
      if (given === undefined) return { code: UNREACHABLE, text: 'no credentials were given' }
      this.#use(given)
    }
    if (this.#closed) return { code: UNREACHABLE, text: 'closed' }
    return new Promise(resolve => {
      this.#settle = resolve
      this.#client.allocate(host.now())
      this.#driver.touch()
    })
  }

  /** Asks whether the allocation still stands. False when the server says that it does not, or says nothing. */
  confirm(): Promise<boolean> {
    const { host } = this.#options
    return new Promise(resolve => {
      const end = (stands: boolean): void => {
        timer.cancel()
        this.#confirming = undefined
        resolve(stands)
      }
      const since = host.now()
      const timer = host.schedule(since + CONFIRMATION_TIMEOUT, () => end(false))
      this.#confirming = { since, end }
      this.#client.refresh(since)
      this.#driver.touch()
    })
  }

  /** Asks for the permission to hear from an address, before there is anything to send there. */
  expect(address: string): void {
    this.#client.permit(address, this.#options.host.now(), false)
    this.#driver.touch()
  }

  receive(packet: Uint8Array, now: number): boolean {
    this.#client.receive(packet, now)
    this.#driver.touch()
    return true
  }

  /** A relayed address as a base. */
  base({ address, port }: StunAddress): Base {
    return {
      protocol: 'udp',
      address,
      port,
      send: (packet, to, toPort) => {
        this.#client.send(packet, to, toPort, this.#options.host.now())
        this.#driver.touch()
      },
      // The allocation goes with the last of its addresses, by `close` of the flow.
      close: () => {},
    }
  }

  /** The way to the server is cut. */
  disconnected(text: string): void {
    if (this.#closed) return
    this.#fail({ code: UNREACHABLE, text })
    this.#stop()
  }

  /** Gives the allocation back. */
  close(): void {
    if (this.#closed) return
    this.#client.close(this.#options.host.now())
    this.#stop()
  }

  #stop(): void {
    this.#closed = true
    this.#driver.stop()
    this.#giveUp?.()
    this.#confirming?.end(false)
    this.#settle?.({ code: UNREACHABLE, text: 'closed' })
    this.#settle = undefined
  }

  /** The server refuses the credentials in use. Without others, what was refused fails. */
  async #renew(): Promise<void> {
    const credentials = await this.#ask()
    if (this.#closed) return
    // Some servers (coturn) hold a client's address and port to the first user name that came from there.
    if (credentials !== undefined && this.#settle !== undefined && credentials.username !== this.#username) {
      this.#fail({ code: ErrorCode.unauthenticated, text: 'the credentials are refused', elsewhere: { credentials } })
    } else {
      this.#use(credentials)
    }
  }

  #use(credentials: TurnCredentials | undefined): void {
    this.#username = credentials?.username ?? this.#username
    this.#client.setCredentials(credentials, this.#options.host.now())
    this.#driver.touch()
  }

  /** Asks the application for credentials: undefined when it has none, or does not say so in time. */
  #ask(): Promise<TurnCredentials | undefined> {
    const { server, host } = this.#options
    return new Promise(resolve => {
      const timer = host.schedule(host.now() + RENEWAL_TIMEOUT, () => end())
      const end = (credentials?: TurnCredentials): void => {
        timer.cancel()
        this.#giveUp = undefined
        resolve(credentials)
      }
      this.#giveUp = () => end()
      // The application's own failure: the server's refusal stands.
      void (async () => server.renew?.())().then(end, () => end())
    })
  }

  readonly #drain = (): void => {
    for (let event = this.#client.nextEvent(); event !== undefined; event = this.#client.nextEvent())
      this.#handle(event)
    if (this.#confirming !== undefined && this.#client.refreshedAt >= this.#confirming.since) this.#confirming.end(true)
  }

  #handle(event: TurnEvent): void {
    switch (event.type) {
      case 'allocated': {
        const { relayed, mapped } = this.#client
        this.#settle?.({ relayed, ...(mapped && { mapped }) })
        this.#settle = undefined
        break
      }
      case 'failed': {
        const { code, reason, alternate } = event
        // It knows our port by another allocation, one that was not given back (RFC 8656, 7.4).
        const elsewhere = code === ErrorCode.allocationMismatch ? { elsewhere: {} } : undefined
        this.#fail({ code, text: reason, ...(alternate && { alternate }), ...elsewhere })
        break
      }
      case 'credentials':
        void this.#renew()
        break
      case 'peer-refused':
        // The peer's candidate fails by its unanswered checks.
        break
    }
  }

  #fail(failure: RelayFailure): void {
    const settle = this.#settle
    this.#settle = undefined
    if (settle !== undefined) settle(failure)
    else this.#options.lost(failure)
  }
}
