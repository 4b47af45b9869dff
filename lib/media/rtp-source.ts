/**
 * RTP packets into a track: what another program or another connection has made is sent on as it is. An addition to W3C's
 * objects. Senders number and time the packets anew, so that one source follows the other without a gap.
 */

import { defineInterface, sequence, unsignedLong } from '../idl/index.ts'
import { type Codec, encodingOf, isRtcp, type MediaKind, RtpPacket } from '../rtp/index.ts'
import { ApplicationSource, type ApplicationSourceInit } from './application-source.ts'
import { codecOf, type SourceCodec } from './codec-name.ts'
import { bytesOf } from './encoded-chunk.ts'
import { FrameJoiner } from './frame-joiner.ts'
import { type RtpHeaderExtension, SourcePacketView } from './source-packet.ts'

/** A codec with the payload type that its packets have: as `RTCRtpReceiver.getParameters().codecs` gives them. */
export interface RtpSourceCodec extends SourceCodec {
  /** Of whole packets; left out, any other payload type is taken for this codec. */
  readonly payloadType?: number
}

export interface RtpSourceInit extends ApplicationSourceInit {
  readonly kind: MediaKind
  /** At least one. With the names of WebCodecs too: `vp8`, `opus`. */
  readonly codecs: readonly (string | RtpSourceCodec)[]
  /** What the header extensions of whole packets are: as `RTCRtpReceiver.getParameters().headerExtensions` gives them. */
  readonly headerExtensions?: readonly { readonly uri: string; readonly id: number }[]
}

/** A packet in its parts. What `RtpReader` gives is one. */
export interface RtpPacketInit {
  readonly payload: ArrayBufferLike | ArrayBufferView
  /** 16 bits, of its stream: a gap is a loss. */
  readonly sequenceNumber: number
  /** 32 bits, in units of the codec's clock. */
  readonly timestamp: number
  /** Of video: the last of its frame. */
  readonly marker?: boolean
  /** Chooses the codec; among several of the same type, `payloadType` does. Without both it is the first. */
  readonly mimeType?: string
  readonly payloadType?: number
  /** Another one says that numbers and times are those of another stream. */
  readonly ssrc?: number
  readonly csrcs?: readonly number[]
  readonly extensions?: readonly RtpHeaderExtension[]
}

export interface RtpSourceCounters {
  readonly packets: number
  /** Of payloads. */
  readonly bytes: number
  /** Written while the source was muted, or after it had ended. */
  readonly ignored: number
  /** No RTP: whole packets that are malformed, or RTCP. */
  readonly malformed: number
  /** Of a payload type that is none of the codecs. */
  readonly unknownPayloadType: number
  /** Frames that readers of frames have missed: something of them, or of what they depend on, was not written. */
  readonly framesDropped: number
}

const NONE: readonly never[] = []
const MOST_CSRCS = 15
/** What is repaired or repeated is not media by itself. */
const REPAIR = new Set(['RTX', 'ULPFEC', 'FLEXFEC-03'])
const context = "Failed to execute 'write' on 'RtpSource'"
const toNumbers = sequence(unsignedLong)

export class RtpSource extends ApplicationSource {
  readonly #counters = { packets: 0, bytes: 0, ignored: 0, malformed: 0, unknownPayloadType: 0 }
  readonly #codecs: readonly { readonly codec: Codec; readonly payloadType: number }[]
  readonly #byPayloadType: (Codec | undefined)[] = []
  readonly #fallback: Codec | undefined
  readonly #uris: (string | undefined)[] = []
  readonly #packet = new RtpPacket()
  readonly #view = new SourcePacketView({})
  readonly #joiner: FrameJoiner
  #codec: Codec | undefined
  #ssrc = -1
  #writable: WritableStream<RtpPacketInit | Uint8Array> | undefined

  /** @throws TypeError, or `NotSupportedError` for a codec name that is not known. */
  constructor(init: RtpSourceInit) {
    const { kind, codecs, headerExtensions = [] } = init
    if (kind !== 'audio' && kind !== 'video') throw new TypeError("kind is neither 'audio' nor 'video'.")
    super(kind, 'packets', init)
    this.#joiner = new FrameJoiner(
      kind,
      frame => this.source.frame(frame, undefined),
      () => this.source.requestKeyFrame(),
    )
    this.#codecs = [...codecs]
      .map(given => ({
        codec: codecOf(kind, given),
        payloadType: typeof given === 'string' ? -1 : (given.payloadType ?? -1),
      }))
      .filter(({ codec }) => !REPAIR.has(encodingOf(codec)))
    if (this.#codecs.length === 0) throw new TypeError('There is no codec.')
    for (const { codec, payloadType } of this.#codecs) {
      if (payloadType >= 0) this.#byPayloadType[payloadType] = codec
    }
    this.#fallback = this.#codecs.find(({ payloadType }) => payloadType < 0)?.codec
    for (const { uri, id } of headerExtensions) this.#uris[id] = uri
  }

  get counters(): RtpSourceCounters {
    return { ...this.#counters, framesDropped: this.#joiner.dropped }
  }

  /**
   * A packet for the tracks: whole, as it came from a socket (what is no RTP is dropped and counted), or in its parts. It is
   * read before this returns, and belongs to the caller again.
   * @throws TypeError when it is neither.
   */
  write(packet: RtpPacketInit | Uint8Array): void {
    const counters = this.#counters
    const isWhole = packet instanceof Uint8Array
    if (!isWhole && (typeof packet !== 'object' || packet === null)) throw new TypeError(`${context}: It is no packet.`)
    if (this.ended || this.muted) counters.ignored++
    else if (isWhole ? this.#fillWhole(packet) : this.#fillParts(packet)) {
      const view = this.#view
      counters.packets++
      counters.bytes += view.payloadEnd - view.payloadStart
      this.source.packet(view, undefined)
      if (!this.source.wantsFrames) this.#joiner.reset()
      else if (this.#codec !== undefined) this.#joiner.packet(view, this.#codec)
    }
  }

  /** A stream whose chunks are written. Closing it ends the source, as aborting it does. */
  get writable(): WritableStream<RtpPacketInit | Uint8Array> {
    this.#writable ??= new WritableStream({
      write: packet => this.write(packet),
      close: () => this.end(),
      abort: () => this.end(),
    })
    return this.#writable
  }

  protected override interrupted(): void {
    this.#ssrc = -1
  }

  #fillWhole(bytes: Uint8Array): boolean {
    const packet = this.#packet
    if (isRtcp(bytes) || !packet.parse(bytes)) {
      this.#counters.malformed++
      return false
    }
    const codec = this.#codecOf(packet.payloadType)
    if (codec === undefined) return false
    this.#codec = codec
    this.#joinStream(packet.ssrc)
    this.#view.fill(packet, codec, this.#uris)
    return true
  }

  #fillParts(init: RtpPacketInit): boolean {
    const payload = bytesOf(init.payload, context)
    const { payloadType = -1, mimeType, ssrc = 0, csrcs = NONE, extensions = NONE } = init
    for (const { uri, bytes } of extensions) {
      if (typeof uri !== 'string' || !(bytes instanceof Uint8Array))
        throw new TypeError(`${context}: An extension has no bytes.`)
    }
    const codec = mimeType === undefined ? this.#codecOf(payloadType) : this.#codecNamed(mimeType, payloadType)
    if (codec === undefined) return false
    const view = this.#view
    this.#codec = codec
    this.#joinStream(ssrc >>> 0)
    view.bytes = payload
    view.payloadStart = 0
    view.payloadEnd = payload.byteLength
    view.payloadType = payloadType < 0 ? 0 : payloadType & 0x7f
    view.sequenceNumber = init.sequenceNumber & 0xffff
    view.timestamp = init.timestamp >>> 0
    view.ssrc = ssrc >>> 0
    view.marker = Boolean(init.marker)
    view.clockRate = codec.clockRate
    view.mimeType = codec.mimeType
    view.sdpFmtpLine = codec.sdpFmtpLine
    view.csrcs = csrcs.length === 0 ? NONE : toNumbers(csrcs, context).slice(0, MOST_CSRCS)
    view.extensions = extensions
    return true
  }

  #codecOf(payloadType: number): Codec | undefined {
    const codec = payloadType < 0 ? this.#codecs[0]?.codec : (this.#byPayloadType[payloadType] ?? this.#fallback)
    if (codec === undefined) this.#counters.unknownPayloadType++
    return codec
  }

  #codecNamed(mimeType: string, payloadType: number): Codec | undefined {
    const wanted = `${mimeType}`.toLowerCase()
    let found: Codec | undefined
    for (const each of this.#codecs) {
      if (each.codec.mimeType.toLowerCase() !== wanted) continue
      if (each.payloadType === payloadType) return each.codec
      found ??= each.codec
    }
    if (found === undefined) this.#counters.unknownPayloadType++
    return found
  }

  #joinStream(ssrc: number): void {
    if (ssrc === this.#ssrc) return
    this.#ssrc = ssrc
    this.#view.source = {}
  }

  static {
    defineInterface(RtpSource, 'RtpSource')
  }
}
