/**
 * NAL units of H264 (ITU-T H.264, 7.3 and 7.4): types, and as much of parameter sets and slice headers as a payload format
 * asks for: which refers to which, how large the picture is, and whether a slice is intra.
 */

import { RbspReader } from './rbsp-reader.ts'

/** nal_unit_type of table 7-1, and of RFC 6184's table 1. */
export const H264_SLICE = 1
export const H264_PARTITION_A = 2
export const H264_IDR = 5
export const H264_SEI = 6
export const H264_SPS = 7
export const H264_PPS = 8
export const H264_ACCESS_UNIT_DELIMITER = 9
export const H264_STAP_A = 24
export const H264_FU_A = 28

export const h264Type = (header: number): number => header & 0x1f

/** Whether a byte can head a NAL unit of the codec itself: neither forbidden_zero_bit, nor a type of the payload format. */
export const isH264Header = (header: number): boolean => (header & 0x80) === 0 && isH264Type(h264Type(header))

export const isH264Type = (type: number): boolean => type >= 1 && type <= 23

/** Whether it is (part of) a picture: slices, and their partition A. */
export const isH264Slice = (type: number): boolean =>
  type === H264_SLICE || type === H264_IDR || type === H264_PARTITION_A

export interface H264SequenceParameters {
  readonly id: number
  readonly profileIdc: number
  /** The byte behind profile_idc: constraint_set0_flag is its highest bit. */
  readonly constraints: number
  readonly levelIdc: number
  /** Pixels, cropped as the set says. */
  readonly width: number
  readonly height: number
}

/** profile_idc of those that say a chroma format (7.3.2.1.1). */
const WITH_CHROMA: ReadonlySet<number> = new Set([100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135])

const skipScalingList = (reader: RbspReader, size: number): void => {
  let last = 8
  for (let i = 0; i < size && !reader.failed; i++) {
    const next = (last + reader.signed()) & 0xff
    if (next === 0) return
    last = next
  }
}

const skipScalingMatrix = (reader: RbspReader, chromaFormat: number): void => {
  const lists = chromaFormat === 3 ? 12 : 8
  for (let i = 0; i < lists && !reader.failed; i++) if (reader.flag()) skipScalingList(reader, i < 6 ? 16 : 64)
}

const skipPictureOrder = (reader: RbspReader): boolean => {
  const type = reader.unsigned()
  if (type === 0) reader.unsigned()
  else if (type === 1) {
    reader.bit()
    reader.signed()
    reader.signed()
    const cycle = reader.unsigned()
    if (cycle > 255) return false
    for (let i = 0; i < cycle && !reader.failed; i++) reader.signed()
  }
  return type <= 2
}

/** Reads the sequence parameter set `bytes[start, end)`, its NAL header included (7.3.2.1.1); undefined when it is none. */
export const readH264SequenceParameters = (
  bytes: Uint8Array,
  start: number,
  end: number,
): H264SequenceParameters | undefined => {
  const reader = new RbspReader(bytes, start + 1, end)
  const profileIdc = reader.bits(8)
  const constraints = reader.bits(8)
  const levelIdc = reader.bits(8)
  const id = reader.unsigned()
  let chromaFormat = 1
  let separatePlanes = false
  if (WITH_CHROMA.has(profileIdc)) {
    chromaFormat = reader.unsigned()
    if (chromaFormat === 3) separatePlanes = reader.flag()
    reader.unsigned()
    reader.unsigned()
    reader.bit()
    if (reader.flag()) skipScalingMatrix(reader, chromaFormat)
  }
  reader.unsigned()
  if (!skipPictureOrder(reader)) return undefined
  reader.unsigned()
  reader.bit()
  const columns = reader.unsigned() + 1
  const rows = reader.unsigned() + 1
  const frameOnly = reader.bit()
  if (frameOnly === 0) reader.bit()
  reader.bit()
  let across = 0
  let down = 0
  if (reader.flag()) {
    // Crop units: chroma samples, and pairs of rows where fields are coded (7.4.2.1.1).
    const hasChroma = chromaFormat > 0 && !separatePlanes
    const unitX = hasChroma && chromaFormat !== 3 ? 2 : 1
    const unitY = (hasChroma && chromaFormat === 1 ? 2 : 1) * (2 - frameOnly)
    across = unitX * (reader.unsigned() + reader.unsigned())
    down = unitY * (reader.unsigned() + reader.unsigned())
  }
  if (reader.failed || id > 31 || chromaFormat > 3) return undefined
  const width = columns * 16 - across
  const height = rows * 16 * (2 - frameOnly) - down
  if (width <= 0 || height <= 0 || width > 65536 || height > 65536) return undefined
  return { id, profileIdc, constraints, levelIdc, width, height }
}

/** The ids of a picture parameter set and of the sequence parameter set it refers to (7.3.2.2); undefined when it is none. */
export const readH264PictureParameterIds = (
  bytes: Uint8Array,
  start: number,
  end: number,
): { readonly id: number; readonly sequenceId: number } | undefined => {
  const reader = new RbspReader(bytes, start + 1, end)
  const id = reader.unsigned()
  const sequenceId = reader.unsigned()
  return reader.failed || id > 255 || sequenceId > 31 ? undefined : { id, sequenceId }
}

/** What the head of a slice says (7.3.3), to be filled anew. */
export class H264SliceHead {
  firstMacroblock = 0
  /** Whether it refers to no other picture: I or SI. */
  intra = false
  pictureParametersId = 0

  /** Reads the slice `bytes[start, end)`, its NAL header included; a few bytes of it are enough. */
  read(bytes: Uint8Array, start: number, end: number): boolean {
    const reader = new RbspReader(bytes, start + 1, end)
    this.firstMacroblock = reader.unsigned()
    const type = reader.unsigned()
    this.pictureParametersId = reader.unsigned()
    // Types from 5 on say that all slices of the picture are of type - 5 (table 7-6): 2 is I, 4 is SI.
    this.intra = type === 2 || type === 4 || type === 7 || type === 9
    return !reader.failed && type <= 9 && this.pictureParametersId <= 255
  }
}
