/**
 * RTP timestamps and microseconds: 32 bits of a codec's clock that begin anywhere and wrap (RFC 3550, 5.1), and the
 * presentation timestamps of WebCodecs. Whole seconds and what is left of one are converted apart, in integers, so that
 * nothing drifts; a clock of less than 1 MHz comes back from microseconds to the tick.
 */

const SECOND = 1_000_000

/** Floor division: also of what is below zero. */
const split = (value: number, by: number): [whole: number, rest: number] => {
  const whole = Math.floor(value / by)
  return [whole, value - whole * by]
}

/** @param ticks Any integer. */
export const microsecondsOf = (ticks: number, clockRate: number): number => {
  const [seconds, rest] = split(ticks, clockRate)
  return seconds * SECOND + Math.round((rest * SECOND) / clockRate)
}

/** @param microseconds Of a presentation timestamp. Returns an RTP timestamp, 32 bits. */
export const rtpTimestampOf = (microseconds: number, clockRate: number): number => {
  const [seconds, rest] = split(microseconds, SECOND)
  return (seconds * clockRate + Math.round((rest * clockRate) / SECOND)) >>> 0
}

/** Reads the RTP timestamps of one track after another as a time in microseconds that goes on. */
export class RtpClock {
  #ssrc = 0
  #clockRate = 0
  /** The last timestamp, without its wraps; ticks of `#clockRate`. */
  #extended = 0
  /** What is added to its time, since another stream was joined. */
  #offset = 0
  #lastAt: number | undefined
  #last = 0
  #begun = false

  /**
   * The time of a frame. Of the first stream it is its own timestamp; another one (SSRC, clock) goes on from where the last
   * was, after the time that has passed.
   * @param receivedAt Monotonic milliseconds, where they are known.
   */
  read(timestamp: number, ssrc: number, clockRate: number, receivedAt: number | undefined): number {
    if (!this.#begun) {
      this.#extended = timestamp
      this.#begun = true
    } else if (ssrc !== this.#ssrc || clockRate !== this.#clockRate) {
      const elapsed = receivedAt === undefined || this.#lastAt === undefined ? 0 : receivedAt - this.#lastAt
      this.#extended = timestamp
      this.#offset = this.#last + Math.max(0, Math.round(elapsed * 1000)) - microsecondsOf(timestamp, clockRate)
    } else {
      this.#extended += (timestamp - this.#extended) | 0
    }
    this.#ssrc = ssrc
    this.#clockRate = clockRate
    this.#lastAt = receivedAt
    this.#last = microsecondsOf(this.#extended, clockRate) + this.#offset
    return this.#last
  }
}
