/**
 * Connectivity checks that come to a shared port for a user-name fragment that no connection has (yet).
 *
 * They are told to the application, which may make the connection that they ask for: a libp2p webrtc-direct listener
 * takes the fragment from the request itself, a load balancer sends it where the fragment belongs. Anybody can send such
 * a request, from any source address: what is told is bounded in rate, what is kept in number and time. A request that
 * is kept is handed on as soon as a share has claimed the fragment, so that the first check already gets its answer.
 */

import type { Cancellable, Host } from '../machine/index.ts'
import { type StunMessage, verifyFingerprint } from '../stun/index.ts'

/** A Binding request that belongs to no connection. Its FINGERPRINT is right; nothing in it is authenticated. */
export interface UnknownRequestInfo {
  readonly protocol: 'udp' | 'tcp'
  /** The first half of USERNAME: ours, 4 to 256 ice-chars. */
  readonly localFragment: string
  /** The second half: the peer's, 4 to 256 ice-chars. */
  readonly remoteFragment: string
  /** Where it came from; over UDP, where it says that it came from. */
  readonly address: string
  readonly port: number
  /** Where it came to. */
  readonly localAddress: string
  readonly localPort: number
  /** The whole message: borrowed, valid until the call returns. */
  readonly message: Uint8Array
}

/** Told of requests that belong to no connection. What it throws is the application's own affair and is not caught. */
export type UnknownRequest = (request: UnknownRequestInfo) => void

/** One of the places that requests come to; it knows the shares of its own. */
export interface RequestTarget {
  readonly protocol: 'udp' | 'tcp'
  readonly address: string
  readonly port: number
  /** Hands a kept request on to whoever has the fragment now. Bytes of its own. */
  deliver(message: Uint8Array, localFragment: string, address: string, port: number, now: number): void
}

/** Requests that are kept at most, of all sources and of one, and for how long (milliseconds). */
const MOST_KEPT = 16
const MOST_KEPT_OF_ONE = 4
const KEPT_FOR = 1000
/** How many a second are told, unless the application says otherwise. */
const DEFAULT_RATE = 256

/** RFC 8839, 5.4. */
const FRAGMENT = /^[A-Za-z0-9+/]{4,256}$/

interface Kept {
  readonly target: RequestTarget
  readonly localFragment: string
  readonly address: string
  readonly port: number
  readonly message: Uint8Array
  readonly until: number
}

export class UnknownRequests {
  readonly #host: Host
  readonly #hook: UnknownRequest | undefined
  readonly #rate: number
  /** Requests that may still be told; refilled with time. */
  #tokens: number
  #refilledAt: number
  #kept: Kept[] = []
  #timer: Cancellable | undefined
  readonly counters = {
    /** Told to the application. */
    told: 0,
    /** For no connection, without anybody to tell. */
    ignored: 0,
    /** Without a right FINGERPRINT, MESSAGE-INTEGRITY, or two halves of a user name. */
    malformed: 0,
    /** The same again while the first is kept. */
    repeated: 0,
    /** Beyond the rate. */
    overRate: 0,
    /** Told, but not kept, since too many are. */
    notKept: 0,
    /** Kept, and not claimed in time. */
    expired: 0,
  }

  /** @param rate How many requests are told in a second. */
  constructor(host: Host, hook: UnknownRequest | undefined, rate = DEFAULT_RATE) {
    this.#host = host
    this.#hook = hook
    this.#rate = rate
    this.#tokens = rate
    this.#refilledAt = host.now()
  }

  /** How many requests wait for a connection. */
  get kept(): number {
    return this.#kept.length
  }

  /**
   * A request came whose user name, as text, begins with a fragment that nobody has.
   * @returns Whether the request is kept, or another like it: a connection may come for it yet.
   */
  offer(
    message: StunMessage,
    name: string,
    target: RequestTarget,
    address: string,
    port: number,
    now: number,
  ): boolean {
    const hook = this.#hook
    if (hook === undefined) {
      this.counters.ignored++
      return false
    }
    const [localFragment = '', remoteFragment = '', ...more] = name.split(':')
    const wellFormed = FRAGMENT.test(localFragment) && FRAGMENT.test(remoteFragment) && more.length === 0
    if (!wellFormed || message.integrityAt < 0 || !verifyFingerprint(message)) {
      this.counters.malformed++
      return false
    }
    if (this.#kept.some(kept => isSame(kept, target, localFragment, address, port))) {
      this.counters.repeated++
      return true
    }
    if (!this.#takeToken(now)) {
      this.counters.overRate++
      return false
    }
    const kept = this.#keep({
      target,
      localFragment,
      address,
      port,
      message: message.bytes.slice(),
      until: now + KEPT_FOR,
    })
    this.counters.told++
    const { protocol, address: localAddress, port: localPort } = target
    const { bytes } = message
    hook({ protocol, localFragment, remoteFragment, address, port, localAddress, localPort, message: bytes })
    return kept
  }

  /** A share has claimed a fragment: what was kept for it is handed on in a later turn, when its owner is ready. */
  claimed(target: RequestTarget, fragment: string): void {
    if (this.#kept.length === 0) return
    const mine = this.#kept.filter(kept => kept.target === target && kept.localFragment === fragment)
    if (mine.length === 0) return
    this.#kept = this.#kept.filter(kept => !mine.includes(kept))
    this.#host.queueTask(() => {
      const now = this.#host.now()
      for (const { message, localFragment, address, port } of mine) {
        target.deliver(message, localFragment, address, port, now)
      }
    })
  }

  close(): void {
    this.#kept = []
    this.#timer?.cancel()
    this.#timer = undefined
  }

  #takeToken(now: number): boolean {
    this.#tokens = Math.min(this.#rate, this.#tokens + ((now - this.#refilledAt) / 1000) * this.#rate)
    this.#refilledAt = now
    if (this.#tokens < 1) return false
    this.#tokens--
    return true
  }

  #keep(request: Kept): boolean {
    const ofOne = this.#kept.filter(({ address }) => address === request.address).length
    if (this.#kept.length >= MOST_KEPT || ofOne >= MOST_KEPT_OF_ONE) {
      this.counters.notKept++
      return false
    }
    this.#kept.push(request)
    this.#timer ??= this.#host.schedule(request.until, this.#expire)
    return true
  }

  readonly #expire = (now: number): void => {
    const before = this.#kept.length
    this.#kept = this.#kept.filter(({ until }) => until > now)
    this.counters.expired += before - this.#kept.length
    const next = this.#kept[0]
    this.#timer = next && this.#host.schedule(next.until, this.#expire)
  }
}

const isSame = (kept: Kept, target: RequestTarget, fragment: string, address: string, port: number): boolean =>
  kept.port === port && kept.address === address && kept.target === target && kept.localFragment === fragment
