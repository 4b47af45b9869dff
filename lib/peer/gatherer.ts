/**
 * Host candidates (RFC 8445, 5.1.1.1): one UDP socket for each address of the host, opened when a transport begins to
 * gather, kept through ICE restarts, closed with the connection.
 *
 * A socket that cannot be bound is left out; the others are not held up by it.
 */

import type { Packet } from '../bytes/index.ts'
import { selectHostAddresses } from '../ice/index.ts'
import { type DatagramSocket, type Host, randomU32 } from '../machine/index.ts'
import type { Configuration } from './configuration.ts'

/** What the gatherer tells its connection; sockets are known by number. */
export interface GathererOwner {
  readonly configuration: Configuration
  candidate(mid: string, host: { socket: number; address: string; port: number; interfaceName: string }): void
  ended(mid: string): void
  receive(packet: Uint8Array, socket: number, address: string, port: number, now: number): void
}

/** How many ports of a range are tried for one address before it is given up. */
const MOST_ATTEMPTS = 256

interface Bound {
  readonly socket: DatagramSocket
  readonly number: number
}

export class Gatherer {
  readonly #host: Host
  readonly #owner: GathererOwner
  readonly #sockets: (DatagramSocket | undefined)[] = []
  /** The sockets of each m-section's transport, by address: opened, or on their way. */
  readonly #bound = new Map<string, Map<string, Promise<Bound | undefined>>>()
  /** The last call of `gather` for each m-section: another replaces it. */
  readonly #calls = new Map<string, number>()
  #lastCall = 0
  #closed = false
  readonly counters = {
    /** Addresses on which no socket could be bound. */
    bindErrors: 0,
    /** Errors of sending and receiving that the platform told (ENETUNREACH, EPERM, ...). */
    socketErrors: 0,
  }

  constructor(host: Host, owner: GathererOwner) {
    this.#host = host
    this.#owner = owner
  }

  /**
   * Tells each socket of a transport as a candidate, and then the end; opens those that are not open yet. A transport
   * that is made anew for the m-section (after a rollback) takes over the sockets of the one before.
   */
  async gather(mid: string): Promise<void> {
    const call = ++this.#lastCall
    this.#calls.set(mid, call)
    const { includeLoopback, iceTransportPolicy } = this.#owner.configuration
    let bound = this.#bound.get(mid)
    if (bound === undefined) {
      bound = new Map()
      this.#bound.set(mid, bound)
    }
    // Under the relay policy no host candidate may be shown or used (RFC 9429, 4.1.1).
    const addresses = iceTransportPolicy === 'relay' ? [] : this.#host.interfaces()
    const opening: Promise<void>[] = []
    for (const { address, name } of selectHostAddresses(addresses, { includeLoopback: includeLoopback === true })) {
      let socket = bound.get(address)
      if (socket === undefined) {
        socket = this.#open(address)
        bound.set(address, socket)
      }
      opening.push(socket.then(found => this.#tell(mid, call, address, name, found)))
    }
    await Promise.all(opening)
    if (this.#isCurrent(mid, call)) this.#owner.ended(mid)
  }

  #isCurrent(mid: string, call: number): boolean {
    return !this.#closed && this.#calls.get(mid) === call
  }

  #tell(mid: string, call: number, address: string, interfaceName: string, bound: Bound | undefined): void {
    // Another attempt is made when it gathers again.
    if (bound === undefined) this.#bound.get(mid)?.delete(address)
    else if (this.#isCurrent(mid, call)) {
      const { number, socket } = bound
      this.#owner.candidate(mid, { socket: number, address: socket.address, port: socket.port, interfaceName })
    }
  }

  /** Sends from a socket, and releases the packet. */
  send(packet: Packet, socket: number, address: string, port: number): void {
    const bound = this.#sockets[socket]
    if (bound === undefined) packet.release()
    else bound.send(packet, address, port)
  }

  /** Closes the sockets of every m-section but these: no description names their transports any more. */
  keep(mids: ReadonlySet<string>): void {
    for (const [mid, bound] of this.#bound) {
      if (mids.has(mid)) continue
      this.#bound.delete(mid)
      this.#calls.delete(mid)
      for (const opening of bound.values()) {
        void opening.then(found => {
          if (found === undefined) return
          found.socket.close()
          this.#sockets[found.number] = undefined
        })
      }
    }
  }

  /** Closes every socket, those that are still being opened included. */
  close(): void {
    this.#closed = true
    for (const socket of this.#sockets) socket?.close()
  }

  async #open(address: string): Promise<Bound | undefined> {
    // The number is given out before the socket is bound, so that its order is that of the addresses.
    const number = this.#sockets.push(undefined) - 1
    const socket = await this.#bind(number, address)
    if (socket === undefined) {
      this.counters.bindErrors++
      return undefined
    }
    if (this.#closed) {
      socket.close()
      return undefined
    }
    this.#sockets[number] = socket
    return { socket, number }
  }

  async #bind(number: number, address: string): Promise<DatagramSocket | undefined> {
    for (const port of this.#ports()) {
      if (this.#closed) return undefined
      try {
        return await this.#host.openDatagram({
          address,
          port,
          receive: (packet, from, fromPort, now) => {
            if (!this.#closed) this.#owner.receive(packet, number, from, fromPort, now)
          },
          failed: () => {
            this.counters.socketErrors++
          },
        })
      } catch (error) {
        if ((error as { code?: unknown }).code !== 'EADDRINUSE') return undefined
      }
    }
    return undefined
  }

  /** The ports to try: any free one, or those of the range from a random one on. */
  *#ports(): Generator<number> {
    const range = this.#owner.configuration.portRange
    if (range === undefined) {
      yield 0
      return
    }
    const count = range.max - range.min + 1
    const first = randomU32(this.#host.random) % count
    for (let i = 0; i < Math.min(count, MOST_ATTEMPTS); i++) yield range.min + ((first + i) % count)
  }
}
