/**
 * A firewall: transparent (the hosts behind it keep their addresses) and stateful. What the inside may send opens the way
 * for the answers; nothing else comes in.
 */

import type { Datagram } from './datagram.ts'
import type { HostContext, Inside } from './host.ts'
import { type Gateway, Network } from './network.ts'

export interface FirewallOptions {
  /** Whether UDP may go out, or to which ports only. True by default. */
  readonly udp?: boolean | readonly number[]
  /** Whether TCP connections may go out, or to which ports only. True by default. */
  readonly tcp?: boolean | readonly number[]
  /** Answers TCP connections that may not go out with RST, in place of silence. False by default. */
  readonly rejects?: boolean
  /** Milliseconds for which UDP may be answered after something went either way. 120,000 by default. */
  readonly lifetime?: number
  /** How many flows it knows at most; of more, the oldest is forgotten. 16,384 by default. */
  readonly flows?: number
  /** The NAT or firewall that this one is inside of. */
  readonly behind?: Inside
  readonly name?: string
}

const LIFETIME = 120_000
/** Milliseconds for which a TCP connection may be silent: as with NATs (RFC 5382, REQ-5). */
const TCP_LIFETIME = 7_440_000
const FLOWS = 16_384

export class Firewall implements Gateway, Inside {
  readonly name: string
  readonly inside: Network
  readonly #outer: Network
  readonly #options: FirewallOptions
  /** When a flow ends, by protocol, inside and outside addresses and ports; the oldest first. */
  readonly #flows = new Map<string, number>()
  readonly counters = {
    sentOut: 0,
    letIn: 0,
    /** Was not allowed to go out. */
    droppedOutbound: 0,
    /** Came in without being asked for. */
    droppedInbound: 0,
  }

  constructor(context: HostContext, options: FirewallOptions, name: string) {
    this.name = name
    this.inside = new Network(context.world, this)
    this.#outer = options.behind?.inside ?? context.internet
    this.#options = options
  }

  /** The networks that it is in. */
  get networks(): readonly Network[] {
    return [this.#outer, this.inside]
  }

  /** Forgets all flows, as when it is switched off and on. */
  restart(): void {
    this.#flows.clear()
  }

  attached(address: string): void {
    this.#outer.attach(address, this)
  }

  detached(address: string): void {
    this.#outer.detach(address)
  }

  deliver(datagram: Datagram, now: number, network: Network): void {
    const { protocol, from, fromPort, to, toPort, segment } = datagram
    if (network === this.inside) {
      const flow = `${protocol} ${from} ${fromPort} ${to} ${toPort}`
      const begins = segment === undefined || (segment.syn && !segment.ack)
      if (this.#knows(flow, now) || (begins && this.#allows(protocol, toPort))) {
        this.#keep(flow, datagram, now)
        this.counters.sentOut++
        this.#outer.send(this, datagram, now)
      } else {
        this.counters.droppedOutbound++
        if (this.#options.rejects === true && segment?.syn === true) this.#reject(datagram, now)
      }
    } else {
      const flow = `${protocol} ${to} ${toPort} ${from} ${fromPort}`
      if (this.#knows(flow, now)) {
        this.#keep(flow, datagram, now)
        this.counters.letIn++
        this.inside.send(this, datagram, now)
      } else {
        this.counters.droppedInbound++
      }
    }
  }

  #allows(protocol: 'udp' | 'tcp', port: number): boolean {
    const allowed = this.#options[protocol] ?? true
    return typeof allowed === 'boolean' ? allowed : allowed.includes(port)
  }

  #knows(flow: string, now: number): boolean {
    return (this.#flows.get(flow) ?? 0) > now
  }

  #keep(flow: string, datagram: Datagram, now: number): void {
    const lifetime = datagram.protocol === 'tcp' ? TCP_LIFETIME : (this.#options.lifetime ?? LIFETIME)
    this.#flows.delete(flow)
    this.#flows.set(flow, now + lifetime)
    if (this.#flows.size > (this.#options.flows ?? FLOWS)) this.#flows.delete(this.#flows.keys().next().value!)
  }

  /** As the other end would that nobody listens at (RFC 9293, section 3.10.7.1). */
  #reject({ from, fromPort, to, toPort, segment }: Datagram, now: number): void {
    const answer = { syn: false, ack: true, fin: false, rst: true, sequence: 0 }
    this.inside.send(
      this,
      {
        protocol: 'tcp',
        from: to,
        fromPort: toPort,
        to: from,
        toPort: fromPort,
        bytes: new Uint8Array(0),
        segment: { ...answer, acknowledgement: segment!.sequence + 1 },
      },
      now,
    )
  }
}
