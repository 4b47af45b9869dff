/**
 * Keeps when each packet of a transport came, and tells the peer (draft-holmer-rmcat-transport-wide-cc-extensions-01): its
 * bandwidth estimation feeds on it. Gaps between two reports are told as losses in the later one.
 */

import { diff16 } from '../bytes/index.ts'
import { LARGEST_DELTA, type TransportFeedback } from '../rtp/index.ts'

/** Milliseconds between two reports. */
const INTERVAL = 100
/** Packets of which one report tells, at most: such a report has less than 1,200 bytes. */
const MOST_PACKETS = 400
/** Microseconds: a delta, and the reference time. */
const TICK = 250
const REFERENCE = 64_000
/** Packets that wait to be told, at most. */
const MOST_WAITING = 2000

interface Arrived {
  /** Extended. */
  readonly number: number
  readonly at: number
}

export class TransportFeedbackRecorder {
  #arrived: Arrived[] = []
  #isSorted = true
  #highest = -1
  /** The number with which the next report begins; -1 before the first packet. */
  #next = -1
  #count = 0
  #dueAt = Number.POSITIVE_INFINITY
  dropped = 0

  get deadline(): number {
    return this.#dueAt
  }

  /** A packet came with this transport-wide number. */
  record(sequenceNumber: number, now: number): void {
    const number =
      this.#highest < 0 ? sequenceNumber + 0x1_0000 : this.#highest + diff16(sequenceNumber, this.#highest & 0xffff)
    if (number > this.#highest) this.#highest = number
    else this.#isSorted = false
    // Told as lost already: it cannot be taken back unless the report is to go back to it.
    if (this.#next >= 0 && number < this.#next - MOST_PACKETS) return
    if (this.#arrived.length >= MOST_WAITING) {
      this.dropped++
      return
    }
    this.#arrived.push({ number, at: now })
    if (this.#dueAt === Number.POSITIVE_INFINITY) this.#dueAt = now + INTERVAL
  }

  /** The reports to send now. */
  take(now: number): TransportFeedback[] {
    if (now < this.#dueAt) return []
    this.#dueAt = Number.POSITIVE_INFINITY
    const arrived = this.#arrived
    this.#arrived = []
    if (!this.#isSorted) arrived.sort((a, b) => a.number - b.number)
    this.#isSorted = true
    const reports: TransportFeedback[] = []
    for (let at = 0; at < arrived.length; ) at = this.#report(arrived, at, reports)
    return reports
  }

  /** One report from `at` on; where the next one begins. */
  #report(arrived: readonly Arrived[], at: number, reports: TransportFeedback[]): number {
    const first = arrived[at]!
    // Late ones go back; of a gap too large for a report only the end is told.
    const base =
      this.#next < 0 ? first.number : Math.max(Math.min(this.#next, first.number), first.number - MOST_PACKETS / 2)
    const reference = Math.floor((first.at * 1000) / REFERENCE)
    // Ticks are counted from the reference time on, so that what is rounded off is never lost.
    let ticks = 0
    const arrivals: (number | undefined)[] = []
    let last = base - 1
    for (; at < arrived.length; at++) {
      const { number, at: time } = arrived[at]!
      if (number === last) continue
      const total = Math.round((time * 1000 - reference * REFERENCE) / TICK)
      const delta = total - ticks
      if (number - base >= MOST_PACKETS || delta > LARGEST_DELTA || delta < -LARGEST_DELTA) break
      while (arrivals.length < number - base) arrivals.push(undefined)
      arrivals.push(delta)
      ticks = total
      last = number
    }
    if (arrivals.length === 0) return at + 1
    this.#next = Math.max(this.#next, last + 1)
    const feedbackCount = this.#count
    this.#count = (this.#count + 1) & 0xff
    // 24 bits, signed.
    const referenceTime = (reference << 8) >> 8
    reports.push({ baseSequenceNumber: base & 0xffff, referenceTime, feedbackCount, arrivals })
    return at
  }
}
