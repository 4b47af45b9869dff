/** Streams take turns, whatever their priority (RFC 8260 3.1 and 3.2). */

import type { ScheduledStream, Scheduler } from './scheduler.ts'

export class RoundRobin implements Scheduler {
  /** All are equal: the one that has waited longest is next. */
  enter(stream: ScheduledStream): void {
    stream.rank = 0
  }

  served(): void {}

  rest(): void {}
}
