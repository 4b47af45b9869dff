/**
 * Messages that wait for their first transmission: a queue for each stream, and whose turn it is.
 *
 * Streams take turns message by message; a message once begun is finished first, because DATA chunks cannot be
 * interleaved (RFC 9260 6.9).
 */

import type { OutboundMessage } from './outbound-message.ts'

export class OutboundStream {
  /** Waiting messages, oldest first. */
  head: OutboundMessage | undefined
  tail: OutboundMessage | undefined
  /** The next one in the circle of streams that have something to send. */
  nextActive: OutboundStream | undefined
  active = false
  nextSsn = 0
  /** Bytes accepted and not yet sent for the first time. */
  buffered = 0
  /** When `buffered` falls to this or below it, the owner is told. */
  lowThreshold = 0
  /** No message is accepted any more: the stream is to be reset when it is empty (RFC 6525 5.1.2). */
  resetting = false

  constructor(readonly id: number) {}
}

export class SendQueue {
  /** Bytes waiting on all streams, uncounted messages included. */
  buffered = 0
  readonly #streams = new Map<number, OutboundStream>()
  readonly #lowered: number[] = []
  readonly #drained: number[] = []
  #turn = 0
  #first: OutboundStream | undefined
  #last: OutboundStream | undefined

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
    return this.#first === undefined
  }

  push(stream: OutboundStream, message: OutboundMessage): void {
    message.turn = this.#turn
    if (stream.tail === undefined) stream.head = message
    else stream.tail.next = message
    stream.tail = message
    this.buffered += message.data.length
    if (message.counted) stream.buffered += message.data.length
    if (!stream.active) this.#activate(stream)
  }

  /** A flush has ended: what was queued before has had its chance, and expires from now on. */
  turnDone(): void {
    this.#turn++
  }

  /**
   * The message to send from, or undefined when there is none. What expired before it was begun is dropped, but not
   * before the first flush after it was queued: messages leave when the turn ends, which may be a while after.
   */
  current(now: number): OutboundMessage | undefined {
    for (;;) {
      const stream = this.#first
      if (stream === undefined) return undefined
      const message = stream.head!
      if (message.offset > 0 || now < message.expiresAt || message.turn === this.#turn) return message
      this.#consume(stream, message, message.data.length)
      this.#shift(stream)
    }
  }

  /** `length` more bytes of the current message have been given a TSN. */
  advance(message: OutboundMessage, length: number): void {
    const stream = this.#first!
    if (message.offset === 0 && message.ordered) {
      message.ssn = stream.nextSsn
      stream.nextSsn = (stream.nextSsn + 1) & 0xffff
    }
    message.offset += length
    this.#consume(stream, message, length)
    if (message.offset === message.data.length) this.#shift(stream)
  }

  /** Gives up the rest of a message that may be partly sent. */
  abandon(message: OutboundMessage): void {
    const stream = this.#streams.get(message.streamId)
    if (stream?.head !== message || message.offset === message.data.length) return
    this.#consume(stream, message, message.data.length - message.offset)
    // A message that has been begun is the current one: its stream is the first.
    this.#shift(stream)
  }

  /** Ends the intake of a stream; it is in `takeDrained` when the last message has its TSNs. */
  drain(id: number, discard: boolean): void {
    const stream = this.stream(id)
    if (stream.resetting) return
    stream.resetting = true
    if (discard && stream.head !== undefined) this.#discard(stream, stream.head)
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
    stream.nextSsn = 0
    stream.lowThreshold = 0
  }

  /** A stream whose buffered amount fell to its threshold since the last call, or -1. */
  nextLowered(): number {
    return this.#lowered.length === 0 ? -1 : this.#lowered.shift()!
  }

  #activate(stream: OutboundStream): void {
    stream.active = true
    stream.nextActive = undefined
    if (this.#last === undefined) this.#first = stream
    else this.#last.nextActive = stream
    this.#last = stream
  }

  #consume(stream: OutboundStream, message: OutboundMessage, length: number): void {
    this.buffered -= length
    if (!message.counted) return
    const before = stream.buffered
    stream.buffered = before - length
    if (before > stream.lowThreshold && stream.buffered <= stream.lowThreshold) this.#lowered.push(stream.id)
  }

  /** Removes the head of the first stream, and passes the turn on. */
  #shift(stream: OutboundStream): void {
    stream.head = stream.head!.next
    if (stream.head === undefined) stream.tail = undefined
    this.#first = stream.nextActive
    if (this.#first === undefined) this.#last = undefined
    stream.active = false
    if (stream.head !== undefined) this.#activate(stream)
    else if (stream.resetting) this.#drained.push(stream.id)
  }

  /** Drops all messages of a stream but one that is partly sent. */
  #discard(stream: OutboundStream, head: OutboundMessage): void {
    const keep = head.offset > 0 ? head : undefined
    for (let message = keep === undefined ? head : head.next; message !== undefined; message = message.next) {
      this.#consume(stream, message, message.data.length)
    }
    stream.head = keep
    stream.tail = keep
    if (keep !== undefined) {
      keep.next = undefined
      return
    }
    // The stream leaves the circle; it may stand anywhere in it. Closing a channel may cost a walk.
    let before: OutboundStream | undefined
    for (let at = this.#first; at !== undefined && at !== stream; at = at.nextActive) before = at
    if (before === undefined) this.#first = stream.nextActive
    else before.nextActive = stream.nextActive
    if (this.#last === stream) this.#last = before
    stream.active = false
    stream.nextActive = undefined
  }
}
