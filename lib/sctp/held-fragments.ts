/**
 * Fragments that arrived ahead of what is missing: a ring indexed by TSN, in which neighbours of one message know how
 * far their run reaches, so that a whole message shows in constant time (RFC 9260 6.9).
 */

import { add32, diff32 } from '../bytes/index.ts'
import { DATA_BEGIN, DATA_END } from './chunk-type.ts'

/** What a held piece costs beside its bytes; counted, so that tiny ones cannot outgrow the window. */
export const OVERHEAD = 64
const FIRST_CAPACITY = 64

export class Fragment {
  /** At the end of a run of fragments of one message: where the run begins. */
  runStart: number
  /** At the beginning of a run: where it ends. */
  runEnd: number

  constructor(
    readonly tsn: number,
    readonly flags: number,
    readonly streamId: number,
    readonly ssn: number,
    readonly ppid: number,
    readonly data: Uint8Array<ArrayBuffer>,
  ) {
    this.runStart = tsn
    this.runEnd = tsn
  }
}

export class HeldFragments {
  count = 0
  /** Bytes held, with an allowance for each piece. */
  cost = 0
  #ring: (Fragment | undefined)[] = new Array(FIRST_CAPACITY).fill(undefined)

  /**
   * Holds a fragment, and joins it with its neighbours.
   * @param distance How far ahead of the cumulative TSN.
   * @returns How many fragments, from `runStart` of this one on, make a whole message by now; 0 when they do not.
   */
  add(fragment: Fragment, distance: number): number {
    while (distance >= this.#ring.length) this.#grow()
    this.#ring[fragment.tsn & (this.#ring.length - 1)] = fragment
    this.count++
    this.cost += fragment.data.length + OVERHEAD
    let start = fragment.tsn
    let end = fragment.tsn
    if ((fragment.flags & DATA_BEGIN) === 0) {
      const left = this.at(add32(fragment.tsn, -1))
      if (left !== undefined && (left.flags & DATA_END) === 0 && left.streamId === fragment.streamId) {
        start = left.runStart
      }
    }
    if ((fragment.flags & DATA_END) === 0) {
      const right = this.at(add32(fragment.tsn, 1))
      if (right !== undefined && (right.flags & DATA_BEGIN) === 0 && right.streamId === fragment.streamId) {
        end = right.runEnd
      }
    }
    fragment.runStart = start
    const first = this.at(start)!
    const last = this.at(end)!
    first.runEnd = end
    last.runStart = start
    const whole = (first.flags & DATA_BEGIN) !== 0 && (last.flags & DATA_END) !== 0
    return whole ? diff32(end, start) + 1 : 0
  }

  at(tsn: number): Fragment | undefined {
    const fragment = this.#ring[tsn & (this.#ring.length - 1)]
    return fragment?.tsn === tsn ? fragment : undefined
  }

  /** Removes the fragment of this TSN, if it is held. */
  release(tsn: number): Fragment | undefined {
    if (this.count === 0) return undefined
    const fragment = this.at(tsn)
    if (fragment === undefined) return undefined
    this.#ring[tsn & (this.#ring.length - 1)] = undefined
    this.count--
    this.cost -= fragment.data.length + OVERHEAD
    return fragment
  }

  #grow(): void {
    const grown: (Fragment | undefined)[] = new Array(this.#ring.length * 2).fill(undefined)
    for (const fragment of this.#ring) {
      if (fragment !== undefined) grown[fragment.tsn & (grown.length - 1)] = fragment
    }
    this.#ring = grown
  }
}
