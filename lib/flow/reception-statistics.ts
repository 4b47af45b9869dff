/**
 * What a receiver knows of the arrival of one stream (RFC 3550, A.1, A.3 and A.8): extended sequence numbers, losses and
 * jitter. Packets that a retransmission brought are not counted: they were lost (RFC 4588, 5).
 *
 * There is no probation (A.1, MIN_SEQUENTIAL): a packet that SRTP lets through is no stray one.
 */

import { diff16 } from '../bytes/index.ts'
import type { ReportBlock } from '../rtp/index.ts'

/** RFC 3550, A.1: how far ahead a number may be, and how far behind, without being taken for another beginning. */
const MAX_DROPOUT = 3000
const MAX_MISORDER = 2000
const CYCLE = 0x1_0000

export class ReceptionStatistics {
  packetsReceived = 0
  /** Of payloads, without header and padding. */
  bytesReceived = 0
  headerBytesReceived = 0
  /** Monotonic milliseconds; undefined before the first packet. */
  lastPacketAt: number | undefined
  /** Extended: the low 16 bits are the number, the rest counts cycles. */
  highest = 0
  /** Units of the clock, times 16 as A.8 keeps it. */
  #jitter = 0
  /** Hertz. */
  #clockRate: number
  #lastTransit: number | undefined
  #lastTimestamp = 0
  #base = 0
  #begun = false
  /** The number that would confirm another beginning (A.1, bad_seq). */
  #suspect = -1
  #expectedPrior = 0
  #receivedPrior = 0
  #expectedBefore = 0

  constructor(clockRate: number) {
    this.#clockRate = clockRate
  }

  get clockRate(): number {
    return this.#clockRate
  }

  /** The stream goes on in a codec with this clock: what jitter there was is the same time. */
  changeClock(clockRate: number): void {
    if (clockRate === this.#clockRate) return
    this.#jitter *= clockRate / this.#clockRate
    this.#clockRate = clockRate
    this.#lastTransit = undefined
  }

  /**
   * Counts a packet that came by itself.
   * @returns Its extended sequence number; -1 when it is far off, and so counts for nothing unless the next one follows it.
   */
  receive(sequenceNumber: number, timestamp: number, payloadLength: number, headerLength: number, now: number): number {
    const extended = this.#extend(sequenceNumber)
    if (extended < 0) return -1
    this.packetsReceived++
    this.bytesReceived += payloadLength
    this.headerBytesReceived += headerLength
    this.lastPacketAt = now
    this.#updateJitter(timestamp, now)
    return extended
  }

  /** The extended number of a packet that is not counted: one that a retransmission brought. */
  extend(sequenceNumber: number): number {
    return this.highest + diff16(sequenceNumber, this.highest & 0xffff)
  }

  #extend(sequenceNumber: number): number {
    if (!this.#begun) return this.#begin(sequenceNumber)
    const ahead = diff16(sequenceNumber, this.highest & 0xffff)
    if (ahead > MAX_DROPOUT || ahead < -MAX_MISORDER) {
      if (sequenceNumber !== this.#suspect) {
        this.#suspect = (sequenceNumber + 1) & 0xffff
        return -1
      }
      // Two in a row: the source has begun anew, without saying so.
      this.#expectedBefore += this.highest - this.#base + 1
      return this.#begin(sequenceNumber)
    }
    this.#suspect = -1
    const extended = this.highest + ahead
    if (ahead > 0) this.highest = extended
    // What overtook the first packet is from before the beginning, but no less received.
    else if (extended < this.#base) this.#base = extended
    return extended
  }

  #begin(sequenceNumber: number): number {
    this.#begun = true
    this.#suspect = -1
    // A cycle ahead, so that what overtook the first packet has a number that is not negative.
    this.highest = (Math.floor(this.highest / CYCLE) + 1) * CYCLE + sequenceNumber
    this.#base = this.highest
    this.#lastTransit = undefined
    return this.highest
  }

  /** A.8. Packets of one frame share a timestamp, and are compared too. */
  #updateJitter(timestamp: number, now: number): void {
    const arrival = (now * this.#clockRate) / 1000
    if (this.#lastTransit !== undefined) {
      const elapsed = (timestamp - this.#lastTimestamp) | 0
      const difference = Math.abs(arrival - this.#lastTransit - elapsed)
      // Beyond some seconds the timestamps themselves have jumped.
      if (difference < 5 * this.#clockRate) this.#jitter += difference - this.#jitter / 16
    }
    this.#lastTransit = arrival
    this.#lastTimestamp = timestamp
  }

  /** Units of the clock. */
  get jitter(): number {
    return this.#jitter / 16
  }

  get expected(): number {
    return this.#begun ? this.highest - this.#base + 1 + this.#expectedBefore : this.#expectedBefore
  }

  /** Less than nothing when duplicates came (A.3). */
  get packetsLost(): number {
    return this.expected - this.packetsReceived
  }

  /** What a report says of the stream (A.3): the fraction is of what came since the report before. */
  report(ssrc: number, lastSenderReport: number, delaySinceLastSenderReport: number): ReportBlock {
    const expected = this.expected
    const expectedInterval = expected - this.#expectedPrior
    const lostInterval = expectedInterval - (this.packetsReceived - this.#receivedPrior)
    this.#expectedPrior = expected
    this.#receivedPrior = this.packetsReceived
    const fraction = expectedInterval <= 0 || lostInterval <= 0 ? 0 : Math.floor((lostInterval << 8) / expectedInterval)
    return {
      ssrc,
      fractionLost: Math.min(255, fraction),
      packetsLost: this.packetsLost,
      // Counted from the first cycle on.
      highestSequenceNumber: (this.highest - CYCLE) >>> 0,
      jitter: Math.floor(this.jitter) >>> 0,
      lastSenderReport,
      delaySinceLastSenderReport,
    }
  }
}
