/**
 * What goes between a negotiation and its owner: the owner tells of its transports when a description is made, and is
 * told what to build, connect or drop when one is applied (RFC 9429, sections 5.9 to 5.11).
 */

import type { FingerprintValue, Setup } from '../sdp/index.ts'
import type { SignalingState } from './signaling-state.ts'
import type { Transceiver, TransceiverChanges } from './transceiver.ts'

export type DtlsRole = 'client' | 'server'

/** The transport of an m-section as a description has it, session-level attributes included. */
export interface TransportDescription {
  readonly usernameFragment: string
  readonly password: string
  readonly iceLite: boolean
  readonly iceOptions: readonly string[]
  readonly fingerprints: readonly FingerprintValue[]
  readonly setup: Setup
  /** `candidate:...` each: those of the description, then those that trickled in. */
  readonly candidates: readonly string[]
  readonly endOfCandidates: boolean
}

/** What a description being made says of one of our transports. */
export interface LocalTransport {
  readonly usernameFragment: string
  readonly password: string
  /** `candidate:...` each, of the generation of these credentials. */
  readonly candidates: readonly string[]
  readonly endOfCandidates: boolean
  /** Once DTLS has begun. */
  readonly dtlsRole?: DtlsRole
}

export interface LocalContext {
  /** Of our certificate. */
  readonly fingerprints: readonly FingerprintValue[]
  /**
   * The transport that the m-section `mid` carries. Fresh credentials, kept until they are applied or void, when there
   * is none yet or when a restart is due: `iceRestart`, or an offer of the peer with new credentials.
   */
  transport(mid: string, iceRestart: boolean): LocalTransport
  /** The largest datagram that we take, in bytes of UDP payload; not announced where it is not said. */
  readonly largestDatagram?: number
  /** Where descriptions are to carry the INIT chunk of the association (draft-hancke-tsvwg-snap): ours, and which of the peer's can be used. */
  readonly snap?: { readonly init: Uint8Array; readonly accepts: (init: Uint8Array) => boolean }
}

/** The ports and sizes of an SCTP association (RFC 8841, 5 and 6). */
export interface SctpDescription {
  readonly localPort: number
  readonly remotePort: number
  readonly localMaxMessageSize: number
  /** Bytes; 0 for any size. 65,536 where the peer says nothing. */
  readonly remoteMaxMessageSize: number
  /** The largest datagram that the peer says it takes, in bytes of UDP payload; undefined where it does not say. */
  readonly remoteLargestDatagram?: number
  /** The INIT chunks that both descriptions carry, so that neither is sent (draft-hancke-tsvwg-snap). */
  readonly inits?: { readonly local: Uint8Array; readonly remote: Uint8Array }
}

/** One m-section after a description was applied. */
export interface AppliedMedia {
  readonly mid: string
  readonly index: number
  /** `application`, `audio`, `video`, ... */
  readonly kind: string
  readonly rejected: boolean
  /** The mid of the m-section whose transport this one uses: the BUNDLE-tagged one (RFC 9143), or its own. */
  readonly transportMid: string
  /** Ours, once a local description has it. */
  readonly local?: TransportDescription
  /** The peer's: of the description in force until an offer is answered. */
  readonly remote?: TransportDescription
  /** Ours, once an answer has been applied; kept while the transport is. */
  readonly dtlsRole?: DtlsRole
  /** Of a data m-section that both descriptions have. */
  readonly sctp?: SctpDescription
  /** Of an audio or video m-section: to whom it belongs, and what was agreed on (`negotiated`). */
  readonly transceiver?: Transceiver
}

export interface Applied {
  readonly signalingState: SignalingState
  readonly media: readonly AppliedMedia[]
  /** Whether this undid a pending offer. */
  readonly rolledBack: boolean
  readonly transceivers: TransceiverChanges
}
