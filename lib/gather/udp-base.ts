/** The base of UDP candidates: one socket on one address of the host (RFC 8445, 5.1.1.1). */

import type { Packet } from '../bytes/index.ts'
import type { DatagramSocket, Host } from '../machine/index.ts'
import type { Base, BaseSink, PortRange } from './base.ts'
import { bindFirstFree } from './port-range.ts'

export interface UdpBaseOptions {
  /** The address to bind, as `InterfaceAddress.address`. */
  readonly address: string
  /** The ports to choose from: from a random one on, at most 256 are tried. By default whichever is free. */
  readonly portRange?: PortRange
  readonly receive: BaseSink
  /** A send or receive error of the platform (ENETUNREACH, EPERM, ...): told and counted, never fatal. */
  readonly failed?: (code: string) => void
}

export class UdpBase implements Base {
  readonly protocol = 'udp'
  readonly address: string
  readonly port: number
  readonly #socket: DatagramSocket
  readonly counters: UdpBaseCounters

  /** For `openUdpBase` only. */
  constructor(socket: DatagramSocket, counters: UdpBaseCounters) {
    this.address = socket.address
    this.port = socket.port
    this.#socket = socket
    this.counters = counters
  }

  send(packet: Packet, address: string, port: number): void {
    this.counters.packetsSent++
    this.#socket.send(packet, address, port)
  }

  close(): void {
    this.#socket.close()
  }
}

const createCounters = () => ({
  packetsSent: 0,
  packetsReceived: 0,
  /** Errors of sending and receiving that the platform told. */
  socketErrors: 0,
})

export type UdpBaseCounters = ReturnType<typeof createCounters>

/** Opens a UDP base. Never rejects: undefined when no port could be bound. */
export const openUdpBase = async (host: Host, options: UdpBaseOptions): Promise<UdpBase | undefined> => {
  const { address, portRange, receive, failed } = options
  const counters = createCounters()
  const socket = await bindFirstFree(portRange, host.random, port =>
    host.openDatagram({
      address,
      port,
      receive: (packet, from, fromPort, now) => {
        counters.packetsReceived++
        receive(packet, from, fromPort, now)
      },
      failed: code => {
        counters.socketErrors++
        failed?.(code)
      },
    }),
  )
  return socket === undefined ? undefined : new UdpBase(socket, counters)
}
