/**
 * Streams in the order in which their turns come: a heap that knows where each of them stands.
 *
 * Ranks are kept beside the streams, and four stand below each, so that finding a place among thousands touches few.
 */

/** What can stand in a heap: one at a time. */
export interface Ranked {
  /** The lowest is first. */
  rank: number
  /** Among equal ranks, the lowest is first. */
  order: number
  /** Where it stands; kept by the heap. */
  place: number
}

/** Whether `a` comes before `b`. */
export const precedes = (a: Ranked, b: Ranked): boolean => a.rank < b.rank || (a.rank === b.rank && a.order < b.order)

export class RankedHeap<T extends Ranked> {
  readonly #items: T[] = []
  #ranks = new Float64Array(16)
  #orders = new Float64Array(16)

  /** The first one. */
  get top(): T | undefined {
    return this.#items.length === 0 ? undefined : this.#items[0]
  }

  push(item: T): void {
    const place = this.#items.length
    if (place === this.#ranks.length) this.#grow()
    this.#items.push(item)
    this.#rise(item, place)
  }

  /** Removes one that is in this heap. */
  remove(item: T): void {
    const last = this.#items.pop()!
    if (last === item) return
    last.place = item.place
    this.#items[item.place] = last
    this.update(last)
  }

  /** The rank or the order of one that is in this heap has changed. */
  update(item: T): void {
    const { length } = this.#items
    if (length === 1) {
      this.#put(item, 0)
      return
    }
    // Most often it has been served, and has to wait now: its way leads to the bottom, and from there up a little.
    const items = this.#items
    let place = item.place
    for (let first = 4 * place + 1; first < length; first = 4 * place + 1) {
      const end = Math.min(first + 4, length)
      let below = first
      for (let other = first + 1; other < end; other++) if (this.#before(other, below)) below = other
      this.#put(items[below]!, place, this.#ranks[below], this.#orders[below])
      place = below
    }
    this.#rise(item, place)
  }

  #before(a: number, b: number): boolean {
    const ranks = this.#ranks
    return ranks[a]! < ranks[b]! || (ranks[a] === ranks[b] && this.#orders[a]! < this.#orders[b]!)
  }

  #rise(item: T, from: number): void {
    const { rank, order } = item
    const ranks = this.#ranks
    const orders = this.#orders
    let place = from
    while (place > 0) {
      const above = (place - 1) >>> 2
      if (ranks[above]! < rank || (ranks[above] === rank && orders[above]! < order)) break
      this.#put(this.#items[above]!, place, ranks[above], orders[above])
      place = above
    }
    this.#put(item, place, rank, order)
  }

  #put(item: T, place: number, rank = item.rank, order = item.order): void {
    this.#items[place] = item
    this.#ranks[place] = rank
    this.#orders[place] = order
    item.place = place
  }

  #grow(): void {
    const ranks = new Float64Array(2 * this.#ranks.length)
    const orders = new Float64Array(ranks.length)
    ranks.set(this.#ranks)
    orders.set(this.#orders)
    this.#ranks = ranks
    this.#orders = orders
  }
}
