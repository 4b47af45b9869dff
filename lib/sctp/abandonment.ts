/**
 * Partial reliability, the sender's side (RFC 3758 3.5): messages are given up, and FORWARD-TSN tells the peer not to
 * wait for them.
 */

import { add32, diff32, setU16, setU32 } from '../bytes/index.ts'
import { CHUNK } from './chunk-type.ts'
import type { SctpCounters } from './counters.ts'
import type { OutboundMessage } from './outbound-message.ts'
import { CHUNK_STATE, type Outstanding } from './outstanding.ts'
import type { PacketBuilder } from './packet-builder.ts'
import type { SendQueue } from './send-queue.ts'

export class Abandonment {
  /** A FORWARD-TSN is to be sent. */
  due = false
  /** The Advanced.Peer.Ack.Point. */
  #point: number
  /** Ordered streams that are skipped by it, with the last sequence number skipped on each. */
  readonly #skipped = new Map<number, number>()
  readonly #outstanding: Outstanding
  readonly #queue: SendQueue
  readonly #supported: boolean
  readonly #counters: SctpCounters
  #sentAt = Number.NEGATIVE_INFINITY

  /** @param supported Whether the peer takes FORWARD-TSN: without it nothing is given up that has a TSN. */
  constructor(outstanding: Outstanding, queue: SendQueue, supported: boolean, counters: SctpCounters) {
    this.#outstanding = outstanding
    this.#supported = supported
    this.#queue = queue
    this.#counters = counters
    this.#point = add32(outstanding.first, -1)
  }

  /** Whether a message is to be given up instead of sending a chunk of it, already sent this often, once more. */
  exhausted(message: OutboundMessage, transmissions: number, now: number): boolean {
    return this.#supported && (transmissions > message.maxRetransmits || now >= message.expiresAt)
  }

  /** Whether a message is to be given up instead of sending more of it. */
  expired(message: OutboundMessage, now: number): boolean {
    return this.#supported && now >= message.expiresAt
  }

  /** Gives up a message: those of its chunks that have TSNs, and those that never will. */
  abandon(message: OutboundMessage): void {
    if (message.abandoned) return
    message.abandoned = true
    this.#counters.abandonedMessages++
    const outstanding = this.#outstanding
    const released = Math.max(0, diff32(outstanding.first, message.firstTsn))
    for (let i = released; i < message.chunks; i++) outstanding.markAbandoned(add32(message.firstTsn, i))
    this.#queue.abandon(message)
  }

  /**
   * Moves the point over what is abandoned, or known to have arrived, next to what is cumulatively acknowledged.
   * @param most Largest number of streams that fit into one FORWARD-TSN.
   */
  advance(most: number): void {
    const outstanding = this.#outstanding
    if (diff32(this.#point, outstanding.first) < 0) {
      this.#point = add32(outstanding.first, -1)
      this.#skipped.clear()
      this.due = false
    }
    if (outstanding.abandonedCount === 0) return
    for (;;) {
      const tsn = add32(this.#point, 1)
      if (tsn === outstanding.next) return
      const state = outstanding.state(tsn)
      if (state === CHUNK_STATE.ABANDONED) {
        const message = outstanding.message(tsn)
        if (message.ordered) {
          if (this.#skipped.size >= most && !this.#skipped.has(message.streamId)) return
          this.#skipped.set(message.streamId, message.ssn)
        }
        this.due = true
      } else if (state !== CHUNK_STATE.ACKNOWLEDGED) {
        return
      }
      this.#point = tsn
    }
  }

  /** Whether the peer has yet to learn of the point. */
  get pending(): boolean {
    return diff32(this.#point, this.#outstanding.first) >= 0
  }

  /** The peer has answered without having reached the point: tell it again, once a round trip. */
  remind(now: number, roundTrip: number): void {
    if (this.pending && now - this.#sentAt >= roundTrip) this.due = true
  }

  /** Writes the FORWARD-TSN (RFC 3758 3.2). */
  write(packets: PacketBuilder, now: number): void {
    this.due = false
    this.#sentAt = now
    this.#counters.forwardTsnsSent++
    let at = packets.chunk(CHUNK.FORWARD_TSN, 0, 4 + 4 * this.#skipped.size, now)
    const bytes = packets.bytes
    setU32(bytes, at, this.#point)
    for (const [streamId, ssn] of this.#skipped) {
      at += 4
      setU16(bytes, at, streamId)
      setU16(bytes, at + 2, ssn)
    }
  }
}
