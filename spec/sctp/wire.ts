/** Two machines and a network between them, in virtual time: delay, loss, reordering, duplication, all from one seed. */

import type { Packet } from '../../lib/bytes/index.ts'
import type { FlushingMachine } from '../../lib/machine/index.ts'

export interface End extends FlushingMachine {
  receive(packet: Uint8Array, now: number): void
}

export interface WireOptions {
  readonly seed?: number
  /** Milliseconds each way. */
  readonly delay?: number
  /** Probabilities. */
  readonly loss?: number
  readonly duplicate?: number
  /** A packet so chosen takes up to twice the delay. */
  readonly reorder?: number
  /** Called for each packet; false drops it. May change the bytes. */
  readonly filter?: (bytes: Uint8Array, from: Side, index: number) => boolean
  /**
   * Decides in place of chance about the `index`-th packet of a side: for each copy that is to arrive, the milliseconds by
   * which it is held back. `[]` loses it. Undefined leaves it to chance.
   */
  readonly script?: (from: Side, index: number) => readonly number[] | undefined
}

export type Side = 'a' | 'b'

interface InFlight {
  readonly at: number
  readonly order: number
  readonly to: Side
  readonly bytes: Uint8Array
}

/** Numbers in [0, 1) from a seed (xorshift32). */
export const seededNumbers = (seed: number): (() => number) => {
  let state = (seed * 2654435761 + 1) >>> 0 || 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    state >>>= 0
    return state / 0x1_0000_0000
  }
}

export class Wire {
  now = 0
  /** Every packet that was sent, with its sender. */
  readonly sent: { readonly from: Side; readonly bytes: Uint8Array; readonly at: number }[] = []
  options: WireOptions
  readonly #random: () => number
  #flying: InFlight[] = []
  #order = 0
  readonly #counts = { a: 0, b: 0 }
  #ends: { a?: End; b?: End } = {}
  #drain: () => void = () => {}

  constructor(options: WireOptions = {}) {
    this.options = options
    this.#random = seededNumbers(options.seed ?? 1)
  }

  /** The sink to give to the machine on one side. */
  readonly transmit = (from: Side) => (packet: Packet) => {
    const bytes = packet.view().slice()
    packet.release()
    const index = this.#counts[from]++
    this.sent.push({ from, bytes, at: this.now })
    const { delay = 0, loss = 0, duplicate = 0, reorder = 0, filter, script } = this.options
    if (filter !== undefined && !filter(bytes, from, index)) return
    const holds = script?.(from, index)
    if (holds === undefined && this.#random() < loss) return
    const copies = holds?.length ?? (this.#random() < duplicate ? 2 : 1)
    for (let i = 0; i < copies; i++) {
      const late = holds?.[i] ?? (this.#random() < reorder ? this.#random() * delay : 0)
      this.#flying.push({
        at: this.now + delay + late,
        order: this.#order++,
        to: from === 'a' ? 'b' : 'a',
        bytes: bytes.slice(),
      })
    }
  }

  /** @param drain Takes the events of both; called after each step. */
  attach(a: End, b: End, drain: () => void = () => {}): void {
    this.#ends = { a, b }
    this.#drain = drain
  }

  /** Puts a packet in by hand. */
  inject(to: Side, bytes: Uint8Array): void {
    this.#ends[to]!.receive(bytes.slice(), this.now)
    this.settle()
  }

  /** Sends what waits on both sides. */
  settle(): void {
    this.#ends.a!.flush(this.now)
    this.#ends.b!.flush(this.now)
    this.#drain()
  }

  /** Lets time pass until `done`, or until `limit` (virtual milliseconds from now). Returns whether it was done. */
  run(done: () => boolean = () => false, limit = 600_000): boolean {
    const end = this.now + limit
    this.settle()
    while (!done()) {
      const { a, b } = this.#ends
      let next = Math.min(a!.deadline, b!.deadline)
      for (const packet of this.#flying) if (packet.at < next) next = packet.at
      if (next > end) {
        this.now = end
        return done()
      }
      this.now = Math.max(this.now, next)
      const due = this.#flying.filter(packet => packet.at <= this.now).sort((x, y) => x.at - y.at || x.order - y.order)
      this.#flying = this.#flying.filter(packet => packet.at > this.now)
      for (const packet of due) this.#ends[packet.to]!.receive(packet.bytes, this.now)
      a!.advance(this.now)
      b!.advance(this.now)
      this.settle()
    }
    return true
  }
}
