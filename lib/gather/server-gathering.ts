/**
 * What one STUN or TURN server gives us: server-reflexive candidates for the sockets that reach it, and relayed ones
 * (RFC 8445, 5.1.1.2; RFC 8656). Over UDP it is asked from our own sockets, over TCP and TLS by a stream for each family.
 */

import type { CryptoProvider } from '../crypto/index.ts'
import type { LocalCandidateInit } from '../ice/index.ts'
import type { Host, InterfaceAddress } from '../machine/index.ts'
import { canonicalAddress, type StunAddress } from '../stun/index.ts'
import type { TurnCredentials } from '../turn/index.ts'
import type { BaseTable } from './base-table.ts'
import { BindingFlow } from './binding-flow.ts'
import { HostSocket } from './host-socket.ts'
import type { GatherError, GatherServer } from './options.ts'
import { type RelayFailure, RelayFlow } from './relay-flow.ts'
import { ServerAttempts, UNREACHABLE } from './server-attempts.ts'
import { openStreamLink, udpLink } from './server-link.ts'
import { type AskServer, familyOf, followServer, isFailure, type OpenLink } from './server-redirects.ts'
import { openUdpBase } from './udp-base.ts'

/** An allocation costs the server a port: of our addresses of one family, the best two ask for one. */
const MOST_RELAY_BASES = 2
/** A later server's relays stand below an earlier one's; those reached by a stream below all reached by UDP. */
const SERVER_STEP = 64
const STREAM_PENALTY = { udp: 0, tcp: 0x4000, tls: 0x8000 } as const

export interface ServerContext {
  readonly host: Host
  readonly crypto: CryptoProvider
  readonly table: BaseTable
  /** Whether `raddr` may show where a reflexive or relayed candidate comes from (RFC 8839, 5.1). */
  readonly showRelated: boolean
  /** Whether only some addresses of this machine may be used, also where the platform would choose. */
  filtered(): boolean
  candidate(init: LocalCandidateInit): void
  receive(packet: Uint8Array, socket: number, address: string, port: number, now: number): void
  baseGone(socket: number): void
  /** The addresses of a server's name. */
  resolve(name: string): Promise<readonly string[]>
}

const isIpv4 = ({ interfaceAddress }: HostSocket): boolean => interfaceAddress.family === 4

export class ServerGathering {
  readonly #context: ServerContext
  readonly #server: GatherServer
  /** Its place among the servers: an earlier one is preferred. */
  readonly #index: number
  /** What gives up a server-reflexive binding: that stands, or that is asked for. */
  readonly #bindings = new Set<() => void>()
  readonly #asking = new Set<() => void>()
  /** Bindings that are asked for before a `rest` are not kept. */
  #rests = 0
  /** The asking for allocations. */
  #relaying: Promise<GatherError | undefined> | undefined
  /** Allocations, and what gives them up: returns the numbers of their bases. */
  readonly #relays = new Map<RelayFlow, () => readonly number[]>()
  /** Whether the server is asked over IPv4, whatever else. */
  #overIpv4 = false
  /** Those that the application gave last. */
  #credentials: TurnCredentials | undefined
  #closed = false

  constructor(context: ServerContext, server: GatherServer, index: number) {
    this.#context = context
    this.#server = server
    this.#index = index
    this.#credentials = server.credentials
  }

  /** Asks the server from these sockets; resolves when all is answered, with what to tell if nothing came of it. */
  async gather(sockets: readonly HostSocket[]): Promise<GatherError | undefined> {
    const { scheme } = this.#server.uri
    if (scheme === 'stun' || scheme === 'stuns') {
      // A binding may have gone.
      this.rest()
      return this.#ask(sockets, false)
    }
    // An allocation that is on its way is as good as a new one.
    if (this.#relaying !== undefined) return this.#relaying
    this.#relaying = this.#relay(sockets)
    try {
      return await this.#relaying
    } finally {
      this.#relaying = undefined
    }
  }

  /** Asks for allocations, unless there are some that stand. */
  async #relay(sockets: readonly HostSocket[]): Promise<GatherError | undefined> {
    const confirming = [...this.#relays].map(async ([flow, release]) => {
      if (!(await flow.confirm())) for (const number of release()) this.#context.baseGone(number)
    })
    await Promise.all(confirming)
    return this.#closed || this.#relays.size > 0 ? undefined : this.#ask(sockets, true)
  }

  async #ask(sockets: readonly HostSocket[], isRelay: boolean): Promise<GatherError | undefined> {
    const { uri, url } = this.#server
    const attempts = new ServerAttempts(url)
    const addresses = await this.#addresses(uri.host)
    this.#overIpv4 = sockets.some(isIpv4) && addresses.some(address => familyOf(address) === 4)
    if (addresses.length === 0) {
      attempts.failed({ code: UNREACHABLE, text: 'the name of the server has no address' })
    } else if (uri.transport === 'dtls') {
      attempts.failed({ code: UNREACHABLE, text: 'servers are not reached over DTLS here' })
    } else if (uri.transport === 'udp') {
      await this.#overUdp(sockets, addresses, isRelay, attempts)
    } else if (isRelay) {
      await this.#overStreams(sockets, addresses, uri.transport, attempts)
    }
    // A STUN server behind TLS tells the address of a stream, of which no candidate can be made.
    return this.#closed ? undefined : attempts.error
  }

  /**
   * ICE is through: bindings that are not in use need not be kept (RFC 8445, 8.3). What is still asked for is waited for,
   * and told. Allocations stay.
   */
  rest(): void {
    this.#rests++
    for (const release of this.#bindings) release()
    this.#bindings.clear()
  }

  close(): void {
    this.#closed = true
    this.rest()
    for (const release of this.#asking) release()
    for (const release of this.#relays.values()) for (const number of release()) this.#context.baseGone(number)
  }

  async #addresses(name: string): Promise<readonly string[]> {
    const literal = canonicalAddress(name)
    return literal === undefined ? this.#context.resolve(name) : [literal]
  }

  async #overUdp(
    sockets: readonly HostSocket[],
    addresses: readonly string[],
    isRelay: boolean,
    attempts: ServerAttempts,
  ): Promise<void> {
    const count = { 4: 0, 6: 0 }
    const asking: Promise<void>[] = []
    for (const socket of sockets) {
      const { family } = socket.interfaceAddress
      const address = addresses.find(item => familyOf(item) === family)
      if (address === undefined || (isRelay && count[family]++ >= MOST_RELAY_BASES)) continue
      const target = { address, port: this.#server.uri.port }
      asking.push(isRelay ? this.#relayFrom(socket, target, attempts) : this.#reflect(socket, target, attempts))
    }
    if (asking.length === 0) {
      attempts.failed({ code: UNREACHABLE, text: 'no address of this machine is of the family of the server' })
    }
    await Promise.all(asking)
  }

  async #overStreams(
    sockets: readonly HostSocket[],
    addresses: readonly string[],
    protocol: 'tcp' | 'tls',
    attempts: ServerAttempts,
  ): Promise<void> {
    const { uri, ca } = this.#server
    const open: OpenLink = async to => {
      // The certificate is of the domain that it was, unless the server that sent us on has named another (RFC 8489, 10).
      const serverName = to.domain ?? uri.host
      const tls = protocol === 'tls' ? { serverName, ...(ca !== undefined && { ca }) } : undefined
      let text = 'no address of this machine is of the family of the server'
      for (const from of this.#streamSources(sockets, familyOf(to.address))) {
        try {
          return await openStreamLink(this.#context.host, to, from, tls)
        } catch (error) {
          const { code } = error as { code?: unknown }
          text = `the server cannot be connected to (${String(code ?? error)})`
        }
        if (this.#closed) break
      }
      return { code: UNREACHABLE, text }
    }
    const asking = ([4, 6] as const).map(async family => {
      const address = addresses.find(item => familyOf(item) === family)
      if (address === undefined) return
      await this.#allocate(open, { address, port: uri.port }, protocol, undefined, attempts)
    })
    await Promise.all(asking)
  }

  /** Where streams are opened from: the platform knows best, but not what the application has ruled out. */
  #streamSources(sockets: readonly HostSocket[], family: 4 | 6): readonly (string | undefined)[] {
    if (!this.#context.filtered()) return [undefined]
    const allowed = sockets.map(socket => socket.interfaceAddress).filter(item => item.family === family)
    return allowed.slice(0, MOST_RELAY_BASES).map(({ address }) => address)
  }

  // Server-reflexive candidates

  async #reflect(socket: HostSocket, target: StunAddress, attempts: ServerAttempts): Promise<void> {
    const open: OpenLink = async to => udpLink(socket, to, true) ?? { code: UNREACHABLE, text: 'the socket is closed' }
    await this.#follow(open, target, attempts, async (link, to) => {
      const { host, crypto } = this.#context
      const flow = new BindingFlow(host, crypto, packet => link.send(packet))
      link.user = flow
      const release = (): void => {
        flow.close()
        link.close()
      }
      const rests = this.#rests
      this.#asking.add(release)
      const result = await flow.ask()
      this.#asking.delete(release)
      if (isFailure(result) || rests !== this.#rests) release()
      else this.#bindings.add(release)
      if (isFailure(result)) return result
      this.#announceReflexive(socket, result.mapped, to.address)
      return undefined
    })
  }

  #announceReflexive(socket: HostSocket, mapped: StunAddress, server: string): void {
    const { base, number } = socket
    if (base === undefined || this.#closed || familyOf(mapped.address) !== familyOf(base.address)) return
    this.#context.candidate({
      socket: number,
      type: 'srflx',
      address: mapped.address,
      port: mapped.port,
      baseAddress: base.address,
      basePort: base.port,
      ...this.#related(base),
      server,
      url: this.#server.url,
    })
  }

  /** Where a candidate comes from: for diagnosis only, and hidden where it would tell too much (RFC 8839, 5.1). */
  #related({ address, port }: StunAddress): { relatedAddress: string; relatedPort: number } {
    if (this.#context.showRelated) return { relatedAddress: address, relatedPort: port }
    return { relatedAddress: address.includes(':') ? '::' : '0.0.0.0', relatedPort: 9 }
  }

  // Relayed candidates

  async #relayFrom(socket: HostSocket, target: StunAddress, attempts: ServerAttempts): Promise<void> {
    const open: OpenLink = async (to, elsewhere) => {
      // A server tells allocations apart by the ports that ask for them (RFC 8656, 3.1): other connections may ask it from a
      // shared one, and another URL may lead to the same server (`turn:a?transport=udp` beside `turn:a`).
      const isTaken = elsewhere || socket.shared || socket.hasRelay(to.address, to.port)
      const own = isTaken ? await this.#privateSocket(socket.interfaceAddress) : socket
      const closed = isTaken ? () => own.close() : undefined
      return udpLink(own, to, false, closed) ?? { code: UNREACHABLE, text: 'no port could be bound' }
    }
    await this.#allocate(open, target, 'udp', socket, attempts)
  }

  async #privateSocket(address: InterfaceAddress): Promise<HostSocket> {
    // What does not come from the server is nobody's here.
    const socket = new HostSocket(-1, address, false, () => {})
    socket.base = await openUdpBase(this.#context.host, { address: address.address, receive: socket.receive })
    return socket
  }

  async #allocate(
    open: OpenLink,
    target: StunAddress,
    protocol: 'udp' | 'tcp' | 'tls',
    socket: HostSocket | undefined,
    attempts: ServerAttempts,
  ): Promise<void> {
    await this.#follow(open, target, attempts, async (link, to) => {
      const { host, crypto, table } = this.#context
      const numbers: { [family in 4 | 6]?: number } = {}
      const release = (): readonly number[] => {
        if (!this.#relays.delete(flow)) return []
        flow.close()
        link.close()
        for (const number of Object.values(numbers)) table.remove(number)
        return Object.values(numbers)
      }
      const flow = new RelayFlow({
        host,
        crypto,
        server: this.#server,
        credentials: this.#credentials,
        // Where both are asked for, coturn gives IPv4 alone; so where it is asked over IPv4 too, IPv6 is asked for its own.
        families: this.#overIpv4 && familyOf(to.address) === 6 ? [6] : [4, 6],
        reliable: link.reliable,
        transmit: packet => link.send(packet),
        deliver: (data, family, address, port, now) => {
          const number = numbers[family]
          if (number !== undefined) this.#context.receive(data, number, address, port, now)
        },
        lost: () => {
          for (const number of release()) this.#context.baseGone(number)
        },
      })
      link.user = flow
      this.#relays.set(flow, release)
      const result = await flow.allocate()
      if (isFailure<RelayFailure>(result)) {
        release()
        this.#credentials = result.elsewhere?.credentials ?? this.#credentials
        return result
      }
      // Given up, or lost again with the stream that it came by.
      if (!this.#relays.has(flow)) return { code: UNREACHABLE, text: 'the allocation was lost at once' }
      const { relayed, mapped } = result
      const isOfSocket = link.address === socket?.base?.address && link.port === socket.base.port
      if (isOfSocket && mapped !== undefined) this.#announceReflexive(socket, mapped, to.address)
      for (const address of relayed) {
        const family = familyOf(address.address)
        if (numbers[family] !== undefined) continue
        const number = table.reserve()
        numbers[family] = number
        table.set(number, flow.base(address))
        this.#announceRelayed(number, address, mapped, protocol, to.address)
      }
      return undefined
    })
  }

  #announceRelayed(
    socket: number,
    relayed: StunAddress,
    mapped: StunAddress | undefined,
    relayProtocol: 'udp' | 'tcp' | 'tls',
    server: string,
  ): void {
    const { address, port } = relayed
    this.#context.candidate({
      socket,
      type: 'relay',
      address,
      port,
      ...this.#related(mapped ?? relayed),
      localPreference: Math.max(0, 0xffff - STREAM_PENALTY[relayProtocol] - SERVER_STEP * this.#index - (socket & 63)),
      server,
      relayProtocol,
      url: this.#server.url,
    })
  }

  #follow(open: OpenLink, target: StunAddress, attempts: ServerAttempts, ask: AskServer): Promise<void> {
    return followServer({ open, ask, isOver: () => this.#closed }, target, attempts)
  }
}
