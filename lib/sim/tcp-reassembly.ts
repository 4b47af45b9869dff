/** The receiving half of a simulated TCP connection: puts what comes in any order, or twice, back in order. */

/** Bytes under way at most, and kept out of order at most. */
export const WINDOW = 65_535

const NOTHING = new Uint8Array(0)

export interface Piece {
  readonly bytes: Uint8Array
  readonly fin: boolean
}

export class Reassembly {
  /** The sequence number of what is to come next. */
  expected = 0
  /** FIN has come, and everything before it. */
  ended = false
  /** What came ahead of `expected`, by its place. */
  readonly #early = new Map<number, Piece>()
  #bytes = 0

  /** Takes the data of a segment. What lies before `expected` has come already. */
  put(sequence: number, bytes: Uint8Array, fin: boolean): void {
    const skip = this.expected - sequence
    if (skip <= 0) this.#keep(sequence, bytes, fin)
    else if (skip < bytes.length) this.#keep(this.expected, bytes.subarray(skip), fin)
    else if (skip === bytes.length && fin) this.#keep(this.expected, NOTHING, true)
  }

  /** What is next in order; undefined when it has not come. */
  take(): Piece | undefined {
    const piece = this.#early.get(this.expected)
    if (piece === undefined) return undefined
    this.#early.delete(this.expected)
    this.#bytes -= piece.bytes.length
    this.expected += piece.bytes.length + (piece.fin ? 1 : 0)
    if (piece.fin) {
      this.ended = true
      this.clear()
    }
    return piece
  }

  clear(): void {
    this.#early.clear()
    this.#bytes = 0
  }

  #keep(sequence: number, bytes: Uint8Array, fin: boolean): void {
    if (this.ended || this.#bytes + bytes.length > WINDOW) return
    const known = this.#early.get(sequence)
    if (known !== undefined) {
      if (known.bytes.length >= bytes.length) return
      this.#bytes -= known.bytes.length
    }
    this.#early.set(sequence, { bytes, fin })
    this.#bytes += bytes.length
  }
}
