/**
 * What a negotiation has settled for the streams of one m-section, in each direction (RFC 9429, 5.10 and 5.11), and what
 * is handed to a sender to be sent.
 */

import type { NegotiatedExtension, PayloadCodec } from '../rtp/index.ts'

/** What a sender may send, as the peer's description has it. */
export interface SendParameters {
  /** Of the m-section: written into the MID extension until the peer is seen to know the stream (RFC 9143, 15). */
  readonly mid: string
  /** With the payload types to send, `rtx` and the like included; the first that is media is in use unless another is chosen. */
  readonly codecs: readonly PayloadCodec[]
  readonly extensions: readonly NegotiatedExtension[]
  /** Whether both forms of header extensions may be used (RFC 8285, 4.1.2). */
  readonly mixedExtensions: boolean
  /** Whether RTCP need not be compound (RFC 5506). */
  readonly reducedSize: boolean
  /** Whether receiver reference times are reported, so that a peer that only receives knows the round trip (`rtcp-xr:rcvr-rtt`). */
  readonly receiverReferenceTime?: boolean
}

/** What a receiver may get, as our description has it. */
export interface ReceiveParameters {
  readonly mid: string
  /** With the payload types to expect. */
  readonly codecs: readonly PayloadCodec[]
  readonly extensions: readonly NegotiatedExtension[]
  readonly reducedSize: boolean
  readonly receiverReferenceTime?: boolean
  /** The streams that the peer's description names (RFC 5576). */
  readonly ssrcs: readonly number[]
  /** Its groups, as FID: an original stream and its retransmissions (RFC 5576, 4.2; RFC 4588, 8.8). */
  readonly ssrcGroups: readonly { readonly semantics: string; readonly ssrcs: readonly number[] }[]
}

/** A packet to send on: what its source gave it, to be rewritten for the stream that carries it. All of it is borrowed. */
export interface OutgoingRtp {
  /** Where it comes from: packets of another source are joined to those before without a gap. */
  readonly source: object
  readonly bytes: Uint8Array
  readonly payloadStart: number
  readonly payloadEnd: number
  /** Of its source. */
  readonly sequenceNumber: number
  /** Of its source, in units of `clockRate`. */
  readonly timestamp: number
  readonly marker: boolean
  /** Hertz. */
  readonly clockRate: number
  /** As `video/VP8`: a sender that has agreed on no such codec does not send it. */
  readonly mimeType: string
  /** Format parameters of its codec, where they matter for choosing among ours (H264's profile, VP9's). */
  readonly sdpFmtpLine?: string | undefined
  readonly csrcs?: readonly number[]
  /** Header extensions to pass on, by URI: those that were not agreed on are left out, and those that a sender writes itself. */
  readonly extensions?: readonly { readonly uri: string; readonly bytes: Uint8Array }[]
}
