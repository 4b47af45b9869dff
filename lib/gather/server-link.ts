/**
 * The ways to a STUN or TURN server: a UDP socket that ICE uses too, or a connection of its own over TCP or TLS (RFC 8489,
 * 6.2.2 and 6.2.3).
 */

import type { Packet } from '../bytes/index.ts'
import type { Host, StreamSocket, TlsOptions } from '../machine/index.ts'
import { StreamFramer, type StunAddress } from '../stun/index.ts'
import type { HostSocket, ServerFlow } from './host-socket.ts'

/**
 * Bytes that may wait for the platform on a stream. More than that is dropped, as a full queue on a path of datagrams
 * would drop it: what waits longer than a retransmission timeout is of no use to anyone.
 */
const MOST_BUFFERED = 512 << 10

/** The other end of a conversation: who takes what the server says, and hears that the way is cut. */
export interface LinkUser extends ServerFlow {
  disconnected?(text: string): void
}

export interface ServerLink {
  readonly reliable: boolean
  /** Where we are on it. */
  readonly address: string
  readonly port: number
  user: LinkUser | undefined
  send(packet: Packet): void
  close(): void
}

/**
 * Over a UDP socket of ours; undefined when it could not be bound.
 * @param isBinding Whether the user knows its own answers, and leaves the rest to others on the same path.
 */
export const udpLink = (
  socket: HostSocket,
  to: StunAddress,
  isBinding: boolean,
  closed: () => void = () => {},
): ServerLink | undefined => {
  const { base } = socket
  if (base === undefined) return undefined
  const flow: ServerFlow = { receive: (packet, now) => link.user?.receive(packet, now) ?? false }
  const link: ServerLink = {
    reliable: false,
    address: base.address,
    port: base.port,
    user: undefined,
    send: packet => base.send(packet, to.address, to.port),
    close: () => {
      socket.removeFlow(to.address, to.port, flow)
      closed()
    },
  }
  socket.addFlow(to.address, to.port, flow, isBinding)
  return link
}

class StreamLink implements ServerLink {
  readonly reliable = true
  user: LinkUser | undefined
  readonly #framer = new StreamFramer()
  #stream: StreamSocket | undefined
  #closed = false

  get address(): string {
    return this.#stream?.address ?? ''
  }

  get port(): number {
    return this.#stream?.port ?? 0
  }

  opened(stream: StreamSocket): void {
    this.#stream = stream
    if (this.#closed) stream.close()
  }

  send(packet: Packet): void {
    if (this.#stream === undefined || this.#stream.bufferedAmount > MOST_BUFFERED) packet.release()
    else this.#stream.send(packet)
  }

  close(): void {
    this.#closed = true
    this.#stream?.close()
  }

  readonly receive = (bytes: Uint8Array, now: number): void => {
    if (this.#closed) return
    if (this.#framer.push(bytes, frame => void this.user?.receive(frame, now))) return
    this.close()
    this.user?.disconnected?.('the server sent what is not STUN')
  }

  readonly closed = (code: string | undefined): void => {
    this.#closed = true
    this.user?.disconnected?.(`the server has ended the connection${code === undefined ? '' : ` (${code})`}`)
  }
}

/**
 * Over TCP, or TLS. Rejects with the platform's error.
 * @param from The address to connect from; the platform's choice when it is undefined.
 */
export const openStreamLink = async (
  host: Host,
  to: StunAddress,
  from: string | undefined,
  tls: TlsOptions | undefined,
): Promise<ServerLink> => {
  const link = new StreamLink()
  const { receive, closed } = link
  const stream = await host.openStream({
    remoteAddress: to.address,
    remotePort: to.port,
    receive,
    closed,
    ...(from !== undefined && { address: from }),
    ...(tls && { tls }),
  })
  link.opened(stream)
  return link
}
