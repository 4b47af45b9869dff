/**
 * The RTCP packets (RFC 3550, 6; RFC 4585, 6; RFC 5104, 4; RFC 3611; RFC 8888) as data, told apart by `type`.
 *
 * Numbers are as on the wire, unsigned unless said; SSRCs have 32 bits.
 */

import type { CongestionReport } from './congestion-feedback.ts'
import type { XrBlock } from './extended-report.ts'
import type { ReportBlock } from './report.ts'
import type { SdesChunk } from './source-description.ts'
import type { TransportFeedback } from './transport-feedback.ts'

/** Sender report (RFC 3550, 6.4.1). */
export interface SenderReport {
  readonly type: 'sender-report'
  readonly ssrc: number
  /** NTP time, 32 bits of seconds and 32 of their fraction (RFC 3550, 4). */
  readonly ntpSeconds: number
  readonly ntpFraction: number
  readonly rtpTimestamp: number
  /** Modulo 2^32, both. */
  readonly packetCount: number
  readonly octetCount: number
  readonly reports: readonly ReportBlock[]
}

/** Receiver report (RFC 3550, 6.4.2). */
export interface ReceiverReport {
  readonly type: 'receiver-report'
  readonly ssrc: number
  readonly reports: readonly ReportBlock[]
}

/** SDES (RFC 3550, 6.5). */
export interface SourceDescription {
  readonly type: 'source-description'
  readonly chunks: readonly SdesChunk[]
}

/** BYE (RFC 3550, 6.6). */
export interface Goodbye {
  readonly type: 'goodbye'
  readonly ssrcs: readonly number[]
  readonly reason?: string
}

/** APP (RFC 3550, 6.7). */
export interface ApplicationDefined {
  readonly type: 'application'
  /** 0 to 31. */
  readonly subtype: number
  readonly ssrc: number
  /** Four characters of ASCII. */
  readonly name: string
  /** Whole words of 32 bits. */
  readonly data: Uint8Array
}

/** Generic NACK (RFC 4585, 6.2.1): the sequence numbers that are missing, in the order of the packet. */
export interface Nack {
  readonly type: 'nack'
  readonly senderSsrc: number
  readonly mediaSsrc: number
  readonly sequenceNumbers: readonly number[]
}

/** Picture loss indication (RFC 4585, 6.3.1). */
export interface PictureLoss {
  readonly type: 'picture-loss'
  readonly senderSsrc: number
  readonly mediaSsrc: number
}

/** Slice loss indication (RFC 4585, 6.3.2). */
export interface SliceLoss {
  readonly type: 'slice-loss'
  readonly senderSsrc: number
  readonly mediaSsrc: number
  /** Macroblocks of 13 bits each, picture id of 6. */
  readonly slices: readonly { readonly first: number; readonly count: number; readonly pictureId: number }[]
}

/** Reference picture selection indication (RFC 4585, 6.3.3). */
export interface ReferencePictureSelection {
  readonly type: 'reference-picture-selection'
  readonly senderSsrc: number
  readonly mediaSsrc: number
  readonly payloadType: number
  /** As the codec defines it; bits of padding at its end. */
  readonly bits: Uint8Array
  readonly paddingBits: number
}

/** Full intra request (RFC 5104, 4.3.1). */
export interface FullIntraRequest {
  readonly type: 'full-intra-request'
  readonly senderSsrc: number
  /** The number of a command goes up by one from each to the next, modulo 256; a repeated one has the same. */
  readonly requests: readonly { readonly ssrc: number; readonly sequenceNumber: number }[]
}

/** What a receiver can take of a stream, or what a sender keeps to (RFC 5104, 4.2.1 and 4.2.2). */
export interface BitrateLimit {
  /** Of whom it is asked; in a notification, who asked it. */
  readonly ssrc: number
  /** Bits a second. */
  readonly bitrate: number
  /** Bytes of each packet below RTP that the bitrate counts, 0 to 511. */
  readonly overhead: number
}

/** Temporary maximum media stream bitrate request (RFC 5104, 4.2.1). */
export interface BitrateRequest {
  readonly type: 'bitrate-request'
  readonly senderSsrc: number
  readonly limits: readonly BitrateLimit[]
}

/** Temporary maximum media stream bitrate notification (RFC 5104, 4.2.2). */
export interface BitrateNotification {
  readonly type: 'bitrate-notification'
  readonly senderSsrc: number
  readonly limits: readonly BitrateLimit[]
}

/** Receiver estimated maximum bitrate (draft-alvestrand-rmcat-remb, 2.2). */
export interface BandwidthEstimate {
  readonly type: 'bandwidth-estimate'
  readonly senderSsrc: number
  /** Bits a second. */
  readonly bitrate: number
  readonly ssrcs: readonly number[]
}

/** Transport-wide congestion control feedback (draft-holmer-rmcat-transport-wide-cc-extensions-01, 3.1). */
export interface TransportFeedbackPacket {
  readonly type: 'transport-feedback'
  readonly senderSsrc: number
  readonly mediaSsrc: number
  readonly feedback: TransportFeedback
}

/** Congestion control feedback (RFC 8888, 3.1). */
export interface CongestionFeedback {
  readonly type: 'congestion-feedback'
  readonly senderSsrc: number
  readonly streams: readonly CongestionReport[]
  /** The time of the report: the middle 32 bits of NTP time. */
  readonly reportTimestamp: number
}

/** Extended reports (RFC 3611). */
export interface ExtendedReport {
  readonly type: 'extended-report'
  readonly ssrc: number
  readonly blocks: readonly XrBlock[]
}

/** A packet of a type or format that is not read here. */
export interface UnknownRtcp {
  readonly type: 'unknown'
  readonly packetType: number
  /** The five bits of count, subtype or format. */
  readonly count: number
  /** Behind the header of four bytes. */
  readonly body: Uint8Array
}

export type RtcpPacket =
  | SenderReport
  | ReceiverReport
  | SourceDescription
  | Goodbye
  | ApplicationDefined
  | Nack
  | PictureLoss
  | SliceLoss
  | ReferencePictureSelection
  | FullIntraRequest
  | BitrateRequest
  | BitrateNotification
  | BandwidthEstimate
  | TransportFeedbackPacket
  | CongestionFeedback
  | ExtendedReport
  | UnknownRtcp

/** Packet types (RFC 3550, 12.1; RFC 4585, 6.1; RFC 3611, 2). */
export const RtcpType = {
  senderReport: 200,
  receiverReport: 201,
  sourceDescription: 202,
  goodbye: 203,
  application: 204,
  transportFeedback: 205,
  payloadFeedback: 206,
  extendedReport: 207,
} as const

/** Formats of transport-layer feedback (RFC 4585, 6.2; RFC 5104, 4.2; RFC 8888; draft-holmer-rmcat-transport-wide-cc-extensions). */
export const TransportFormat = {
  nack: 1,
  bitrateRequest: 3,
  bitrateNotification: 4,
  congestion: 11,
  transportWide: 15,
} as const
/** Formats of payload-specific feedback (RFC 4585, 6.3; RFC 5104, 4.3). */
export const PayloadFormatNumber = {
  pictureLoss: 1,
  sliceLoss: 2,
  referencePicture: 3,
  fullIntra: 4,
  application: 15,
} as const
