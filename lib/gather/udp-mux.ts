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
import { openSharedPort, SharedPort, type SharedPortOptions } from './shared-port.ts'
import { createUdpMuxCounters, type UdpMuxCounters, UdpMuxPort } from './udp-mux-port.ts'
import type { UnknownRequests } from './unknown-requests.ts'

export type UdpMuxOptions = SharedPortOptions

export class UdpMux extends SharedPort<UdpMuxPort, UdpMuxCounters> {
  private constructor(unknown: UnknownRequests, counters: UdpMuxCounters, ports: readonly UdpMuxPort[]) {
    super(unknown, counters, ports)
  }

  /**
   * Opens the port. Rejects with an error whose `code` is the platform's (EADDRINUSE, EACCES, EADDRNOTAVAIL), with a
   * TypeError for an address that is none, a RangeError for a port that is none or a machine without addresses.
   */
  static async open(host: Host, options: UdpMuxOptions = {}): Promise<UdpMux> {
    const counters = createUdpMuxCounters()
    const { unknown, ports } = await openSharedPort(host, options, async (address, port, requests) => {
      const muxPort = new UdpMuxPort(address, requests, counters)
      const socket = await host.openDatagram({
        address: address.address,
        port,
        receive: (packet, from, fromPort, now) => muxPort.receive(packet, from, fromPort, now),
        failed: () => {
          counters.socketErrors++
        },
      })
      muxPort.attach(socket)
      return muxPort
    })
    return new UdpMux(unknown, counters, ports)
  }
}
