/**
 * What an m-section sends: one stream of RTP under an SSRC of ours, its retransmissions (RFC 4588) beside it, and what the
 * peer tells of them. Packets that come from elsewhere are rewritten; frames are cut into packets.
 */

import { type Packet, PacketPool, setU16, setU32 } from '../bytes/index.ts'
import {
  appendPayload,
  type EncodedFrame,
  type ExtensionWriter,
  emptyPayloadInfo,
  encodingOf,
  formatParametersOf,
  type MediaKind,
  type Packetizer,
  type PayloadCodec,
  payloadFormat,
  rtpHeaderLength,
  writeRtpHeader,
} from '../rtp/index.ts'
import { OutgoingCodecs } from './outgoing-codecs.ts'
import { OutgoingExtensions } from './outgoing-extensions.ts'
import type { OutgoingRtp, SendParameters } from './parameters.ts'
import { Rewriter } from './rewriter.ts'
import { SendHistory } from './send-history.ts'
import { SenderCounters } from './sender-counters.ts'

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

/** Packets that show the m-section before the peer has told that it knows the stream: then only some do. */
const MOST_SHOWN = 100
/** Milliseconds between two key frames that are asked for, at least: a peer may ask as often as it likes. */
const KEY_FRAME_INTERVAL = 300
/** Milliseconds: where no report has told the round trip. */
const DEFAULT_ROUND_TRIP = 50
const POOL = new PacketPool(1500, 2048)
/** RTP header of a retransmission's original sequence number. */
const ORIGINAL_NUMBER = 2

export class RtpSender {
  readonly kind: MediaKind
  readonly counters = new SenderCounters()
  /** Whether what is handed in is sent. */
  active = true
  ssrc: number
  rtxSsrc: number
  readonly #owner: SenderOwner
  readonly #extensions = new OutgoingExtensions()
  readonly #history = new SendHistory()
  readonly #rewriter: Rewriter
  readonly #info = emptyPayloadInfo()
  #parameters: SendParameters | undefined
  #codecs = new OutgoingCodecs([])
  #rtxSequence: number
  #shown = 0
  #known = false
  #lastRtpTimestamp = 0
  #lastSentAt = 0
  #clockRate = 90_000
  #keyFrameAskedAt = Number.NEGATIVE_INFINITY
  #packetizer: { readonly codec: PayloadCodec; readonly packetizer: Packetizer } | undefined
  /** Of what a sender report counts: modulo 2^32. */
  packetCount = 0
  octetCount = 0
  /** Packets that were counted when the last report was made. */
  reported = 0
  readonly #header = {
    marker: false,
    payloadType: 0,
    sequenceNumber: 0,
    timestamp: 0,
    ssrc: 0,
    csrcs: [] as readonly number[],
  }

  constructor(kind: MediaKind, ssrcs: { readonly ssrc: number; readonly rtxSsrc: number }, owner: SenderOwner) {
    this.kind = kind
    this.ssrc = ssrcs.ssrc
    this.rtxSsrc = ssrcs.rtxSsrc
    this.#owner = owner
    this.#rewriter = new Rewriter(owner.random() & 0xffff, owner.random())
    this.#rtxSequence = owner.random() & 0x7fff
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
    this.#packetizer = undefined
    this.#known = false
    this.#shown = 0
    if (parameters !== undefined) {
      this.#extensions.configure(parameters.mid, parameters.extensions, parameters.mixedExtensions)
    }
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
      if (!this.#canBegin(codec, outgoing)) {
        this.#askKeyFrame(now)
        return this.#discard()
      }
      rewriter.join(source, sequenceNumber, timestamp, clockRate, now)
    }
    if (payloadEnd === payloadStart) {
      rewriter.leaveOut(sequenceNumber)
      return false
    }
    if (!rewriter.place(sequenceNumber, timestamp, now)) return this.#discard()
    const header = this.#header
    header.marker = marker
    header.payloadType = codec.payloadType
    header.sequenceNumber = rewriter.sequenceNumber
    header.timestamp = rewriter.timestamp
    header.csrcs = outgoing.csrcs ?? []
    const extensions = this.#beginExtensions(now)
    if (outgoing.extensions !== undefined) this.#extensions.pass(outgoing.extensions)
    this.#clockRate = clockRate
    return this.#send(bytes, payloadStart, payloadEnd, undefined, 0, extensions, now)
  }

  #discard(): false {
    this.counters.packetsDiscarded++
    return false
  }

  #canBegin(codec: PayloadCodec, { bytes, payloadStart, payloadEnd }: OutgoingRtp): boolean {
    if (this.kind === 'audio') return true
    const format = payloadFormat(encodingOf(codec))
    if (format === undefined) return true
    const depacketizer = format.createDepacketizer(formatParametersOf(codec))
    const info = this.#info
    return depacketizer.describe(bytes, payloadStart, payloadEnd, info) && info.keyFrame && info.begins
  }

  /** Cuts a frame into packets and sends them; false when nothing was sent. */
  sendFrame(frame: EncodedFrame, source: object, now: number): boolean {
    if (!this.sends) return false
    const { mimeType, timestamp, keyFrame, data, video, description } = frame
    const codec = this.#codecs.find(mimeType, this.#clockRateOf(mimeType), undefined)
    const packetizer = codec && this.#packetizerOf(codec)
    if (codec === undefined || packetizer === undefined) return this.#discard()
    const rewriter = this.#rewriter
    if (!rewriter.isFrom(source)) {
      if (this.kind === 'video' && !keyFrame) {
        this.#askKeyFrame(now)
        return this.#discard()
      }
      rewriter.join(source, 0, timestamp, codec.clockRate, now)
    }
    this.#clockRate = codec.clockRate
    const header = this.#header
    header.payloadType = codec.payloadType
    header.timestamp = rewriter.stamp(timestamp, now)
    header.csrcs = frame.csrcs
    // The longest header that a packet of the frame may have.
    const limit = this.#owner.largest - rtpHeaderLength(frame.csrcs.length, this.#beginExtensions(now, 0))
    const count = packetizer.packetize(
      { data, keyFrame, ...(video && { video }), ...(description && { description }) },
      limit,
      (head, headLength, body, start, end, last) => {
        header.marker = this.kind === 'video' && last
        header.sequenceNumber = rewriter.next()
        this.#send(body, start, end, head, headLength, this.#beginExtensions(now), now)
      },
    )
    if (count === 0) return this.#discard()
    this.counters.framesSent++
    if (keyFrame && this.kind === 'video') this.counters.keyFramesSent++
    return true
  }

  #clockRateOf(mimeType: string): number {
    const wanted = mimeType.toLowerCase()
    return this.#codecs.media.find(codec => codec.mimeType.toLowerCase() === wanted)?.clockRate ?? 90_000
  }

  #packetizerOf(codec: PayloadCodec): Packetizer | undefined {
    if (this.#packetizer?.codec === codec) return this.#packetizer.packetizer
    const format = payloadFormat(encodingOf(codec))
    if (format === undefined) return undefined
    const packetizer = format.createPacketizer(formatParametersOf(codec), this.#owner.random() & 0xffff)
    this.#packetizer = { codec, packetizer }
    return packetizer
  }

  #beginExtensions(now: number, transportNumber?: number): ExtensionWriter {
    const extensions = this.#extensions
    const show = !this.#known && this.#shown < MOST_SHOWN
    const number = transportNumber ?? (extensions.numbersTransport ? this.#owner.nextTransportNumber() : 0)
    return extensions.begin(show, number, now)
  }

  #send(
    bytes: Uint8Array,
    start: number,
    end: number,
    head: Uint8Array | undefined,
    headLength: number,
    extensions: ExtensionWriter,
    now: number,
  ): boolean {
    const packet = POOL.take()
    const header = this.#header
    header.ssrc = this.ssrc
    const written = writeRtpHeader(packet, header, extensions)
    const headerLength = packet.length
    const whole =
      written &&
      (head === undefined || appendPayload(packet, head, 0, headLength)) &&
      appendPayload(packet, bytes, start, end)
    if (!whole) {
      packet.release()
      return this.#discard()
    }
    const { counters } = this
    const payloadLength = packet.length - headerLength
    counters.packetsSent++
    counters.bytesSent += payloadLength
    counters.headerBytesSent += headerLength
    counters.lastPacketAt = now
    this.packetCount = (this.packetCount + 1) >>> 0
    this.octetCount = (this.octetCount + payloadLength) >>> 0
    this.#lastRtpTimestamp = header.timestamp
    this.#lastSentAt = now
    this.#shown++
    if (this.#codecs.answersNack(header.payloadType)) {
      this.#history.add(header.sequenceNumber, packet.bytes, packet.start, packet.end, now)
    }
    this.#owner.transmit(packet)
    return true
  }

  /** Where the stream's clock is at `now` (RFC 3550, 6.4.1): what the last packet said, and the time since. */
  timestampAt(now: number): number {
    return (this.#lastRtpTimestamp + Math.round(((now - this.#lastSentAt) * this.#clockRate) / 1000)) >>> 0
  }

  // What the peer tells

  /** A report about the stream: the peer knows whose it is. */
  acknowledged(): void {
    this.#known = true
  }

  /** The peer misses these packets (RFC 4585, 6.2.1). */
  nacked(sequenceNumbers: readonly number[], now: number): void {
    this.counters.nackCount++
    const roundTrip = this.roundTripTime ?? DEFAULT_ROUND_TRIP
    for (const sequenceNumber of sequenceNumbers) {
      const sent = this.#history.find(sequenceNumber, roundTrip, now)
      if (sent !== undefined && this.#parameters !== undefined) this.#resend(sent.bytes, sent.length, now)
    }
  }

  #resend(bytes: Uint8Array, length: number, now: number): void {
    const packet = POOL.take()
    const { start } = packet
    packet.bytes.set(bytes.subarray(0, length), start)
    packet.end = start + length
    const payloadType = bytes[1]! & 0x7f
    const rtx = this.#codecs.retransmissionOf(payloadType)
    // Without a stream of its own it is the same packet to the byte: its index protects nothing else (RFC 3711, 9.1).
    if (rtx !== undefined) {
      this.#wrap(packet, rtx)
      const number = this.#extensions.numbersTransport ? this.#owner.nextTransportNumber() : 0
      this.#extensions.renew(packet.view(), number, now)
    }
    this.counters.retransmittedPacketsSent++
    this.counters.retransmittedBytesSent += length
    this.#owner.transmit(packet)
  }

  /** Makes a packet a retransmission (RFC 4588, 4), in place: its header moves two bytes to the front. */
  #wrap(packet: Packet, payloadType: number): void {
    const { bytes, start } = packet
    const csrcs = bytes[start]! & 0x0f
    const afterCsrcs = start + 12 + 4 * csrcs
    const hasExtension = (bytes[start]! & 0x10) !== 0
    const words = hasExtension ? (bytes[afterCsrcs + 2]! << 8) | bytes[afterCsrcs + 3]! : 0
    const headerEnd = hasExtension ? afterCsrcs + 4 + 4 * words : afterCsrcs
    const original = (bytes[start + 2]! << 8) | bytes[start + 3]!
    bytes.copyWithin(start - ORIGINAL_NUMBER, start, headerEnd)
    packet.start = start - ORIGINAL_NUMBER
    setU16(bytes, headerEnd - ORIGINAL_NUMBER, original)
    bytes[packet.start + 1] = (bytes[packet.start + 1]! & 0x80) | payloadType
    this.#rtxSequence = (this.#rtxSequence + 1) & 0xffff
    setU16(bytes, packet.start + 2, this.#rtxSequence)
    setU32(bytes, packet.start + 8, this.rtxSsrc)
  }

  /** The peer asks for a key frame. */
  keyFrameAsked(by: 'pli' | 'fir', now: number): void {
    if (by === 'pli') this.counters.pliCount++
    else this.counters.firCount++
    this.#askKeyFrame(now)
  }

  #askKeyFrame(now: number): void {
    if (now - this.#keyFrameAskedAt < KEY_FRAME_INTERVAL) return
    this.#keyFrameAskedAt = now
    this.#owner.keyFrameRequested(this)
  }

  /** Takes another SSRC, since the peer has ours too (RFC 3550, 8.2). */
  changeSsrc(ssrc: number): void {
    this.ssrc = ssrc
    this.#known = false
    this.#shown = 0
    this.packetCount = 0
    this.octetCount = 0
    this.reported = 0
    this.#history.clear()
  }
}
