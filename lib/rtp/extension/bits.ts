/** Fields that begin at any bit, most significant first (AV1, 4.10.2: `f(n)`, and 4.10.7: `ns(n)`). */

export class BitReader {
  /** Set by the first read beyond the end, and never cleared: all that is read from then on is 0. */
  failed = false
  readonly #bytes: Uint8Array
  /** In bits. */
  #at: number
  readonly #end: number

  constructor(bytes: Uint8Array, start: number, end: number) {
    this.#bytes = bytes
    this.#at = 8 * start
    this.#end = 8 * Math.min(end, bytes.length)
  }

  /** In bits. */
  get remaining(): number {
    return this.#end - this.#at
  }

  /** An unsigned number of so many bits, 0 to 32. */
  bits(count: number): number {
    if (this.failed || count > this.remaining) {
      this.failed = true
      return 0
    }
    let value = 0
    for (let left = count; left > 0; ) {
      const within = this.#at & 7
      const taken = Math.min(left, 8 - within)
      const byte = this.#bytes[this.#at >> 3]!
      value = value * 2 ** taken + ((byte >> (8 - within - taken)) & (2 ** taken - 1))
      this.#at += taken
      left -= taken
    }
    return value
  }

  flag(): boolean {
    return this.bits(1) === 1
  }

  /** A number below `limit`, which is at least 1. */
  below(limit: number): number {
    const width = 32 - Math.clz32(limit)
    const short = 2 ** width - limit
    const value = this.bits(width - 1)
    return value < short ? value : 2 * value - short + this.bits(1)
  }
}

export class BitWriter {
  #bytes = new Uint8Array(64)
  /** In bits. */
  #at = 0

  /** @param count 0 to 32. */
  bits(value: number, count: number): this {
    for (let bit = count - 1; bit >= 0; bit--) {
      const place = this.#at >> 3
      if (place === this.#bytes.length) {
        const grown = new Uint8Array(2 * place)
        grown.set(this.#bytes)
        this.#bytes = grown
      }
      if (((value >>> bit) & 1) === 1) this.#bytes[place]! |= 0x80 >> (this.#at & 7)
      this.#at++
    }
    return this
  }

  flag(value: boolean): this {
    return this.bits(value ? 1 : 0, 1)
  }

  /** A number below `limit`, which is at least 1. */
  below(value: number, limit: number): this {
    const width = 32 - Math.clz32(limit)
    const short = 2 ** width - limit
    return value < short ? this.bits(value, width - 1) : this.bits(value + short, width)
  }

  /** What was written, zeros up to the next byte: a view. */
  finish(): Uint8Array {
    return this.#bytes.subarray(0, (this.#at + 7) >> 3)
  }
}
