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

export class HostBases {
  options: GatherOptions
  readonly #context: GathererContext
  readonly #sink: Pick<GatherSink, 'receive' | 'pathLost' | 'baseGone'>
  /** By address: opened, or on their way. */
  readonly #opened = new Map<string, readonly Promise<HostBase | undefined>[]>()
  readonly #shares = new Set<Shared>()
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

  /** Whether there are bases on an address, or will be. */
  has(address: string): boolean {
    return this.#opened.has(address)
  }

  fragments(list: readonly string[]): void {
    this.#fragments = list
    for (const share of this.#shares) share.fragments(list)
  }

  /** The bases of an address, UDP first. What cannot be bound is undefined; all of it, and the next call tries again. */
  open(address: InterfaceAddress): readonly Promise<HostBase | undefined>[] {
    let opened = this.#opened.get(address.address)
    if (opened === undefined) {
      opened = this.#open(address)
      this.#opened.set(address.address, opened)
      void Promise.all(opened).then(bases => {
        if (bases.every(base => base === undefined)) this.#opened.delete(address.address)
      })
    }
    return opened
  }

  /** Closes the bases of every address but these, and returns their numbers as they are closed. */
  keep(addresses: readonly InterfaceAddress[], gone: (number: number) => void): void {
    for (const [address, opened] of this.#opened) {
      if (addresses.some(item => item.address === address)) continue
      this.#opened.delete(address)
      this.#release(opened, gone)
    }
  }

  close(): void {
    for (const opened of this.#opened.values()) this.#release(opened)
    this.#opened.clear()
    this.#shares.clear()
  }

  #release(opened: readonly Promise<HostBase | undefined>[], gone?: (number: number) => void): void {
    for (const opening of opened) {
      void opening.then(base => {
        if (base === undefined) return
        this.#close(base)
        gone?.(base.number)
      })
    }
  }

  #close({ number, base, socket }: HostBase): void {
    this.#context.table.remove(number)
    if (socket === undefined) base.close()
    else socket.close()
  }

  #open(address: InterfaceAddress): readonly Promise<HostBase | undefined>[] {
    const { tcp, policy, tcpMux } = this.options
    // Numbers are given before anything is bound, so that their order is that of preference.
    const opening = [this.#openUdp(address)]
    // Relays are reached by streams of their own.
    if (policy === 'all') {
      for (const type of tcp) opening.push(this.#openTcp(address, type))
      if (tcpMux !== undefined) opening.push(this.#shareTcp(address))
    }
    return opening
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
      const port = udpMux.ports.find(item => item.address === address.address)
      if (port === undefined) return undefined
      const share = port.share({ receive: socket.receive, gone: () => this.#sink.baseGone(number) })
      this.#join(share)
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
    const port = this.options.tcpMux?.ports.find(item => item.address === address.address)
    if (port === undefined) return undefined
    const number = this.#context.table.reserve()
    const share = port.share({ ...this.#tcpSinks(number), gone: () => this.#sink.baseGone(number) })
    this.#join(share)
    return this.#made({ number, base: share, address, tcpType: 'passive' })
  }

  #tcpSinks(number: number): { receive: DatagramSink; lost: LostSink } {
    return {
      receive: (packet, from, port, now) => this.#sink.receive(packet, number, from, port, now),
      lost: (from, port) => this.#sink.pathLost(number, from, port),
    }
  }

  #join(share: Shared): void {
    this.#shares.add(share)
    share.fragments(this.#fragments)
  }
}
