/**
 * The reports of an RTP session (RFC 3550, 6.4; RFC 3611, 4.4 and 4.5): what is said of our streams, and of those that come
 * in. Each packet begins with a report and a description, as a compound one must (6.1).
 */

import {
  encodeRtcp,
  MOST_REPORT_BLOCKS,
  type NtpTime,
  REPORT_BLOCK_LENGTH,
  type ReportBlock,
  type RtcpPacket,
  SdesType,
  shortUnits,
  type XrBlock,
} from '../rtp/index.ts'
import type { ReceptionStatistics } from './reception-statistics.ts'
import type { RtpSender } from './sender.ts'

/** A stream that is reported on: media, or retransmissions. */
export interface ReportedStream {
  readonly ssrc: number
  readonly statistics: ReceptionStatistics
  readonly lastSenderReport: { readonly middle: number; readonly at: number } | undefined
  /** Packets that had come when the last report told of it. */
  packetsAtReport: number
}

/** What reports are made of. */
export interface ReportSources {
  readonly cname: string
  /** Under which what is no stream of ours is told. */
  readonly ssrc: number
  readonly senders: readonly RtpSender[]
  readonly streams: readonly ReportedStream[]
  /** When the peers' receiver reference times came (RFC 3611, 4.5). */
  readonly references: readonly { readonly ssrc: number; readonly middle: number; readonly at: number }[]
  /** Whether ours is told (RFC 3611, 4.4): where nothing is sent, and the peer agreed. */
  readonly tellsReference: boolean
  /** Bytes of a compound packet, at most. */
  readonly limit: number
}

/** Bytes of what else is in a compound packet, at most: a sender report, a description, extended reports. */
const BESIDE_BLOCKS = 220

/** SDES of the SSRCs (RFC 3550, 6.5): every one of them has the same name. */
export const descriptionOf = (cname: string, ssrcs: readonly number[]): RtcpPacket => ({
  type: 'source-description',
  chunks: ssrcs.map(ssrc => ({ ssrc, items: [{ item: SdesType.cname, text: cname }] })),
})

/** The compound packets of one turn of reports, each small enough for a datagram. */
export const makeReports = (sources: ReportSources, ntp: NtpTime, now: number): Uint8Array[] => {
  const blocks = reportBlocks(sources.streams, now)
  const room = Math.floor((sources.limit - BESIDE_BLOCKS) / REPORT_BLOCK_LENGTH)
  const most = Math.min(MOST_REPORT_BLOCKS, Math.max(1, room))
  const compounds: Uint8Array[] = []
  for (const sender of sources.senders) {
    if (sender.packetCount === sender.reported || sender.parameters === undefined) continue
    sender.reported = sender.packetCount
    const { ssrc, packetCount, octetCount } = sender
    compounds.push(
      encodeRtcp([
        {
          type: 'sender-report',
          ssrc,
          ntpSeconds: ntp.seconds,
          ntpFraction: ntp.fraction,
          rtpTimestamp: sender.timestampAt(now),
          packetCount,
          octetCount,
          reports: blocks.splice(0, most),
        },
        descriptionOf(sources.cname, [ssrc]),
        ...extended(sources, ssrc, ntp, compounds.length === 0, now),
      ]),
    )
  }
  // Without anything to tell, an empty one says that we are here (6.4.2).
  while (blocks.length > 0 || compounds.length === 0) {
    const { ssrc, cname } = sources
    compounds.push(
      encodeRtcp([
        { type: 'receiver-report', ssrc, reports: blocks.splice(0, most) },
        descriptionOf(cname, [ssrc]),
        ...extended(sources, ssrc, ntp, compounds.length === 0, now),
      ]),
    )
  }
  return compounds
}

const reportBlocks = (streams: readonly ReportedStream[], now: number): ReportBlock[] =>
  streams.flatMap(stream => {
    const { statistics, lastSenderReport, ssrc } = stream
    // Nothing has come since the last report: nothing is said (RFC 3550, 6.4).
    if (statistics.packetsReceived === stream.packetsAtReport) return []
    stream.packetsAtReport = statistics.packetsReceived
    const delay = lastSenderReport === undefined ? 0 : shortUnits(now - lastSenderReport.at)
    return [statistics.report(ssrc, lastSenderReport?.middle ?? 0, delay)]
  })

const extended = (
  { references, tellsReference }: ReportSources,
  ssrc: number,
  ntp: NtpTime,
  isFirst: boolean,
  now: number,
): RtcpPacket[] => {
  if (!isFirst) return []
  const blocks: XrBlock[] = []
  if (tellsReference) {
    blocks.push({ block: 'receiver-reference-time', ntpSeconds: ntp.seconds, ntpFraction: ntp.fraction })
  }
  if (references.length > 0) {
    blocks.push({
      block: 'delay-since-last-receiver-report',
      reports: references.map(({ ssrc: of, middle, at }) => ({
        ssrc: of,
        lastReceiverReport: middle,
        delay: shortUnits(now - at),
      })),
    })
  }
  return blocks.length === 0 ? [] : [{ type: 'extended-report', ssrc, blocks }]
}
