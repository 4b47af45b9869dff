/** Streams take turns, whatever their priority (RFC 8260 3.2 and 3.3). */

import type { ScheduledStream, Scheduler } from './scheduler.ts'

export class RoundRobin implements Scheduler {
  /** All are equal: the one that has waited longest is next. */
  enter(stream: ScheduledStream): void {
    stream.rank = 0
  }

  served(): void {}

  rest(): void {}
}
