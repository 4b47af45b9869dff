/** The base of one connection on a shared TCP port: the TCP connections that brought a check for its fragments. */

import type { Packet } from '../bytes/index.ts'
import type { Host } from '../machine/index.ts'
import type { Base, BaseSink, LostSink } from './base.ts'
import type { TcpConnection, TcpCounters } from './tcp-connection.ts'
import { TcpConnections } from './tcp-connections.ts'

/** What a share asks of its port. */
export interface TcpShareOwner {
  readonly address: string
  readonly port: number
  readonly counters: TcpCounters
  claim(share: TcpMuxShare, fragments: readonly string[], former: readonly string[]): boolean
  leave(share: TcpMuxShare): void
}

export interface TcpMuxShareOptions {
  readonly receive: BaseSink
  readonly lost: LostSink
  /** The port was closed under the share, and its connections with it. Not told after `close`. */
  readonly gone?: () => void
}

/** TCP connections of one share at once. */
const MOST_CONNECTIONS = 32

export class TcpMuxShare implements Base {
  readonly protocol = 'tcp'
  readonly #owner: TcpShareOwner
  readonly #options: TcpMuxShareOptions
  readonly #connections: TcpConnections
  #fragments: readonly string[] = []
  #closed = false

  /** For `TcpMuxPort.share` only. */
  constructor(host: Host, owner: TcpShareOwner, options: TcpMuxShareOptions) {
    this.#owner = owner
    this.#options = options
    this.#connections = new TcpConnections(host, { ...options, most: MOST_CONNECTIONS }, owner.counters)
  }

  get address(): string {
    return this.#owner.address
  }

  get port(): number {
    return this.#owner.port
  }

  /** How many TCP connections it has. */
  get connections(): number {
    return this.#connections.size
  }

  /**
   * Says by which user-name fragments TCP connections are led here, in place of those said before: the present
   * generation's, and at a restart for a while the former one's too. Connections that are here stay.
   * @returns False when another share has one of them: connections for that go on to the other.
   */
  fragments(list: readonly string[]): boolean {
    if (this.#closed) return false
    const former = this.#fragments
    this.#fragments = [...list]
    return this.#owner.claim(this, this.#fragments, former)
  }

  /** Sends over the connection that came from there; without one, drops the packet. */
  send(packet: Packet, address: string, port: number): void {
    const connection = this.#connections.find(address, port)
    if (connection === undefined) {
      this.#owner.counters.droppedUnconnected++
      packet.release()
    } else {
      connection.send(packet)
    }
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#owner.claim(this, [], this.#fragments)
    this.#owner.leave(this)
    this.#connections.close()
  }

  /** For its port only: takes a connection that brought a check for one of the fragments; false when it is full. */
  take(connection: TcpConnection): boolean {
    return this.#connections.add(connection)
  }

  /** For its port only: what the connection brought before it was taken. May be overwritten. */
  receive(connection: TcpConnection, message: Uint8Array, now: number): void {
    this.#connections.received(connection, message, now)
  }

  /** For its port only: the port is closed. */
  abandon(): void {
    if (this.#closed) return
    this.close()
    this.#options.gone?.()
  }
}
