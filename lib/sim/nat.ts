/**
 * A network address translator (RFC 4787 for UDP, RFC 5382 for TCP): addresses of its own outside, and inside a network
 * that may use any addresses, also such as another NAT's inside uses.
 */

import { type Datagram, familyOf } from './datagram.ts'
import type { HostContext, Inside } from './host.ts'
import { type Binding, BindingTable, type NatBehaviour } from './nat-binding.ts'
import { type Gateway, Network } from './network.ts'

/** The kinds of NAT by their old names (RFC 3489, section 5). */
export type NatKind = 'full-cone' | 'address-restricted' | 'port-restricted' | 'symmetric'

const KINDS: Readonly<Record<NatKind, { readonly mapping: NatBehaviour; readonly filtering: NatBehaviour }>> = {
  'full-cone': { mapping: 'endpoint-independent', filtering: 'endpoint-independent' },
  'address-restricted': { mapping: 'endpoint-independent', filtering: 'address-dependent' },
  'port-restricted': { mapping: 'endpoint-independent', filtering: 'address-and-port-dependent' },
  symmetric: { mapping: 'address-and-port-dependent', filtering: 'address-and-port-dependent' },
}

export interface NatOptions {
  /** Its outside addresses. A family of which it has none does not get out, unless `routesIpv6`. */
  readonly addresses: readonly string[]
  /** `port-restricted` by default. */
  readonly kind?: NatKind
  /** For which remote addresses one inside address and port keeps its outside port. That of `kind` by default. */
  readonly mapping?: NatBehaviour
  /** From which remote addresses something comes in: those to which something went out. That of `kind` by default. */
  readonly filtering?: NatBehaviour
  /** Whether the inside reaches itself by outside addresses (RFC 4787, section 6). False by default. */
  readonly hairpin?: boolean
  /** Milliseconds that a UDP binding lives when nothing goes out. 120,000 by default, the least that REQ-5 allows. */
  readonly bindingLifetime?: number
  /** Whether what comes in keeps a UDP binding alive as well (REQ-6). False by default. */
  readonly inboundRefresh?: boolean
  /** Whether an inside port is kept outside as long as nobody else has it. By default ports are drawn by chance. */
  readonly portPreservation?: boolean
  /** Whether an inside address stays with one outside address (REQ-2), or takes another for each binding. */
  readonly pooling?: 'paired' | 'arbitrary'
  /** How many bindings there are at most; who needs another gets nothing out. 16,384 by default. */
  readonly bindings?: number
  /** IPv6 addresses of the inside are reached from outside as they are: only IPv4 is translated, as in most homes. */
  readonly routesIpv6?: boolean
  /** The NAT or firewall that the outside addresses are inside of: a carrier's. By default they are on the internet. */
  readonly behind?: Inside
  readonly name?: string
}

const LIFETIME = 120_000
const BINDINGS = 16_384
/** Milliseconds for which a TCP binding lives: while open, and before and after (RFC 5382, REQ-5). */
const ESTABLISHED = 7_440_000
const TRANSITORY = 240_000

export class Nat implements Gateway, Inside {
  readonly name: string
  readonly inside: Network
  readonly #outer: Network
  readonly #options: NatOptions
  readonly #now: () => number
  readonly #addresses: string[] = []
  readonly #table: BindingTable
  /** The outside address of an inside one. */
  readonly #paired = new Map<string, string>()
  #turn = 0
  readonly counters = {
    sentOut: 0,
    letIn: 0,
    hairpinned: 0,
    /** Came in for a port that no binding has. */
    droppedNoBinding: 0,
    /** Came in from someone to whom nothing went out. */
    droppedFiltered: 0,
    /** Was to come back to the inside. */
    droppedHairpin: 0,
    /** Of a family without an outside address, a TCP segment of no connection, or one binding too many. */
    droppedOutbound: 0,
  }

  constructor(context: HostContext, options: NatOptions, name: string) {
    this.name = name
    this.inside = new Network(context.world, this)
    this.#outer = options.behind?.inside ?? context.internet
    this.#options = options
    this.#now = context.now
    const kind = KINDS[options.kind ?? 'port-restricted']
    const { mapping = kind.mapping, filtering = kind.filtering, portPreservation = false } = options
    const limit = options.bindings ?? BINDINGS
    this.#table = new BindingTable({ mapping, filtering, portPreservation, limit }, context.world.random())
    for (const address of options.addresses) this.addAddress(address)
  }

  /** The networks that it is in. */
  get networks(): readonly Network[] {
    return [this.#outer, this.inside]
  }

  /** How many bindings are alive. */
  get bindings(): number {
    return this.#table.count(this.#now())
  }

  /** Gives it one more outside address. Throws a RangeError when that is taken. */
  addAddress(address: string): void {
    this.#outer.attach(address, this)
    this.#addresses.push(address)
  }

  /** Takes an outside address away, with all bindings to it. */
  removeAddress(address: string): void {
    const index = this.#addresses.indexOf(address)
    if (index < 0) return
    this.#addresses.splice(index, 1)
    this.#outer.detach(address)
    this.#table.clear(address)
    for (const [inside, outside] of this.#paired) if (outside === address) this.#paired.delete(inside)
  }

  /** Forgets all bindings, as when it is switched off and on. */
  restart(): void {
    this.#table.clear()
  }

  attached(address: string): void {
    if (this.#addresses.includes(address)) throw new RangeError(`${address} belongs to ${this.name}`)
    if (this.#routes(address)) this.#outer.attach(address, this)
  }

  detached(address: string): void {
    if (this.#routes(address)) this.#outer.detach(address)
  }

  deliver(datagram: Datagram, now: number, network: Network): void {
    if (network === this.inside) this.#fromInside(datagram, now)
    else this.#fromOutside(datagram, now)
  }

  #fromInside(datagram: Datagram, now: number): void {
    const hairpin = this.#addresses.includes(datagram.to)
    if (hairpin && this.#options.hairpin !== true) {
      this.counters.droppedHairpin++
    } else if (this.#routes(datagram.from)) {
      this.counters.sentOut++
      this.#outer.send(this, datagram, now)
    } else {
      const binding = this.#bindingFor(datagram, now)
      if (binding === undefined) {
        this.counters.droppedOutbound++
        return
      }
      this.#table.refresh(binding, datagram.to, datagram.toPort, now + this.#lifetime(datagram))
      const translated = { ...datagram, from: binding.outside, fromPort: binding.outsidePort }
      if (hairpin) {
        this.counters.hairpinned++
        this.#letIn(translated, now)
      } else {
        this.counters.sentOut++
        this.#outer.send(this, translated, now)
      }
    }
  }

  #bindingFor(datagram: Datagram, now: number): Binding | undefined {
    const known = this.#table.outbound(datagram, now)
    if (known !== undefined) return known
    // Only SYN begins a connection (RFC 5382, section 4).
    if (datagram.segment !== undefined && (!datagram.segment.syn || datagram.segment.ack)) return undefined
    const outside = this.#outsideFor(datagram.from)
    return outside === undefined ? undefined : this.#table.create(datagram, outside, now)
  }

  #outsideFor(inside: string): string | undefined {
    const paired = this.#paired.get(inside)
    if (paired !== undefined) return paired
    const family = familyOf(inside)
    const pool = this.#addresses.filter(address => familyOf(address) === family)
    const outside = pool[this.#turn++ % pool.length]
    if (outside !== undefined && this.#options.pooling !== 'arbitrary') this.#paired.set(inside, outside)
    return outside
  }

  #fromOutside(datagram: Datagram, now: number): void {
    if (this.#addresses.includes(datagram.to)) {
      this.#letIn(datagram, now)
    } else if (this.#routes(datagram.to)) {
      this.counters.letIn++
      this.inside.send(this, datagram, now)
    }
  }

  /** To an outside address: in silence lost unless a binding has the port and its filter lets the sender in. */
  #letIn(datagram: Datagram, now: number): void {
    const { protocol, from, fromPort, to, toPort } = datagram
    const binding = this.#table.inbound(protocol, to, toPort, now)
    if (binding === undefined) {
      this.counters.droppedNoBinding++
    } else if (!this.#table.permits(binding, from, fromPort, now)) {
      this.counters.droppedFiltered++
    } else {
      if (protocol === 'tcp' || this.#options.inboundRefresh === true) {
        this.#table.refresh(binding, from, fromPort, now + this.#lifetime(datagram))
      }
      this.counters.letIn++
      this.inside.send(this, { ...datagram, to: binding.inside, toPort: binding.insidePort }, now)
    }
  }

  #lifetime({ segment }: Datagram): number {
    if (segment === undefined) return this.#options.bindingLifetime ?? LIFETIME
    return segment.syn || segment.fin || segment.rst ? TRANSITORY : ESTABLISHED
  }

  #routes(address: string): boolean {
    return this.#options.routesIpv6 === true && familyOf(address) === 6
  }
}
