/**
 * What an m-section sends: one stream of RTP under an SSRC of ours, its retransmissions (RFC 4588) beside it, and what the
 * peer tells of them. Packets that come from elsewhere are rewritten; frames are cut into packets.
 */

import { type EncodedFrame, encodingOf, type MediaKind, type PayloadCodec, type PayloadSink } from '../rtp/index.ts'
import { FrameCutter } from './frame-cutter.ts'
import { JoinBuffer } from './join-buffer.ts'
import { KeyFrameGate } from './key-frame-gate.ts'
import { OutgoingCodecs } from './outgoing-codecs.ts'
import { OutgoingStream, type OutgoingStreamOwner } from './outgoing-stream.ts'
import type { OutgoingRtp, SendParameters } from './parameters.ts'
import { Rewriter } from './rewriter.ts'
import { SenderCounters } from './sender-counters.ts'
import { TonePlayer } from './tone-player.ts'

/** What a sender asks of its RTP session. */
export interface SenderOwner extends OutgoingStreamOwner {
  keyFrameRequested(sender: RtpSender): void
}

const NO_CSRCS: readonly number[] = []
const NOTHING = new Uint8Array(0)

export class RtpSender {
  readonly kind: MediaKind
  readonly counters = new SenderCounters()
  /** Packets that were counted when the last report was made. */
  reported = 0
  #owner: SenderOwner
  readonly #stream: OutgoingStream
  readonly #cutter: FrameCutter
  readonly #rewriter: Rewriter
  readonly #keyFrames: KeyFrameGate
  readonly #ahead = new JoinBuffer()
  /** The newest packet that was sent on does not end its frame. */
  #isCut = false
  readonly #tones: TonePlayer
  #active = true
  #parameters: SendParameters | undefined
  #codecs = new OutgoingCodecs([])
  /** The frame that is being cut. */
  #frame: EncodedFrame | undefined
  #now = 0

  constructor(kind: MediaKind, ssrcs: { readonly ssrc: number; readonly rtxSsrc: number }, owner: SenderOwner) {
    this.kind = kind
    this.#owner = owner
    this.#stream = new OutgoingStream(ssrcs, this.#codecs, this.counters, owner)
    this.#cutter = new FrameCutter(() => this.#owner.random())
    this.#rewriter = new Rewriter(owner.random() & 0xffff, owner.random())
    this.#keyFrames = new KeyFrameGate(() => this.#owner.keyFrameRequested(this))
    this.#tones = new TonePlayer((payload, timestamp, marker, now) => this.#sendTone(payload, timestamp, marker, now))
  }

  /** It goes on in another RTP session, as it is. */
  moveTo(owner: SenderOwner): void {
    this.#owner = owner
    this.#stream.owner = owner
  }

  get ssrc(): number {
    return this.#stream.ssrc
  }

  /** Of the retransmissions. */
  get rtxSsrc(): number {
    return this.#stream.rtxSsrc
  }

  get parameters(): SendParameters | undefined {
    return this.#parameters
  }

  /** The codec in use: of what was sent last, else the first that was agreed on. */
  get codec(): PayloadCodec | undefined {
    const { payloadType } = this.#stream.header
    return this.#codecs.media.find(codec => codec.payloadType === payloadType) ?? this.#codecs.media[0]
  }

  /** Milliseconds: what the peer's reports have told of the way there and back. */
  get roundTripTime(): number | undefined {
    return this.counters.roundTripTime
  }

  /** Of what a sender report counts: modulo 2^32. */
  get packetCount(): number {
    return this.#stream.packetCount
  }

  get octetCount(): number {
    return this.#stream.octetCount
  }

  /** A negotiation has settled what may be sent; undefined: nothing. */
  configure(parameters: SendParameters | undefined): void {
    this.#parameters = parameters
    this.#codecs = new OutgoingCodecs(parameters?.codecs ?? [])
    this.#stream.configure(parameters, this.#codecs)
    if (parameters === undefined) {
      this.#rewriter.leave()
      this.#ahead.clear()
    }
    this.#rewriter.expect(this.#codecs.media[0]?.clockRate ?? 90_000)
  }

  /** Whether what is handed in is sent. What was handed in meanwhile leaves no gap, and of video a key frame follows it. */
  get active(): boolean {
    return this.#active
  }

  set active(active: boolean) {
    if (!active) this.#rewriter.leave()
    this.#active = active
  }

  /** Whether anything can be sent. */
  get sends(): boolean {
    return this.#active && this.#parameters !== undefined
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
    const joins = !rewriter.isFrom(source)
    if (joins) {
      if (this.kind === 'video' && !this.#keyFrames.opens(codec, bytes, payloadStart, payloadEnd)) {
        this.#keyFrames.request(now)
        this.#ahead.keep(outgoing)
        return this.#discard()
      }
      this.#closeUp(now)
      rewriter.join(source, sequenceNumber, timestamp, clockRate, now)
      this.#stream.pictures.join(encodingOf(codec))
    }
    if (payloadEnd === payloadStart || this.#tones.plays) {
      rewriter.leaveOut(sequenceNumber)
      return false
    }
    if (!rewriter.place(sequenceNumber, timestamp, now)) return this.#discard()
    const { header, extensions } = this.#stream
    header.marker = marker
    header.payloadType = codec.payloadType
    header.sequenceNumber = rewriter.sequenceNumber
    header.timestamp = rewriter.timestamp
    header.csrcs = outgoing.csrcs ?? NO_CSRCS
    this.#stream.begin(now)
    if (extensions.passesAny && outgoing.extensions !== undefined) extensions.pass(outgoing.extensions)
    if (!this.#stream.send(NOTHING, 0, bytes, payloadStart, payloadEnd, now)) return this.#discard()
    if (this.kind === 'video') {
      if (rewriter.isNewest) this.#isCut = !marker
      if (marker) this.counters.framesSent++
    }
    if (joins) this.#catchUp(source, sequenceNumber, now)
    return true
  }

  /** Sends what came ahead of the packet with which a source was joined. */
  #catchUp(source: object, sequenceNumber: number, now: number): void {
    for (const packet of this.#ahead.take(source, sequenceNumber)) {
      this.counters.packetsDiscarded--
      this.sendPacket(packet, now)
    }
  }

  /**
   * What was missing of the source before will not come any more: padding takes its numbers, so that nobody waits for it. Where
   * its last frame has no end, padding shows that, too.
   */
  #closeUp(now: number): void {
    const rewriter = this.#rewriter
    const { header } = this.#stream
    header.marker = false
    header.csrcs = NO_CSRCS
    for (let hole = rewriter.takeHole(); hole >= 0; hole = rewriter.takeHole()) {
      header.sequenceNumber = hole
      this.#stream.sendPadding(now)
    }
    if (!this.#isCut) return
    this.#isCut = false
    header.sequenceNumber = rewriter.next()
    this.#stream.sendPadding(now)
  }

  #discard(): false {
    this.counters.packetsDiscarded++
    return false
  }

  /** Cuts a frame into packets and sends them; false when nothing was sent. */
  sendFrame(frame: EncodedFrame, source: object, now: number): boolean {
    if (!this.sends || this.#tones.plays) return false
    const { mimeType, timestamp, keyFrame, csrcs } = frame
    const codec = this.#codecs.find(mimeType, frame.clockRate ?? this.#codecs.clockRateOf(mimeType), undefined)
    const cutter = this.#cutter
    if (codec === undefined || !cutter.use(codec)) return this.#discard()
    const rewriter = this.#rewriter
    if (!rewriter.isFrom(source)) {
      if (this.kind === 'video' && !keyFrame) {
        this.#keyFrames.request(now)
        return this.#discard()
      }
      this.#closeUp(now)
      rewriter.join(source, 0, timestamp, codec.clockRate, now)
      this.#stream.pictures.join(encodingOf(codec))
      cutter.join()
    }
    const { header } = this.#stream
    header.payloadType = this.#codecs.redundancyOf(codec.payloadType) ?? codec.payloadType
    header.timestamp = rewriter.stamp(timestamp, now)
    header.csrcs = csrcs
    this.#frame = frame
    this.#now = now
    const limit = this.#stream.limit(csrcs.length, now, this.#describe)
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
    const { header } = this.#stream
    header.marker = this.kind === 'video' && last
    header.sequenceNumber = this.#rewriter.next()
    this.#stream.begin(this.#now)
    this.#describe()
    if (!this.#stream.send(head, headLength, body, start, end, this.#now)) this.#discard()
  }

  /** Adds what the frame says to the extensions of a packet of it. */
  readonly #describe = (): void => {
    const { audioLevel, voiceActivity, video } = this.#frame ?? {}
    const { extensions } = this.#stream
    if (audioLevel !== undefined) extensions.putAudioLevel(audioLevel, voiceActivity === true)
    if (video?.rotation !== undefined) extensions.putRotation(video.rotation)
  }

  /** Where the stream's clock is at `now` (RFC 3550, 6.4.1): what the last packet said, and the time since. */
  timestampAt(now: number): number {
    return this.#rewriter.timestampAt(now)
  }

  // Tones

  get #toneCodec(): PayloadCodec | undefined {
    return this.sends && this.kind === 'audio' ? this.#codecs.telephoneEvent(this.codec?.clockRate ?? 0) : undefined
  }

  /** Whether the peer takes telephone events in this stream. */
  get canPlayTones(): boolean {
    return this.#toneCodec !== undefined
  }

  /**
   * Plays a telephone event (RFC 4733); audio that is handed in meanwhile is not sent. One that still lasts ends.
   * @param event 0 to 255, as `toneEvent` gives it for DTMF; a RangeError else.
   * @param duration Milliseconds.
   * @returns False where the peer takes none.
   */
  playTone(event: number, duration: number, now: number): boolean {
    const codec = this.#toneCodec
    if (codec === undefined) return false
    this.#tones.play(event, duration, this.#rewriter.stampOwn(now), codec.clockRate, now)
    return true
  }

  /** The event that lasts ends now. */
  stopTone(now: number): void {
    this.#tones.stop(now)
  }

  #sendTone(payload: Uint8Array, timestamp: number, marker: boolean, now: number): void {
    const codec = this.#toneCodec
    if (codec === undefined) return
    const { header } = this.#stream
    const { payloadType } = header
    header.marker = marker
    header.payloadType = codec.payloadType
    header.sequenceNumber = this.#rewriter.next()
    header.timestamp = timestamp
    header.csrcs = NO_CSRCS
    this.#stream.begin(now)
    this.#stream.send(NOTHING, 0, payload, 0, payload.length, now)
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
    this.#stream.acknowledged(ssrc)
  }

  /** The peer misses these packets (RFC 4585, 6.2.1). */
  nacked(sequenceNumbers: readonly number[], now: number): void {
    this.counters.nackCount++
    if (this.#parameters !== undefined) this.#stream.resend(sequenceNumbers, now)
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

  /** Gives back what it holds of packets of long ago: from time to time. */
  tidy(now: number): void {
    this.#stream.tidy(now)
  }

  /** The SSRCs to say BYE for, where the peer may have heard of them; none once they were told. */
  leave(): number[] {
    if (!this.#stream.heard) return []
    this.#stream.heard = false
    return this.counters.retransmittedPacketsSent > 0 ? [this.ssrc, this.rtxSsrc] : [this.ssrc]
  }

  /** Takes other SSRCs, since the peer has one of ours too (RFC 3550, 8.2). */
  changeSsrcs(ssrc: number, rtxSsrc: number): void {
    this.#stream.change(ssrc, rtxSsrc)
    this.reported = 0
  }
}
