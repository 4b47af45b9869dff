/**
 * Feedback messages (RFC 4585, 6; RFC 5104, 4.3.1; draft-alvestrand-rmcat-remb): what a receiver asks of a sender. Each reads
 * what is behind the two SSRCs, and is undefined where that is malformed.
 */

import { diff16, type Reader, type Writer } from '../../bytes/index.ts'
import type { BandwidthEstimate, BitrateLimit, FullIntraRequest, SliceLoss } from './packet.ts'

/** Generic NACK (RFC 4585, 6.2.1): a number, and a bit for each of the 16 behind it. */
export const readNack = (reader: Reader): number[] | undefined => {
  if (reader.remaining === 0 || reader.remaining % 4 !== 0) return undefined
  const numbers: number[] = []
  while (reader.remaining > 0) {
    const first = reader.u16()
    numbers.push(first)
    for (let mask = reader.u16(), next = first + 1; mask !== 0; mask >>= 1, next++) {
      if ((mask & 1) === 1) numbers.push(next & 0xffff)
    }
  }
  return numbers
}

/** Numbers in ascending order take the fewest words. */
export const writeNack = (writer: Writer, numbers: readonly number[]): void => {
  for (let at = 0; at < numbers.length; ) {
    const first = numbers[at++]!
    let mask = 0
    for (; at < numbers.length; at++) {
      const ahead = diff16(numbers[at]!, first)
      if (ahead < 1 || ahead > 16) break
      mask |= 1 << (ahead - 1)
    }
    writer.u16(first).u16(mask)
  }
}

/** RFC 4585, 6.3.2. */
export const readSlices = (reader: Reader): SliceLoss['slices'] | undefined => {
  if (reader.remaining === 0 || reader.remaining % 4 !== 0) return undefined
  const slices: { first: number; count: number; pictureId: number }[] = []
  while (reader.remaining > 0) {
    const word = reader.u32()
    slices.push({ first: word >>> 19, count: (word >>> 6) & 0x1fff, pictureId: word & 0x3f })
  }
  return slices
}

export const writeSlices = (writer: Writer, slices: SliceLoss['slices']): void => {
  for (const { first, count, pictureId } of slices) {
    writer.u32(((first << 19) | ((count & 0x1fff) << 6) | (pictureId & 0x3f)) >>> 0)
  }
}

/** RFC 5104, 4.3.1.1. */
export const readFullIntraRequests = (reader: Reader): FullIntraRequest['requests'] | undefined => {
  if (reader.remaining === 0 || reader.remaining % 8 !== 0) return undefined
  const requests: { ssrc: number; sequenceNumber: number }[] = []
  while (reader.remaining > 0) {
    const ssrc = reader.u32()
    const sequenceNumber = reader.u8()
    reader.skip(3)
    requests.push({ ssrc, sequenceNumber })
  }
  return requests
}

export const writeFullIntraRequests = (writer: Writer, requests: FullIntraRequest['requests']): void => {
  for (const { ssrc, sequenceNumber } of requests) writer.u32(ssrc).u8(sequenceNumber).u24(0)
}

/** `REMB` in ASCII. */
const REMB = 0x52454d42
const MANTISSA = 0x3_ffff
const LARGEST_EXPONENT = 63

/** draft-alvestrand-rmcat-remb, 2.2; undefined for another application's message too. */
export const readBandwidthEstimate = (reader: Reader): Pick<BandwidthEstimate, 'bitrate' | 'ssrcs'> | undefined => {
  if (reader.u32() !== REMB) return undefined
  const count = reader.u8()
  const rate = reader.u24()
  if (reader.failed || reader.remaining !== 4 * count) return undefined
  const bitrate = (rate & MANTISSA) * 2 ** (rate >> 18)
  return { bitrate, ssrcs: Array.from({ length: count }, () => reader.u32()) }
}

/** Rounds the bitrate down to what 18 bits of mantissa say. */
export const writeBandwidthEstimate = (
  writer: Writer,
  { bitrate, ssrcs }: Pick<BandwidthEstimate, 'bitrate' | 'ssrcs'>,
): void => {
  let exponent = 0
  let mantissa = Math.max(0, Math.min(bitrate, MANTISSA * 2 ** LARGEST_EXPONENT))
  while (Math.floor(mantissa) > MANTISSA) {
    mantissa /= 2
    exponent++
  }
  const shown = ssrcs.slice(0, 255)
  writer
    .u32(REMB)
    .u8(shown.length)
    .u24((exponent << 18) | Math.floor(mantissa))
  for (const ssrc of shown) writer.u32(ssrc)
}

/** RFC 5104, 4.2.1.1 and 4.2.2.1: six bits of exponent, 17 of mantissa, nine of overhead. */
const LIMIT = { mantissa: 0x1_ffff, overhead: 0x1ff } as const

export const readBitrateLimits = (reader: Reader): BitrateLimit[] | undefined => {
  if (reader.remaining % 8 !== 0) return undefined
  const limits: BitrateLimit[] = []
  while (reader.remaining > 0) {
    const ssrc = reader.u32()
    const word = reader.u32()
    limits.push({
      ssrc,
      bitrate: ((word >>> 9) & LIMIT.mantissa) * 2 ** (word >>> 26),
      overhead: word & LIMIT.overhead,
    })
  }
  return limits
}

/** Rounds bitrates down to what 17 bits of mantissa say. */
export const writeBitrateLimits = (writer: Writer, limits: readonly BitrateLimit[]): void => {
  for (const { ssrc, bitrate, overhead } of limits) {
    let exponent = 0
    let mantissa = Math.max(0, Math.min(bitrate, LIMIT.mantissa * 2 ** LARGEST_EXPONENT))
    for (; Math.floor(mantissa) > LIMIT.mantissa; exponent++) mantissa /= 2
    writer.u32(ssrc).u32(((exponent << 26) | (Math.floor(mantissa) << 9) | (overhead & LIMIT.overhead)) >>> 0)
  }
}
