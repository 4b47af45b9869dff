/** What the bench's parent and its two child processes tell each other. */

import type { PacketCounts, Role, Signal, StackName } from './stacks/index.ts'

export interface ThroughputJob {
  readonly kind: 'throughput'
  readonly size: number
  /** How many channels take turns, a message each: 1. */
  readonly channels?: number
  /** Messages that are under way at once; by default as many as fit in a window that is the same for every stack. */
  readonly window?: number
}

export interface LatencyJob {
  readonly kind: 'latency'
  /** How many connections are opened one after another, to time that. */
  readonly connections: number
  /** Round trips that are timed at once, in code that has hardly run yet. */
  readonly firstTrips: number
  /** Milliseconds of round trips that are not timed, then. */
  readonly warmUp: number
  /** Round trips that are timed after that. */
  readonly roundTrips: number
}

/** Connections are opened and closed as the parent says. */
export interface ConnectJob {
  readonly kind: 'connect'
}

export type Job = ThroughputJob | LatencyJob | ConnectJob

/** Milliseconds of the machine's monotonic clock: what one process reads can be compared with what another does. */
export const monotonic = (): number => Number(process.hrtime.bigint()) / 1e6

/** From the parent. */
export type Command =
  | { readonly type: 'job'; readonly stack: StackName; readonly role: Role; readonly job: Job }
  | { readonly type: 'signal'; readonly connection: number; readonly signal: Signal }
  | { readonly type: 'connect'; readonly connection: number }
  | { readonly type: 'close'; readonly connection: number }
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
  /** Of the association, where the stack tells. */
  readonly counts?: PacketCounts | undefined
}

/** From a child. */
export type Report =
  | { readonly type: 'signal'; readonly connection: number; readonly signal: Signal }
  | { readonly type: 'open' }
  /** Its end of a connection waits for what the other end signals. */
  | { readonly type: 'listening' }
  /** When it began to connect, and when its channel was open, by `monotonic`. */
  | { readonly type: 'connected'; readonly began: number; readonly open: number }
  | { readonly type: 'closed' }
  | ({ readonly type: 'mark' } & Mark)
  | { readonly type: 'stopped'; readonly messages: number; readonly maxRss: number }
  | {
      readonly type: 'latency'
      readonly opens: readonly number[]
      readonly firstTrips: readonly number[]
      readonly roundTrips: readonly number[]
    }
  | { readonly type: 'failed'; readonly reason: string }
