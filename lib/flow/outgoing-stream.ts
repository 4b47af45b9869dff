/**
 * The packets of one outgoing stream: written with their header extensions, kept for whoever misses them, counted for reports
 * (RFC 3550, 6.4.1), and sent again in the stream of retransmissions beside it (RFC 4588).
 */

import { type Packet, PacketPool } from '../bytes/index.ts'
import { appendPadding, appendPayload, type ExtensionWriter, rtpHeaderLength, writeRtpHeader } from '../rtp/index.ts'
import type { OutgoingCodecs } from './outgoing-codecs.ts'
import { OutgoingExtensions } from './outgoing-extensions.ts'
import type { SendParameters } from './parameters.ts'
import { PictureRewriter } from './picture-rewriter.ts'
import { Retransmitter } from './retransmitter.ts'
import type { SenderCounters } from './sender-counters.ts'

/** What a stream asks of its RTP session. */
export interface OutgoingStreamOwner {
  /** A number for a packet on this transport (transport-wide congestion control). */
  nextTransportNumber(): number
  transmit(packet: Packet): void
  /** Random bits. */
  random(): number
  /** Bytes of the largest RTP packet, before its protection. */
  readonly largest: number
}

const POOL = new PacketPool(1500, 2048)
/** Milliseconds: where no report has told the round trip. */
const DEFAULT_ROUND_TRIP = 50
const NO_CSRCS: readonly number[] = []

export class OutgoingStream {
  ssrc: number
  rtxSsrc: number
  readonly extensions = new OutgoingExtensions()
  readonly pictures = new PictureRewriter()
  /** Of the next packet; the SSRC is the stream's. */
  readonly header = {
    marker: false,
    payloadType: 0,
    sequenceNumber: 0,
    timestamp: 0,
    ssrc: 0,
    csrcs: NO_CSRCS,
  }
  /** Of what a sender report counts: modulo 2^32. */
  packetCount = 0
  octetCount = 0
  /** Whether the peer may have heard of the stream: it is to be told when that ends (RFC 3550, 6.3.7). */
  heard = false
  /** The RTP session that it is in. */
  owner: OutgoingStreamOwner
  readonly #counters: SenderCounters
  readonly #retransmitter: Retransmitter
  #codecs: OutgoingCodecs
  #known = false

  constructor(
    ssrcs: { readonly ssrc: number; readonly rtxSsrc: number },
    codecs: OutgoingCodecs,
    counters: SenderCounters,
    owner: OutgoingStreamOwner,
  ) {
    this.ssrc = ssrcs.ssrc
    this.rtxSsrc = ssrcs.rtxSsrc
    this.#codecs = codecs
    this.#counters = counters
    this.owner = owner
    this.#retransmitter = new Retransmitter(owner.random() & 0xffff)
  }

  configure(parameters: SendParameters | undefined, codecs: OutgoingCodecs): void {
    this.#codecs = codecs
    this.#known = false
    this.#retransmitter.known = false
    if (parameters === undefined) this.#retransmitter.clear()
    else this.extensions.configure(parameters.mid, parameters.extensions, parameters.mixedExtensions)
  }

  /** The extensions of the next packet, to be added to: each call takes a number of the transport. */
  begin(now: number): ExtensionWriter {
    return this.extensions.begin(!this.#known, this.#transportNumber(), now)
  }

  /** How long a payload may be, with what `describe` adds to the extensions. */
  limit(csrcCount: number, now: number, describe: () => void): number {
    const extensions = this.extensions.begin(!this.#known, 0, now)
    describe()
    return this.owner.largest - rtpHeaderLength(csrcCount, extensions)
  }

  #transportNumber(): number {
    return this.extensions.numbersTransport ? this.owner.nextTransportNumber() : 0
  }

  /** Sends a packet with `header`, the extensions begun, and `head[0, headLength)` and `bytes[start, end)`; false without room. */
  send(head: Uint8Array, headLength: number, bytes: Uint8Array, start: number, end: number, now: number): boolean {
    const packet = POOL.take()
    const { header, pictures } = this
    header.ssrc = this.ssrc
    const written = writeRtpHeader(packet, header, this.extensions.writer)
    const headerLength = packet.length
    if (!written || !appendPayload(packet, head, 0, headLength) || !appendPayload(packet, bytes, start, end)) {
      packet.release()
      return false
    }
    if (pictures.isNeeded) pictures.rewrite(packet.bytes, packet.start + headerLength, packet.end)
    const payloadLength = packet.length - headerLength
    this.#counters.sent(payloadLength, headerLength, now)
    this.#count(payloadLength)
    if (this.#codecs.answersNack(header.payloadType)) this.#retransmitter.keep(header.sequenceNumber, packet, now)
    this.owner.transmit(packet)
    return true
  }

  /** Sends a packet with `header` and nothing in it but padding. */
  sendPadding(now: number): void {
    const packet = POOL.take()
    const { header } = this
    header.ssrc = this.ssrc
    if (!writeRtpHeader(packet, header, this.begin(now)) || !appendPadding(packet, 1)) {
      packet.release()
      return
    }
    this.#counters.sent(0, packet.length, now)
    this.#count(0)
    if (this.#codecs.answersNack(header.payloadType)) this.#retransmitter.keep(header.sequenceNumber, packet, now)
    this.owner.transmit(packet)
  }

  #count(payloadLength: number): void {
    this.packetCount = (this.packetCount + 1) >>> 0
    this.octetCount = (this.octetCount + payloadLength) >>> 0
    this.heard = true
  }

  /** A report about the stream, or about its retransmissions: the peer knows whose it is. */
  acknowledged(ssrc: number): void {
    if (ssrc === this.ssrc) this.#known = true
    else this.#retransmitter.known = true
  }

  /** Sends again what the peer misses. */
  resend(sequenceNumbers: readonly number[], now: number): void {
    const roundTrip = this.#counters.roundTripTime ?? DEFAULT_ROUND_TRIP
    const retransmitter = this.#retransmitter
    for (const sequenceNumber of sequenceNumbers) {
      if (retransmitter.find(sequenceNumber, roundTrip, now)) this.#resend(now)
    }
    this.#counters.retransmissionsRefused = retransmitter.refused
  }

  #resend(now: number): void {
    const retransmitter = this.#retransmitter
    const { original } = retransmitter
    const length = original.payloadEnd - original.payloadStart
    const payloadType = this.#codecs.retransmissionOf(original.payloadType)
    const packet =
      payloadType === undefined
        ? retransmitter.repeat()
        : retransmitter.wrap(this.rtxSsrc, payloadType, this.extensions, this.#transportNumber(), now)
    if (packet === undefined) return
    this.#counters.resent(length, original.headerLength, now)
    if (payloadType === undefined) this.#count(length)
    this.owner.transmit(packet)
  }

  /** Gives back what it holds of packets of long ago: from time to time. */
  tidy(now: number): void {
    this.#retransmitter.tidy(now)
  }

  /** Goes on under other SSRCs. */
  change(ssrc: number, rtxSsrc: number): void {
    this.ssrc = ssrc
    this.rtxSsrc = rtxSsrc
    this.#known = false
    this.packetCount = 0
    this.octetCount = 0
    this.heard = false
    this.#retransmitter.clear()
  }
}
