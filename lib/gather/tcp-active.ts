/**
 * The base of TCP active candidates (RFC 6544, 3): it connects to wherever something is sent.
 *
 * A peer that shares one port among its connections takes a stream to be for whom its first check names, for good. After
 * an ICE restart that must be the new user name, so that a stream on which nothing came of the old one is made anew.
 */

import type { Packet } from '../bytes/index.ts'
import type { Host } from '../machine/index.ts'
import { Attribute, decodeStun, readUsername } from '../stun/index.ts'
import type { Base, BaseSink, LostSink } from './base.ts'
import { createTcpCounters, type TcpConnection } from './tcp-connection.ts'
import { TcpConnections } from './tcp-connections.ts'
import { classOf, isStun } from './udp-mux-share.ts'

/** What stands for the port of a side that only connects: the discard port (RFC 6544, 4.5). */
const DISCARD_PORT = 9
/** Connections at once: a remote candidate each. */
const MOST_CONNECTIONS = 64
/** User names that are told apart: of the present generation, and of those that may still be asking. */
const MOST_NAMES = 4
const REQUEST = 0
const NOTHING = new Uint8Array()

/** The user name of a check; undefined for all else that is sent. */
const checkName = (packet: Packet): string | undefined => {
  const { bytes, start, end } = packet
  if (!isStun(bytes, start, end) || classOf(bytes, start) !== REQUEST) return undefined
  return readUsername(decodeStun(packet.view())?.find(Attribute.username) ?? NOTHING)
}

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
  /** The user names of checks, newest last. */
  #names: readonly string[] = []
  /** Whom a connection's first check has named. */
  readonly #namedBy = new WeakMap<TcpConnection, string>()

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
    const name = checkName(packet)
    if (name !== undefined && !this.#names.includes(name)) {
      this.#names = [...this.#names.slice(1 - MOST_NAMES), name]
    }
    let connection = this.#connections.find(address, port)
    if (connection === undefined || this.#isOutdated(connection, name)) {
      // One that is there already is closed without a word.
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
      if (name !== undefined) this.#namedBy.set(connection, name)
      void this.#connect(connection)
    }
    connection.send(packet)
  }

  close(): void {
    this.#connections.close()
  }

  /** Whether nothing has come of a connection that an older user name was the first on. */
  #isOutdated(connection: TcpConnection, name: string | undefined): boolean {
    const former = this.#namedBy.get(connection)
    if (name === undefined || former === undefined || connection.proved) return false
    return this.#names.indexOf(former) < this.#names.indexOf(name)
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
