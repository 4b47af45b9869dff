/** rtp: packets, header extensions, RTCP, and payload formats. */

export {
  type Codec,
  type CodecFeedback,
  encodingOf,
  type MediaKind,
  type NegotiatedExtension,
  type PayloadCodec,
} from './codec.ts'
export type { EncodedFrame, VideoFrameDetails } from './frame.ts'
export * from './payload/index.ts'
