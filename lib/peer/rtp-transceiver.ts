/** RTCRtpTransceiver (webrtc-pc, 5.4): a sender and a receiver that share an m-section. */

import { DOMString, defineInterface, illegalConstructor, requireArguments, sequence } from '../idl/index.ts'
import {
  directionConversion,
  type RTCRtpCodec,
  RTCRtpCodecDictionary,
  type RTCRtpHeaderExtensionCapability,
  RTCRtpHeaderExtensionCapabilityDictionary,
  type RTCRtpTransceiverDirection,
} from './rtp-parameters.ts'
import type { RTCRtpReceiver } from './rtp-receiver.ts'
import type { RTCRtpSender } from './rtp-sender.ts'

/** What an RTCRtpTransceiver asks of its connection. */
export interface TransceiverSlots {
  readonly mid: string | null
  readonly sender: RTCRtpSender
  readonly receiver: RTCRtpReceiver
  readonly direction: RTCRtpTransceiverDirection
  readonly currentDirection: RTCRtpTransceiverDirection | null
  setDirection(direction: RTCRtpTransceiverDirection, context: string): void
  stop(context: string): void
  setCodecPreferences(codecs: readonly RTCRtpCodec[], context: string): void
  headerExtensionsToNegotiate(): RTCRtpHeaderExtensionCapability[]
  setHeaderExtensionsToNegotiate(extensions: readonly RTCRtpHeaderExtensionCapability[], context: string): void
  readonly headerEncryptionNegotiated: boolean
  negotiatedHeaderExtensions(): RTCRtpHeaderExtensionCapability[]
}

const known = new WeakSet<object>()
const on = (method: string): string => `Failed to execute '${method}' on 'RTCRtpTransceiver'`
const codecs = sequence(RTCRtpCodecDictionary)
const extensions = sequence(RTCRtpHeaderExtensionCapabilityDictionary)

/** For the connection alone. */
export const createTransceiver = (slots: TransceiverSlots): RTCRtpTransceiver => {
  known.add(slots)
  return new RTCRtpTransceiver(slots)
}

export class RTCRtpTransceiver {
  readonly #slots: TransceiverSlots

  /** Not for applications: see `RTCPeerConnection.addTransceiver` and `addTrack`. */
  constructor(slots: TransceiverSlots) {
    this.#slots = typeof slots === 'object' && known.has(slots) ? slots : illegalConstructor()
  }

  /** Of its m-section; null before a description has it. */
  get mid(): string | null {
    return this.#slots.mid
  }

  get sender(): RTCRtpSender {
    return this.#slots.sender
  }

  get receiver(): RTCRtpReceiver {
    return this.#slots.receiver
  }

  /** What is wanted: setting it has it negotiated. */
  get direction(): RTCRtpTransceiverDirection {
    return this.#slots.direction
  }

  /** @throws `InvalidStateError` when it is stopping, TypeError for `stopped`. */
  set direction(direction: RTCRtpTransceiverDirection) {
    const context = "Failed to set the 'direction' property on 'RTCRtpTransceiver'"
    const text = DOMString(direction, context)
    // Another value than those of an enumeration is passed over in silence (Web IDL, 3.7.6).
    if (!['sendrecv', 'sendonly', 'recvonly', 'inactive', 'stopped'].includes(text)) return
    this.#slots.setDirection(directionConversion(text, context), context)
  }

  /** What was agreed on last; null before. */
  get currentDirection(): RTCRtpTransceiverDirection | null {
    return this.#slots.currentDirection
  }

  /** Stops sending and receiving for good; the m-section is rejected in the next negotiation. */
  stop(): void {
    this.#slots.stop(on('stop'))
  }

  /**
   * Which codecs are offered, and in which order; an empty list restores the default.
   * @throws `InvalidModificationError` for a codec that is not among the capabilities, or none but for repair.
   */
  setCodecPreferences(...args: [codecs: RTCRtpCodec[]]): void {
    const context = on('setCodecPreferences')
    requireArguments(context, 1, args.length)
    this.#slots.setCodecPreferences(codecs(args[0], context), context)
  }

  /** Which header extensions are offered, `stopped` ones not (webrtc-extensions). */
  getHeaderExtensionsToNegotiate(): RTCRtpHeaderExtensionCapability[] {
    return this.#slots.headerExtensionsToNegotiate()
  }

  /** @throws `InvalidModificationError` for another list of URIs, or `stopped` for one that is needed. */
  setHeaderExtensionsToNegotiate(...args: [extensions: RTCRtpHeaderExtensionCapability[]]): void {
    const context = on('setHeaderExtensionsToNegotiate')
    requireArguments(context, 1, args.length)
    this.#slots.setHeaderExtensionsToNegotiate(extensions(args[0], context), context)
  }

  /** Whether header extensions are encrypted with the payload (webrtc-extensions; RFC 9335), as was agreed on last. */
  get rtpHeaderEncryptionNegotiated(): boolean {
    return this.#slots.headerEncryptionNegotiated
  }

  /** Which were agreed on last. */
  getNegotiatedHeaderExtensions(): RTCRtpHeaderExtensionCapability[] {
    return this.#slots.negotiatedHeaderExtensions()
  }

  static {
    defineInterface(RTCRtpTransceiver, 'RTCRtpTransceiver', {
      constructor: 0,
      setCodecPreferences: 1,
      setHeaderExtensionsToNegotiate: 1,
    })
  }
}
