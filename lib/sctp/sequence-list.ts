/**
 * Things in the order of serial numbers that wrap: few as a rule, and found and added in logarithmic time when they are
 * many. What is done first, the next one's arrival and the first one's leaving, costs nothing.
 */

export interface Numbered {
  readonly sequence: number
}

/** Front entries that are done with are given back in batches of at least this many. */
const BATCH = 32

export class SequenceList<T extends Numbered> {
  readonly #mask: number
  #items: (T | undefined)[] = []
  /** Where the first one is. */
  #head = 0

  /** @param bits How many bits the numbers have. */
  constructor(bits: 16 | 32) {
    this.#mask = bits === 16 ? 0xffff : 0xffffffff
  }

  get size(): number {
    return this.#items.length - this.#head
  }

  /** The lowest one. */
  get first(): T | undefined {
    return this.size === 0 ? undefined : this.#items[this.#head]
  }

  /** Removes the lowest one. There must be one. */
  shift(): T {
    const item = this.#items[this.#head]!
    this.#items[this.#head++] = undefined
    if (this.#head === this.#items.length) {
      this.#items.length = 0
      this.#head = 0
    } else if (this.#head >= BATCH && 2 * this.#head >= this.#items.length) {
      this.#items.splice(0, this.#head)
      this.#head = 0
    }
    return item
  }

  /**
   * The one with this number.
   * @param floor Numbers are in order from here on; all that are in the list must be.
   */
  find(sequence: number, floor: number): T | undefined {
    const item = this.#items[this.#search(sequence, floor)]
    return item?.sequence === sequence ? item : undefined
  }

  /** Adds one; false when its number is there already. */
  add(item: T, floor: number): boolean {
    const at = this.#search(item.sequence, floor)
    if (at === this.#items.length) {
      this.#items.push(item)
      return true
    }
    if (this.#items[at]!.sequence === item.sequence) return false
    this.#items.splice(at, 0, item)
    return true
  }

  /** Removes the one with this number, if it is there. */
  delete(sequence: number, floor: number): void {
    const at = this.#search(sequence, floor)
    if (this.#items[at]?.sequence !== sequence) return
    if (at === this.#head) this.shift()
    else this.#items.splice(at, 1)
  }

  /** The place of the first one that is not before `sequence`. */
  #search(sequence: number, floor: number): number {
    const items = this.#items
    const mask = this.#mask
    const distance = ((sequence - floor) & mask) >>> 0
    let low = this.#head
    let high = items.length
    // What comes in order goes to the end.
    if (high > low && ((items[high - 1]!.sequence - floor) & mask) >>> 0 < distance) return high
    while (low < high) {
      const middle = (low + high) >>> 1
      if (((items[middle]!.sequence - floor) & mask) >>> 0 < distance) low = middle + 1
      else high = middle
    }
    return low
  }
}
