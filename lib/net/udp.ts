/**
 * A UDP socket over `node:dgram`, by the `DatagramSocket` contract.
 *
 * Nothing is allocated per packet beyond what dgram itself makes: one handler for all that comes in, one callback for
 * all that goes out. The callback is not told which packet it is for, so packets under way stand in a ring and leave it
 * in the order in which they were sent. libuv guarantees that order as long as the platform itself takes every send;
 * hence a destination that it would refuse on sight (not an address, the wrong family) is refused here, before.
 *
 * A callback costs a tick of its own for every packet. Node hands a datagram to the platform within `send`, and its
 * queue says whether the platform took it; so most of the packets of a bulk transfer go without a callback. dgram is
 * silent about what fails without one: small packets (checks, handshakes) and every 16th of the others keep it, so that
 * a path that fails is told of all the same. Bun and Deno send later than `send` returns, and always get the callback.
 */

import { createSocket, Socket, type SocketType } from 'node:dgram'
import { isIP } from 'node:net'
import { performance } from 'node:perf_hooks'
import type { Packet } from '../bytes/index.ts'
import type { DatagramOptions, DatagramSink, DatagramSocket } from '../machine/index.ts'
import { codeOf } from './error-code.ts'
import { InFlight } from './in-flight.ts'

/** Bytes asked for. The usual default, 212 KB, overflows within a few milliseconds of a bulk transfer on loopback. */
const RECEIVE_BUFFER = 4 << 20
const SEND_BUFFER = 1 << 20
/** Packets of these sizes are bulk (what is larger may be refused); all but one in `TOLD` go without a callback. */
const BULK = 512
const LARGEST_BULK = 16_384
const TOLD = 16
/** Whether `getSendQueueCount` tells, right after `send`, if the platform has taken the datagram: in Node alone. */
const SENDS_AT_ONCE =
  process.versions['bun'] === undefined &&
  process.versions['deno'] === undefined &&
  typeof Socket.prototype.getSendQueueCount === 'function'
/** Whether the receive buffer is the platform's. Deno's is what it makes, and zeroes, anew for each datagram. */
const KEEPS_RECEIVE_BUFFER = process.versions['deno'] === undefined
/** How often, and after how many milliseconds each, a closed socket looks whether all has left. */
const LAST_LOOKS = 50
const LOOK_EVERY = 10
/** Where the platform refuses a size, half of it is tried, down to this. */
const SMALLEST_BUFFER = 256 << 10

interface RemoteInfo {
  readonly address: string
  readonly port: number
}

type Lookup = (name: string, options: unknown, found: (error: null, address: string, family: number) => void) => void

/** Destinations are addresses already, so that no name is ever looked up for a datagram. */
const literals = {
  udp4: ((name, _options, found) => found(null, name, 4)) satisfies Lookup,
  udp6: ((name, _options, found) => found(null, name, 6)) satisfies Lookup,
}

/** What a socket is to look names up by: what it is given is an address of its family. */
export const literal = (type: SocketType): Lookup => literals[type]

const enlarge = (set: (size: number) => void, size: number): void => {
  for (; size >= SMALLEST_BUFFER; size >>= 1) {
    try {
      set(size)
      return
    } catch {
      // Some platforms refuse what is above their limit, others cut it down in silence.
    }
  }
}

/** The link that a socket is confined to. */
export interface Link {
  /** Whether a source, with its zone if the platform gave one, is on the link. */
  includes(source: string): boolean
  /** A destination with the zone that it needs. */
  scoped(address: string): string
}

export class UdpSocket implements DatagramSocket {
  readonly address: string
  readonly port: number
  readonly #socket: Socket
  readonly #family: number
  readonly #receive: DatagramSink
  readonly #failed: ((code: string) => void) | undefined
  readonly #link: Link | undefined
  readonly #inFlight = new InFlight()
  #closed = false
  /** The destination found good last: bulk goes to one. */
  #checked = ''
  /** Bulk packets since the last one with a callback. */
  #untold = 0

  /** @param link Where the socket is confined to one link: nothing from elsewhere is received. */
  constructor(socket: Socket, options: Omit<DatagramOptions, 'port'>, link?: Link) {
    const bound = socket.address()
    this.address = link === undefined ? bound.address : options.address
    this.port = bound.port
    this.#socket = socket
    this.#family = isIP(bound.address)
    this.#receive = options.receive
    this.#failed = options.failed
    this.#link = link
    socket.on('message', this.#onMessage)
    socket.on('error', this.#onError)
  }

  send(packet: Packet, address: string, port: number): void {
    if (this.#closed) {
      packet.release()
      return
    }
    if (address !== this.#checked && isIP(address) === this.#family) this.#checked = address
    if (address !== this.#checked || !(port > 0 && port < 65536)) {
      packet.release()
      this.#failed?.('EINVAL')
      return
    }
    const destination = this.#link === undefined ? address : this.#link.scoped(address)
    if (SENDS_AT_ONCE && this.#isBulk(packet.length) && ++this.#untold < TOLD) {
      this.#socket.send(packet.view(), port, destination)
      // One that has to wait for the platform keeps its buffer: it is left to the collector instead of its pool.
      if (this.#socket.getSendQueueCount() === 0) packet.release()
      return
    }
    this.#untold = 0
    this.#inFlight.push(packet)
    this.#socket.send(packet.view(), port, destination, this.#sent)
  }

  #isBulk(length: number): boolean {
    return length >= BULK && length <= LARGEST_BULK
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#socket.off('message', this.#onMessage)
    // dgram hands a datagram to the platform a tick after `send`; closing at once would lose the last words of a
    // connection (DTLS close_notify).
    if (this.#inFlight.length === 0) this.#closeWhenSent()
  }

  /** Nobody says when bulk that went without a callback has left: that is looked for, for a while. */
  #closeWhenSent(looks = LAST_LOOKS): void {
    if (!SENDS_AT_ONCE || looks === 0 || this.#socket.getSendQueueCount() === 0) this.#socket.close()
    else setTimeout(() => this.#closeWhenSent(looks - 1), LOOK_EVERY)
  }

  readonly #onMessage = (bytes: Uint8Array, from: RemoteInfo): void => {
    let address = from.address
    if (this.#link?.includes(address) === false) return
    if (this.#family === 6) {
      const zone = address.indexOf('%')
      if (zone >= 0) address = address.slice(0, zone)
    }
    // Not the Buffer itself: its `slice` shares memory where that of a Uint8Array copies.
    const packet = new Uint8Array(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.byteLength)
    this.#receive(packet, address, from.port, performance.now())
  }

  readonly #onError = (error: unknown): void => {
    if (!this.#closed) this.#failed?.(codeOf(error))
  }

  readonly #sent = (error: unknown): void => {
    this.#inFlight.shift()?.release()
    if (this.#closed) {
      if (this.#inFlight.length === 0) this.#closeWhenSent()
    } else if (error) {
      this.#failed?.(codeOf(error))
    }
  }
}

/** Binds a UDP socket. Rejects with the platform's error (its `code` as EADDRINUSE, EADDRNOTAVAIL, EACCES). */
export const openUdp = (options: DatagramOptions): Promise<DatagramSocket> =>
  new Promise((resolve, reject) => {
    const type: SocketType = options.address.includes(':') ? 'udp6' : 'udp4'
    const socket = createSocket({ type, ipv6Only: type === 'udp6', lookup: literal(type) as never })
    const fail = (error: Error): void => {
      socket.close()
      reject(error)
    }
    socket.once('error', fail)
    // Exclusive: in a cluster's worker, a port of its own and not one shared with the other workers.
    socket.bind({ address: options.address, port: options.port ?? 0, exclusive: true }, () => {
      socket.off('error', fail)
      if (KEEPS_RECEIVE_BUFFER) enlarge(size => socket.setRecvBufferSize(size), RECEIVE_BUFFER)
      enlarge(size => socket.setSendBufferSize(size), SEND_BUFFER)
      resolve(new UdpSocket(socket, options))
    })
  })
