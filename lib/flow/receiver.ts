/**
 * What an m-section receives: its streams, told apart by SSRC, with their retransmissions (RFC 4588), and what is asked of
 * their sender: packets again (RFC 4585), key frames (RFC 5104).
 */

import { type Depacketizer, type EncodedFrame, emptyPayloadInfo, type MediaKind, RtpPacket } from '../rtp/index.ts'
import { ContributingSources } from './contributing-sources.ts'
import { IncomingExtensions } from './incoming-extensions.ts'
import { type IncomingFormat, IncomingFormats } from './incoming-formats.ts'
import type { ReceiveParameters } from './parameters.ts'
import { ReceiveStream } from './receive-stream.ts'
import type { ReportedStream } from './reports.ts'
import { originalSequenceNumber, RtxStream, restoreOriginal } from './rtx.ts'

/** What a receiver tells its RTP session. */
export interface ReceiverOwner {
  /** The first packet since what may come was settled. */
  begins(receiver: RtpReceiver): void
  streamBegins(receiver: RtpReceiver, ssrc: number, now: number): void
  streamEnds(receiver: RtpReceiver, ssrc: number): void
}

/** Streams of one m-section, at most: simulcast has three, with their retransmissions six. */
const MOST_STREAMS = 12

export class RtpReceiver {
  /** Takes each packet once, in the order of arrival, those that were sent again among them: borrowed. */
  onPacket: ((packet: RtpPacket, now: number) => void) | undefined
  readonly sources = new ContributingSources()
  readonly kind: MediaKind
  #owner: ReceiverOwner
  #onFrame: ((frame: EncodedFrame, now: number) => void) | undefined
  #passesBroken = false
  #parameters: ReceiveParameters | undefined
  #formats = new IncomingFormats([])
  readonly #extensions = new IncomingExtensions()
  readonly #streams = new Map<number, ReceiveStream | RtxStream>()
  #list: ReceiveStream[] = []
  readonly #restored = new RtpPacket()
  readonly #info = emptyPayloadInfo()
  /** Tells key frames where no frames are put together. */
  #sniffer: { readonly format: IncomingFormat; readonly depacketizer: Depacketizer | undefined } | undefined
  #stopped = false
  #told = false
  readonly counters = {
    /** Packets of a payload type that was not agreed on. */
    droppedPayloadType: 0,
    /** Streams that gave way to others. */
    droppedStreams: 0,
    /** Retransmissions of a stream that is not known. */
    droppedRetransmissions: 0,
  }

  constructor(kind: MediaKind, owner: ReceiverOwner) {
    this.kind = kind
    this.#owner = owner
  }

  /** It goes on in another RTP session, as it is. */
  moveTo(owner: ReceiverOwner): void {
    this.#owner = owner
  }

  get parameters(): ReceiveParameters | undefined {
    return this.#parameters
  }

  /** The streams of media, in the order in which they came. */
  get streams(): readonly ReceiveStream[] {
    return this.#list
  }

  /** All that reports tell of: media and retransmissions. */
  get reported(): readonly ReportedStream[] {
    return [...this.#streams.values()]
  }

  /** Takes whole frames, in their order. They are put together only while there is such a sink. */
  get onFrame(): ((frame: EncodedFrame, now: number) => void) | undefined {
    return this.#onFrame
  }

  set onFrame(sink: ((frame: EncodedFrame, now: number) => void) | undefined) {
    const before = this.#onFrame
    this.#onFrame = sink
    if ((before === undefined) === (sink === undefined)) return
    for (const stream of this.#list) {
      if (sink === undefined) stream.frames = undefined
      else this.#assemble(stream)
    }
  }

  /**
   * Whether video goes on after a loss with the next whole frame, though it may refer to what is lost. Otherwise frames are
   * left out until a key frame comes, which is asked for.
   */
  get passesBroken(): boolean {
    return this.#passesBroken
  }

  set passesBroken(passes: boolean) {
    this.#passesBroken = passes
    for (const { frames } of this.#list) if (frames !== undefined) frames.passesBroken = passes
  }

  #assemble(stream: ReceiveStream): void {
    stream.assemble(this.#formats, this.#passesBroken, (frame, now) => this.#onFrame?.(frame, now))
    if (this.kind === 'video' && stream.statistics.packetsReceived > 0) stream.keyFrames.request()
  }

  /** A negotiation has settled what may come; undefined: nothing. */
  configure(parameters: ReceiveParameters | undefined): void {
    this.#parameters = parameters
    this.#told = false
    this.#formats = new IncomingFormats(parameters?.codecs ?? [])
    this.#extensions.configure(parameters?.extensions ?? [])
    for (const stream of this.#streams.values()) {
      if (stream instanceof RtxStream) {
        stream.original = undefined
        continue
      }
      const format = this.#formats.find(stream.codec.payloadType)
      if (format?.role === 'media') stream.codec = format.codec
      stream.frames?.use(this.#formats)
    }
  }

  has(ssrc: number): boolean {
    return this.#streams.has(ssrc)
  }

  /** A stream of media; undefined for one that is not known, or of retransmissions. */
  stream(ssrc: number): ReceiveStream | undefined {
    const stream = this.#streams.get(ssrc)
    return stream instanceof ReceiveStream ? stream : undefined
  }

  /** Takes a packet of a stream of this receiver's, or of a new one. False when it is none of its. */
  receive(packet: RtpPacket, now: number): boolean {
    if (this.#stopped || this.#parameters === undefined) return false
    const format = this.#formats.find(packet.payloadType)
    if (format === undefined) {
      this.counters.droppedPayloadType++
      return false
    }
    if (format.role === 'retransmission') return this.#receiveRtx(packet, format, now)
    const stream = this.#streams.get(packet.ssrc) ?? this.#open(packet, format, now)
    if (!(stream instanceof ReceiveStream)) return false
    if (stream.codec !== format.codec) stream.goesOnIn(format)
    this.#pass(stream, packet, format, false, now)
    return true
  }

  #pass(stream: ReceiveStream, packet: RtpPacket, format: IncomingFormat, restored: boolean, now: number): void {
    const extended = stream.count(packet, restored, now)
    if (extended < 0) return
    const level = this.kind === 'audio' ? this.#extensions.audioLevel(packet) : -1
    if (!restored) this.sources.heard(packet, level, this.#extensions.mixedLevels, now)
    if (!this.#told) {
      this.#told = true
      this.#owner.begins(this)
    }
    const { frames, keyFrames } = stream
    if (frames !== undefined) {
      const rotation = this.kind === 'video' ? this.#extensions.rotation(packet) : -1
      frames.receive(packet, extended, format, level, rotation, now)
      if (frames.lacksKeyFrame) keyFrames.request()
    } else if (keyFrames.pending && this.#isKeyFrame(packet, format)) {
      keyFrames.satisfied()
    }
    if (packet.payloadEnd > packet.payloadStart) this.onPacket?.(packet, now)
  }

  /** Whether a key frame begins with this packet, as far as it shows; a format that is not known shows it at once. */
  #isKeyFrame({ bytes, payloadStart, payloadEnd }: RtpPacket, format: IncomingFormat): boolean {
    if (this.#sniffer?.format !== format) this.#sniffer = { format, depacketizer: format.createDepacketizer() }
    const { depacketizer } = this.#sniffer
    if (depacketizer === undefined) return true
    return depacketizer.describe(bytes, payloadStart, payloadEnd, this.#info) && this.#info.keyFrame
  }

  #receiveRtx(packet: RtpPacket, { payloadType, codec }: IncomingFormat, now: number): boolean {
    const { ssrc, payloadStart, payloadEnd } = packet
    let rtx = this.#streams.get(ssrc)
    if (rtx === undefined) {
      this.#makeRoom()
      rtx = new RtxStream(ssrc, codec.clockRate)
      this.#streams.set(ssrc, rtx)
    }
    if (!(rtx instanceof RtxStream)) return false
    const { sequenceNumber, timestamp } = packet
    const length = payloadEnd - payloadStart
    rtx.statistics.receive(sequenceNumber, timestamp, length, payloadStart + packet.paddingLength, now)
    const original = originalSequenceNumber(packet)
    if (original < 0) return true
    const stream = this.#originalOf(rtx, packet, payloadType, original)
    const format = this.#formats.find(payloadType)
    if (stream === undefined || format === undefined) {
      this.counters.droppedRetransmissions++
      return true
    }
    if (!this.#restored.parse(restoreOriginal(packet, stream.ssrc, payloadType))) return true
    stream.retransmittedPacketsReceived++
    stream.retransmittedBytesReceived += length
    this.#pass(stream, this.#restored, format, true, now)
    return true
  }

  /**
   * By the description's groups (RFC 4588, 8.8), by the name that the packet says (RFC 8852), or where there is but one
   * stream that it can be of: one that was asked for this packet again (RFC 4588, 5.3).
   */
  #originalOf(rtx: RtxStream, packet: RtpPacket, payloadType: number, original: number): ReceiveStream | undefined {
    if (rtx.original !== undefined) {
      const known = this.stream(rtx.original)
      if (known !== undefined) return known
    }
    const grouped = this.#inGroup(rtx.ssrc)
    let found = grouped === undefined ? undefined : this.stream(grouped)
    if (grouped === undefined) {
      const rid = this.#extensions.repairedRid(packet)
      const candidates = this.#list.filter(({ codec }) => codec.payloadType === payloadType)
      if (rid !== '') found = candidates.find(stream => stream.rid === rid)
      else if (candidates.length === 1) found = candidates[0]
      else found = onlyOne(candidates.filter(stream => misses(stream, original)))
    }
    rtx.original = found?.ssrc
    return found
  }

  #inGroup(rtxSsrc: number): number | undefined {
    return this.#parameters?.ssrcGroups.find(({ semantics, ssrcs }) => semantics === 'FID' && ssrcs[1] === rtxSsrc)
      ?.ssrcs[0]
  }

  #open(packet: RtpPacket, format: IncomingFormat, now: number): ReceiveStream {
    this.#makeRoom()
    const { ssrc } = packet
    const stream = new ReceiveStream(this.kind, ssrc, this.#formats.mediaOf(format))
    stream.rid = this.#extensions.rid(packet)
    this.#streams.set(ssrc, stream)
    this.#list.push(stream)
    if (this.#onFrame !== undefined) this.#assemble(stream)
    this.#owner.streamBegins(this, ssrc, now)
    return stream
  }

  /** A stream that has said nothing for longest gives way: a peer may change its SSRC as often as it likes. */
  #makeRoom(): void {
    if (this.#streams.size < MOST_STREAMS) return
    let oldest = -1
    let oldestAt = Number.POSITIVE_INFINITY
    for (const { ssrc, statistics } of this.#streams.values()) {
      const at = statistics.lastPacketAt ?? 0
      if (at >= oldestAt) continue
      oldestAt = at
      oldest = ssrc
    }
    this.counters.droppedStreams++
    this.drop(oldest)
  }

  /** Forgets a stream: it said BYE, or gave way. */
  drop(ssrc: number): void {
    const isMedia = this.stream(ssrc) !== undefined
    this.#streams.delete(ssrc)
    if (!isMedia) return
    this.#list = this.#list.filter(stream => stream.ssrc !== ssrc)
    // What comes after the last has ended is told as a beginning.
    if (this.#list.length === 0) this.#told = false
    this.#owner.streamEnds(this, ssrc)
  }

  /** Asks the sender of each video stream for a key frame: at the next flush, unless it was just asked. */
  requestKeyFrame(): void {
    if (this.kind !== 'video') return
    for (const { keyFrames } of this.#list) keyFrames.request()
  }

  get deadline(): number {
    let deadline = Number.POSITIVE_INFINITY
    for (const { nack, keyFrames, frames } of this.#list) {
      deadline = Math.min(deadline, nack?.deadline ?? deadline, keyFrames.deadline, frames?.deadline ?? deadline)
    }
    return deadline
  }

  advance(now: number): void {
    for (const { frames, nack, keyFrames } of this.#list) {
      if (frames === undefined || now < frames.deadline) continue
      frames.advance(now)
      nack?.forgetBefore(frames.next)
      if (frames.lacksKeyFrame) keyFrames.request()
    }
  }

  /** Nothing is received any more. */
  stop(): void {
    this.#stopped = true
    for (const ssrc of [...this.#streams.keys()]) this.drop(ssrc)
  }
}

const onlyOne = (streams: readonly ReceiveStream[]): ReceiveStream | undefined =>
  streams.length === 1 ? streams[0] : undefined

const misses = ({ nack, statistics }: ReceiveStream, sequenceNumber: number): boolean =>
  nack?.misses(statistics.extend(sequenceNumber)) === true
