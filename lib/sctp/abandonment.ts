/**
 * Partial reliability, the sender's side (RFC 3758 3.5): messages are given up, and FORWARD-TSN, or I-FORWARD-TSN when
 * messages are interleaved (RFC 8260 2.3.1), tells the peer not to wait for them. Each TSN is passed over once.
 */

import { add32, diff32 } from '../bytes/index.ts'
import { CHUNK } from './chunk-type.ts'
import type { SctpCounters } from './counters.ts'
import { FORWARD_TSN_FIXED, mostSkipped, skippedEntry, writeForwardTsn, writeSkipped } from './forward-tsn-chunk.ts'
import type { OutboundMessage } from './outbound-message.ts'
import { CHUNK_STATE, type Outstanding } from './outstanding.ts'
import type { PacketBuilder } from './packet-builder.ts'
import type { SendQueue } from './send-queue.ts'

export class Abandonment {
  /** A FORWARD-TSN is to be sent. */
  due = false
  /** The Advanced.Peer.Ack.Point. */
  #point: number
  /**
   * What is skipped by it: twice the stream, and one more for its unordered messages, with the last sequence number or
   * message identifier that is skipped there.
   */
  readonly #skipped = new Map<number, number>()
  /** The message whose entry was made last. */
  #last: OutboundMessage | undefined
  readonly #outstanding: Outstanding
  readonly #queue: SendQueue
  readonly #supported: boolean
  readonly #counters: SctpCounters
  #sentAt = Number.NEGATIVE_INFINITY

  readonly #interleaved: boolean

  /** @param supported Whether the peer takes FORWARD-TSN: without it nothing is given up that has a TSN. */
  constructor(
    outstanding: Outstanding,
    queue: SendQueue,
    supported: boolean,
    interleaved: boolean,
    counters: SctpCounters,
  ) {
    this.#interleaved = interleaved
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
    const { offset } = message
    const outstanding = this.#outstanding
    outstanding.abandon(message)
    // Were all that was sent of it to arrive after all, no FORWARD-TSN would leave, and the peer wait for the rest for ever:
    // so what is never sent has a TSN too, which has to be skipped.
    if (offset > 0 && offset < message.data.length) outstanding.giveUp(outstanding.add(message, offset, 0, 0))
    this.#queue.abandon(message)
  }

  /**
   * Moves the point over what is abandoned, or known to have arrived, next to what is cumulatively acknowledged.
   * @param largestChunk In bytes: so many streams are skipped at once as fit into it.
   */
  advance(largestChunk: number): void {
    const outstanding = this.#outstanding
    if (diff32(this.#point, outstanding.first) < 0) {
      this.#point = add32(outstanding.first, -1)
      this.#skipped.clear()
      this.#last = undefined
      this.due = false
    }
    if (outstanding.abandonedCount === 0) return
    for (;;) {
      const tsn = add32(this.#point, 1)
      if (tsn === outstanding.next) return
      const state = outstanding.state(tsn)
      if (state === CHUNK_STATE.ABANDONED) {
        const message = outstanding.message(tsn)
        if (message !== this.#last) {
          if (!this.#skip(message, largestChunk)) return
          this.#last = message
        }
        this.due = true
      } else if (state !== CHUNK_STATE.ACKNOWLEDGED) {
        return
      }
      this.#point = tsn
    }
  }

  /** Makes an entry for a message. Returns false when there is no room for it. */
  #skip(message: OutboundMessage, largestChunk: number): boolean {
    // FORWARD-TSN has entries for ordered messages alone (RFC 3758 3.2).
    if (!message.ordered && !this.#interleaved) return true
    const key = 2 * message.streamId + (message.ordered ? 0 : 1)
    const most = mostSkipped(this.#interleaved, largestChunk)
    if (this.#skipped.size >= most && !this.#skipped.has(key)) return false
    this.#skipped.set(key, message.ssn)
    return true
  }

  /** Whether the peer has yet to learn of the point. */
  get pending(): boolean {
    return diff32(this.#point, this.#outstanding.first) >= 0
  }

  /** The peer has answered without having reached the point: tell it again, once a round trip. */
  remind(now: number, roundTrip: number): void {
    if (this.pending && now - this.#sentAt >= roundTrip) this.due = true
  }

  /** Writes the FORWARD-TSN (RFC 3758 3.2) or I-FORWARD-TSN (RFC 8260 2.3.1). */
  write(packets: PacketBuilder, now: number): void {
    this.due = false
    this.#sentAt = now
    this.#counters.forwardTsnsSent++
    const interleaved = this.#interleaved
    const entry = skippedEntry(interleaved)
    const length = FORWARD_TSN_FIXED + entry * this.#skipped.size
    let at = packets.chunk(interleaved ? CHUNK.I_FORWARD_TSN : CHUNK.FORWARD_TSN, 0, length, now)
    const { bytes } = packets
    writeForwardTsn(bytes, at, this.#point)
    at += FORWARD_TSN_FIXED
    for (const [key, sequence] of this.#skipped) {
      writeSkipped(bytes, at, interleaved, key >>> 1, (key & 1) === 1, sequence)
      at += entry
    }
  }
}
