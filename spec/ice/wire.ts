/**
 * A wire between agents, in virtual time: every socket has an address, every datagram a delay, and a filter may drop,
 * copy or change it. No NAT: a datagram comes from the address that its socket has, unless the spec says otherwise.
 */

import { Packet } from '../../lib/bytes/index.ts'
import type { CryptoProvider } from '../../lib/crypto/index.ts'
import {
  type CandidatePair,
  IceAgent,
  type IceAgentOptions,
  type IceCandidate,
  type IceEvent,
  type IceRole,
  type IceState,
} from '../../lib/ice/index.ts'
import { decodeStun, type StunMessage } from '../../lib/stun/index.ts'
import { seededCrypto } from '../providers.ts'
import { advance } from './advance.ts'

export interface Datagram {
  readonly at: number
  readonly from: Endpoint
  readonly source: { address: string; port: number }
  readonly destination: { address: string; port: number }
  readonly bytes: Uint8Array
}

/** An agent, the addresses of its sockets, and what it has told. */
export class Endpoint {
  readonly agent: IceAgent
  readonly states: IceState[] = []
  readonly roles: IceRole[] = []
  readonly selections: CandidatePair[] = []
  /** Candidates of the peer's that are to be resolved. */
  readonly names: IceCandidate[] = []
  /** Payloads of admitted datagrams, as text, and those that were not let in. */
  readonly heard: string[] = []
  readonly refused: string[] = []
  readonly sockets: { address: string; port: number }[] = []

  constructor(
    readonly wire: Wire,
    readonly name: string,
    options: Omit<IceAgentOptions, 'transmit' | 'crypto'> & { crypto: CryptoProvider },
  ) {
    this.agent = new IceAgent({
      ...options,
      transmit: (packet, socket, address, port) => wire.carry(this, packet, socket, address, port),
    })
  }

  /** Binds a socket and announces it. */
  bind(address: string, port: number): IceCandidate {
    this.sockets.push({ address, port })
    return this.agent.addHostCandidate({ socket: this.sockets.length - 1, address, port }, this.wire.now)
  }

  send(text: string): boolean {
    return this.agent.send(packetOf(text), this.wire.now)
  }

  drain(): void {
    for (let event: IceEvent | undefined = this.agent.nextEvent(); event; event = this.agent.nextEvent()) {
      if (event.type === 'state') this.states.push(event.state)
      else if (event.type === 'role') this.roles.push(event.role)
      else if (event.type === 'selected') this.selections.push(event.pair)
      else this.names.push(event.candidate)
    }
  }
}

const packetOf = (text: string): Packet => {
  const bytes = Uint8Array.of(20, ...text.split('').map(character => character.charCodeAt(0)))
  return Packet.of(bytes)
}

export class Wire {
  now = 0
  /** One way, in milliseconds. */
  delay = 10
  /** What becomes of a datagram: dropped (false), carried (true), or carried with another source. */
  filter: (datagram: Datagram, message: StunMessage | undefined) => boolean | { address: string; port: number } = () =>
    true
  /** All that was sent, for a spec to look at. */
  readonly sent: Datagram[] = []
  readonly endpoints: Endpoint[] = []
  #flying: { at: number; datagram: Datagram }[] = []

  add(name: string, role: IceRole, options: Partial<IceAgentOptions> = {}): Endpoint {
    const crypto = options.crypto ?? seededCrypto(this.endpoints.length + 1)
    const endpoint = new Endpoint(this, name, { role, ...options, crypto })
    this.endpoints.push(endpoint)
    return endpoint
  }

  carry(from: Endpoint, packet: Packet, socket: number, address: string, port: number): void {
    const bytes = packet.view().slice()
    packet.release()
    const source = from.sockets[socket]!
    const datagram = { at: this.now, from, source, destination: { address, port }, bytes }
    this.sent.push(datagram)
    const message = decodeStun(bytes)
    const fate = this.filter(datagram, message)
    if (fate === false) return
    const carried = fate === true ? datagram : { ...datagram, source: fate }
    this.#flying.push({ at: this.now + this.delay, datagram: carried })
  }

  /** Puts a datagram into the socket of that address, as if it came from `source`. */
  deliver(bytes: Uint8Array, source: { address: string; port: number }, to: { address: string; port: number }): void {
    for (const endpoint of this.endpoints) {
      const socket = endpoint.sockets.findIndex(({ address, port }) => address === to.address && port === to.port)
      if (socket < 0) continue
      const { agent } = endpoint
      if (bytes[0]! < 4) {
        agent.receive(bytes, socket, source.address, source.port, this.now)
      } else {
        const text = String.fromCharCode(...bytes.subarray(1))
        const isLetIn = agent.admit(socket, source.address, source.port, bytes.length, this.now)
        if (isLetIn) endpoint.heard.push(text)
        else endpoint.refused.push(text)
      }
      endpoint.drain()
    }
  }

  /** Lets time pass until `until` is true or `most` milliseconds are over; tells which. */
  run(most: number, until: () => boolean = () => false): boolean {
    const end = this.now + most
    for (let step = 0; ; step++) {
      for (const endpoint of this.endpoints) endpoint.drain()
      if (until()) return true
      if (step > 200_000) throw new Error('the agents do not come to rest')
      const flight = Math.min(...this.#flying.map(({ at }) => at))
      const next = Math.min(flight, ...this.endpoints.map(({ agent }) => agent.deadline))
      if (next > end) {
        this.now = end
        return false
      }
      this.now = Math.max(this.now, next)
      const landed = this.#flying.filter(({ at }) => at <= this.now)
      this.#flying = this.#flying.filter(({ at }) => at > this.now)
      for (const { datagram } of landed) this.deliver(datagram.bytes, datagram.source, datagram.destination)
      for (const { agent } of this.endpoints) advance(agent, this.now)
    }
  }
}

/** Gives each the other's credentials, candidates and the end of them, at once. */
export const exchange = (a: Endpoint, b: Endpoint): void => {
  const { now } = a.wire
  for (const [from, to] of [[a, b] as const, [b, a] as const]) {
    to.agent.setRemoteParameters(from.agent.localParameters, now)
    for (const candidate of from.agent.localCandidates)
      if (candidate.type === 'host') to.agent.addRemoteCandidate(candidate, now)
    from.agent.endOfLocalCandidates(now)
    to.agent.endOfRemoteCandidates(now)
  }
}

/** Two agents with one IPv4 socket each, wired. */
export const createTwo = (options: { a?: Partial<IceAgentOptions>; b?: Partial<IceAgentOptions> } = {}) => {
  const wire = new Wire()
  const a = wire.add('a', 'controlling', options.a)
  const b = wire.add('b', 'controlled', options.b)
  a.bind('192.0.2.1', 1001)
  b.bind('192.0.2.2', 1002)
  return { wire, a, b }
}

/** Two agents that are connected and have nominated. */
export const createConnected = (options: { a?: Partial<IceAgentOptions>; b?: Partial<IceAgentOptions> } = {}) => {
  const two = createTwo(options)
  exchange(two.a, two.b)
  two.wire.run(2000, () => two.a.agent.state === 'completed' && two.b.agent.state === 'completed')
  return two
}
