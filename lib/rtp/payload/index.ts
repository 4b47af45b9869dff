/** The payload formats, one a file. */

export { type ComfortNoise, readComfortNoise, writeComfortNoise } from './comfort-noise.ts'
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
export { G722_SAMPLE_RATE } from './g722.ts'
export { OPUS_CLOCK_RATE, type OpusBandwidth, type OpusMode, OpusPacket } from './opus-packet.ts'
export { MOST_GENERATIONS, type RedBlockSink, RedDepacketizer, RedPacketizer } from './red.ts'
export { payloadFormat } from './registry.ts'
export {
  DTMF_TONES,
  FINAL_REPORTS,
  type ReceivedTelephoneEvent,
  TelephoneEventReceiver,
  TelephoneEventSender,
  type TelephoneEventSink,
  toneEvent,
} from './telephone-event.ts'
export { Vp9Packetizer } from './vp9-packetizer.ts'
