/**
 * Ties one machine to a host: the timer that follows its deadline, the flush at the end of a turn, the events.
 *
 * The owner calls `touch()` after every input. Within the same turn of the event loop that costs two comparisons.
 */

import type { Cancellable, Host } from './host.ts'
import type { FlushingMachine, Machine } from './machine.ts'

/** A machine that is driven: one that holds nothing back has no `flush`. */
export type DrivenMachine = Machine & Partial<Pick<FlushingMachine, 'flush'>>

export class Driver {
  readonly #host: Host
  readonly #machine: DrivenMachine
  readonly #drain: () => void
  #timer: Cancellable | undefined
  #armed = Number.POSITIVE_INFINITY
  #flushQueued = false
  #stopped = false
  #draining = false

  /**
   * @param drain Takes the machine's events; called after each input, each flush and each deadline. It is not entered
   * again from within itself: what it puts into the machine must be touched as usual, and is drained when it returns.
   */
  constructor(host: Host, machine: DrivenMachine, drain: () => void) {
    this.#host = host
    this.#machine = machine
    this.#drain = drain
  }

  /** To be called after any input to the machine. */
  touch(): void {
    if (this.#stopped) return
    if (!this.#flushQueued) {
      this.#flushQueued = true
      this.#host.queueTask(this.#flush)
    }
    this.#settle()
  }

  /** Stops the timer and the flushes; the machine is not touched again. */
  stop(): void {
    this.#stopped = true
    this.#timer?.cancel()
    this.#timer = undefined
    this.#armed = Number.POSITIVE_INFINITY
  }

  readonly #flush = (): void => {
    this.#flushQueued = false
    if (this.#stopped) return
    this.#machine.flush?.(this.#host.now())
    this.#settle()
  }

  readonly #fire = (now: number): void => {
    this.#timer = undefined
    this.#armed = Number.POSITIVE_INFINITY
    if (this.#stopped) return
    this.#machine.advance(now)
    this.#machine.flush?.(now)
    this.#settle()
  }

  #settle(): void {
    if (!this.#draining) {
      this.#draining = true
      try {
        this.#drain()
      } finally {
        this.#draining = false
      }
    }
    if (this.#stopped) return
    const deadline = this.#machine.deadline
    // A timer that is set too early merely fires once for nothing; moving it at every packet would cost more.
    if (deadline < this.#armed) {
      this.#timer?.cancel()
      this.#armed = deadline
      this.#timer = this.#host.schedule(deadline, this.#fire)
    }
  }
}
