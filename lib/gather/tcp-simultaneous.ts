/**
 * The base of TCP simultaneous-open candidates (RFC 6544, 3): both sides connect, each from the port that the other
 * connects to, so that their SYNs cross and each NAT on the way sees an answer to what went out.
 *
 * Between attempts it listens, which keeps the port and meets a peer whose attempt comes then. Some platforms cannot
 * connect from a port that listens (Linux without SO_REUSEPORT): there it stops listening for each attempt. An attempt
 * that is refused did not meet the other side's and is made again after a moment of random length; so is one whose
 * stream ends before anything came: the other side had stopped listening before it took it.
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
/** Milliseconds: how long attempts go on, how long one lasts, and the longest pause before the first and any other. */
const PATIENCE = 15_000
const ATTEMPT = 3_000
const FIRST_PAUSE = 50
const PAUSE = 200

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
  /** Whether the platform does not connect from a port that listens. */
  #exclusive = false
  /** Whether it is about to listen again. */
  #listening = false

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
    if (expected === undefined || expected.heard) return this.#strangers.accept(socket)
    // Whom we are connecting to has been faster.
    this.counters.accepted++
    expected.replace(socket)
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
      this.#begin(connection)
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

  #begin(connection: TcpConnection): void {
    const begun = this.#host.now()
    connection.revive = now => {
      if (now < begun + PATIENCE) {
        this.#pauseThenAttempt(connection, now, PAUSE)
      } else {
        this.counters.failedConnects++
        connection.fail(now)
      }
    }
    // Two that begin at one moment would each stop listening for the other.
    this.#pauseThenAttempt(connection, begun, FIRST_PAUSE)
  }

  #pauseThenAttempt(connection: TcpConnection, now: number, longest: number): void {
    const pause = this.#host.schedule(now + longest * randomUnit(this.#host.random), () => {
      this.#pauses.delete(pause)
      if (!connection.closed && !connection.established) void this.#attempt(connection)
    })
    this.#pauses.add(pause)
  }

  async #attempt(connection: TcpConnection): Promise<void> {
    try {
      const socket = await this.#connect(connection)
      this.counters.connected++
      connection.attach(socket)
    } catch {
      if (!connection.closed && !connection.established) connection.revive?.(this.#host.now())
    }
    if (this.#listener === undefined) await this.#listenAgain()
  }

  /** Connects from our port; on a platform that refuses while it listens, stops that first. */
  async #connect(connection: TcpConnection): Promise<StreamSocket> {
    const options = {
      remoteAddress: connection.address,
      remotePort: connection.port,
      address: this.address,
      port: this.#port,
      timeout: ATTEMPT,
      ...connection.handlers(),
    }
    if (this.#exclusive) this.#stopListening()
    try {
      return await this.#host.openStream(options)
    } catch (error) {
      const { code } = error as { code?: unknown }
      if (code !== 'EADDRINUSE' || this.#listener === undefined || connection.established) throw error
      this.#exclusive = true
      this.#stopListening()
      return await this.#host.openStream(options)
    }
  }

  #stopListening(): void {
    this.#listener?.close()
    this.#listener = undefined
  }

  /** Listens as before; where that cannot be at present, the next attempt's end tries again. */
  async #listenAgain(): Promise<void> {
    if (this.#listening || this.#connections.closed) return
    this.#listening = true
    try {
      const { address } = this
      const accept = (socket: StreamSocket): StreamHandlers | undefined => this.accept(socket)
      const listener = await this.#host.listenStream({ address, port: this.#port, accept })
      if (this.#connections.closed) listener.close()
      else this.#listener = listener
    } catch {
      // Somebody else has the port now, or one of our own attempts does.
    } finally {
      this.#listening = false
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
