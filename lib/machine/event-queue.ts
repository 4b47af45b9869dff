/**
 * Events on their way from a machine to its owner, in order.
 *
 * The owner drains it after each input: `for (let e = queue.next(); e; e = queue.next())`. What the owner does with an
 * event may put in more.
 */

export class EventQueue<E extends object> {
  #events: E[] = []
  #read = 0

  push(event: E): void {
    this.#events.push(event)
  }

  /** The oldest event, or undefined when there is none. */
  next(): E | undefined {
    const event = this.#events[this.#read]
    if (event === undefined) {
      if (this.#read > 0) {
        this.#events = []
        this.#read = 0
      }
      return undefined
    }
    this.#read++
    return event
  }

  get length(): number {
    return this.#events.length - this.#read
  }
}
