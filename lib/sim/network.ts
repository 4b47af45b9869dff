/**
 * A simulated network: nodes by address, and a link for each direction between two nodes.
 *
 * A node is whatever owns addresses and takes datagrams: a host, or what stands between hosts (a NAT, a firewall). Such
 * a one owns its outside addresses in one network and is the gateway of another, its inside, to which goes what none of
 * the inside has the address of. The inside is a network like any other, with addresses of its own.
 */

import type { Agenda } from './agenda.ts'
import { type Datagram, formatEndpoint, headerLength } from './datagram.ts'
import { type Fate, Link, type LinkOptions } from './link.ts'
import { SeededRandom } from './random.ts'

/**
 * Told of each datagram that enters a network, before it arrives: once in each that it crosses. `from` and `to` are
 * `10.0.0.1:5000` or `[fd00::1]:5000`; of a TCP segment `bytes` is the data, which may be none. `network` is the name of
 * the NAT or firewall whose inside it is, or `internet`. The bytes are not to be changed, nor kept without a copy: a
 * receiver may decrypt in place.
 */
export type PacketObserver = (
  time: number,
  from: string,
  to: string,
  bytes: Uint8Array,
  fate: PacketFate,
  protocol: 'udp' | 'tcp',
  network: string,
) => void

/** What becomes of a datagram that enters the network. */
export type PacketFate = Fate | 'no-route'

export interface Node {
  readonly name: string
  /** Takes a datagram that came over `network`. The bytes are the node's to keep. */
  deliver(datagram: Datagram, now: number, network: Network): void
}

/** The way out of a network. */
export interface Gateway extends Node {
  /** An address of its inside has come up, or gone. Throws a RangeError when it cannot be. */
  attached(address: string): void
  detached(address: string): void
}

/** Sends what `inject` forges from an address that nobody has. */
const ELSEWHERE: Node = { name: 'elsewhere', deliver: () => {} }

/** What all networks of a simulation have in common. */
export class World {
  #streams = 0
  observer: PacketObserver | undefined
  readonly counters = {
    sent: 0,
    delivered: 0,
    duplicated: 0,
    lost: 0,
    droppedQueueFull: 0,
    droppedTooBig: 0,
    droppedNoRoute: 0,
  }

  /** @param defaults What each link does that has no options of its own; may be changed at any time. */
  constructor(
    readonly agenda: Agenda,
    readonly seed: number,
    public defaults: LinkOptions,
  ) {}

  /** A source of randomness of its own for each who asks, the same in each run with the same order of asking. */
  random(): SeededRandom {
    return new SeededRandom(this.seed, ++this.#streams)
  }
}

/** The way to and from a gateway costs nothing: what is between two hosts has the defaults once, however many NATs. */
const NEXT_DOOR = { defaults: {} }

export class Network {
  readonly name: string
  readonly #world: World
  readonly #gateway: Gateway | undefined
  readonly #nodes = new Map<string, Node>()
  readonly #links = new Map<Node, Map<Node, Link>>()
  /** Who has joined a multicast group, and how often. */
  readonly #groups = new Map<string, Map<Node, number>>()

  constructor(world: World, gateway?: Gateway) {
    this.name = gateway?.name ?? 'internet'
    this.#world = world
    this.#gateway = gateway
  }

  /** Gives an address to a node. Throws a RangeError when another has it. */
  attach(address: string, node: Node): void {
    const owner = this.#nodes.get(address)
    if (owner !== undefined && owner !== node) throw new RangeError(`${address} belongs to ${owner.name}`)
    this.#gateway?.attached(address)
    this.#nodes.set(address, node)
  }

  detach(address: string): void {
    if (this.#nodes.delete(address)) this.#gateway?.detached(address)
  }

  /** The direction from one node to another; made when it is first asked for. */
  link(from: Node, to: Node): Link {
    let links = this.#links.get(from)
    if (links === undefined) {
      links = new Map()
      this.#links.set(from, links)
    }
    let link = links.get(to)
    if (link === undefined) {
      const nextDoor = from === this.#gateway || to === this.#gateway
      link = new Link(this.#world.random(), nextDoor ? NEXT_DOOR : this.#world)
      links.set(to, link)
    }
    return link
  }

  join(group: string, node: Node): void {
    const members = this.#groups.get(group) ?? new Map<Node, number>()
    members.set(node, (members.get(node) ?? 0) + 1)
    this.#groups.set(group, members)
  }

  leave(group: string, node: Node): void {
    const members = this.#groups.get(group)
    const times = (members?.get(node) ?? 0) - 1
    if (times > 0) members?.set(node, times)
    else members?.delete(node)
  }

  /** Sends a datagram on its way from `sender`. To an address that nobody has, it is lost in silence. */
  send(sender: Node, datagram: Datagram, now: number): void {
    const receiver = this.#nodes.get(datagram.to) ?? (sender === this.#gateway ? undefined : this.#gateway)
    this.#cross(sender, receiver, datagram, now, false)
  }

  /** Sends a datagram to all others who have joined the group that it is for. */
  sendToGroup(sender: Node, datagram: Datagram, now: number): void {
    for (const member of this.#groups.get(datagram.to)?.keys() ?? []) {
      if (member !== sender) this.#cross(sender, member, { ...datagram, bytes: datagram.bytes.slice() }, now, true)
    }
  }

  /** Sends a datagram with a forged source, over the link from whoever has that address. */
  inject(datagram: Datagram, now: number): void {
    this.send(this.#nodes.get(datagram.from) ?? ELSEWHERE, datagram, now)
  }

  #cross(sender: Node, receiver: Node | undefined, datagram: Datagram, now: number, group: boolean): void {
    const { counters, agenda } = this.#world
    counters.sent++
    let fate: PacketFate = 'no-route'
    if (receiver !== undefined) {
      const link = this.link(sender, receiver)
      const arrivals = link.enter(datagram.bytes, headerLength(datagram), now)
      fate = link.fate
      if (arrivals.length > 1) counters.duplicated++
      for (let i = 0; i < arrivals.length; i++) {
        // A receiver may decrypt in place: each copy has bytes of its own.
        const copy = i === 0 ? datagram : { ...datagram, bytes: datagram.bytes.slice() }
        const fixed = group || receiver === this.#gateway
        agenda.add(arrivals[i]!, at => this.#arrive(copy, fixed ? receiver : undefined, at))
      }
    }
    if (fate === 'no-route') counters.droppedNoRoute++
    else if (fate === 'lost') counters.lost++
    else if (fate === 'queue-full') counters.droppedQueueFull++
    else if (fate === 'too-big') counters.droppedTooBig++
    this.#world.observer?.(
      now,
      formatEndpoint(datagram.from, datagram.fromPort),
      formatEndpoint(datagram.to, datagram.toPort),
      datagram.bytes,
      fate,
      datagram.protocol,
      this.name,
    )
  }

  #arrive(datagram: Datagram, receiver: Node | undefined, now: number): void {
    // Whoever has the address by now.
    const node = receiver ?? this.#nodes.get(datagram.to)
    if (node === undefined) return
    this.#world.counters.delivered++
    node.deliver(datagram, now, this)
  }
}
