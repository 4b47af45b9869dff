/**
 * A codec as descriptions, W3C's dictionaries and payload formats name it (RFC 8866, 6.6 and 6.15; webrtc-pc,
 * RTCRtpCodecParameters), and what may be told back about its streams (RFC 4585, 4.2).
 */

export type MediaKind = 'audio' | 'video'

/** A codec and its format parameters, before a payload type is given to it. */
export interface Codec {
  /** As `video/VP8`; compared without regard to case. `rtx`, `red`, `telephone-event`, `CN` are codecs here too. */
  readonly mimeType: string
  /** Hertz of the RTP timestamp. */
  readonly clockRate: number
  /** Of audio: 1 where it is not said. Absent for video. */
  readonly channels?: number
  /** The text of `a=fmtp` behind the payload type; read with `formatParametersOf`, never compared as text. */
  readonly sdpFmtpLine?: string
}

/** One `a=rtcp-fb`: as `nack`, `nack pli`, `ccm fir`, `transport-cc`, `goog-remb`. */
export interface CodecFeedback {
  readonly type: string
  readonly parameter?: string
}

/** A codec with the payload type that a description gives it, in one direction. */
export interface PayloadCodec extends Codec {
  /** 0 to 127, without 64 to 95 (RFC 5761, 4). */
  readonly payloadType: number
  readonly feedback: readonly CodecFeedback[]
}

/** A negotiated header extension (RFC 8285): ids 1 to 255. */
export interface NegotiatedExtension {
  readonly uri: string
  readonly id: number
  /** Encrypted as RFC 6904 has it. */
  readonly encrypted?: boolean
}

/** `VP8` of `video/VP8`, in upper case, to compare with. */
export const encodingOf = ({ mimeType }: Codec): string => mimeType.slice(mimeType.indexOf('/') + 1).toUpperCase()
