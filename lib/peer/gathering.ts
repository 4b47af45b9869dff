/**
 * The gatherers of a connection: one for each transport, those prepared ahead (`iceCandidatePoolSize`), and what they
 * find handed on to the connection.
 */

import type { Packet } from '../bytes/index.ts'
import { BaseTable, type GatherError, Gatherer, type GatherOptions, type GatherSink } from '../gather/index.ts'
import type { LocalCandidateInit } from '../ice/index.ts'
import { MdnsService } from '../mdns/index.ts'
import type { Configuration } from './configuration.ts'
import type { ConnectionHost } from './host-symbol.ts'
import { GatherServers } from './ice-server.ts'

/** Whom the gatherers tell; sockets are known by number. */
export interface GatheringOwner {
  readonly configuration: Configuration
  candidateFound(mid: string, init: LocalCandidateInit): void
  serverFailed(mid: string, error: GatherError): void
  candidatesEnded(mid: string): void
  receive(packet: Uint8Array, socket: number, address: string, port: number, now: number): void
  pathLost(socket: number, address: string, port: number): void
  baseGone(socket: number): void
}

/** User-name fragments by which a shared port knows a transport: of the present, and of before a restart or two. */
const MOST_FRAGMENTS = 3

/** A peer's names that are looked up at a time, and that wait for it. */
const MOST_LOOKUPS = 2
const MOST_WAITING = 32

interface Entry {
  readonly gatherer: Gatherer
  fragments: readonly string[]
}

export class Gathering {
  readonly #world: ConnectionHost
  readonly #owner: GatheringOwner
  readonly #table = new BaseTable()
  readonly #servers = new GatherServers()
  readonly #entries = new Map<string, Entry>()
  #pool: Gatherer[] = []
  #poolClosed = false
  #lookups = 0
  #waiting: (() => void)[] = []
  #closed = false
  #ownMdns: MdnsService | undefined

  constructor(world: ConnectionHost, owner: GatheringOwner) {
    this.#world = world
    this.#owner = owner
  }

  /** Gathers ahead by the present configuration, for as many transports as it asks for and are not in use. */
  fill(): void {
    const wanted = this.#poolClosed ? 0 : this.#owner.configuration.iceCandidatePoolSize - this.#entries.size
    for (const gatherer of this.#pool.splice(0)) gatherer.close()
    while (this.#pool.length < wanted) {
      const gatherer = this.#create()
      this.#pool.push(gatherer)
      void gatherer.gather(this.#options())
    }
  }

  /** The first exchange of descriptions is over: what nobody took from the pool is of no use any more (RFC 9429, 3.5.4). */
  closePool(): void {
    if (this.#poolClosed) return
    this.#poolClosed = true
    this.fill()
  }

  /**
   * Finds the candidates of a transport, at first and at each restart. A transport that is made anew for the m-section
   * (after a rollback) takes over the bases of the one before.
   * @param fragment Its user-name fragment from now on.
   */
  gather(mid: string, fragment: string): void {
    let entry = this.#entries.get(mid)
    const prepared = entry === undefined ? this.#pool.shift() : undefined
    if (entry === undefined) {
      entry = { gatherer: prepared ?? this.#create(), fragments: [] }
      this.#entries.set(mid, entry)
    }
    const { gatherer, fragments } = entry
    entry.fragments = [fragment, ...fragments.filter(other => other !== fragment)].slice(0, MOST_FRAGMENTS)
    gatherer.fragments(entry.fragments)
    gatherer.attach(this.#sink(mid))
    if (prepared === undefined) void gatherer.gather(this.#options())
  }

  /** Says where the peer of a transport may be. */
  expect(mid: string, addresses: readonly string[]): void {
    this.#entries.get(mid)?.gatherer.expect(addresses)
  }

  /** Sends from a base, and releases the packet. */
  send(packet: Packet, socket: number, address: string, port: number): void {
    this.#table.send(packet, socket, address, port)
  }

  /**
   * The addresses of a peer's host name. Where relays alone are to be used, none: to ask would tell the link, and whoever
   * answers for a domain that the peer chose, who and where we are.
   */
  async resolve(name: string): Promise<readonly string[]> {
    if (this.#owner.configuration.iceTransportPolicy === 'relay') return []
    // Names under .local are multicast DNS's own, and must not leak to the other (RFC 6762, 22.1).
    return /\.local\.?$/i.test(name) ? this.#mdns().resolve(name) : this.#lookUp(name)
  }

  /** Asks the platform, which looks up few names at a time for the whole process: a peer must not have them all. */
  async #lookUp(name: string): Promise<readonly string[]> {
    if (this.#waiting.length >= MOST_WAITING) return []
    if (this.#lookups >= MOST_LOOKUPS) await new Promise<void>(resolve => this.#waiting.push(resolve))
    if (this.#closed) return []
    this.#lookups++
    try {
      return await this.#world.host.resolve(name)
    } finally {
      this.#lookups--
      this.#waiting.shift()?.()
    }
  }

  /** ICE has a pair on a transport. */
  rest(mid: string): void {
    this.#entries.get(mid)?.gatherer.rest()
  }

  /** Gives up what belongs to other m-sections than these: no description names their transports any more. */
  keep(mids: ReadonlySet<string>): void {
    for (const [mid, { gatherer }] of this.#entries) {
      if (mids.has(mid)) continue
      this.#entries.delete(mid)
      gatherer.close()
    }
  }

  /** Frees everything, what is still being opened included. */
  close(): void {
    this.#closed = true
    for (const go of this.#waiting.splice(0)) go()
    for (const { gatherer } of this.#entries.values()) gatherer.close()
    for (const gatherer of this.#pool) gatherer.close()
    this.#entries.clear()
    this.#pool = []
    this.#ownMdns?.close()
  }

  #create(): Gatherer {
    const { host, crypto } = this.#world
    const { trace } = this.#owner.configuration
    const mdns = {
      publish: (address: string) => this.#mdns().publish(address),
      withdraw: (name: string) => this.#mdns().withdraw(name),
    }
    return new Gatherer({ host, crypto, table: this.#table, mdns, ...(trace && { trace }) }, this.#options())
  }

  #mdns(): MdnsService {
    const { host, mdns } = this.#world
    if (mdns !== undefined) return mdns
    this.#ownMdns ??= new MdnsService(host, host.random)
    return this.#ownMdns
  }

  #options(): GatherOptions {
    const { configuration } = this.#owner
    const { addressFilter, portRange, udpMux, tcpMux } = configuration
    return {
      // Whoever only answers has host candidates alone (RFC 8445, 5.2), and connects to nobody.
      servers: configuration.iceLite === true ? [] : this.#servers.of(configuration.iceServers),
      policy: configuration.iceTransportPolicy,
      includeLoopback: configuration.includeLoopback === true,
      tcp: configuration.tcpCandidates ?? (configuration.iceLite ? [] : ['active']),
      publishNames: configuration.hideHostAddresses === true,
      advertise: configuration.advertisedAddresses ?? [],
      ...(addressFilter && { addressFilter }),
      ...(portRange && { portRange }),
      ...(udpMux && { udpMux }),
      ...(tcpMux && { tcpMux }),
    }
  }

  #sink(mid: string): GatherSink {
    const owner = this.#owner
    return {
      candidate: init => owner.candidateFound(mid, init),
      failed: error => owner.serverFailed(mid, error),
      ended: () => owner.candidatesEnded(mid),
      receive: (packet, socket, address, port, now) => owner.receive(packet, socket, address, port, now),
      pathLost: (socket, address, port) => owner.pathLost(socket, address, port),
      baseGone: socket => owner.baseGone(socket),
    }
  }
}
