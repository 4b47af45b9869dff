/** Whom the client talks to: permissions are per address, channels per address and port (RFC 8656, 9 and 12). */

import type { Packet } from '../bytes/index.ts'
import type { IndicationPeer } from './indication.ts'

/** Milliseconds for which the server keeps a channel (RFC 8656, 12). */
export const CHANNEL_LIFETIME = 600_000
/** How long after that the server may still have it: its clock starts when it gets the request. */
const MARGIN = 60_000

export class Peer implements IndicationPeer {
  /** Undefined until it is worth one. */
  channel: Channel | undefined
  /** Send indications so far. */
  indications = 0
  /** When something last went to or came from it. */
  usedAt: number

  constructor(
    readonly permission: Permission,
    readonly port: number,
    now: number,
  ) {
    this.usedAt = now
  }

  get bytes(): Uint8Array {
    return this.permission.bytes
  }
}

export class Permission {
  /** Until when the server relays to and from the address, as far as we know. */
  grantedUntil = Number.NEGATIVE_INFINITY
  /** Until when it is not asked again. */
  refusedUntil = Number.NEGATIVE_INFINITY
  /** When the server is to be asked for it, or Infinity. */
  askAt: number
  /** Whether a request for it is under way. */
  asking = false
  /** Whether it is to be asked for alone, since a request for several was refused. */
  alone = false
  /** Whether it is kept without being used. */
  kept = false
  usedAt: number
  readonly peers = new Map<number, Peer>()
  /** What waits for the permission. */
  readonly queue: { readonly peer: Peer; readonly packet: Packet }[] = []

  constructor(
    /** Canonical text. */
    readonly address: string,
    /** 4 or 16. */
    readonly bytes: Uint8Array,
    now: number,
  ) {
    this.askAt = now
    this.usedAt = now
  }

  /** Whether nothing would be lost if it were forgotten. */
  isIdle(now: number): boolean {
    if (now < this.grantedUntil || now < this.refusedUntil) return false
    if (this.asking || this.askAt !== Number.POSITIVE_INFINITY || this.queue.length > 0) return false
    // The server may not be asked to bind the peer to another channel while this one may still stand there.
    for (const { channel } of this.peers.values()) if (channel?.mayBeBound(now)) return false
    return true
  }
}

/** A number that stands for a peer. */
export class Channel {
  /** Until when it may be used; never before the server has agreed. */
  boundUntil = Number.NEGATIVE_INFINITY
  /** When it is to be bound again, or Infinity. */
  refreshAt = Number.POSITIVE_INFINITY
  /** When it was asked for the last time. */
  askedAt = Number.NEGATIVE_INFINITY
  asking = false
  /** Not to be asked for before this: Infinity when the server has refused it. */
  notBefore = Number.NEGATIVE_INFINITY

  constructor(
    readonly number: number,
    readonly peer: Peer,
  ) {}

  /** Whether the server may have bound it. */
  mayBeBound(now: number): boolean {
    return this.asking || now < this.askedAt + CHANNEL_LIFETIME + MARGIN
  }
}
