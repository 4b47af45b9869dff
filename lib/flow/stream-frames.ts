/**
 * The frames of one incoming stream: its packets with what their header extensions say, each payload in its own format; and
 * what redundant audio (RFC 2198) brings of packets that were lost.
 */

import { type MediaKind, type PayloadCodec, RedDepacketizer, type RtpPacket } from '../rtp/index.ts'
import { type AssembledFrame, FrameAssembler, type FrameFormat, type FramePacket } from './frame-assembler.ts'
import type { IncomingFormat, IncomingFormats } from './incoming-formats.ts'

const NO_CSRCS: readonly number[] = []
/** What has been counted so far. */
type FrameCounts = Pick<StreamFrames, 'framesReceived' | 'keyFramesReceived' | 'framesDropped' | 'assemblyTime'>

export class StreamFrames {
  framesReceived = 0
  keyFramesReceived = 0
  framesDropped = 0
  /** Seconds, for webrtc-stats: from the first packets of frames to the whole frames. */
  assemblyTime = 0
  readonly #kind: MediaKind
  readonly #assembler: FrameAssembler
  #formats: IncomingFormats
  /** By payload type. */
  readonly #frameFormats: (FrameFormat | undefined)[] = []
  #red: RedDepacketizer | undefined
  readonly #packet: FramePacket = {
    extended: 0,
    timestamp: 0,
    marker: false,
    audioLevel: -1,
    rotation: -1,
    csrcs: NO_CSRCS,
  }
  #before: FrameCounts | undefined
  #now = 0

  constructor(kind: MediaKind, formats: IncomingFormats, deliver: (frame: AssembledFrame, now: number) => void) {
    this.#kind = kind
    this.#formats = formats
    this.#assembler = new FrameAssembler(kind, (frame, now) => {
      this.assemblyTime += (frame.wholeAt - frame.firstAt) / 1000
      this.#tally()
      deliver(frame, now)
    })
  }

  /** Payload types may carry something else from now on. */
  use(formats: IncomingFormats): void {
    this.#formats = formats
    for (const [payloadType, known] of this.#frameFormats.entries()) {
      const format = formats.find(payloadType)
      // Another negotiation may give the same codec in another object: what is being put together of it goes on.
      const isSame = format?.role === 'media' && known !== undefined && isAlike(format.codec, known.codec)
      if (!isSame) this.#frameFormats[payloadType] = undefined
    }
  }

  /** Goes on counting where others have ended. */
  count(before: FrameCounts): void {
    const { framesReceived, keyFramesReceived, framesDropped, assemblyTime } = before
    this.#before = { framesReceived, keyFramesReceived, framesDropped, assemblyTime }
    this.assemblyTime = assemblyTime
    this.#tally()
  }

  #tally(): void {
    const { framesReceived, keyFramesReceived, framesDropped } = this.#assembler
    this.framesReceived = framesReceived + (this.#before?.framesReceived ?? 0)
    this.keyFramesReceived = keyFramesReceived + (this.#before?.keyFramesReceived ?? 0)
    this.framesDropped = framesDropped + (this.#before?.framesDropped ?? 0)
  }

  set passesBroken(passes: boolean) {
    this.#assembler.passesBroken = passes
  }

  get deadline(): number {
    return this.#assembler.deadline
  }

  get lacksKeyFrame(): boolean {
    return this.#assembler.lacksKeyFrame
  }

  /** What comes before this extended number is not waited for. */
  get next(): number {
    return this.#assembler.next
  }

  advance(now: number): void {
    this.#assembler.advance(now)
    this.#tally()
  }

  /** @param rotation Quarter turns; -1 where it is not said. `audioLevel` as `FramePacket` has it. */
  receive(
    packet: RtpPacket,
    extended: number,
    format: IncomingFormat,
    audioLevel: number,
    rotation: number,
    now: number,
  ): void {
    const { bytes, payloadStart, payloadEnd, csrcCount } = packet
    const its = this.#packet
    its.extended = extended
    its.timestamp = packet.timestamp
    its.marker = packet.marker
    its.audioLevel = audioLevel
    its.rotation = rotation
    its.csrcs = csrcCount === 0 ? NO_CSRCS : Array.from({ length: csrcCount }, (_, index) => packet.csrc(index))
    if (format.role === 'redundancy') {
      this.#receiveRedundant(packet, now)
    } else {
      const frameFormat = format.role === 'media' ? this.#frameFormat(format.codec.payloadType) : undefined
      this.#assembler.receive(its, frameFormat, bytes, payloadStart, payloadEnd, now)
    }
    this.#tally()
  }

  #frameFormat(payloadType: number): FrameFormat | undefined {
    const known = this.#frameFormats[payloadType]
    if (known !== undefined) return known
    const format = this.#formats.find(payloadType)
    const depacketizer = format?.role === 'media' ? format.createDepacketizer() : undefined
    if (format === undefined || depacketizer === undefined) return undefined
    const frameFormat = { codec: format.codec, depacketizer }
    this.#frameFormats[payloadType] = frameFormat
    return frameFormat
  }

  #receiveRedundant({ bytes, payloadStart, payloadEnd, timestamp }: RtpPacket, now: number): void {
    if (this.#kind !== 'audio') return
    this.#red ??= new RedDepacketizer()
    this.#now = now
    const its = this.#packet
    const { extended } = its
    const blocks = this.#red.receive(bytes, payloadStart, payloadEnd, timestamp, this.#block)
    its.extended = extended
    its.timestamp = timestamp
    // Nothing in it is new, or of use: its number is taken all the same.
    if (blocks <= 0 || !this.#assembler.knows(extended)) {
      this.#assembler.receive(its, undefined, bytes, payloadEnd, payloadEnd, now)
    }
  }

  /** One block: of this packet, or of one so many before it. */
  readonly #block = (
    payloadType: number,
    timestamp: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    back: number,
  ): void => {
    const its = this.#packet
    const { extended } = its
    const format = this.#frameFormat(payloadType)
    its.timestamp = timestamp
    its.extended = extended - back
    if (back === 0 || (format !== undefined && !this.#assembler.knows(its.extended))) {
      this.#assembler.receive(its, format, bytes, start, end, this.#now)
    }
    its.extended = extended
  }
}

const isAlike = (a: PayloadCodec, b: PayloadCodec): boolean =>
  a.mimeType === b.mimeType && a.clockRate === b.clockRate && a.sdpFmtpLine === b.sdpFmtpLine
