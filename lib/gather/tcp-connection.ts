/**
 * One TCP connection as a base uses it: RFC 4571 frames both ways.
 *
 * It may be used before it is established; what is sent then is kept, a little. Congestion looks to the layers above as
 * it does over UDP: what the platform does not take is dropped, and not queued without end.
 */

import { Packet } from '../bytes/index.ts'
import type { StreamHandlers, StreamSocket } from '../machine/index.ts'
import { FrameReader, frame } from './tcp-frame.ts'
import { classOf, isStun } from './udp-mux-share.ts'

/** Bytes that wait for the platform before datagrams are dropped. */
const MOST_BUFFERED = 256 << 10
/** Datagrams that are kept until the connection is established. */
const MOST_KEPT = 16
const SUCCESS = 0x0100

const isSuccess = (bytes: Uint8Array, at: number, end: number): boolean =>
  isStun(bytes, at, end) && classOf(bytes, at) === SUCCESS

export const createTcpCounters = () => ({
  packetsSent: 0,
  packetsReceived: 0,
  /** Connections made, and taken. */
  connected: 0,
  accepted: 0,
  /** Attempts to connect that failed. */
  failedConnects: 0,
  /** Connections not made, not taken or given up because there were too many. */
  overBound: 0,
  /** Accepted connections closed because they brought no connectivity check in time, or something else. */
  strangersClosed: 0,
  /** Connections closed because nothing authenticated came of them, or nothing at all for long. */
  idleClosed: 0,
  /** Datagrams to where no connection is. */
  droppedUnconnected: 0,
  /** Datagrams dropped because the platform did not take those before, or too many waited for the connection. */
  droppedCongested: 0,
  /** Datagrams that are empty, or too long for a frame. */
  droppedUnframeable: 0,
})

export type TcpCounters = ReturnType<typeof createTcpCounters>

/** Whom a connection belongs to. */
export interface TcpConnectionOwner {
  /** Borrowed; may be overwritten. */
  received(connection: TcpConnection, frame: Uint8Array, now: number): void
  /** The connection is over, not by our own `close`. */
  over(connection: TcpConnection, now: number): void
}

export class TcpConnection {
  owner: TcpConnectionOwner
  /** Whether a check came through: we have answered one or sent data, or, where we have connected to, had an answer. */
  proved = false
  /** Whether it is we who connect. Who connects to us could have us believe anything by an answer to nothing. */
  outgoing = false
  /**
   * Called in place of `over` when it ends before anything was received: whoever sets this attaches another stream, by
   * which all is sent again, or gives up by `fail`.
   */
  revive: ((now: number) => void) | undefined
  /** Turns of its owner's sweep since it was made, and since anything passed. */
  age = 0
  idle = 0
  readonly #counters: TcpCounters
  readonly #now: () => number
  #reader = new FrameReader()
  #socket: StreamSocket | undefined
  /** What waits for a stream; with `revive`, what may have to be sent again. */
  #kept: Packet[] = []
  #heard = false
  #closed = false

  /** @param address The remote address, canonical text. */
  constructor(
    owner: TcpConnectionOwner,
    readonly address: string,
    readonly port: number,
    counters: TcpCounters,
    now: () => number,
  ) {
    this.owner = owner
    this.#counters = counters
    this.#now = now
  }

  get closed(): boolean {
    return this.#closed
  }

  get established(): boolean {
    return this.#socket !== undefined
  }

  /** Whether anything was received. */
  get heard(): boolean {
    return this.#heard
  }

  /** The longest frame that is taken; the connection ends at a longer one. */
  set frameLimit(bytes: number) {
    this.#reader.limit = bytes
  }

  /** What the host tells of the stream that is to be attached. */
  handlers(): StreamHandlers {
    return {
      receive: (bytes, now) => {
        if (this.#closed) return
        this.idle = 0
        if (!this.#heard) this.#hear()
        const sound = this.#reader.push(bytes, frame => {
          this.#counters.packetsReceived++
          if (!this.proved && this.outgoing) this.proved = isSuccess(frame, 0, frame.length)
          this.owner.received(this, frame, now)
        })
        if (!sound) this.fail(now)
      },
      closed: () => {
        if (this.#closed) return
        if (this.#heard || this.revive === undefined) {
          this.fail(this.#now())
          return
        }
        this.#socket = undefined
        this.revive(this.#now())
      },
    }
  }

  /** It is established: sends what was kept. A stream that came first stays, unless it has to be revived. */
  attach(socket: StreamSocket): void {
    if (this.#closed || this.#socket !== undefined) {
      socket.close()
      return
    }
    this.#socket = socket
    const kept = this.#kept
    this.#kept = []
    for (const packet of kept) this.#put(packet)
  }

  /** Takes another stream from the same remote address in place of one that nothing came over: that is over already. */
  replace(socket: StreamSocket): void {
    this.#socket?.close()
    this.#socket = undefined
    this.attach(socket)
  }

  /** Sends a datagram, and releases the packet. */
  send(packet: Packet): void {
    if (this.#closed) {
      packet.release()
      return
    }
    const { bytes, start, end } = packet
    if (!this.proved) this.proved = !isStun(bytes, start, end) || isSuccess(bytes, start, end)
    this.idle = 0
    if (this.#socket !== undefined) {
      this.#put(packet)
    } else if (this.#kept.length < MOST_KEPT) {
      this.#kept.push(packet)
    } else {
      this.#counters.droppedCongested++
      packet.release()
    }
  }

  /** Ends it, telling nobody. Calling it again does nothing. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#reader.stop()
    this.#dropKept()
    this.#socket?.close()
  }

  /** Ends it, and tells its owner. */
  fail(now: number): void {
    if (this.#closed) return
    this.close()
    this.owner.over(this, now)
  }

  /** From now on the stream is one that the other side uses. */
  #hear(): void {
    this.#heard = true
    this.#dropKept()
  }

  #dropKept(): void {
    for (const packet of this.#kept) packet.release()
    this.#kept = []
  }

  #put(packet: Packet): void {
    const socket = this.#socket!
    if (socket.bufferedAmount > MOST_BUFFERED) {
      this.#counters.droppedCongested++
      packet.release()
      return
    }
    if (!this.#heard && this.revive !== undefined && this.#kept.length < MOST_KEPT) {
      this.#kept.push(Packet.copy(packet.view()))
    }
    const framed = frame(packet)
    if (framed === undefined) {
      this.#counters.droppedUnframeable++
      return
    }
    this.#counters.packetsSent++
    socket.send(framed)
  }
}
