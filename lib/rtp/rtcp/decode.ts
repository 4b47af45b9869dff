/**
 * Reads a datagram of RTCP (RFC 3550, 6.1; RFC 5506): one packet after the other, each by its own length. What is
 * malformed is left out and counted; a length that lies ends the reading, since nothing behind it has a place.
 */

import { fromUtf8, Reader } from '../../bytes/index.ts'
import { readCongestionReports } from './congestion-feedback.ts'
import { readXrBlocks } from './extended-report.ts'
import { readBandwidthEstimate, readBitrateLimits, readFullIntraRequests, readNack, readSlices } from './feedback.ts'
import { PayloadFormatNumber, type RtcpPacket, RtcpType, TransportFormat } from './packet.ts'
import { readReportBlock } from './report.ts'
import { readSdesChunks } from './source-description.ts'
import { MOST_FEEDBACK_PACKETS, readTransportFeedback } from './transport-feedback.ts'

export interface DecodedRtcp {
  /** In their order. Bytes within are borrowed. */
  readonly packets: readonly RtcpPacket[]
  /** How many packets, or ends of the datagram, made no sense. */
  readonly malformed: number
}

const HEADER = 4
/** The packets of a datagram, at most: the shortest has 4 bytes, and no peer has a reason for more. */
const MOST_PACKETS = 128

export const decodeRtcp = (bytes: Uint8Array): DecodedRtcp => {
  const packets: RtcpPacket[] = []
  let malformed = 0
  let arrivalsLeft = MOST_FEEDBACK_PACKETS
  let at = 0
  for (let count = 0; at < bytes.length && count < MOST_PACKETS; count++) {
    const end = packetEnd(bytes, at)
    if (end < 0) return { packets, malformed: malformed + 1 }
    const isPadded = (bytes[at]! & 0x20) !== 0
    // Whole words, and only in the last packet, says RFC 3550, 6.4.1; libwebrtc pads its feedback by as many bytes as lack.
    const padding = isPadded ? bytes[end - 1]! : 0
    const bodyEnd = end - padding
    const isSound = !isPadded || (padding > 0 && bodyEnd >= at + HEADER)
    const packet = isSound ? decodePacket(bytes, at, bodyEnd, arrivalsLeft) : undefined
    if (packet?.type === 'transport-feedback') arrivalsLeft -= packet.feedback.arrivals.length
    if (packet === undefined) malformed++
    else packets.push(packet)
    at = end
  }
  return { packets, malformed: at < bytes.length ? malformed + 1 : malformed }
}

/** Where the packet that begins at `at` ends; -1 when its header or length is wrong. */
const packetEnd = (bytes: Uint8Array, at: number): number => {
  if (at + HEADER > bytes.length || bytes[at]! >> 6 !== 2) return -1
  const end = at + HEADER + 4 * ((bytes[at + 2]! << 8) | bytes[at + 3]!)
  return end > bytes.length ? -1 : end
}

const decodePacket = (bytes: Uint8Array, at: number, end: number, mostArrivals: number): RtcpPacket | undefined => {
  const count = bytes[at]! & 0x1f
  const packetType = bytes[at + 1]!
  const reader = new Reader(bytes, at + HEADER, end)
  switch (packetType) {
    case RtcpType.senderReport: {
      const [ssrc, ntpSeconds, ntpFraction] = [reader.u32(), reader.u32(), reader.u32()]
      const [rtpTimestamp, packetCount, octetCount] = [reader.u32(), reader.u32(), reader.u32()]
      const reports = readReports(reader, count)
      if (reports === undefined) return undefined
      return { type: 'sender-report', ssrc, ntpSeconds, ntpFraction, rtpTimestamp, packetCount, octetCount, reports }
    }
    case RtcpType.receiverReport: {
      const ssrc = reader.u32()
      const reports = readReports(reader, count)
      return reports && { type: 'receiver-report', ssrc, reports }
    }
    case RtcpType.sourceDescription: {
      const chunks = readSdesChunks(reader.rest(), count)
      return chunks && { type: 'source-description', chunks }
    }
    case RtcpType.goodbye: {
      const ssrcs = Array.from({ length: count }, () => reader.u32())
      const reason = reader.remaining > 0 && !reader.failed ? fromUtf8(reader.vector8()) : undefined
      return reader.failed ? undefined : { type: 'goodbye', ssrcs, ...(reason !== undefined && { reason }) }
    }
    case RtcpType.application: {
      const ssrc = reader.u32()
      const name = String.fromCharCode(...reader.view(4))
      return reader.failed ? undefined : { type: 'application', subtype: count, ssrc, name, data: reader.rest() }
    }
    case RtcpType.transportFeedback:
      return decodeTransportFeedback(count, reader, mostArrivals)
    case RtcpType.payloadFeedback:
      return decodePayloadFeedback(count, reader)
    case RtcpType.extendedReport: {
      const ssrc = reader.u32()
      const blocks = readXrBlocks(reader)
      return blocks && !reader.failed ? { type: 'extended-report', ssrc, blocks } : undefined
    }
    default:
      return { type: 'unknown', packetType, count, body: reader.rest() }
  }
}

/** What follows the blocks is a profile's own (RFC 3550, 6.4.3), and not read. */
const readReports = (reader: Reader, count: number) => {
  if (reader.failed || reader.remaining < 24 * count) return undefined
  return Array.from({ length: count }, () => readReportBlock(reader))
}

const decodeTransportFeedback = (format: number, reader: Reader, mostArrivals: number): RtcpPacket | undefined => {
  const start = reader.position
  const senderSsrc = reader.u32()
  if (format === TransportFormat.congestion) {
    const reports = readCongestionReports(reader)
    return reports && { type: 'congestion-feedback', senderSsrc, ...reports }
  }
  const mediaSsrc = reader.u32()
  if (reader.failed) return undefined
  if (format === TransportFormat.nack) {
    const sequenceNumbers = readNack(reader)
    return sequenceNumbers && { type: 'nack', senderSsrc, mediaSsrc, sequenceNumbers }
  }
  if (format === TransportFormat.bitrateRequest || format === TransportFormat.bitrateNotification) {
    const type = format === TransportFormat.bitrateRequest ? 'bitrate-request' : 'bitrate-notification'
    const limits = readBitrateLimits(reader)
    return limits && { type, senderSsrc, limits }
  }
  if (format === TransportFormat.transportWide) {
    const feedback = readTransportFeedback(reader, mostArrivals)
    return feedback && { type: 'transport-feedback', senderSsrc, mediaSsrc, feedback }
  }
  const body = reader.bytes.subarray(start, reader.end)
  return { type: 'unknown', packetType: RtcpType.transportFeedback, count: format, body }
}

const decodePayloadFeedback = (format: number, reader: Reader): RtcpPacket | undefined => {
  const start = reader.position
  const senderSsrc = reader.u32()
  const mediaSsrc = reader.u32()
  if (reader.failed) return undefined
  switch (format) {
    case PayloadFormatNumber.pictureLoss:
      return { type: 'picture-loss', senderSsrc, mediaSsrc }
    case PayloadFormatNumber.sliceLoss: {
      const slices = readSlices(reader)
      return slices && { type: 'slice-loss', senderSsrc, mediaSsrc, slices }
    }
    case PayloadFormatNumber.referencePicture: {
      const paddingBits = reader.u8()
      const payloadType = reader.u8() & 0x7f
      const bits = reader.rest()
      if (reader.failed || paddingBits > 8 * bits.length) return undefined
      return { type: 'reference-picture-selection', senderSsrc, mediaSsrc, payloadType, bits, paddingBits }
    }
    case PayloadFormatNumber.fullIntra: {
      const requests = readFullIntraRequests(reader)
      return requests && { type: 'full-intra-request', senderSsrc, requests }
    }
    case PayloadFormatNumber.application: {
      const body = reader.position
      const estimate = readBandwidthEstimate(reader)
      if (estimate !== undefined) return { type: 'bandwidth-estimate', senderSsrc, ...estimate }
      // Another application's message, or a lying estimate: its name tells.
      const isEstimate = String.fromCharCode(...reader.bytes.subarray(body, body + 4)) === 'REMB'
      if (isEstimate) return undefined
      break
    }
  }
  const body = reader.bytes.subarray(start, reader.end)
  return { type: 'unknown', packetType: RtcpType.payloadFeedback, count: format, body }
}
