/** How much later than its timestamp a packet is sent (RFC 5450, 3): 24 bits, signed, in units of the stream's clock. */

import type { ExtensionWriter } from '../packet-writer.ts'

export const TRANSMISSION_OFFSET_URI = 'urn:ietf:params:rtp-hdrext:toffset'

const LENGTH = 3
const LARGEST = 0x7f_ffff

/** Ticks of the stream's clock, -2^23 to 2^23 - 1; undefined where the length is another. */
export const readTransmissionOffset = (bytes: Uint8Array, start: number, end: number): number | undefined =>
  end - start === LENGTH
    ? ((bytes[start]! << 24) | (bytes[start + 1]! << 16) | (bytes[start + 2]! << 8)) >> 8
    : undefined

/** False also where the offset does not fit. */
export const putTransmissionOffset = (writer: ExtensionWriter, id: number, ticks: number): boolean => {
  if (!(ticks >= -LARGEST - 1 && ticks <= LARGEST)) return false
  const at = writer.reserve(id, LENGTH)
  if (at < 0) return false
  writer.bytes[at] = ticks >> 16
  writer.bytes[at + 1] = ticks >> 8
  writer.bytes[at + 2] = ticks
  return true
}
