/**
 * The messages of the bench: a fixed pattern with the message's number at both ends, so that the receiver can tell
 * whether each came whole, once and in order, at the price of one memory comparison.
 */

/** The smallest message: two numbers. */
export const SMALLEST = 8

export class Payload {
  readonly bytes: Uint8Array
  readonly #view: DataView
  readonly #size: number

  constructor(size: number) {
    if (size < SMALLEST) throw new RangeError(`a message has ${SMALLEST} bytes at least, not ${size}`)
    this.#size = size
    this.bytes = new Uint8Array(size)
    for (let i = 0; i < size; i++) this.bytes[i] = (i * 131 + (i >>> 8) * 7 + 17) & 0xff
    this.#view = new DataView(this.bytes.buffer)
  }

  /** Writes the number of the message; `bytes` is then that message. */
  stamp(number: number): void {
    this.#view.setUint32(0, number)
    this.#view.setUint32(this.#size - 4, ~number >>> 0)
  }

  /** Whether `message` is the one with this number, to the byte. */
  matches(message: Uint8Array, number: number): boolean {
    this.stamp(number)
    return Buffer.compare(message, this.bytes) === 0
  }
}
