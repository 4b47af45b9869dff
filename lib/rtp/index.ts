/** rtp: packets, header extensions, RTCP, and payload formats. */

export {
  type Codec,
  type CodecFeedback,
  encodingOf,
  type MediaKind,
  type NegotiatedExtension,
  type PayloadCodec,
} from './codec.ts'
export {
  answerCodecs,
  answerFormatParameters,
  type CodecPair,
  isSameCodec,
  pairCodecs,
  referencesOf,
} from './codec-match.ts'
export * from './extension/index.ts'
export {
  type FormatParameters,
  formatParametersOf,
  numberParameter,
  readFormatParameters,
  readPayloadTypes,
  writeFormatParameters,
} from './format-parameters.ts'
export type { EncodedFrame, LayerFrame, VideoFrameDetails } from './frame.ts'
export { fromShortUnits, middleOf, millisecondsOf, type NtpTime, ntpOf, shortUnits } from './ntp.ts'
export {
  CRYPTEX_ONE_BYTE_PROFILE,
  CRYPTEX_TWO_BYTE_PROFILE,
  isRtcp,
  ONE_BYTE_PROFILE,
  RtpPacket,
} from './packet.ts'
export {
  appendPadding,
  appendPayload,
  ExtensionWriter,
  MOST_CSRCS,
  type RtpHeaderFields,
  rtpHeaderLength,
  writeRtpHeader,
} from './packet-writer.ts'
export * from './payload/index.ts'
export * from './rtcp/index.ts'
export { Unwrapper } from './unwrap.ts'
