/** The payload formats, one a file. */

export {
  type Depacketizer,
  emptyPayloadInfo,
  type FrameToPacketize,
  type JoinedFrame,
  type Packetizer,
  type PayloadFormat,
  type PayloadInfo,
  type PayloadSink,
} from './format.ts'
export { payloadFormat } from './registry.ts'
