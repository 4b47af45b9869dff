/**
 * Datagrams of RTCP as a whole: whether one is a compound packet as RFC 3550 wants it (6.1, A.2), and packets put into as
 * many as they need.
 */

import { Writer } from '../../bytes/index.ts'
import { writeRtcp } from './encode.ts'
import { type RtcpPacket, RtcpType } from './packet.ts'
import { splitRtcp } from './split.ts'

const HEADER = 4

/**
 * RFC 3550, A.2: a report comes first and is not padded, each packet has the version 2, and their lengths add up to that of
 * the datagram. What was negotiated to be of reduced size (RFC 5506) need not be so: `decodeRtcp` reads both.
 */
export const isCompoundRtcp = (bytes: Uint8Array): boolean => {
  if (bytes.length < HEADER || (bytes[0]! & 0x20) !== 0) return false
  if (bytes[1] !== RtcpType.senderReport && bytes[1] !== RtcpType.receiverReport) return false
  let at = 0
  while (at + HEADER <= bytes.length) {
    if (bytes[at]! >> 6 !== 2) return false
    at += HEADER + 4 * ((bytes[at + 2]! << 8) | bytes[at + 3]!)
  }
  return at === bytes.length
}

/**
 * The bytes of datagrams of at most `limit` bytes. Each begins with `prefix`: a report and a source description where only
 * compound packets may be sent (RFC 3550, 6.1), nothing where reduced size was negotiated. Packets too long for one are cut,
 * where their format has a way (see `splitRtcp`); of others a datagram is as long as they are.
 */
export const packRtcp = (
  packets: readonly RtcpPacket[],
  limit: number,
  prefix: readonly RtcpPacket[] = [],
): Uint8Array[] => {
  const datagrams: Uint8Array[] = []
  const head = encodeAll(prefix)
  let writer: Writer | undefined
  for (const packet of packets) {
    for (const piece of splitRtcp(packet, limit - head.length)) {
      const bytes = encodeAll([piece])
      if (writer !== undefined && writer.length + bytes.length > limit) {
        datagrams.push(writer.finish())
        writer = undefined
      }
      writer ??= new Writer(limit).bytes(head)
      writer.bytes(bytes)
    }
  }
  if (writer !== undefined) datagrams.push(writer.finish())
  return datagrams
}

const encodeAll = (packets: readonly RtcpPacket[]): Uint8Array => {
  const writer = new Writer(256)
  for (const packet of packets) writeRtcp(writer, packet)
  return writer.finish()
}
