/**
 * What we can send and receive, unless whoever makes a negotiation says otherwise: codecs with the payload types that we
 * prefer, in the order of preference, and header extensions. Nothing here is decoded: packets and frames are handed on, so
 * that every codec with a payload format is one that we can do.
 */

import type { CodecFeedback, MediaKind, PayloadCodec } from '../rtp/index.ts'
import type { Direction } from '../sdp/index.ts'

export interface ExtensionCapability {
  readonly uri: string
  /** Offered in this direction unless the application asks for another; `stopped`: only on request. */
  readonly direction: Direction | 'stopped'
}

export interface KindCapabilities {
  readonly codecs: readonly PayloadCodec[]
  readonly headerExtensions: readonly ExtensionCapability[]
}

export type MediaCapabilities = Readonly<Record<MediaKind, KindCapabilities>>

const TRANSPORT_CC: readonly CodecFeedback[] = [{ type: 'transport-cc' }]
const VIDEO_FEEDBACK: readonly CodecFeedback[] = [
  { type: 'transport-cc' },
  { type: 'ccm', parameter: 'fir' },
  { type: 'nack' },
  { type: 'nack', parameter: 'pli' },
]

const audio = (
  payloadType: number,
  encoding: string,
  clockRate: number,
  channels: number,
  sdpFmtpLine?: string,
  feedback: readonly CodecFeedback[] = [],
): PayloadCodec => ({
  payloadType,
  mimeType: `audio/${encoding}`,
  clockRate,
  channels,
  feedback,
  ...(sdpFmtpLine !== undefined && { sdpFmtpLine }),
})

/** A codec and its retransmissions (RFC 4588). */
const video = (payloadType: number, rtx: number, encoding: string, sdpFmtpLine?: string): readonly PayloadCodec[] => [
  {
    payloadType,
    mimeType: `video/${encoding}`,
    clockRate: 90_000,
    feedback: VIDEO_FEEDBACK,
    ...(sdpFmtpLine !== undefined && { sdpFmtpLine }),
  },
  { payloadType: rtx, mimeType: 'video/rtx', clockRate: 90_000, sdpFmtpLine: `apt=${payloadType}`, feedback: [] },
]

const h264 = (payloadType: number, rtx: number, profile: string, mode: 0 | 1): readonly PayloadCodec[] =>
  video(payloadType, rtx, 'H264', `level-asymmetry-allowed=1;packetization-mode=${mode};profile-level-id=${profile}`)

const MID = 'urn:ietf:params:rtp-hdrext:sdes:mid'
const RID = 'urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id'
const REPAIRED_RID = 'urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id'
const SEND_TIME = 'http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time'
const TRANSPORT_NUMBER = 'http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01'
const both = (uri: string): ExtensionCapability => ({ uri, direction: 'sendrecv' })
const onRequest = (uri: string): ExtensionCapability => ({ uri, direction: 'stopped' })

export const DEFAULT_CAPABILITIES: MediaCapabilities = {
  audio: {
    codecs: [
      audio(111, 'opus', 48_000, 2, 'minptime=10;useinbandfec=1', TRANSPORT_CC),
      audio(63, 'red', 48_000, 2, '111/111'),
      audio(9, 'G722', 8000, 1),
      audio(0, 'PCMU', 8000, 1),
      audio(8, 'PCMA', 8000, 1),
      audio(13, 'CN', 8000, 1),
      audio(110, 'telephone-event', 48_000, 1),
      audio(126, 'telephone-event', 8000, 1),
    ],
    headerExtensions: [
      both('urn:ietf:params:rtp-hdrext:ssrc-audio-level'),
      both(SEND_TIME),
      both(TRANSPORT_NUMBER),
      both(MID),
      onRequest('urn:ietf:params:rtp-hdrext:csrc-audio-level'),
      onRequest('http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time'),
    ],
  },
  video: {
    codecs: [
      ...video(96, 97, 'VP8'),
      ...h264(103, 104, '42001f', 1),
      ...h264(107, 108, '42001f', 0),
      ...h264(109, 114, '42e01f', 1),
      ...h264(115, 116, '42e01f', 0),
      ...h264(117, 118, '4d001f', 1),
      ...h264(39, 40, '4d001f', 0),
      ...h264(41, 42, '64001f', 1),
      ...video(45, 46, 'AV1', 'level-idx=5;profile=0;tier=0'),
      ...video(98, 99, 'VP9', 'profile-id=0'),
      ...video(100, 101, 'VP9', 'profile-id=2'),
      ...video(49, 50, 'H265', 'level-id=93;profile-id=1;tier-flag=0;tx-mode=SRST'),
    ],
    headerExtensions: [
      both('urn:ietf:params:rtp-hdrext:toffset'),
      both(SEND_TIME),
      both('urn:3gpp:video-orientation'),
      both(TRANSPORT_NUMBER),
      both('http://www.webrtc.org/experiments/rtp-hdrext/playout-delay'),
      both('http://www.webrtc.org/experiments/rtp-hdrext/video-content-type'),
      both('http://www.webrtc.org/experiments/rtp-hdrext/video-timing'),
      both('http://www.webrtc.org/experiments/rtp-hdrext/color-space'),
      both(MID),
      both(RID),
      both(REPAIRED_RID),
      onRequest('http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time'),
      onRequest('https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension'),
      onRequest('http://www.webrtc.org/experiments/rtp-hdrext/video-layers-allocation00'),
    ],
  },
}
