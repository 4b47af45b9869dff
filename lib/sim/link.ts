/**
 * One direction of a path between two hosts: what it does to the datagrams that cross it.
 *
 * In order: a script or chance may lose a datagram; a bottleneck of some rate queues it, or drops it when its queue is
 * full; propagation delays it; it may be held back so that others overtake it; it may arrive twice.
 */

import type { SeededRandom } from './random.ts'

export interface LinkOptions {
  /** Milliseconds from one end to the other. 0 by default. */
  readonly delay?: number
  /** Milliseconds: each datagram takes up to so much longer, by chance. Does not reorder. 0 by default. */
  readonly jitter?: number
  /** Chance from 0 to 1 that a datagram is lost. */
  readonly loss?: number
  /** Chance from 0 to 1 that a datagram arrives twice, the second time up to `reorderBy` later. */
  readonly duplicate?: number
  /** Chance from 0 to 1 that a datagram is held back so that later ones overtake it. */
  readonly reorder?: number
  /** Milliseconds that a datagram is held back at most. 20 by default. */
  readonly reorderBy?: number
  /** Bytes a second of the bottleneck, headers of IP and UDP counted. Unlimited by default. */
  readonly rate?: number
  /** Bytes that wait for the bottleneck at most; what comes when they are reached is dropped. 256 KiB by default. */
  readonly queue?: number
  /** The largest IP packet in bytes; larger ones vanish without a sign. Unlimited by default. */
  readonly mtu?: number
  /**
   * Decides in place of chance about the `index`-th datagram (from 0) since the options were set: for each copy that
   * is to arrive, the milliseconds by which it is held back. `[]` loses it, `[0]` lets it pass, `[0, 5]` doubles it.
   * Undefined leaves it to chance.
   */
  readonly script?: (index: number, bytes: Uint8Array) => readonly number[] | undefined
}

export type Fate = 'passed' | 'lost' | 'queue-full' | 'too-big'

const DEFAULT_QUEUE = 256 << 10
const DEFAULT_REORDER_BY = 20

export class Link {
  readonly #random: SeededRandom
  readonly #network: { readonly defaults: LinkOptions }
  #options: LinkOptions | undefined
  #index = 0
  /** When the bottleneck has sent all that it has. */
  #free = 0
  /** When the latest datagram that keeps its place arrives. */
  #latest = 0
  fate: Fate = 'passed'

  /** @param network Whose defaults hold as long as the link has no options of its own. */
  constructor(random: SeededRandom, network: { readonly defaults: LinkOptions }) {
    this.#random = random
    this.#network = network
  }

  /** What the link does from now on; what is under way arrives as it would have. Undefined: as the network's defaults. */
  set options(options: LinkOptions | undefined) {
    this.#options = options
    this.#index = 0
  }

  /**
   * A datagram enters at `now`.
   *
   * @param overhead Bytes of its IP and UDP headers.
   * @returns When its copies arrive; empty when none does, and `fate` then says why.
   */
  enter(bytes: Uint8Array, overhead: number, now: number): readonly number[] {
    const options = this.#options ?? this.#network.defaults
    const { delay = 0, jitter = 0, loss = 0, duplicate = 0, reorder = 0, mtu, rate, script } = options
    const { reorderBy = DEFAULT_REORDER_BY, queue = DEFAULT_QUEUE } = options
    // Drawn for every datagram, needed or not: a change of one chance leaves the others' draws as they were.
    const lost = this.#random.unit() < loss
    const late = this.#random.unit() * jitter
    const held = this.#random.unit() < reorder
    const doubled = this.#random.unit() < duplicate
    const hold = this.#random.unit() * reorderBy

    const size = bytes.length + overhead
    this.fate = 'too-big'
    if (mtu !== undefined && size > mtu) return []
    this.fate = 'lost'
    const holds = script?.(this.#index++, bytes) ?? (lost ? [] : doubled ? [0, hold] : held ? [hold] : [0])
    if (holds.length === 0) return []

    let sent = now
    if (rate !== undefined) {
      const start = Math.max(this.#free, now)
      this.fate = 'queue-full'
      if (((start - now) / 1000) * rate + size > queue) return []
      sent = start + (size / rate) * 1000
      this.#free = sent
    }
    this.fate = 'passed'
    const arrival = Math.max(this.#latest, sent + delay + late)
    return holds.map(more => {
      if (more === 0) this.#latest = arrival
      return arrival + more
    })
  }
}
