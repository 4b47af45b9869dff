/** What every dictionary of webrtc-stats has (webrtc-pc, 8.2; webrtc-stats, 6). */

export type RTCStatsType =
  | 'codec'
  | 'inbound-rtp'
  | 'outbound-rtp'
  | 'remote-inbound-rtp'
  | 'remote-outbound-rtp'
  | 'media-source'
  | 'peer-connection'
  | 'data-channel'
  | 'transport'
  | 'sctp-transport'
  | 'candidate-pair'
  | 'local-candidate'
  | 'remote-candidate'
  | 'certificate'

export interface RTCStats {
  /** The same for the same object in every report of a connection. */
  id: string
  /** Milliseconds since 1970 UTC, with fractions. */
  timestamp: number
  type: RTCStatsType
}
