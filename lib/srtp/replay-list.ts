/**
 * Which indices of a stream have been seen (RFC 3711, 3.3.2): a ring of bits behind the highest, as RFC 6479 describes it. It
 * changes only when a packet was authenticated.
 */

/** Indices: the least that RFC 3711 allows. */
export const SMALLEST_WINDOW = 64
export const LARGEST_WINDOW = 32_768

/** Throws a RangeError for a width that no list has. */
export const checkWindow = (size: number): void => {
  if (size >= SMALLEST_WINDOW && size <= LARGEST_WINDOW) return
  throw new RangeError(`a replay list has ${SMALLEST_WINDOW} to ${LARGEST_WINDOW} entries, not ${size}`)
}

export class ReplayList {
  /** The highest index, or -1. */
  highest = -1
  readonly #words: Uint32Array
  readonly #mask: number
  readonly #size: number

  /** @param size Indices behind the highest that are told apart, 64 to 32,768; rounded up to a power of two. */
  constructor(size: number) {
    checkWindow(size)
    const rounded = 2 ** Math.ceil(Math.log2(size))
    // One word more, since the newest is never full.
    this.#words = new Uint32Array(2 ** Math.ceil(Math.log2(rounded / 32 + 1)))
    this.#mask = this.#words.length - 1
    this.#size = rounded
  }

  /** Whether an index is new: neither seen nor too old to tell. */
  isNew(index: number): boolean {
    if (index > this.highest) return true
    if (this.highest - index >= this.#size) return false
    const word = Math.floor(index / 32) & this.#mask
    return (this.#words[word]! & (1 << (index % 32))) === 0
  }

  /** Notes an index whose packet was authenticated. One that is too old to tell is not noted. */
  add(index: number): void {
    if (this.highest - index >= this.#size) return
    const block = Math.floor(index / 32)
    if (index > this.highest) {
      const from = this.highest < 0 ? -1 : Math.floor(this.highest / 32)
      const steps = Math.min(block - from, this.#words.length)
      for (let i = 0; i < steps; i++) this.#words[(block - i) & this.#mask] = 0
      this.highest = index
    }
    this.#words[block & this.#mask]! |= 1 << (index % 32)
  }
}
