/**
 * The simulated network: nodes by address, and a link for each direction between two nodes.
 *
 * A node is whatever owns addresses and takes datagrams: a host today. What stands between hosts (a NAT, a firewall) is
 * a node as well: it owns its outside address here, and has a network of its own inside.
 */

import type { Agenda } from './agenda.ts'
import { type Fate, Link, type LinkOptions } from './link.ts'
import { SeededRandom } from './random.ts'

/** A datagram on the simulated network. Its bytes are its own. */
export interface Datagram {
  readonly from: string
  readonly fromPort: number
  readonly to: string
  readonly toPort: number
  readonly bytes: Uint8Array
}

/**
 * Told of each datagram that enters the network, before it arrives. `from` and `to` are `10.0.0.1:5000` or
 * `[fd00::1]:5000`. The bytes are not to be changed, nor kept without a copy: a receiver may decrypt in place.
 */
export type PacketObserver = (time: number, from: string, to: string, bytes: Uint8Array, fate: PacketFate) => void

/** What becomes of a datagram that enters the network. */
export type PacketFate = Fate | 'no-route'

export interface Node {
  readonly name: string
  /** Takes a datagram to one of the node's addresses. The bytes are the node's to keep. */
  deliver(datagram: Datagram, now: number): void
}

/** Sends what `inject` forges from an address that nobody has. */
const ELSEWHERE: Node = { name: 'elsewhere', deliver: () => {} }

/** An address and a port as one text, IPv6 in brackets. */
export const formatEndpoint = (address: string, port: number): string =>
  address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`

/** The parts of `10.0.0.1:5000` or `[fd00::1]:5000`. Throws a RangeError for anything else. */
export const parseEndpoint = (text: string): { address: string; port: number } => {
  const parts = /^(?:\[([0-9a-f:.]+)\]|([0-9.]+)):(\d{1,5})$/i.exec(text)
  if (parts === null) throw new RangeError(`not an address and port: ${text}`)
  return { address: parts[1] ?? parts[2]!, port: Number(parts[3]) }
}

const headerLength = (address: string): number => (address.includes(':') ? 48 : 28)

export class Network {
  readonly #agenda: Agenda
  readonly #seed: number
  readonly #nodes = new Map<string, Node>()
  readonly #links = new Map<Node, Map<Node, Link>>()
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
    agenda: Agenda,
    seed: number,
    public defaults: LinkOptions,
  ) {
    this.#agenda = agenda
    this.#seed = seed
  }

  /** A source of randomness of its own for each who asks, the same in each run with the same order of asking. */
  random(): SeededRandom {
    return new SeededRandom(this.#seed, ++this.#streams)
  }

  /** Gives an address to a node. Throws a RangeError when another has it. */
  attach(address: string, node: Node): void {
    const owner = this.#nodes.get(address)
    if (owner !== undefined && owner !== node) throw new RangeError(`${address} belongs to ${owner.name}`)
    this.#nodes.set(address, node)
  }

  detach(address: string): void {
    this.#nodes.delete(address)
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
      link = new Link(this.random(), this)
      links.set(to, link)
    }
    return link
  }

  /** Sends a datagram on its way from `sender`. To an address that nobody has, it is lost in silence. */
  send(sender: Node, datagram: Datagram, now: number): void {
    const { counters } = this
    counters.sent++
    const receiver = this.#nodes.get(datagram.to)
    let fate: PacketFate = 'no-route'
    if (receiver !== undefined) {
      const link = this.link(sender, receiver)
      const arrivals = link.enter(datagram.bytes, headerLength(datagram.to), now)
      fate = link.fate
      if (arrivals.length > 1) counters.duplicated++
      for (let i = 0; i < arrivals.length; i++) {
        // A receiver may decrypt in place: each copy has bytes of its own.
        const copy = i === 0 ? datagram : { ...datagram, bytes: datagram.bytes.slice() }
        this.#agenda.add(arrivals[i]!, at => this.#arrive(copy, at))
      }
    }
    if (fate === 'no-route') counters.droppedNoRoute++
    else if (fate === 'lost') counters.lost++
    else if (fate === 'queue-full') counters.droppedQueueFull++
    else if (fate === 'too-big') counters.droppedTooBig++
    this.observer?.(
      now,
      formatEndpoint(datagram.from, datagram.fromPort),
      formatEndpoint(datagram.to, datagram.toPort),
      datagram.bytes,
      fate,
    )
  }

  /** Sends a datagram with a forged source, over the link from whoever has that address. */
  inject(datagram: Datagram, now: number): void {
    this.send(this.#nodes.get(datagram.from) ?? ELSEWHERE, datagram, now)
  }

  #arrive(datagram: Datagram, now: number): void {
    // Whoever has the address by now.
    const node = this.#nodes.get(datagram.to)
    if (node === undefined) return
    this.counters.delivered++
    node.deliver(datagram, now)
  }
}
