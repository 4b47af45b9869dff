/**
 * Setting an association up: INIT, INIT ACK, COOKIE ECHO, COOKIE ACK (RFC 9260 5.1), both sides at once and all other
 * collisions (5.2), and the T1 timer.
 *
 * It knows tags and cookies; what it decides, the association carries out.
 */

import type { CryptoProvider } from '../crypto/index.ts'
import { type Random, randomU32, Timer } from '../machine/index.ts'
import { type Abilities, type Agreement, agree } from './agreement.ts'
import { CAUSE, CHUNK, CHUNK_HEADER, PARAMETER } from './chunk-type.ts'
import type { SctpCounters } from './counters.ts'
import { missingParameter, staleCookie, writeCause } from './error-cause.ts'
import { type Init, type LocalInit, writeInit } from './init-chunk.ts'
import type { PacketBuilder } from './packet-builder.ts'
import { writeSignalledInit } from './signalled-init.ts'
import { COOKIE_LIFE, CookieJar, type StateCookie } from './state-cookie.ts'

export type EstablishmentState = 'idle' | 'cookie-wait' | 'cookie-echoed' | 'established'

export interface EstablishmentOptions {
  readonly crypto: CryptoProvider
  readonly window: number
  readonly outboundStreams: number
  readonly inboundStreams: number
  readonly abilities: Abilities
  /** Milliseconds until an INIT or COOKIE ECHO is sent again the first time. */
  readonly initialTimeout: number
  readonly largestTimeout: number
  /** Max.Init.Retransmits. */
  readonly maxRetransmissions: number
  readonly cookieKey: Uint8Array | undefined
}

/** What a COOKIE ECHO asks for (5.2.4). */
export type CookieVerdict =
  | 'discard'
  /** The association is up by it; answer. */
  | 'establish'
  /** It was up already, and the answer was lost; answer again. */
  | 'repeat'
  /** The peer has begun anew. */
  | 'restart'
  /** The peer has begun anew, and this association has not quite ended. */
  | 'too-late'

/** How many of the peer's answers about a stale cookie are believed. */
const MAX_STALE = 3

export class Establishment {
  state: EstablishmentState = 'idle'
  /** T1-init, T1-cookie. */
  readonly timer = new Timer()
  agreement: Agreement | undefined
  readonly #options: EstablishmentOptions
  readonly #random: Random
  readonly #cookies: CookieJar
  readonly #counters: SctpCounters
  #localTag = 0
  #localTsn = 0
  #timeout: number
  #attempts = 0
  #stale = 0
  #peerCookie: Uint8Array = new Uint8Array(0)
  /** The INIT of ours that is signalled, once there is one. */
  #signalled: LocalInit | undefined
  /** The peer's came by signalling too: nothing of the handshake was exchanged in packets. */
  #bySignalling = false

  constructor(options: EstablishmentOptions, counters: SctpCounters) {
    this.#options = options
    this.#random = options.crypto.random
    this.#cookies = new CookieJar(options.crypto, options.cookieKey)
    this.#counters = counters
    this.#timeout = options.initialTimeout
  }

  /** The tag under which the peer must send; zero before there is one. */
  get localTag(): number {
    return this.agreement?.localTag ?? this.#localTag
  }

  /** The tag of the INIT that is signalled; zero when there is none. */
  get signalledTag(): number {
    return this.#signalled?.tag ?? 0
  }

  /** Our INIT for signalling: the same one each time. It changes no state, and no timer runs for it. */
  signal(): Uint8Array {
    this.#signalled ??= this.#localInit(this.#newTag())
    return writeSignalledInit(this.#signalled)
  }

  /** Both INITs were signalled: the association is up. Returns false when ours was not. */
  adoptSignalled(init: Init, packets: PacketBuilder): boolean {
    const local = this.#signalled
    if (local === undefined) return false
    this.#localTag = local.tag
    this.#localTsn = local.initialTsn
    this.agreement = agree(local, init, this.#options.abilities)
    packets.tag = init.tag
    this.state = 'established'
    this.#bySignalling = true
    return true
  }

  /** Sends INIT. */
  begin(packets: PacketBuilder, now: number): void {
    // The peer may know the INIT that was signalled, and be established by it.
    const known = this.#localTag === 0 ? this.#signalled : undefined
    this.#localTag = known?.tag ?? this.#newTag()
    this.#localTsn = known?.initialTsn ?? randomU32(this.#random)
    this.state = 'cookie-wait'
    this.#attempts = 0
    this.#timeout = this.#options.initialTimeout
    this.#sendInit(packets, now)
  }

  /** T1 ran out: sends again. Returns false when that was tried often enough. */
  expire(packets: PacketBuilder, now: number): boolean {
    if (this.#attempts >= this.#options.maxRetransmissions) return false
    this.#attempts++
    this.#timeout = Math.min(this.#timeout * 2, this.#options.largestTimeout)
    if (this.state === 'cookie-wait') this.#sendInit(packets, now)
    else this.#sendCookie(packets, now)
    return true
  }

  /** Answers an INIT without keeping anything of it (5.1, 5.2.1, 5.2.2). */
  receiveInit(init: Init, packets: PacketBuilder, now: number): void {
    // An INIT with a zero tag is not answered at all (3.3.2); one without streams is refused.
    if (init.tag === 0) {
      this.#counters.malformed++
      return
    }
    if (init.outboundStreams === 0 || init.inboundStreams === 0) {
      packets.alone(init.tag, CHUNK.ABORT, 0, writeCause(CAUSE.INVALID_PARAMETER), now)
      return
    }
    const { agreement, state } = this
    // Tags and TSNs stay as they are for a peer that has not begun anew: it opens at the same time, or sends the INIT that
    // it signalled as well.
    const opening = state === 'cookie-wait' || state === 'cookie-echoed'
    const again = this.#bySignalling && init.tag === agreement?.peerTag && init.initialTsn === agreement.peerTsn
    const same = opening || again
    const local = this.#localInit(same ? this.#localTag : this.#newTag(), same ? this.#localTsn : undefined)
    const cookie = this.#cookies.seal({
      ...agree(local, init, this.#options.abilities),
      createdAt: Math.floor(now),
      localTieTag: agreement?.localTag ?? 0,
      peerTieTag: agreement?.peerTag ?? 0,
    })
    packets.alone(init.tag, CHUNK.INIT_ACK, 0, writeInit(local, cookie, init.unrecognized), now)
  }

  /** The answer to our INIT: sends COOKIE ECHO. Returns false when the association cannot be. */
  receiveInitAck(init: Init, packets: PacketBuilder, now: number): boolean {
    if (this.state !== 'cookie-wait') {
      this.#counters.unexpected++
      return true
    }
    // Under no tag nothing can be answered (3.3.3).
    if (init.tag === 0) return false
    if (init.cookie === undefined || init.outboundStreams === 0 || init.inboundStreams === 0) {
      const cause =
        init.cookie === undefined ? missingParameter(PARAMETER.STATE_COOKIE) : writeCause(CAUSE.INVALID_PARAMETER)
      packets.alone(init.tag, CHUNK.ABORT, 0, cause, now)
      return false
    }
    // A cookie that fits into no packet of ours can never be sent back.
    if (CHUNK_HEADER + init.cookie.length > packets.largestChunk) {
      packets.alone(init.tag, CHUNK.ABORT, 0, writeCause(CAUSE.OUT_OF_RESOURCE), now)
      return false
    }
    this.#peerCookie = new Uint8Array(init.cookie)
    const local = { tag: this.#localTag, initialTsn: this.#localTsn }
    this.agreement = agree(local, init, this.#options.abilities)
    this.state = 'cookie-echoed'
    this.#attempts = 0
    this.#timeout = this.#options.initialTimeout
    packets.tag = init.tag
    this.#sendCookie(packets, now, init.unrecognized)
    return true
  }

  /**
   * Table 12 of 5.2.4. The verdict is already in `state` and `agreement` when this returns.
   * @param leaving All is sent and acknowledged, and the end is near: nothing begins anew (5.2.4, action A).
   */
  receiveCookieEcho(
    packetTag: number,
    bytes: Uint8Array,
    packets: PacketBuilder,
    now: number,
    leaving: boolean,
  ): CookieVerdict {
    const cookie = this.#cookies.open(bytes)
    // Tags are zero nowhere in a cookie that was given out.
    if (cookie === undefined || packetTag !== cookie.localTag) {
      this.#counters.badCookies++
      return 'discard'
    }
    const { agreement } = this
    const localMatches = cookie.localTag === this.localTag
    const peerMatches = agreement !== undefined && cookie.peerTag === agreement.peerTag
    const age = now - cookie.createdAt
    if (age > COOKIE_LIFE && !(localMatches && peerMatches)) {
      this.#counters.staleCookies++
      packets.alone(cookie.peerTag, CHUNK.ERROR, 0, staleCookie((age - COOKIE_LIFE) * 1000), now)
      return 'discard'
    }
    if (leaving) return localMatches && peerMatches ? 'repeat' : 'too-late'
    if (this.state === 'idle') return this.#adopt(cookie, packets, 'establish')
    // D: both as they are.
    if (localMatches && peerMatches) {
      if (this.state === 'established') return 'repeat'
      return this.#adopt(cookie, packets, 'establish')
    }
    // B: both sides began at once, and the peer's tag was not known yet or is another one by now.
    if (localMatches) return this.#adopt(cookie, packets, this.state === 'established' ? 'restart' : 'establish')
    // A: the peer lost all it knew, and answered an INIT ACK that named the association it had lost.
    if (
      !peerMatches &&
      agreement !== undefined &&
      cookie.localTieTag === agreement.localTag &&
      cookie.peerTieTag === agreement.peerTag
    ) {
      return this.#adopt(cookie, packets, this.state === 'established' ? 'restart' : 'establish')
    }
    // C: it came late, from an attempt that has been superseded.
    this.#counters.unexpected++
    return 'discard'
  }

  /** COOKIE ACK, or what shows as much. Returns whether the association is up by it. */
  receiveCookieAck(): boolean {
    if (this.state !== 'cookie-echoed') return false
    this.state = 'established'
    this.timer.stop()
    return true
  }

  /** The peer found our cookie too old: begins anew (5.2.6). Returns false when that was tried often enough. */
  receiveStaleCookie(packets: PacketBuilder, now: number): boolean {
    if (this.state !== 'cookie-echoed') return true
    if (++this.#stale > MAX_STALE) return false
    this.agreement = undefined
    packets.discard()
    packets.tag = 0
    this.begin(packets, now)
    return true
  }

  #adopt(cookie: StateCookie, packets: PacketBuilder, verdict: 'establish' | 'restart'): CookieVerdict {
    // What waits in the open packet belongs under the tag that it was written for.
    if (packets.tag !== cookie.peerTag) packets.discard()
    const { createdAt, localTieTag, peerTieTag, ...agreement } = cookie
    this.#localTag = agreement.localTag
    this.#localTsn = agreement.localTsn
    this.agreement = agreement
    this.#bySignalling = false
    packets.tag = agreement.peerTag
    this.state = 'established'
    this.timer.stop()
    return verdict
  }

  #sendInit(packets: PacketBuilder, now: number): void {
    packets.alone(0, CHUNK.INIT, 0, writeInit(this.#localInit(this.#localTag, this.#localTsn)), now)
    this.timer.set(now + this.#timeout)
  }

  #sendCookie(packets: PacketBuilder, now: number, unrecognized: readonly Uint8Array[] = []): void {
    packets.append(CHUNK.COOKIE_ECHO, 0, this.#peerCookie, now)
    for (const parameter of unrecognized) {
      packets.append(CHUNK.ERROR, 0, writeCause(CAUSE.UNRECOGNIZED_PARAMETERS, parameter), now)
    }
    packets.finish(now)
    this.timer.set(now + this.#timeout)
  }

  #localInit(tag: number, initialTsn = randomU32(this.#random)): LocalInit {
    const { window, outboundStreams, inboundStreams, abilities } = this.#options
    const { interleaving, zeroChecksum } = abilities
    return { tag, window, outboundStreams, inboundStreams, initialTsn, interleaving, zeroChecksum }
  }

  #newTag(): number {
    for (;;) {
      const tag = randomU32(this.#random)
      if (tag !== 0) return tag
    }
  }
}
