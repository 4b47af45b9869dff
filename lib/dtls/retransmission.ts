/**
 * Keeps the flight that the peer has not answered, and sends it again: when the timer runs out, and when the peer
 * repeats its own flight (RFC 6347, 4.2.4).
 *
 * The timer starts from the round trip that ICE has measured where there is one, doubles up to a minute, and gives up
 * after `MAX_RETRANSMISSIONS`. The last flight of a handshake has no timer: the peer's repetition alone asks for it.
 */

import type { Packet } from '../bytes/index.ts'
import { Timer } from '../machine/index.ts'
import type { Flight } from './flight.ts'

/** Milliseconds: the first timeout where nothing better is known (RFC 6347, 4.2.4.1). */
export const INITIAL_TIMEOUT = 1000
const SHORTEST_TIMEOUT = 50
const LONGEST_TIMEOUT = 60_000
/** How often one flight is sent again for want of an answer: from 1 s on, that is some five minutes. */
export const MAX_RETRANSMISSIONS = 10
/**
 * Milliseconds: a repetition by the peer that comes sooner after we sent crossed it on the way, or is a copy that the
 * network made. Shorter than any peer's timer.
 */
const REPEAT_GUARD = 40

export class Retransmission {
  readonly timer = new Timer()
  #initial = INITIAL_TIMEOUT
  readonly #mtu: number
  readonly #transmit: (packet: Packet) => void
  #flight: Flight | undefined
  #timeout = INITIAL_TIMEOUT
  #count = 0
  #sentAt = Number.NEGATIVE_INFINITY
  /** Flights that were sent again. */
  retransmissions = 0

  constructor(initialTimeout: number, mtu: number, transmit: (packet: Packet) => void) {
    this.initial = initialTimeout
    this.#mtu = mtu
    this.#transmit = transmit
  }

  /** Whether it is time to send the flight again, or to give up. */
  due(now: number): boolean {
    return now >= this.timer.at
  }

  /** Milliseconds until a flight is sent again for the first time, from the next flight on. */
  set initial(timeout: number) {
    this.#initial = Math.min(LONGEST_TIMEOUT, Math.max(SHORTEST_TIMEOUT, timeout))
  }

  /** Sends a flight; it takes the place of the one before, which has been answered. */
  start(flight: Flight, awaitsReply: boolean, now: number): void {
    // The timer keeps its backed-off value until a flight got through at once (RFC 6347, 4.2.4.1).
    if (this.#count === 0) this.#timeout = this.#initial
    this.#count = 0
    this.#flight = flight
    this.#send(now)
    if (awaitsReply) this.timer.set(now + this.#timeout)
    else this.timer.stop()
  }

  /** The peer has answered and will not ask again. */
  stop(): void {
    this.#flight = undefined
    this.timer.stop()
  }

  /** The peer sent its last flight again: ours did not arrive whole. */
  repeated(now: number): void {
    if (this.#flight === undefined || now - this.#sentAt < REPEAT_GUARD) return
    this.retransmissions++
    // The timer is left alone, so that whoever repeats for ever does not keep the handshake alive for ever.
    this.#send(now)
  }

  /** Sends the flight again if it is due. Returns false when that has been done too often: the peer is gone. */
  advance(now: number): boolean {
    if (!this.timer.expire(now)) return true
    if (this.#count === MAX_RETRANSMISSIONS) {
      this.stop()
      return false
    }
    this.#count++
    this.#timeout = Math.min(LONGEST_TIMEOUT, 2 * this.#timeout)
    this.retransmissions++
    this.#send(now)
    this.timer.set(now + this.#timeout)
    return true
  }

  #send(now: number): void {
    this.#sentAt = now
    this.#flight?.pack(this.#mtu, this.#transmit)
  }
}
