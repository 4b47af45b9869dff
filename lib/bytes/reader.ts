/**
 * A cursor over received bytes that cannot throw.
 *
 * Whoever reads what a peer wrote must expect every length to lie. Instead of a check before each field, a read past
 * the end yields zeros (or an empty view) and sets `failed`, which stays set; a decoder asks once, at its end.
 */

const EMPTY = new Uint8Array(0)

export class Reader {
  /** Set by the first read that went past the end, and never cleared. */
  failed = false
  position: number
  readonly end: number

  constructor(
    readonly bytes: Uint8Array,
    start = 0,
    end = bytes.length,
  ) {
    this.position = start
    this.end = Math.min(end, bytes.length)
  }

  get remaining(): number {
    return this.end - this.position
  }

  /** Moves past `length` bytes and returns where they began, or -1 when there are not as many. */
  #take(length: number): number {
    const at = this.position
    if (this.failed || length < 0 || length > this.end - at) {
      this.failed = true
      return -1
    }
    this.position = at + length
    return at
  }

  u8(): number {
    const at = this.#take(1)
    return at < 0 ? 0 : this.bytes[at]!
  }

  u16(): number {
    const at = this.#take(2)
    return at < 0 ? 0 : (this.bytes[at]! << 8) | this.bytes[at + 1]!
  }

  u24(): number {
    const at = this.#take(3)
    return at < 0 ? 0 : (this.bytes[at]! << 16) | (this.bytes[at + 1]! << 8) | this.bytes[at + 2]!
  }

  u32(): number {
    const at = this.#take(4)
    if (at < 0) return 0
    const b = this.bytes
    return ((b[at]! << 24) | (b[at + 1]! << 16) | (b[at + 2]! << 8) | b[at + 3]!) >>> 0
  }

  /** A 48-bit unsigned integer, exact as a number (DTLS record sequence numbers). */
  u48(): number {
    const high = this.u16()
    return high * 0x1_0000_0000 + this.u32()
  }

  u64(): bigint {
    const high = this.u32()
    return (BigInt(high) << 32n) | BigInt(this.u32())
  }

  /** A view of the next `length` bytes: borrowed, not copied. Empty when there are fewer. */
  view(length: number): Uint8Array {
    const at = this.#take(length)
    return at < 0 ? EMPTY : this.bytes.subarray(at, at + length)
  }

  /** A view of all that is left. */
  rest(): Uint8Array {
    return this.view(Math.max(0, this.remaining))
  }

  skip(length: number): void {
    this.#take(length)
  }

  /** A view behind a one-byte length. */
  vector8(): Uint8Array {
    return this.view(this.u8())
  }

  /** A view behind a two-byte length. */
  vector16(): Uint8Array {
    return this.view(this.u16())
  }

  /** A view behind a three-byte length. */
  vector24(): Uint8Array {
    return this.view(this.u24())
  }
}
