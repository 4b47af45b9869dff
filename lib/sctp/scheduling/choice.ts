/** The choice of a scheduler by name. */

import { RoundRobin } from './round-robin.ts'
import type { Scheduler, SchedulerName } from './scheduler.ts'
import { StrictPriority } from './strict-priority.ts'
import { WeightedFair } from './weighted-fair.ts'

export const createScheduler = (name: SchedulerName): Scheduler => {
  switch (name) {
    case 'weighted-fair':
      return new WeightedFair()
    case 'priority':
      return new StrictPriority()
    case 'round-robin':
      return new RoundRobin()
  }
}
