/**
 * Joins H265 frames (RFC 7798, 6): single NAL units, aggregation packets and fragmentation units to an access unit with start
 * codes. DONL and DOND are there only where the peer's description has `sprop-max-don-diff` above 0 (4.4.1); they are taken off, and the
 * order of arrival is kept: within one frame, packets are in decoding order here. PACI (4.4.4) is refused: nobody sends it.
 */

import type { VideoFrameDetails } from '../frame.ts'
import type { Depacketizer, JoinedFrame, PayloadInfo } from './format.ts'
import {
  H265_ACCESS_UNIT_DELIMITER,
  H265_AP,
  H265_FU,
  H265_HEADER_LENGTH,
  H265_PPS,
  H265_SPS,
  H265_VPS,
  type H265SequenceParameters,
  h265TemporalId,
  h265Type,
  isH265Header,
  isH265RandomAccess,
  isH265Slice,
  isH265Type,
  readH265SlicePictureId,
} from './h265-nal.ts'
import { H265ParameterSets } from './h265-parameter-sets.ts'
import { NalUnits, putStartCode, START_CODE_LENGTH } from './nal-units.ts'

const FU_START = 0x80
const FU_END = 0x40
/** Payload header and FU header. */
const FU_HEADERS = 3
const DONL_LENGTH = 2

export class H265Depacketizer implements Depacketizer {
  readonly #sets = new H265ParameterSets()
  readonly #units = new NalUnits()
  /** Bytes of a decoding order number in front of what begins a unit: 2 or 0. */
  readonly #donl: number

  constructor(parameters: ReadonlyMap<string, string>) {
    this.#donl = Number(parameters.get('sprop-max-don-diff') ?? 0) > 0 ? DONL_LENGTH : 0
    for (const name of ['sprop-vps', 'sprop-sps', 'sprop-pps']) this.#sets.rememberProperty(parameters.get(name))
  }

  describe(bytes: Uint8Array, start: number, end: number, info: PayloadInfo): boolean {
    info.begins = true
    info.ends = false
    info.keyFrame = false
    info.spatialLayer = -1
    info.pictureId = -1
    info.baseLayerIndex = -1
    if (end - start < H265_HEADER_LENGTH) return false
    info.temporalLayer = h265TemporalId(bytes[start + 1]!)
    if ((bytes[start]! & 0x80) !== 0 || info.temporalLayer < 0) return false
    const type = h265Type(bytes[start]!)
    if (isH265Type(type)) {
      if (end - start < H265_HEADER_LENGTH + this.#donl) return false
      tellUnit(type, bytes, start + H265_HEADER_LENGTH + this.#donl, end, true, info)
      return true
    }
    if (type === H265_AP) return this.#describeAggregate(bytes, start, end, info)
    return type === H265_FU && this.#describeFragment(bytes, start, end, info)
  }

  #describeFragment(bytes: Uint8Array, start: number, end: number, info: PayloadInfo): boolean {
    if (end - start < FU_HEADERS) return false
    const flags = bytes[start + 2]!
    const starts = (flags & FU_START) !== 0
    const at = start + FU_HEADERS + (starts ? this.#donl : 0)
    if (at > end || !isH265Type(flags & 0x3f)) return false
    tellUnit(flags & 0x3f, bytes, at, end, true, info)
    if (!starts) info.begins = false
    return true
  }

  #describeAggregate(bytes: Uint8Array, start: number, end: number, info: PayloadInfo): boolean {
    if (this.#aggregated(bytes, start, end, undefined, 0) < 0) return false
    let at = start + H265_HEADER_LENGTH + this.#donl
    for (let isFirst = true; at < end; isFirst = false) {
      if (!isFirst && this.#donl > 0) at++
      const size = (bytes[at]! << 8) | bytes[at + 1]!
      at += 2
      tellUnit(h265Type(bytes[at]!), bytes, at + H265_HEADER_LENGTH, at + size, isFirst, info)
      at += size
    }
    return true
  }

  join(payloads: readonly Uint8Array[]): JoinedFrame | undefined {
    const length = this.#measure(payloads)
    if (length <= 0) return undefined
    const data = new Uint8Array(length)
    this.#units.reset()
    return this.#write(payloads, data) ? this.#finish(data, h265TemporalId(payloads[0]![1]!)) : undefined
  }

  /** How long the frame is with start codes; -1 where the payloads, in this order, make none. */
  #measure(payloads: readonly Uint8Array[]): number {
    let length = 0
    let fragmented = -1
    for (const payload of payloads) {
      if (payload.length < H265_HEADER_LENGTH || (payload[0]! & 0x80) !== 0 || (payload[1]! & 7) === 0) return -1
      const type = h265Type(payload[0]!)
      if (fragmented >= 0 && type !== H265_FU) return -1
      if (isH265Type(type)) {
        if (payload.length < H265_HEADER_LENGTH + this.#donl) return -1
        length += START_CODE_LENGTH + payload.length - this.#donl
      } else if (type === H265_AP) {
        const size = this.#aggregated(payload, 0, payload.length, undefined, 0)
        if (size < 0) return -1
        length += size
      } else if (type === H265_FU && payload.length >= FU_HEADERS) {
        const flags = payload[2]!
        const inner = flags & 0x3f
        const starts = (flags & FU_START) !== 0
        const headers = FU_HEADERS + (starts ? this.#donl : 0)
        if (!isH265Type(inner) || starts !== fragmented < 0 || payload.length < headers) return -1
        if (!starts && inner !== fragmented) return -1
        if (starts) length += START_CODE_LENGTH + H265_HEADER_LENGTH
        length += payload.length - headers
        fragmented = (flags & FU_END) === 0 ? inner : -1
      } else return -1
    }
    return fragmented < 0 ? length : -1
  }

  /**
   * Goes through an aggregation packet; with `data`, writes its units there from `to` on.
   * @returns The bytes that its units take with start codes; -1 where a length lies, or a unit is none of H265's.
   */
  #aggregated(bytes: Uint8Array, start: number, end: number, data: Uint8Array | undefined, to: number): number {
    let at = start + H265_HEADER_LENGTH + this.#donl
    let length = 0
    while (at < end) {
      if (length > 0 && this.#donl > 0) at++
      if (at + 2 > end) return -1
      const size = (bytes[at]! << 8) | bytes[at + 1]!
      at += 2
      if (size < H265_HEADER_LENGTH || size > end - at || !isH265Header(bytes[at]!, bytes[at + 1]!)) return -1
      if (data !== undefined) {
        const unit = putStartCode(data, to + length)
        data.set(bytes.subarray(at, at + size), unit)
        if (!this.#units.add(unit, unit + size)) return -1
      }
      length += START_CODE_LENGTH + size
      at += size
    }
    return length > 0 ? length : -1
  }

  #write(payloads: readonly Uint8Array[], data: Uint8Array): boolean {
    let at = 0
    let unitStart = 0
    for (const payload of payloads) {
      const type = h265Type(payload[0]!)
      if (type === H265_AP) {
        const length = this.#aggregated(payload, 0, payload.length, data, at)
        if (length < 0) return false
        at += length
        continue
      }
      let from = H265_HEADER_LENGTH + this.#donl
      let ends = true
      if (type === H265_FU) {
        const flags = payload[2]!
        ends = (flags & FU_END) !== 0
        from = FU_HEADERS
        if ((flags & FU_START) !== 0) {
          from += this.#donl
          at = unitStart = putStartCode(data, at)
          data[at++] = (payload[0]! & 1) | ((flags & 0x3f) << 1)
          data[at++] = payload[1]!
        }
      } else {
        at = unitStart = putStartCode(data, at)
        data[at++] = payload[0]!
        data[at++] = payload[1]!
      }
      data.set(payload.subarray(from), at)
      at += payload.length - from
      if (ends && !this.#units.add(unitStart, at)) return false
    }
    return true
  }

  /** Looks at what was joined: whether a decoder can begin with it, and what its parameter sets say. */
  #finish(data: Uint8Array, temporalLayer: number): JoinedFrame {
    const { starts, ends, count } = this.#units
    let sequence: H265SequenceParameters | undefined
    let hasSequence = false
    let hasVideo = false
    let hasPicture = false
    let randomAccess = -1
    for (let i = 0; i < count; i++) {
      const type = h265Type(data[starts[i]!]!)
      if (type === H265_SPS) {
        hasSequence = true
        sequence ??= this.#sets.rememberSequence(data, starts[i]!, ends[i]!)
      } else if (type === H265_VPS || type === H265_PPS) {
        hasVideo ||= type === H265_VPS
        hasPicture ||= type === H265_PPS
        this.#sets.remember(data, starts[i]!, ends[i]!)
      } else if (isH265RandomAccess(type) && randomAccess < 0) randomAccess = i
    }
    if (randomAccess < 0) return { data, keyFrame: false, video: { temporalLayer } }
    const pictureId = readH265SlicePictureId(data, starts[randomAccess]!, ends[randomAccess]!)
    const sets = this.#sets.neededBy(pictureId)
    // Sets that were lost, or overtaken: no decoder can begin here.
    const suffices = sets.length > 0 || (hasVideo && hasSequence && hasPicture)
    if (!suffices) return { data, keyFrame: false, video: { temporalLayer } }
    const whole = hasSequence ? data : this.#withSets(data, sets)
    if (!hasSequence) sequence = this.#sets.sequenceOf(pictureId)
    const video: VideoFrameDetails =
      sequence === undefined ? { temporalLayer } : { temporalLayer, width: sequence.width, height: sequence.height }
    return { data: whole, keyFrame: true, video }
  }

  #withSets(data: Uint8Array, sets: readonly Uint8Array[]): Uint8Array {
    if (sets.length === 0) return data
    const { starts, ends } = this.#units
    const at = h265Type(data[starts[0]!]!) === H265_ACCESS_UNIT_DELIMITER ? ends[0]! : 0
    const whole = new Uint8Array(sets.reduce((sum, set) => sum + START_CODE_LENGTH + set.length, data.length))
    whole.set(data.subarray(0, at))
    let to = at
    for (const set of sets) {
      to = putStartCode(whole, to)
      whole.set(set, to)
      to += set.length
    }
    whole.set(data.subarray(at), to)
    return whole
  }
}

/** What a unit whose content begins at `at` tells of its frame; `isFirst`: of those in its payload. */
const tellUnit = (
  type: number,
  bytes: Uint8Array,
  at: number,
  end: number,
  isFirst: boolean,
  info: PayloadInfo,
): void => {
  if (isH265RandomAccess(type) || type === H265_SPS || type === H265_VPS) info.keyFrame = true
  // first_slice_segment_in_pic_flag is the first bit. Other units stand in front of slices.
  if (isFirst && isH265Slice(type)) info.begins = at < end && (bytes[at]! & 0x80) !== 0
}
