/** media: MediaStreamTrack and its family, sources and sinks. */

export type { ApplicationSourceEventMap, ApplicationSourceInit } from './application-source.ts'
export { audioSettings, codecOf, type SourceCodec } from './codec-name.ts'
export type * from './constraint-types.ts'
export {
  createAudioFrame,
  fromAudioFrame,
  RTCEncodedAudioFrame,
  type RTCEncodedAudioFrameOptions,
} from './encoded-audio-frame.ts'
export { EncodedAudioChunk, type EncodedChunkInit, type EncodedChunkType, EncodedVideoChunk } from './encoded-chunk.ts'
export type {
  RTCEncodedAudioFrameMetadata,
  RTCEncodedFrameMetadata,
  RTCEncodedVideoFrameMetadata,
} from './encoded-frame.ts'
export {
  EncodedChunkReader,
  type EncodedChunkReaderOptions,
  EncodedFrameReader,
  type EncodedFrameReaderOptions,
} from './encoded-frame-reader.ts'
export {
  type EncodedAudioFrameLike,
  EncodedAudioSource,
  type EncodedChunkLike,
  type EncodedChunkMetadata,
  type EncodedSourceCounters,
  type EncodedSourceInit,
  type EncodedVideoFrameLike,
  EncodedVideoSource,
} from './encoded-source.ts'
export {
  createVideoFrame,
  fromVideoFrame,
  RTCEncodedVideoFrame,
  type RTCEncodedVideoFrameOptions,
} from './encoded-video-frame.ts'
export { KeyFrameRequestEvent } from './key-frame-request-event.ts'
export { addTrackTo, createStream, MediaStream, type MediaStreamEventMap, removeTrackFrom } from './media-stream.ts'
export { createTrack, MediaStreamTrack, type MediaStreamTrackEventMap, trackOf } from './media-stream-track.ts'
export { MediaStreamTrackEvent, type MediaStreamTrackEventInit } from './media-stream-track-event.ts'
export { OverconstrainedError } from './overconstrained-error.ts'
export { type ReceivedRtpPacket, RtpReader, type RtpReaderOptions } from './rtp-reader.ts'
export {
  type RtpPacketInit,
  RtpSource,
  type RtpSourceCodec,
  type RtpSourceCounters,
  type RtpSourceInit,
} from './rtp-source.ts'
export { extensionTable, type RtpHeaderExtension, type SourcePacket, SourcePacketView } from './source-packet.ts'
export type { MediaStreamTrackState, Track } from './track.ts'
export type { ReaderCounters, ReaderOptions } from './track-reader.ts'
export { type MediaForm, type TrackSink, TrackSource, type TrackSourceOptions } from './track-source.ts'
