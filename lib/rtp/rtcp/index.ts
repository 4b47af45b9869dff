/** RTCP packets. */

export { isCompoundRtcp, packRtcp } from './compound.ts'
export {
  type CongestionArrival,
  type CongestionReport,
  congestionSequenceNumber,
} from './congestion-feedback.ts'
export { type DecodedRtcp, decodeRtcp } from './decode.ts'
export { encodeRtcp, writeRtcp } from './encode.ts'
export type {
  DelaySinceLastReceiverReport,
  ReceiverReferenceTime,
  UnknownXrBlock,
  XrBlock,
} from './extended-report.ts'
export type {
  ApplicationDefined,
  BandwidthEstimate,
  BitrateLimit,
  BitrateNotification,
  BitrateRequest,
  CongestionFeedback,
  ExtendedReport,
  FullIntraRequest,
  Goodbye,
  Nack,
  PictureLoss,
  ReceiverReport,
  ReferencePictureSelection,
  RtcpPacket,
  SenderReport,
  SliceLoss,
  SourceDescription,
  TransportFeedbackPacket,
  UnknownRtcp,
} from './packet.ts'
export { MOST_REPORT_BLOCKS, REPORT_BLOCK_LENGTH, type ReportBlock } from './report.ts'
export { cnameOf, MOST_SDES_CHUNKS, type SdesChunk, type SdesItem, SdesType } from './source-description.ts'
export { splitRtcp } from './split.ts'
export {
  type Arrival,
  DELTA_UNIT,
  LARGEST_DELTA,
  MOST_FEEDBACK_PACKETS,
  REFERENCE_UNIT,
  sequenceNumberAt,
  type TransportFeedback,
} from './transport-feedback.ts'
