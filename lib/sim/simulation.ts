/**
 * Whole connections in virtual time: a clock that jumps from event to event, hosts, and a seeded network between them.
 *
 * Between two events all promises settle, so that code written with `await` behaves as on a real platform, and a run
 * with the same seed repeats exactly, as long as nothing in it waits for the real world (a thread pool, a real timer):
 * the portable crypto provider does not.
 */

import { Agenda } from './agenda.ts'
import { parseEndpoint } from './datagram.ts'
import { SimulationError } from './error.ts'
import { Firewall, type FirewallOptions } from './firewall.ts'
import { type HostContext, type HostOptions, SimulatedHost } from './host.ts'
import type { LinkOptions } from './link.ts'
import { Nat, type NatOptions } from './nat.ts'
import { Network, type PacketObserver, World } from './network.ts'

export interface SimulationOptions {
  /** Any integer; the same one gives the same run. */
  readonly seed: number
  /** What each link does unless `setLink` says otherwise. By default nothing: no delay, no loss. */
  readonly network?: LinkOptions
  /** Milliseconds since 1970 at which the virtual clock reads 0. The beginning of 2026 by default. */
  readonly timeOrigin?: number
}

/** What a link leads from or to. */
export type Place = SimulatedHost | Nat | Firewall

export interface RunLimits {
  /** Virtual milliseconds after which a run gives up with code `limit`. Ten minutes by default. */
  readonly limit?: number
}

const BEGINNING_OF_2026 = 1_767_225_600_000
const DEFAULT_LIMIT = 600_000
/** Turns of the real event loop that a run with nothing to do waits before it calls itself stalled. */
const IDLE_TURNS = 16

interface Port {
  onmessage: (() => void) | null
  postMessage(message: unknown): void
  close(): void
}
declare const MessageChannel: { new (): { readonly port1: Port; readonly port2: Port } }

/**
 * A turn of the real event loop, in which every promise that can settle does.
 *
 * A chain of promises has no known length, so no number of `await`s would be enough; a message to oneself comes after
 * the last of them, costs about a microsecond, and needs no clock.
 */
class Turnstile {
  readonly #channel = new MessageChannel()
  #passed: () => void = () => {}

  constructor() {
    this.#channel.port1.onmessage = () => this.#passed()
  }

  turn(): Promise<void> {
    return new Promise(resolve => {
      this.#passed = resolve
      this.#channel.port2.postMessage(0)
    })
  }

  close(): void {
    this.#channel.port1.onmessage = null
    this.#channel.port1.close()
  }
}

export class Simulation {
  readonly timeOrigin: number
  readonly #agenda = new Agenda()
  readonly #world: World
  readonly #internet: Network
  readonly #names = new Map<string, readonly string[]>()
  #now = 0
  readonly #context: HostContext
  #hosts = 0
  #gateways = 0
  #running = false

  constructor(options: SimulationOptions) {
    this.timeOrigin = options.timeOrigin ?? BEGINNING_OF_2026
    this.#world = new World(this.#agenda, options.seed, options.network ?? {})
    this.#internet = new Network(this.#world)
    this.#context = {
      world: this.#world,
      internet: this.#internet,
      timeOrigin: this.timeOrigin,
      names: this.#names,
      now: () => this.#now,
    }
  }

  /** Virtual monotonic milliseconds; 0 at the beginning. */
  now(): number {
    return this.#now
  }

  /** What became of the datagrams so far, in each network that they crossed. What stays on one host is not counted. */
  get counters(): Readonly<World['counters']> {
    return this.#world.counters
  }

  /** Events that are still to come: datagrams under way, timers, queued tasks. */
  get pending(): number {
    return this.#agenda.length
  }

  /** Told of each datagram that enters the network. Two runs of one seed tell the same, byte for byte. */
  get onPacket(): PacketObserver | undefined {
    return this.#world.observer
  }

  set onPacket(observer: PacketObserver | undefined) {
    this.#world.observer = observer
  }

  /** What each link does that `setLink` says nothing of; takes effect at once on what is sent from now on. */
  get network(): LinkOptions {
    return this.#world.defaults
  }

  set network(options: LinkOptions) {
    this.#world.defaults = options
  }

  /** Throws a RangeError when an address is taken. */
  createHost(options: HostOptions): SimulatedHost {
    this.#hosts++
    return new SimulatedHost(this.#context, options, options.name ?? `host${this.#hosts}`)
  }

  /** A NAT, for hosts and other NATs to stand `behind`. Throws a RangeError when an address is taken. */
  createNat(options: NatOptions): Nat {
    this.#gateways++
    return new Nat(this.#context, options, options.name ?? `nat${this.#gateways}`)
  }

  /** A firewall, for hosts and NATs to stand `behind`. */
  createFirewall(options: FirewallOptions = {}): Firewall {
    this.#gateways++
    return new Firewall(this.#context, options, options.name ?? `firewall${this.#gateways}`)
  }

  /**
   * Sets what the path from one to the other does from now on; the way back is a link of its own. Undefined: as `network`.
   *
   * Both are neighbours: they have addresses in one network, or one is behind the other. Between a NAT or firewall and
   * who is behind it, a link does nothing unless it is set here. So a path from host to host takes `network` once,
   * however many NATs it leads through, and to slow the path between two homes is to set the link between their NATs
   * (or between the outermost of them). What a NAT sends back to its own inside (hairpin) crosses no such link.
   *
   * Throws a RangeError when they are not neighbours.
   */
  setLink(from: Place, to: Place, options: LinkOptions | undefined): void {
    const network = from.networks.find(item => to.networks.includes(item))
    if (network === undefined) throw new RangeError(`${from.name} and ${to.name} are no neighbours`)
    network.link(from, to).options = options
  }

  /**
   * Sends a UDP datagram with a forged source on the internet; `from` and `to` are as `onPacket` tells them. It takes the link from the host
   * whose address that is. Throws a RangeError when one of them is not an address and a port.
   */
  inject(from: string, to: string, bytes: Uint8Array): void {
    const source = parseEndpoint(from)
    const destination = parseEndpoint(to)
    const datagram = {
      protocol: 'udp' as const,
      from: source.address,
      fromPort: source.port,
      to: destination.address,
      toPort: destination.port,
      bytes: bytes.slice(),
    }
    this.#internet.inject(datagram, this.#now)
  }

  /** Gives addresses to a host name, for `Host.resolve`. */
  setName(name: string, addresses: readonly string[]): void {
    this.#names.set(name.toLowerCase(), addresses)
  }

  /**
   * Lets events happen until the virtual clock reads `until`, the condition holds, or the promise settles (whose value
   * it returns). The condition is looked at after each event.
   *
   * Rejects with a SimulationError: `stalled` when nothing is left to happen, `limit` when it takes too long in virtual
   * time, `running` when a run is going on already; with what an event's task throws; and with what the promise rejects
   * with.
   */
  run(until: number | (() => boolean), limits?: RunLimits): Promise<void>
  run<T>(until: Promise<T>, limits?: RunLimits): Promise<T>
  async run<T>(until: number | (() => boolean) | Promise<T>, limits: RunLimits = {}): Promise<T | undefined> {
    if (this.#running) throw new SimulationError('running', 'the simulation is running already')
    this.#running = true
    const turnstile = new Turnstile()
    try {
      if (typeof until === 'number') {
        await this.#runTo(until, turnstile)
        return undefined
      }
      if (typeof until === 'function') {
        await this.#runUntil(until, limits, turnstile)
        return undefined
      }
      let settled = false
      const mark = (): void => {
        settled = true
      }
      until.then(mark, mark)
      await this.#runUntil(() => settled, limits, turnstile)
      return await until
    } finally {
      turnstile.close()
      this.#running = false
    }
  }

  /** Lets `ms` virtual milliseconds pass. */
  elapse(ms: number): Promise<void> {
    return this.run(this.#now + ms)
  }

  async #runTo(end: number, turnstile: Turnstile): Promise<void> {
    await turnstile.turn()
    while (this.#agenda.next <= end) {
      this.#step()
      await turnstile.turn()
    }
    this.#now = Math.max(this.#now, end)
  }

  async #runUntil(condition: () => boolean, limits: RunLimits, turnstile: Turnstile): Promise<void> {
    const limit = this.#now + (limits.limit ?? DEFAULT_LIMIT)
    await turnstile.turn()
    while (!condition()) {
      for (let i = 0; i < IDLE_TURNS && this.#agenda.length === 0; i++) {
        await turnstile.turn()
        if (condition()) return
      }
      if (this.#agenda.length === 0) {
        throw new SimulationError('stalled', `nothing is left to happen at ${this.#now} ms`)
      }
      if (this.#agenda.next > limit) {
        throw new SimulationError('limit', `it has not come about by ${limit} ms`)
      }
      this.#step()
      await turnstile.turn()
    }
  }

  #step(): void {
    this.#now = Math.max(this.#now, this.#agenda.next)
    this.#agenda.take()?.(this.#now)
  }
}
