/**
 * Retransmissions in a stream of their own (RFC 4588, 4): the original sequence number, two bytes, in front of the original
 * payload.
 */

import { getU16, setU16, setU32 } from '../bytes/index.ts'
import type { RtpPacket } from '../rtp/index.ts'
import { ReceptionStatistics } from './reception-statistics.ts'
import type { ReportedStream } from './reports.ts'

const ORIGINAL_SEQUENCE_NUMBER = 2

/** What comes in under an SSRC of retransmissions. */
export class RtxStream implements ReportedStream {
  readonly statistics: ReceptionStatistics
  lastSenderReport: undefined
  packetsAtReport = -1
  /** Of which stream they are, once that is known. */
  original: number | undefined

  constructor(
    readonly ssrc: number,
    clockRate: number,
  ) {
    this.statistics = new ReceptionStatistics(clockRate)
  }
}

/** The original sequence number; -1 for a packet that carries nothing: padding to probe with. */
export const originalSequenceNumber = ({ bytes, payloadStart, payloadEnd }: RtpPacket): number =>
  payloadEnd - payloadStart < ORIGINAL_SEQUENCE_NUMBER ? -1 : getU16(bytes, payloadStart)

/**
 * Makes the original packet of a retransmission again, in place: the header moves two bytes on, over the original number.
 * @returns The packet, within the bytes of the retransmission, which has an original sequence number.
 */
export const restoreOriginal = (packet: RtpPacket, ssrc: number, payloadType: number): Uint8Array => {
  const { bytes, payloadStart, payloadEnd } = packet
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
