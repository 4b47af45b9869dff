/**
 * Keeps when each packet of a transport came, and tells the peer (draft-holmer-rmcat-transport-wide-cc-extensions-01): its
 * bandwidth estimation feeds on it. Gaps between two reports are told as losses in the later one; where a packet comes late,
 * the report goes back to it, and tells what lies between once more.
 */

import { diff16 } from '../bytes/index.ts'
import { LARGEST_DELTA, type RtpPacket, type TransportFeedback } from '../rtp/index.ts'

/** Milliseconds between two reports. */
const INTERVAL = 100
/** Packets that came, and all packets, of which one report tells at most: such a report has less than 1,150 bytes. */
const MOST_ARRIVALS = 400
const MOST_PACKETS = 1000
/** Microseconds: a delta, and the reference time. */
const TICK = 250
const REFERENCE = 64_000
/** Numbers that are remembered: what is late by more is not told. */
const SIZE = 4096
const MASK = SIZE - 1
const MISSING = -1

export class TransportFeedbackRecorder {
  /** When each number came, in monotonic milliseconds; made when there is something to record. */
  #arrivedAt: Float64Array | undefined
  #highest = -1
  /** The number with which the next report begins; below it, where a packet came late. */
  #next = -1
  #late = Number.POSITIVE_INFINITY
  #waiting = 0
  #count = 0
  #dueAt = Number.POSITIVE_INFINITY
  /** Packets that came too late to be told. */
  dropped = 0
  /** Of the transport-wide number in what comes in; 0 where it was not agreed on. */
  extensionId = 0
  /** The stream of the last packet that had one. */
  mediaSsrc = 0

  get deadline(): number {
    return this.#dueAt
  }

  /** Records a packet, where it has a number. */
  receive(packet: RtpPacket, now: number): void {
    if (this.extensionId === 0 || !packet.findExtension(this.extensionId)) return
    const { bytes, extensionStart: at, extensionEnd } = packet
    if (extensionEnd - at < 2) return
    this.mediaSsrc = packet.ssrc
    this.record((bytes[at]! << 8) | bytes[at + 1]!, now)
  }

  /** A packet came with this transport-wide number. */
  record(sequenceNumber: number, now: number): void {
    this.#arrivedAt ??= new Float64Array(SIZE).fill(MISSING)
    const times = this.#arrivedAt
    let number = sequenceNumber + 0x1_0000
    if (this.#highest < 0) this.#highest = this.#next = number
    else number = this.#highest + diff16(sequenceNumber, this.#highest & 0xffff)
    if (number <= this.#highest - SIZE) {
      this.dropped++
      return
    }
    for (let missing = Math.max(this.#highest + 1, number - SIZE + 1); missing < number; missing++) {
      times[missing & MASK] = MISSING
    }
    if (number > this.#highest) this.#highest = number
    // A duplicate: the first counts.
    else if (times[number & MASK] !== MISSING) return
    else if (number < this.#next && number < this.#late) this.#late = number
    times[number & MASK] = now
    this.#waiting++
    if (this.#waiting >= MOST_ARRIVALS) this.#dueAt = now
    else if (this.#dueAt === Number.POSITIVE_INFINITY) this.#dueAt = now + INTERVAL
  }

  /** The reports to send now. */
  take(now: number): TransportFeedback[] {
    if (now < this.#dueAt) return []
    this.#dueAt = Number.POSITIVE_INFINITY
    this.#waiting = 0
    const reports: TransportFeedback[] = []
    let from = Math.max(Math.min(this.#next, this.#late), this.#highest - SIZE + 1)
    while (from <= this.#highest) from = this.#report(from, reports)
    this.#next = this.#highest + 1
    this.#late = Number.POSITIVE_INFINITY
    return reports
  }

  /** One report from a number on; where the next one begins. */
  #report(base: number, reports: TransportFeedback[]): number {
    const times = this.#arrivedAt!
    const end = Math.min(this.#highest + 1, base + MOST_PACKETS)
    let first = base
    while (first < end && times[first & MASK] === MISSING) first++
    // So much was lost that a report has no time to refer to: nobody makes anything of it.
    if (first === end) return end
    const reference = Math.floor((times[first & MASK]! * 1000) / REFERENCE)
    // Ticks are counted from the reference time on, so that what is rounded off is never lost.
    let ticks = 0
    let arrived = 0
    let last = first
    const arrivals: (number | undefined)[] = []
    for (let number = base; number < end && arrived < MOST_ARRIVALS; number++) {
      const time = times[number & MASK]!
      if (time === MISSING) continue
      const total = Math.round((time * 1000 - reference * REFERENCE) / TICK)
      const delta = total - ticks
      if (delta > LARGEST_DELTA || delta < -LARGEST_DELTA) break
      while (arrivals.length < number - base) arrivals.push(undefined)
      arrivals.push(delta)
      ticks = total
      arrived++
      last = number
    }
    const feedbackCount = this.#count
    this.#count = (this.#count + 1) & 0xff
    // 24 bits, signed.
    const referenceTime = (reference << 8) >> 8
    reports.push({ baseSequenceNumber: base & 0xffff, referenceTime, feedbackCount, arrivals })
    return last + 1
  }
}
