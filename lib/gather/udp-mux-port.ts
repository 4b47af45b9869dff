/**
 * One address of a shared UDP port: leads what comes in to the connection that it is for.
 *
 * - A Binding request, by the first half of its USERNAME (RFC 8445, 7.2.2): the connection then judges the rest.
 * - A STUN response, by the transaction id of the request that it answers.
 * - Everything else, by the remote transport address, as far as that has been proved to be a connection's.
 */

import type { Packet } from '../bytes/index.ts'
import type { DatagramSocket, InterfaceAddress } from '../machine/index.ts'
import { Attribute, decodeStun, Method, readUsername } from '../stun/index.ts'
import { FragmentTable } from './fragment-table.ts'
import { type PartyRoutes, type Route, RouteTable } from './route-table.ts'
import {
  type Asked,
  classOf,
  isStun,
  type MuxShareOptions,
  restOf,
  type ShareOwner,
  transactionOf,
  UdpMuxShare,
} from './udp-mux-share.ts'
import type { RequestTarget, UnknownRequests } from './unknown-requests.ts'

export const createUdpMuxCounters = () => ({
  packetsSent: 0,
  packetsReceived: 0,
  /** Errors of sending and receiving that the platform told. */
  socketErrors: 0,
  /** Begins as STUN does and is not, or a request of another method than Binding, or without USERNAME. */
  malformed: 0,
  /** Responses to no request of a share. */
  unmatchedResponses: 0,
  /** Datagrams from where no share has sent to. */
  unknownSource: 0,
  /** Fragments that another share had already. */
  fragmentConflicts: 0,
})

export type UdpMuxCounters = ReturnType<typeof createUdpMuxCounters>

const SUCCESS = 0x0100
const ERROR = 0x0110

export class UdpMuxPort implements ShareOwner, RequestTarget {
  readonly protocol = 'udp'
  readonly #unknown: UnknownRequests
  readonly #counters: UdpMuxCounters
  readonly #shares = new Set<UdpMuxShare>()
  readonly #fragments = new FragmentTable<UdpMuxShare>(fragment => this.#unknown.claimed(this, fragment))
  readonly #transactions = new Map<number, Asked>()
  readonly #routes = new RouteTable<UdpMuxShare>()
  #socket: DatagramSocket | undefined

  /** For `UdpMux.open` only. */
  constructor(
    readonly interfaceAddress: InterfaceAddress,
    unknown: UnknownRequests,
    counters: UdpMuxCounters,
  ) {
    this.#unknown = unknown
    this.#counters = counters
  }

  get address(): string {
    return this.interfaceAddress.address
  }

  get port(): number {
    return this.#socket?.port ?? 0
  }

  /** What it holds at present, for all its shares. */
  get usage(): { shares: number; fragments: number; transactions: number; addresses: number; overBound: number } {
    return {
      shares: this.#shares.size,
      fragments: this.#fragments.size,
      transactions: this.#transactions.size,
      addresses: this.#routes.size,
      overBound: this.#routes.overBound,
    }
  }

  /** A base for one more connection. Requests reach it once its `fragments` are said. */
  share(options: MuxShareOptions): UdpMuxShare {
    const share = new UdpMuxShare(this, options)
    if (this.#socket === undefined) share.close()
    else this.#shares.add(share)
    return share
  }

  // What came in

  receive(packet: Uint8Array, address: string, port: number, now: number): void {
    this.#counters.packetsReceived++
    if (isStun(packet, 0, packet.length)) {
      const kind = classOf(packet, 0)
      if (kind === 0) {
        this.#receiveRequest(packet, address, port, now)
        return
      }
      if (kind === SUCCESS || kind === ERROR) {
        this.#receiveResponse(packet, kind, address, port, now)
        return
      }
    }
    const route = this.#routes.find(address, port)
    if (route === undefined) this.#counters.unknownSource++
    else if (route.proved.length > 0) route.proved[route.proved.length - 1]!.receive(packet, address, port, now)
    else if (route.waiting.length === 1) route.waiting[0]!.receive(packet, address, port, now)
    // Each may overwrite what it is given.
    else for (const share of [...route.waiting]) share.receive(packet.slice(), address, port, now)
  }

  #receiveResponse(packet: Uint8Array, kind: number, address: string, port: number, now: number): void {
    const asked = this.#transactions.get(transactionOf(packet, 0))
    if (asked === undefined || asked.rest !== restOf(packet, 0)) {
      this.#counters.unmatchedResponses++
      return
    }
    // Wherever it came from: a response from elsewhere fails the pair (RFC 8445, 7.2.5.2.1).
    if (kind === SUCCESS) asked.share.answered(asked, address, port)
    asked.share.receive(packet, address, port, now)
  }

  #receiveRequest(packet: Uint8Array, address: string, port: number, now: number): void {
    const message = decodeStun(packet)
    const name = readUsername(message?.find(Attribute.username) ?? NOTHING) ?? ''
    const colon = name.indexOf(':')
    if (message?.method !== Method.binding || colon < 0) {
      this.#counters.malformed++
      return
    }
    const share = this.#fragments.find(name.slice(0, colon))
    if (share === undefined) this.#unknown.offer(message, name, this, address, port, now)
    else share.receive(packet, address, port, now)
  }

  deliver(message: Uint8Array, localFragment: string, address: string, port: number, now: number): void {
    this.#fragments.find(localFragment)?.receive(message, address, port, now)
  }

  // What shares say

  send(packet: Packet, address: string, port: number): void {
    this.#counters.packetsSent++
    if (this.#socket === undefined) packet.release()
    else this.#socket.send(packet, address, port)
  }

  claim(share: UdpMuxShare, fragments: readonly string[], former: readonly string[]): boolean {
    const before = this.#fragments.conflicts
    const all = this.#fragments.claim(share, fragments, former)
    this.#counters.fragmentConflicts += this.#fragments.conflicts - before
    return all
  }

  remember(transaction: number, asked: Asked): void {
    this.#transactions.set(transaction, asked)
  }

  forget(transaction: number): void {
    this.#transactions.delete(transaction)
  }

  wait(share: UdpMuxShare, routes: PartyRoutes<UdpMuxShare>, address: string, port: number): void {
    this.#routes.wait(share, routes, address, port)
  }

  prove(share: UdpMuxShare, routes: PartyRoutes<UdpMuxShare>, address: string, port: number): Route<UdpMuxShare> {
    return this.#routes.prove(share, routes, address, port)
  }

  leave(share: UdpMuxShare, routes: PartyRoutes<UdpMuxShare>): void {
    this.#routes.leave(share, routes)
    this.#shares.delete(share)
  }

  // Opening and closing, for `UdpMux` only

  attach(socket: DatagramSocket): void {
    this.#socket = socket
  }

  close(): void {
    for (const share of [...this.#shares]) share.abandon()
    this.#socket?.close()
    this.#socket = undefined
  }
}

const NOTHING = new Uint8Array(0)
