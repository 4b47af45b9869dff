/**
 * The TCP connections of one base, by remote transport address: bounded in number, and swept of those that have come to
 * nothing.
 *
 * A connection over which no check was ever authenticated is closed after half a minute, one over which nothing passes
 * after a minute: a path in use carries consent checks every few seconds (RFC 7675, 5.1), and the others only cost both
 * sides what a connection costs.
 */

import type { Cancellable, Host } from '../machine/index.ts'
import type { BaseSink, LostSink } from './base.ts'
import { TcpConnection, type TcpConnectionOwner, type TcpCounters } from './tcp-connection.ts'

/** Milliseconds between two sweeps. */
const SWEEP = 5_000
/** Sweeps that a connection is left without anything authenticated, and without anything at all. */
const UNPROVED_SWEEPS = 6
const IDLE_SWEEPS = 12

export interface TcpConnectionsOptions {
  readonly receive: BaseSink
  readonly lost: LostSink
  /** How many there may be. */
  readonly most: number
}

export class TcpConnections implements TcpConnectionOwner {
  readonly #host: Host
  readonly #options: TcpConnectionsOptions
  readonly #counters: TcpCounters
  readonly #connections = new Map<string, Map<number, TcpConnection>>()
  #size = 0
  #timer: Cancellable | undefined
  #closed = false

  constructor(host: Host, options: TcpConnectionsOptions, counters: TcpCounters) {
    this.#host = host
    this.#options = options
    this.#counters = counters
  }

  get size(): number {
    return this.#size
  }

  get closed(): boolean {
    return this.#closed
  }

  find(address: string, port: number): TcpConnection | undefined {
    return this.#connections.get(address)?.get(port)
  }

  /** A connection to be established; undefined when there are too many. */
  create(address: string, port: number): TcpConnection | undefined {
    const now = (): number => this.#host.now()
    const connection = new TcpConnection(this, address, port, this.#counters, now)
    connection.outgoing = true
    return this.add(connection) ? connection : undefined
  }

  /**
   * Takes in a connection. One with the same remote address is over then, without a word: it is the same peer's. When
   * there are too many, the oldest that nothing authenticated came of makes room, and is told as lost.
   * @returns False when there is no room.
   */
  add(connection: TcpConnection): boolean {
    if (this.#closed) return false
    const { address, port } = connection
    const former = this.find(address, port)
    if (former !== undefined) {
      this.#remove(former)
      former.close()
    }
    if (this.#size >= this.#options.most && !this.#makeRoom()) {
      this.#counters.overBound++
      return false
    }
    connection.owner = this
    connection.age = 0
    let ports = this.#connections.get(address)
    if (ports === undefined) {
      ports = new Map()
      this.#connections.set(address, ports)
    }
    ports.set(port, connection)
    this.#size++
    this.#timer ??= this.#host.schedule(this.#host.now() + SWEEP, this.#sweep)
    return true
  }

  received(connection: TcpConnection, frame: Uint8Array, now: number): void {
    this.#options.receive(frame, connection.address, connection.port, now)
  }

  over(connection: TcpConnection, now: number): void {
    this.#remove(connection)
    if (!this.#closed) this.#options.lost(connection.address, connection.port, now)
  }

  /** Ends all, telling nobody. */
  close(): void {
    this.#closed = true
    this.#timer?.cancel()
    this.#timer = undefined
    for (const connection of this.#all()) connection.close()
    this.#connections.clear()
    this.#size = 0
  }

  #all(): TcpConnection[] {
    return [...this.#connections.values()].flatMap(ports => [...ports.values()])
  }

  #makeRoom(): boolean {
    let oldest: TcpConnection | undefined
    for (const connection of this.#all()) {
      if (!connection.proved && (oldest === undefined || connection.age > oldest.age)) oldest = connection
    }
    if (oldest === undefined) return false
    this.#counters.overBound++
    oldest.fail(this.#host.now())
    return this.#size < this.#options.most
  }

  #remove(connection: TcpConnection): void {
    const ports = this.#connections.get(connection.address)
    if (ports?.get(connection.port) !== connection) return
    ports.delete(connection.port)
    if (ports.size === 0) this.#connections.delete(connection.address)
    this.#size--
  }

  readonly #sweep = (now: number): void => {
    this.#timer = undefined
    for (const connection of this.#all()) {
      connection.age++
      connection.idle++
      if (connection.idle < IDLE_SWEEPS && (connection.proved || connection.age < UNPROVED_SWEEPS)) continue
      this.#counters.idleClosed++
      connection.fail(now)
    }
    if (this.#size > 0 && !this.#closed) this.#timer ??= this.#host.schedule(now + SWEEP, this.#sweep)
  }
}
