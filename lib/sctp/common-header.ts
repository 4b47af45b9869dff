/**
 * The common header of an SCTP packet: ports, verification tag, checksum (RFC 9260 3.1).
 *
 * The checksum is CRC-32C over the packet with the field itself zero, stored least significant byte first (appendix A).
 * Over DTLS, which finds what is damaged, it may be left zero (RFC 9653).
 */

import { crc32c, setU16, setU32 } from '../bytes/index.ts'

export const COMMON_HEADER = 12
const CHECKSUM = 8

/** Whether the checksum is right. Leaves the packet as it was. */
export const verifyChecksum = (packet: Uint8Array): boolean => {
  if (packet.length < COMMON_HEADER) return false
  const a = packet[CHECKSUM]!
  const b = packet[CHECKSUM + 1]!
  const c = packet[CHECKSUM + 2]!
  const d = packet[CHECKSUM + 3]!
  setU32(packet, CHECKSUM, 0)
  const crc = crc32c(packet)
  packet[CHECKSUM] = a
  packet[CHECKSUM + 1] = b
  packet[CHECKSUM + 2] = c
  packet[CHECKSUM + 3] = d
  return crc === (a | (b << 8) | (c << 16) | (d << 24)) >>> 0
}

/** Whether the packet has no checksum. */
export const withoutChecksum = (packet: Uint8Array): boolean =>
  packet.length >= COMMON_HEADER &&
  (packet[CHECKSUM]! | packet[CHECKSUM + 1]! | packet[CHECKSUM + 2]! | packet[CHECKSUM + 3]!) === 0

/**
 * Writes the header of the packet in `bytes[start, end)`, whose chunks are already in place.
 * @param checksum Whether the peer needs one.
 */
export const writeCommonHeader = (
  bytes: Uint8Array,
  start: number,
  end: number,
  sourcePort: number,
  destinationPort: number,
  tag: number,
  checksum = true,
): void => {
  setU16(bytes, start, sourcePort)
  setU16(bytes, start + 2, destinationPort)
  setU32(bytes, start + 4, tag)
  setU32(bytes, start + CHECKSUM, 0)
  if (!checksum) return
  const crc = crc32c(bytes, start, end)
  bytes[start + CHECKSUM] = crc
  bytes[start + CHECKSUM + 1] = crc >>> 8
  bytes[start + CHECKSUM + 2] = crc >>> 16
  bytes[start + CHECKSUM + 3] = crc >>> 24
}
