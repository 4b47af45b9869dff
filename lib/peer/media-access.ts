/** What transceivers and their senders and receivers see of their connection. */

import { hex } from '../bytes/index.ts'
import { type Cancellable, randomBytes } from '../machine/index.ts'
import type { Session } from '../session/index.ts'
import type { Callbacks } from './callbacks.ts'
import type { Connectivity } from './connectivity.ts'
import type { RTCDtlsTransport } from './dtls-transport.ts'
import type { ConnectionHost } from './host-symbol.ts'
import type { MediaOwner, MediaSelector } from './media-owner.ts'
import type { Negotiator } from './negotiator.ts'
import type { RTCStatsReport } from './stats/report.ts'

/** The connection, as far as media reach it. */
export interface MediaHome {
  readonly closed: boolean
  readonly session: Session
  readonly negotiator: Negotiator
  readonly connectivity: Connectivity
  now(): number
  queueTask(task: () => void): void
  touch(): void
  flushSoon(): void
  stats(selector?: MediaSelector): Promise<RTCStatsReport>
}

export class MediaAccess implements MediaOwner {
  readonly #home: MediaHome
  readonly #world: ConnectionHost
  readonly #callbacks: Callbacks

  constructor(home: MediaHome, world: ConnectionHost, callbacks: Callbacks) {
    this.#home = home
    this.#world = world
    this.#callbacks = callbacks
  }

  get closed(): boolean {
    return this.#home.closed
  }

  get session(): Session {
    return this.#home.session
  }

  get connected(): boolean {
    return this.#home.connectivity.connectionState === 'connected'
  }

  get timeOrigin(): number {
    return this.#world.host.timeOrigin
  }

  now(): number {
    return this.#home.now()
  }

  queueTask(task: () => void): void {
    this.#home.queueTask(task)
  }

  queueLastingTask(task: () => void): void {
    this.#world.host.queueTask(task)
  }

  touch(): void {
    this.#home.touch()
  }

  flushSoon(): void {
    this.#home.flushSoon()
  }

  schedule(at: number, task: () => void): Cancellable {
    return this.#world.host.schedule(at, task)
  }

  enter(): boolean {
    const outer = this.#callbacks.running
    this.#callbacks.running = true
    return outer
  }

  leave(outer: boolean): void {
    this.#callbacks.running = outer
  }

  chain<T>(context: string, operation: () => Promise<T>): Promise<T> {
    return this.#home.negotiator.chain(context, operation)
  }

  negotiationChanged(): void {
    this.#home.negotiator.changed()
  }

  transportOf(mid: string): RTCDtlsTransport | null {
    return this.#home.connectivity.transports.find(mid)?.dtls ?? null
  }

  statsOf(selector: MediaSelector): Promise<RTCStatsReport> {
    return this.#home.stats(selector)
  }

  randomText(): string {
    return hex(randomBytes(this.#world.crypto.random, 16))
  }
}
