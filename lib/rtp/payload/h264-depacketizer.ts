/**
 * Joins H264 frames (RFC 6184, 7): single NAL units, STAP-A and FU-A, whatever packetization mode was agreed on, to an access unit with
 * start codes. STAP-B, MTAP and FU-B belong to interleaved mode, which nobody offers here, and are refused.
 */

import type { VideoFrameDetails } from '../frame.ts'
import type { Depacketizer, JoinedFrame, PayloadInfo } from './format.ts'
import {
  H264_ACCESS_UNIT_DELIMITER,
  H264_FU_A,
  H264_IDR,
  H264_PPS,
  H264_SPS,
  H264_STAP_A,
  type H264SequenceParameters,
  H264SliceHead,
  h264Type,
  isH264Header,
  isH264Slice,
  isH264Type,
} from './h264-nal.ts'
import { H264ParameterSets } from './h264-parameter-sets.ts'
import { NalUnits, putStartCode, START_CODE_LENGTH } from './nal-units.ts'

const FU_START = 0x80
const FU_END = 0x40

export class H264Depacketizer implements Depacketizer {
  readonly #sets = new H264ParameterSets()
  readonly #slice = new H264SliceHead()
  /** Units of the frame that is being joined, in its bytes, without their start codes. */
  readonly #units = new NalUnits()

  /** @param properties `sprop-parameter-sets`, where the peer's description has it. */
  constructor(properties: string | undefined) {
    if (properties !== undefined) this.#sets.rememberProperty(properties)
  }

  describe(bytes: Uint8Array, start: number, end: number, info: PayloadInfo): boolean {
    info.begins = true
    info.ends = false
    info.keyFrame = false
    info.spatialLayer = -1
    info.temporalLayer = -1
    info.pictureId = -1
    info.baseLayerIndex = -1
    if (end <= start) return false
    const header = bytes[start]!
    const type = h264Type(header)
    if (isH264Header(header)) {
      tellUnit(type, bytes, start + 1, end, true, info)
      return true
    }
    if ((header & 0x80) !== 0) return false
    if (type === H264_FU_A) return describeFragment(bytes, start, end, info)
    return type === H264_STAP_A && describeAggregate(bytes, start, end, info)
  }

  join(payloads: readonly Uint8Array[]): JoinedFrame | undefined {
    const length = measure(payloads)
    if (length <= 0) return undefined
    const data = new Uint8Array(length)
    this.#units.reset()
    return this.#write(payloads, data) ? this.#finish(data) : undefined
  }

  #write(payloads: readonly Uint8Array[], data: Uint8Array): boolean {
    const units = this.#units
    let at = 0
    let unitStart = 0
    for (const payload of payloads) {
      const type = h264Type(payload[0]!)
      if (type === H264_FU_A) {
        const flags = payload[1]!
        if ((flags & FU_START) !== 0) {
          at = unitStart = putStartCode(data, at)
          data[at++] = (payload[0]! & 0x60) | h264Type(flags)
        }
        data.set(payload.subarray(2), at)
        at += payload.length - 2
        if ((flags & FU_END) !== 0 && !units.add(unitStart, at)) return false
      } else if (type === H264_STAP_A) {
        for (let from = 1; from < payload.length; ) {
          const size = (payload[from]! << 8) | payload[from + 1]!
          from += 2
          at = putStartCode(data, at)
          data.set(payload.subarray(from, from + size), at)
          if (!units.add(at, at + size)) return false
          at += size
          from += size
        }
      } else {
        at = putStartCode(data, at)
        data.set(payload, at)
        if (!units.add(at, at + payload.length)) return false
        at += payload.length
      }
    }
    return true
  }

  /** Looks at what was joined: whether a decoder can begin with it, and what its parameter sets say. */
  #finish(data: Uint8Array): JoinedFrame {
    const { starts, ends, count } = this.#units
    let sequence: H264SequenceParameters | undefined
    let hasSequence = false
    let hasPicture = false
    let idr = -1
    for (let i = 0; i < count; i++) {
      const type = h264Type(data[starts[i]!]!)
      if (type === H264_SPS) {
        hasSequence = true
        sequence ??= this.#sets.rememberSequence(data, starts[i]!, ends[i]!)
      } else if (type === H264_PPS) {
        hasPicture = true
        this.#sets.remember(data, starts[i]!, ends[i]!)
      } else if (type === H264_IDR && idr < 0) idr = i
    }
    if (idr < 0 && !(hasSequence && this.#isIntra(data))) return { data, keyFrame: false }
    const isRead = idr < 0 || this.#slice.read(data, starts[idr]!, ends[idr]!)
    const known = isRead ? this.#sets.neededBy(this.#slice, false, false) : []
    // Sets that were lost, or overtaken: no decoder can begin here.
    if (known.length === 0 && !(hasSequence && hasPicture)) return { data, keyFrame: false }
    if (hasSequence) return keyFrame(data, sequence)
    const sets = this.#sets.neededBy(this.#slice, hasSequence, hasPicture)
    return keyFrame(this.#withSets(data, sets), this.#sets.sequenceOf(this.#slice))
  }

  /** Whether all slices are intra: with a sequence parameter set in front, a decoder may begin there as well. */
  #isIntra(data: Uint8Array): boolean {
    const { starts, ends, count } = this.#units
    let slices = 0
    for (let i = 0; i < count; i++) {
      if (!isH264Slice(h264Type(data[starts[i]!]!))) continue
      if (!this.#slice.read(data, starts[i]!, ends[i]!) || !this.#slice.intra) return false
      slices++
    }
    return slices > 0
  }

  #withSets(data: Uint8Array, sets: readonly Uint8Array[]): Uint8Array {
    if (sets.length === 0) return data
    const { starts, ends } = this.#units
    const at = h264Type(data[starts[0]!]!) === H264_ACCESS_UNIT_DELIMITER ? ends[0]! : 0
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

const keyFrame = (data: Uint8Array, sequence: H264SequenceParameters | undefined): JoinedFrame => {
  if (sequence === undefined) return { data, keyFrame: true }
  const video: VideoFrameDetails = { width: sequence.width, height: sequence.height }
  return { data, keyFrame: true, video }
}

/** How long the frame is with start codes; -1 where the payloads, in this order, make none. */
const measure = (payloads: readonly Uint8Array[]): number => {
  let length = 0
  let fragmented = 0
  for (const payload of payloads) {
    if (payload.length === 0) return -1
    const header = payload[0]!
    const type = h264Type(header)
    if (fragmented !== 0 && type !== H264_FU_A) return -1
    if (isH264Header(header)) {
      length += START_CODE_LENGTH + payload.length
    } else if ((header & 0x80) !== 0) {
      return -1
    } else if (type === H264_STAP_A) {
      const units = aggregated(payload, 0, payload.length)
      if (units === 0) return -1
      length += payload.length - 1 + units * (START_CODE_LENGTH - 2)
    } else if (type === H264_FU_A && payload.length >= 2) {
      const flags = payload[1]!
      const inner = h264Type(flags)
      const starts = (flags & FU_START) !== 0
      if (!isH264Type(inner) || starts !== (fragmented === 0) || (!starts && inner !== fragmented)) return -1
      if (starts) length += START_CODE_LENGTH + 1
      length += payload.length - 2
      fragmented = (flags & FU_END) === 0 ? inner : 0
    } else return -1
  }
  return fragmented === 0 ? length : -1
}

/** How many units a STAP-A holds; 0 where a length lies, or a unit is empty or none of H264's. */
const aggregated = (bytes: Uint8Array, start: number, end: number): number => {
  let units = 0
  let at = start + 1
  while (at < end) {
    if (at + 2 > end) return 0
    const size = (bytes[at]! << 8) | bytes[at + 1]!
    at += 2
    if (size === 0 || size > end - at || !isH264Header(bytes[at]!)) return 0
    at += size
    units++
  }
  return units
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
  if (type === H264_IDR || type === H264_SPS) info.keyFrame = true
  // first_mb_in_slice, ue(v): a 1 bit is the first macroblock. Other units stand in front of slices.
  if (isFirst && isH264Slice(type)) info.begins = at < end && (bytes[at]! & 0x80) !== 0
}

const describeFragment = (bytes: Uint8Array, start: number, end: number, info: PayloadInfo): boolean => {
  if (end - start < 2) return false
  const flags = bytes[start + 1]!
  const type = h264Type(flags)
  if (!isH264Type(type)) return false
  tellUnit(type, bytes, start + 2, end, true, info)
  if ((flags & FU_START) === 0) info.begins = false
  return true
}

const describeAggregate = (bytes: Uint8Array, start: number, end: number, info: PayloadInfo): boolean => {
  if (aggregated(bytes, start, end) === 0) return false
  for (let at = start + 1; at < end; ) {
    const size = (bytes[at]! << 8) | bytes[at + 1]!
    at += 2
    tellUnit(h264Type(bytes[at]!), bytes, at + 1, at + size, at === start + 3, info)
    at += size
  }
  return true
}
