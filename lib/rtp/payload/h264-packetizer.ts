/**
 * Cuts H264 frames (RFC 6184): each NAL unit alone in packetization mode 0 (6.2); STAP-A and FU-A besides in mode 1 (6.3).
 * Ahead of an IDR picture whose frame does not bring them go the parameter sets last seen, so that a receiver may begin there.
 */

import type { FrameToPacketize, Packetizer, PayloadSink } from './format.ts'
import {
  H264_ACCESS_UNIT_DELIMITER,
  H264_FU_A,
  H264_IDR,
  H264_PPS,
  H264_SPS,
  H264_STAP_A,
  H264SliceHead,
  h264Type,
  isH264Header,
} from './h264-nal.ts'
import { H264ParameterSets } from './h264-parameter-sets.ts'
import { type NalFraming, NalPacketizer, NalRanges } from './nal-packetizer.ts'
import { NalUnits } from './nal-units.ts'

const FRAMING: NalFraming = {
  unitHeader: 1,
  fragmentHeader: 2,
  aggregateHeader: 1,

  /** The highest nal_ref_idc of what is in it (5.7.1). */
  writeAggregate(into, units, first, last) {
    let importance = 0
    for (let i = first; i <= last; i++) {
      importance = Math.max(importance, units[i]!.bytes[units[i]!.start]! & 0x60)
    }
    into[0] = importance | H264_STAP_A
  },

  /** FU indicator and FU header (5.8). */
  writeFragment(into, unit, isFirst, isLast) {
    const header = unit.bytes[unit.start]!
    into[0] = (header & 0x60) | H264_FU_A
    into[1] = (isFirst ? 0x80 : 0) | (isLast ? 0x40 : 0) | h264Type(header)
  },
}

export class H264Packetizer implements Packetizer {
  readonly #isMode0: boolean
  readonly #units = new NalUnits()
  readonly #ranges = new NalRanges()
  readonly #sets = new H264ParameterSets()
  readonly #slice = new H264SliceHead()
  readonly #cutter = new NalPacketizer(FRAMING)
  #description: Uint8Array | undefined
  #lengthSize = 0

  constructor(isMode0: boolean) {
    this.#isMode0 = isMode0
  }

  packetize(frame: FrameToPacketize, limit: number, sink: PayloadSink): number {
    if (!this.#split(frame) || !this.#arrange(frame.data)) return 0
    const { units, count } = this.#ranges
    return this.#isMode0
      ? this.#cutter.cutAlone(units, count, limit, sink)
      : this.#cutter.cut(units, count, limit, sink)
  }

  #split({ data, description, lengthSize }: FrameToPacketize): boolean {
    if (description !== this.#description) {
      this.#description = description
      this.#lengthSize = description === undefined ? 0 : this.#sets.rememberConfiguration(description)
    }
    const size = lengthSize ?? this.#lengthSize
    return size === 0 ? this.#units.splitAnnexB(data) : this.#units.splitLengthPrefixed(data, size)
  }

  /** Lists the units as they go out; false where one of them is none of H264's. */
  #arrange(data: Uint8Array): boolean {
    const { starts, ends, count } = this.#units
    const ranges = this.#ranges
    ranges.reset()
    let hasSequence = false
    let hasPicture = false
    for (let i = 0; i < count; i++) {
      const start = starts[i]!
      const end = ends[i]!
      const header = data[start]!
      if (!isH264Header(header)) return false
      const type = h264Type(header)
      if (type === H264_SPS || type === H264_PPS) {
        this.#sets.remember(data, start, end)
        if (type === H264_SPS) hasSequence = true
        else hasPicture = true
      } else if (type === H264_IDR && !hasSequence && this.#slice.read(data, start, end)) {
        this.#addSets(hasPicture)
        hasSequence = true
      }
      ranges.add(data, start, end)
    }
    return true
  }

  /** Puts the sets that the slice needs at the head of what is listed: behind an access unit delimiter, which must be first. */
  #addSets(hasPicture: boolean): void {
    const sets = this.#sets.neededBy(this.#slice, false, hasPicture)
    if (sets.length === 0) return
    const ranges = this.#ranges
    const { units, count } = ranges
    const at = count > 0 && h264Type(units[0]!.bytes[units[0]!.start]!) === H264_ACCESS_UNIT_DELIMITER ? 1 : 0
    const later = units.slice(at, count)
    units.length = at
    ranges.count = at
    for (const set of sets) ranges.add(set, 0, set.length)
    units.push(...later)
    ranges.count += later.length
  }
}
