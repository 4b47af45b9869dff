/** What transceivers and their senders and receivers see of their connection. */

import { hex } from '../bytes/index.ts'
import { randomBytes } from '../machine/index.ts'
import type { Session } from '../session/index.ts'
import type { Connectivity } from './connectivity.ts'
import type { RTCDtlsTransport } from './dtls-transport.ts'
import type { ConnectionHost } from './host-symbol.ts'
import type { MediaConnection } from './media.ts'
import type { MediaSelector } from './media-slots.ts'
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
  dispatch(event: Event): void
  stats(selector?: MediaSelector): Promise<RTCStatsReport>
}

export class MediaAccess implements MediaConnection {
  readonly #home: MediaHome
  readonly #world: ConnectionHost

  constructor(home: MediaHome, world: ConnectionHost) {
    this.#home = home
    this.#world = world
  }

  get closed(): boolean {
    return this.#home.closed
  }

  get session(): Session {
    return this.#home.session
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

  touch(): void {
    this.#home.touch()
  }

  dispatch(event: Event): void {
    this.#home.dispatch(event)
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
