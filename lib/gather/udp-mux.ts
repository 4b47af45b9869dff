/**
 * One UDP port for any number of connections: what a server opens in its firewall once.
 *
 * It listens on each address of the machine, with one socket each, so that every datagram is known to have come to the
 * address that it is answered from. Nothing in it is global: several threads each open one of their own.
 *
 * Two connections on one mux do not reach each other over it: what they send comes from one and the same address, by
 * which data is led. Each needs a mux or a socket of its own.
 */

import type { Host } from '../machine/index.ts'
import { type MuxAddressOptions, muxAddresses, openOnOnePort } from './mux-addresses.ts'
import { createUdpMuxCounters, type UdpMuxCounters, UdpMuxPort } from './udp-mux-port.ts'
import { type UnknownRequest, UnknownRequests } from './unknown-requests.ts'

export interface UdpMuxOptions extends MuxAddressOptions {
  /**
   * Is told requests that belong to no connection. A connection that is made for one within a second, on this mux and
   * with the request's `localFragment` as its own, is given that request.
   */
  readonly unknown?: UnknownRequest
  /** How many such requests are told in a second; 256 by default. */
  readonly unknownRate?: number
}

export class UdpMux {
  /** One for each address that it listens on. */
  readonly ports: readonly UdpMuxPort[]
  readonly counters: UdpMuxCounters
  readonly #unknown: UnknownRequests
  #closed = false

  private constructor(unknown: UnknownRequests, counters: UdpMuxCounters, ports: readonly UdpMuxPort[]) {
    this.#unknown = unknown
    this.counters = counters
    this.ports = ports
  }

  /**
   * Opens the port. Rejects with an error whose `code` is the platform's (EADDRINUSE, EACCES, EADDRNOTAVAIL), with a
   * TypeError for an address that is none, a RangeError for a port that is none or a machine without addresses.
   */
  static async open(host: Host, options: UdpMuxOptions = {}): Promise<UdpMux> {
    const { port = 0, unknown, unknownRate } = options
    if (!(Number.isInteger(port) && port >= 0 && port < 65536)) throw new RangeError(`not a port: ${port}`)
    const requests = new UnknownRequests(host, unknown, unknownRate)
    const counters = createUdpMuxCounters()
    const addresses = muxAddresses(host, options.addresses)
    const ports = await openOnOnePort(addresses, options, async (address, chosen) => {
      const muxPort = new UdpMuxPort(address, requests, counters)
      const socket = await host.openDatagram({
        address: address.address,
        port: chosen,
        receive: (packet, from, fromPort, now) => muxPort.receive(packet, from, fromPort, now),
        failed: () => {
          counters.socketErrors++
        },
      })
      muxPort.attach(socket)
      return muxPort
    })
    return new UdpMux(requests, counters, ports)
  }

  /** The port, the same on each address. */
  get port(): number {
    return this.ports[0]!.port
  }

  /** What became of requests that belonged to no connection. */
  get unknownCounters(): Readonly<UnknownRequests['counters']> {
    return this.#unknown.counters
  }

  /** Requests that wait for a connection at present. */
  get pendingRequests(): number {
    return this.#unknown.kept
  }

  get closed(): boolean {
    return this.#closed
  }

  /** Frees the port. Connections that use it lose this path at once. Calling it again does nothing. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#unknown.close()
    for (const port of this.ports) port.close()
  }
}
