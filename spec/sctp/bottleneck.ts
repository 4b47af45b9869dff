/**
 * Pairs of associations, one side of each sending without end to the other, that share a bottleneck in virtual time: what
 * a congestion control is judged by.
 */

import type { Packet } from '../../lib/bytes/index.ts'
import { Association, type AssociationOptions } from '../../lib/sctp/index.ts'
import { Agenda } from '../../lib/sim/agenda.ts'
import { type LinkOptions, SeededRandom } from '../../lib/sim/index.ts'
import { Link } from '../../lib/sim/link.ts'
import { seededCrypto } from '../providers.ts'

/** Bytes of a datagram that are not the SCTP packet: IPv4, UDP, a record of DTLS 1.2 with AES-GCM. */
const OVERHEAD = 28 + 37
/** Bytes of a message, and bytes that are kept waiting to be sent. */
const MESSAGE = 16_384
const BACKLOG = 512 << 10

export interface BottleneckOptions extends LinkOptions {
  readonly seed?: number
}

/** What one side of a pair does in time. */
class End {
  readonly association: Association
  #wake = Number.POSITIVE_INFINITY

  constructor(
    readonly network: Bottleneck,
    options: Partial<AssociationOptions>,
    seed: number,
    transmit: (bytes: Uint8Array) => void,
    readonly after: (now: number) => void,
  ) {
    this.association = new Association({
      crypto: seededCrypto(seed),
      transmit: (packet: Packet) => {
        const bytes = packet.view().slice()
        packet.release()
        transmit(bytes)
      },
      // The simulated path damages nothing, as DTLS would see to.
      dtls: true,
      zeroChecksum: true,
      heartbeatInterval: Number.POSITIVE_INFINITY,
      ...options,
    })
  }

  receive(bytes: Uint8Array, now: number): void {
    this.association.receive(bytes, now)
    this.settle(now)
  }

  settle(now: number): void {
    const { association } = this
    if (association.deadline <= now) association.advance(now)
    this.after(now)
    association.flush(now)
    // Below a microsecond a later time is none for floating point.
    const at = Math.max(association.deadline, now + 0.001)
    if (at >= this.#wake) return
    this.#wake = at
    this.network.agenda.add(at, then => {
      if (this.#wake === at) this.#wake = Number.POSITIVE_INFINITY
      this.settle(then)
    })
  }
}

export interface TransferOptions extends Partial<AssociationOptions> {
  /** Milliseconds when it begins. */
  readonly start?: number
}

/** One transfer without end through the bottleneck. */
export class EndlessTransfer {
  readonly sender: End
  readonly receiver: End
  /** Bytes of whole messages that arrived. */
  received = 0
  /** Milliseconds: the longest smoothed round trip since it was last set. */
  longestRoundTrip = 0
  readonly #message = new Uint8Array(MESSAGE)

  constructor(network: Bottleneck, options: TransferOptions, seed: number) {
    const { start = 0, ...rest } = options
    const back = network.link(network.back, seed + 500)
    this.sender = new End(
      network,
      rest,
      seed,
      bytes => network.carry(network.forward, bytes, (data, now) => this.receiver.receive(data, now)),
      now => this.#supply(now),
    )
    this.receiver = new End(
      network,
      rest,
      seed + 100,
      bytes => network.carry(back, bytes, (data, now) => this.sender.receive(data, now)),
      () => this.#take(),
    )
    network.agenda.add(start, now => {
      this.sender.association.connect(now)
      this.sender.settle(now)
    })
  }

  get counters(): Association['counters'] {
    return this.sender.association.counters
  }

  #supply(now: number): void {
    const { association } = this.sender
    while (association.nextEvent() !== undefined);
    const trip = association.smoothedRoundTripTime ?? 0
    if (trip > this.longestRoundTrip) this.longestRoundTrip = trip
    if (association.state !== 'established') return
    while (association.totalBufferedAmount < BACKLOG) association.send(0, 53, this.#message, {}, now)
  }

  #take(): void {
    const { association } = this.receiver
    for (let event = association.nextEvent(); event !== undefined; event = association.nextEvent()) {
      if (event.type === 'message') this.received += event.data.length
    }
  }
}

export class Bottleneck {
  readonly agenda = new Agenda()
  readonly transfers: EndlessTransfer[] = []
  now = 0
  readonly forward: Link
  /** Options of the ways back: each transfer has its own, with the delay and the loss of the way there. */
  back: { defaults: LinkOptions }
  readonly #seed: number

  constructor({ seed = 1, ...options }: BottleneckOptions) {
    this.#seed = seed
    this.back = { defaults: {} }
    this.forward = this.link({ defaults: {} }, 0)
    this.change(options)
  }

  link(network: { readonly defaults: LinkOptions }, stream: number): Link {
    return new Link(new SeededRandom(this.#seed, stream), network)
  }

  /** What the path is like from now on. */
  change(options: LinkOptions): void {
    this.forward.options = options
    this.back.defaults = { delay: options.delay ?? 0 }
  }

  add(options: TransferOptions = {}): EndlessTransfer {
    const transfer = new EndlessTransfer(this, options, this.#seed + this.transfers.length * 7 + 1)
    this.transfers.push(transfer)
    return transfer
  }

  carry(link: Link, bytes: Uint8Array, to: (bytes: Uint8Array, now: number) => void): void {
    for (const at of link.enter(bytes, OVERHEAD, this.now)) this.agenda.add(at, now => to(bytes, now))
  }

  /** Lets time pass until `until`, and gives what each transfer brought meanwhile, in bytes a second. */
  run(until: number): readonly number[] {
    const before = this.transfers.map(({ received }) => received)
    const began = this.now
    while (this.agenda.next <= until) {
      this.now = this.agenda.next
      this.agenda.take()!(this.now)
    }
    this.now = until
    return this.transfers.map(({ received }, i) => ((received - before[i]!) / (until - began)) * 1000)
  }
}
