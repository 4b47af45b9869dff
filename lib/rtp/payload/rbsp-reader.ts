/**
 * Reads the bits of a NAL unit (H.264 7.3 and 9.1, H.265 7.3 and 9.2): fixed fields and Exp-Golomb codes, without the bytes that keep start
 * codes from appearing (emulation_prevention_three_byte).
 */

export class RbspReader {
  /** Whether more was read than there is, or a code is longer than any field: what was read is then nothing. */
  failed = false
  #bytes: Uint8Array
  #at: number
  readonly #end: number
  /** Zeros in front of #at: a 3 behind two of them is not of the content. */
  #zeros = 0
  #byte = 0
  #bitsLeft = 0

  constructor(bytes: Uint8Array, start: number, end: number) {
    this.#bytes = bytes
    this.#at = start
    this.#end = end
  }

  bit(): number {
    if (this.#bitsLeft === 0) this.#next()
    this.#bitsLeft--
    return (this.#byte >> this.#bitsLeft) & 1
  }

  flag(): boolean {
    return this.bit() === 1
  }

  /** Up to 32 bits, the first one highest. */
  bits(count: number): number {
    let value = 0
    for (let i = 0; i < count; i++) value = value * 2 + this.bit()
    return value
  }

  skip(count: number): void {
    for (let i = 0; i < count && !this.failed; i++) this.bit()
  }

  /** ue(v): 0 to 2^32 - 2. */
  unsigned(): number {
    let zeros = 0
    while (this.bit() === 0) {
      if (this.failed || ++zeros > 31) {
        this.failed = true
        return 0
      }
    }
    return 2 ** zeros - 1 + this.bits(zeros)
  }

  /** se(v). */
  signed(): number {
    const code = this.unsigned()
    return code % 2 === 1 ? (code + 1) / 2 : -code / 2
  }

  #next(): void {
    if (this.#zeros >= 2 && this.#at < this.#end && this.#bytes[this.#at] === 3) {
      this.#zeros = 0
      this.#at++
    }
    this.#bitsLeft = 8
    if (this.#at >= this.#end) {
      this.failed = true
      this.#byte = 0
      return
    }
    this.#byte = this.#bytes[this.#at++]!
    this.#zeros = this.#byte === 0 ? this.#zeros + 1 : 0
  }
}
