/** The base of TCP passive candidates (RFC 6544, 3): it listens, and is connected to. */

import type { Packet } from '../bytes/index.ts'
import type { Host, StreamHandlers, StreamSocket } from '../machine/index.ts'
import type { Base } from './base.ts'
import { openListening, TcpListeningBase, type TcpListeningOptions } from './tcp-listening.ts'

export class TcpPassiveBase extends TcpListeningBase implements Base {
  /** For the listener only. */
  accept(socket: StreamSocket): StreamHandlers | undefined {
    return this.tcpConnections.closed ? undefined : this.strangers.accept(socket)
  }

  /** Sends over the connection that came from there; without one, drops the packet. */
  send(packet: Packet, address: string, port: number): void {
    const connection = this.tcpConnections.find(address, port)
    if (connection === undefined) {
      this.counters.droppedUnconnected++
      packet.release()
    } else {
      connection.send(packet)
    }
  }
}

/** Opens a TCP passive base. Never rejects: undefined when no port could be bound. */
export const openTcpPassiveBase = (host: Host, options: TcpListeningOptions): Promise<TcpPassiveBase | undefined> =>
  openListening(host, new TcpPassiveBase(host, options), options.portRange)
