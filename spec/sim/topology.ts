/** Topologies drawn by seed: two peers, each behind what chance puts there. */

import {
  type Firewall,
  type FirewallOptions,
  type Nat,
  type NatBehaviour,
  type NatOptions,
  type SeededRandom,
  type SimulatedHost,
  seededRandom,
} from '../../lib/sim/index.ts'
import { hasDirectPath, type Translation } from './reachability.ts'
import { createInternet, type Internet } from './site.ts'

export interface Topology {
  readonly internet: Internet
  readonly hosts: readonly [SimulatedHost, SimulatedHost]
  /** What was drawn, for the name of a failure. */
  readonly description: string
  /** Whether a direct path exists; undefined where it is not told so simply, or loss may hide it. */
  readonly direct: boolean | undefined
}

interface Place {
  readonly host: SimulatedHost
  /** Undefined behind more than one NAT, a NAT shared with the other, or a firewall. */
  readonly simple?: { readonly translation: Translation; readonly ipv6: boolean }
}

const BEHAVIOURS: readonly NatBehaviour[] = ['endpoint-independent', 'address-dependent', 'address-and-port-dependent']
/** All leave a way to the relay: UDP, TCP, or TLS on port 443. */
const FIREWALLS: readonly FirewallOptions[] = [
  {},
  { tcp: false },
  { udp: false },
  { udp: false, tcp: [443] },
  { udp: [3478], tcp: [443], rejects: true },
  { udp: false, tcp: [443], rejects: true },
]

class Draw {
  readonly #random: SeededRandom
  readonly words: string[] = []
  #number = 0

  constructor(seed: number) {
    this.#random = seededRandom(seed)
  }

  chance(share: number): boolean {
    return this.#random.unit() < share
  }

  upTo(limit: number): number {
    return Math.floor(this.#random.unit() * limit)
  }

  of<T>(list: readonly T[]): T {
    return list[this.upTo(list.length)]!
  }

  /** A number for an address that nobody else gets. */
  next(): number {
    return ++this.#number
  }

  nat(): Omit<NatOptions, 'addresses'> & NonNullable<Translation> {
    const mapping = this.of(BEHAVIOURS)
    const filtering = this.of(BEHAVIOURS)
    const options = {
      mapping,
      filtering,
      hairpin: this.chance(0.5),
      portPreservation: this.chance(0.5),
      pooling: this.chance(0.8) ? ('paired' as const) : ('arbitrary' as const),
      inboundRefresh: this.chance(0.5),
      bindingLifetime: this.of([20_000, 30_000, 120_000]),
    }
    this.words.push(`nat(${mapping}, ${filtering}${options.hairpin ? ', hairpin' : ''})`)
    return options
  }
}

export const drawTopology = async (seed: number): Promise<Topology> => {
  const draw = new Draw(seed)
  const network = {
    delay: draw.upTo(150),
    jitter: draw.upTo(10),
    loss: draw.chance(0.5) ? 0 : draw.upTo(8) / 100,
    reorder: draw.chance(0.7) ? 0 : 0.02,
    duplicate: draw.chance(0.7) ? 0 : 0.02,
  }
  draw.words.push(`delay ${network.delay}, loss ${network.loss}:`)
  const internet = await createInternet(seed, network)
  const { sim } = internet
  const carrier = draw.chance(0.25)
    ? sim.createNat({ addresses: ['198.51.100.100', '198.51.100.101'], ...draw.nat() })
    : undefined
  const home = draw.chance(0.1) ? sim.createNat({ addresses: ['198.51.100.102'], ...draw.nat() }) : undefined

  const place = (): Place => {
    draw.words.push('|')
    const number = draw.next()
    if (home !== undefined && draw.chance(0.8)) {
      draw.words.push('in the shared home')
      return { host: sim.createHost({ addresses: [`192.168.7.${number}`], behind: home }) }
    }
    let outer: Nat | Firewall | undefined
    if (carrier !== undefined && draw.chance(0.7)) {
      draw.words.push('behind the carrier')
      outer = carrier
    }
    const outside = outer === undefined ? `198.51.100.${number}` : `100.64.0.${number}`
    if (draw.chance(0.3)) {
      const options = draw.of(FIREWALLS)
      draw.words.push(`firewall(${JSON.stringify(options)})`)
      outer = sim.createFirewall({ ...options, ...(outer && { behind: outer }) })
    }
    if (draw.chance(outer === undefined ? 0.15 : 0.3)) {
      draw.words.push('no NAT')
      const host = sim.createHost({ addresses: [outside], ...(outer && { behind: outer }) })
      return outer === undefined ? { host, simple: { translation: undefined, ipv6: false } } : { host }
    }
    const translation = draw.nat()
    const ipv6 = draw.chance(0.3)
    const nat = sim.createNat({
      addresses: [outside],
      ...translation,
      routesIpv6: ipv6,
      ...(outer && { behind: outer }),
    })
    // An IPv6 address gets as far as the next NAT that routes none.
    const addresses = ipv6 ? ['192.168.0.2', `2001:db8::${number}`] : ['192.168.0.2']
    if (ipv6) draw.words.push('with IPv6')
    const host = sim.createHost({ addresses, behind: nat })
    return outer === undefined ? { host, simple: { translation, ipv6 } } : { host }
  }
  const [one, other] = [place(), place()]
  const [first, second] = [one.simple, other.simple]
  const isTold = network.loss === 0 && first !== undefined && second !== undefined
  return {
    internet,
    hosts: [one.host, other.host],
    description: `seed ${seed}: ${draw.words.join(' ')}`,
    direct: isTold ? (first.ipv6 && second.ipv6) || hasDirectPath(first.translation, second.translation) : undefined,
  }
}
