/** Deadline bookkeeping for a machine with several timers: each is a moment, and the machine's deadline the earliest. */

export class Timer {
  /** Monotonic milliseconds at which it is due; Infinity when it is not running. */
  at = Number.POSITIVE_INFINITY

  get running(): boolean {
    return this.at !== Number.POSITIVE_INFINITY
  }

  set(at: number): void {
    this.at = at
  }

  stop(): void {
    this.at = Number.POSITIVE_INFINITY
  }

  /** Whether it is due at `now`; a timer that is has stopped when this returns. */
  expire(now: number): boolean {
    if (now < this.at) return false
    this.at = Number.POSITIVE_INFINITY
    return true
  }
}
