/**
 * Fragments that arrived ahead of what is missing: a ring indexed by TSN, in which neighbours of one message know how
 * far their run reaches, so that a whole message shows in constant time (RFC 9260 6.9).
 */

import { add32, diff32 } from '../bytes/index.ts'
import { DataChunk } from './data-chunk.ts'
import { copyOf } from './message-buffer.ts'
import { OVERHEAD } from './message-order.ts'
import { SerialBits } from './serial-bits.ts'
import { MAX_AHEAD } from './tsn-tracker.ts'

const FIRST_CAPACITY = 64

/** A DATA chunk with a payload of its own. */
export class Fragment extends DataChunk {
  readonly payload: Uint8Array<ArrayBuffer>
  /** At the end of a run of fragments of one message: where the run begins. */
  runStart: number
  /** At the beginning of a run: where it ends. */
  runEnd: number

  constructor(chunk: DataChunk) {
    super()
    this.tsn = chunk.tsn
    this.streamId = chunk.streamId
    this.sequence = chunk.sequence
    this.ppid = chunk.ppid
    this.begin = chunk.begin
    this.end = chunk.end
    this.ordered = chunk.ordered
    this.payload = copyOf(chunk.bytes, chunk.from, chunk.to)
    this.bytes = this.payload
    this.to = this.payload.length
    this.runStart = chunk.tsn
    this.runEnd = chunk.tsn
  }
}

export class HeldFragments {
  /** Bytes held, with an allowance for each piece. */
  cost = 0
  #count = 0
  #ring: (Fragment | undefined)[] = []
  /** Which TSNs are held. */
  #bits: SerialBits | undefined

  /**
   * Holds a fragment, and joins it with its neighbours.
   * @param ahead How far ahead of the cumulative TSN.
   * @returns How many fragments, from `runStart` of this one on, make a whole message by now; 0 when they do not.
   */
  add(fragment: Fragment, ahead: number): number {
    this.#bits ??= new SerialBits(MAX_AHEAD + 1)
    while (ahead >= this.#ring.length) this.#grow()
    this.#ring[fragment.tsn & (this.#ring.length - 1)] = fragment
    this.#bits.add(fragment.tsn)
    this.#count++
    this.cost += fragment.payload.length + OVERHEAD
    let start = fragment.tsn
    let end = fragment.tsn
    if (!fragment.begin) {
      const left = this.#at(add32(fragment.tsn, -1))
      if (left !== undefined && !left.end && left.streamId === fragment.streamId) start = left.runStart
    }
    if (!fragment.end) {
      const right = this.#at(add32(fragment.tsn, 1))
      if (right !== undefined && !right.begin && right.streamId === fragment.streamId) end = right.runEnd
    }
    const first = this.#at(start)!
    const last = this.#at(end)!
    first.runEnd = end
    last.runStart = start
    fragment.runStart = start
    return first.begin && last.end ? diff32(end, start) + 1 : 0
  }

  /** How far ahead of `tsn` the first fragment is held, 0 when it is this one, or -1 when none of the next `count` is. */
  distance(tsn: number, count: number): number {
    return this.#count === 0 ? -1 : this.#bits!.distanceToMember(tsn, count)
  }

  /** Removes the fragment of a TSN that is held. */
  release(tsn: number): Fragment {
    const slot = tsn & (this.#ring.length - 1)
    const fragment = this.#ring[slot]!
    this.#ring[slot] = undefined
    this.#bits!.delete(tsn)
    this.#count--
    this.cost -= fragment.payload.length + OVERHEAD
    return fragment
  }

  #at(tsn: number): Fragment | undefined {
    const fragment = this.#ring[tsn & (this.#ring.length - 1)]
    return fragment?.tsn === tsn ? fragment : undefined
  }

  #grow(): void {
    const grown: (Fragment | undefined)[] = new Array(Math.max(FIRST_CAPACITY, this.#ring.length * 2)).fill(undefined)
    for (const fragment of this.#ring) {
      if (fragment !== undefined) grown[fragment.tsn & (grown.length - 1)] = fragment
    }
    this.#ring = grown
  }
}
