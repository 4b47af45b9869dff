/** What the TCP bases that listen have in common (RFC 6544, 3): their port, and who connects to it without being known. */

import type { Host, StreamHandlers, StreamListener, StreamSocket } from '../machine/index.ts'
import type { PortRange } from './base.ts'
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

export abstract class TcpListeningBase {
  readonly protocol = 'tcp'
  readonly counters = createTcpCounters()
  readonly address: string
  protected readonly tcpConnections: TcpConnections
  protected readonly strangers: TcpStrangers
  protected listener: StreamListener | undefined
  #port = 0

  constructor(host: Host, options: TcpListeningOptions) {
    this.address = options.address
    this.tcpConnections = new TcpConnections(host, { ...options, most: MOST_CONNECTIONS }, this.counters)
    this.strangers = new TcpStrangers(host, STRANGERS, this.counters, (connection, message, now) => {
      this.strangers.release(connection)
      if (!this.tcpConnections.add(connection)) return false
      this.tcpConnections.received(connection, message.bytes, now)
      return true
    })
  }

  get port(): number {
    return this.#port
  }

  /** How many connections there are, those under way and those that have not brought a check yet included. */
  get connections(): number {
    return this.tcpConnections.size + this.strangers.size
  }

  /** For whoever opens the base only. */
  listen(listener: StreamListener): void {
    this.listener = listener
    this.#port = listener.port
  }

  /** For the listener only. */
  abstract accept(socket: StreamSocket): StreamHandlers | undefined

  close(): void {
    this.listener?.close()
    this.strangers.close()
    this.tcpConnections.close()
  }
}

/** Lets a base listen. Never rejects: undefined when no port could be bound. */
export const openListening = async <B extends TcpListeningBase>(
  host: Host,
  base: B,
  portRange: PortRange | undefined,
): Promise<B | undefined> => {
  const { address } = base
  const listener = await bindFirstFree(portRange, host.random, port =>
    host.listenStream({ address, port, accept: socket => base.accept(socket) }),
  )
  if (listener === undefined) return undefined
  base.listen(listener)
  return base
}
