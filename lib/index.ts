/** purertc: WebRTC as W3C has it (webrtc-pc, webrtc-stats), for any platform that runs JavaScript with sockets. */

export type * from './media/index.ts'
export {
  EncodedAudioChunk,
  EncodedAudioSource,
  EncodedChunkReader,
  EncodedFrameReader,
  EncodedVideoChunk,
  EncodedVideoSource,
  KeyFrameRequestEvent,
  MediaStream,
  MediaStreamTrack,
  MediaStreamTrackEvent,
  OverconstrainedError,
  RTCEncodedAudioFrame,
  RTCEncodedVideoFrame,
  RtpReader,
  RtpSource,
} from './media/index.ts'
export * from './peer/index.ts'
