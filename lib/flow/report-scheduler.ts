/**
 * When reports are due (RFC 3550, 6.2 and 6.3): after an interval that is drawn anew each time, half as long up to half as
 * long again, so that nobody's reports fall into step. There are two of us, so that nothing else of 6.3 applies: the interval
 * does not grow with the members, and a BYE needs no turn.
 */

import { type Random, randomUnit } from '../machine/index.ts'

/** Milliseconds: with video, whose rate follows them, and with audio alone (RFC 3550, 6.2). */
const INTERVAL = { video: 1000, audio: 5000 } as const

export class ReportScheduler {
  readonly #random: Random
  #interval: number = INTERVAL.audio
  #dueAt = Number.POSITIVE_INFINITY

  constructor(random: Random) {
    this.#random = random
  }

  get deadline(): number {
    return this.#dueAt
  }

  /** What flows has changed: the first report comes after half an interval (6.2), later ones no later than there is video for. */
  configure(hasVideo: boolean, now: number): void {
    this.#interval = INTERVAL[hasVideo ? 'video' : 'audio']
    this.#dueAt = Math.min(this.#dueAt, now + this.#draw() / 2)
  }

  /** A report is being made. */
  reported(now: number): void {
    this.#dueAt = now + this.#draw()
  }

  #draw(): number {
    return this.#interval * (0.5 + randomUnit(this.#random))
  }
}
