/**
 * Accepted TCP connections that have not said yet what they are here for.
 *
 * Anybody can connect, to hold what a connection costs. So few may wait, of one address fewer; the first frame must be a
 * whole connectivity check and come within ten seconds, however slowly its bytes trickle in.
 */

import type { Cancellable, Host, StreamHandlers, StreamSocket } from '../machine/index.ts'
import { decodeStun, Method, type StunMessage, verifyFingerprint } from '../stun/index.ts'
import { TcpConnection, type TcpConnectionOwner, type TcpCounters } from './tcp-connection.ts'

/** Milliseconds in which the first check must come. */
const PATIENCE = 10_000
/** Bytes of a check at most: a user name of 508 and the rest of it. */
const LONGEST_CHECK = 2048
const LONGEST_FRAME = 0xffff

/**
 * Judges a check: true when the connection has been handed on to another owner (who takes the message too), false to
 * close it, undefined to leave it waiting.
 */
export type Adopt = (connection: TcpConnection, message: StunMessage, now: number) => boolean | undefined

export interface StrangerBounds {
  /** How many may wait in all, and of one remote address. */
  readonly most: number
  readonly mostOfOne: number
}

export class TcpStrangers implements TcpConnectionOwner {
  readonly #host: Host
  readonly #bounds: StrangerBounds
  readonly #counters: TcpCounters
  readonly #adopt: Adopt
  /** In the order in which they came, with the time at which they must be gone. */
  readonly #waiting = new Map<TcpConnection, number>()
  readonly #ofAddress = new Map<string, number>()
  #timer: Cancellable | undefined

  constructor(host: Host, bounds: StrangerBounds, counters: TcpCounters, adopt: Adopt) {
    this.#host = host
    this.#bounds = bounds
    this.#counters = counters
    this.#adopt = adopt
  }

  get size(): number {
    return this.#waiting.size
  }

  /** A connection came in; undefined refuses it. */
  accept(socket: StreamSocket): StreamHandlers | undefined {
    const { remoteAddress, remotePort } = socket
    const ofOne = this.#ofAddress.get(remoteAddress) ?? 0
    if (this.#waiting.size >= this.#bounds.most || ofOne >= this.#bounds.mostOfOne) {
      this.#counters.overBound++
      return undefined
    }
    const connection = new TcpConnection(this, remoteAddress, remotePort, this.#counters, () => this.#host.now())
    connection.frameLimit = LONGEST_CHECK
    connection.attach(socket)
    this.#ofAddress.set(remoteAddress, ofOne + 1)
    this.#waiting.set(connection, this.#host.now() + PATIENCE)
    this.#timer ??= this.#host.schedule(this.#host.now() + PATIENCE, this.#expire)
    this.#counters.accepted++
    return connection.handlers()
  }

  /** The one from that address, to be handed on after all. */
  find(address: string, port: number): TcpConnection | undefined {
    for (const connection of this.#waiting.keys()) {
      if (connection.port === port && connection.address === address) return connection
    }
    return undefined
  }

  /** It has been handed on. */
  release(connection: TcpConnection): void {
    connection.frameLimit = LONGEST_FRAME
    this.#remove(connection)
  }

  received(connection: TcpConnection, frame: Uint8Array, now: number): void {
    const message = decodeStun(frame)
    const isCheck = message?.kind === 'request' && message.method === Method.binding && verifyFingerprint(message)
    const adopted = isCheck ? this.#adopt(connection, message, now) : false
    if (adopted === false) this.#dismiss(connection)
  }

  over(connection: TcpConnection): void {
    this.#counters.strangersClosed++
    this.#remove(connection)
  }

  close(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    for (const connection of this.#waiting.keys()) connection.close()
    this.#waiting.clear()
    this.#ofAddress.clear()
  }

  #dismiss(connection: TcpConnection): void {
    this.#counters.strangersClosed++
    this.#remove(connection)
    connection.close()
  }

  #remove(connection: TcpConnection): void {
    if (!this.#waiting.delete(connection)) return
    const left = (this.#ofAddress.get(connection.address) ?? 1) - 1
    if (left > 0) this.#ofAddress.set(connection.address, left)
    else this.#ofAddress.delete(connection.address)
  }

  readonly #expire = (now: number): void => {
    this.#timer = undefined
    for (const [connection, until] of this.#waiting) {
      if (until > now) {
        this.#timer = this.#host.schedule(until, this.#expire)
        return
      }
      this.#dismiss(connection)
    }
  }
}
