/** A host of the simulation: the `Host` contract over the virtual clock and the simulated networks. */

import type {
  Cancellable,
  DatagramOptions,
  DatagramSocket,
  Host,
  InterfaceAddress,
  MulticastOptions,
  Random,
  StreamListener,
  StreamOptions,
  StreamSocket,
} from '../machine/index.ts'
import { type Datagram, familyOf, isLoopback, isMulticast, isUnspecified } from './datagram.ts'
import { SimulationError } from './error.ts'
import type { Network, Node, World } from './network.ts'
import { SimulatedSocket } from './socket.ts'
import { type SimulatedListenerOptions, Tcp } from './tcp.ts'

/** What a host stands behind: a NAT or a firewall. */
export interface Inside {
  /** The network that it is the gateway of. */
  readonly inside: Network
}

export interface HostOptions {
  /** The host's addresses in canonical text, IPv4 or IPv6. Loopback is there without being named. */
  readonly addresses: readonly string[]
  readonly name?: string
  /** The NAT or firewall that the addresses are inside of. By default they are on the internet. */
  readonly behind?: Inside
}

/** What a host takes from its simulation. */
export interface HostContext {
  readonly world: World
  readonly internet: Network
  readonly timeOrigin: number
  /** Host names and their addresses. */
  readonly names: ReadonlyMap<string, readonly string[]>
  now(): number
}

/** The ports that are given out (RFC 6335, section 6). */
const FIRST_EPHEMERAL = 49152
const EPHEMERAL = 16384

const key = (address: string, port: number): string => `${address} ${port}`

export class SimulatedHost implements Host, Node {
  readonly name: string
  readonly timeOrigin: number
  readonly random: Random
  readonly #context: HostContext
  readonly #home: Network
  readonly #interfaces: InterfaceAddress[] = []
  /** The network that an address is in. */
  readonly #networks = new Map<string, Network>()
  readonly #sockets = new Map<string, SimulatedSocket>()
  /** Sockets that have joined a group, and in which network; undefined once their address has gone. */
  readonly #multicast = new Map<SimulatedSocket, Network | undefined>()
  readonly #tcp: Tcp
  readonly #watchers = new Set<() => void>()
  #changed = false
  #nextPort = 0
  readonly counters = {
    /** Datagrams to a UDP port that is not open. */
    droppedClosedPort: 0,
  }

  constructor(context: HostContext, options: HostOptions, name: string) {
    this.name = name
    this.timeOrigin = context.timeOrigin
    this.random = context.world.random()
    this.#context = context
    this.#home = options.behind?.inside ?? context.internet
    this.#tcp = new Tcp({
      now: () => this.now(),
      schedule: (at, task) => this.schedule(at, task),
      has: address => this.has(address),
      sourceFor: to => this.#sourceFor(to, this.#isLocal(to)),
      freePort: taken => this.#freePort(taken),
      transmit: datagram => this.#transmit(datagram),
    })
    for (const address of ['127.0.0.1', '::1']) {
      this.#interfaces.push({ name: 'lo', address, family: familyOf(address), internal: true })
    }
    for (const address of options.addresses) this.addAddress(address)
  }

  /** The networks that it is in. */
  get networks(): readonly Network[] {
    return [...new Set([this.#home, ...this.#networks.values()])]
  }

  /** How many sockets and listeners are open. */
  get openSockets(): number {
    return this.#sockets.size + this.#multicast.size + this.#tcp.openSockets
  }

  now(): number {
    return this.#context.now()
  }

  interfaces(): readonly InterfaceAddress[] {
    return [...this.#interfaces]
  }

  /**
   * Gives the host one more address, on an interface of its own unless `interfaceName` names one, and inside of the same
   * NAT or firewall as the host's others unless `behind` names another. Throws a RangeError when it is taken there.
   */
  addAddress(address: string, interfaceName = `eth${this.#interfaces.length - 2}`, behind?: Inside): void {
    const network = behind?.inside ?? this.#home
    network.attach(address, this)
    this.#networks.set(address, network)
    this.#interfaces.push({ name: interfaceName, address, family: familyOf(address), internal: false })
    this.#tellWatchers()
  }

  /** Takes an address away. Sockets bound to it stay open and reach nobody. */
  removeAddress(address: string): void {
    const index = this.#interfaces.findIndex(item => item.address === address && !item.internal)
    if (index < 0) return
    this.#interfaces.splice(index, 1)
    this.#networks.get(address)?.detach(address)
    this.#networks.delete(address)
    for (const [socket, network] of this.#multicast) {
      if (socket.address !== address) continue
      network?.leave(socket.group!, this)
      this.#multicast.set(socket, undefined)
    }
    this.#tellWatchers()
  }

  watchInterfaces(changed: () => void): Cancellable {
    // A watcher of its own for each call, also when two watch with one function.
    const watcher = (): void => changed()
    this.#watchers.add(watcher)
    return { cancel: () => this.#watchers.delete(watcher) }
  }

  async openDatagram(options: DatagramOptions): Promise<DatagramSocket> {
    const { address } = options
    if (!isUnspecified(address) && !this.has(address)) {
      throw new SimulationError('EADDRNOTAVAIL', `bind EADDRNOTAVAIL ${address}`)
    }
    const port = options.port || this.#freePort(free => this.#sockets.has(key(address, free)))
    if (port === 0 || this.#sockets.has(key(address, port))) {
      throw new SimulationError('EADDRINUSE', `bind EADDRINUSE ${address}:${port}`)
    }
    const socket = new SimulatedSocket(this.#socketHost, options, port)
    this.#sockets.set(key(address, port), socket)
    return socket
  }

  /** Reaches the hosts of one network; no NAT and no firewall lets multicast through. */
  async openMulticast(options: MulticastOptions): Promise<DatagramSocket> {
    const { address, group, port } = options
    const wrong = !isMulticast(group) || familyOf(group) !== familyOf(address) ? 'EINVAL' : undefined
    const code = wrong ?? (this.has(address) ? undefined : 'EADDRNOTAVAIL')
    if (code !== undefined) throw new SimulationError(code, `addMembership ${code} ${group} ${address}`)
    const socket = new SimulatedSocket(this.#socketHost, options, port, group)
    const network = this.#networks.get(address)
    this.#multicast.set(socket, network)
    network?.join(group, this)
    return socket
  }

  /**
   * Takes a TCP connection over the links, segment by segment. With `tls`, one more round trip and the certificate that
   * the listener was given: DEPTH_ZERO_SELF_SIGNED_CERT when who has issued it is not trusted,
   * ERR_TLS_CERT_ALTNAME_INVALID when it does not name the server, EPROTO when there is no TLS.
   */
  openStream(options: StreamOptions): Promise<StreamSocket> {
    return this.#tcp.connect(options)
  }

  /** With `certificate`, the listener speaks TLS. */
  listenStream(options: SimulatedListenerOptions): Promise<StreamListener> {
    return this.#tcp.listen(options)
  }

  async resolve(name: string): Promise<readonly string[]> {
    return this.#context.names.get(name.toLowerCase()) ?? []
  }

  schedule(at: number, task: (now: number) => void): Cancellable {
    return this.#context.world.agenda.add(Math.max(at, this.now()), task)
  }

  queueTask(task: () => void): void {
    this.#context.world.agenda.add(this.now(), task)
  }

  /** Whether the address is one of this host's. */
  has(address: string): boolean {
    return this.#interfaces.some(item => item.address === address)
  }

  deliver(datagram: Datagram, now: number, network?: Network): void {
    const { to } = datagram
    if (datagram.protocol === 'tcp') this.#tcp.deliver(datagram, now)
    else if (isMulticast(to)) this.#deliverToGroup(datagram, now, network)
    else this.#deliverToSocket(datagram, now)
  }

  #deliverToSocket(datagram: Datagram, now: number): void {
    const { to, toPort } = datagram
    const socket =
      this.#sockets.get(key(to, toPort)) ??
      this.#sockets.get(key(familyOf(to) === 4 ? '0.0.0.0' : '::', toPort)) ??
      // As platforms do: of those that share a port, the last takes what is for the host alone.
      [...this.#multicast.keys()].reverse().find(item => item.port === toPort && item.address === to)
    if (socket === undefined) this.counters.droppedClosedPort++
    else socket.receive(datagram.bytes, datagram.from, datagram.fromPort, now)
  }

  readonly #socketHost = {
    send: (socket: SimulatedSocket, bytes: Uint8Array, to: string, toPort: number): string | undefined =>
      this.#send(socket.address, socket.port, bytes, to, toPort),
    queueTask: (task: () => void): void => this.queueTask(task),
    forget: (socket: SimulatedSocket): void => {
      if (socket.group === undefined) {
        this.#sockets.delete(key(socket.address, socket.port))
      } else {
        this.#multicast.get(socket)?.leave(socket.group, this)
        this.#multicast.delete(socket)
      }
    },
  }

  /** Sends a UDP datagram, or returns the platform's error code. */
  #send(address: string, fromPort: number, bytes: Uint8Array, to: string, toPort: number): string | undefined {
    if (familyOf(to) !== familyOf(address) || !(toPort > 0 && toPort < 65536)) return 'EINVAL'
    const from = isUnspecified(address) ? this.#sourceFor(to, this.#isLocal(to)) : address
    if (from === undefined) return 'ENETUNREACH'
    return this.#transmit({ protocol: 'udp', from, fromPort, to, toPort, bytes })
  }

  #transmit(datagram: Datagram): string | undefined {
    const { from, to } = datagram
    const local = this.#isLocal(to)
    if (!this.has(from) || (isLoopback(from) && !local && !isMulticast(to))) return 'ENETUNREACH'
    const now = this.now()
    const network = this.#networks.get(from)
    // What stays on the host crosses no link.
    if (local) {
      this.#context.world.agenda.add(now, at => this.deliver(datagram, at))
    } else if (isMulticast(to)) {
      network?.sendToGroup(this, datagram, now)
      this.#context.world.agenda.add(now, at => this.deliver(datagram, at, network))
    } else {
      network?.send(this, datagram, now)
    }
    return undefined
  }

  #deliverToGroup(datagram: Datagram, now: number, network: Network | undefined): void {
    for (const [socket, joined] of [...this.#multicast]) {
      if (socket.group !== datagram.to || socket.port !== datagram.toPort) continue
      // Borrowed bytes may be overwritten by whoever gets them first.
      if (joined === network && this.has(socket.address)) {
        socket.receive(datagram.bytes.slice(), datagram.from, datagram.fromPort, now)
      }
    }
  }

  /** Once for all that changes in one moment, and after it. */
  #tellWatchers(): void {
    if (this.#changed || this.#watchers.size === 0) return
    this.#changed = true
    this.queueTask(() => {
      this.#changed = false
      for (const watcher of [...this.#watchers]) if (this.#watchers.has(watcher)) watcher()
    })
  }

  #isLocal(to: string): boolean {
    return isLoopback(to) || this.has(to)
  }

  #sourceFor(to: string, local: boolean): string | undefined {
    if (local) return to
    return this.#interfaces.find(item => item.family === familyOf(to) && !item.internal)?.address
  }

  #freePort(taken: (port: number) => boolean): number {
    for (let i = 0; i < EPHEMERAL; i++) {
      const port = FIRST_EPHEMERAL + (this.#nextPort++ % EPHEMERAL)
      if (!taken(port)) return port
    }
    return 0
  }
}
