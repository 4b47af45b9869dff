/**
 * What one STUN or TURN server gives us (RFC 8445, 5.1.1.2; RFC 8656): which of its addresses is asked from which of ours,
 * and what became of it in the end.
 */

import { addressFamily, canonicalAddress, type StunAddress } from '../stun/index.ts'
import type { HostSocket } from './host-socket.ts'
import type { GatherError, GatherServer } from './options.ts'
import { ServerAttempts, UNREACHABLE } from './server-attempts.ts'
import { ServerBindings } from './server-bindings.ts'
import type { ServerContext } from './server-context.ts'
import { ServerRelays } from './server-relays.ts'

/** An allocation costs the server a port: of our addresses of one family, the best two ask for one. */
const MOST_RELAY_BASES = 2
/** Of a name's addresses of one family, the first two are tried (RFC 8489, 8): each that is silent takes 9.5 s. */
const MOST_ADDRESSES = 2

const isIpv4 = ({ interfaceAddress }: HostSocket): boolean => interfaceAddress.family === 4

export class ServerGathering {
  readonly #context: ServerContext
  readonly #server: GatherServer
  readonly #bindings: ServerBindings
  readonly #relays: ServerRelays
  /** The asking for allocations. */
  #relaying: Promise<GatherError | undefined> | undefined
  #closed = false

  /** @param index Its place among the servers: an earlier one is preferred. */
  constructor(context: ServerContext, server: GatherServer, index: number) {
    this.#context = context
    this.#server = server
    this.#bindings = new ServerBindings(context, server.url)
    this.#relays = new ServerRelays(context, server, index)
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
    await this.#relays.confirm()
    return this.#closed || this.#relays.size > 0 ? undefined : this.#ask(sockets, true)
  }

  async #ask(sockets: readonly HostSocket[], isRelay: boolean): Promise<GatherError | undefined> {
    const { uri, url } = this.#server
    const attempts = new ServerAttempts(url)
    const addresses = await this.#addresses(uri.host)
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
    this.#bindings.rest()
  }

  /** Asks the relays to let in what comes from an address of the peer's. */
  expect(address: string): void {
    this.#relays.expect(address)
  }

  /** A socket of ours is closed: relays that are reached from it are gone. */
  socketClosed(number: number): void {
    this.#relays.socketClosed(number)
  }

  close(): void {
    this.#closed = true
    this.#bindings.close()
    this.#relays.close()
  }

  async #addresses(name: string): Promise<readonly string[]> {
    const literal = canonicalAddress(name)
    return literal === undefined ? this.#context.resolve(name) : [literal]
  }

  /** The transport addresses of the server to try in turn, for one family. */
  #targets(addresses: readonly string[], family: 4 | 6): readonly StunAddress[] {
    const { port } = this.#server.uri
    const ofFamily = addresses.filter(address => addressFamily(address) === family)
    return ofFamily.slice(0, MOST_ADDRESSES).map(address => ({ address, port }))
  }

  async #overUdp(
    sockets: readonly HostSocket[],
    addresses: readonly string[],
    isRelay: boolean,
    attempts: ServerAttempts,
  ): Promise<void> {
    const overIpv4 = this.#isOverIpv4(sockets, addresses)
    const count = { 4: 0, 6: 0 }
    const asking: Promise<void>[] = []
    for (const socket of sockets) {
      const { family } = socket.interfaceAddress
      const targets = this.#targets(addresses, family)
      if (targets.length === 0 || (isRelay && count[family]++ >= MOST_RELAY_BASES)) continue
      if (isRelay) asking.push(this.#relays.overUdp(socket, targets, overIpv4, attempts))
      else asking.push(this.#bindings.ask(socket, targets, attempts))
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
    const overIpv4 = this.#isOverIpv4(sockets, addresses)
    const asking = ([4, 6] as const).map(async family => {
      const targets = this.#targets(addresses, family)
      const sources = this.#streamSources(sockets, family)
      if (targets.length > 0) await this.#relays.overStream(protocol, sources, targets, overIpv4, attempts)
    })
    await Promise.all(asking)
  }

  /** Where streams are opened from: the platform knows best, but not what the application has ruled out. */
  #streamSources(sockets: readonly HostSocket[], family: 4 | 6): readonly (string | undefined)[] {
    if (!this.#context.filtered()) return [undefined]
    const allowed = sockets.map(socket => socket.interfaceAddress).filter(item => item.family === family)
    return allowed.slice(0, MOST_RELAY_BASES).map(({ address }) => address)
  }

  #isOverIpv4(sockets: readonly HostSocket[], addresses: readonly string[]): boolean {
    return sockets.some(isIpv4) && addresses.some(address => addressFamily(address) === 4)
  }
}
