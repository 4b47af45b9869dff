/** What a sender counts, and what its peer has told of the stream (webrtc-stats, outbound-rtp and remote-inbound-rtp). */

import { fromShortUnits, type ReportBlock } from '../rtp/index.ts'

/** Milliseconds: a round trip that is longer is a report that lies. */
const LONGEST_ROUND_TRIP = 60_000

export class SenderCounters {
  /** Each once: what was sent again is counted beside, as with the bytes. */
  packetsSent = 0
  /** Of payloads. */
  bytesSent = 0
  /** Retransmissions included. */
  headerBytesSent = 0
  retransmittedPacketsSent = 0
  retransmittedBytesSent = 0
  /** Of packets that are sent on: those whose last one was. */
  framesSent = 0
  /** Of frames that are cut here. */
  keyFramesSent = 0
  nackCount = 0
  pliCount = 0
  firCount = 0
  /** Packets that the peer asked for again beyond what is reasonable. */
  retransmissionsRefused = 0
  /** What was handed in and not sent: no such codec agreed on, no key frame to begin with, too large, sent already. */
  packetsDiscarded = 0
  /** Monotonic milliseconds. */
  lastPacketAt: number | undefined
  /** The latest report about the stream. */
  remote: { readonly report: ReportBlock; readonly at: number } | undefined
  reportsReceived = 0
  /** Milliseconds. */
  roundTripTime: number | undefined
  totalRoundTripTime = 0
  roundTripTimeMeasurements = 0

  sent(payloadLength: number, headerLength: number, now: number): void {
    this.packetsSent++
    this.bytesSent += payloadLength
    this.headerBytesSent += headerLength
    this.lastPacketAt = now
  }

  resent(payloadLength: number, headerLength: number, now: number): void {
    this.headerBytesSent += headerLength
    this.lastPacketAt = now
    this.retransmittedPacketsSent++
    this.retransmittedBytesSent += payloadLength
  }

  /** @param middle The middle 32 bits of our NTP time now. */
  reported(report: ReportBlock, middle: number, now: number): void {
    this.remote = { report, at: now }
    this.reportsReceived++
    if (report.lastSenderReport === 0) return
    const elapsed = (middle - report.lastSenderReport - report.delaySinceLastSenderReport) | 0
    const roundTrip = fromShortUnits(elapsed)
    if (roundTrip < -1 || roundTrip > LONGEST_ROUND_TRIP) return
    this.roundTripTime = Math.max(0.01, roundTrip)
    this.totalRoundTripTime += this.roundTripTime
    this.roundTripTimeMeasurements++
  }
}
