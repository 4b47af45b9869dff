/**
 * What H264 and H265 have in common in cutting: the units of a frame go out alone where they fit, together where several of
 * them fit into one payload, and in fragments of nearly equal size where one does not (RFC 6184, 6 and 12; RFC 7798, 5).
 */

import type { PayloadSink } from './format.ts'

/** A run of bytes that is one NAL unit; of a frame, or of what is sent ahead of it. */
export interface NalRange {
  bytes: Uint8Array
  start: number
  end: number
}

/** How a format writes its headers. Each writes into `into` and says where it ends. */
export interface NalFraming {
  /** Bytes of a unit that a fragment's headers replace. */
  readonly unitHeader: number
  /** Bytes of the headers of a fragment. */
  readonly fragmentHeader: number
  /** Bytes of the header of an aggregate; each unit in it follows two bytes of length. */
  readonly aggregateHeader: number
  /** Writes the header of an aggregate of `units[first, last]`. */
  writeAggregate(into: Uint8Array, units: readonly NalRange[], first: number, last: number): void
  writeFragment(into: Uint8Array, unit: NalRange, isFirst: boolean, isLast: boolean): void
}

const LARGEST_AGGREGATED = 0xffff

/** Cuts the first `count` of a frame's units. One for each stream: it keeps the scratch buffer in which headers are written. */
export class NalPacketizer {
  readonly #framing: NalFraming
  #scratch = new Uint8Array(1500)

  constructor(framing: NalFraming) {
    this.#framing = framing
  }

  /** Each unit alone in one payload; none where one of them is too long (RFC 6184, 6.2). */
  cutAlone(units: readonly NalRange[], count: number, limit: number, sink: PayloadSink): number {
    for (let i = 0; i < count; i++) if (units[i]!.end - units[i]!.start > limit) return 0
    for (let i = 0; i < count; i++) {
      const { bytes, start, end } = units[i]!
      sink(this.#scratch, 0, bytes, start, end, i === count - 1)
    }
    return count
  }

  /** Units alone, aggregated and in fragments, as they fit. */
  cut(units: readonly NalRange[], count: number, limit: number, sink: PayloadSink): number {
    const { fragmentHeader } = this.#framing
    if (limit <= fragmentHeader) return 0
    if (this.#scratch.length < limit) this.#scratch = new Uint8Array(limit)
    let payloads = 0
    let first = 0
    while (first < count) {
      const unit = units[first]!
      if (unit.end - unit.start > limit) {
        payloads += this.#fragment(unit, limit, first === count - 1, sink)
        first++
        continue
      }
      const last = this.#lastTogether(units, first, count, limit)
      this.#sendTogether(units, first, last, last === count - 1, sink)
      payloads++
      first = last + 1
    }
    return payloads
  }

  #lastTogether(units: readonly NalRange[], first: number, count: number, limit: number): number {
    let length = this.#framing.aggregateHeader
    let last = first
    for (let i = first; i < count; i++) {
      const size = units[i]!.end - units[i]!.start
      length += 2 + size
      if (length > limit || size > LARGEST_AGGREGATED) break
      last = i
    }
    return last
  }

  #sendTogether(units: readonly NalRange[], first: number, last: number, ends: boolean, sink: PayloadSink): void {
    const final = units[last]!
    if (first === last) {
      sink(this.#scratch, 0, final.bytes, final.start, final.end, ends)
      return
    }
    // All but the last unit are copied: they are parameter sets and small slices. The last is named where it lies.
    const scratch = this.#scratch
    this.#framing.writeAggregate(scratch, units, first, last)
    let at = this.#framing.aggregateHeader
    for (let i = first; i <= last; i++) {
      const { bytes, start, end } = units[i]!
      scratch[at++] = (end - start) >> 8
      scratch[at++] = end - start
      if (i === last) break
      scratch.set(bytes.subarray(start, end), at)
      at += end - start
    }
    sink(scratch, at, final.bytes, final.start, final.end, ends)
  }

  #fragment(unit: NalRange, limit: number, ends: boolean, sink: PayloadSink): number {
    const { unitHeader, fragmentHeader } = this.#framing
    const scratch = this.#scratch
    let start = unit.start + unitHeader
    const fragments = Math.ceil((unit.end - start) / (limit - fragmentHeader))
    for (let i = 0; i < fragments; i++) {
      const end = start + Math.ceil((unit.end - start) / (fragments - i))
      const isLast = i === fragments - 1
      this.#framing.writeFragment(scratch, unit, i === 0, isLast)
      sink(scratch, fragmentHeader, unit.bytes, start, end, isLast && ends)
      start = end
    }
    return fragments
  }
}

/** Ranges used again from frame to frame. */
export class NalRanges {
  readonly units: NalRange[] = []
  count = 0

  reset(): void {
    this.count = 0
  }

  add(bytes: Uint8Array, start: number, end: number): void {
    const range = this.units[this.count]
    if (range === undefined) this.units.push({ bytes, start, end })
    else {
      range.bytes = bytes
      range.start = start
      range.end = end
    }
    this.count++
  }
}
