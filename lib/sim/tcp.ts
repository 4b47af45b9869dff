/** TCP of a simulated host: its listeners, and its connections by their four addresses (RFC 9293, section 3.10). */

import { Packet } from '../bytes/index.ts'
import type {
  Cancellable,
  StreamHandlers,
  StreamListener,
  StreamListenerOptions,
  StreamOptions,
  StreamSocket,
} from '../machine/index.ts'
import { type Datagram, familyOf, isLoopback, isUnspecified, type Segment } from './datagram.ts'
import { SimulationError } from './error.ts'
import { type ConnectionHost, type ConnectionPath, TcpConnection } from './tcp-connection.ts'
import { clientHello, type SimulatedCertificate, serverHello, TlsHandshake, verifyServer } from './tls.ts'

export interface SimulatedListenerOptions extends StreamListenerOptions {
  /** The listener speaks TLS, and this is its certificate. */
  readonly certificate?: SimulatedCertificate
}

/** What TCP asks of its host. */
export interface TcpHost {
  now(): number
  schedule(at: number, task: (now: number) => void): Cancellable
  has(address: string): boolean
  /** The address from which `to` is reached; undefined when it is not. */
  sourceFor(to: string): string | undefined
  /** A port that `taken` says is free; 0 when there is none. */
  freePort(taken: (port: number) => boolean): number
  transmit(datagram: Datagram): string | undefined
}

const CONNECT_TIMEOUT = 10_000
/** Connections of one listener whose handshake is under way. More are not answered. */
const BACKLOG = 128
/** The initial sequence number counts on by one every 4 microseconds (RFC 9293, section 3.4.1), and by so much each time. */
const TICKS = 250
const STRIDE = 64_000

const local = (address: string, port: number): string => `${address} ${port}`
const fourOf = (path: ConnectionPath): string => `${path.address} ${path.port} ${path.remoteAddress} ${path.remotePort}`

export class Tcp implements ConnectionHost {
  readonly #host: TcpHost
  readonly #connections = new Map<string, TcpConnection>()
  readonly #listeners = new Map<string, Listener>()
  #made = 0

  constructor(host: TcpHost) {
    this.#host = host
  }

  /** How many listeners and connections their owners have open. */
  get openSockets(): number {
    let count = this.#listeners.size
    for (const connection of this.#connections.values()) if (connection.open) count++
    return count
  }

  async connect(options: StreamOptions): Promise<StreamSocket> {
    const { remoteAddress, remotePort, timeout = CONNECT_TIMEOUT } = options
    const refuse = (code: string): SimulationError =>
      new SimulationError(code, `connect ${code} ${remoteAddress}:${remotePort}`)
    if (!(remotePort > 0 && remotePort < 65536)) throw refuse('EINVAL')
    const named = options.address
    const address = named === undefined || isUnspecified(named) ? this.#host.sourceFor(remoteAddress) : named
    if (address === undefined) throw refuse('ENETUNREACH')
    if (familyOf(address) !== familyOf(remoteAddress)) throw refuse('EINVAL')
    if (!this.#host.has(address)) throw refuse('EADDRNOTAVAIL')
    const leaves = !isLoopback(remoteAddress) && !this.#host.has(remoteAddress)
    if (leaves && isLoopback(address)) throw refuse('ENETUNREACH')
    const port = options.port || this.#host.freePort(port => this.#taken(address, port))
    const path = { address, port, remoteAddress, remotePort }
    if (port === 0 || this.#connections.has(fourOf(path))) throw refuse('EADDRINUSE')
    return new Promise((resolve, reject) => {
      let settled = false
      const settle = (code: string | undefined): void => {
        settled = true
        timer.cancel()
        if (code === undefined) {
          resolve(connection)
        } else {
          connection.abort()
          reject(refuse(code))
        }
      }
      const handshake = options.tls && new TlsHandshake()
      const connection = this.#create(path, {
        established: () => {
          if (options.tls === undefined) settle(undefined)
          else connection.send(Packet.of(clientHello(options.tls)))
        },
        receive: (bytes, now) => {
          if (settled || handshake === undefined) {
            options.receive(bytes, now)
            return
          }
          const body = handshake.receive(bytes)
          if (body === undefined) return
          settle(body === null ? 'EPROTO' : verifyServer(body, options.tls!))
          if (connection.open && handshake.rest.length > 0) options.receive(handshake.rest, now)
        },
        closed: code => {
          if (settled) options.closed(code)
          else settle(code ?? 'ECONNRESET')
        },
      })
      const timer = this.#host.schedule(this.#host.now() + timeout, () => settle('ETIMEDOUT'))
      connection.connect()
    })
  }

  async listen(options: SimulatedListenerOptions): Promise<StreamListener> {
    const { address } = options
    if (!isUnspecified(address) && !this.#host.has(address)) {
      throw new SimulationError('EADDRNOTAVAIL', `listen EADDRNOTAVAIL ${address}`)
    }
    const port = options.port || this.#host.freePort(port => this.#taken(address, port))
    if (port === 0 || this.#listeners.has(local(address, port))) {
      throw new SimulationError('EADDRINUSE', `listen EADDRINUSE ${address}:${port}`)
    }
    const listener = new Listener(address, port, options, this.#listeners)
    this.#listeners.set(local(address, port), listener)
    return listener
  }

  deliver(datagram: Datagram, now: number): void {
    const segment = datagram.segment!
    const path = {
      address: datagram.to,
      port: datagram.toPort,
      remoteAddress: datagram.from,
      remotePort: datagram.fromPort,
    }
    const connection = this.#connections.get(fourOf(path))
    if (connection !== undefined) {
      connection.receive(segment, datagram.bytes, now)
      return
    }
    const any = familyOf(path.address) === 4 ? '0.0.0.0' : '::'
    const listener = this.#listeners.get(local(path.address, path.port)) ?? this.#listeners.get(local(any, path.port))
    if (listener !== undefined && segment.syn && !segment.ack) this.#accept(listener, path, segment)
    else if (!segment.rst) this.#refuse(path, segment, datagram.bytes)
  }

  // What a connection asks of its host.

  now(): number {
    return this.#host.now()
  }

  schedule(at: number, task: (now: number) => void): Cancellable {
    return this.#host.schedule(at, task)
  }

  transmit(path: ConnectionPath, segment: Segment, bytes: Uint8Array): void {
    // Out of reach for now is as if lost on the way: it is sent again until it counts as over.
    this.#host.transmit({
      protocol: 'tcp',
      from: path.address,
      fromPort: path.port,
      to: path.remoteAddress,
      toPort: path.remotePort,
      bytes,
      segment,
    })
  }

  forget(connection: TcpConnection): void {
    const four = fourOf(connection)
    if (this.#connections.get(four) === connection) this.#connections.delete(four)
  }

  #create(path: ConnectionPath, events: ConstructorParameters<typeof TcpConnection>[2]): TcpConnection {
    const initial = Math.floor(this.#host.now() * TICKS) + this.#made++ * STRIDE
    const connection = new TcpConnection(this, path, events, initial)
    this.#connections.set(fourOf(path), connection)
    return connection
  }

  #accept(listener: Listener, path: ConnectionPath, segment: Segment): void {
    let pending = 0
    for (const other of this.#connections.values()) {
      if (other.halfOpen && other.port === path.port) pending++
    }
    if (pending >= BACKLOG) return
    const { certificate } = listener.options
    let handshake = certificate && new TlsHandshake()
    let handlers: StreamHandlers | undefined
    const hand = (): void => {
      handlers = listener.closed ? undefined : listener.options.accept(connection)
      if (handlers === undefined) connection.abort()
    }
    const connection = this.#create(path, {
      established: () => {
        if (handshake === undefined) hand()
      },
      receive: (bytes, now) => {
        if (handshake === undefined) {
          handlers?.receive(bytes, now)
          return
        }
        const hello = handshake.receive(bytes)
        if (hello === undefined) return
        if (hello === null) {
          connection.abort()
          return
        }
        const { rest } = handshake
        handshake = undefined
        connection.send(Packet.of(serverHello(certificate!)))
        hand()
        if (connection.open && rest.length > 0) handlers?.receive(rest, now)
      },
      closed: code => handlers?.closed(code),
    })
    connection.accept(segment)
  }

  /** RFC 9293, section 3.10.7.1: nobody is there. */
  #refuse(path: ConnectionPath, segment: Segment, bytes: Uint8Array): void {
    const length = bytes.length + (segment.syn ? 1 : 0) + (segment.fin ? 1 : 0)
    const answer = segment.ack
      ? { ack: false, sequence: segment.acknowledgement, acknowledgement: 0 }
      : { ack: true, sequence: 0, acknowledgement: segment.sequence + length }
    this.transmit(path, { syn: false, fin: false, rst: true, ...answer }, new Uint8Array(0))
  }

  #taken(address: string, port: number): boolean {
    if (this.#listeners.has(local(address, port))) return true
    for (const connection of this.#connections.values()) {
      if (connection.port === port && connection.address === address) return true
    }
    return false
  }
}

class Listener implements StreamListener {
  closed = false
  readonly #all: Map<string, Listener>

  constructor(
    readonly address: string,
    readonly port: number,
    readonly options: SimulatedListenerOptions,
    all: Map<string, Listener>,
  ) {
    this.#all = all
  }

  close(): void {
    if (this.closed) return
    this.closed = true
    this.#all.delete(local(this.address, this.port))
  }
}
