/** The bases on this machine's own addresses: a UDP socket (or a share of one) and TCP bases for each. */

import type { DatagramSink, InterfaceAddress } from '../machine/index.ts'
import type { Base, LostSink } from './base.ts'
import { HostSocket } from './host-socket.ts'
import type { GathererContext, GatherOptions, GatherSink, TcpGathering } from './options.ts'
import { TcpActiveBase } from './tcp-active.ts'
import { openTcpPassiveBase } from './tcp-passive.ts'
import { openTcpSimultaneousBase } from './tcp-simultaneous.ts'
import { openUdpBase } from './udp-base.ts'

/** A base, and how it is shown. */
export interface HostBase {
  readonly number: number
  readonly base: Base
  readonly address: InterfaceAddress
  readonly tcpType?: TcpGathering
  /** Of a UDP base: servers are asked from it. */
  readonly socket?: HostSocket
}

/** A base that must know by which user-name fragments it is meant: a share. */
interface Shared {
  fragments(list: readonly string[]): unknown
}

type Kind = 'udp' | TcpGathering | 'tcp-mux'

/** A base that is open, or on its way. */
interface Opened {
  readonly address: string
  readonly kind: Kind
  readonly opening: Promise<HostBase | undefined>
}

export class HostBases {
  options: GatherOptions
  readonly #context: GathererContext
  readonly #sink: Pick<GatherSink, 'receive' | 'pathLost' | 'baseGone'>
  /** By address and kind. */
  readonly #opened = new Map<string, Opened>()
  /** By the number of their base. */
  readonly #shares = new Map<number, Shared>()
  #fragments: readonly string[] = []
  readonly counters = {
    /** Bases that could not be bound. */
    bindErrors: 0,
    /** Errors of sending and receiving that the platform told (ENETUNREACH, EPERM, ...). */
    socketErrors: 0,
  }

  constructor(
    context: GathererContext,
    options: GatherOptions,
    sink: Pick<GatherSink, 'receive' | 'pathLost' | 'baseGone'>,
  ) {
    this.#context = context
    this.options = options
    this.#sink = sink
  }

  /** Whether there is a UDP base on an address, or will be. */
  has(address: string): boolean {
    return this.#opened.has(`${address} udp`)
  }

  fragments(list: readonly string[]): void {
    this.#fragments = list
    for (const share of this.#shares.values()) share.fragments(list)
  }

  /** The bases of an address, UDP first. What cannot be bound is undefined, and tried again by the next call. */
  open(address: InterfaceAddress): readonly Promise<HostBase | undefined>[] {
    // Numbers are given before anything is bound, so that their order is that of preference.
    return this.#kinds().map(kind => {
      const key = `${address.address} ${kind}`
      const known = this.#opened.get(key)
      if (known !== undefined) return known.opening
      const opened: Opened = { address: address.address, kind, opening: this.#open(address, kind) }
      this.#opened.set(key, opened)
      void opened.opening.then(base => {
        if (base === undefined && this.#opened.get(key) === opened) this.#opened.delete(key)
      })
      return opened.opening
    })
  }

  /**
   * Closes the bases of every address but these, and those that the options name no more; returns their numbers as they
   * are closed.
   */
  keep(addresses: readonly InterfaceAddress[], gone: (number: number) => void): void {
    const kinds = this.#kinds()
    for (const [key, { address, kind, opening }] of this.#opened) {
      if (kinds.includes(kind) && addresses.some(item => item.address === address)) continue
      this.#opened.delete(key)
      this.#release(opening, gone)
    }
  }

  close(): void {
    for (const { opening } of this.#opened.values()) this.#release(opening)
    this.#opened.clear()
  }

  #release(opening: Promise<HostBase | undefined>, gone?: (number: number) => void): void {
    void opening.then(base => {
      if (base === undefined) return
      this.#close(base)
      gone?.(base.number)
    })
  }

  #close({ number, base, socket }: HostBase): void {
    this.#context.table.remove(number)
    this.#shares.delete(number)
    if (socket === undefined) base.close()
    else socket.close()
  }

  #kinds(): readonly Kind[] {
    const { tcp, policy, tcpMux } = this.options
    // Relays are reached by streams of their own.
    if (policy === 'relay') return ['udp']
    return ['udp', ...new Set(tcp), ...(tcpMux === undefined ? [] : (['tcp-mux'] as const))]
  }

  #open(address: InterfaceAddress, kind: Kind): Promise<HostBase | undefined> {
    if (kind === 'udp') return this.#openUdp(address)
    if (kind === 'tcp-mux') return this.#shareTcp(address)
    return this.#openTcp(address, kind)
  }

  #made(made: HostBase): HostBase {
    this.#context.table.set(made.number, made.base)
    return made
  }

  async #openUdp(address: InterfaceAddress): Promise<HostBase | undefined> {
    const { host, table } = this.#context
    const { udpMux, portRange } = this.options
    const number = table.reserve()
    const sink: DatagramSink = (packet, from, port, now) => this.#sink.receive(packet, number, from, port, now)
    const socket = new HostSocket(number, address, udpMux !== undefined, sink)
    if (udpMux !== undefined) {
      const port = udpMux.closed ? undefined : udpMux.ports.find(item => item.address === address.address)
      if (port === undefined) return undefined
      const share = port.share({ receive: socket.receive, gone: () => this.#lost(address, 'udp', number) })
      this.#join(number, share)
      socket.base = share
    } else {
      socket.base = await openUdpBase(host, {
        address: address.address,
        receive: socket.receive,
        failed: () => {
          this.counters.socketErrors++
        },
        ...(portRange && { portRange }),
      })
    }
    const { base } = socket
    if (base === undefined) {
      this.counters.bindErrors++
      return undefined
    }
    return this.#made({ number, base, address, socket })
  }

  async #openTcp(address: InterfaceAddress, tcpType: TcpGathering): Promise<HostBase | undefined> {
    const { host, table } = this.#context
    const { portRange } = this.options
    const number = table.reserve()
    const options = {
      address: address.address,
      ...this.#tcpSinks(number),
      ...(portRange && { portRange }),
    }
    const base =
      tcpType === 'active'
        ? new TcpActiveBase(host, options)
        : await (tcpType === 'passive' ? openTcpPassiveBase(host, options) : openTcpSimultaneousBase(host, options))
    if (base === undefined) {
      this.counters.bindErrors++
      return undefined
    }
    return this.#made({ number, base, address, tcpType })
  }

  async #shareTcp(address: InterfaceAddress): Promise<HostBase | undefined> {
    const { tcpMux } = this.options
    const port = tcpMux?.closed === false ? tcpMux.ports.find(item => item.address === address.address) : undefined
    if (port === undefined) return undefined
    const number = this.#context.table.reserve()
    const share = port.share({ ...this.#tcpSinks(number), gone: () => this.#lost(address, 'tcp-mux', number) })
    this.#join(number, share)
    return this.#made({ number, base: share, address, tcpType: 'passive' })
  }

  #tcpSinks(number: number): { receive: DatagramSink; lost: LostSink } {
    return {
      receive: (packet, from, port, now) => this.#sink.receive(packet, number, from, port, now),
      lost: (from, port) => this.#sink.pathLost(number, from, port),
    }
  }

  /** The shared port was closed under us. */
  #lost({ address }: InterfaceAddress, kind: Kind, number: number): void {
    const key = `${address} ${kind}`
    const opened = this.#opened.get(key)
    if (opened !== undefined) {
      this.#opened.delete(key)
      this.#release(opened.opening)
    }
    this.#sink.baseGone(number)
  }

  #join(number: number, share: Shared): void {
    this.#shares.set(number, share)
    share.fragments(this.#fragments)
  }
}
