/**
 * Asks a sender for a key frame (RFC 4585, 6.3.1; RFC 5104, 4.3.1), and again while none comes; never more often than that
 * makes sense, however often it is asked for here.
 */

/** Milliseconds between two requests, at least. */
const SHORTEST_INTERVAL = 500
/** Milliseconds after which one that brought nothing is repeated. */
const REPEAT = 1000
const MOST_REPEATS = 10

export class KeyFrameRequests {
  #wanted = false
  #askedAt = Number.NEGATIVE_INFINITY
  #repeats = 0

  /** When to ask, at the earliest; Infinity while none is wanted. */
  get deadline(): number {
    if (!this.#wanted) return Number.POSITIVE_INFINITY
    return this.#askedAt + (this.#repeats === 0 ? SHORTEST_INTERVAL : REPEAT)
  }

  /** A key frame is wanted. */
  request(): void {
    if (this.#wanted) return
    this.#wanted = true
    this.#repeats = 0
  }

  /** A key frame has come. */
  satisfied(): void {
    this.#wanted = false
  }

  /**
   * Whether what was asked last is the same request as the one before it (RFC 5104, 4.3.1.2): every second one, since the key
   * frame that answered the first may have been lost.
   */
  get isRepetition(): boolean {
    return this.#repeats % 2 === 0
  }

  get pending(): boolean {
    return this.#wanted
  }

  /** Whether to ask now. */
  take(now: number): boolean {
    if (now < this.deadline) return false
    this.#askedAt = now
    this.#repeats++
    // Nobody answers. Whoever still wants one asks anew.
    if (this.#repeats > MOST_REPEATS) this.#wanted = false
    return true
  }
}
