/** Which sequence numbers of late have come: a ring of bits behind the newest one, so that nothing is handed out twice. */

/** Numbers: a retransmission is long given up before it is this late. */
const SIZE = 4096
const MASK = SIZE - 1

export class SequenceWindow {
  readonly #bits = new Uint8Array(SIZE >> 3)
  #highest = -1

  /** Marks an extended number; false when it had come already, or is too old to know. */
  take(extended: number): boolean {
    if (this.#highest < 0) {
      this.#highest = extended
    } else if (extended > this.#highest) {
      this.#advance(extended)
    } else if (this.#highest - extended >= SIZE) {
      return false
    }
    const at = extended & MASK
    const bit = 1 << (at & 7)
    if ((this.#bits[at >> 3]! & bit) !== 0) return false
    this.#bits[at >> 3]! |= bit
    return true
  }

  /** Whether a number of late has come. */
  has(extended: number): boolean {
    const at = extended & MASK
    return (
      extended <= this.#highest && this.#highest - extended < SIZE && (this.#bits[at >> 3]! & (1 << (at & 7))) !== 0
    )
  }

  #advance(extended: number): void {
    if (extended - this.#highest >= SIZE) {
      this.#bits.fill(0)
    } else {
      for (let number = this.#highest + 1; number <= extended; number++) {
        const at = number & MASK
        this.#bits[at >> 3]! &= ~(1 << (at & 7))
      }
    }
    this.#highest = extended
  }
}
