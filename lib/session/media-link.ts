/**
 * One transceiver's media: its sender and receiver on the RTP session of whichever transport its m-section uses
 * (RFC 9429, 5.9 to 5.11). The owner keeps it for as long as it keeps the transceiver; what flows through it comes and goes.
 */

import type {
  OutgoingRtp,
  ReceiveParameters,
  RtpReceiver,
  RtpSender,
  RtpSession,
  SendParameters,
} from '../flow/index.ts'
import type { NegotiatedMedia, Transceiver } from '../jsep/index.ts'
import type { EncodedFrame, RtpPacket } from '../rtp/index.ts'
import type { SessionTransport } from './session-transport.ts'

export class MediaLink {
  /** The transport that the m-section uses, once a description was applied. */
  transport: SessionTransport | undefined
  #rtp: RtpSession | undefined
  #sender: RtpSender | undefined
  #receiver: RtpReceiver | undefined
  #onPacket: ((packet: RtpPacket, now: number) => void) | undefined
  #onFrame: ((frame: EncodedFrame, now: number) => void) | undefined
  #active = true

  constructor(readonly transceiver: Transceiver) {}

  /** Undefined until an answer has agreed on media, and after that is gone. */
  get sender(): RtpSender | undefined {
    return this.#sender
  }

  get receiver(): RtpReceiver | undefined {
    return this.#receiver
  }

  /** The RTP session of its transport, where media was agreed on. */
  get rtp(): RtpSession | undefined {
    return this.#rtp
  }

  /** Takes each packet of the peer's, once and in order of arrival: borrowed. */
  get onPacket(): ((packet: RtpPacket, now: number) => void) | undefined {
    return this.#onPacket
  }

  set onPacket(sink: ((packet: RtpPacket, now: number) => void) | undefined) {
    this.#onPacket = sink
    if (this.#receiver !== undefined) this.#receiver.onPacket = sink
  }

  /** Takes whole frames in their order; packets are put together only while there is such a sink. */
  get onFrame(): ((frame: EncodedFrame, now: number) => void) | undefined {
    return this.#onFrame
  }

  set onFrame(sink: ((frame: EncodedFrame, now: number) => void) | undefined) {
    this.#onFrame = sink
    if (this.#receiver !== undefined) this.#receiver.onFrame = sink
  }

  /** Whether what is handed in is sent (RTCRtpEncodingParameters.active). */
  get active(): boolean {
    return this.#active
  }

  set active(active: boolean) {
    this.#active = active
    if (this.#sender !== undefined) this.#sender.active = active
  }

  /** False when it is not sent: nothing is agreed on, the direction forbids it, or it is not active. */
  sendPacket(packet: OutgoingRtp, now: number): boolean {
    return this.#sender?.sendPacket(packet, now) ?? false
  }

  /** @param source Whose frames these are: those of another begin with a key frame, and go on in time where the one before was. */
  sendFrame(frame: EncodedFrame, source: object, now: number): boolean {
    return this.#sender?.sendFrame(frame, source, now) ?? false
  }

  /** Asks the peer for a key frame, at the next flush. */
  requestKeyFrame(): void {
    this.#receiver?.requestKeyFrame()
  }

  /** A description has settled the m-section: on this transport, with these parameters. */
  agree(transport: SessionTransport, rtp: RtpSession, media: NegotiatedMedia): void {
    const { mid, kind, ssrc, rtxSsrc } = this.transceiver
    if (mid === undefined) return
    if (this.#rtp === undefined || this.#sender === undefined || this.#receiver === undefined) {
      this.#sender = rtp.createSender(kind, { ssrc, rtxSsrc })
      this.#sender.active = this.#active
      this.#receiver = rtp.createReceiver(kind)
      this.#receiver.onPacket = this.#onPacket
      this.#receiver.onFrame = this.#onFrame
    } else if (this.#rtp !== rtp) {
      rtp.takeOver(this.#rtp, this.#sender, this.#receiver)
    }
    this.#rtp = rtp
    this.transport = transport
    this.#sender.configure(sendParameters(mid, media))
    this.#receiver.configure(receiveParameters(mid, media))
  }

  /** The m-section is rejected or stopped: nothing flows any more. */
  release(): void {
    if (this.#sender !== undefined) this.#rtp?.removeSender(this.#sender)
    if (this.#receiver !== undefined) this.#rtp?.removeReceiver(this.#receiver)
    this.#sender = undefined
    this.#receiver = undefined
    this.#rtp = undefined
    this.transport = undefined
  }
}

const sendParameters = (mid: string, media: NegotiatedMedia): SendParameters | undefined => {
  const { send, mixedExtensions, reducedSize, receiverReferenceTime } = media
  if (send === undefined) return undefined
  return { mid, mixedExtensions, reducedSize, receiverReferenceTime, ...send }
}

const receiveParameters = (mid: string, media: NegotiatedMedia): ReceiveParameters | undefined => {
  const { receive, reducedSize, receiverReferenceTime } = media
  if (receive === undefined) return undefined
  const { codecs, extensions, ssrcGroups } = receive
  const ssrcs = receive.ssrcs.map(({ ssrc }) => ssrc)
  return { mid, codecs, extensions, reducedSize, receiverReferenceTime, ssrcs, ssrcGroups }
}
