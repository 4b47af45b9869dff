/** The bindings of a NAT: which inside address and port is which outside one (RFC 4787, section 4), and for how long. */

import type { Datagram } from './datagram.ts'
import type { SeededRandom } from './random.ts'

/** How much of the remote address a mapping or a filter depends on (RFC 4787, sections 4.1 and 5). */
export type NatBehaviour = 'endpoint-independent' | 'address-dependent' | 'address-and-port-dependent'

export interface Binding {
  readonly protocol: 'udp' | 'tcp'
  readonly inside: string
  readonly insidePort: number
  readonly outside: string
  readonly outsidePort: number
  /** When it ends, unless something goes out before. */
  expires: number
  /** From whom something may come in, by as much of the address as the filter looks at, and until when. */
  readonly permitted: Map<string, number>
}

export interface BindingTableOptions {
  readonly mapping: NatBehaviour
  readonly filtering: NatBehaviour
  readonly portPreservation: boolean
  /** How many there are at most. */
  readonly limit: number
}

/** The ports that are given out: all but the well-known ones (RFC 4787, section 4.2.3). */
const FIRST_PORT = 1024
const PORTS = 65536 - FIRST_PORT
/** Remote addresses that one binding lets in at most. The one that was permitted first goes. */
const PERMITTED = 1024

/** As much of a remote address as `behaviour` looks at. */
const part = (behaviour: NatBehaviour, address: string, port: number): string => {
  if (behaviour === 'endpoint-independent') return ''
  return behaviour === 'address-dependent' ? address : `${address} ${port}`
}

const outsideKey = (protocol: string, address: string, port: number): string => `${protocol} ${address} ${port}`

export class BindingTable {
  readonly #options: BindingTableOptions
  readonly #random: SeededRandom
  readonly #byInside = new Map<string, Binding>()
  readonly #byOutside = new Map<string, Binding>()

  constructor(options: BindingTableOptions, random: SeededRandom) {
    this.#options = options
    this.#random = random
  }

  /** How many are alive. */
  count(now: number): number {
    this.#sweep(now)
    return this.#byInside.size
  }

  /** The binding by which a datagram from the inside goes out; undefined when it has none yet. */
  outbound(datagram: Datagram, now: number): Binding | undefined {
    const binding = this.#byInside.get(this.#insideKey(datagram))
    if (binding === undefined || binding.expires > now) return binding
    this.#drop(binding, datagram)
    return undefined
  }

  /** Makes a binding for a datagram from the inside. Undefined when there are too many, or no port is free. */
  create(datagram: Datagram, outside: string, now: number): Binding | undefined {
    if (this.#byInside.size >= this.#options.limit) this.#sweep(now)
    if (this.#byInside.size >= this.#options.limit) return undefined
    const { protocol, from, fromPort } = datagram
    const outsidePort = this.#freePort(protocol, outside, fromPort, now)
    if (outsidePort === 0) return undefined
    const permitted = new Map<string, number>()
    const binding = { protocol, inside: from, insidePort: fromPort, outside, outsidePort, expires: 0, permitted }
    this.#byInside.set(this.#insideKey(datagram), binding)
    this.#byOutside.set(outsideKey(protocol, outside, outsidePort), binding)
    return binding
  }

  /** Something has gone out: the binding lives on, and the remote address may answer. */
  refresh(binding: Binding, address: string, port: number, expires: number): void {
    const { permitted } = binding
    const key = part(this.#options.filtering, address, port)
    permitted.set(key, expires)
    binding.expires = expires
    if (permitted.size > PERMITTED) permitted.delete(permitted.keys().next().value!)
  }

  /** The binding by which a datagram comes in that was sent to `address` and `port` of the outside. */
  inbound(protocol: 'udp' | 'tcp', address: string, port: number, now: number): Binding | undefined {
    const binding = this.#byOutside.get(outsideKey(protocol, address, port))
    return binding !== undefined && binding.expires > now ? binding : undefined
  }

  /** Whether the filter lets in what the remote address sends. */
  permits(binding: Binding, address: string, port: number, now: number): boolean {
    return (binding.permitted.get(part(this.#options.filtering, address, port)) ?? 0) > now
  }

  /** Forgets the bindings of one outside address, or all. */
  clear(outside?: string): void {
    for (const [key, binding] of this.#byInside) {
      if (outside !== undefined && binding.outside !== outside) continue
      this.#byInside.delete(key)
      this.#byOutside.delete(outsideKey(binding.protocol, binding.outside, binding.outsidePort))
    }
  }

  #insideKey({ protocol, from, fromPort, to, toPort }: Datagram): string {
    return `${protocol} ${from} ${fromPort} ${part(this.#options.mapping, to, toPort)}`
  }

  #drop(binding: Binding, datagram: Datagram): void {
    this.#byInside.delete(this.#insideKey(datagram))
    this.#byOutside.delete(outsideKey(binding.protocol, binding.outside, binding.outsidePort))
  }

  #sweep(now: number): void {
    for (const [key, binding] of this.#byInside) {
      if (binding.expires > now) continue
      this.#byInside.delete(key)
      this.#byOutside.delete(outsideKey(binding.protocol, binding.outside, binding.outsidePort))
    }
  }

  /** Never one that another binding has: no "port overloading" (RFC 4787, REQ-3). */
  #freePort(protocol: string, outside: string, wanted: number, now: number): number {
    const free = (port: number): boolean => !this.#byOutside.has(outsideKey(protocol, outside, port))
    if (this.#options.portPreservation && free(wanted)) return wanted
    if (this.#byOutside.size >= PORTS) this.#sweep(now)
    const start = this.#random.u32() % PORTS
    for (let i = 0; i < PORTS; i++) {
      const port = FIRST_PORT + ((start + i) % PORTS)
      if (free(port)) return port
    }
    return 0
  }
}
