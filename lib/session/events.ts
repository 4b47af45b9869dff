/** What a session takes and what it tells: its options, its events, its error. */

import type { Packet } from '../bytes/index.ts'
import type { AssociationPreferences, ChannelEvent } from '../channel/index.ts'
import type { Certificate, CryptoProvider, FingerprintHash } from '../crypto/index.ts'
import type { DtlsError, DtlsState } from '../dtls/index.ts'
import type { CandidatePair, IceCandidate, IceParameters, IceRole, IceState } from '../ice/index.ts'
import type {
  BundlePolicy,
  HeaderEncryptionPolicy,
  MediaCapabilities,
  SignalingState,
  Transceiver,
} from '../jsep/index.ts'
import type { TraceSink } from '../machine/index.ts'
import type { DtlsPreferences } from '../transport/index.ts'

/** What the owner may say of the association, and of the datagrams that carry it. */
export interface SctpPreferences extends AssociationPreferences {
  /**
   * Whether to find out how large datagrams may be (RFC 8899): true unless `mtu` is given. A number is the largest to try,
   * in bytes of UDP payload, in place of what the path suggests. Beyond 1,472 bytes (IPv6: 1,452) no more is tried than the
   * peer's description says it takes (`a=x-purertc-largest-datagram`), whatever is given here.
   */
  readonly pathMtuDiscovery?: boolean | number
  /** Whether descriptions carry the INIT of the association (draft-hancke-tsvwg-snap): false. */
  readonly snap?: boolean
}

export interface SessionOptions {
  readonly crypto: CryptoProvider
  /** The first one is presented to the peer. Read when the first description is made: it may still be on its way before. */
  readonly certificates: readonly Certificate[]
  /** Puts a datagram on the wire from one of the bases that `addLocalCandidate` named. */
  readonly transmit: (packet: Packet, socket: number, address: string, port: number) => void
  /** Whether we only answer connectivity checks (RFC 8445, 2.5). False by default. */
  readonly iceLite?: boolean
  /** The ICE credentials that the first transport begins with; random ones by default. */
  readonly iceParameters?: IceParameters
  /** Whether transports are told apart by their credentials, since they share ports. False by default: they have the same. */
  readonly distinctIceCredentials?: boolean
  /** Versions and algorithms of DTLS, and who else is taken for the peer. */
  readonly dtls?: DtlsPreferences
  /** The hash functions of the fingerprints that descriptions announce: one `a=fingerprint` each. sha-256 by default. */
  readonly fingerprintHashes?: readonly FingerprintHash[]
  /** The largest message taken from the peer, in bytes: announced as `a=max-message-size` (RFC 8841). 262,144 by default. */
  readonly maxMessageSize?: number
  /** The datagrams that are taken to get through without trial, in bytes of UDP payload. 1,200 by default. */
  readonly mtu?: number
  readonly sctp?: SctpPreferences
  /** What can be sent and received: jsep's `DEFAULT_CAPABILITIES`, unless said. */
  readonly capabilities?: MediaCapabilities
  /** `balanced` by default (RFC 9429, 4.1.1). */
  readonly bundlePolicy?: BundlePolicy
  /** Whether header extensions are encrypted (RFC 9335; RFC 6904 where it is offered): they are not by default. */
  readonly headerEncryption?: HeaderEncryptionPolicy
  /** Milliseconds since 1970 where `now` is 0, for what RTCP says of the time; 0 by default. */
  readonly timeOrigin?: number
  readonly trace?: TraceSink
}

export type GatheringState = 'new' | 'gathering' | 'complete'

/** A candidate as signalling carries it. */
export interface CandidateInit {
  /** The candidate-attribute (RFC 8839, 5.1), or an empty string for the end of candidates. */
  readonly candidate: string
  readonly sdpMid: string | null
  readonly sdpMLineIndex: number | null
  readonly usernameFragment: string | null
}

export type SessionEvent =
  /**
   * The owner is to open bases, name what it finds with `addLocalCandidate`, and close with `endOfLocalCandidates`: at
   * first, and again at each ICE restart, when what stands is named again by the same numbers.
   */
  | { readonly type: 'gather'; readonly mid: string }
  /** A candidate of the peer's has a name: the owner looks it up, and calls `resolveName`. */
  | { readonly type: 'name'; readonly mid: string; readonly candidate: IceCandidate }
  | {
      readonly type: 'candidate'
      /** Of the transport, here and in what follows: the m-section that carried it first. */
      readonly mid: string
      /** The m-section that carries it now. */
      readonly sdpMid: string
      readonly mLineIndex: number
      readonly candidate: IceCandidate
      readonly text: string
      readonly usernameFragment: string
    }
  | {
      readonly type: 'end-of-candidates'
      readonly mid: string
      readonly sdpMid: string
      readonly mLineIndex: number
      readonly usernameFragment: string
    }
  | { readonly type: 'gathering'; readonly mid: string; readonly state: GatheringState }
  | { readonly type: 'ice'; readonly mid: string; readonly state: IceState }
  | { readonly type: 'role'; readonly mid: string; readonly role: IceRole }
  | { readonly type: 'selected'; readonly mid: string; readonly pair: CandidatePair }
  | { readonly type: 'dtls'; readonly mid: string; readonly state: DtlsState; readonly error?: DtlsError }
  /** The set of transports changed. */
  | { readonly type: 'transports' }
  | { readonly type: 'signaling'; readonly state: SignalingState }
  /** The peer asks for a key frame of what is sent there; at most a few a second. */
  | { readonly type: 'key-frame-requested'; readonly transceiver: Transceiver }
  /** The peer has our SSRC too: what is sent there has another from now on (RFC 3550, 8.2). */
  | { readonly type: 'ssrc-changed'; readonly transceiver: Transceiver }
  /** The first packet there since a description settled what may come. */
  | { readonly type: 'media'; readonly transceiver: Transceiver }
  /** The peer says that what it sent there is over (RFC 3550, 6.6). */
  | { readonly type: 'goodbye'; readonly transceiver: Transceiver }
  | ChannelEvent

/** A caller's mistake. `code` is the name of the DOMException that webrtc-pc gives it, or an RTCErrorDetailType. */
export class SessionError extends Error {
  override readonly name = 'SessionError'

  constructor(
    readonly code: string,
    message: string,
    /** For `sdp-syntax-error`: the line of the description, from 1. */
    readonly sdpLineNumber?: number,
  ) {
    super(message)
  }
}

/** Runs a step of the negotiation; its errors are told as the session's own. */
export const toldAsOwn = <T>(step: () => T): T => {
  try {
    return step()
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') throw error
    const line = 'sdpLineNumber' in error && typeof error.sdpLineNumber === 'number' ? error.sdpLineNumber : undefined
    throw new SessionError(error.code, error.message, line)
  }
}
