/**
 * A set of TSNs as a ring of bits, for TSNs that lie within one capacity of each other.
 *
 * Runs are searched a word at a time, so that looking through a window of thousands costs a few dozen steps.
 */

/** Index of the lowest bit that is set in a word that is not zero. */
const lowestBit = (word: number): number => 31 - Math.clz32(word & -word)

export class SerialBits {
  readonly #words: Uint32Array
  readonly #mask: number

  /** @param capacity A power of two of at least 32. */
  constructor(readonly capacity: number) {
    this.#words = new Uint32Array(capacity >>> 5)
    this.#mask = capacity - 1
  }

  has(tsn: number): boolean {
    const at = tsn & this.#mask
    return ((this.#words[at >>> 5]! >>> (at & 31)) & 1) === 1
  }

  add(tsn: number): void {
    const at = tsn & this.#mask
    this.#words[at >>> 5]! |= 1 << (at & 31)
  }

  delete(tsn: number): void {
    const at = tsn & this.#mask
    this.#words[at >>> 5]! &= ~(1 << (at & 31))
  }

  /** Removes `count` numbers from `from` on, a word at a time. */
  clear(from: number, count: number): void {
    let at = from & this.#mask
    let left = Math.min(count, this.capacity)
    while (left > 0) {
      const bit = at & 31
      const span = Math.min(left, 32 - bit)
      this.#words[at >>> 5]! &= span === 32 ? 0 : ~(((1 << span) - 1) << bit)
      at = (at + span) & this.#mask
      left -= span
    }
  }

  /** How far ahead of `from` the first member is (0 when it is one itself), or -1 when none of the next `count` is. */
  distanceToMember(from: number, count: number): number {
    let at = from & this.#mask
    let passed = 0
    while (passed < count) {
      const bit = at & 31
      const word = this.#words[at >>> 5]! >>> bit
      if (word !== 0) {
        const distance = passed + lowestBit(word)
        return distance < count ? distance : -1
      }
      passed += 32 - bit
      at = (at + 32 - bit) & this.#mask
    }
    return -1
  }

  /** How far ahead of `from` the first number outside the set is, or -1 when all of the next `count` are members. */
  distanceToGap(from: number, count: number): number {
    let at = from & this.#mask
    let passed = 0
    while (passed < count) {
      const bit = at & 31
      const word = ~this.#words[at >>> 5]! >>> bit
      if (word !== 0) {
        const distance = passed + lowestBit(word)
        return distance < count ? distance : -1
      }
      passed += 32 - bit
      at = (at + 32 - bit) & this.#mask
    }
    return -1
  }
}
