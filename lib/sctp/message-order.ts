/**
 * Delivers whole messages: ordered ones in the order of their numbers on each stream (RFC 9260 6.6), unordered ones at
 * once; and those that wait for what the peer has given up, without it (RFC 3758 3.6).
 */

import type { SctpCounters } from './counters.ts'
import type { DeliverMessage, RefuseMessage } from './reassembly.ts'
import { SequenceList } from './sequence-list.ts'

/** What a held piece costs beside its bytes; counted, so that tiny ones cannot outgrow the window. */
export const OVERHEAD = 64

/** An ordered message that waits for one before it; without data when it was refused. */
interface PendingMessage {
  readonly sequence: number
  readonly ppid: number
  readonly data: Uint8Array<ArrayBuffer> | undefined
}

class InboundStream {
  /** The number of the message that is next. */
  next = 0
  pending: SequenceList<PendingMessage> | undefined
  /** How long the last message was that came in fragments. */
  usual = 0
}

export class MessageOrder {
  /** Bytes of messages that wait for their turn, with an allowance for each. */
  cost = 0
  readonly #bits: 16 | 32
  readonly #maxMessageSize: number
  readonly #deliver: DeliverMessage
  readonly #refuse: RefuseMessage
  readonly #counters: SctpCounters
  readonly #streams = new Map<number, InboundStream>()
  #last = new InboundStream()
  #lastId = -1

  /** @param bits 16 for stream sequence numbers, 32 for message identifiers. */
  constructor(
    bits: 16 | 32,
    maxMessageSize: number,
    deliver: DeliverMessage,
    refuse: RefuseMessage,
    counters: SctpCounters,
  ) {
    this.#bits = bits
    this.#maxMessageSize = maxMessageSize
    this.#deliver = deliver
    this.#refuse = refuse
    this.#counters = counters
  }

  /** The number of the ordered message that is next on a stream. */
  next(streamId: number): number {
    return this.#stream(streamId).next
  }

  /** Whether an ordered message with this number was delivered or skipped before. */
  past(streamId: number, sequence: number): boolean {
    return this.#distance(sequence, this.#stream(streamId).next) < 0
  }

  /** How long the next message of this stream is likely to be; 0 when there is nothing to go by. */
  usual(streamId: number): number {
    return this.#stream(streamId).usual
  }

  setUsual(streamId: number, length: number): void {
    this.#stream(streamId).usual = length
  }

  /** A message is larger than may be: it is not kept. */
  refuse(streamId: number): void {
    this.#counters.oversizedMessages++
    this.#refuse(streamId)
  }

  /** Takes a whole message; without data when it was refused, but its number counts. */
  take(
    streamId: number,
    sequence: number,
    ppid: number,
    ordered: boolean,
    data: Uint8Array<ArrayBuffer> | undefined,
  ): void {
    if (data !== undefined && data.length > this.#maxMessageSize) {
      this.refuse(streamId)
      data = undefined
    }
    if (!ordered) {
      if (data !== undefined) this.#emit(streamId, ppid, data)
      return
    }
    const stream = this.#stream(streamId)
    if (sequence === stream.next) {
      stream.next = this.#after(sequence)
      if (data !== undefined) this.#emit(streamId, ppid, data)
      if (stream.pending !== undefined && stream.pending.size > 0) this.#drain(streamId, stream)
    } else {
      this.#wait(stream, { sequence, ppid, data })
    }
  }

  /** Ordered messages of a stream up to this number are not waited for any longer. */
  skip(streamId: number, sequence: number): void {
    const stream = this.#stream(streamId)
    if (this.#distance(sequence, stream.next) < 0) return
    const { pending } = stream
    stream.next = this.#after(sequence)
    if (pending === undefined || pending.size === 0) return
    for (let first = pending.first; first !== undefined; first = pending.first) {
      if (this.#distance(first.sequence, sequence) > 0) break
      this.#release(streamId, pending)
    }
    this.#drain(streamId, stream)
  }

  /** These streams begin anew; undefined: all of them. */
  reset(ids: readonly number[] | undefined): void {
    for (const id of ids ?? [...this.#streams.keys()]) {
      const pending = this.#streams.get(id)?.pending
      while (pending !== undefined && pending.size > 0) this.#uncount(pending.shift())
      this.#streams.delete(id)
    }
    this.#lastId = -1
  }

  #wait(stream: InboundStream, message: PendingMessage): void {
    if (this.#distance(message.sequence, stream.next) > 0) {
      stream.pending ??= new SequenceList(this.#bits)
      if (stream.pending.add(message, stream.next)) {
        this.cost += (message.data?.length ?? 0) + OVERHEAD
        return
      }
    }
    this.#counters.misplaced++
  }

  #drain(streamId: number, stream: InboundStream): void {
    const pending = stream.pending!
    while (pending.first?.sequence === stream.next) {
      stream.next = this.#after(stream.next)
      this.#release(streamId, pending)
    }
  }

  /** Delivers the first one that waits. */
  #release(streamId: number, pending: SequenceList<PendingMessage>): void {
    const message = pending.shift()
    this.#uncount(message)
    if (message.data !== undefined) this.#emit(streamId, message.ppid, message.data)
  }

  #uncount(message: PendingMessage): void {
    this.cost -= (message.data?.length ?? 0) + OVERHEAD
  }

  #emit(streamId: number, ppid: number, data: Uint8Array<ArrayBuffer>): void {
    this.#counters.messagesReceived++
    this.#deliver(streamId, ppid, data)
  }

  /** How far `a` is after `b`; negative when it is before. */
  #distance(a: number, b: number): number {
    return this.#bits === 16 ? ((a - b) << 16) >> 16 : (a - b) | 0
  }

  #after(sequence: number): number {
    return this.#bits === 16 ? (sequence + 1) & 0xffff : (sequence + 1) >>> 0
  }

  #stream(id: number): InboundStream {
    if (id === this.#lastId) return this.#last
    let stream = this.#streams.get(id)
    if (stream === undefined) {
      stream = new InboundStream()
      this.#streams.set(id, stream)
    }
    this.#last = stream
    this.#lastId = id
    return stream
  }
}
