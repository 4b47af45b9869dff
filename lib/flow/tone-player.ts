/**
 * Plays telephone events into a stream of audio (RFC 4733, 2.5): packets that tell how long an event lasts so far, all with
 * the timestamp at which it began, and at its end the same three times.
 */

import { FINAL_REPORTS, TelephoneEventSender } from '../rtp/index.ts'

/** Milliseconds between two packets: no longer than 50 (RFC 4733, 2.5.1.2). */
const INTERVAL = 20
/** -dBm0, as telephones have it. */
const VOLUME = 10

/** Sends a payload of an event, borrowed. */
export type ToneSink = (payload: Uint8Array, timestamp: number, marker: boolean, now: number) => void

export class TonePlayer {
  readonly #sink: ToneSink
  #event: TelephoneEventSender | undefined
  /** Hertz. */
  #clockRate = 8000
  #beganAt = 0
  /** Milliseconds. */
  #duration = 0
  #finals = 0
  #dueAt = Number.POSITIVE_INFINITY
  #now = 0

  constructor(sink: ToneSink) {
    this.#sink = sink
  }

  get deadline(): number {
    return this.#dueAt
  }

  /** Whether an event lasts, or its end is being told: audio has to wait. */
  get plays(): boolean {
    return this.#event !== undefined
  }

  /**
   * Begins an event; the one before ends at once.
   * @param event 0 to 255: `toneEvent` knows those of DTMF. A RangeError else.
   * @param duration Milliseconds.
   * @param timestamp Of the stream, now; `clockRate` is the event's.
   */
  play(event: number, duration: number, timestamp: number, clockRate: number, now: number): void {
    this.stop(now)
    this.#event = new TelephoneEventSender(event, VOLUME, (payload, offset, marker) =>
      this.#sink(payload, (timestamp + offset) >>> 0, marker, this.#now),
    )
    this.#clockRate = clockRate
    this.#beganAt = now
    this.#duration = duration
    this.#finals = 0
    this.#dueAt = now + Math.min(INTERVAL, duration)
  }

  /** The event ends now; what there is to tell of it is told at once. */
  stop(now: number): void {
    if (this.#event === undefined) return
    this.#duration = Math.min(this.#duration, now - this.#beganAt)
    while (this.#event !== undefined) this.#finish(now)
  }

  advance(now: number): void {
    while (this.#event !== undefined && now >= this.#dueAt) {
      const elapsed = this.#dueAt - this.#beganAt
      this.#dueAt += INTERVAL
      if (elapsed >= this.#duration) {
        this.#finish(now)
      } else {
        this.#now = now
        this.#event.update(this.#ticks(elapsed))
        this.#dueAt = Math.min(this.#dueAt, this.#beganAt + this.#duration)
      }
    }
  }

  #finish(now: number): void {
    this.#now = now
    this.#event?.finish(this.#ticks(this.#duration))
    this.#finals++
    if (this.#finals < FINAL_REPORTS) return
    this.#event = undefined
    this.#dueAt = Number.POSITIVE_INFINITY
  }

  /** An event lasts one tick at least: none would mean something else (RFC 4733, 2.3.5). */
  #ticks(milliseconds: number): number {
    return Math.max(1, Math.round((milliseconds * this.#clockRate) / 1000))
  }
}
