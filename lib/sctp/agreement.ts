/**
 * What two sides agree on when an association begins: the numbers of each INIT, and the extensions that both of them
 * have (Supported Extensions of RFC 5061 4.2.7).
 *
 * Each side works it out by itself from what it announced and what it was told, so that the rules have to be the peer's
 * rules too: interleaving is in use when both list I-DATA (RFC 8260 2.2.1), and then messages are given up by
 * I-FORWARD-TSN alone (2.3.1). Checksums are a matter of each direction (RFC 9653 5.2).
 */

import type { Init } from './init-chunk.ts'

export interface Agreement {
  readonly localTag: number
  readonly localTsn: number
  readonly peerTag: number
  readonly peerTsn: number
  /** The peer's receiver window in bytes. */
  readonly peerWindow: number
  readonly peerOutboundStreams: number
  readonly peerInboundStreams: number
  /** The peer takes FORWARD-TSN, or I-FORWARD-TSN when messages are interleaved. */
  readonly forwardTsn: boolean
  readonly reconfig: boolean
  /** Both sides take I-DATA: nothing else carries user data then (RFC 8260 2.2.1). */
  readonly interleaving: boolean
  /** The peer takes packets of ours without a checksum (RFC 9653). */
  readonly zeroChecksum: boolean
  /** The peer seems to pass over chunks that it does not know, as RFC 9260 3.2 says: PAD may be sent to it. */
  readonly padding: boolean
}

/**
 * Bytes of receiver window from which on a peer counts as one of the stacks that pass over unknown chunks: libwebrtc, which
 * announces nothing else of itself, has 5 MiB. There are stacks that fail as a whole on a PAD chunk (werift 0.25 ends its
 * process); they announce 1 MiB or less, and none of the newer extensions.
 */
const LARGE_WINDOW = 4 * 1024 * 1024

/** What this side can. */
export interface Abilities {
  /** It lists I-DATA and I-FORWARD-TSN. */
  readonly interleaving: boolean
  /** Its packets travel in DTLS: it may leave the checksum out when the peer takes that. */
  readonly dtls: boolean
  /** It takes packets without a checksum, and says so. */
  readonly zeroChecksum: boolean
}

/**
 * @param local What this side announced.
 * @param peer What the other did.
 */
export const agree = (
  local: { readonly tag: number; readonly initialTsn: number },
  peer: Init,
  abilities: Abilities,
): Agreement => {
  const interleaving = abilities.interleaving && peer.interleaving
  return {
    localTag: local.tag,
    localTsn: local.initialTsn,
    peerTag: peer.tag,
    peerTsn: peer.initialTsn,
    peerWindow: peer.window,
    peerOutboundStreams: peer.outboundStreams,
    peerInboundStreams: peer.inboundStreams,
    forwardTsn: interleaving ? peer.interleavedForwardTsn : peer.forwardTsn,
    reconfig: peer.reconfig,
    interleaving,
    zeroChecksum: abilities.dtls && peer.zeroChecksum,
    padding: peer.interleaving || peer.zeroChecksum || peer.window >= LARGE_WINDOW,
  }
}
