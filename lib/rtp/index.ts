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
export {
  type FormatParameters,
  formatParametersOf,
  numberParameter,
  readFormatParameters,
  readPayloadTypes,
  writeFormatParameters,
} from './format-parameters.ts'
export type { EncodedFrame, VideoFrameDetails } from './frame.ts'
export * from './payload/index.ts'
