/** How many frames there were in the last second (webrtc-stats, framesPerSecond; webrtc-pc, 9.3.1, frameRate). */

/** No more are told apart within a second. */
const MOST = 256
const SECOND = 1000

export class FrameRate {
  readonly #times = new Float64Array(MOST).fill(Number.NEGATIVE_INFINITY)
  #next = 0

  /** @param since Monotonic milliseconds: nothing is told of the first second. */
  constructor(readonly since: number) {}

  count(now: number): void {
    this.#times[this.#next] = now
    this.#next = (this.#next + 1) % MOST
  }

  /** Undefined in the first second. */
  at(now: number): number | undefined {
    if (now - this.since < SECOND) return undefined
    let frames = 0
    for (const time of this.#times) if (time >= now - SECOND) frames++
    return frames
  }
}
