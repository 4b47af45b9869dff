/** Reads fields of bits, the first one highest: `f(n)` and `u(n)` of the VP9 and AV1 bitstream specifications. */

const NOTHING = new Uint8Array(0)

/** One object is used again and again. */
export class BitReader {
  /** Whether more was read than there is: what was read is then nothing. */
  failed = false
  #bytes: Uint8Array = NOTHING
  #at = 0
  #end = 0
  #bit = 0

  /** Begins with other bytes. They are borrowed until the next ones. */
  open(bytes: Uint8Array, start: number, end: number): void {
    this.failed = false
    this.#bytes = bytes
    this.#at = start
    this.#end = end
    this.#bit = 0
  }

  bit(): number {
    if (this.#at >= this.#end) {
      this.failed = true
      return 0
    }
    const bit = (this.#bytes[this.#at]! >> (7 - this.#bit)) & 1
    if (++this.#bit === 8) {
      this.#bit = 0
      this.#at++
    }
    return bit
  }

  flag(): boolean {
    return this.bit() === 1
  }

  /** Up to 32 bits. */
  bits(count: number): number {
    let value = 0
    for (let i = 0; i < count; i++) value = value * 2 + this.bit()
    return value
  }

  /** uvlc() of AV1 (4.10.3): as many zeros as its value has bits behind the first. */
  skipVariableLength(): void {
    let zeros = 0
    while (this.bit() === 0) if (this.failed || ++zeros >= 32) return
    this.bits(zeros)
  }
}
