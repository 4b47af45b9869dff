/**
 * `Host.schedule` over the platform's timers.
 *
 * A platform timer counts from the beginning of the turn of the event loop, so it may go off early by as long as the
 * turn lasted, and it cannot wait longer than 2^31 - 1 ms: in both cases it is set again for what is left.
 */

import { performance } from 'node:perf_hooks'
import type { Cancellable } from '../machine/index.ts'

const LONGEST = 0x7fff_ffff

class PlatformTimer implements Cancellable {
  readonly #at: number
  readonly #task: (now: number) => void
  #timer: NodeJS.Timeout | undefined

  constructor(at: number, task: (now: number) => void) {
    this.#at = at
    this.#task = task
    this.#arm(performance.now())
  }

  cancel(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #arm(now: number): void {
    this.#timer = setTimeout(this.#fire, Math.min(LONGEST, Math.max(0, Math.ceil(this.#at - now))))
    this.#timer.unref()
  }

  readonly #fire = (): void => {
    const now = performance.now()
    if (now < this.#at) this.#arm(now)
    else this.#task(now)
  }
}

/** Calls `task` once, at `at` of `performance.now()` or soon afterwards. Does not keep the process alive. */
export const schedule = (at: number, task: (now: number) => void): Cancellable => new PlatformTimer(at, task)
