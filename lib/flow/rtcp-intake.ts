/**
 * What comes in by RTCP (RFC 3550, 6; RFC 4585; RFC 3611): each packet to whom it is about. What is about nobody is passed
 * over: an SSRC in a report costs its writer nothing.
 */

import {
  cnameOf,
  decodeRtcp,
  fromShortUnits,
  middleOf,
  millisecondsOf,
  type NtpTime,
  type ReportBlock,
  type RtcpPacket,
  type SenderReport,
  type XrBlock,
} from '../rtp/index.ts'
import type { RtpEvent } from './events.ts'
import type { ReceiveStream } from './receive-stream.ts'
import type { RtpSender } from './sender.ts'

export interface RtcpIntakeOwner {
  findSender(ssrc: number): RtpSender | undefined
  findStream(ssrc: number): ReceiveStream | undefined
  /** Whether something of ours is sent under this SSRC. */
  isOurs(ssrc: number): boolean
  /** Under which we report. */
  reportSsrc(): number
  /** The peer reports under an SSRC of ours. */
  collided(ssrc: number, now: number): void
  goodbye(ssrc: number): void
  push(event: RtpEvent): void
  ntp(now: number): NtpTime
}

/** Peers whose receiver reference times are echoed, at most. */
const MOST_REFERENCES = 8
/** Milliseconds: a round trip that is longer is a report that lies. */
const LONGEST_ROUND_TRIP = 60_000
/** Numbers that one NACK may name and be answered: beyond it there is nobody that lacks so much. */
const MOST_NACKED = 1024

interface Reference {
  readonly ssrc: number
  readonly middle: number
  readonly at: number
}

export class RtcpIntake {
  /** When peers' receiver reference times came, to be echoed. */
  #references: Reference[] = []
  /** Milliseconds: by the echoes of ours. */
  roundTripTime: number | undefined
  totalRoundTripTime = 0
  roundTripTimeMeasurements = 0
  readonly #owner: RtcpIntakeOwner

  constructor(owner: RtcpIntakeOwner) {
    this.#owner = owner
  }

  /** Each is echoed once. */
  takeReferences(): readonly Reference[] {
    const references = this.#references
    this.#references = []
    return references
  }

  /** @returns How much of it made no sense. */
  receive(bytes: Uint8Array, now: number): number {
    const { packets, malformed } = decodeRtcp(bytes)
    for (const packet of packets) this.#take(packet, now)
    return malformed
  }

  #take(packet: RtcpPacket, now: number): void {
    const owner = this.#owner
    switch (packet.type) {
      case 'sender-report':
        if (owner.isOurs(packet.ssrc)) {
          owner.collided(packet.ssrc, now)
          break
        }
        this.#senderReport(packet, now)
        this.#reports(packet.reports, now)
        break
      case 'receiver-report':
        this.#reports(packet.reports, now)
        break
      case 'source-description':
        for (const chunk of packet.chunks) {
          const stream = owner.findStream(chunk.ssrc)
          if (stream !== undefined) stream.cname = cnameOf(chunk) ?? stream.cname
        }
        break
      case 'goodbye':
        for (const ssrc of packet.ssrcs) owner.goodbye(ssrc)
        break
      case 'nack':
        this.#sender(packet.mediaSsrc)?.nacked(packet.sequenceNumbers.slice(0, MOST_NACKED), now)
        break
      case 'picture-loss':
        this.#sender(packet.mediaSsrc)?.keyFrameAsked('pli', now)
        break
      case 'full-intra-request':
        for (const { ssrc, sequenceNumber } of packet.requests) {
          this.#sender(ssrc)?.keyFrameAsked('fir', now, packet.senderSsrc, sequenceNumber)
        }
        break
      case 'transport-feedback':
        owner.push({ type: 'transport-feedback', feedback: packet.feedback })
        break
      case 'congestion-feedback':
        owner.push({ type: 'congestion-feedback', feedback: packet })
        break
      case 'bandwidth-estimate':
        owner.push({ type: 'bandwidth-estimate', estimate: packet })
        break
      case 'extended-report':
        for (const block of packet.blocks) this.#extended(packet.ssrc, block, now)
        break
      default:
    }
  }

  #senderReport(report: SenderReport, now: number): void {
    const stream = this.#owner.findStream(report.ssrc)
    if (stream === undefined) return
    const time = { seconds: report.ntpSeconds, fraction: report.ntpFraction }
    stream.senderReports++
    stream.lastSenderReport = {
      middle: middleOf(time),
      at: now,
      remoteTime: millisecondsOf(time),
      rtpTimestamp: report.rtpTimestamp,
      packetCount: report.packetCount,
      octetCount: report.octetCount,
    }
  }

  #reports(reports: readonly ReportBlock[], now: number): void {
    for (const report of reports) {
      const sender = this.#owner.findSender(report.ssrc)
      if (sender === undefined) continue
      sender.acknowledged(report.ssrc)
      if (sender.ssrc === report.ssrc) sender.counters.reported(report, middleOf(this.#owner.ntp(now)), now)
    }
  }

  /** Whose stream of media it is: of retransmissions nothing is asked. */
  #sender(ssrc: number): RtpSender | undefined {
    const sender = this.#owner.findSender(ssrc)
    return sender?.ssrc === ssrc ? sender : undefined
  }

  #extended(ssrc: number, block: XrBlock, now: number): void {
    if (block.block === 'receiver-reference-time') {
      const middle = middleOf({ seconds: block.ntpSeconds, fraction: block.ntpFraction })
      const others = this.#references.filter(each => each.ssrc !== ssrc)
      this.#references = [...others.slice(1 - MOST_REFERENCES), { ssrc, middle, at: now }]
    } else if (block.block === 'delay-since-last-receiver-report') {
      const middle = middleOf(this.#owner.ntp(now))
      for (const { ssrc: of, lastReceiverReport, delay } of block.reports) {
        if (of !== this.#owner.reportSsrc() || lastReceiverReport === 0) continue
        const roundTrip = fromShortUnits((middle - lastReceiverReport - delay) | 0)
        if (roundTrip < -1 || roundTrip > LONGEST_ROUND_TRIP) continue
        this.roundTripTime = Math.max(0, roundTrip)
        this.totalRoundTripTime += this.roundTripTime
        this.roundTripTimeMeasurements++
      }
    }
  }
}
