/**
 * Streams share in proportion to their priority, counted in bytes (RFC 8260 3.6; the weights of RFC 8831 6.4).
 *
 * This is start-time fair queueing: virtual time is how far a stream of weight one would have got. What a stream sends
 * next begins, in virtual time, where what it sent before ended, or now if it had nothing to send meanwhile, so that
 * nobody saves up turns; and the earliest beginning is served first. Unlike other forms of fair queueing it need not know
 * how long the next chunk is.
 */

import type { ScheduledStream, Scheduler } from './scheduler.ts'

export class WeightedFair implements Scheduler {
  /** Virtual time: where what was served last began. */
  #now = 0
  /** The furthest that any stream was served. */
  #furthest = 0

  enter(stream: ScheduledStream): void {
    stream.rank = Math.max(this.#now, stream.finish)
  }

  served(stream: ScheduledStream, bytes: number): void {
    // One that was kept waiting by more than its rank is served late, and time does not run backwards.
    if (stream.rank > this.#now) this.#now = stream.rank
    stream.finish = stream.rank + bytes / stream.priority
    stream.rank = stream.finish
    if (stream.finish > this.#furthest) this.#furthest = stream.finish
  }

  rest(): void {
    this.#now = this.#furthest
  }
}
