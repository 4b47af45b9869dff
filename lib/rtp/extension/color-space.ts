/**
 * What the colours of a picture mean (webrtc.org, color-space; code points of ITU-T H.273), and of high dynamic range what
 * the display had on which it was graded (SMPTE ST 2086). On the last packet of a frame.
 */

import { Reader } from '../../bytes/index.ts'
import type { ExtensionWriter } from '../packet-writer.ts'

export const COLOR_SPACE_URI = 'http://www.webrtc.org/experiments/rtp-hdrext/color-space'

const LENGTH = 4
const LENGTH_WITH_HDR = 28
const CHROMATICITY_UNITS = 50_000
const LEAST_LUMINANCE_UNITS = 10_000

/** CIE 1931 coordinates, 0 to 1, in steps of 1/50000. */
export interface Chromaticity {
  readonly x: number
  readonly y: number
}

export interface HdrMetadata {
  /** Of the display: cd/m². The least has steps of 1/10000. */
  readonly maxLuminance: number
  readonly minLuminance: number
  readonly red: Chromaticity
  readonly green: Chromaticity
  readonly blue: Chromaticity
  readonly white: Chromaticity
  /** Of the content: the brightest pixel, and the brightest frame on average; cd/m². */
  readonly maxContentLightLevel: number
  readonly maxFrameAverageLightLevel: number
}

export interface ColorSpace {
  /** H.273, tables 2, 3 and 4: 0 to 255. */
  readonly primaries: number
  readonly transfer: number
  readonly matrix: number
  /** As Matroska has it: 0 not said, 1 limited, 2 full, 3 by matrix and transfer. */
  readonly range: number
  /** 0 not said, 1 at the left (or top), 2 half way. */
  readonly horizontalSiting: number
  readonly verticalSiting: number
  readonly hdr?: HdrMetadata
}

/** Undefined where the length is another. */
export const readColorSpace = (bytes: Uint8Array, start: number, end: number): ColorSpace | undefined => {
  if (end - start !== LENGTH && end - start !== LENGTH_WITH_HDR) return undefined
  const reader = new Reader(bytes, start, end)
  const [primaries, transfer, matrix, siting] = [reader.u8(), reader.u8(), reader.u8(), reader.u8()]
  const space = {
    primaries,
    transfer,
    matrix,
    range: (siting >> 4) & 3,
    horizontalSiting: (siting >> 2) & 3,
    verticalSiting: siting & 3,
  }
  return reader.remaining === 0 ? space : { ...space, hdr: readHdr(reader) }
}

const readChromaticity = (reader: Reader): Chromaticity => ({
  x: reader.u16() / CHROMATICITY_UNITS,
  y: reader.u16() / CHROMATICITY_UNITS,
})

const readHdr = (reader: Reader): HdrMetadata => ({
  maxLuminance: reader.u16(),
  minLuminance: reader.u16() / LEAST_LUMINANCE_UNITS,
  red: readChromaticity(reader),
  green: readChromaticity(reader),
  blue: readChromaticity(reader),
  white: readChromaticity(reader),
  maxContentLightLevel: reader.u16(),
  maxFrameAverageLightLevel: reader.u16(),
})

/** With metadata of high dynamic range it has 28 bytes, which want the two-byte form. What is beyond its field is cut. */
export const putColorSpace = (writer: ExtensionWriter, id: number, space: ColorSpace): boolean => {
  const { hdr } = space
  const at = writer.reserve(id, hdr === undefined ? LENGTH : LENGTH_WITH_HDR)
  if (at < 0) return false
  const { bytes } = writer
  bytes[at] = space.primaries
  bytes[at + 1] = space.transfer
  bytes[at + 2] = space.matrix
  bytes[at + 3] = ((space.range & 3) << 4) | ((space.horizontalSiting & 3) << 2) | (space.verticalSiting & 3)
  if (hdr === undefined) return true
  const { red, green, blue, white } = hdr
  writeU16(bytes, at + 4, hdr.maxLuminance)
  writeU16(bytes, at + 6, hdr.minLuminance * LEAST_LUMINANCE_UNITS)
  let next = at + 8
  for (const { x, y } of [red, green, blue, white]) {
    writeU16(bytes, next, x * CHROMATICITY_UNITS)
    writeU16(bytes, next + 2, y * CHROMATICITY_UNITS)
    next += 4
  }
  writeU16(bytes, next, hdr.maxContentLightLevel)
  writeU16(bytes, next + 2, hdr.maxFrameAverageLightLevel)
  return true
}

const writeU16 = (bytes: Uint8Array, at: number, value: number): void => {
  const cut = Math.max(0, Math.min(0xffff, Math.round(value)))
  bytes[at] = cut >> 8
  bytes[at + 1] = cut
}
