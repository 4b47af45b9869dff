/**
 * The anti-replay window of one epoch (RFC 6347, 4.1.2.6): which sequence numbers have been seen.
 *
 * A ring of 32-bit words, as RFC 6479 describes: moving ahead clears whole words, so that nothing is shifted. It is wide,
 * because a burst that overtakes on another path must not look like an attack.
 */

const WORDS = 32

/** How far behind the highest sequence number a record may come. */
export const REPLAY_WINDOW = 32 * (WORDS - 1)

export class ReplayWindow {
  readonly #words = new Uint32Array(WORDS)
  /** The highest sequence number seen, or -1. */
  #highest = -1

  /** Whether `sequence` is new: neither seen nor too old to tell. */
  isNew(sequence: number): boolean {
    if (sequence > this.#highest) return true
    if (this.#highest - sequence >= REPLAY_WINDOW) return false
    const word = Math.floor(sequence / 32) % WORDS
    return (this.#words[word]! & (1 << (sequence % 32))) === 0
  }

  /** Notes `sequence`, whose record must have been authenticated. */
  add(sequence: number): void {
    const block = Math.floor(sequence / 32)
    if (sequence > this.#highest) {
      const from = this.#highest < 0 ? -1 : Math.floor(this.#highest / 32)
      const steps = Math.min(block - from, WORDS)
      for (let i = 0; i < steps; i++) this.#words[(block - i) % WORDS] = 0
      this.#highest = sequence
    }
    const word = block % WORDS
    this.#words[word] = this.#words[word]! | (1 << (sequence % 32))
  }
}
