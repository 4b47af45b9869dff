/** Writes RTCP packets (RFC 3550, 6; RFC 4585, 6.1), each padded to whole words by what its format has for that. */

import { utf8, Writer } from '../../bytes/index.ts'
import { writeCongestionReports } from './congestion-feedback.ts'
import { writeXrBlocks } from './extended-report.ts'
import {
  writeBandwidthEstimate,
  writeBitrateLimits,
  writeFullIntraRequests,
  writeNack,
  writeSlices,
} from './feedback.ts'
import { PayloadFormatNumber, type RtcpPacket, RtcpType, TransportFormat } from './packet.ts'
import { MOST_REPORT_BLOCKS, writeReportBlock } from './report.ts'
import { MOST_SDES_CHUNKS, writeSdesChunks } from './source-description.ts'
import { writeTransportFeedback } from './transport-feedback.ts'

/** What five bits count: sources of a BYE. */
const MOST_SOURCES = 31

/** The packets one behind the other, as fresh bytes. */
export const encodeRtcp = (packets: readonly RtcpPacket[]): Uint8Array => {
  const writer = new Writer(256)
  for (const packet of packets) writeRtcp(writer, packet)
  return writer.finish()
}

/**
 * Appends one packet. Throws a RangeError for more reports, chunks or sources than its count can say: who has more
 * writes several packets.
 */
export const writeRtcp = (writer: Writer, packet: RtcpPacket): void => {
  const at = writer.length
  const { count, packetType } = headOf(packet)
  writer
    .u8(0x80 | count)
    .u8(packetType)
    .u16(0)
  writeBody(writer, packet)
  const padding = (4 - ((writer.length - at) & 3)) & 3
  // Zeros, which no reader takes for an item: the length of each is known from its counts.
  writer.zeros(padding)
  writer.setU16(at + 2, ((writer.length - at) >> 2) - 1)
}

const bounded = (count: number, most: number): number => {
  if (count > most) throw new RangeError(`an RTCP packet says at most ${most} of these, not ${count}`)
  return count
}

const headOf = (packet: RtcpPacket): { count: number; packetType: number } => {
  switch (packet.type) {
    case 'sender-report':
      return { count: bounded(packet.reports.length, MOST_REPORT_BLOCKS), packetType: RtcpType.senderReport }
    case 'receiver-report':
      return { count: bounded(packet.reports.length, MOST_REPORT_BLOCKS), packetType: RtcpType.receiverReport }
    case 'source-description':
      return { count: bounded(packet.chunks.length, MOST_SDES_CHUNKS), packetType: RtcpType.sourceDescription }
    case 'goodbye':
      return { count: bounded(packet.ssrcs.length, MOST_SOURCES), packetType: RtcpType.goodbye }
    case 'application':
      return { count: packet.subtype & 0x1f, packetType: RtcpType.application }
    case 'nack':
      return { count: TransportFormat.nack, packetType: RtcpType.transportFeedback }
    case 'bitrate-request':
      return { count: TransportFormat.bitrateRequest, packetType: RtcpType.transportFeedback }
    case 'bitrate-notification':
      return { count: TransportFormat.bitrateNotification, packetType: RtcpType.transportFeedback }
    case 'transport-feedback':
      return { count: TransportFormat.transportWide, packetType: RtcpType.transportFeedback }
    case 'congestion-feedback':
      return { count: TransportFormat.congestion, packetType: RtcpType.transportFeedback }
    case 'picture-loss':
      return { count: PayloadFormatNumber.pictureLoss, packetType: RtcpType.payloadFeedback }
    case 'slice-loss':
      return { count: PayloadFormatNumber.sliceLoss, packetType: RtcpType.payloadFeedback }
    case 'reference-picture-selection':
      return { count: PayloadFormatNumber.referencePicture, packetType: RtcpType.payloadFeedback }
    case 'full-intra-request':
      return { count: PayloadFormatNumber.fullIntra, packetType: RtcpType.payloadFeedback }
    case 'bandwidth-estimate':
      return { count: PayloadFormatNumber.application, packetType: RtcpType.payloadFeedback }
    case 'extended-report':
      return { count: 0, packetType: RtcpType.extendedReport }
    case 'unknown':
      return { count: packet.count & 0x1f, packetType: packet.packetType }
  }
}

const writeBody = (writer: Writer, packet: RtcpPacket): void => {
  switch (packet.type) {
    case 'sender-report':
      writer.u32(packet.ssrc).u32(packet.ntpSeconds).u32(packet.ntpFraction)
      writer.u32(packet.rtpTimestamp).u32(packet.packetCount).u32(packet.octetCount)
      for (const block of packet.reports) writeReportBlock(writer, block)
      break
    case 'receiver-report':
      writer.u32(packet.ssrc)
      for (const block of packet.reports) writeReportBlock(writer, block)
      break
    case 'source-description':
      writeSdesChunks(writer, packet.chunks)
      break
    case 'goodbye':
      for (const ssrc of packet.ssrcs) writer.u32(ssrc)
      if (packet.reason !== undefined) writer.vector8(utf8(packet.reason).subarray(0, 255))
      break
    case 'application':
      writer.u32(packet.ssrc).bytes(nameBytes(packet.name)).bytes(packet.data)
      break
    case 'nack':
      writer.u32(packet.senderSsrc).u32(packet.mediaSsrc)
      writeNack(writer, packet.sequenceNumbers)
      break
    case 'transport-feedback':
      writer.u32(packet.senderSsrc).u32(packet.mediaSsrc)
      writeTransportFeedback(writer, packet.feedback)
      break
    case 'congestion-feedback':
      writer.u32(packet.senderSsrc)
      writeCongestionReports(writer, packet.streams, packet.reportTimestamp)
      break
    case 'picture-loss':
      writer.u32(packet.senderSsrc).u32(packet.mediaSsrc)
      break
    case 'slice-loss':
      writer.u32(packet.senderSsrc).u32(packet.mediaSsrc)
      writeSlices(writer, packet.slices)
      break
    case 'reference-picture-selection':
      writer.u32(packet.senderSsrc).u32(packet.mediaSsrc)
      writer
        .u8(packet.paddingBits + paddingBitsOf(packet.bits))
        .u8(packet.payloadType)
        .bytes(packet.bits)
      break
    case 'full-intra-request':
      // RFC 5104, 4.3.1.2: the media SSRC is not used.
      writer.u32(packet.senderSsrc).u32(0)
      writeFullIntraRequests(writer, packet.requests)
      break
    case 'bitrate-request':
    case 'bitrate-notification':
      // RFC 5104, 4.2.1.2 and 4.2.2.2: the same.
      writer.u32(packet.senderSsrc).u32(0)
      writeBitrateLimits(writer, packet.limits)
      break
    case 'bandwidth-estimate':
      writer.u32(packet.senderSsrc).u32(0)
      writeBandwidthEstimate(writer, packet)
      break
    case 'extended-report':
      writer.u32(packet.ssrc)
      writeXrBlocks(writer, packet.blocks)
      break
    case 'unknown':
      writer.bytes(packet.body)
  }
}

/** What fills the last word, told in bits (RFC 4585, 6.3.3.2): two bytes are in front of it. */
const paddingBitsOf = (bits: Uint8Array): number => 8 * ((4 - ((2 + bits.length) & 3)) & 3)

const nameBytes = (name: string): Uint8Array =>
  Uint8Array.from({ length: 4 }, (_, index) => name.charCodeAt(index) & 0xff || 0x20)
