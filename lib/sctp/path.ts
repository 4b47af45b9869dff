/**
 * The one path of an association over DTLS: its timeout, its error count, its heartbeat (RFC 9260 6.3, 8.1, 8.3).
 *
 * A path that fails takes the association with it: there is no other.
 */

import { getU32, setU16, setU32 } from '../bytes/index.ts'
import { type Random, randomU32, randomUnit, Timer } from '../machine/index.ts'
import { CHUNK, PARAMETER } from './chunk-type.ts'
import type { SctpCounters } from './counters.ts'
import type { PacketBuilder } from './packet-builder.ts'
import { RetransmissionTimeout, type TimeoutOptions } from './retransmission-timeout.ts'

/** Heartbeat Information: the parameter's header, a nonce, and the time of sending in whole milliseconds. */
const INFO_LENGTH = 12

export interface PathOptions {
  readonly timeout: TimeoutOptions
  /** Consecutive failures after which the association ends (Association.Max.Retrans). */
  readonly maxRetransmissions: number
  /** Milliseconds of idleness between heartbeats (HB.interval); Infinity: none. */
  readonly heartbeatInterval: number
}

export class Path {
  readonly timeout: RetransmissionTimeout
  readonly timer = new Timer()
  /** Consecutive retransmissions and heartbeats that were not answered. */
  errors = 0
  readonly #random: Random
  readonly #counters: SctpCounters
  readonly #maxRetransmissions: number
  readonly #interval: number
  /** The nonce of the heartbeat that is under way; zero when none is. */
  #nonce = 0
  #sentAt = 0
  /** Of the heartbeats that were sent under this nonce an answer does not say which it answers, as with data (6.3.1, C5). */
  #repeated = false
  /** The share of the timeout that is added to the interval, drawn anew for each heartbeat (8.3: 0.5 to 1.5). */
  #jitter: number

  constructor(options: PathOptions, random: Random, counters: SctpCounters) {
    this.timeout = new RetransmissionTimeout(options.timeout)
    this.#maxRetransmissions = options.maxRetransmissions
    this.#interval = options.heartbeatInterval
    this.#random = random
    this.#counters = counters
    this.#jitter = 0.5 + randomUnit(random)
  }

  get failed(): boolean {
    return this.errors > this.#maxRetransmissions
  }

  /** The peer acknowledged something new. */
  alive(): void {
    this.errors = 0
  }

  /** Something was sent that the peer has to answer: the path is not idle (8.3). */
  used(now: number): void {
    this.timer.set(now + this.#interval + this.timeout.value * this.#jitter)
  }

  stop(): void {
    this.timer.stop()
    this.#nonce = 0
  }

  /**
   * The timer ran out: the last heartbeat was not answered, or it is time for one. While none is answered they follow each other
   * by the timeout alone: with the interval between them (8.3) it would take a quarter of an hour to find out that a path has died.
   */
  expire(packets: PacketBuilder, now: number): void {
    this.#repeated = this.#nonce !== 0
    if (this.#repeated) {
      this.errors++
      this.timeout.backOff()
      if (this.failed) return
    } else {
      this.#nonce = randomU32(this.#random) | 1
    }
    this.#sentAt = now
    this.#counters.heartbeatsSent++
    const at = packets.chunk(CHUNK.HEARTBEAT, 0, INFO_LENGTH, now)
    setU16(packets.bytes, at, PARAMETER.HEARTBEAT_INFO)
    setU16(packets.bytes, at + 2, INFO_LENGTH)
    setU32(packets.bytes, at + 4, this.#nonce)
    setU32(packets.bytes, at + 8, now)
    this.#jitter = 0.5 + randomUnit(this.#random)
    this.timer.set(now + this.timeout.value)
  }

  /** A HEARTBEAT ACK; one that does not carry what was sent changes nothing. */
  acknowledged(bytes: Uint8Array, start: number, end: number, now: number): void {
    if (end - start !== INFO_LENGTH || this.#nonce === 0) return
    if (getU32(bytes, start + 4) !== this.#nonce >>> 0) return
    this.#nonce = 0
    this.used(now)
    this.alive()
    if (!this.#repeated) this.timeout.sample(now - this.#sentAt)
  }
}
