/**
 * One address of a shared TCP port. A connection belongs to nobody until it brings a Binding request; the first half of
 * its USERNAME (RFC 8445, 7.2.2) says whose it is from then on.
 */

import type { Host, InterfaceAddress, StreamHandlers, StreamListener, StreamSocket } from '../machine/index.ts'
import { Attribute, readUsername, type StunMessage } from '../stun/index.ts'
import { FragmentTable } from './fragment-table.ts'
import type { TcpConnection, TcpCounters } from './tcp-connection.ts'
import { TcpMuxShare, type TcpMuxShareOptions, type TcpShareOwner } from './tcp-mux-share.ts'
import { TcpStrangers } from './tcp-strangers.ts'
import type { RequestTarget, UnknownRequests } from './unknown-requests.ts'

/** Connections that may wait for their first check, and of these from one address (many clients may stand behind one). */
const STRANGERS = { most: 1024, mostOfOne: 64 }

const NOTHING = new Uint8Array(0)

export class TcpMuxPort implements TcpShareOwner, RequestTarget {
  readonly protocol = 'tcp'
  readonly counters: TcpCounters
  readonly #host: Host
  readonly #unknown: UnknownRequests
  readonly #shares = new Set<TcpMuxShare>()
  readonly #fragments = new FragmentTable<TcpMuxShare>(fragment => this.#unknown.claimed(this, fragment))
  readonly #strangers: TcpStrangers
  #listener: StreamListener | undefined
  #closed = false

  /** For `TcpMux.open` only. */
  constructor(
    host: Host,
    readonly interfaceAddress: InterfaceAddress,
    unknown: UnknownRequests,
    counters: TcpCounters,
  ) {
    this.#host = host
    this.#unknown = unknown
    this.counters = counters
    this.#strangers = new TcpStrangers(host, STRANGERS, counters, (connection, message, now) =>
      this.#adopt(connection, message, now),
    )
  }

  get address(): string {
    return this.interfaceAddress.address
  }

  get port(): number {
    return this.#listener?.port ?? 0
  }

  /** What it holds at present. */
  get usage(): { shares: number; fragments: number; connections: number; strangers: number; conflicts: number } {
    let connections = 0
    for (const share of this.#shares) connections += share.connections
    return {
      shares: this.#shares.size,
      fragments: this.#fragments.size,
      connections,
      strangers: this.#strangers.size,
      conflicts: this.#fragments.conflicts,
    }
  }

  /** A base for one more connection. TCP connections reach it once its `fragments` are said. */
  share(options: TcpMuxShareOptions): TcpMuxShare {
    const share = new TcpMuxShare(this.#host, this, options)
    if (this.#listener === undefined) share.close()
    else this.#shares.add(share)
    return share
  }

  deliver(message: Uint8Array, localFragment: string, address: string, port: number, now: number): void {
    const share = this.#fragments.find(localFragment)
    const connection = this.#strangers.find(address, port)
    if (share !== undefined && connection !== undefined) this.#handOn(connection, share, message, now)
  }

  claim(share: TcpMuxShare, fragments: readonly string[], former: readonly string[]): boolean {
    return this.#fragments.claim(share, fragments, former)
  }

  leave(share: TcpMuxShare): void {
    this.#shares.delete(share)
  }

  #adopt(connection: TcpConnection, message: StunMessage, now: number): boolean | undefined {
    const name = readUsername(message.find(Attribute.username) ?? NOTHING) ?? ''
    const colon = name.indexOf(':')
    if (colon < 0) return false
    const share = this.#fragments.find(name.slice(0, colon))
    if (share !== undefined) return this.#handOn(connection, share, message.bytes, now)
    const { address, port } = connection
    // It may be somebody's soon; if not, its time as a stranger runs out.
    return this.#unknown.offer(message, name, this, address, port, now) ? undefined : false
  }

  #handOn(connection: TcpConnection, share: TcpMuxShare, message: Uint8Array, now: number): boolean {
    this.#strangers.release(connection)
    if (!share.take(connection)) {
      connection.close()
      return true
    }
    share.receive(connection, message, now)
    return true
  }

  // Opening and closing, for `TcpMux` only

  accept(socket: StreamSocket): StreamHandlers | undefined {
    return this.#closed ? undefined : this.#strangers.accept(socket)
  }

  attach(listener: StreamListener): void {
    this.#listener = listener
  }

  close(): void {
    this.#closed = true
    this.#listener?.close()
    this.#listener = undefined
    this.#strangers.close()
    for (const share of [...this.#shares]) share.abandon()
  }
}
