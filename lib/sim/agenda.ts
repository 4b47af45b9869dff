/**
 * What is to happen in virtual time: a binary heap by time, and by order of entry within one moment, so that a run
 * repeats exactly.
 */

import type { Cancellable } from '../machine/index.ts'

class Entry implements Cancellable {
  constructor(
    readonly at: number,
    readonly order: number,
    /** Undefined once done or taken back; the entry then stays in the heap until its time. */
    public task: ((now: number) => void) | undefined,
    readonly agenda: Agenda,
  ) {}

  cancel(): void {
    if (this.task === undefined) return
    this.task = undefined
    this.agenda.forget()
  }
}

const before = (a: Entry, b: Entry): boolean => a.at < b.at || (a.at === b.at && a.order < b.order)

export class Agenda {
  readonly #heap: Entry[] = []
  #order = 0
  #cancelled = 0

  /** How many tasks are still to be done. */
  get length(): number {
    return this.#heap.length - this.#cancelled
  }

  /** When the next task is due; Infinity when there is none. */
  get next(): number {
    this.#dropCancelled()
    return this.#heap[0]?.at ?? Number.POSITIVE_INFINITY
  }

  add(at: number, task: (now: number) => void): Cancellable {
    const heap = this.#heap
    const entry = new Entry(at, this.#order++, task, this)
    let i = heap.push(entry) - 1
    while (i > 0) {
      const parent = (i - 1) >> 1
      if (!before(entry, heap[parent]!)) break
      heap[i] = heap[parent]!
      i = parent
    }
    heap[i] = entry
    return entry
  }

  /** Takes the next task out; undefined when there is none. */
  take(): ((now: number) => void) | undefined {
    this.#dropCancelled()
    const entry = this.#pop()
    const task = entry?.task
    if (entry !== undefined) entry.task = undefined
    return task
  }

  /** For `Entry.cancel` only. A timer that is moved often must not fill the heap with what it was. */
  forget(): void {
    this.#cancelled++
    if (this.#cancelled < 64 || this.#cancelled * 2 < this.#heap.length) return
    const kept = this.#heap.filter(entry => entry.task !== undefined).sort((a, b) => (before(a, b) ? -1 : 1))
    this.#heap.length = 0
    this.#heap.push(...kept)
    this.#cancelled = 0
  }

  #dropCancelled(): void {
    while (this.#heap.length > 0 && this.#heap[0]!.task === undefined) {
      this.#pop()
      this.#cancelled--
    }
  }

  #pop(): Entry | undefined {
    const heap = this.#heap
    const top = heap[0]
    const last = heap.pop()
    if (last === undefined || heap.length === 0) return top
    let i = 0
    for (;;) {
      let child = 2 * i + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child++
      if (!before(heap[child]!, last)) break
      heap[i] = heap[child]!
      i = child
    }
    heap[i] = last
    return top
  }
}
