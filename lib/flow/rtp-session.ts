/**
 * An RTP session (RFC 3550, 3; RFC 8834, 4.1): the streams of one transport in both directions, one space of SSRCs, and the
 * RTCP about them.
 *
 * A machine: packets and time go in; packets leave by `transmit`, events wait in the queue. Feedback and reports are put
 * together at `flush`, once a turn.
 */

import type { Packet } from '../bytes/index.ts'
import { EventQueue, type FlushingMachine, type Random, randomU32 } from '../machine/index.ts'
import {
  type MediaKind,
  type NtpTime,
  ntpOf,
  type PayloadCodec,
  RtpPacket,
  TRANSPORT_SEQUENCE_NUMBER_URI,
} from '../rtp/index.ts'
import type { RtpEvent } from './events.ts'
import { sendRequests } from './feedback-requests.ts'
import { KnownStreams } from './known-streams.ts'
import { RtpReceiver } from './receiver.ts'
import { ReportScheduler } from './report-scheduler.ts'
import { makeReports } from './reports.ts'
import { RtcpIntake } from './rtcp-intake.ts'
import { RtcpOutlet } from './rtcp-outlet.ts'
import { RtpSender } from './sender.ts'
import { createStreamOwner, type StreamOwner } from './stream-owner.ts'
import { TransportFeedbackRecorder } from './transport-feedback-recorder.ts'

export interface RtpSessionOptions {
  readonly random: Random
  /** RFC 7022: as `createCname` makes it. */
  readonly cname: string
  /** Milliseconds since 1970 where `now` is 0. */
  readonly timeOrigin: number
  /** Bytes of the largest datagram, protection included. 1,200 by default. */
  readonly mtu?: number
  /** Sends RTP or RTCP, to be protected; the packet is handed over. */
  readonly transmit: (packet: Packet, isRtcp: boolean) => void
  /** Whom a stream that is not known yet is for; undefined: nobody, or not yet. */
  readonly route: (packet: RtpPacket, now: number) => RtpReceiver | undefined
}

/** Bytes of tag, index and key identifier that SRTP and SRTCP add, at most (RFC 3711, 3; RFC 7714, 9). */
const PROTECTION = 24
/** Milliseconds after a change of SSRC in which the new one is not changed again: who has that too sends our packets back (RFC 3550, 8.2). */
const LOOP_TIME = 50_000

export class RtpSession implements FlushingMachine {
  readonly counters = {
    /** Packets that are no RTP. */
    malformed: 0,
    /** RTCP packets, or ends of datagrams, that make no sense. */
    malformedRtcp: 0,
    /** Packets of streams that nobody wants, or not yet. */
    unrouted: 0,
    rtcpReceived: 0,
    rtcpSent: 0,
    /** SSRCs of ours that were the peer's too, and were changed. */
    collisions: 0,
    /** Packets that come back to us. */
    looped: 0,
  }
  readonly #options: RtpSessionOptions
  readonly #events = new EventQueue<RtpEvent>()
  readonly #packet = new RtpPacket()
  readonly #streams = new KnownStreams()
  readonly #feedback = new TransportFeedbackRecorder()
  readonly #intake: RtcpIntake
  readonly #outlet: RtcpOutlet
  #senders: RtpSender[] = []
  #receivers: RtpReceiver[] = []
  /** What its streams ask of it. */
  readonly #owner: StreamOwner
  readonly #ssrc: number
  /** Bytes of RTP or RTCP in a datagram. */
  readonly #largest: number
  #collidedAt = Number.NEGATIVE_INFINITY
  readonly #schedule: ReportScheduler
  #closed = false

  constructor(options: RtpSessionOptions) {
    this.#options = options
    this.#largest = (options.mtu ?? 1200) - PROTECTION
    this.#ssrc = randomU32(options.random)
    this.#schedule = new ReportScheduler(options.random)
    this.#owner = createStreamOwner(this.#largest, options.random, this.#events, packet =>
      this.#transmit(packet, false),
    )
    this.#outlet = new RtcpOutlet({
      cname: options.cname,
      largest: this.#largest,
      reportSsrc: () => this.ssrc,
      reducedSize: () => this.#receivers.some(({ parameters }) => parameters?.reducedSize === true),
      transmit: packet => {
        this.counters.rtcpSent++
        this.#transmit(packet, true)
      },
    })
    this.#intake = new RtcpIntake({
      findSender: ssrc => this.#senders.find(sender => sender.ssrc === ssrc || sender.rtxSsrc === ssrc),
      findStream: ssrc => this.#streams.stream(ssrc),
      isOurs: ssrc => this.#isOurs(ssrc),
      reportSsrc: () => this.ssrc,
      collided: (ssrc, now) => void this.#collide(ssrc, now),
      goodbye: ssrc => this.#goodbye(ssrc),
      push: event => this.#events.push(event),
      ntp: now => this.#ntp(now),
    })
  }

  /** Under which reports are made where nothing is sent. */
  get ssrc(): number {
    return (
      this.#senders.find(({ parameters }) => parameters !== undefined)?.ssrc ?? this.#senders[0]?.ssrc ?? this.#ssrc
    )
  }

  get senders(): readonly RtpSender[] {
    return this.#senders
  }

  get receivers(): readonly RtpReceiver[] {
    return this.#receivers
  }

  /** Milliseconds: by what the peer says of our streams, or of our receiver reference times. */
  get roundTripTime(): number | undefined {
    return (
      this.#senders.find(({ roundTripTime }) => roundTripTime !== undefined)?.roundTripTime ??
      this.#intake.roundTripTime
    )
  }

  /** Round trips by receiver reference times (RFC 3611, 4.5): their sum in milliseconds, and how many there were. */
  get referenceRoundTrips(): { readonly total: number; readonly measurements: number } {
    return { total: this.#intake.totalRoundTripTime, measurements: this.#intake.roundTripTimeMeasurements }
  }

  createSender(kind: MediaKind, ssrcs: { readonly ssrc: number; readonly rtxSsrc: number }): RtpSender {
    const sender = new RtpSender(kind, ssrcs, this.#owner)
    this.#senders = [...this.#senders, sender]
    return sender
  }

  createReceiver(kind: MediaKind): RtpReceiver {
    const receiver = new RtpReceiver(kind, this.#owner)
    this.#receivers = [...this.#receivers, receiver]
    return receiver
  }

  /** What another session has sent and received of an m-section goes on in this one: nobody says BYE, and no number is left out. */
  takeOver(from: RtpSession, sender: RtpSender, receiver: RtpReceiver): void {
    from.#senders = from.#senders.filter(each => each !== sender)
    from.#receivers = from.#receivers.filter(each => each !== receiver)
    from.#streams.move(receiver, this.#streams)
    sender.moveTo(this.#owner)
    receiver.moveTo(this.#owner)
    this.#senders = [...this.#senders, sender]
    this.#receivers = [...this.#receivers, receiver]
  }

  /** What may come or be sent has changed. */
  configured(now: number): void {
    const told = this.#receivers.filter(receiver => receiver.parameters?.codecs.some(wantsTransportFeedback))
    const extensions = told.flatMap(({ parameters }) => parameters?.extensions ?? [])
    this.#feedback.extensionId = extensions.find(({ uri }) => uri === TRANSPORT_SEQUENCE_NUMBER_URI)?.id ?? 0
    for (const sender of this.#senders) if (sender.parameters === undefined) this.#leave([sender])
    const streams = [...this.#receivers, ...this.#senders]
    const hasVideo = streams.some(({ kind, parameters }) => kind === 'video' && parameters !== undefined)
    this.#schedule.configure(hasVideo, now)
  }

  // Packets

  receiveRtp(bytes: Uint8Array, now: number): void {
    if (this.#closed) return
    const packet = this.#packet
    if (!packet.parse(bytes)) {
      this.counters.malformed++
      return
    }
    const { ssrc } = packet
    let receiver = this.#streams.find(ssrc)
    const isKnown = receiver !== undefined
    if (receiver === undefined) {
      if (this.#isOurs(ssrc) && !this.#collide(ssrc, now)) return
      receiver = this.#options.route(packet, now)
      if (receiver === undefined) {
        this.counters.unrouted++
        return
      }
    }
    this.#feedback.receive(packet, now)
    const isTaken = receiver.receive(packet, now)
    if (isKnown === isTaken) return
    if (isKnown) {
      // It may be of another m-section from now on; but one packet that nobody wants moves no stream.
      const other = this.#options.route(packet, now)
      if (other === undefined || other === receiver || !other.receive(packet, now)) return
      receiver = other
    }
    this.#streams.add(ssrc, receiver)
  }

  receiveRtcp(bytes: Uint8Array, now: number): void {
    if (this.#closed) return
    this.counters.rtcpReceived++
    this.counters.malformedRtcp += this.#intake.receive(bytes, now)
  }

  #goodbye(ssrc: number): void {
    const receiver = this.#streams.find(ssrc)
    if (receiver === undefined) return
    this.#streams.delete(ssrc)
    const isMedia = receiver.stream(ssrc) !== undefined
    receiver.drop(ssrc)
    if (isMedia) this.#events.push({ type: 'goodbye', receiver, ssrc })
  }

  #isOurs(ssrc: number): boolean {
    return this.#senders.some(sender => sender.ssrc === ssrc || sender.rtxSsrc === ssrc)
  }

  /** RFC 3550, 8.2. False when it is no collision: what we send comes back to us. */
  #collide(ssrc: number, now: number): boolean {
    if (now - this.#collidedAt < LOOP_TIME) {
      this.counters.looped++
      return false
    }
    this.#collidedAt = now
    this.counters.collisions++
    const { random } = this.#options
    for (const sender of this.#senders) {
      if (sender.ssrc !== ssrc && sender.rtxSsrc !== ssrc) continue
      this.#leave([sender])
      sender.changeSsrcs(randomU32(random), randomU32(random))
      this.#events.push({ type: 'ssrc-changed', sender })
    }
    return true
  }

  // Time

  get deadline(): number {
    if (this.#closed) return Number.POSITIVE_INFINITY
    let deadline = Math.min(this.#schedule.deadline, this.#feedback.deadline)
    for (const receiver of this.#receivers) deadline = Math.min(deadline, receiver.deadline)
    for (const sender of this.#senders) deadline = Math.min(deadline, sender.deadline)
    return deadline
  }

  advance(now: number): void {
    if (this.#closed) return
    for (const receiver of this.#receivers) receiver.advance(now)
    for (const sender of this.#senders) sender.advance(now)
    this.flush(now)
  }

  /** Sends what is due: reports, feedback. */
  flush(now: number): void {
    if (this.#closed) return
    for (const { streams } of this.#receivers) {
      for (const stream of streams) {
        if (!stream.wantsSomething(now)) continue
        sendRequests(stream, this.ssrc, this.roundTripTime, now, this.#outlet.sendFeedback)
      }
    }
    if (now >= this.#feedback.deadline) this.#sendFeedback(now)
    if (now >= this.#schedule.deadline) this.#report(now)
  }

  #sendFeedback(now: number): void {
    const { mediaSsrc } = this.#feedback
    for (const feedback of this.#feedback.take(now)) {
      this.#outlet.sendFeedback({ type: 'transport-feedback', senderSsrc: this.ssrc, mediaSsrc, feedback })
    }
  }

  #report(now: number): void {
    this.#schedule.reported(now)
    for (const sender of this.#senders) sender.tidy(now)
    const ntp = this.#ntp(now)
    const streams = this.#receivers.flatMap(receiver => receiver.reported)
    const agreed = this.#receivers.some(({ parameters }) => parameters?.receiverReferenceTime === true)
    const sources = {
      cname: this.#options.cname,
      ssrc: this.ssrc,
      senders: this.#senders,
      streams,
      references: this.#intake.takeReferences(),
      tellsReference: agreed && streams.length > 0,
      limit: this.#largest,
    }
    for (const compound of makeReports(sources, ntp, now)) this.#outlet.send(compound)
  }

  #ntp(now: number): NtpTime {
    return ntpOf(this.#options.timeOrigin + now)
  }

  // Out

  #transmit(packet: Packet, isRtcp: boolean): void {
    if (this.#closed) packet.release()
    else this.#options.transmit(packet, isRtcp)
  }

  nextEvent(): RtpEvent | undefined {
    return this.#events.next()
  }

  /** A sender sends no more. */
  removeSender(sender: RtpSender): void {
    if (!this.#senders.includes(sender)) return
    this.#leave([sender])
    sender.configure(undefined)
    this.#senders = this.#senders.filter(each => each !== sender)
  }

  /** Says that streams of ours are over, to whom may have heard of them (RFC 3550, 6.3.7). */
  #leave(senders: readonly RtpSender[]): void {
    this.#outlet.sendGoodbye(senders.flatMap(sender => sender.leave()))
  }

  removeReceiver(receiver: RtpReceiver): void {
    receiver.stop()
    this.#receivers = this.#receivers.filter(each => each !== receiver)
    this.#streams.sweep()
  }

  /** Says BYE for every stream of ours that was heard of. */
  close(): void {
    if (this.#closed) return
    this.#leave(this.#senders)
    this.#closed = true
  }
}

const wantsTransportFeedback = ({ feedback }: PayloadCodec): boolean =>
  feedback.some(({ type }) => type === 'transport-cc')
