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
import { type Cancellable, type Host, randomUnit, type StreamHandlers, type StreamSocket } from '../machine/index.ts'
import type { Base } from './base.ts'
import type { TcpConnection } from './tcp-connection.ts'
import { openListening, TcpListeningBase, type TcpListeningOptions } from './tcp-listening.ts'

/** Milliseconds: how long attempts go on, how long one lasts, and the longest pause before the first and any other. */
const PATIENCE = 15_000
const ATTEMPT = 3_000
const FIRST_PAUSE = 50
const PAUSE = 200

export class TcpSimultaneousBase extends TcpListeningBase implements Base {
  readonly #host: Host
  readonly #pauses = new Set<Cancellable>()
  /** Whether the platform does not connect from a port that listens. */
  #exclusive = false
  /** Whether it is about to listen again. */
  #listening = false

  /** For `openTcpSimultaneousBase` only. */
  constructor(host: Host, options: TcpListeningOptions) {
    super(host, options)
    this.#host = host
  }

  /** For the listener only. */
  accept(socket: StreamSocket): StreamHandlers | undefined {
    const { remoteAddress, remotePort } = socket
    if (this.tcpConnections.closed) return undefined
    const expected = this.tcpConnections.find(remoteAddress, remotePort)
    if (expected === undefined || expected.heard) return this.strangers.accept(socket)
    // Whom we are connecting to has been faster.
    this.counters.accepted++
    expected.replace(socket)
    return expected.handlers()
  }

  send(packet: Packet, address: string, port: number): void {
    let connection = this.tcpConnections.find(address, port)
    if (connection === undefined) {
      connection = this.tcpConnections.create(address, port)
      if (connection === undefined) {
        this.counters.droppedUnconnected++
        packet.release()
        return
      }
      this.#begin(connection)
    }
    connection.send(packet)
  }

  override close(): void {
    for (const pause of this.#pauses) pause.cancel()
    this.#pauses.clear()
    super.close()
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
    if (this.listener === undefined) await this.#listenAgain()
  }

  /** Connects from our port; on a platform that refuses while it listens, stops that first. */
  async #connect(connection: TcpConnection): Promise<StreamSocket> {
    const options = {
      remoteAddress: connection.address,
      remotePort: connection.port,
      address: this.address,
      port: this.port,
      timeout: ATTEMPT,
      ...connection.handlers(),
    }
    if (this.#exclusive) this.#stopListening()
    try {
      return await this.#host.openStream(options)
    } catch (error) {
      const { code } = error as { code?: unknown }
      if (code !== 'EADDRINUSE' || this.listener === undefined || connection.established) throw error
      this.#exclusive = true
      this.#stopListening()
      return await this.#host.openStream(options)
    }
  }

  #stopListening(): void {
    this.listener?.close()
    this.listener = undefined
  }

  /** Listens as before; where that cannot be at present, the next attempt's end tries again. */
  async #listenAgain(): Promise<void> {
    if (this.#listening || this.tcpConnections.closed) return
    this.#listening = true
    try {
      const { address } = this
      const accept = (socket: StreamSocket): StreamHandlers | undefined => this.accept(socket)
      const listener = await this.#host.listenStream({ address, port: this.port, accept })
      if (this.tcpConnections.closed) listener.close()
      else this.listener = listener
    } catch {
      // Somebody else has the port now, or one of our own attempts does.
    } finally {
      this.#listening = false
    }
  }
}

/** Opens a TCP simultaneous-open base. Never rejects: undefined when no port could be bound. */
export const openTcpSimultaneousBase = (
  host: Host,
  options: TcpListeningOptions,
): Promise<TcpSimultaneousBase | undefined> =>
  openListening(host, new TcpSimultaneousBase(host, options), options.portRange)
