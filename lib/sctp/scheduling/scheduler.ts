/**
 * Whose turn it is: the schedulers of RFC 8260 3, one a file.
 *
 * A scheduler ranks a stream when it gets something to send, and again whenever it has been served; the stream with the
 * lowest rank is next, and of equal ones the one that has waited longest. It is served by whole messages, or by chunks
 * when messages are interleaved: the same ranking makes "round-robin" (3.2) of the one and "round-robin per packet"
 * (3.3) of the other.
 */

import type { Ranked } from './ranked-heap.ts'

/** What a scheduler knows of a stream. */
export interface ScheduledStream extends Ranked {
  /** 1 to 65,535; in WebRTC 128, 256, 512 or 1024 (RFC 8831 6.4). */
  priority: number
  /** Where weighted fairness has served it up to, in virtual time. */
  finish: number
}

export interface Scheduler {
  /** Ranks a stream that has something to send from now on, or whose priority has changed. */
  enter(stream: ScheduledStream): void
  /** Ranks a stream anew when `bytes` of it have left. */
  served(stream: ScheduledStream, bytes: number): void
  /** No stream has anything to send. */
  rest(): void
}

export type SchedulerName =
  /** Streams share in proportion to their priority, counted in bytes (3.6). */
  | 'weighted-fair'
  /** The highest priority is served first, and alone; equal ones take turns (3.4). */
  | 'priority'
  /** Streams take turns, whatever their priority (3.2, 3.3). */
  | 'round-robin'
