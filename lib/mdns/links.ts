/**
 * The links of a host: a multicast socket and a responder for each interface and address family (RFC 6762, 14 and 20).
 *
 * They are opened when somebody has a name to publish or to ask for, follow the host's interfaces as long as they are
 * open, and are closed together. An interface that cannot be opened is left out.
 */

import { Packet } from '../bytes/index.ts'
import type { Cancellable, DatagramSocket, Host, InterfaceAddress, Machine } from '../machine/index.ts'
import { decodeMessage, type MdnsMessage } from './message.ts'
import { MDNS_PORT, MdnsResponder } from './responder.ts'

/** The groups (RFC 6762, 3). */
const GROUPS = { 4: '224.0.0.251', 6: 'ff02::fb' } as const
/** Each costs two sockets, and every question goes out on all of them. */
const MOST_INTERFACES = 16

interface Link {
  /** The address it is opened on. */
  readonly address: string
  /** All addresses of its interface: the names of these are answered for here. */
  addresses: ReadonlySet<string>
  readonly responder: MdnsResponder
  socket: DatagramSocket | undefined
  closed: boolean
  /** Settles when it is open, or is known not to open. */
  readonly opened: Promise<void>
}

/** What is wanted of an interface: its name and all of its addresses. */
type Interface = readonly InterfaceAddress[]

/** Takes each well-formed message, with the port it came from. */
export type MdnsSink = (message: MdnsMessage, port: number, now: number) => void

const isLinkLocal = (address: string): boolean => /^fe[89ab]/.test(address)

/** Interfaces by usefulness: with an address that is published, with one that reaches beyond the link, others. */
const rank = (addresses: Interface, published: ReadonlySet<string>): number => {
  if (addresses.some(({ address }) => published.has(address))) return 0
  return addresses.some(({ address }) => !isLinkLocal(address)) ? 1 : 2
}

const isSame = (a: ReadonlySet<string>, b: ReadonlySet<string>): boolean =>
  a.size === b.size && [...a].every(item => b.has(item))

/**
 * The interfaces to speak mDNS on, at most 16. Loopback is not one of them unless an address of it is published, or the
 * host has nothing else: what is on this host is heard on its other interfaces as well.
 */
const selectInterfaces = (all: readonly InterfaceAddress[], published: ReadonlySet<string>): Interface[] => {
  const names = new Set(all.map(({ name }) => name))
  const interfaces: Interface[] = [...names].map(name => all.filter(item => item.name === name))
  const outer = interfaces.filter(
    addresses => !addresses[0]!.internal || addresses.some(({ address }) => published.has(address)),
  )
  const chosen = outer.length > 0 ? outer : interfaces
  return chosen.sort((a, b) => rank(a, published) - rank(b, published)).slice(0, MOST_INTERFACES)
}

/** What the links of a host count, those that are closed included. */
export interface LinkCounters {
  /** Sockets that were opened. */
  opened: number
  /** Interfaces, by family, that could not be opened. */
  failed: number
  /** Datagrams that were no well-formed message. */
  malformed: number
  /** Errors of the platform when sending or receiving. */
  socketErrors: number
}

export class MdnsLinks implements Machine {
  readonly #host: Host
  readonly #receive: MdnsSink
  readonly #opened: () => void
  /** While they are open. */
  #watch: Cancellable | undefined
  /** Names and their addresses. */
  readonly #published = new Map<string, string>()
  readonly #links = new Map<string, Link>()
  /** Those that did not open: not tried again before the host's addresses change, or all are closed. */
  readonly #failed = new Set<string>()
  readonly counters: LinkCounters = { opened: 0, failed: 0, malformed: 0, socketErrors: 0 }

  /** @param opened Called after a link has been opened: there may be something to announce on it. */
  constructor(host: Host, receive: MdnsSink, opened: () => void) {
    this.#host = host
    this.#receive = receive
    this.#opened = opened
  }

  /** How many sockets are open. */
  get open(): number {
    let open = 0
    for (const { socket } of this.#links.values()) if (socket !== undefined) open++
    return open
  }

  /** Names and their addresses. */
  get published(): ReadonlyMap<string, string> {
    return this.#published
  }

  get deadline(): number {
    let deadline = Number.POSITIVE_INFINITY
    for (const { socket, responder } of this.#links.values()) {
      if (socket !== undefined) deadline = Math.min(deadline, responder.deadline)
    }
    return deadline
  }

  advance(now: number): void {
    for (const { socket, responder } of this.#links.values()) if (socket !== undefined) responder.advance(now)
  }

  /** Opens what is not open, closes what is no longer there, and resolves when that is done. Never rejects. */
  async follow(): Promise<void> {
    this.#watch ??= this.#host.watchInterfaces(() => {
      this.#failed.clear()
      void this.follow()
    })
    const wanted = new Map<string, { address: string; family: 4 | 6; addresses: Set<string> }>()
    const published = new Set(this.#published.values())
    for (const list of selectInterfaces(this.#host.interfaces(), published)) {
      const addresses = new Set(list.map(({ address }) => address))
      for (const family of [4, 6] as const) {
        const own = list.filter(item => item.family === family)
        // The link-local address is the one that stays while others come and go.
        const chosen = own.find(({ address }) => isLinkLocal(address)) ?? own[0]
        if (chosen !== undefined)
          wanted.set(`${chosen.name} ${family} ${chosen.address}`, { address: chosen.address, family, addresses })
      }
    }
    for (const [key, link] of this.#links) if (!wanted.has(key)) this.#close(key, link)
    for (const [key, { address, family, addresses }] of wanted) {
      const link = this.#links.get(key)
      if (link === undefined) {
        if (!this.#failed.has(key)) this.#open(key, address, family, addresses)
      } else if (!isSame(addresses, link.addresses)) {
        link.addresses = addresses
        this.#publishOn(link)
      }
    }
    await Promise.all([...this.#links.values()].map(({ opened }) => opened))
  }

  /** Answers for a name on the links of its address's interface: those that are open, and those that `follow` opens. */
  publish(name: string, address: string): void {
    this.#published.set(name, address)
    const now = this.#host.now()
    for (const { addresses, responder, socket } of this.#links.values()) {
      if (socket !== undefined && addresses.has(address)) responder.publish(name, address, now)
    }
  }

  /** Answers for the names no more, with a goodbye. Names that are not published are passed over. */
  withdraw(names: readonly string[]): void {
    for (const name of names) this.#published.delete(name)
    for (const { responder } of this.#links.values()) responder.withdraw(names)
  }

  /** Sends a message to the group on each link. */
  send(message: Uint8Array): void {
    for (const { address, socket } of this.#links.values()) {
      socket?.send(Packet.of(message), address.includes(':') ? GROUPS[6] : GROUPS[4], MDNS_PORT)
    }
  }

  /** Closes all sockets; `follow` opens them again. Says no goodbye. */
  close(): void {
    this.#watch?.cancel()
    this.#watch = undefined
    for (const [key, link] of [...this.#links]) this.#close(key, link)
    this.#failed.clear()
  }

  #open(key: string, address: string, family: 4 | 6, addresses: ReadonlySet<string>): void {
    const group = GROUPS[family]
    const responder = new MdnsResponder((message, to = group, port = MDNS_PORT) =>
      link.socket?.send(Packet.of(message), to, port),
    )
    const opening = this.#host.openMulticast({
      group,
      port: MDNS_PORT,
      address,
      receive: (bytes, from, port, now) => this.#take(link, bytes, from, port, now),
      failed: () => this.counters.socketErrors++,
    })
    const opened = opening.then(
      socket => {
        if (link.closed) {
          socket.close()
          return
        }
        link.socket = socket
        this.counters.opened++
        this.#publishOn(link)
        this.#opened()
      },
      () => {
        this.counters.failed++
        if (link.closed) return
        this.#failed.add(key)
        this.#links.delete(key)
      },
    )
    const link: Link = { address, addresses, responder, socket: undefined, closed: false, opened }
    this.#links.set(key, link)
  }

  #publishOn(link: Link): void {
    if (link.socket === undefined) return
    const now = this.#host.now()
    for (const [name, address] of this.#published) {
      if (link.addresses.has(address)) link.responder.publish(name, address, now)
    }
  }

  #take(link: Link, bytes: Uint8Array, address: string, port: number, now: number): void {
    if (link.closed) return
    const message = decodeMessage(bytes)
    if (message === undefined) {
      this.counters.malformed++
      return
    }
    link.responder.receive(message, address, port, now, link.addresses.has(address))
    this.#receive(message, port, now)
  }

  #close(key: string, link: Link): void {
    link.closed = true
    link.socket?.close()
    link.socket = undefined
    this.#links.delete(key)
  }
}
