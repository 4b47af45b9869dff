/** What transceivers, and their senders and receivers, ask of their connection. */

import type { Transceiver } from '../jsep/index.ts'
import type { Cancellable } from '../machine/index.ts'
import type { Session } from '../session/index.ts'
import type { RTCDtlsTransport } from './dtls-transport.ts'
import type { RTCStatsReport } from './stats/report.ts'

/** Whose statistics are asked for. */
export interface MediaSelector {
  readonly transceiver: Transceiver
  readonly side: 'sender' | 'receiver'
}

export interface MediaOwner {
  readonly closed: boolean
  readonly session: Session
  /** Whether the state of the connection is `connected`. */
  readonly connected: boolean
  /** Milliseconds since 1970 where `now` is 0. */
  readonly timeOrigin: number
  now(): number
  queueTask(task: () => void): void
  /** The same of a task that runs though the connection is closed by then. */
  queueLastingTask(task: () => void): void
  /** Runs a task at `at`, milliseconds of `now`. */
  schedule(at: number, task: () => void): Cancellable
  /** An input has been put into the session from outside of its driver. */
  touch(): void
  /** The same of something that waits for the flush: of the packets of one turn, the first asks for it. */
  flushSoon(): void
  /** The application may be called from within the session until `leave`. Returns what `leave` is to be given. */
  enter(): boolean
  leave(outer: boolean): void
  /** Runs when the operations before it are done. */
  chain<T>(context: string, operation: () => Promise<T>): Promise<T>
  /** Something may have to be negotiated. */
  negotiationChanged(): void
  /** The transport of that mid, if it has a face. */
  transportOf(mid: string): RTCDtlsTransport | null
  statsOf(selector: MediaSelector): Promise<RTCStatsReport>
  randomText(): string
}
