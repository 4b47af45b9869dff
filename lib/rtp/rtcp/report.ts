/** Report blocks of sender and receiver reports (RFC 3550, 6.4.1). */

import type { Reader, Writer } from '../../bytes/index.ts'

export interface ReportBlock {
  /** The stream that the block is about. */
  readonly ssrc: number
  /** Packets lost since the last report, of 256. */
  readonly fractionLost: number
  /** Since the beginning: signed, as duplicates make it less than nothing. From -2^23 to 2^23 - 1. */
  readonly packetsLost: number
  /** Extended: the low 16 bits are a sequence number, the high ones count its cycles. */
  readonly highestSequenceNumber: number
  /** Units of the stream's clock. */
  readonly jitter: number
  /** The middle 32 bits of the NTP time of the last sender report; 0 where there was none. */
  readonly lastSenderReport: number
  /** Since that came, in 1/65536 of a second. */
  readonly delaySinceLastSenderReport: number
}

export const REPORT_BLOCK_LENGTH = 24
/** What five bits count. */
export const MOST_REPORT_BLOCKS = 31
const LOST = { lowest: -0x80_0000, highest: 0x7f_ffff } as const

export const readReportBlock = (reader: Reader): ReportBlock => {
  const ssrc = reader.u32()
  const fractionLost = reader.u8()
  const packetsLost = (reader.u24() << 8) >> 8
  return {
    ssrc,
    fractionLost,
    packetsLost,
    highestSequenceNumber: reader.u32(),
    jitter: reader.u32(),
    lastSenderReport: reader.u32(),
    delaySinceLastSenderReport: reader.u32(),
  }
}

/** The number of lost packets stays at its bounds (RFC 3550, A.3). */
export const writeReportBlock = (writer: Writer, block: ReportBlock): void => {
  const lost = Math.max(LOST.lowest, Math.min(LOST.highest, block.packetsLost))
  writer
    .u32(block.ssrc)
    .u8(block.fractionLost)
    .u24(lost & 0xff_ffff)
    .u32(block.highestSequenceNumber)
    .u32(block.jitter)
    .u32(block.lastSenderReport)
    .u32(block.delaySinceLastSenderReport)
}
