/**
 * A transceiver as descriptions see it (RFC 9429, 3.4.1 and 4.2): what the application asks of an m-section, what the peer has
 * said of it, and what came of both. It is known by itself: the m-section it is associated with may change.
 */

import type { Codec, MediaKind, NegotiatedExtension, PayloadCodec } from '../rtp/index.ts'
import type { Direction, SsrcGroup } from '../sdp/index.ts'

export interface TransceiverInit {
  readonly kind: MediaKind
  /** `sendrecv` by default. */
  readonly direction?: Direction
  /** Of the streams that the track is announced in. */
  readonly streamIds?: readonly string[]
  /** Of the track that is sent; undefined where there is none. */
  readonly trackId?: string | undefined
  /** Whether addTrack made it: a peer's m-section may then take it (RFC 9429, 5.10). */
  readonly addedByTrack?: boolean
}

/** A stream that the peer's description names (RFC 5576). */
export interface RemoteSsrc {
  readonly ssrc: number
  readonly cname?: string
}

/** What the peer says of what it sends (RFC 8830). */
export interface RemoteTrack {
  /** Whether the peer's description has us receive. */
  readonly receives: boolean
  readonly streamIds: readonly string[]
  readonly trackId: string | undefined
}

/** What both descriptions have agreed on. */
export interface NegotiatedMedia {
  /** Ours. */
  readonly direction: Direction
  readonly reducedSize: boolean
  readonly mixedExtensions: boolean
  /** Whether header extensions and contributing sources are encrypted with the payload (RFC 9335). */
  readonly cryptex: boolean
  /** Whether receiver reference times may be reported (RFC 3611, 5.1: `rtcp-xr:rcvr-rtt`). */
  readonly receiverReferenceTime: boolean
  /** Where we may send: with the payload types and ids of the peer's description. */
  readonly send?: { readonly codecs: readonly PayloadCodec[]; readonly extensions: readonly NegotiatedExtension[] }
  /** Where we may receive: with those of ours. */
  readonly receive?: {
    readonly codecs: readonly PayloadCodec[]
    readonly extensions: readonly NegotiatedExtension[]
    readonly ssrcs: readonly RemoteSsrc[]
    readonly ssrcGroups: readonly SsrcGroup[]
  }
}

/** What a rollback brings back. */
export interface TransceiverState {
  readonly mid: string | undefined
  readonly mLineIndex: number | undefined
  readonly currentDirection: Direction | undefined
  readonly remote: RemoteTrack
  readonly negotiated: NegotiatedMedia | undefined
}

export const NO_TRACK: RemoteTrack = { receives: false, streamIds: [], trackId: undefined }

export class Transceiver {
  readonly kind: MediaKind
  /** Of the m-section that it is associated with. */
  mid: string | undefined
  mLineIndex: number | undefined
  /** What the application wants. */
  direction: Direction
  /** What was agreed on last. */
  currentDirection: Direction | undefined
  /** It is to stop: nothing flows, and the next offer of ours rejects its m-section. */
  stopping = false
  /** It is stopped for good. Until an answer agrees with that it is among the transceivers still. */
  stopped = false
  addedByTrack: boolean
  /** In the order of preference; empty: all that we can, in ours. */
  codecPreferences: readonly Codec[] = []
  /** Other directions than the capabilities have, by URI. */
  extensionDirections: ReadonlyMap<string, Direction | 'stopped'> = new Map()
  /** Of what is sent. */
  streamIds: readonly string[]
  trackId: string | undefined
  /** Changed where the peer has it too (RFC 3550, 8.2): that is to be negotiated. */
  ssrc: number
  rtxSsrc: number
  /** Of what the peer sends. */
  remote: RemoteTrack = NO_TRACK
  negotiated: NegotiatedMedia | undefined
  /** Whether a remote description made it that a rollback may undo. */
  createdByRemote = false

  constructor(init: TransceiverInit, ssrcs: { readonly ssrc: number; readonly rtxSsrc: number }) {
    this.kind = init.kind
    this.direction = init.direction ?? 'sendrecv'
    this.streamIds = init.streamIds ?? []
    this.trackId = init.trackId
    this.addedByTrack = init.addedByTrack ?? false
    this.ssrc = ssrcs.ssrc
    this.rtxSsrc = ssrcs.rtxSsrc
  }

  get state(): TransceiverState {
    const { mid, mLineIndex, currentDirection, remote, negotiated } = this
    return { mid, mLineIndex, currentDirection, remote, negotiated }
  }

  restore(state: TransceiverState): void {
    this.mid = state.mid
    this.mLineIndex = state.mLineIndex
    this.currentDirection = state.currentDirection
    this.remote = state.remote
    this.negotiated = state.negotiated
  }

  /** Its m-section is rejected, or its stop was agreed on (webrtc-pc, 5.4: stop the RTCRtpTransceiver). */
  stop(): void {
    this.stopping = true
    this.stopped = true
    this.direction = 'inactive'
    this.currentDirection = undefined
    this.negotiated = undefined
    this.remote = NO_TRACK
  }
}

/** What a description has changed. */
export interface TransceiverChanges {
  /** Made for m-sections of the peer's. */
  readonly created: readonly Transceiver[]
  /** Undone by a rollback. */
  readonly removed: readonly Transceiver[]
  /** Rejected: their m-sections are used no more. */
  readonly stopped: readonly Transceiver[]
}

export const NO_CHANGES: TransceiverChanges = { created: [], removed: [], stopped: [] }
