/**
 * What an m-section receives: its streams, told apart by SSRC, with their retransmissions (RFC 4588), and what is asked of
 * their sender: packets again (RFC 4585), key frames (RFC 5104).
 */

import type { EventQueue } from '../machine/index.ts'
import {
  type EncodedFrame,
  encodingOf,
  formatParametersOf,
  type MediaKind,
  type PayloadCodec,
  RtpPacket,
} from '../rtp/index.ts'
import { ContributingSources } from './contributing-sources.ts'
import type { RtpEvent } from './events.ts'
import type { ReceiveParameters } from './parameters.ts'
import { ReceiveStream } from './receive-stream.ts'
import { restoreOriginal } from './rtx.ts'

/** Streams of one m-section, at most: simulcast has three, with their retransmissions six. */
const MOST_STREAMS = 12
const AUDIO_LEVEL_URI = 'urn:ietf:params:rtp-hdrext:ssrc-audio-level'

/** What a stream is: media, or retransmissions. */
type StreamEntry =
  | { readonly stream: ReceiveStream; readonly rtx: undefined }
  | { readonly stream: undefined; readonly rtx: RtxStream }

interface RtxStream {
  readonly ssrc: number
  packetsReceived: number
  lastAt: number
}

export class RtpReceiver {
  /** Takes each packet once, in the order of arrival, those that were sent again among them: borrowed. */
  onPacket: ((packet: RtpPacket, now: number) => void) | undefined
  readonly sources = new ContributingSources()
  readonly kind: MediaKind
  readonly #events: EventQueue<RtpEvent>
  #onFrame: ((frame: EncodedFrame, now: number) => void) | undefined
  #parameters: ReceiveParameters | undefined
  #codecs: (PayloadCodec | undefined)[] = []
  /** For each payload type of retransmissions, that of the originals. */
  #originals: (number | undefined)[] = []
  #audioLevelId = 0
  readonly #streams = new Map<number, StreamEntry>()
  #list: ReceiveStream[] = []
  readonly #restored = new RtpPacket()
  #stopped = false
  #told = false
  readonly counters = {
    /** Packets of a payload type that was not agreed on. */
    droppedPayloadType: 0,
    /** Packets of streams beyond the bound. */
    droppedStreams: 0,
    /** Retransmissions of a stream that is not known. */
    droppedRetransmissions: 0,
  }

  constructor(kind: MediaKind, events: EventQueue<RtpEvent>) {
    this.kind = kind
    this.#events = events
  }

  get parameters(): ReceiveParameters | undefined {
    return this.#parameters
  }

  /** The streams of media, in the order in which they came. */
  get streams(): readonly ReceiveStream[] {
    return this.#list
  }

  /** Takes whole frames, in their order. They are put together only while there is such a sink. */
  get onFrame(): ((frame: EncodedFrame, now: number) => void) | undefined {
    return this.#onFrame
  }

  set onFrame(sink: ((frame: EncodedFrame, now: number) => void) | undefined) {
    this.#onFrame = sink
    for (const stream of this.#list) {
      if (sink === undefined) stream.frames = undefined
      else if (stream.frames === undefined) this.#assemble(stream)
    }
  }

  #assemble(stream: ReceiveStream): void {
    stream.assemble((frame, now) => this.#onFrame?.(frame, now))
    if (this.kind === 'video' && stream.statistics.packetsReceived > 0) stream.keyFrames.request()
  }

  /** A negotiation has settled what may come; undefined: nothing. */
  configure(parameters: ReceiveParameters | undefined): void {
    this.#parameters = parameters
    this.#told = false
    this.#codecs = []
    this.#originals = []
    if (parameters === undefined) return
    for (const codec of parameters.codecs) {
      const apt = encodingOf(codec) === 'RTX' ? Number(formatParametersOf(codec).get('apt')) : Number.NaN
      if (Number.isNaN(apt)) this.#codecs[codec.payloadType] = codec
      else this.#originals[codec.payloadType] = apt
    }
    this.#audioLevelId = parameters.extensions.find(({ uri }) => uri === AUDIO_LEVEL_URI)?.id ?? 0
  }

  has(ssrc: number): boolean {
    return this.#streams.has(ssrc)
  }

  /** Takes a packet of a stream of this receiver's, or of a new one. False when it is none of its. */
  receive(packet: RtpPacket, now: number): boolean {
    if (this.#stopped || this.#parameters === undefined) return false
    const { ssrc, payloadType } = packet
    const original = this.#originals[payloadType]
    if (original !== undefined) return this.#receiveRtx(packet, original, now)
    const codec = this.#codecs[payloadType]
    if (codec === undefined) {
      this.counters.droppedPayloadType++
      return false
    }
    const stream = this.#streams.get(ssrc)?.stream ?? this.#open(ssrc, codec, now)
    if (stream === undefined) return false
    if (stream.codec !== codec) stream.switchTo(codec)
    this.#pass(stream, packet, false, now)
    return true
  }

  #pass(stream: ReceiveStream, packet: RtpPacket, restored: boolean, now: number): void {
    const extended = stream.count(packet, restored, now)
    if (extended < 0) return
    if (!restored) this.sources.heard(packet, this.#audioLevelId, now)
    if (!this.#told) {
      this.#told = true
      this.#events.push({ type: 'media', receiver: this })
    }
    if (packet.payloadEnd > packet.payloadStart) this.onPacket?.(packet, now)
    const { frames } = stream
    if (frames === undefined) return
    const missedOne = frames.needsKeyFrame
    frames.receive(packet, extended, now)
    if (frames.needsKeyFrame && (!missedOne || stream.statistics.packetsReceived > 1)) stream.keyFrames.request()
  }

  #receiveRtx(packet: RtpPacket, payloadType: number, now: number): boolean {
    const { ssrc } = packet
    let entry = this.#streams.get(ssrc)
    if (entry === undefined) {
      if (!this.#hasRoom()) return false
      entry = { stream: undefined, rtx: { ssrc, packetsReceived: 0, lastAt: now } }
      this.#streams.set(ssrc, entry)
    }
    const { rtx } = entry
    if (rtx === undefined) return false
    rtx.packetsReceived++
    rtx.lastAt = now
    const stream = this.#originalOf(ssrc, payloadType)
    if (stream === undefined) {
      this.counters.droppedRetransmissions++
      return true
    }
    const { payloadStart, payloadEnd } = packet
    const original = restoreOriginal(packet, stream.ssrc, payloadType)
    // Without one it is padding that the peer probes with.
    if (original === undefined || !this.#restored.parse(original)) return true
    stream.retransmittedPacketsReceived++
    stream.retransmittedBytesReceived += payloadEnd - payloadStart
    this.#pass(stream, this.#restored, true, now)
    return true
  }

  /** By the description's groups (RFC 4588, 8.8), or where there is but one stream that it can be of. */
  #originalOf(rtxSsrc: number, payloadType: number): ReceiveStream | undefined {
    for (const { semantics, ssrcs } of this.#parameters?.ssrcGroups ?? []) {
      if (semantics === 'FID' && ssrcs[1] === rtxSsrc) return this.#streams.get(ssrcs[0] ?? -1)?.stream
    }
    const candidates = this.#list.filter(({ codec }) => codec.payloadType === payloadType)
    return candidates.length === 1 ? candidates[0] : undefined
  }

  #open(ssrc: number, codec: PayloadCodec, now: number): ReceiveStream | undefined {
    if (this.#streams.has(ssrc) || !this.#hasRoom()) return undefined
    const stream = new ReceiveStream(this.kind, ssrc, codec)
    this.#streams.set(ssrc, { stream, rtx: undefined })
    this.#list.push(stream)
    if (this.#onFrame !== undefined) this.#assemble(stream)
    this.#events.push({ type: 'stream', receiver: this, ssrc, at: now })
    return stream
  }

  /** A stream that has said nothing for longest gives way: a peer may change its SSRC as often as it likes. */
  #hasRoom(): boolean {
    if (this.#streams.size < MOST_STREAMS) return true
    let oldest: StreamEntry | undefined
    let oldestAt = Number.POSITIVE_INFINITY
    for (const entry of this.#streams.values()) {
      const at = entry.stream?.statistics.lastPacketAt ?? entry.rtx?.lastAt ?? 0
      if (at < oldestAt) {
        oldestAt = at
        oldest = entry
      }
    }
    if (oldest === undefined) return false
    this.counters.droppedStreams++
    this.drop(oldest.stream?.ssrc ?? oldest.rtx!.ssrc)
    return true
  }

  /** Forgets a stream: it said BYE, or gave way. */
  drop(ssrc: number): void {
    this.#streams.delete(ssrc)
    this.#list = this.#list.filter(stream => stream.ssrc !== ssrc)
    this.#events.push({ type: 'stream-ended', receiver: this, ssrc })
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
    for (const stream of this.#list) {
      const { frames } = stream
      if (frames === undefined || now < frames.deadline) continue
      frames.advance(now)
      if (frames.needsKeyFrame) stream.keyFrames.request()
    }
  }

  /** Nothing is received any more. */
  stop(): void {
    this.#stopped = true
    for (const ssrc of [...this.#streams.keys()]) this.drop(ssrc)
  }
}
