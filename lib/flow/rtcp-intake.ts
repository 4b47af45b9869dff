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
  goodbye(ssrc: number): void
  push(event: RtpEvent): void
  ntp(now: number): NtpTime
}

/** Peers whose receiver reference times are echoed, at most. */
const MOST_REFERENCES = 8
/** Numbers that one NACK may name and be answered: beyond it there is nobody that lacks so much. */
const MOST_NACKED = 1024

interface Reference {
  readonly ssrc: number
  readonly middle: number
  readonly at: number
}

export class RtcpIntake {
  /** When peers' receiver reference times came, to be echoed. */
  references: Reference[] = []
  /** Milliseconds: by the echoes of ours. */
  roundTripTime: number | undefined
  readonly #owner: RtcpIntakeOwner
  /** The last FIR command of each sender of one, by the stream it asks of (RFC 5104, 4.3.1.1). */
  readonly #firs = new Map<number, number>()

  constructor(owner: RtcpIntakeOwner) {
    this.#owner = owner
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
        owner.findSender(packet.mediaSsrc)?.nacked(packet.sequenceNumbers.slice(0, MOST_NACKED), now)
        break
      case 'picture-loss':
        owner.findSender(packet.mediaSsrc)?.keyFrameAsked('pli', now)
        break
      case 'full-intra-request':
        for (const { ssrc, sequenceNumber } of packet.requests) this.#fullIntra(ssrc, sequenceNumber, now)
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
      sender.acknowledged()
      sender.counters.reported(report, middleOf(this.#owner.ntp(now)), now)
    }
  }

  #fullIntra(ssrc: number, sequenceNumber: number, now: number): void {
    const sender = this.#owner.findSender(ssrc)
    if (sender === undefined || this.#firs.get(ssrc) === sequenceNumber) return
    this.#firs.set(ssrc, sequenceNumber)
    sender.keyFrameAsked('fir', now)
  }

  #extended(ssrc: number, block: XrBlock, now: number): void {
    if (block.block === 'receiver-reference-time') {
      const middle = middleOf({ seconds: block.ntpSeconds, fraction: block.ntpFraction })
      const others = this.references.filter(each => each.ssrc !== ssrc)
      this.references = [...others.slice(1 - MOST_REFERENCES), { ssrc, middle, at: now }]
    } else if (block.block === 'delay-since-last-receiver-report') {
      const middle = middleOf(this.#owner.ntp(now))
      for (const { lastReceiverReport, delay } of block.reports) {
        const roundTrip = fromShortUnits((middle - lastReceiverReport - delay) | 0)
        if (lastReceiverReport !== 0 && roundTrip >= 0 && roundTrip < 60_000) this.roundTripTime = roundTrip
      }
    }
  }
}
