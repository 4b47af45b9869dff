/** What the shared ports of UDP and TCP have in common: an end on each address, requests for nobody, an end of it all. */

import type { Host, InterfaceAddress } from '../machine/index.ts'
import { type MuxAddressOptions, muxAddresses, openOnOnePort } from './mux-addresses.ts'
import { type UnknownRequest, UnknownRequests } from './unknown-requests.ts'

export interface SharedPortOptions extends MuxAddressOptions {
  /**
   * Is told checks that belong to no connection. A connection that is made for one within a second, on this mux and with
   * the request's `localFragment` as its own, is given that check (over TCP, with its TCP connection).
   */
  readonly unknown?: UnknownRequest
  /** How many such checks are told in a second; 256 by default. */
  readonly unknownRate?: number
}

/** The port on one address. */
interface PortEnd {
  readonly port: number
  close(): void
}

export abstract class SharedPort<P extends PortEnd, C> {
  /** One for each address that it listens on. */
  readonly ports: readonly P[]
  readonly counters: C
  readonly #unknown: UnknownRequests
  #closed = false

  protected constructor(unknown: UnknownRequests, counters: C, ports: readonly P[]) {
    this.#unknown = unknown
    this.counters = counters
    this.ports = ports
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

  /** Frees the port. Connections that use it lose this path at once. Calling it again does nothing. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#unknown.close()
    for (const port of this.ports) port.close()
  }
}

/**
 * Opens one port on each address, as `UdpMux.open` and `TcpMux.open` say.
 * @param open Binds it on one of them.
 */
export const openSharedPort = async <P extends PortEnd>(
  host: Host,
  options: SharedPortOptions,
  open: (address: InterfaceAddress, port: number, unknown: UnknownRequests) => Promise<P>,
): Promise<{ readonly unknown: UnknownRequests; readonly ports: readonly P[] }> => {
  const { port = 0, addresses, unknown: hook, unknownRate } = options
  if (!(Number.isInteger(port) && port >= 0 && port < 65536)) throw new RangeError(`not a port: ${port}`)
  const unknown = new UnknownRequests(host, hook, unknownRate)
  const chosen = muxAddresses(host, addresses)
  const ports = await openOnOnePort(chosen, options, (address, number) => open(address, number, unknown))
  return { unknown, ports }
}
