/**
 * One incoming stream (RFC 3550, 3: one SSRC): what has come of it, what is missing, and the frames that its packets make.
 */

import type { EncodedFrame, MediaKind, PayloadCodec, RtpPacket } from '../rtp/index.ts'
import type { AssembledFrame } from './frame-assembler.ts'
import type { IncomingFormat, IncomingFormats } from './incoming-formats.ts'
import { KeyFrameRequests } from './key-frame-requests.ts'
import { NackGenerator } from './nack-generator.ts'
import { ReceptionStatistics } from './reception-statistics.ts'
import type { ReportedStream } from './reports.ts'
import { SequenceWindow } from './sequence-window.ts'
import { StreamFrames } from './stream-frames.ts'

/** The last sender report of a stream, and when it came. */
export interface LastSenderReport {
  /** The middle 32 bits of its NTP time. */
  readonly middle: number
  readonly at: number
  /** Milliseconds since 1970, by the sender's clock. */
  readonly remoteTime: number
  readonly rtpTimestamp: number
  readonly packetCount: number
  readonly octetCount: number
}

/** How far ahead of all that came by itself a retransmission may be: what follows it was lost. Beyond, its number lies. */
const MOST_AHEAD = 1000

export class ReceiveStream implements ReportedStream {
  readonly statistics: ReceptionStatistics
  readonly nack: NackGenerator | undefined
  readonly keyFrames = new KeyFrameRequests()
  lastSenderReport: LastSenderReport | undefined
  senderReports = 0
  nackCount = 0
  pliCount = 0
  firCount = 0
  /** Of the FIR commands (RFC 5104, 4.3.1.1). */
  firSequenceNumber = 0
  retransmittedPacketsReceived = 0
  retransmittedBytesReceived = 0
  packetsDuplicated = 0
  /** Video: frames of which the last packet has come, as markers show. What is whole the frames know. */
  framesEnded = 0
  cname: string | undefined
  /** RFC 8852: its name among the streams of the m-section, where it said one. */
  rid = ''
  /** Its media, whatever else goes along in it. */
  codec: PayloadCodec
  /** Packets that had come when the last report told of it. */
  packetsAtReport = -1
  frames: StreamFrames | undefined
  readonly #seen = new SequenceWindow()

  constructor(
    readonly kind: MediaKind,
    readonly ssrc: number,
    codec: PayloadCodec,
  ) {
    this.codec = codec
    this.statistics = new ReceptionStatistics(codec.clockRate)
    this.nack = codec.feedback.some(({ type, parameter }) => type === 'nack' && parameter === undefined)
      ? new NackGenerator()
      : undefined
  }

  /**
   * Counts a packet.
   * @param restored Whether a retransmission brought it.
   * @returns Its extended sequence number; -1 for one that had come already, or is far off.
   */
  count(packet: RtpPacket, restored: boolean, now: number): number {
    const { sequenceNumber, timestamp, payloadStart, payloadEnd } = packet
    const { statistics } = this
    const payloadLength = payloadEnd - payloadStart
    const extended = restored
      ? statistics.extend(sequenceNumber)
      : statistics.receive(sequenceNumber, timestamp, payloadLength, payloadStart + packet.paddingLength, now)
    if (extended < 0 || extended - statistics.highest > MOST_AHEAD) return -1
    if (!this.#seen.take(extended)) {
      this.packetsDuplicated++
      return -1
    }
    if (packet.marker && this.kind === 'video') this.framesEnded++
    this.nack?.receive(extended, now)
    return extended
  }

  /** Has frames put together from now on. */
  assemble(formats: IncomingFormats, passesBroken: boolean, deliver: (frame: EncodedFrame, now: number) => void): void {
    const { frames } = this
    this.frames = new StreamFrames(this.kind, formats, (frame, now) => {
      if (frame.keyFrame) this.keyFrames.satisfied()
      deliver(this.#frameOf(frame), now)
    })
    this.frames.passesBroken = passesBroken
    if (frames !== undefined) this.frames.count(frames)
  }

  #frameOf(frame: AssembledFrame): EncodedFrame {
    const { data, codec, keyFrame, timestamp, first, last, csrcs, audioLevel, rotation, firstAt } = frame
    const { mimeType, payloadType, clockRate } = codec
    const video = rotation < 0 ? frame.video : { ...frame.video, rotation: 90 * rotation }
    return {
      kind: this.kind,
      data,
      mimeType,
      payloadType,
      clockRate,
      timestamp,
      keyFrame,
      ssrc: this.ssrc,
      csrcs,
      firstSequenceNumber: first & 0xffff,
      lastSequenceNumber: last & 0xffff,
      receivedAt: firstAt,
      ...(video && { video }),
      ...(audioLevel >= 0 && { audioLevel: audioLevel & 0x7f, voiceActivity: audioLevel >= 0x80 }),
    }
  }

  /** Whether there is something to ask its sender for. */
  wantsSomething(now: number): boolean {
    return this.keyFrames.pending || (this.nack !== undefined && now >= this.nack.deadline)
  }

  /** The stream may go on in another codec. */
  goesOnIn({ role, codec }: IncomingFormat): void {
    if (role !== 'media' || codec === this.codec) return
    // Comfort noise is no codec to go on in: it fills the pauses of another (RFC 3389).
    if (codec.mimeType.toUpperCase() === COMFORT_NOISE) return
    this.codec = codec
    this.statistics.changeClock(codec.clockRate)
  }

  /**
   * When a packet was taken in by its source, for synchronisation (RFC 3550, 6.4.1): milliseconds since 1970 by the
   * sender's clock, which its streams of one CNAME share. Undefined before its first report.
   */
  captureTime(rtpTimestamp: number): number | undefined {
    const report = this.lastSenderReport
    if (report === undefined) return undefined
    const elapsed = (rtpTimestamp - report.rtpTimestamp) | 0
    return report.remoteTime + (elapsed * 1000) / this.codec.clockRate
  }
}

const COMFORT_NOISE = 'AUDIO/CN'
