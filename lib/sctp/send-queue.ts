/**
 * Messages that wait for their first transmission: a queue for each stream, and a scheduler that says whose turn it is
 * (RFC 8260 3).
 *
 * DATA chunks cannot be interleaved: a message once begun is finished first (RFC 9260 6.9), and streams take turns message
 * by message. With I-DATA (RFC 8260) they take turns chunk by chunk. But what is begun on many streams at once has to be
 * kept half-done by the peer, who may be out of memory before any of it is whole; so only so many bytes of messages are
 * under way together, of long ones and of short ones apart, so that neither kind waits for the other.
 */

import type { SctpCounters } from './counters.ts'
import { DiscardableMessages } from './discardable-messages.ts'
import type { OutboundMessage } from './outbound-message.ts'
import { OutboundStream } from './outbound-stream.ts'
import { createScheduler } from './scheduling/choice.ts'
import { precedes, RankedHeap } from './scheduling/ranked-heap.ts'
import type { Scheduler, SchedulerName } from './scheduling/scheduler.ts'

/** Bytes of long messages under way together, and of short ones; a quarter of the peer's receiver window if that is less. */
const MOST_TOGETHER = 1 << 20
/** A message up to this size is short. */
const SHORT = 16_384

export class SendQueue {
  /** Bytes waiting on all streams, uncounted messages included. */
  buffered = 0
  /** Those of the uncounted ones. */
  uncounted = 0
  readonly #streams = new Map<number, OutboundStream>()
  readonly #schedulerName: SchedulerName
  readonly #scheduler: Scheduler
  readonly #counters: SctpCounters | undefined
  readonly #discardable = new DiscardableMessages()
  readonly #drained: number[] = []
  /** Streams by their first message: it has been begun; it is next (and short, when messages are interleaved); it is long. */
  readonly #begun = new RankedHeap<OutboundStream>()
  readonly #next = new RankedHeap<OutboundStream>()
  readonly #long = new RankedHeap<OutboundStream>()
  #interleaved = false
  #mostTogether = MOST_TOGETHER
  /** Bytes of messages that are begun and not finished. */
  #longTogether = 0
  #shortTogether = 0
  #active = 0
  #order = 0
  #turn = 0
  /** The stream of the message that `current` named last. */
  #named: OutboundStream | undefined
  #firstLowered: OutboundStream | undefined
  #lastLowered: OutboundStream | undefined

  constructor(scheduler: SchedulerName = 'weighted-fair', counters?: SctpCounters) {
    this.#schedulerName = scheduler
    this.#scheduler = createScheduler(scheduler)
    this.#counters = counters
  }

  /** Messages are interleaved from now on. To be called before anything has been sent. */
  interleave(peerWindow: number): void {
    this.#interleaved = true
    this.#mostTogether = Math.min(MOST_TOGETHER, peerWindow >>> 2)
    for (const stream of this.#streams.values()) if (stream.heap !== undefined) this.#settle(stream)
  }

  /** The streams of which more waits than their owner wants to be told of. */
  get lowered(): number[] {
    const streams = [...this.#streams.values()]
    return streams
      .filter(({ buffered, lowThreshold }) => buffered > lowThreshold && lowThreshold >= 0)
      .map(({ id }) => id)
  }

  /** An empty queue for an association that begins anew (RFC 9260 5.2.4.1): what the owner has set remains. */
  renewed(): SendQueue {
    const queue = new SendQueue(this.#schedulerName, this.#counters)
    for (const { id, priority, lowThreshold } of this.#streams.values()) {
      const stream = queue.stream(id)
      stream.priority = priority
      stream.lowThreshold = lowThreshold
    }
    return queue
  }

  /** The stream, made when it is first used. */
  stream(id: number): OutboundStream {
    let stream = this.#streams.get(id)
    if (stream === undefined) {
      stream = new OutboundStream(id)
      this.#streams.set(id, stream)
    }
    return stream
  }

  /** The stream, if it was ever used. */
  known(id: number): OutboundStream | undefined {
    return this.#streams.get(id)
  }

  /** Every stream that was ever used. */
  ids(): number[] {
    return [...this.#streams.keys()]
  }

  get empty(): boolean {
    return this.#active === 0
  }

  /** @param priority 1 to 65,535; 0 counts as 1. */
  setPriority(id: number, priority: number): void {
    const stream = this.stream(id)
    stream.priority = Math.max(1, priority)
    if (stream.heap === undefined) return
    this.#scheduler.enter(stream)
    stream.heap.update(stream)
  }

  push(stream: OutboundStream, message: OutboundMessage): void {
    message.turn = this.#turn
    const { length } = message.data
    stream.append(message)
    this.buffered += length
    if (message.counted) stream.buffered += length
    else this.uncounted += length
    if (message.discardable !== undefined) this.#discardable.add(message.discardable)
    if (stream.heap !== undefined) return
    this.#active++
    this.#scheduler.enter(stream)
    stream.order = ++this.#order
    stream.heap = this.#heapOf(message)
    stream.heap.push(stream)
  }

  /** A flush has ended: what was queued before has had its chance, and expires from now on. */
  turnDone(): void {
    this.#turn++
  }

  /**
   * The message to send from, or undefined when there is none; with interleaving it may be another one after each chunk.
   * What expired before it was begun is dropped, but not before the first flush after it was queued: messages leave when
   * the turn ends, which may be a while after.
   */
  current(now: number): OutboundMessage | undefined {
    for (;;) {
      const stream = this.#pick()
      if (stream === undefined) return undefined
      const message = stream.head!
      if (message.offset > 0 || now < message.expiresAt || message.turn === this.#turn) {
        this.#named = stream
        return message
      }
      this.#drop(stream, message)
    }
  }

  /** `length` more bytes of the current message have been given a TSN. */
  advance(message: OutboundMessage, length: number): void {
    const stream = this.#named!
    const whole = message.data.length
    if (message.offset === 0) {
      if (message.discardable !== undefined) this.#release(message)
      message.ssn = this.#number(stream, message.ordered)
      if (length < whole) this.#weigh(message, 1)
    } else if (message.offset + length === whole) {
      this.#weigh(message, -1)
    }
    message.offset += length
    this.#consume(stream, message, length)
    const done = message.offset === whole
    if (done) stream.remove(message)
    // A stream that is alone takes nothing from others.
    if (this.#active > 1 && (done || this.#interleaved)) {
      this.#scheduler.served(stream, this.#interleaved ? length : whole)
      stream.order = ++this.#order
    }
    this.#settle(stream)
  }

  /** Gives up the rest of a message that may be partly sent. */
  abandon(message: OutboundMessage): void {
    const { offset } = message
    const whole = message.data.length
    const stream = this.#streams.get(message.streamId)
    if (stream?.head !== message || offset === whole) return
    if (offset > 0) this.#weigh(message, -1)
    else if (message.discardable !== undefined) this.#release(message)
    this.#consume(stream, message, whole - offset)
    stream.remove(message)
    if (!this.#interleaved && offset > 0) this.#scheduler.served(stream, offset)
    this.#settle(stream)
  }

  /**
   * Makes room for a message: drops those of which nothing has been sent and that are worth less (RFC 7496 3.2), the least
   * valuable first. Drops none, and returns false, when all of them together would not be enough.
   */
  makeRoom(bytes: number, discardPriority: number): boolean {
    if (!this.#discardable.worth(bytes, discardPriority)) return false
    const enough = this.buffered - bytes
    while (this.buffered > enough) {
      const message = this.#discardable.least()!
      this.#drop(this.#streams.get(message.streamId)!, message)
    }
    return true
  }

  /** Ends the intake of a stream; it is in `takeDrained` when the last message has its TSNs. */
  drain(id: number, discard: boolean): void {
    const stream = this.stream(id)
    if (stream.resetting) return
    if (discard) {
      for (let message = stream.tail; message !== undefined && message.offset === 0; message = stream.tail) {
        this.#withdraw(stream, message)
      }
      if (stream.heap !== undefined) this.#settle(stream)
    }
    stream.resetting = true
    if (stream.head === undefined) this.#drained.push(id)
  }

  /** Streams that were to be drained and have been; empties the list. */
  takeDrained(): number[] {
    return this.#drained.splice(0)
  }

  get hasDrained(): boolean {
    return this.#drained.length > 0
  }

  /** After a reset: the stream begins anew with sequence number zero. */
  restart(id: number): void {
    const stream = this.#streams.get(id)
    if (stream === undefined) return
    stream.resetting = false
    stream.nextOrdered = 0
    stream.nextUnordered = 0
    stream.lowThreshold = 0
  }

  /** A stream whose buffered amount fell to its threshold since the last call, or -1. */
  nextLowered(): number {
    const stream = this.#firstLowered
    if (stream === undefined) return -1
    this.#firstLowered = stream.nextLowered
    if (this.#firstLowered === undefined) this.#lastLowered = undefined
    stream.nextLowered = undefined
    stream.lowered = false
    return stream.id
  }

  #pick(): OutboundStream | undefined {
    let best = this.#begun.top
    const next = this.#next.top
    if (!this.#interleaved) return best ?? next
    if (next !== undefined) {
      if (best === undefined || (this.#shortTogether < this.#mostTogether && precedes(next, best))) best = next
    }
    const long = this.#long.top
    if (long !== undefined) {
      const admitted = this.#longTogether + this.#share(long.head!) <= this.#mostTogether
      if (best === undefined || (admitted && precedes(long, best))) best = long
    }
    return best
  }

  /** A message is under way from now on, or (-1) is not any more. */
  #weigh(message: OutboundMessage, sign: 1 | -1): void {
    if (message.data.length > SHORT) this.#longTogether += sign * this.#share(message)
    else this.#shortTogether += sign * message.data.length
  }

  /** What a long message counts for among those under way: the longest ones leave room for another. */
  #share(message: OutboundMessage): number {
    return Math.min(message.data.length, this.#mostTogether >>> 1)
  }

  #heapOf(message: OutboundMessage): RankedHeap<OutboundStream> {
    if (message.offset > 0) return this.#begun
    return this.#interleaved && message.data.length > SHORT ? this.#long : this.#next
  }

  /** The number of the next message: of DATA for ordered ones only; of I-DATA for either kind apart (RFC 8260 2.1). */
  #number(stream: OutboundStream, ordered: boolean): number {
    const number = ordered ? stream.nextOrdered : stream.nextUnordered
    const next = this.#interleaved ? (number + 1) >>> 0 : (number + 1) & 0xffff
    if (ordered) stream.nextOrdered = next
    else if (this.#interleaved) stream.nextUnordered = next
    return number
  }

  /** Finds the place of a stream whose first message or whose rank has changed. */
  #settle(stream: OutboundStream): void {
    const before = stream.heap!
    if (stream.head === undefined) {
      before.remove(stream)
      stream.heap = undefined
      if (--this.#active === 0) this.#scheduler.rest()
      if (stream.resetting) this.#drained.push(stream.id)
      return
    }
    const after = this.#heapOf(stream.head)
    if (after === before) {
      after.update(stream)
      return
    }
    before.remove(stream)
    stream.heap = after
    after.push(stream)
  }

  /** Gives up a message of which nothing was sent. */
  #drop(stream: OutboundStream, message: OutboundMessage): void {
    if (this.#counters !== undefined) this.#counters.abandonedUnsent++
    const first = stream.head === message
    this.#withdraw(stream, message)
    if (first) this.#settle(stream)
  }

  #withdraw(stream: OutboundStream, message: OutboundMessage): void {
    if (message.discardable !== undefined) this.#release(message)
    this.#consume(stream, message, message.data.length)
    stream.remove(message)
  }

  /** It can no longer be dropped for a more valuable one. */
  #release(message: OutboundMessage): void {
    this.#discardable.delete(message.discardable!)
    message.discardable = undefined
  }

  #consume(stream: OutboundStream, message: OutboundMessage, length: number): void {
    this.buffered -= length
    if (!message.counted) {
      this.uncounted -= length
      return
    }
    const before = stream.buffered
    stream.buffered = before - length
    if (before <= stream.lowThreshold || stream.buffered > stream.lowThreshold || stream.lowered) return
    stream.lowered = true
    if (this.#lastLowered === undefined) this.#firstLowered = stream
    else this.#lastLowered.nextLowered = stream
    this.#lastLowered = stream
  }
}
