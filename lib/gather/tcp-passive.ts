/** The base of TCP passive candidates (RFC 6544, 3): it listens, and is connected to. */

import type { Packet } from '../bytes/index.ts'
import type { Host, StreamHandlers, StreamListener, StreamSocket } from '../machine/index.ts'
import type { Base, PortRange } from './base.ts'
import { bindFirstFree } from './port-range.ts'
import type { TcpBaseOptions } from './tcp-active.ts'
import { createTcpCounters } from './tcp-connection.ts'
import { TcpConnections } from './tcp-connections.ts'
import { TcpStrangers } from './tcp-strangers.ts'

/** Connections at once, those that wait for their first check, and of these from one address. */
const MOST_CONNECTIONS = 32
const STRANGERS = { most: 32, mostOfOne: 8 }

export interface TcpListeningOptions extends TcpBaseOptions {
  /** The ports to choose from: from a random one on, at most 256 are tried. By default whichever is free. */
  readonly portRange?: PortRange
}

export class TcpPassiveBase implements Base {
  readonly protocol = 'tcp'
  readonly counters = createTcpCounters()
  readonly address: string
  #listener: StreamListener | undefined
  #port = 0
  readonly #connections: TcpConnections
  readonly #strangers: TcpStrangers

  /** For `openTcpPassiveBase` only. */
  constructor(host: Host, options: TcpListeningOptions) {
    this.address = options.address
    this.#connections = new TcpConnections(host, { ...options, most: MOST_CONNECTIONS }, this.counters)
    this.#strangers = new TcpStrangers(host, STRANGERS, this.counters, (connection, message, now) => {
      this.#strangers.release(connection)
      if (!this.#connections.add(connection)) return false
      this.#connections.received(connection, message.bytes, now)
      return true
    })
  }

  get port(): number {
    return this.#port
  }

  /** How many connections there are, those that have not brought a check yet included. */
  get connections(): number {
    return this.#connections.size + this.#strangers.size
  }

  /** For `openTcpPassiveBase` only. */
  accept(socket: StreamSocket): StreamHandlers | undefined {
    return this.#connections.closed ? undefined : this.#strangers.accept(socket)
  }

  /** For `openTcpPassiveBase` only. */
  listen(listener: StreamListener): void {
    this.#listener = listener
    this.#port = listener.port
  }

  /** Sends over the connection that came from there; without one, drops the packet. */
  send(packet: Packet, address: string, port: number): void {
    const connection = this.#connections.find(address, port)
    if (connection === undefined) {
      this.counters.droppedUnconnected++
      packet.release()
    } else {
      connection.send(packet)
    }
  }

  close(): void {
    this.#listener?.close()
    this.#strangers.close()
    this.#connections.close()
  }
}

/** Opens a TCP passive base. Never rejects: undefined when no port could be bound. */
export const openTcpPassiveBase = async (
  host: Host,
  options: TcpListeningOptions,
): Promise<TcpPassiveBase | undefined> => {
  const base = new TcpPassiveBase(host, options)
  const { address } = options
  const listener = await bindFirstFree(options.portRange, host.random, port =>
    host.listenStream({ address, port, accept: socket => base.accept(socket) }),
  )
  if (listener === undefined) return undefined
  base.listen(listener)
  return base
}
