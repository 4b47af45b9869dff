/**
 * Gathers the candidates of one transport (RFC 8445, 5.1.1): a base for each address of this machine, what STUN and TURN
 * servers say of them, and TCP bases (RFC 6544). Keeps the bases through ICE restarts, and follows the machine when it
 * changes networks.
 *
 * It can begin before anyone listens (`iceCandidatePoolSize`): what was found is told to who attaches later.
 */

import { type LocalCandidateInit, selectHostAddresses } from '../ice/index.ts'
import type { Cancellable, InterfaceAddress } from '../machine/index.ts'
import { canonicalAddress } from '../stun/index.ts'
import { shownAddresses } from './advertise.ts'
import { type HostBase, HostBases } from './host-bases.ts'
import type { GatherError, GathererContext, GatherOptions, GatherServer, GatherSink } from './options.ts'
import { ServerGathering } from './server-gathering.ts'

/** What a pooled gatherer remembers until someone attaches; more than this is not useful to anyone. */
const MOST_REMEMBERED = 256

/** Addresses of the peer's that relays are asked to let in ahead: what is beyond waits for our own checks. */
const MOST_EXPECTED = 32

const areSame = (a: readonly InterfaceAddress[], b: readonly InterfaceAddress[]): boolean =>
  a.length === b.length && a.every(({ address }) => b.some(other => other.address === address))

export class Gatherer {
  readonly #context: GathererContext
  #options: GatherOptions
  readonly #bases: HostBases
  readonly #servers = new Map<GatherServer, ServerGathering>()
  /** Names that stand for addresses of ours. */
  readonly #names = new Map<string, Promise<string | undefined>>()
  #sink: GatherSink | undefined
  readonly #expected = new Set<string>()
  /** Everything that was found and is still there. */
  #found: LocalCandidateInit[] = []
  #errors: GatherError[] = []
  /** The last call of `gather`: another replaces it. */
  #round = 0
  #gathering = false
  #ended = false
  #closed = false
  #watch: Cancellable | undefined

  constructor(context: GathererContext, options: GatherOptions) {
    this.#context = context
    this.#options = options
    this.#bases = new HostBases(context, options, {
      receive: (packet, socket, address, port, now) => this.#sink?.receive(packet, socket, address, port, now),
      pathLost: (socket, address, port) => this.#sink?.pathLost(socket, address, port),
      baseGone: socket => this.#gone(socket),
    })
  }

  get counters() {
    return this.#bases.counters
  }

  /** From now on `sink` is told; the first one at once of what was found before, another by the next `gather`. */
  attach(sink: GatherSink): void {
    const isFirst = this.#sink === undefined
    this.#sink = sink
    if (!isFirst) return
    for (const init of this.#found) sink.candidate(init)
    for (const error of this.#errors) sink.failed(error)
    this.#errors = []
    if (this.#ended && !this.#gathering) sink.ended()
  }

  /** The user-name fragments by which requests on a shared port are ours. */
  fragments(list: readonly string[]): void {
    this.#bases.fragments(list)
  }

  /**
   * Finds what there is, and tells the end of it. Bases and allocations that stand and that the options still name are
   * told again; addresses that are new get theirs, and servers are asked again.
   */
  async gather(options: GatherOptions): Promise<void> {
    if (this.#closed) return
    const round = ++this.#round
    this.#options = options
    this.#gathering = true
    this.#ended = false
    this.#bases.options = options
    this.#dropServers(options.servers)
    if (options.policy === 'relay') this.#dropDirect()
    // What else there was, the bases and the servers tell again, by the options of now.
    this.#found = this.#found.filter(init => this.#stands(init)).map(init => this.#presentable(init))
    for (const init of this.#found) this.#sink?.candidate(init)
    const addresses = this.#addresses()
    this.#bases.keep(addresses, this.#closedSocket)
    try {
      const bases = await this.#openBases(addresses, false)
      if (round !== this.#round || this.#closed) return
      await Promise.all(options.servers.map((server, index) => this.#ask(server, index, bases, round)))
    } finally {
      if (round === this.#round && !this.#closed) {
        this.#gathering = false
        this.#ended = true
        this.#follow()
        this.#sink?.ended()
        // Nobody has listened to what the machine did meanwhile.
        if (!areSame(addresses, this.#addresses())) this.#changed()
      }
    }
  }

  /** Whether a candidate is as good as before: a relay, and what its server has said of the way there. */
  #stands({ type, url }: LocalCandidateInit): boolean {
    if (type === 'relay') return true
    return this.#options.servers.some(server => server.url === url && server.uri.scheme.startsWith('turn'))
  }

  /** Without what the peer is not to know (RFC 8839, 5.1). */
  #presentable(init: LocalCandidateInit): LocalCandidateInit {
    const { policy, publishNames } = this.#options
    if (init.relatedAddress === undefined || (policy === 'all' && !publishNames)) return init
    return { ...init, relatedAddress: init.relatedAddress.includes(':') ? '::' : '0.0.0.0', relatedPort: 9 }
  }

  /**
   * Says where the peer may be: relays are asked for the permission to hear from there before a check of ours has its
   * turn, so that those of the peer are not lost. What is no IP address is left out.
   */
  expect(addresses: readonly string[]): void {
    for (const text of addresses) {
      const address = canonicalAddress(text)
      if (address === undefined || this.#expected.has(address) || this.#expected.size >= MOST_EXPECTED) continue
      this.#expected.add(address)
      for (const server of this.#servers.values()) server.expect(address)
    }
  }

  /** ICE is through: what is not in use need not be kept in the NATs on the way. */
  rest(): void {
    for (const server of this.#servers.values()) server.rest()
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#sink = undefined
    this.#watch?.cancel()
    for (const server of this.#servers.values()) server.close()
    this.#servers.clear()
    for (const name of this.#names.values()) {
      void name.then(text => text !== undefined && this.#context.mdns.withdraw(text))
    }
    this.#bases.close()
  }

  #addresses(): InterfaceAddress[] {
    const { includeLoopback, udpMux, tcpMux } = this.#options
    const allowed = this.#context.host.interfaces().filter(item => this.#isAllowed(item))
    const chosen = udpMux?.ports.map(port => port.interfaceAddress) ?? selectHostAddresses(allowed, { includeLoopback })
    const more = tcpMux?.ports.map(port => port.interfaceAddress) ?? []
    return [...chosen, ...more.filter(({ address }) => !chosen.some(item => item.address === address))]
  }

  #isAllowed(address: InterfaceAddress): boolean {
    const { addressFilter } = this.#options
    try {
      return addressFilter === undefined || addressFilter(address)
    } catch (error) {
      // The application's own mistake is reported as one, and does not show what it may have meant to hide.
      this.#context.host.queueTask(() => {
        throw error
      })
      return false
    }
  }

  async #openBases(addresses: readonly InterfaceAddress[], unsignalled: boolean): Promise<HostBase[]> {
    const opened = await Promise.all(
      addresses.map(async (address, index) => {
        const bases: HostBase[] = []
        // Each as soon as it and those before it are there: a shared port has checks waiting already.
        for (const opening of this.#bases.open(address)) {
          const base = await opening
          if (base === undefined || this.#closed) continue
          await this.#announce(base, index, unsignalled)
          bases.push(base)
        }
        return bases
      }),
    )
    return opened.flat()
  }

  /** Tells a base as host candidates, unless only relays are to be shown. */
  async #announce(hostBase: HostBase, index: number, unsignalled: boolean): Promise<void> {
    const { policy, publishNames, advertise } = this.#options
    if (policy === 'relay') return
    const { number, base, address: own, tcpType } = hostBase
    const isActive = tcpType === 'active'
    // An active candidate is reached by nobody: what is beside the address of which it is told adds nothing.
    const advertised = isActive ? advertise.filter(({ type = 'host' }) => type === 'host') : advertise
    for (const { type, address } of shownAddresses(own, advertised)) {
      const isOwn = address === own.address
      const shown = publishNames && isOwn ? await this.#nameOf(address) : address
      if (this.#closed || this.#options.policy === 'relay') return
      // A name that cannot be published stands for nothing.
      if (shown === undefined) continue
      this.#tell({
        socket: number,
        type,
        protocol: base.protocol,
        ...(tcpType && { tcpType }),
        address: shown,
        port: base.port,
        baseAddress: own.address,
        basePort: base.port,
        // Of TCP's, 13 bits are for this (RFC 6544, 4.2).
        localPreference: 0xffff - (base.protocol === 'tcp' ? 8 * index : index),
        ...(type === 'srflx' && { relatedAddress: own.address, relatedPort: base.port }),
        // By now it may be gathered for after all; and what nobody has been told of yet has not ended.
        ...(unsignalled && !this.#gathering && this.#sink !== undefined && { unsignalled }),
      })
    }
  }

  #nameOf(address: string): Promise<string | undefined> {
    let name = this.#names.get(address)
    if (name === undefined) {
      name = this.#context.mdns.publish(address).catch(() => undefined)
      this.#names.set(address, name)
    }
    return name
  }

  async #ask(server: GatherServer, index: number, bases: readonly HostBase[], round: number): Promise<void> {
    let asked = this.#servers.get(server)
    if (asked === undefined) {
      const { host, crypto, table, trace } = this.#context
      asked = new ServerGathering(
        {
          host,
          crypto,
          table,
          trace,
          expected: this.#expected,
          showRelated: this.#options.policy === 'all' && !this.#options.publishNames,
          filtered: () => this.#options.addressFilter !== undefined,
          candidate: init => {
            if (this.#options.policy === 'all' || init.type === 'relay') this.#tell(init)
          },
          receive: (packet, socket, address, port, now) => this.#sink?.receive(packet, socket, address, port, now),
          baseGone: socket => this.#gone(socket),
          resolve: name => host.resolve(name),
        },
        server,
        index,
      )
      this.#servers.set(server, asked)
    }
    const error = await asked.gather(bases.flatMap(({ socket }) => (socket === undefined ? [] : [socket])))
    // Another round asks again, and tells what came of that.
    if (error === undefined || this.#closed || round !== this.#round) return
    if (this.#sink === undefined) this.#errors.push(error)
    else this.#sink.failed(error)
  }

  /** Gives up the servers that the options name no more. */
  #dropServers(servers: readonly GatherServer[]): void {
    for (const [server, asked] of this.#servers) {
      if (servers.includes(server)) continue
      this.#servers.delete(server)
      asked.close()
    }
  }

  /** Gives up all but relays: the policy has changed. Their sockets stay, for the servers that are reached from them. */
  #dropDirect(): void {
    for (const { type, socket } of [...this.#found]) if (type !== 'relay') this.#gone(socket)
  }

  #tell(found: LocalCandidateInit): void {
    if (this.#closed) return
    const init = this.#presentable(found)
    const isKnown = this.#found.some(
      ({ socket, type, address, port }) =>
        socket === init.socket && type === init.type && address === init.address && port === init.port,
    )
    if (isKnown || this.#found.length >= MOST_REMEMBERED) return
    this.#found.push(init)
    this.#sink?.candidate(init)
  }

  readonly #closedSocket = (number: number): void => {
    this.#gone(number)
    for (const server of this.#servers.values()) server.socketClosed(number)
  }

  #gone(socket: number): void {
    this.#found = this.#found.filter(init => init.socket !== socket)
    this.#sink?.baseGone(socket)
  }

  // The machine changes networks

  #follow(): void {
    if (this.#watch !== undefined || this.#options.udpMux !== undefined) return
    this.#watch = this.#context.host.watchInterfaces(() => this.#changed())
  }

  /**
   * An address that went takes its base along. One that came gets a base that the peer is not told of, since gathering is
   * over until the next restart (webrtc-pc, 5.6.4): it learns of it by the checks that come from there.
   */
  #changed(): void {
    if (this.#closed || this.#gathering) return
    const addresses = this.#addresses()
    this.#bases.keep(addresses, this.#closedSocket)
    const fresh = addresses.filter(({ address }) => !this.#bases.has(address))
    if (fresh.length > 0) void this.#openBases(fresh, true)
  }
}
