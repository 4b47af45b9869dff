/**
 * The tasks of a connection in the order in which they were queued: what the session tells, and what webrtc-pc wants
 * done later ("queue a task").
 *
 * Between two tasks the platform lets promises settle, so that a handler which awaits something finds no event gone by.
 * A task of the host is made for each. What a turn of its own brings first, with nothing queued before it, need not be
 * queued: a datagram that brings one message costs no more than the event.
 */

import type { Host } from '../machine/index.ts'

type Task = () => void

export class TaskQueue<E extends object> {
  readonly #host: Host
  readonly #handle: (event: E) => void
  #tasks: (E | Task)[] = []
  #first = 0
  #closed = false

  /** @param handle Does what an event asks for. */
  constructor(host: Host, handle: (event: E) => void) {
    this.#host = host
    this.#handle = handle
  }

  /** Queues a task. */
  queue(task: E | Task): void {
    if (this.#closed) return
    this.#tasks.push(task)
    this.#host.queueTask(this.#run)
  }

  /** Whether nothing is queued: a caller in a turn of its own may then do its first task at once. */
  get idle(): boolean {
    return this.#first === this.#tasks.length
  }

  /** Forgets what is queued; nothing more runs. */
  close(): void {
    this.#closed = true
    this.#tasks = []
    this.#first = 0
  }

  readonly #run = (): void => {
    const task = this.#tasks[this.#first]
    if (task === undefined) return
    this.#first++
    if (this.#first === this.#tasks.length) {
      this.#tasks = []
      this.#first = 0
    } else if (this.#first > 1024) {
      this.#tasks.splice(0, this.#first)
      this.#first = 0
    }
    if (typeof task === 'function') task()
    else this.#handle(task)
  }
}
