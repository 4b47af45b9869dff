/** The attributes that are read further than their name, and what their values are once read. */

/** `a=fingerprint` (RFC 8122, 5): the hash function in lower case, the digest as upper-case hex pairs with colons. */
export interface FingerprintValue {
  readonly algorithm: string
  readonly value: string
}

/** `a=setup` (RFC 4145, 4; RFC 8842, 5.2). */
export type Setup = 'actpass' | 'active' | 'passive' | 'holdconn'

/** `a=sctpmap` of old drafts of RFC 8841, which aiortc still writes. */
export interface SctpMap {
  readonly port: number
  /** As `webrtc-datachannel`. */
  readonly protocol: string
  readonly streams?: number
}

/** `a=group` (RFC 5888, 5; RFC 9143). */
export interface Group {
  readonly semantics: string
  readonly mids: readonly string[]
}

/** `a=msid-semantic` (a draft of RFC 8830; browsers still write it). */
export interface MsidSemantic {
  readonly semantic: string
  readonly ids: readonly string[]
}

/** `a=msid` (RFC 8830, 2). An id of `-` means that the track is in no stream. */
export interface Msid {
  readonly id: string
  readonly appdata?: string
}

/** `a=rtpmap` (RFC 8866, 6.6). */
export interface RtpMap {
  readonly payloadType: number
  readonly encoding: string
  /** Hertz. */
  readonly clockRate: number
  /** The number of channels of audio, as it was written. */
  readonly parameters?: string
}

/** `a=fmtp` (RFC 8866, 6.15). `parameters` is one format's own language; `formatParameters` reads the usual one. */
export interface Fmtp {
  readonly format: string
  readonly parameters: string
}

/** `a=rtcp-fb` (RFC 4585, 4.2). */
export interface RtcpFeedback {
  readonly payloadType: number | '*'
  /** As `nack`, `ccm`, `transport-cc`. */
  readonly type: string
  readonly parameter?: string
}

export type Direction = 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive'

/** `a=extmap` (RFC 8285, 8). */
export interface ExtensionMap {
  readonly id: number
  readonly direction?: Direction
  readonly uri: string
  readonly attributes?: string
}

/** `a=rtcp` (RFC 3605, 2.1). */
export interface RtcpAddress {
  readonly port: number
  readonly networkType?: string
  readonly addressType?: string
  readonly address?: string
}

/** `a=ssrc` (RFC 5576, 4.1). */
export interface SsrcAttribute {
  readonly ssrc: number
  /** As `cname`, `msid`. */
  readonly attribute: string
  readonly value?: string
}

/** `a=ssrc-group` (RFC 5576, 4.2), as FID, SIM, FEC-FR. */
export interface SsrcGroup {
  readonly semantics: string
  readonly ssrcs: readonly number[]
}

/** `a=rid` (RFC 8851, 10). */
export interface Rid {
  readonly id: string
  readonly direction: 'send' | 'recv'
  /** Payload types that `pt=` names. */
  readonly formats?: readonly string[]
  /** The other restrictions in order, as `max-width`. */
  readonly restrictions: readonly { readonly name: string; readonly value?: string }[]
}

/** One stream of `a=simulcast` with its alternatives, the preferred one first (RFC 8853, 5.1). */
export type SimulcastStream = readonly { readonly rid: string; readonly paused: boolean }[]

export interface Simulcast {
  readonly send?: readonly SimulcastStream[]
  readonly recv?: readonly SimulcastStream[]
}

export interface AttributeValues {
  // ICE (RFC 8839, 5; RFC 8840, 4)
  /** The value behind `candidate:`; ice reads it. */
  candidate: string
  'end-of-candidates': true
  'ice-ufrag': string
  'ice-pwd': string
  'ice-lite': true
  'ice-mismatch': true
  'ice-options': readonly string[]
  /** Milliseconds. */
  'ice-pacing': number
  // DTLS (RFC 8122, 8842)
  fingerprint: FingerprintValue
  setup: Setup
  'tls-id': string
  // SCTP (RFC 8841)
  'sctp-port': number
  /** Bytes; 0 for any size. Larger than 2^53 - 1 reads as that. */
  'max-message-size': number
  /** An INIT chunk in base64 (draft-hancke-tsvwg-snap); jsep reads it. */
  'sctp-init': string
  /** No standard's: the largest datagram that whoever writes it takes; jsep reads it. */
  'x-purertc-largest-datagram': string
  sctpmap: SctpMap
  // Grouping (RFC 5888, 9143, 8830)
  group: Group
  mid: string
  'bundle-only': true
  'msid-semantic': MsidSemantic
  msid: Msid
  // RTP (RFC 8866, 3605, 4585, 5506, 5576, 5761, 8285, 8851, 8853, 8858)
  sendrecv: true
  sendonly: true
  recvonly: true
  inactive: true
  rtpmap: RtpMap
  fmtp: Fmtp
  'rtcp-fb': RtcpFeedback
  extmap: ExtensionMap
  'extmap-allow-mixed': true
  rtcp: RtcpAddress
  'rtcp-mux': true
  'rtcp-mux-only': true
  'rtcp-rsize': true
  /** RFC 9335, 4. */
  cryptex: true
  /** Milliseconds, fractions allowed. */
  ptime: number
  maxptime: number
  ssrc: SsrcAttribute
  'ssrc-group': SsrcGroup
  rid: Rid
  simulcast: Simulcast
}

export type AttributeName = keyof AttributeValues
