/**
 * NAL units of H265 (ITU-T H.265, 7.3 and 7.4): types, and as much of parameter sets and slice headers as a payload format
 * asks for: which refers to which, and how large the picture is.
 */

import { RbspReader } from './rbsp-reader.ts'

/** nal_unit_type of table 7-1, and of RFC 7798, 4.4. */
export const H265_VPS = 32
export const H265_SPS = 33
export const H265_PPS = 34
export const H265_ACCESS_UNIT_DELIMITER = 35
export const H265_AP = 48
export const H265_FU = 49

/** F, Type, LayerId and TID (RFC 7798, 1.1.4). */
export const H265_HEADER_LENGTH = 2

export const h265Type = (firstByte: number): number => (firstByte >> 1) & 0x3f

export const isH265Type = (type: number): boolean => type < 48

/** nuh_temporal_id_plus1 less one; -1 where it is the forbidden 0. */
export const h265TemporalId = (secondByte: number): number => (secondByte & 7) - 1

/** Whether two bytes can head a NAL unit of the codec itself: neither forbidden bits, nor a type of the payload format. */
export const isH265Header = (firstByte: number, secondByte: number): boolean =>
  (firstByte & 0x80) === 0 && (secondByte & 7) !== 0 && isH265Type(h265Type(firstByte))

/** Slices of a picture; reserved types too. */
export const isH265Slice = (type: number): boolean => type < 32

/** IDR, CRA, BLA and what is reserved for their like: a decoder can begin there (IRAP, 3.69). */
export const isH265RandomAccess = (type: number): boolean => type >= 16 && type <= 23

export interface H265SequenceParameters {
  readonly id: number
  readonly videoId: number
  /** Pixels, within the conformance window. */
  readonly width: number
  readonly height: number
}

/** profile_tier_level (7.3.3), of which nothing is wanted here. */
const skipProfileTierLevel = (reader: RbspReader, subLayers: number): void => {
  reader.skip(96)
  let profiles = 0
  let levels = 0
  for (let i = 0; i < subLayers; i++) {
    profiles += reader.bit()
    levels += reader.bit()
  }
  if (subLayers > 0) reader.skip(2 * (8 - subLayers))
  reader.skip(profiles * 88 + levels * 8)
}

/** Reads the sequence parameter set `bytes[start, end)`, its NAL header included (7.3.2.2); undefined when it is none. */
export const readH265SequenceParameters = (
  bytes: Uint8Array,
  start: number,
  end: number,
): H265SequenceParameters | undefined => {
  const reader = new RbspReader(bytes, start + H265_HEADER_LENGTH, end)
  const videoId = reader.bits(4)
  const subLayers = reader.bits(3)
  reader.bit()
  skipProfileTierLevel(reader, subLayers)
  const id = reader.unsigned()
  const chromaFormat = reader.unsigned()
  const separatePlanes = chromaFormat === 3 && reader.flag()
  let width = reader.unsigned()
  let height = reader.unsigned()
  if (reader.flag()) {
    // Offsets are in chroma samples (table 6-1).
    const hasChroma = chromaFormat > 0 && !separatePlanes
    const unitX = hasChroma && chromaFormat !== 3 ? 2 : 1
    const unitY = hasChroma && chromaFormat === 1 ? 2 : 1
    width -= unitX * (reader.unsigned() + reader.unsigned())
    height -= unitY * (reader.unsigned() + reader.unsigned())
  }
  if (reader.failed || id > 15 || chromaFormat > 3) return undefined
  return width > 0 && height > 0 && width <= 65536 && height <= 65536 ? { id, videoId, width, height } : undefined
}

/** The ids of a picture parameter set and of the sequence parameter set it refers to (7.3.2.3); undefined when it is none. */
export const readH265PictureParameterIds = (
  bytes: Uint8Array,
  start: number,
  end: number,
): { readonly id: number; readonly sequenceId: number } | undefined => {
  const reader = new RbspReader(bytes, start + H265_HEADER_LENGTH, end)
  const id = reader.unsigned()
  const sequenceId = reader.unsigned()
  return reader.failed || id > 63 || sequenceId > 15 ? undefined : { id, sequenceId }
}

/** slice_pic_parameter_set_id of the random access slice `bytes[start, end)` (7.3.6.1); -1 where it cannot be read. */
export const readH265SlicePictureId = (bytes: Uint8Array, start: number, end: number): number => {
  const reader = new RbspReader(bytes, start + H265_HEADER_LENGTH, end)
  reader.skip(2)
  const id = reader.unsigned()
  return reader.failed || id > 63 ? -1 : id
}
