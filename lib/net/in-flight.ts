/** Packets handed to the platform and not taken by it yet, oldest first: a ring that grows, and never shrinks. */

import type { Packet } from '../bytes/index.ts'

export class InFlight {
  #ring: (Packet | undefined)[] = new Array(64).fill(undefined)
  #first = 0
  length = 0

  push(packet: Packet): void {
    if (this.length === this.#ring.length) {
      const oldestFirst = [...this.#ring.slice(this.#first), ...this.#ring.slice(0, this.#first)]
      this.#ring = [...oldestFirst, ...new Array<undefined>(this.length).fill(undefined)]
      this.#first = 0
    }
    this.#ring[(this.#first + this.length++) & (this.#ring.length - 1)] = packet
  }

  shift(): Packet | undefined {
    if (this.length === 0) return undefined
    const packet = this.#ring[this.#first]
    this.#ring[this.#first] = undefined
    this.#first = (this.#first + 1) & (this.#ring.length - 1)
    this.length--
    return packet
  }
}
