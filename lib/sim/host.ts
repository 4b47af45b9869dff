/** A host of the simulation: the `Host` contract over the virtual clock and the simulated network. */

import type { Packet } from '../bytes/index.ts'
import type { Cancellable, DatagramOptions, DatagramSocket, Host, InterfaceAddress, Random } from '../machine/index.ts'
import type { Agenda } from './agenda.ts'
import type { Datagram, Network, Node } from './network.ts'

/** What a simulated platform refuses, by the code that a real one gives. */
export class SimulationError extends Error {
  override readonly name = 'SimulationError'

  constructor(
    /** `EADDRINUSE`, `EADDRNOTAVAIL`; `stalled`, `limit` from `Simulation.run`. */
    readonly code: string,
    message: string,
  ) {
    super(message)
  }
}

export interface HostOptions {
  /** The host's addresses in canonical text, IPv4 or IPv6. Loopback is there without being named. */
  readonly addresses: readonly string[]
  readonly name?: string
}

/** What a host takes from its simulation. */
export interface HostContext {
  readonly agenda: Agenda
  readonly network: Network
  readonly timeOrigin: number
  /** Host names and their addresses. */
  readonly names: ReadonlyMap<string, readonly string[]>
  now(): number
}

/** The ports that are given out (RFC 6335, section 6). */
const FIRST_EPHEMERAL = 49152
const EPHEMERAL = 16384

const familyOf = (address: string): 4 | 6 => (address.includes(':') ? 6 : 4)
const isLoopback = (address: string): boolean => address === '::1' || address.startsWith('127.')
const isUnspecified = (address: string): boolean => address === '0.0.0.0' || address === '::'
const key = (address: string, port: number): string => `${address} ${port}`

export class SimulatedHost implements Host, Node {
  readonly name: string
  readonly timeOrigin: number
  readonly random: Random
  readonly #context: HostContext
  readonly #interfaces: InterfaceAddress[] = []
  readonly #sockets = new Map<string, SimulatedSocket>()
  #nextPort = 0
  readonly counters = {
    /** Datagrams to a port that is not open. */
    droppedClosedPort: 0,
  }

  constructor(context: HostContext, options: HostOptions, name: string) {
    this.name = name
    this.timeOrigin = context.timeOrigin
    this.random = context.network.random()
    this.#context = context
    for (const address of ['127.0.0.1', '::1']) {
      this.#interfaces.push({ name: 'lo', address, family: familyOf(address), internal: true })
    }
    for (const address of options.addresses) this.addAddress(address)
  }

  /** How many sockets are open. */
  get openSockets(): number {
    return this.#sockets.size
  }

  now(): number {
    return this.#context.now()
  }

  interfaces(): readonly InterfaceAddress[] {
    return [...this.#interfaces]
  }

  /** Gives the host one more address, on an interface of its own unless `interfaceName` names one. */
  addAddress(address: string, interfaceName = `eth${this.#interfaces.length - 2}`): void {
    this.#context.network.attach(address, this)
    this.#interfaces.push({ name: interfaceName, address, family: familyOf(address), internal: false })
  }

  /** Takes an address away. Sockets bound to it stay open and reach nobody. */
  removeAddress(address: string): void {
    const index = this.#interfaces.findIndex(item => item.address === address && !item.internal)
    if (index < 0) return
    this.#interfaces.splice(index, 1)
    this.#context.network.detach(address)
  }

  async openDatagram(options: DatagramOptions): Promise<DatagramSocket> {
    const { address } = options
    if (!isUnspecified(address) && !this.has(address)) {
      throw new SimulationError('EADDRNOTAVAIL', `bind EADDRNOTAVAIL ${address}`)
    }
    const port = options.port || this.#freePort(address)
    if (port === 0 || this.#sockets.has(key(address, port))) {
      throw new SimulationError('EADDRINUSE', `bind EADDRINUSE ${address}:${port}`)
    }
    const socket = new SimulatedSocket(this, options, port)
    this.#sockets.set(key(address, port), socket)
    return socket
  }

  async resolve(name: string): Promise<readonly string[]> {
    return this.#context.names.get(name.toLowerCase()) ?? []
  }

  schedule(at: number, task: (now: number) => void): Cancellable {
    return this.#context.agenda.add(Math.max(at, this.now()), task)
  }

  queueTask(task: () => void): void {
    this.#context.agenda.add(this.now(), task)
  }

  /** Whether the address is one of this host's. */
  has(address: string): boolean {
    return this.#interfaces.some(item => item.address === address)
  }

  deliver(datagram: Datagram, now: number): void {
    const { to, toPort } = datagram
    const socket =
      this.#sockets.get(key(to, toPort)) ?? this.#sockets.get(key(familyOf(to) === 4 ? '0.0.0.0' : '::', toPort))
    if (socket === undefined) this.counters.droppedClosedPort++
    else socket.receive(datagram.bytes, datagram.from, datagram.fromPort, now)
  }

  /** For `SimulatedSocket.send` only: sends, or returns the platform's error code. */
  transmit(address: string, port: number, bytes: Uint8Array, to: string, toPort: number): string | undefined {
    if (familyOf(to) !== familyOf(address) || !(toPort > 0 && toPort < 65536)) return 'EINVAL'
    const local = isLoopback(to) || this.has(to)
    const from = isUnspecified(address) ? this.#sourceFor(to, local) : address
    if (from === undefined || !this.has(from) || (isLoopback(from) && !local)) return 'ENETUNREACH'
    const datagram = { from, fromPort: port, to, toPort, bytes }
    const now = this.now()
    // What stays on the host crosses no link.
    if (local) this.#context.agenda.add(now, at => this.deliver(datagram, at))
    else this.#context.network.send(this, datagram, now)
    return undefined
  }

  /** For `SimulatedSocket.close` only. */
  forget(socket: SimulatedSocket): void {
    this.#sockets.delete(key(socket.address, socket.port))
  }

  #sourceFor(to: string, local: boolean): string | undefined {
    if (local) return to
    return this.#interfaces.find(item => item.family === familyOf(to) && !item.internal)?.address
  }

  #freePort(address: string): number {
    for (let i = 0; i < EPHEMERAL; i++) {
      const port = FIRST_EPHEMERAL + (this.#nextPort++ % EPHEMERAL)
      if (!this.#sockets.has(key(address, port))) return port
    }
    return 0
  }
}

class SimulatedSocket implements DatagramSocket {
  readonly address: string
  readonly #host: SimulatedHost
  readonly #options: DatagramOptions
  #closed = false

  constructor(
    host: SimulatedHost,
    options: DatagramOptions,
    readonly port: number,
  ) {
    this.address = options.address
    this.#host = host
    this.#options = options
  }

  send(packet: Packet, address: string, port: number): void {
    if (!this.#closed) {
      const code = this.#host.transmit(this.address, this.port, packet.view().slice(), address, port)
      // As on a real platform, the error comes after the call.
      if (code !== undefined) this.#host.queueTask(() => this.#closed || this.#options.failed?.(code))
    }
    packet.release()
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#host.forget(this)
  }

  /** For `SimulatedHost.deliver` only. */
  receive(bytes: Uint8Array, address: string, port: number, now: number): void {
    this.#options.receive(bytes, address, port, now)
  }
}
