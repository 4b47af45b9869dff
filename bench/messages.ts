/** What the bench's parent and its two child processes tell each other. */

import type { Role, Signal, StackName } from './stacks/index.ts'

export interface ThroughputJob {
  readonly kind: 'throughput'
  readonly size: number
}

export interface LatencyJob {
  readonly kind: 'latency'
  /** How many connections are opened one after another, to time that. */
  readonly connections: number
  /** Round trips that are timed, after a fifth as many that are not. */
  readonly roundTrips: number
}

export type Job = ThroughputJob | LatencyJob

/** From the parent. */
export type Command =
  | { readonly type: 'job'; readonly stack: StackName; readonly role: Role; readonly job: Job }
  | { readonly type: 'signal'; readonly connection: number; readonly signal: Signal }
  /** Tell what was done so far. */
  | { readonly type: 'mark' }
  /** Send no more; tell when everything sent has been acknowledged. */
  | { readonly type: 'stop' }

/** What a process has done and used since it started. */
export interface Mark {
  /** Milliseconds of a monotonic clock. */
  readonly time: number
  /** Microseconds of CPU in all threads, user and system. */
  readonly cpu: number
  readonly messages: number
  readonly bytes: number
}

/** From a child. */
export type Report =
  | { readonly type: 'signal'; readonly connection: number; readonly signal: Signal }
  | { readonly type: 'open' }
  | ({ readonly type: 'mark' } & Mark)
  | { readonly type: 'stopped'; readonly messages: number; readonly maxRss: number }
  | { readonly type: 'latency'; readonly opens: readonly number[]; readonly roundTrips: readonly number[] }
  | { readonly type: 'failed'; readonly reason: string }
