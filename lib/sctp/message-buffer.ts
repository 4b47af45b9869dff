/**
 * The bytes of one message as they come in, fragment by fragment, and in the end in one piece that they fill.
 *
 * They are copied once more in the end unless the length was expected, and take twice the message while that lasts.
 */

const NONE = new Uint8Array(0)
/** No piece is larger than this, unless one was asked for. */
const LARGEST_PIECE = 4 << 20

/** `bytes[from, to)` in a buffer of their own. */
export const copyOf = (bytes: Uint8Array, from: number, to: number): Uint8Array<ArrayBuffer> => {
  // The quickest way for short messages; but a Node Buffer's `slice` shares its memory.
  if (bytes.constructor === Uint8Array) return bytes.slice(from, to) as Uint8Array<ArrayBuffer>
  const own = new Uint8Array(to - from)
  own.set(bytes.subarray(from, to))
  return own
}

export class MessageBuffer {
  /** Bytes that it holds. */
  length = 0
  /** Bytes that it has taken hold of. */
  capacity: number
  /** The pieces that are full. What is in them stays where it is until the message is whole. */
  #full: Uint8Array[] | undefined
  #piece: Uint8Array<ArrayBuffer>
  /** Bytes in the last piece. */
  #used = 0
  readonly #most: number

  /**
   * @param expected How long the message is likely to be: when it is, its bytes are never copied again.
   * @param most How long it may be at most; the caller sees to it.
   */
  constructor(expected: number, most: number) {
    this.capacity = Math.min(expected, most)
    this.#piece = new Uint8Array(this.capacity)
    this.#most = most
  }

  append(bytes: Uint8Array, from: number, to: number): void {
    const room = this.#piece.length - this.#used
    const first = Math.min(to, from + room)
    this.#piece.set(from === 0 && first === bytes.length ? bytes : bytes.subarray(from, first), this.#used)
    this.#used += first - from
    this.length += to - from
    if (first === to) return
    this.#extend(to - first)
    this.#piece.set(bytes.subarray(first, to))
    this.#used = to - first
  }

  /** The message, in a buffer that it fills. */
  take(): Uint8Array<ArrayBuffer> {
    const piece = this.#piece
    this.#piece = NONE
    if (this.#full === undefined) return this.#used === piece.length ? piece : piece.slice(0, this.#used)
    const whole = new Uint8Array(this.length)
    let at = 0
    for (const full of this.#full) {
      whole.set(full, at)
      at += full.length
    }
    whole.set(piece.subarray(0, this.#used), at)
    this.#full = undefined
    return whole
  }

  /** Adds a piece as large as all before it, so that the pieces are few. */
  #extend(needed: number): void {
    if (this.#piece.length > 0) {
      this.#full ??= []
      this.#full.push(this.#piece)
    }
    const size = Math.min(Math.max(this.capacity, needed), Math.max(LARGEST_PIECE, needed), this.#most - this.capacity)
    this.#piece = new Uint8Array(Math.max(size, needed))
    this.capacity += this.#piece.length
  }
}
