/**
 * Retransmissions in a stream of their own (RFC 4588, 4): the original sequence number, two bytes, in front of the original
 * payload.
 */

import { getU16, setU16, setU32 } from '../bytes/index.ts'
import type { RtpPacket } from '../rtp/index.ts'

const ORIGINAL_SEQUENCE_NUMBER = 2

/**
 * Makes the original packet of a retransmission again, in place: the header moves two bytes on, over the original number.
 * @returns The packet, within the bytes of the retransmission; undefined for one that carries nothing: padding to probe with.
 */
export const restoreOriginal = (packet: RtpPacket, ssrc: number, payloadType: number): Uint8Array | undefined => {
  const { bytes, payloadStart, payloadEnd } = packet
  if (payloadEnd - payloadStart < ORIGINAL_SEQUENCE_NUMBER) return undefined
  const sequenceNumber = getU16(bytes, payloadStart)
  bytes.copyWithin(ORIGINAL_SEQUENCE_NUMBER, 0, payloadStart)
  const original = bytes.subarray(ORIGINAL_SEQUENCE_NUMBER, payloadEnd)
  // Padding is the retransmission's own.
  original[0]! &= ~0x20
  original[1] = (original[1]! & 0x80) | payloadType
  setU16(original, 2, sequenceNumber)
  setU32(original, 8, ssrc)
  return original
}
