/**
 * What an m-section sends: one stream of RTP under an SSRC of ours, its retransmissions (RFC 4588) beside it, and what the
 * peer tells of them. Packets that come from elsewhere are rewritten; frames are cut into packets.
 */

import { type Packet, PacketPool } from '../bytes/index.ts'
import {
  appendPayload,
  type EncodedFrame,
  type ExtensionWriter,
  encodingOf,
  type MediaKind,
  type PayloadCodec,
  type PayloadSink,
  rtpHeaderLength,
  writeRtpHeader,
} from '../rtp/index.ts'
import { FrameCutter } from './frame-cutter.ts'
import { KeyFrameGate } from './key-frame-gate.ts'
import { OutgoingCodecs } from './outgoing-codecs.ts'
import { OutgoingExtensions } from './outgoing-extensions.ts'
import type { OutgoingRtp, SendParameters } from './parameters.ts'
import { PictureRewriter } from './picture-rewriter.ts'
import { Retransmitter } from './retransmitter.ts'
import { Rewriter } from './rewriter.ts'
import { SenderCounters } from './sender-counters.ts'
import { TonePlayer } from './tone-player.ts'

/** What a sender asks of its RTP session. */
export interface SenderOwner {
  /** A number for a packet on this transport (transport-wide congestion control). */
  nextTransportNumber(): number
  transmit(packet: Packet): void
  /** Random bits. */
  random(): number
  keyFrameRequested(sender: RtpSender): void
  /** Bytes of the largest RTP packet, before its protection. */
  readonly largest: number
}

/** Milliseconds: where no report has told the round trip. */
const DEFAULT_ROUND_TRIP = 50
const POOL = new PacketPool(1500, 2048)
const NO_CSRCS: readonly number[] = []
const NOTHING = new Uint8Array(0)

export class RtpSender {
  readonly kind: MediaKind
  readonly counters = new SenderCounters()
  /** Whether what is handed in is sent. */
  active = true
  ssrc: number
  rtxSsrc: number
  readonly #owner: SenderOwner
  readonly #cutter: FrameCutter
  readonly #extensions = new OutgoingExtensions()
  readonly #retransmitter: Retransmitter
  readonly #rewriter: Rewriter
  readonly #pictures = new PictureRewriter()
  readonly #keyFrames: KeyFrameGate
  readonly #tones: TonePlayer
  #parameters: SendParameters | undefined
  #codecs = new OutgoingCodecs([])
  #known = false
  /** The frame that is being cut. */
  #frame: EncodedFrame | undefined
  #now = 0
  /** Of what a sender report counts: modulo 2^32. */
  packetCount = 0
  octetCount = 0
  /** Packets that were counted when the last report was made. */
  reported = 0
  /** Whether the peer may have heard of the stream: it is to be told when that ends (RFC 3550, 6.3.7). */
  heard = false
  readonly #header = {
    marker: false,
    payloadType: 0,
    sequenceNumber: 0,
    timestamp: 0,
    ssrc: 0,
    csrcs: NO_CSRCS,
  }

  constructor(kind: MediaKind, ssrcs: { readonly ssrc: number; readonly rtxSsrc: number }, owner: SenderOwner) {
    this.kind = kind
    this.ssrc = ssrcs.ssrc
    this.rtxSsrc = ssrcs.rtxSsrc
    this.#owner = owner
    this.#cutter = new FrameCutter(() => owner.random())
    this.#rewriter = new Rewriter(owner.random() & 0xffff, owner.random())
    this.#retransmitter = new Retransmitter(owner.random() & 0xffff)
    this.#keyFrames = new KeyFrameGate(() => owner.keyFrameRequested(this))
    this.#tones = new TonePlayer((payload, timestamp, marker, now) => this.#sendTone(payload, timestamp, marker, now))
  }

  get parameters(): SendParameters | undefined {
    return this.#parameters
  }

  /** The codec in use: of what was sent last, else the first that was agreed on. */
  get codec(): PayloadCodec | undefined {
    const { payloadType } = this.#header
    return this.#codecs.media.find(codec => codec.payloadType === payloadType) ?? this.#codecs.media[0]
  }

  /** Milliseconds: what the peer's reports have told of the way there and back. */
  get roundTripTime(): number | undefined {
    return this.counters.roundTripTime
  }

  /** A negotiation has settled what may be sent; undefined: nothing. */
  configure(parameters: SendParameters | undefined): void {
    this.#parameters = parameters
    this.#codecs = new OutgoingCodecs(parameters?.codecs ?? [])
    this.#known = false
    this.#retransmitter.known = false
    if (parameters === undefined) {
      this.#retransmitter.clear()
      return
    }
    this.#extensions.configure(parameters.mid, parameters.extensions, parameters.mixedExtensions)
    this.#rewriter.expect(this.#codecs.media[0]?.clockRate ?? 90_000)
  }

  /** Whether anything can be sent. */
  get sends(): boolean {
    return this.active && this.#parameters !== undefined
  }

  /**
   * Sends a packet on: renumbered, so that it follows what was sent before. Of video, another source is joined where a frame
   * begins that needs no other; until then nothing of it is sent, and a key frame is asked for.
   * @returns Whether it was sent.
   */
  sendPacket(outgoing: OutgoingRtp, now: number): boolean {
    const { source, bytes, payloadStart, payloadEnd, sequenceNumber, timestamp, marker, clockRate } = outgoing
    if (!this.sends) return false
    const codec = this.#codecs.find(outgoing.mimeType, clockRate, outgoing.sdpFmtpLine)
    if (codec === undefined) return this.#discard()
    const rewriter = this.#rewriter
    if (!rewriter.isFrom(source)) {
      if (this.kind === 'video' && !this.#keyFrames.opens(codec, bytes, payloadStart, payloadEnd)) {
        this.#keyFrames.request(now)
        return this.#discard()
      }
      rewriter.join(source, sequenceNumber, timestamp, clockRate, now)
      this.#pictures.join(encodingOf(codec))
    }
    if (payloadEnd === payloadStart || this.#tones.plays) {
      rewriter.leaveOut(sequenceNumber)
      return false
    }
    if (!rewriter.place(sequenceNumber, timestamp, now)) return this.#discard()
    const header = this.#header
    header.marker = marker
    header.payloadType = codec.payloadType
    header.sequenceNumber = rewriter.sequenceNumber
    header.timestamp = rewriter.timestamp
    header.csrcs = outgoing.csrcs ?? NO_CSRCS
    const extensions = this.#beginExtensions(now)
    if (outgoing.extensions !== undefined) this.#extensions.pass(outgoing.extensions)
    if (!this.#send(bytes, payloadStart, payloadEnd, NOTHING, 0, extensions, now)) return false
    if (marker && this.kind === 'video') this.counters.framesSent++
    return true
  }

  #discard(): false {
    this.counters.packetsDiscarded++
    return false
  }

  /** Cuts a frame into packets and sends them; false when nothing was sent. */
  sendFrame(frame: EncodedFrame, source: object, now: number): boolean {
    if (!this.sends || this.#tones.plays) return false
    const { mimeType, timestamp, keyFrame, csrcs } = frame
    const codec = this.#codecs.find(mimeType, frame.clockRate ?? this.#clockRateOf(mimeType), undefined)
    const cutter = this.#cutter
    if (codec === undefined || !cutter.use(codec)) return this.#discard()
    const rewriter = this.#rewriter
    if (!rewriter.isFrom(source)) {
      if (this.kind === 'video' && !keyFrame) {
        this.#keyFrames.request(now)
        return this.#discard()
      }
      rewriter.join(source, 0, timestamp, codec.clockRate, now)
      this.#pictures.join(encodingOf(codec))
      cutter.join()
    }
    const header = this.#header
    header.payloadType = this.#codecs.redundancyOf(codec.payloadType) ?? codec.payloadType
    header.timestamp = rewriter.stamp(timestamp, now)
    header.csrcs = csrcs
    this.#frame = frame
    this.#now = now
    // The longest header that a packet of the frame may have.
    const limit = this.#owner.largest - rtpHeaderLength(csrcs.length, this.#describe(this.#beginExtensions(now, 0)))
    const isRedundant = header.payloadType !== codec.payloadType
    const count = isRedundant
      ? cutter.cutRedundant(frame, header.timestamp, limit, this.#sendPayload)
      : cutter.cut(frame, limit, this.#sendPayload)
    if (count === 0) return this.#discard()
    this.counters.framesSent++
    if (keyFrame && this.kind === 'video') this.counters.keyFramesSent++
    return true
  }

  readonly #sendPayload: PayloadSink = (head, headLength, body, start, end, last) => {
    const header = this.#header
    header.marker = this.kind === 'video' && last
    header.sequenceNumber = this.#rewriter.next()
    this.#send(body, start, end, head, headLength, this.#describe(this.#beginExtensions(this.#now)), this.#now)
  }

  /** Adds what the frame says to the extensions of a packet of it. */
  #describe(extensions: ExtensionWriter): ExtensionWriter {
    const { audioLevel, voiceActivity, video } = this.#frame ?? {}
    if (audioLevel !== undefined) this.#extensions.putAudioLevel(audioLevel, voiceActivity === true)
    if (video?.rotation !== undefined) this.#extensions.putRotation(video.rotation)
    return extensions
  }

  #clockRateOf(mimeType: string): number {
    const wanted = mimeType.toLowerCase()
    return this.#codecs.media.find(codec => codec.mimeType.toLowerCase() === wanted)?.clockRate ?? 90_000
  }

  #beginExtensions(now: number, transportNumber?: number): ExtensionWriter {
    return this.#extensions.begin(!this.#known, transportNumber ?? this.#transportNumber(), now)
  }

  #transportNumber(): number {
    return this.#extensions.numbersTransport ? this.#owner.nextTransportNumber() : 0
  }

  #send(
    bytes: Uint8Array,
    start: number,
    end: number,
    head: Uint8Array,
    headLength: number,
    extensions: ExtensionWriter,
    now: number,
  ): boolean {
    const packet = POOL.take()
    const header = this.#header
    header.ssrc = this.ssrc
    const written = writeRtpHeader(packet, header, extensions)
    const headerLength = packet.length
    if (!written || !appendPayload(packet, head, 0, headLength) || !appendPayload(packet, bytes, start, end)) {
      packet.release()
      return this.#discard()
    }
    if (this.#pictures.isNeeded) this.#pictures.rewrite(packet.bytes, packet.start + headerLength, packet.end)
    const { counters } = this
    const payloadLength = packet.length - headerLength
    counters.sent(payloadLength, headerLength, now)
    this.#count(payloadLength)
    if (this.#codecs.answersNack(header.payloadType)) this.#retransmitter.keep(header.sequenceNumber, packet, now)
    this.#owner.transmit(packet)
    return true
  }

  #count(payloadLength: number): void {
    this.packetCount = (this.packetCount + 1) >>> 0
    this.octetCount = (this.octetCount + payloadLength) >>> 0
    this.heard = true
  }

  /** Where the stream's clock is at `now` (RFC 3550, 6.4.1): what the last packet said, and the time since. */
  timestampAt(now: number): number {
    return this.#rewriter.timestampAt(now)
  }

  // Tones

  /** Whether the peer takes telephone events in this stream. */
  get canPlayTones(): boolean {
    return this.sends && this.#codecs.telephoneEvent(this.codec?.clockRate ?? 0) !== undefined
  }

  /**
   * Plays a telephone event (RFC 4733); audio that is handed in meanwhile is not sent. One that still lasts ends.
   * @param event 0 to 255, as `toneEvent` gives it for DTMF; a RangeError else.
   * @param duration Milliseconds.
   * @returns False where the peer takes none.
   */
  playTone(event: number, duration: number, now: number): boolean {
    const codec = this.sends ? this.#codecs.telephoneEvent(this.codec?.clockRate ?? 0) : undefined
    if (codec === undefined) return false
    this.#tones.play(event, duration, this.#rewriter.stampOwn(now), codec.clockRate, now)
    return true
  }

  /** The event that lasts ends now. */
  stopTone(now: number): void {
    this.#tones.stop(now)
  }

  #sendTone(payload: Uint8Array, timestamp: number, marker: boolean, now: number): void {
    const codec = this.sends ? this.#codecs.telephoneEvent(this.codec?.clockRate ?? 0) : undefined
    if (codec === undefined) return
    const header = this.#header
    const { payloadType } = header
    header.marker = marker
    header.payloadType = codec.payloadType
    header.sequenceNumber = this.#rewriter.next()
    header.timestamp = timestamp
    header.csrcs = NO_CSRCS
    this.#send(payload, 0, payload.length, NOTHING, 0, this.#beginExtensions(now), now)
    header.payloadType = payloadType
  }

  get deadline(): number {
    return this.#tones.deadline
  }

  advance(now: number): void {
    this.#tones.advance(now)
  }

  // What the peer tells

  /** A report about the stream, or about its retransmissions: the peer knows whose it is. */
  acknowledged(ssrc: number): void {
    if (ssrc === this.ssrc) this.#known = true
    else this.#retransmitter.known = true
  }

  /** The peer misses these packets (RFC 4585, 6.2.1). */
  nacked(sequenceNumbers: readonly number[], now: number): void {
    this.counters.nackCount++
    if (this.#parameters === undefined) return
    const roundTrip = this.roundTripTime ?? DEFAULT_ROUND_TRIP
    const retransmitter = this.#retransmitter
    for (const sequenceNumber of sequenceNumbers) {
      if (retransmitter.find(sequenceNumber, roundTrip, now)) this.#resend(now)
    }
    this.counters.retransmissionsRefused = retransmitter.refused
  }

  #resend(now: number): void {
    const retransmitter = this.#retransmitter
    const { original } = retransmitter
    const length = original.payloadEnd - original.payloadStart
    const payloadType = this.#codecs.retransmissionOf(original.payloadType)
    const packet =
      payloadType === undefined
        ? retransmitter.repeat()
        : retransmitter.wrap(this.rtxSsrc, payloadType, this.#extensions, this.#transportNumber(), now)
    if (packet === undefined) return
    this.counters.resent(length, original.headerLength, now)
    if (payloadType === undefined) this.#count(length)
    this.#owner.transmit(packet)
  }

  /** The peer asks for a key frame: by a PLI, or by a FIR command of this number from this SSRC. */
  keyFrameAsked(by: 'pli' | 'fir', now: number, from = 0, sequenceNumber = 0): void {
    if (by === 'pli') {
      this.counters.pliCount++
    } else {
      if (!this.#keyFrames.isNew(from, sequenceNumber)) return
      this.counters.firCount++
    }
    this.#keyFrames.request(now)
  }

  /** Takes other SSRCs, since the peer has one of ours too (RFC 3550, 8.2). */
  changeSsrcs(ssrc: number, rtxSsrc: number): void {
    this.ssrc = ssrc
    this.rtxSsrc = rtxSsrc
    this.#known = false
    this.packetCount = 0
    this.octetCount = 0
    this.reported = 0
    this.heard = false
    this.#retransmitter.clear()
  }
}
