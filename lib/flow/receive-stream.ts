/**
 * One incoming stream (RFC 3550, 3: one SSRC): what has come of it, what is missing, and the frames that its packets make.
 */

import {
  type EncodedFrame,
  encodingOf,
  formatParametersOf,
  type MediaKind,
  type PayloadCodec,
  payloadFormat,
  type RtpPacket,
} from '../rtp/index.ts'
import { FrameAssembler } from './frame-assembler.ts'
import { KeyFrameRequests } from './key-frame-requests.ts'
import { NackGenerator } from './nack-generator.ts'
import { ReceptionStatistics } from './reception-statistics.ts'
import { SequenceWindow } from './sequence-window.ts'

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

export class ReceiveStream {
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
  cname: string | undefined
  codec: PayloadCodec
  /** Whether a receiver has told of it: the last report's reception. */
  packetsAtReport = -1
  frames: FrameAssembler | undefined
  /** Seconds, for webrtc-stats: from the first packet of a frame to the frame. */
  assemblyTime = 0
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
    if (extended < 0) return -1
    if (!this.#seen.take(extended)) {
      this.packetsDuplicated++
      return -1
    }
    this.nack?.receive(extended, now)
    return extended
  }

  /** Has frames put together from now on. */
  assemble(deliver: (frame: EncodedFrame, now: number) => void): void {
    const depacketizer = this.#depacketizer()
    if (depacketizer === undefined) return
    this.frames = new FrameAssembler(this.kind, depacketizer, (frame, now) => {
      const { data, keyFrame, video, timestamp, first, last, firstAt, wholeAt } = frame
      if (keyFrame) this.keyFrames.satisfied()
      this.assemblyTime += (wholeAt - firstAt) / 1000
      const { mimeType, payloadType, clockRate } = this.codec
      deliver(
        {
          kind: this.kind,
          data,
          mimeType,
          payloadType,
          clockRate,
          timestamp,
          keyFrame,
          ssrc: this.ssrc,
          csrcs: [],
          firstSequenceNumber: first & 0xffff,
          lastSequenceNumber: last & 0xffff,
          receivedAt: firstAt,
          ...(video && { video }),
        },
        now,
      )
    })
  }

  #depacketizer() {
    return payloadFormat(encodingOf(this.codec))?.createDepacketizer(formatParametersOf(this.codec))
  }

  /** The stream goes on in another codec. */
  switchTo(codec: PayloadCodec): void {
    this.codec = codec
    this.statistics.clockRate = codec.clockRate
    const depacketizer = this.frames && this.#depacketizer()
    if (depacketizer !== undefined) this.frames?.use(depacketizer)
  }
}
