/**
 * Cuts H265 frames (RFC 7798, 4.4): single NAL units, aggregation packets (AP) and fragmentation units (FU), in decoding order and so without
 * DONL. Ahead of a random access picture whose frame does not bring them go the parameter sets last seen.
 */

import type { FrameToPacketize, Packetizer, PayloadSink } from './format.ts'
import {
  H265_ACCESS_UNIT_DELIMITER,
  H265_AP,
  H265_FU,
  H265_HEADER_LENGTH,
  H265_SPS,
  h265Type,
  isH265Header,
  isH265RandomAccess,
  readH265SlicePictureId,
} from './h265-nal.ts'
import { H265ParameterSets } from './h265-parameter-sets.ts'
import { type NalFraming, NalPacketizer, NalRanges } from './nal-packetizer.ts'
import { NalUnits } from './nal-units.ts'

const FRAMING: NalFraming = {
  unitHeader: H265_HEADER_LENGTH,
  fragmentHeader: 3,
  aggregateHeader: H265_HEADER_LENGTH,

  /** The lowest layer and temporal id of what is in it (4.4.2). */
  writeAggregate(into, units, first, last) {
    let layer = 63
    let temporal = 7
    for (let i = first; i <= last; i++) {
      const { bytes, start } = units[i]!
      layer = Math.min(layer, ((bytes[start]! & 1) << 5) | (bytes[start + 1]! >> 3))
      temporal = Math.min(temporal, bytes[start + 1]! & 7)
    }
    into[0] = (H265_AP << 1) | (layer >> 5)
    into[1] = ((layer & 31) << 3) | temporal
  },

  /** The header of the unit with another type, and the FU header (4.4.3). */
  writeFragment(into, unit, isFirst, isLast) {
    const header = unit.bytes[unit.start]!
    into[0] = (H265_FU << 1) | (header & 1)
    into[1] = unit.bytes[unit.start + 1]!
    into[2] = (isFirst ? 0x80 : 0) | (isLast ? 0x40 : 0) | h265Type(header)
  },
}

export class H265Packetizer implements Packetizer {
  readonly #units = new NalUnits()
  readonly #ranges = new NalRanges()
  readonly #sets = new H265ParameterSets()
  readonly #cutter = new NalPacketizer(FRAMING)
  #description: Uint8Array | undefined
  #lengthSize = 0

  packetize(frame: FrameToPacketize, limit: number, sink: PayloadSink): number {
    if (!this.#split(frame) || !this.#arrange(frame.data)) return 0
    return this.#cutter.cut(this.#ranges.units, this.#ranges.count, limit, sink)
  }

  #split({ data, description, lengthSize }: FrameToPacketize): boolean {
    if (description !== this.#description) {
      this.#description = description
      this.#lengthSize = description === undefined ? 0 : this.#sets.rememberConfiguration(description)
    }
    const size = lengthSize ?? this.#lengthSize
    return size === 0 ? this.#units.splitAnnexB(data) : this.#units.splitLengthPrefixed(data, size)
  }

  /** Lists the units as they go out; false where one of them is none of H265's. */
  #arrange(data: Uint8Array): boolean {
    const { starts, ends, count } = this.#units
    const ranges = this.#ranges
    ranges.reset()
    let hasSequence = false
    for (let i = 0; i < count; i++) {
      const start = starts[i]!
      const end = ends[i]!
      if (end - start <= H265_HEADER_LENGTH && !isBare(data, start, end)) return false
      if (!isH265Header(data[start]!, data[start + 1]!)) return false
      const type = h265Type(data[start]!)
      if (isH265RandomAccess(type) && !hasSequence) {
        this.#addSets(readH265SlicePictureId(data, start, end))
        hasSequence = true
      } else this.#sets.remember(data, start, end)
      hasSequence ||= type === H265_SPS
      ranges.add(data, start, end)
    }
    return true
  }

  /** Puts the sets that the slice needs at the head of what is listed: behind an access unit delimiter, which must be first. */
  #addSets(pictureId: number): void {
    const sets = this.#sets.neededBy(pictureId)
    if (sets.length === 0) return
    const ranges = this.#ranges
    const { units, count } = ranges
    const at = count > 0 && h265Type(units[0]!.bytes[units[0]!.start]!) === H265_ACCESS_UNIT_DELIMITER ? 1 : 0
    const later = units.slice(at, count)
    units.length = at
    ranges.count = at
    for (const set of sets) ranges.add(set, 0, set.length)
    units.push(...later)
    ranges.count += later.length
  }
}

/** End of sequence and end of bitstream are a header alone (7.3.2.6, 7.3.2.7). */
const isBare = (data: Uint8Array, start: number, end: number): boolean => {
  const type = h265Type(data[start]!)
  return end - start === H265_HEADER_LENGTH && (type === 36 || type === 37)
}
