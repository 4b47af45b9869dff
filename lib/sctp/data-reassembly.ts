/**
 * Puts messages together from DATA chunks: fragments (RFC 9260 6.9), and messages that the peer gave up (RFC 3758 3.6).
 *
 * The fragments of a message have TSNs in a row. So what lies at or before the cumulative TSN is taken in sequence, and
 * at most one message is half done there; its bytes are appended to one buffer as they come. What comes ahead of a gap
 * is held by TSN, and joined as soon as it makes a whole message, which need not wait when it is unordered.
 */

import { add32 } from '../bytes/index.ts'
import type { SctpCounters } from './counters.ts'
import type { DataChunk } from './data-chunk.ts'
import { Fragment, HeldFragments } from './held-fragments.ts'
import { copyOf, MessageBuffer } from './message-buffer.ts'
import { MessageOrder } from './message-order.ts'
import type { DeliverMessage, Reassembly, RefuseMessage } from './reassembly.ts'

/** No buffer larger than this is made on the strength of a guess. */
export const LARGEST_GUESS = 1 << 18

export class DataReassembly implements Reassembly {
  readonly interleaved = false
  /** One message at most is half done, and its length has a bound. */
  readonly exhausted = false
  readonly #maxMessageSize: number
  readonly #counters: SctpCounters
  readonly #order: MessageOrder
  readonly #held = new HeldFragments()
  /** The message that is half done at the cumulative TSN. */
  #open = false
  #nextTsn = 0
  #streamId = 0
  #sequence = 0
  #ppid = 0
  #ordered = false
  /** Its bytes; undefined when they are too many. */
  #buffer: MessageBuffer | undefined

  constructor(maxMessageSize: number, deliver: DeliverMessage, refuse: RefuseMessage, counters: SctpCounters) {
    this.#maxMessageSize = maxMessageSize
    this.#counters = counters
    this.#order = new MessageOrder(16, maxMessageSize, deliver, refuse, counters)
  }

  get buffered(): number {
    return this.#held.cost + this.#order.cost
  }

  take(chunk: DataChunk): void {
    const { tsn, streamId, bytes, from, to } = chunk
    if (chunk.begin) {
      if (this.#open) this.#misplace()
      if (chunk.end) {
        this.#order.take(streamId, chunk.sequence, chunk.ppid, chunk.ordered, copyOf(bytes, from, to))
        return
      }
      this.#begin(chunk)
    } else if (!this.#open || tsn !== this.#nextTsn || streamId !== this.#streamId) {
      this.#misplace()
      return
    }
    this.#nextTsn = add32(tsn, 1)
    const buffer = this.#buffer
    if (buffer !== undefined) {
      if (buffer.length + to - from > this.#maxMessageSize) {
        this.#buffer = undefined
        this.#order.refuse(streamId)
      } else {
        buffer.append(bytes, from, to)
      }
    }
    if (chunk.end) this.#finish()
  }

  hold(chunk: DataChunk, ahead: number): void {
    const fragment = new Fragment(chunk)
    const count = this.#held.add(fragment, ahead)
    if (count > 0) this.#join(fragment.runStart, count)
  }

  /** Takes what was held of the TSNs that the cumulative one has moved over. */
  pass(tsn: number, count: number): void {
    let at = tsn
    let left = count
    while (left > 0) {
      const distance = this.#held.distance(at, left)
      // What is not held was delivered already, or has been given up by the peer, and then the rest of its message was too.
      if (distance !== 0) this.#drop()
      if (distance < 0) return
      at = add32(at, distance)
      this.take(this.#held.release(at))
      at = add32(at, 1)
      left -= distance + 1
    }
  }

  skip(streamId: number, _unordered: boolean, sequence: number): void {
    this.#order.skip(streamId, sequence)
  }

  resetStreams(ids: readonly number[] | undefined): void {
    this.#order.reset(ids)
    if (this.#open && (ids === undefined || ids.includes(this.#streamId))) this.#drop()
  }

  #begin(chunk: DataChunk): void {
    this.#open = true
    this.#streamId = chunk.streamId
    this.#sequence = chunk.sequence
    this.#ppid = chunk.ppid
    this.#ordered = chunk.ordered
    const expected = Math.max(this.#order.usual(chunk.streamId), 4 * (chunk.to - chunk.from))
    this.#buffer = new MessageBuffer(expected, this.#maxMessageSize)
  }

  #finish(): void {
    const data = this.#buffer?.take()
    this.#drop()
    // Messages of a stream tend to be alike: the next one gets a buffer of the right size at once.
    if (data !== undefined) this.#order.setUsual(this.#streamId, Math.min(data.length, LARGEST_GUESS))
    this.#order.take(this.#streamId, this.#sequence, this.#ppid, this.#ordered, data)
  }

  #drop(): void {
    this.#open = false
    this.#buffer = undefined
  }

  /** A fragment without its predecessor, or a beginning where a rest was due. */
  #misplace(): void {
    this.#drop()
    this.#counters.misplaced++
  }

  /** Makes one message of the `count` held fragments from `start` on. */
  #join(start: number, count: number): void {
    const first = this.#held.release(start)
    const { streamId, sequence, ppid, ordered } = first
    if (count === 1) {
      this.#order.take(streamId, sequence, ppid, ordered, first.payload)
      return
    }
    const pieces = [first.payload]
    let length = first.payload.length
    for (let i = 1; i < count; i++) {
      const { payload } = this.#held.release(add32(start, i))
      pieces.push(payload)
      length += payload.length
    }
    if (length > this.#maxMessageSize) {
      this.#order.refuse(streamId)
      this.#order.take(streamId, sequence, ppid, ordered, undefined)
      return
    }
    const data = new Uint8Array(length)
    let at = 0
    for (const piece of pieces) {
      data.set(piece, at)
      at += piece.length
    }
    this.#order.take(streamId, sequence, ppid, ordered, data)
  }
}
