/**
 * One TCP port for any number of connections: for peers whose networks let only TCP out, a server's port 443.
 *
 * The candidates of its shares are passive (RFC 6544). Nothing in it is global, as in `UdpMux`.
 */

import type { Host } from '../machine/index.ts'
import { openSharedPort, SharedPort, type SharedPortOptions } from './shared-port.ts'
import { createTcpCounters, type TcpCounters } from './tcp-connection.ts'
import { TcpMuxPort } from './tcp-mux-port.ts'
import type { UnknownRequests } from './unknown-requests.ts'

export type TcpMuxOptions = SharedPortOptions

export class TcpMux extends SharedPort<TcpMuxPort, TcpCounters> {
  private constructor(unknown: UnknownRequests, counters: TcpCounters, ports: readonly TcpMuxPort[]) {
    super(unknown, counters, ports)
  }

  /**
   * Opens the port. Rejects with an error whose `code` is the platform's (EADDRINUSE, EACCES, EADDRNOTAVAIL), with a
   * TypeError for an address that is none, a RangeError for a port that is none or a machine without addresses.
   */
  static async open(host: Host, options: TcpMuxOptions = {}): Promise<TcpMux> {
    const counters = createTcpCounters()
    const { unknown, ports } = await openSharedPort(host, options, async (address, port, requests) => {
      const muxPort = new TcpMuxPort(host, address, requests, counters)
      const accept: TcpMuxPort['accept'] = socket => muxPort.accept(socket)
      muxPort.attach(await host.listenStream({ address: address.address, port, accept }))
      return muxPort
    })
    return new TcpMux(unknown, counters, ports)
  }
}
