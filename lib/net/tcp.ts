/**
 * TCP, alone or beneath TLS, by the `StreamSocket` and `StreamListener` contracts, over `node:net`.
 *
 * A local port may carry any number of connections out: the platform's library sets SO_REUSEADDR before it binds. On
 * Linux it may carry them or listen, but not begin to connect while it listens (EADDRINUSE), because nothing here can set
 * SO_REUSEPORT; a port can be made to listen while connections from it exist. The simultaneous open of RFC 6544, 7.1
 * needs no listener: both sides connect, each from the port that the other connects to.
 */

import { connect, createServer, isIP, type Socket } from 'node:net'
import { performance } from 'node:perf_hooks'
import type { Packet } from '../bytes/index.ts'
import type {
  StreamHandlers,
  StreamListener,
  StreamListenerOptions,
  StreamOptions,
  StreamSocket,
} from '../machine/index.ts'
import { codeOf, NetError } from './error-code.ts'
import { InFlight } from './in-flight.ts'
import { connectTls, type TcpTarget } from './tls.ts'

/** Milliseconds until an attempt to connect is given up, unless the caller says otherwise. */
const PATIENCE = 10_000
const LONGEST = 0x7fff_ffff
/** Milliseconds in which the platform must take what was sent before the end. */
const LAST_WORDS = 30_000
/**
 * Milliseconds to go on reading, behind our own end, for the end of the other side. To close with unread bytes would
 * reset the connection, and a reset may destroy what the other side has not read yet (RFC 1122, 4.2.2.13).
 */
const LINGER = 2_000

const withoutZone = (address: string): string => address.replace(/%.*$/, '')

class TcpStream implements StreamSocket {
  readonly address: string
  readonly port: number
  readonly remoteAddress: string
  readonly remotePort: number
  readonly #socket: Socket
  readonly #inFlight = new InFlight()
  #handlers: StreamHandlers | undefined
  /** Nothing more is sent, received or told. */
  #over = false
  /** How the stream ended before there was somebody to tell. */
  #untold: { readonly code: string | undefined } | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(socket: Socket) {
    this.address = withoutZone(socket.localAddress ?? '')
    this.port = socket.localPort ?? 0
    this.remoteAddress = withoutZone(socket.remoteAddress ?? '')
    this.remotePort = socket.remotePort ?? 0
    this.#socket = socket
    // What is sent are whole messages, each with somebody waiting for it.
    socket.setNoDelay(true)
    socket.on('end', this.#onEnd)
    socket.on('error', this.#onError)
    socket.on('close', this.#onClose)
  }

  get bufferedAmount(): number {
    return this.#over ? 0 : this.#socket.writableLength
  }

  /** Begins to read; until then the platform keeps what comes. */
  start(handlers: StreamHandlers): void {
    const untold = this.#untold
    if (untold !== undefined) {
      this.#untold = undefined
      handlers.closed(untold.code)
    } else if (!this.#over) {
      this.#handlers = handlers
      this.#socket.on('data', this.#onData)
    }
  }

  send(packet: Packet): void {
    if (this.#over) {
      packet.release()
      return
    }
    this.#inFlight.push(packet)
    this.#socket.write(packet.view(), this.#taken)
  }

  close(): void {
    this.#untold = undefined
    if (this.#over) return
    this.#over = true
    this.#finish()
  }

  /** Refuses the connection: the other side sees a reset, and nothing of it stays here. */
  refuse(): void {
    this.#over = true
    this.#socket.resetAndDestroy()
  }

  readonly #onData = (bytes: Uint8Array): void => {
    if (this.#over) return
    // Not the Buffer itself: its `slice` shares memory where that of a Uint8Array copies.
    const plain = new Uint8Array(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.byteLength)
    this.#handlers?.receive(plain, performance.now())
  }

  readonly #onEnd = (): void => {
    this.#tell(undefined)
  }

  readonly #onError = (error: unknown): void => {
    this.#tell(codeOf(error))
  }

  readonly #onClose = (): void => {
    clearTimeout(this.#timer)
    this.#tell(undefined)
  }

  readonly #taken = (): void => {
    this.#inFlight.shift()?.release()
  }

  #tell(code: string | undefined): void {
    if (this.#over) return
    this.#over = true
    // Whoever has ended need not have stopped reading: what was sent still leaves.
    this.#finish()
    if (this.#handlers === undefined) this.#untold = { code }
    else this.#handlers.closed(code)
  }

  /** Ends our side behind what was sent, reads on for the other side's end, and frees the socket. */
  #finish(): void {
    const socket = this.#socket
    if (socket.destroyed) return
    this.#destroyIn(LAST_WORDS)
    socket.end(() => {
      if (socket.destroyed) return
      this.#destroyIn(LINGER)
      // Everything is in the platform's hands: a process that has nothing else to do may end.
      socket.unref()
    })
    socket.resume()
  }

  #destroyIn(delay: number): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#socket.destroy(), delay)
    this.#timer.unref()
  }
}

const targetOf = ({ remoteAddress, remotePort, address, port }: StreamOptions): TcpTarget => {
  if (!isIP(remoteAddress) || !(remotePort > 0 && remotePort < 65536)) {
    throw new NetError('EINVAL', `not an address and a port: ${remoteAddress} ${remotePort}`)
  }
  return {
    host: remoteAddress,
    port: remotePort,
    ...(address !== undefined && { localAddress: address }),
    ...(port !== undefined && { localPort: port }),
  }
}

/** Without a listener there, a connection from a port to itself comes about (RFC 9293, 3.5): it leads nowhere. */
const isOwnEnd = (socket: Socket): boolean =>
  socket.localPort === socket.remotePort && socket.localAddress === socket.remoteAddress

/**
 * Connects over TCP, or over TLS. The owner's handlers are not called before it has got the socket.
 *
 * @throws (rejects) by `code`: the platform's (ECONNREFUSED, EHOSTUNREACH, EADDRINUSE, EADDRNOTAVAIL), ETIMEDOUT, EINVAL
 * when what to connect to is no address; what is wrong with a certificate as OpenSSL names it (CERT_HAS_EXPIRED,
 * DEPTH_ZERO_SELF_SIGNED_CERT, UNABLE_TO_VERIFY_LEAF_SIGNATURE) or ERR_TLS_CERT_ALTNAME_INVALID.
 */
export const openTcp = (options: StreamOptions): Promise<StreamSocket> =>
  new Promise((resolve, reject) => {
    const target = targetOf(options)
    const { tls, timeout = PATIENCE } = options
    const socket: Socket = tls === undefined ? connect(target) : connectTls(target, tls)
    const connected = tls === undefined ? 'connect' : 'secureConnect'
    const fail = (error: Error): void => {
      clearTimeout(timer)
      // What else the platform has to say of this socket is of no interest.
      socket.off('error', fail).on('error', () => {})
      socket.destroy()
      reject(error)
    }
    const give = (): NetError => new NetError('ETIMEDOUT', `connect ${options.remoteAddress} ${options.remotePort}`)
    const timer = setTimeout(() => fail(give()), Math.min(LONGEST, timeout))
    socket.once('error', fail)
    socket.once(connected, () => {
      if (isOwnEnd(socket)) {
        fail(new NetError('ECONNREFUSED', `connect ${options.remoteAddress} ${options.remotePort}`))
        return
      }
      clearTimeout(timer)
      socket.off('error', fail)
      const stream = new TcpStream(socket)
      resolve(stream)
      // By then whoever awaits the socket has it, however many promises lie between.
      setImmediate(() => stream.start(options))
    })
  })

/** Listens for TCP connections. Rejects with the platform's error (its `code` as EADDRINUSE, EADDRNOTAVAIL, EACCES). */
export const listenTcp = (options: StreamListenerOptions): Promise<StreamListener> =>
  new Promise((resolve, reject) => {
    const { address, port = 0, accept } = options
    // The platform would look a name up.
    if (!isIP(address)) throw new NetError('EINVAL', `not an address: ${address}`)
    const server = createServer(socket => {
      const stream = new TcpStream(socket)
      // It may have been reset while it waited to be accepted, and then has no address any more.
      const handlers = stream.remoteAddress === '' ? undefined : accept(stream)
      if (handlers === undefined) stream.refuse()
      else stream.start(handlers)
    })
    server.once('error', reject)
    // Exclusive: in a cluster's worker, a port of its own and not one shared with the other workers.
    server.listen({ host: address, port, ipv6Only: address.includes(':'), exclusive: true }, () => {
      server.off('error', reject)
      // One connection that could not be accepted (no descriptor is free): the next may be.
      server.on('error', () => {})
      const bound = server.address() as { address: string; port: number }
      resolve({ address: withoutZone(bound.address), port: bound.port, close: () => void server.close() })
    })
  })
