/**
 * One TCP port for any number of connections: for peers whose networks let only TCP out, a server's port 443.
 *
 * The candidates of its shares are passive (RFC 6544). Nothing in it is global, as in `UdpMux`.
 */

import type { Host } from '../machine/index.ts'
import { type MuxAddressOptions, muxAddresses, openOnOnePort } from './mux-addresses.ts'
import { createTcpCounters, type TcpCounters } from './tcp-connection.ts'
import { TcpMuxPort } from './tcp-mux-port.ts'
import { type UnknownRequest, UnknownRequests } from './unknown-requests.ts'

export interface TcpMuxOptions extends MuxAddressOptions {
  /**
   * Is told checks that belong to no connection. A connection that is made for one within a second, on this mux and with
   * the request's `localFragment` as its own, is given that TCP connection and the check.
   */
  readonly unknown?: UnknownRequest
  /** How many such checks are told in a second; 256 by default. */
  readonly unknownRate?: number
}

export class TcpMux {
  /** One for each address that it listens on. */
  readonly ports: readonly TcpMuxPort[]
  readonly counters: TcpCounters
  readonly #unknown: UnknownRequests
  #closed = false

  private constructor(unknown: UnknownRequests, counters: TcpCounters, ports: readonly TcpMuxPort[]) {
    this.#unknown = unknown
    this.counters = counters
    this.ports = ports
  }

  /**
   * Opens the port. Rejects with an error whose `code` is the platform's (EADDRINUSE, EACCES, EADDRNOTAVAIL), with a
   * TypeError for an address that is none, a RangeError for a port that is none or a machine without addresses.
   */
  static async open(host: Host, options: TcpMuxOptions = {}): Promise<TcpMux> {
    const { port = 0, unknown, unknownRate } = options
    if (!(Number.isInteger(port) && port >= 0 && port < 65536)) throw new RangeError(`not a port: ${port}`)
    const requests = new UnknownRequests(host, unknown, unknownRate)
    const counters = createTcpCounters()
    const addresses = muxAddresses(host, options.addresses)
    const ports = await openOnOnePort(addresses, options, async (address, chosen) => {
      const muxPort = new TcpMuxPort(host, address, requests, counters)
      const accept: TcpMuxPort['accept'] = socket => muxPort.accept(socket)
      muxPort.attach(await host.listenStream({ address: address.address, port: chosen, accept }))
      return muxPort
    })
    return new TcpMux(requests, counters, ports)
  }

  /** The port, the same on each address. */
  get port(): number {
    return this.ports[0]!.port
  }

  /** What became of checks that belonged to no connection. */
  get unknownCounters(): Readonly<UnknownRequests['counters']> {
    return this.#unknown.counters
  }

  /** Checks that wait for a connection at present. */
  get pendingRequests(): number {
    return this.#unknown.kept
  }

  get closed(): boolean {
    return this.#closed
  }

  /** Frees the port and all its TCP connections. Calling it again does nothing. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#unknown.close()
    for (const port of this.ports) port.close()
  }
}
