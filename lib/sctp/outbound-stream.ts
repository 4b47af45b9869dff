/** A stream that is sent on: its queue of messages, its numbers, and its place among the streams. */

import type { OutboundMessage } from './outbound-message.ts'
import type { RankedHeap } from './scheduling/ranked-heap.ts'
import type { ScheduledStream } from './scheduling/scheduler.ts'

/** "Normal" (RFC 8831 6.4): what the W3C calls "low", which is the default. Below it is 128, above it are 512 and 1024. */
export const DEFAULT_PRIORITY = 256

export class OutboundStream implements ScheduledStream {
  /** Waiting messages, oldest first. */
  head: OutboundMessage | undefined
  tail: OutboundMessage | undefined
  /** Bytes accepted and not yet sent for the first time. */
  buffered = 0
  /** When `buffered` falls to this or below it, the owner is told. */
  lowThreshold = 0
  /** It is in the list of those whose owner is to be told; the next one of them. */
  lowered = false
  nextLowered: OutboundStream | undefined
  /** No message is accepted any more: the stream is to be reset when it is empty (RFC 6525 5.1.2). */
  resetting = false
  /** Stream sequence number of the next ordered message, or its message identifier (RFC 8260 2.1). */
  nextOrdered = 0
  /** Message identifier of the next unordered message. */
  nextUnordered = 0
  priority = DEFAULT_PRIORITY
  /** The heap it stands in while it has something to send. */
  heap: RankedHeap<OutboundStream> | undefined
  place = 0
  rank = 0
  order = 0
  finish = 0

  constructor(readonly id: number) {}

  append(message: OutboundMessage): void {
    const { tail } = this
    if (tail === undefined) this.head = message
    else tail.next = message
    message.previous = tail
    this.tail = message
  }

  remove(message: OutboundMessage): void {
    const { previous, next } = message
    if (previous === undefined) this.head = next
    else previous.next = next
    if (next === undefined) this.tail = previous
    else next.previous = previous
    message.previous = undefined
    message.next = undefined
  }
}
