/** The base of TCP active candidates (RFC 6544, 3): it connects to wherever something is sent. */

import type { Packet } from '../bytes/index.ts'
import type { Host } from '../machine/index.ts'
import type { Base, BaseSink, LostSink } from './base.ts'
import { createTcpCounters, type TcpConnection } from './tcp-connection.ts'
import { TcpConnections } from './tcp-connections.ts'

/** What stands for the port of a side that only connects: the discard port (RFC 6544, 4.5). */
const DISCARD_PORT = 9
/** Connections at once: a remote candidate each. */
const MOST_CONNECTIONS = 64

export interface TcpBaseOptions {
  /** The address to connect from or to listen on, as `InterfaceAddress.address`. */
  readonly address: string
  readonly receive: BaseSink
  readonly lost: LostSink
}

export class TcpActiveBase implements Base {
  readonly protocol = 'tcp'
  readonly port = DISCARD_PORT
  readonly address: string
  readonly counters = createTcpCounters()
  readonly #host: Host
  readonly #options: TcpBaseOptions
  readonly #connections: TcpConnections

  constructor(host: Host, options: TcpBaseOptions) {
    this.address = options.address
    this.#host = host
    this.#options = options
    this.#connections = new TcpConnections(host, { ...options, most: MOST_CONNECTIONS }, this.counters)
  }

  /** How many connections there are, those under way included. */
  get connections(): number {
    return this.#connections.size
  }

  send(packet: Packet, address: string, port: number): void {
    let connection = this.#connections.find(address, port)
    if (connection === undefined) {
      connection = this.#connections.create(address, port)
      if (connection === undefined) {
        packet.release()
        this.counters.droppedUnconnected++
        // In a later turn: whoever sends does not expect to be told meanwhile.
        this.#host.queueTask(() => {
          if (!this.#connections.closed) this.#options.lost(address, port, this.#host.now())
        })
        return
      }
      void this.#connect(connection)
    }
    connection.send(packet)
  }

  close(): void {
    this.#connections.close()
  }

  async #connect(connection: TcpConnection): Promise<void> {
    try {
      const { address: remoteAddress, port: remotePort } = connection
      const handlers = connection.handlers()
      const socket = await this.#host.openStream({ remoteAddress, remotePort, address: this.address, ...handlers })
      this.counters.connected++
      connection.attach(socket)
    } catch {
      this.counters.failedConnects++
      connection.fail(this.#host.now())
    }
  }
}
