/**
 * The base of TCP simultaneous-open candidates (RFC 6544, 3): both sides connect, each from the port that the other
 * connects to, so that their SYNs cross and each NAT on the way sees an answer to what went out.
 *
 * Until it has something to send it listens, which also keeps the port. Some platforms cannot connect from a port that
 * listens: there it stops listening at its first attempt. An attempt that is refused came before the other side's, and
 * is made again a moment later, for as long as a check may last.
 */

import type { Packet } from '../bytes/index.ts'
import {
  type Cancellable,
  type Host,
  randomUnit,
  type StreamHandlers,
  type StreamListener,
  type StreamSocket,
} from '../machine/index.ts'
import type { Base } from './base.ts'
import { bindFirstFree } from './port-range.ts'
import { createTcpCounters, type TcpConnection } from './tcp-connection.ts'
import { TcpConnections } from './tcp-connections.ts'
import type { TcpListeningOptions } from './tcp-passive.ts'
import { TcpStrangers } from './tcp-strangers.ts'

const MOST_CONNECTIONS = 32
const STRANGERS = { most: 32, mostOfOne: 8 }
/** Milliseconds: how long attempts go on, how long one lasts, and between one and the next (half of it is chance). */
const PATIENCE = 15_000
const ATTEMPT = 3_000
const PAUSE = 100

export class TcpSimultaneousBase implements Base {
  readonly protocol = 'tcp'
  readonly counters = createTcpCounters()
  readonly address: string
  readonly #host: Host
  readonly #connections: TcpConnections
  readonly #strangers: TcpStrangers
  readonly #pauses = new Set<Cancellable>()
  #listener: StreamListener | undefined
  #port = 0

  /** For `openTcpSimultaneousBase` only. */
  constructor(host: Host, options: TcpListeningOptions) {
    this.address = options.address
    this.#host = host
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

  /** How many connections there are, those under way and those that have not brought a check yet included. */
  get connections(): number {
    return this.#connections.size + this.#strangers.size
  }

  /** For `openTcpSimultaneousBase` only. */
  accept(socket: StreamSocket): StreamHandlers | undefined {
    const { remoteAddress, remotePort } = socket
    if (this.#connections.closed) return undefined
    const expected = this.#connections.find(remoteAddress, remotePort)
    if (expected === undefined || expected.established) return this.#strangers.accept(socket)
    // Whom we are connecting to has been faster.
    this.counters.accepted++
    expected.attach(socket)
    return expected.handlers()
  }

  /** For `openTcpSimultaneousBase` only. */
  listen(listener: StreamListener): void {
    this.#listener = listener
    this.#port = listener.port
  }

  send(packet: Packet, address: string, port: number): void {
    let connection = this.#connections.find(address, port)
    if (connection === undefined) {
      connection = this.#connections.create(address, port)
      if (connection === undefined) {
        this.counters.droppedUnconnected++
        packet.release()
        return
      }
      void this.#attempt(connection, this.#host.now() + PATIENCE)
    }
    connection.send(packet)
  }

  close(): void {
    for (const pause of this.#pauses) pause.cancel()
    this.#pauses.clear()
    this.#listener?.close()
    this.#strangers.close()
    this.#connections.close()
  }

  async #attempt(connection: TcpConnection, until: number): Promise<void> {
    const { address: remoteAddress, port: remotePort } = connection
    try {
      const socket = await this.#host.openStream({
        remoteAddress,
        remotePort,
        address: this.address,
        port: this.#port,
        timeout: ATTEMPT,
        ...connection.handlers(),
      })
      this.counters.connected++
      connection.attach(socket)
    } catch (error) {
      if (connection.closed || connection.established) return
      const { code } = error as { code?: unknown }
      const now = this.#host.now()
      if (now >= until) {
        this.counters.failedConnects++
        connection.fail(now)
        return
      }
      if (code === 'EADDRINUSE') {
        this.#listener?.close()
        this.#listener = undefined
      }
      const pause = this.#host.schedule(now + PAUSE * (0.5 + randomUnit(this.#host.random)), () => {
        this.#pauses.delete(pause)
        if (!connection.closed && !connection.established) void this.#attempt(connection, until)
      })
      this.#pauses.add(pause)
    }
  }
}

/** Opens a TCP simultaneous-open base. Never rejects: undefined when no port could be bound. */
export const openTcpSimultaneousBase = async (
  host: Host,
  options: TcpListeningOptions,
): Promise<TcpSimultaneousBase | undefined> => {
  const base = new TcpSimultaneousBase(host, options)
  const { address } = options
  const listener = await bindFirstFree(options.portRange, host.random, port =>
    host.listenStream({ address, port, accept: socket => base.accept(socket) }),
  )
  if (listener === undefined) return undefined
  base.listen(listener)
  return base
}
