/** Congestion control feedback by stream (RFC 8888, 3.1): which packets came, when, and with what ECN mark. */

import { add16, type Reader, type Writer } from '../../bytes/index.ts'

export interface CongestionArrival {
  /** RFC 3168: 0 not capable, 1 ECT(1), 2 ECT(0), 3 congestion experienced. */
  readonly ecn: number
  /** Before the time of the report, in 1/1024 of a second; 0x1ffe: that long or longer; 0x1fff: not known. */
  readonly offset: number
}

export interface CongestionReport {
  readonly ssrc: number
  /** The RTP sequence number of the first packet. */
  readonly beginSequenceNumber: number
  /** From the first packet on; undefined where it did not come. */
  readonly arrivals: readonly (CongestionArrival | undefined)[]
}

/** RFC 8888, 3.1: a report covers at most half of the sequence numbers. */
const MOST_PACKETS = 16_384
const MOST_STREAMS = 64

export const congestionSequenceNumber = (report: CongestionReport, index: number): number =>
  add16(report.beginSequenceNumber, index)

/** Reads the reports up to the last four bytes, which are the time; undefined where they say more than is there. */
export const readCongestionReports = (
  reader: Reader,
): { streams: CongestionReport[]; reportTimestamp: number } | undefined => {
  const streams: CongestionReport[] = []
  while (reader.remaining >= 12 && streams.length < MOST_STREAMS) {
    const ssrc = reader.u32()
    const beginSequenceNumber = reader.u16()
    const count = reader.u16()
    if (count > MOST_PACKETS || 2 * count > reader.remaining) return undefined
    const arrivals: (CongestionArrival | undefined)[] = []
    for (let i = 0; i < count; i++) {
      const metric = reader.u16()
      arrivals.push((metric & 0x8000) === 0 ? undefined : { ecn: (metric >> 13) & 3, offset: metric & 0x1fff })
    }
    if ((count & 1) === 1) reader.skip(2)
    streams.push({ ssrc, beginSequenceNumber, arrivals })
  }
  const reportTimestamp = reader.u32()
  return reader.failed || reader.remaining > 0 ? undefined : { streams, reportTimestamp }
}

export const writeCongestionReports = (
  writer: Writer,
  streams: readonly CongestionReport[],
  reportTimestamp: number,
): void => {
  for (const { ssrc, beginSequenceNumber, arrivals } of streams) {
    writer.u32(ssrc).u16(beginSequenceNumber).u16(arrivals.length)
    for (const arrival of arrivals) {
      writer.u16(arrival === undefined ? 0 : 0x8000 | ((arrival.ecn & 3) << 13) | (arrival.offset & 0x1fff))
    }
    if ((arrivals.length & 1) === 1) writer.u16(0)
  }
  writer.u32(reportTimestamp)
}
