/**
 * Seeded randomness: xoshiro128** (Blackman and Vigna, 2018), its state filled by splitmix32.
 *
 * Fast, of good statistical quality, and the same for the same seed on every platform. Predictable: never for keys of a
 * real connection.
 */

import type { Random } from '../machine/index.ts'

const rotate = (x: number, k: number): number => (x << k) | (x >>> (32 - k))

export class SeededRandom implements Random {
  #a: number
  #b: number
  #c: number
  #d: number

  /**
   * @param seed Any integer; its low 32 bits count.
   * @param stream Sequences of one seed and different streams do not depend on each other.
   */
  constructor(seed: number, stream = 0) {
    let state = (seed ^ Math.imul(stream, 0x9e3779b1)) | 0
    const next = (): number => {
      state = (state + 0x9e3779b9) | 0
      let z = state
      z = Math.imul(z ^ (z >>> 16), 0x21f0aaad)
      z = Math.imul(z ^ (z >>> 15), 0x735a2d97)
      return z ^ (z >>> 15)
    }
    this.#a = next()
    this.#b = next()
    this.#c = next()
    this.#d = next() | 1
  }

  /** An unsigned 32-bit number. */
  u32(): number {
    const result = Math.imul(rotate(Math.imul(this.#b, 5), 7), 9)
    const t = this.#b << 9
    this.#c ^= this.#a
    this.#d ^= this.#b
    this.#b ^= this.#c
    this.#a ^= this.#d
    this.#c ^= t
    this.#d = rotate(this.#d, 11)
    return result >>> 0
  }

  /** A number in [0, 1), of 32 bits. */
  unit(): number {
    return this.u32() / 0x1_0000_0000
  }

  fill<T extends Uint8Array>(target: T): T {
    let i = 0
    for (; i + 4 <= target.length; i += 4) {
      const word = this.u32()
      target[i] = word
      target[i + 1] = word >>> 8
      target[i + 2] = word >>> 16
      target[i + 3] = word >>> 24
    }
    if (i < target.length) {
      for (let word = this.u32(); i < target.length; i++, word >>>= 8) target[i] = word
    }
    return target
  }
}

/** A source of random bytes that gives the same for the same seed. */
export const seededRandom = (seed: number): SeededRandom => new SeededRandom(seed)
