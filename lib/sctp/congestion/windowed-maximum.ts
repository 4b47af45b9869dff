/**
 * The largest of the measurements of a sliding window of rounds, kept in the space of three: the best, the best since
 * it, and the best since that (the estimator of Kathleen Nichols, which BBR names, draft-cardwell-iccrg-bbr 4.1).
 */

export class WindowedMaximum {
  readonly #length: number
  readonly #values = new Float64Array(3)
  readonly #times = new Float64Array(3)

  /** @param length Of the window, in the unit of `at`. */
  constructor(length: number) {
    this.#length = length
  }

  /** 0 before the first measurement. */
  get value(): number {
    return this.#values[0]!
  }

  /** Forgets what came before. */
  reset(value: number, at: number): void {
    this.#values.fill(value)
    this.#times.fill(at)
  }

  /** @param at Never less than before. */
  take(value: number, at: number): void {
    const values = this.#values
    const times = this.#times
    if (value >= values[0]! || at - times[2]! > this.#length) {
      this.reset(value, at)
      return
    }
    if (value >= values[1]!) {
      values[1] = value
      times[1] = at
      values[2] = value
      times[2] = at
    } else if (value >= values[2]!) {
      values[2] = value
      times[2] = at
    }
    this.#age(value, at)
  }

  /** Moves up what is second best when the best has left the window, and keeps the three from different times. */
  #age(value: number, at: number): void {
    const values = this.#values
    const times = this.#times
    const length = this.#length
    if (at - times[0]! > length) {
      this.#shift(value, at)
      if (at - times[0]! > length) this.#shift(value, at)
    } else if (times[1] === times[0] && at - times[1]! > length / 4) {
      values[1] = value
      times[1] = at
      values[2] = value
      times[2] = at
    } else if (times[2] === times[1] && at - times[2]! > length / 2) {
      values[2] = value
      times[2] = at
    }
  }

  #shift(value: number, at: number): void {
    this.#values.copyWithin(0, 1)
    this.#times.copyWithin(0, 1)
    this.#values[2] = value
    this.#times[2] = at
  }
}
