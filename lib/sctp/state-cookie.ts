/**
 * The State Cookie: all that the answer to an INIT has to remember, kept by the peer (RFC 9260 5.1.3).
 *
 * It is signed with a key that lives as long as the association (or longer, where its owner gives one) and expires after
 * a minute, so that only a peer that answers from where the INIT ACK went, and soon, makes this side keep anything.
 */

import { equalBytes, Reader, Writer } from '../bytes/index.ts'
import type { CryptoProvider, Mac } from '../crypto/index.ts'
import { randomBytes } from '../machine/index.ts'
import type { Agreement } from './agreement.ts'

/** Milliseconds (Valid.Cookie.Life of RFC 9260 16). */
export const COOKIE_LIFE = 60_000
const BODY = 39
const FORWARD_TSN = 1
const RECONFIG = 2
const INTERLEAVING = 4
const ZERO_CHECKSUM = 8
const PADDING = 16

export interface StateCookie extends Agreement {
  /** Monotonic milliseconds, whole. */
  readonly createdAt: number
  /** The tags of the association that stood when the INIT came; zero when there was none (5.2.2). */
  readonly localTieTag: number
  readonly peerTieTag: number
}

export class CookieJar {
  readonly #mac: Mac

  constructor(crypto: CryptoProvider, key: Uint8Array = randomBytes(crypto.random, 32)) {
    this.#mac = crypto.createMac('sha-256', key)
  }

  seal(cookie: StateCookie): Uint8Array {
    const body = new Writer(BODY + 32)
      .u48(cookie.createdAt)
      .u32(cookie.localTag)
      .u32(cookie.localTsn)
      .u32(cookie.peerTag)
      .u32(cookie.peerTsn)
      .u32(cookie.peerWindow)
      .u16(cookie.peerOutboundStreams)
      .u16(cookie.peerInboundStreams)
      .u8(
        (cookie.forwardTsn ? FORWARD_TSN : 0) |
          (cookie.reconfig ? RECONFIG : 0) |
          (cookie.interleaving ? INTERLEAVING : 0) |
          (cookie.zeroChecksum ? ZERO_CHECKSUM : 0) |
          (cookie.padding ? PADDING : 0),
      )
      .u32(cookie.localTieTag)
      .u32(cookie.peerTieTag)
    const tag = this.#mac.compute(body.finish())
    return body.bytes(tag).finish()
  }

  /** What was sealed here, or undefined when it was not. Whether it has expired is for the caller to see. */
  open(bytes: Uint8Array): StateCookie | undefined {
    if (bytes.length !== BODY + this.#mac.length) return undefined
    const tag = this.#mac.compute(bytes.subarray(0, BODY))
    if (!equalBytes(tag, bytes.subarray(BODY))) return undefined
    const reader = new Reader(bytes)
    const createdAt = reader.u48()
    const localTag = reader.u32()
    const localTsn = reader.u32()
    const peerTag = reader.u32()
    const peerTsn = reader.u32()
    const peerWindow = reader.u32()
    const peerOutboundStreams = reader.u16()
    const peerInboundStreams = reader.u16()
    const extensions = reader.u8()
    return {
      createdAt,
      localTag,
      localTsn,
      peerTag,
      peerTsn,
      peerWindow,
      peerOutboundStreams,
      peerInboundStreams,
      forwardTsn: (extensions & FORWARD_TSN) !== 0,
      reconfig: (extensions & RECONFIG) !== 0,
      interleaving: (extensions & INTERLEAVING) !== 0,
      zeroChecksum: (extensions & ZERO_CHECKSUM) !== 0,
      padding: (extensions & PADDING) !== 0,
      localTieTag: reader.u32(),
      peerTieTag: reader.u32(),
    }
  }
}
