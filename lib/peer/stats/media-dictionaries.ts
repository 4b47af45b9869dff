/** The dictionaries of webrtc-stats that describe RTP streams and what they carry (webrtc-stats, section 8). */

import type { RTCStats } from './base.ts'

export interface RTCCodecStats extends RTCStats {
  type: 'codec'
  payloadType: number
  transportId: string
  mimeType: string
  /** Hertz. */
  clockRate: number
  channels?: number
  sdpFmtpLine?: string
}

interface RtpStreamStats extends RTCStats {
  ssrc: number
  kind: string
  transportId: string
  codecId?: string
}

interface ReceivedRtpStreamStats extends RtpStreamStats {
  /** Of one's own streams: retransmissions among them. What a peer's reports say of ours has no such number. */
  packetsReceived?: number
  /** Less than nothing where duplicates came (RFC 3550, 6.4.1). Those that were sent again are counted as lost. */
  packetsLost: number
  /** Seconds (RFC 3550, A.8). */
  jitter: number
}

/**
 * Nothing is decoded or played here, so that there are no members about that: frames are counted where the application takes
 * frames, and are then put together.
 */
export interface RTCInboundRtpStreamStats extends ReceivedRtpStreamStats {
  type: 'inbound-rtp'
  trackIdentifier: string
  mid?: string
  /** The sender's own report of the stream, once there was one. */
  remoteId?: string
  packetsReceived: number
  bytesReceived: number
  headerBytesReceived: number
  /** Milliseconds since 1970. */
  lastPacketReceivedTimestamp?: number
  framesReceived?: number
  framesDropped?: number
  /** Addition: frames that can be decoded without another. */
  keyFramesReceived?: number
  /** Seconds from the first packet of each frame until it was whole, in sum. */
  totalAssemblyTime?: number
  nackCount?: number
  firCount?: number
  pliCount?: number
  retransmittedPacketsReceived?: number
  retransmittedBytesReceived?: number
}

export interface RTCOutboundRtpStreamStats extends RtpStreamStats {
  type: 'outbound-rtp'
  mid?: string
  /** Absent while the sender has no track. */
  mediaSourceId?: string
  /** What the peer reports of the stream, once it did. */
  remoteId?: string
  /** Video: of the encodings that getParameters tells. */
  encodingIndex?: number
  packetsSent: number
  bytesSent: number
  headerBytesSent: number
  retransmittedPacketsSent: number
  retransmittedBytesSent: number
  rtxSsrc?: number
  framesSent?: number
  nackCount?: number
  firCount?: number
  pliCount?: number
  active: boolean
}

export interface RTCRemoteInboundRtpStreamStats extends ReceivedRtpStreamStats {
  type: 'remote-inbound-rtp'
  localId: string
  /** Seconds. */
  roundTripTime?: number
  totalRoundTripTime: number
  roundTripTimeMeasurements: number
  /** 0 to 1. */
  fractionLost: number
}

export interface RTCRemoteOutboundRtpStreamStats extends RtpStreamStats {
  type: 'remote-outbound-rtp'
  localId: string
  packetsSent: number
  bytesSent: number
  /** Milliseconds since 1970, by the peer's clock. */
  remoteTimestamp: number
  reportsSent: number
}

export interface RTCMediaSourceStats extends RTCStats {
  type: 'media-source'
  trackIdentifier: string
  kind: string
  /** Video, where it is known: pixels. */
  width?: number
  height?: number
  /** Video: that came from the source. */
  frames?: number
  /** Of the last second; absent in the first one. */
  framesPerSecond?: number
}
