/**
 * Messages that may be dropped for the sake of more valuable ones when the send buffer is full: the priority policy of
 * partial reliability (RFC 7496 3.2), applied to messages of which nothing has been sent yet.
 */

import type { Discardable, OutboundMessage } from './outbound-message.ts'

/** Messages of one value, oldest first. */
class Equals {
  bytes = 0
  first: Discardable | undefined
  last: Discardable | undefined
}

export class DiscardableMessages {
  readonly #byValue = new Map<number, Equals>()

  add(entry: Discardable): void {
    let equals = this.#byValue.get(entry.value)
    if (equals === undefined) {
      equals = new Equals()
      this.#byValue.set(entry.value, equals)
    }
    equals.bytes += entry.message.data.length
    entry.previous = equals.last
    if (equals.last === undefined) equals.first = entry
    else equals.last.next = entry
    equals.last = entry
  }

  /** It has left the queue, or begins to be sent. */
  delete(entry: Discardable): void {
    const equals = this.#byValue.get(entry.value)!
    equals.bytes -= entry.message.data.length
    if (entry.previous === undefined) equals.first = entry.next
    else entry.previous.next = entry.next
    if (entry.next === undefined) equals.last = entry.previous
    else entry.next.previous = entry.previous
    if (equals.first === undefined) this.#byValue.delete(entry.value)
  }

  /** Whether messages of less than this value have that many bytes together. */
  worth(bytes: number, value: number): boolean {
    let sum = 0
    for (const [key, equals] of this.#byValue) if (key < value) sum += equals.bytes
    return sum >= bytes
  }

  /** The oldest of the least valuable ones. */
  least(): OutboundMessage | undefined {
    let least = Number.POSITIVE_INFINITY
    for (const value of this.#byValue.keys()) if (value < least) least = value
    return this.#byValue.get(least)?.first?.message
  }
}
