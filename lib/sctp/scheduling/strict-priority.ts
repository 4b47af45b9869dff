/** The highest priority is served first, and alone; streams of equal priority take turns (RFC 8260 3.4). */

import type { ScheduledStream, Scheduler } from './scheduler.ts'

export class StrictPriority implements Scheduler {
  enter(stream: ScheduledStream): void {
    stream.rank = -stream.priority
  }

  served(): void {}

  rest(): void {}
}
