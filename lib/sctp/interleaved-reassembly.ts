/**
 * Puts messages together from I-DATA chunks (RFC 8260 2.2.2): by stream, order and message identifier, and within a
 * message by fragment sequence number, whatever the order of their TSNs.
 *
 * Any number of messages may be half done at once, and a peer may never finish them. What they take is counted, and what
 * goes beyond the largest message is taken off the receiver window; a peer that sends on when there is none left is
 * stopped (`Receiver.overflowing`).
 */

import type { SctpCounters } from './counters.ts'
import type { DataChunk } from './data-chunk.ts'
import { LARGEST_GUESS } from './data-reassembly.ts'
import { HalfDoneMessage } from './half-done-message.ts'
import { copyOf } from './message-buffer.ts'
import { MessageOrder } from './message-order.ts'
import type { DeliverMessage, Reassembly, RefuseMessage } from './reassembly.ts'
import { SequenceList } from './sequence-list.ts'

/** As many messages as there are TSNs in a window may be half done. */
const MOST_HALF_DONE = 65_536
/** While no more than this are half done, the next one gets a buffer as large as the one before it needed. */
const FEW = 8

/** The half-done messages of a stream. */
class InboundStream {
  readonly ordered = new SequenceList<HalfDoneMessage>(32)
  readonly unordered = new SequenceList<HalfDoneMessage>(32)
  /** Identifiers of unordered messages are in order from here on: half of all away from one that arrived. */
  floor = 0
}

export class InterleavedReassembly implements Reassembly {
  readonly interleaved = true
  readonly #maxMessageSize: number
  readonly #counters: SctpCounters
  readonly #order: MessageOrder
  readonly #streams = new Map<number, InboundStream>()
  /** The half-done message that was added to last. */
  #recent: HalfDoneMessage | undefined
  /** What all half-done messages cost, and how many they are. */
  #cost = 0
  #count = 0

  constructor(maxMessageSize: number, deliver: DeliverMessage, refuse: RefuseMessage, counters: SctpCounters) {
    this.#maxMessageSize = maxMessageSize
    this.#counters = counters
    this.#order = new MessageOrder(32, maxMessageSize, deliver, refuse, counters)
  }

  get buffered(): number {
    return Math.max(0, this.#cost - this.#maxMessageSize) + this.#order.cost
  }

  get exhausted(): boolean {
    return this.#count > MOST_HALF_DONE
  }

  take(chunk: DataChunk): void {
    const { streamId, sequence, ordered } = chunk
    if (chunk.begin && chunk.end) {
      const data = copyOf(chunk.bytes, chunk.from, chunk.to)
      this.#order.take(streamId, sequence, chunk.ppid, ordered, data)
      return
    }
    const message = this.#message(streamId, ordered, sequence)
    if (message === undefined) {
      this.#counters.misplaced++
      return
    }
    const { cost, refused } = message
    if (!message.add(chunk, this.#maxMessageSize)) this.#counters.misplaced++
    this.#cost += message.cost - cost
    if (message.refused && !refused) this.#order.refuse(streamId)
    if (!message.whole) return
    this.#remove(message)
    const data = message.take()
    if (data !== undefined) this.#order.setUsual(streamId, Math.min(data.length, LARGEST_GUESS))
    this.#order.take(streamId, sequence, message.ppid, ordered, data)
  }

  hold(chunk: DataChunk): void {
    this.take(chunk)
  }

  /** TSNs say nothing about messages here. */
  pass(): void {}

  skip(streamId: number, unordered: boolean, sequence: number): void {
    const stream = this.#streams.get(streamId)
    const list = unordered ? stream?.unordered : stream?.ordered
    for (let first = list?.first; first !== undefined; first = list!.first) {
      if (((first.sequence - sequence) | 0) > 0) break
      this.#forget(list!.shift())
    }
    if (!unordered) this.#order.skip(streamId, sequence)
  }

  resetStreams(ids: readonly number[] | undefined): void {
    for (const id of ids ?? [...this.#streams.keys()]) {
      const stream = this.#streams.get(id)
      if (stream === undefined) continue
      while (stream.ordered.size > 0) this.#forget(stream.ordered.shift())
      while (stream.unordered.size > 0) this.#forget(stream.unordered.shift())
      this.#streams.delete(id)
    }
    this.#order.reset(ids)
  }

  /** The half-done message that a fragment belongs to, made when it is the first to arrive; undefined when it is too late. */
  #message(streamId: number, ordered: boolean, sequence: number): HalfDoneMessage | undefined {
    const recent = this.#recent
    if (recent?.sequence === sequence && recent.streamId === streamId && recent.ordered === ordered) return recent
    let stream = this.#streams.get(streamId)
    if (stream === undefined) {
      stream = new InboundStream()
      this.#streams.set(streamId, stream)
    }
    const list = ordered ? stream.ordered : stream.unordered
    if (!ordered && list.size === 0) stream.floor = (sequence - 0x80000000) >>> 0
    const floor = ordered ? this.#order.next(streamId) : stream.floor
    let message = list.find(sequence, floor)
    if (message === undefined) {
      if (ordered && this.#order.past(streamId, sequence)) return undefined
      const expected = this.#count < FEW ? this.#order.usual(streamId) : 0
      message = new HalfDoneMessage(streamId, ordered, sequence, expected)
      list.add(message, floor)
      this.#count++
      this.#cost += message.cost
    }
    this.#recent = message
    return message
  }

  #remove(message: HalfDoneMessage): void {
    const stream = this.#streams.get(message.streamId)!
    if (message.ordered) stream.ordered.delete(message.sequence, this.#order.next(message.streamId))
    else stream.unordered.delete(message.sequence, stream.floor)
    this.#forget(message)
  }

  /** It is in no list any more. */
  #forget(message: HalfDoneMessage): void {
    this.#count--
    this.#cost -= message.cost
    if (this.#recent === message) this.#recent = undefined
  }
}
