/** media: MediaStreamTrack and its family, sources and sinks. */

export type * from './constraint-types.ts'
export { addTrackTo, createStream, MediaStream, type MediaStreamEventMap, removeTrackFrom } from './media-stream.ts'
export { createTrack, MediaStreamTrack, type MediaStreamTrackEventMap, trackOf } from './media-stream-track.ts'
export { MediaStreamTrackEvent, type MediaStreamTrackEventInit } from './media-stream-track-event.ts'
export { OverconstrainedError } from './overconstrained-error.ts'
export { extensionTable, type RtpHeaderExtension, type SourcePacket, SourcePacketView } from './source-packet.ts'
export type { MediaStreamTrackState, Track } from './track.ts'
export { type MediaForm, type TrackSink, TrackSource, type TrackSourceOptions } from './track-source.ts'
