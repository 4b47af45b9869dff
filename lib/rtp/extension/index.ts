/** Header extensions by their URIs: each reads `bytes[start, end)` of an element, and puts one into an `ExtensionWriter`. */

export { AUDIO_LEVEL_URI, putAudioLevel, readAudioLevel, readVoiceActivity, SILENCE } from './audio-level.ts'
export { CAPTURE_TIME_URI, type CaptureTime, putCaptureTime, readCaptureTime } from './capture-time.ts'
export {
  type Chromaticity,
  COLOR_SPACE_URI,
  type ColorSpace,
  type HdrMetadata,
  putColorSpace,
  readColorSpace,
} from './color-space.ts'
export {
  DEPENDENCY_DESCRIPTOR_URI,
  type DependencyDescriptor,
  DependencyDescriptorReader,
  encodeDependencyDescriptor,
  putDependencyDescriptor,
} from './dependency-descriptor.ts'
export {
  DecodeTargetIndication,
  type DependencyStructure,
  decodeTargetLayers,
  type FrameDependencies,
} from './dependency-structure.ts'
export { MID_URI, putMid, readMid } from './mid.ts'
export { MIXER_AUDIO_LEVEL_URI, putMixerAudioLevels, readMixerAudioLevel } from './mixer-audio-level.ts'
export {
  LONGEST_PLAYOUT_DELAY,
  PLAYOUT_DELAY_URI,
  type PlayoutDelay,
  putPlayoutDelay,
  readPlayoutDelay,
} from './playout-delay.ts'
export {
  putSendTime,
  readSendTime,
  SEND_TIME_URI,
  sendTimeDifference,
  sendTimeOf,
  writeSendTime,
} from './send-time.ts'
export { putStreamId, REPAIRED_STREAM_ID_URI, readStreamId, STREAM_ID_URI } from './stream-id.ts'
export { putTransmissionOffset, readTransmissionOffset, TRANSMISSION_OFFSET_URI } from './transmission-offset.ts'
export {
  type FeedbackRequest,
  putTransportSequenceNumber,
  putTransportSequenceNumberV2,
  readFeedbackRequest,
  readTransportSequenceNumber,
  TRANSPORT_SEQUENCE_NUMBER_URI,
  TRANSPORT_SEQUENCE_NUMBER_V2_URI,
} from './transport-sequence-number.ts'
export {
  putVideoContentType,
  readVideoContentType,
  VIDEO_CONTENT_TYPE_URI,
  type VideoContentType,
} from './video-content-type.ts'
export {
  type LayerAllocation,
  putVideoLayersAllocation,
  readVideoLayersAllocation,
  VIDEO_LAYERS_ALLOCATION_URI,
  type VideoLayersAllocation,
} from './video-layers-allocation.ts'
export {
  putVideoOrientation,
  type Rotation,
  readVideoOrientation,
  VIDEO_ORIENTATION_URI,
  type VideoOrientation,
} from './video-orientation.ts'
export { putVideoTiming, readVideoTiming, VIDEO_TIMING_URI, type VideoTiming } from './video-timing.ts'
