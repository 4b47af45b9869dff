/**
 * The relayed candidates that one TURN server gives us (RFC 8445, 5.1.1.2; RFC 8656): over UDP asked for from our own
 * sockets, over TCP and TLS by streams.
 */

import type { InterfaceAddress, TlsOptions } from '../machine/index.ts'
import { addressFamily, type StunAddress } from '../stun/index.ts'
import type { TurnCredentials } from '../turn/index.ts'
import { HostSocket } from './host-socket.ts'
import type { GatherServer } from './options.ts'
import { type RelayFailure, RelayFlow } from './relay-flow.ts'
import { type ServerAttempts, UNREACHABLE } from './server-attempts.ts'
import { announceReflexive, related, type ServerContext } from './server-context.ts'
import { openStreamLink, type ServerLink, udpLink } from './server-link.ts'
import { askInTurn, isFailure, type OpenLink } from './server-redirects.ts'
import { openUdpBase } from './udp-base.ts'

/** A later server's relays stand below an earlier one's; those reached by a stream below all reached by UDP. */
const SERVER_STEP = 64
const STREAM_PENALTY = { udp: 0, tcp: 0x4000, tls: 0x8000 } as const

type Protocol = 'udp' | 'tcp' | 'tls'

/** How an allocation is asked for. */
interface Way {
  readonly protocol: Protocol
  readonly open: OpenLink
  /** The socket of ours that it is asked from, unless a port of its own is opened for it. */
  readonly socket: HostSocket | undefined
  /** Whether the server is asked over IPv4, here or elsewhere. */
  readonly overIpv4: boolean
}

interface Relay {
  /** The host socket's number that the server is reached from. */
  readonly socket: number | undefined
  /** Gives the allocation up; returns the numbers of its bases. */
  readonly release: () => readonly number[]
}

export class ServerRelays {
  readonly #context: ServerContext
  readonly #server: GatherServer
  /** Its place among the servers: an earlier one is preferred. */
  readonly #index: number
  readonly #relays = new Map<RelayFlow, Relay>()
  /** Those that the application gave last. */
  #credentials: TurnCredentials | undefined
  #closed = false

  constructor(context: ServerContext, server: GatherServer, index: number) {
    this.#context = context
    this.#server = server
    this.#index = index
    this.#credentials = server.credentials
  }

  get size(): number {
    return this.#relays.size
  }

  /** Asks whether the allocations stand, and gives up those that do not. */
  async confirm(): Promise<void> {
    const confirming = [...this.#relays].map(async ([flow, relay]) => {
      if (!(await flow.confirm())) this.#drop(relay)
    })
    await Promise.all(confirming)
  }

  /** Asks for the permission to hear from an address. */
  expect(address: string): void {
    for (const flow of this.#relays.keys()) flow.expect(address)
  }

  /** A socket of ours is closed, and with it the way to the server for what was asked from there. */
  socketClosed(number: number): void {
    for (const relay of this.#relays.values()) if (relay.socket === number) this.#drop(relay)
  }

  close(): void {
    this.#closed = true
    for (const relay of this.#relays.values()) this.#drop(relay)
  }

  #drop({ release }: Relay): void {
    for (const number of release()) this.#context.baseGone(number)
  }

  /** Over UDP, from a socket of ours. */
  async overUdp(
    socket: HostSocket,
    targets: readonly StunAddress[],
    overIpv4: boolean,
    attempts: ServerAttempts,
  ): Promise<void> {
    const open: OpenLink = async (to, elsewhere) => {
      // A server tells allocations apart by the ports that ask for them (RFC 8656, 3.1): other connections may ask it from a
      // shared one, and another URL may lead to the same server (`turn:a?transport=udp` beside `turn:a`).
      const isTaken = elsewhere || socket.shared || socket.hasRelay(to.address, to.port)
      const own = isTaken ? await this.#privateSocket(socket.interfaceAddress) : socket
      const closed = isTaken ? () => own.close() : undefined
      return udpLink(own, to, false, closed) ?? { code: UNREACHABLE, text: 'no port could be bound' }
    }
    await this.#ask({ protocol: 'udp', open, socket, overIpv4 }, targets, attempts)
  }

  async #privateSocket(address: InterfaceAddress): Promise<HostSocket> {
    // What does not come from the server is nobody's here.
    const socket = new HostSocket(-1, address, false, () => {})
    socket.base = await openUdpBase(this.#context.host, { address: address.address, receive: socket.receive })
    return socket
  }

  /** @param sources The addresses to connect from, in order; undefined is the platform's choice. */
  async overStream(
    protocol: 'tcp' | 'tls',
    sources: readonly (string | undefined)[],
    targets: readonly StunAddress[],
    overIpv4: boolean,
    attempts: ServerAttempts,
  ): Promise<void> {
    const { uri, ca } = this.#server
    const open: OpenLink = async to => {
      // The certificate is of the domain that it was, unless the server that sent us on has named another (RFC 8489, 10).
      const tls: TlsOptions = { serverName: to.domain ?? uri.host, ...(ca !== undefined && { ca }) }
      let text = 'no address of this machine is of the family of the server'
      for (const from of sources) {
        try {
          return await openStreamLink(this.#context.host, to, from, protocol === 'tls' ? tls : undefined)
        } catch (error) {
          const { code } = error as { code?: unknown }
          text = `the server cannot be connected to (${String(code ?? error)})`
        }
        if (this.#closed) break
      }
      return { code: UNREACHABLE, text }
    }
    await this.#ask({ protocol, open, socket: undefined, overIpv4 }, targets, attempts)
  }

  #ask(way: Way, targets: readonly StunAddress[], attempts: ServerAttempts): Promise<void> {
    const question = {
      open: way.open,
      isOver: () => this.#closed,
      ask: (link: ServerLink, to: StunAddress) => this.#allocate(way, link, to),
    }
    return askInTurn(question, targets, attempts)
  }

  async #allocate(way: Way, link: ServerLink, to: StunAddress): Promise<RelayFailure | undefined> {
    const { host, crypto, table, trace, expected } = this.#context
    const { socket, protocol } = way
    const { url } = this.#server
    const numbers: { [family in 4 | 6]?: number } = {}
    const isOfSocket = link.address === socket?.base?.address && link.port === socket.base.port
    const relay: Relay = {
      socket: isOfSocket ? socket?.number : undefined,
      release: () => {
        if (!this.#relays.delete(flow)) return []
        flow.close()
        link.close()
        for (const number of Object.values(numbers)) table.remove(number)
        return Object.values(numbers)
      },
    }
    const flow = new RelayFlow({
      host,
      crypto,
      server: this.#server,
      credentials: this.#credentials,
      // Where both are asked for, coturn gives IPv4 alone; so where it is asked over IPv4 too, IPv6 is asked for its own.
      families: way.overIpv4 && addressFamily(to.address) === 6 ? [6] : [4, 6],
      reliable: link.reliable,
      transmit: packet => link.send(packet),
      deliver: (data, family, address, port, now) => {
        const number = numbers[family]
        if (number !== undefined) this.#context.receive(data, number, address, port, now)
      },
      lost: ({ code, text }) => {
        trace?.event?.('gather', 'relay-lost', { url, code, text }, host.now())
        this.#drop(relay)
      },
    })
    link.user = flow
    this.#relays.set(flow, relay)
    const result = await flow.allocate()
    if (isFailure<RelayFailure>(result)) {
      relay.release()
      this.#credentials = result.elsewhere?.credentials ?? this.#credentials
      return result
    }
    // Given up, or lost again with the stream that it came by.
    if (!this.#relays.has(flow)) return { code: UNREACHABLE, text: 'the allocation was lost at once' }
    const { relayed, mapped } = result
    if (isOfSocket && socket !== undefined && mapped !== undefined) {
      announceReflexive(this.#context, url, socket, mapped, to.address)
    }
    for (const address of relayed) {
      const family = addressFamily(address.address)
      if (numbers[family] !== undefined) continue
      const number = table.reserve()
      numbers[family] = number
      table.set(number, flow.base(address))
      this.#announce(number, address, mapped, protocol, to.address)
    }
    for (const address of expected) flow.expect(address)
    return undefined
  }

  #announce(
    socket: number,
    relayed: StunAddress,
    mapped: StunAddress | undefined,
    relayProtocol: Protocol,
    server: string,
  ): void {
    const { address, port } = relayed
    this.#context.candidate({
      socket,
      type: 'relay',
      address,
      port,
      ...related(this.#context, mapped ?? relayed),
      localPreference: Math.max(0, 0xffff - STREAM_PENALTY[relayProtocol] - SERVER_STEP * this.#index - (socket & 63)),
      server,
      relayProtocol,
      url: this.#server.url,
    })
  }
}
