/**
 * Keeps the flight that the peer has not answered, and sends it again: when the timer runs out, when the peer repeats its
 * own flight, and when an ACK says that some of it is missing (RFC 6347, 4.2.4; RFC 9147, 5.8 and 7.2).
 *
 * The timer starts from the round trip that ICE has measured where there is one, doubles up to a minute, and gives up
 * after `MAX_RETRANSMISSIONS`, unless the peer shows otherwise that it is there. Where the peer stays silent datagrams
 * become smaller, since the path may not take large ones. The last flight of a DTLS 1.2 handshake has no timer: the
 * peer's repetition alone asks for it.
 */

import type { Packet } from '../bytes/index.ts'
import { Timer } from '../machine/index.ts'
import type { Flight } from './flight.ts'
import type { Awaited } from './handshake.ts'
import type { RecordNumber } from './v13/acknowledgement.ts'

/** Milliseconds: the first timeout where nothing better is known (RFC 6347, 4.2.4.1). */
export const INITIAL_TIMEOUT = 1000
const SHORTEST_TIMEOUT = 50
const LONGEST_TIMEOUT = 60_000
/** How often one flight is sent again for want of an answer: from 1 s on, that is some five minutes. */
export const MAX_RETRANSMISSIONS = 10
/**
 * Milliseconds: a repetition by the peer that comes sooner after we sent crossed it on the way, or is a copy that the
 * network made. Shorter than any peer's timer. What an ACK asks for waits as long.
 */
const REPEAT_GUARD = 40
/**
 * How many repetitions by the peer are answered until our own timer sends the flight again: a hello in the clear may be
 * anybody's, and is shorter than the answer. A peer whose timer doubles from 50 ms repeats no more often in a second.
 */
const MAX_REPEATS = 5
/** After how many timeouts in a row without a sign of the peer datagrams become smaller (RFC 9147, 4.4: 2 or 3). */
const SILENT_TIMEOUTS = 2
/** Bytes of datagrams that pass where larger ones do not: what every IPv4 host takes less its headers, and half of it. */
const SMALLER_MTUS = [548, 274]

export class Retransmission {
  /** For an answer. */
  readonly timer = new Timer()
  /** For what an ACK asked for too soon after we sent. */
  readonly #asked = new Timer()
  #initial = INITIAL_TIMEOUT
  readonly #largest: number
  #mtu: number
  readonly #transmit: (packet: Packet) => void
  #flight: Flight | undefined
  #awaited: Awaited = 'nothing'
  #done: (() => void) | undefined
  #timeout = INITIAL_TIMEOUT
  #count = 0
  #silent = 0
  /** How often the flight was sent since the timer was set because the peer repeated its own. */
  #repeats = 0
  /** Whether the flight was sent again by the timer, so that the next one keeps the longer timeout. */
  #backedOff = false
  /** Whether an empty ACK has had its effect already since the timer was set. */
  #hastened = false
  #sentAt = Number.NEGATIVE_INFINITY
  /** Flights that were sent again, or parts of them. */
  retransmissions = 0

  constructor(initialTimeout: number, mtu: number, transmit: (packet: Packet) => void) {
    this.initial = initialTimeout
    this.#largest = mtu
    this.#mtu = mtu
    this.#transmit = transmit
  }

  /** Monotonic milliseconds at which `advance` is due. */
  get deadline(): number {
    return Math.min(this.timer.at, this.#asked.at)
  }

  /** Whether it is time to send the flight again for want of an answer, or to give up. */
  due(now: number): boolean {
    return now >= this.timer.at
  }

  /** Milliseconds until a flight is sent again for the first time, from the next flight on. Throws a RangeError for none. */
  set initial(timeout: number) {
    // What is no number would never be due.
    if (!(timeout > 0)) throw new RangeError(`${timeout} ms is no timeout`)
    this.#initial = Math.min(LONGEST_TIMEOUT, Math.max(SHORTEST_TIMEOUT, timeout))
  }

  /** Milliseconds: the timeout of the flight under way, or of the next one. */
  get timeout(): number {
    return this.#backedOff ? this.#timeout : this.#initial
  }

  /** Bytes of the largest datagram that is sent now. */
  get mtu(): number {
    return this.#mtu
  }

  /** Whether a flight waits for its ACK. */
  get busy(): boolean {
    return this.#awaited === 'ack'
  }

  /**
   * Sends a flight; it takes the place of the one before, which has been answered or acknowledged.
   * @param done Is called when a flight that awaits an ACK has been acknowledged.
   */
  start(flight: Flight, awaited: Awaited, now: number, done?: () => void): void {
    // The timer keeps its backed-off value until a flight got through at once (RFC 6347, 4.2.4.1).
    this.#timeout = this.timeout
    this.#backedOff = false
    this.#count = 0
    this.#hastened = false
    this.#repeats = 0
    this.#flight = flight
    this.#awaited = awaited
    this.#done = done
    this.#asked.stop()
    // Timers go first everywhere here: from within the sending the answer may come, or the end of all.
    if (awaited === 'nothing') this.timer.stop()
    else this.timer.set(now + this.#timeout)
    this.#send(now)
  }

  /** The peer has answered and will not ask again; or all is over. */
  stop(): void {
    this.#flight = undefined
    this.#awaited = 'nothing'
    this.#done = undefined
    this.timer.stop()
    this.#asked.stop()
  }

  /** The peer lives: datagrams of this size may pass. */
  heard(): void {
    this.#silent = 0
  }

  /** The peer sent its last flight again: ours did not arrive whole. */
  repeated(now: number): void {
    const flight = this.#flight
    if (flight === undefined || flight.touched || now - this.#sentAt < REPEAT_GUARD) return
    if (this.timer.running && this.#repeats++ >= MAX_REPEATS) return
    this.retransmissions++
    // The timer is left alone, so that whoever repeats for ever does not keep the handshake alive for ever.
    this.#send(now)
  }

  /**
   * DTLS 1.3: authentic messages of the peer's next flight are the answer to ours (RFC 9147, 7.2). It is not sent any more;
   * the timer goes on, as the limit of our waiting for the rest.
   */
  answered(): void {
    if (this.#awaited !== 'reply') return
    this.#flight?.complete()
    this.#asked.stop()
  }

  /**
   * DTLS 1.3: an ACK. What it leaves out is sent again at once; one that names nothing says only that the peer lives and
   * misses something, and has that effect once a timeout.
   * @param inClear Whether it came without protection, so that it may be anybody's.
   */
  acknowledge(records: readonly RecordNumber[], inClear: boolean, now: number): void {
    const flight = this.#flight
    if (flight === undefined || this.#awaited === 'nothing') return
    this.heard()
    const news = flight.acknowledge(records, inClear)
    // An ACK says which transmission it answers: unlike any other answer it shows that the path is as it was before it
    // lost something, so that the next flight need not wait longer for that (RFC 6298, 3 is about where this is unknown).
    if (news && !inClear) this.#backedOff = false
    if (flight.acknowledged) {
      this.#asked.stop()
      if (this.#awaited === 'ack') this.#finish()
      return
    }
    if (records.length === 0) this.hasten(now)
    if (!news) return
    if (!inClear) {
      this.#count = 0
      this.timer.set(now + this.#timeout)
    }
    this.#ask(now)
  }

  /** There are signs that the answer was lost in part: the flight is sent again before its time, once a timeout. */
  hasten(now: number): void {
    if (this.#hastened || this.#awaited === 'nothing' || this.#flight?.acknowledged !== false) return
    this.#hastened = true
    this.#ask(now)
  }

  /**
   * Sends the flight again if it is due.
   * @param peerLives Whether the peer has shown since the last time that it is there, though not by an answer.
   * @returns False when that has been done too often: the peer is gone.
   */
  advance(now: number, peerLives = false): boolean {
    this.#sendAsked(now)
    if (!this.timer.expire(now)) return true
    if (this.#count >= MAX_RETRANSMISSIONS && !peerLives) {
      this.stop()
      return false
    }
    this.#count++
    this.#hastened = false
    this.#repeats = 0
    this.#timeout = Math.min(LONGEST_TIMEOUT, 2 * this.#timeout)
    this.timer.set(now + this.#timeout)
    this.#flight?.doubt()
    if (this.#flight?.acknowledged === false) {
      this.#backedOff = true
      this.retransmissions++
      this.#silent++
      if (this.#silent % SILENT_TIMEOUTS === 0) this.#shrink()
      this.#send(now)
    }
    return true
  }

  /** The whole flight was acknowledged: the next one may go. */
  #finish(): void {
    const done = this.#done
    this.stop()
    done?.()
  }

  #shrink(): void {
    // Whoever asks for smaller datagrams than these from the first on knows the path.
    if (this.#largest > SMALLER_MTUS[0]!) this.#mtu = SMALLER_MTUS.find(size => size < this.#mtu) ?? this.#mtu
  }

  #ask(now: number): void {
    this.#asked.set(Math.max(now, this.#sentAt + REPEAT_GUARD))
    this.#sendAsked(now)
  }

  #sendAsked(now: number): void {
    if (!this.#asked.expire(now)) return
    this.retransmissions++
    this.#send(now)
  }

  #send(now: number): void {
    this.#sentAt = now
    this.#flight?.pack(this.#mtu, this.#transmit)
  }
}
