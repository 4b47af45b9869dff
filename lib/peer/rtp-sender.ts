/** RTCRtpSender (webrtc-pc, 5.2): what goes to the peer through a transceiver. */

import {
  DOMString,
  defineInterface,
  illegalConstructor,
  interfaceType,
  nullable,
  promised,
  requireArguments,
} from '../idl/index.ts'
import { MediaStream, MediaStreamTrack } from '../media/index.ts'
import type { RTCDtlsTransport } from './dtls-transport.ts'
import type { RTCDTMFSender } from './dtmf-sender.ts'
import { capabilitiesOf } from './rtp-capabilities.ts'
import {
  type RTCRtpCapabilities,
  type RTCRtpSendParameters,
  RTCRtpSendParametersDictionary,
  type RTCSetParameterOptions,
  RTCSetParameterOptionsDictionary,
} from './rtp-parameters.ts'
import type { RTCStatsReport } from './stats/report.ts'

/** What an RTCRtpSender asks of its connection. */
export interface SenderSlots {
  readonly track: MediaStreamTrack | null
  readonly transport: RTCDtlsTransport | null
  readonly dtmf: RTCDTMFSender | null
  parameters(): RTCRtpSendParameters
  setParameters(
    parameters: ReturnType<typeof RTCRtpSendParametersDictionary>,
    options: ReturnType<typeof RTCSetParameterOptionsDictionary>,
    context: string,
  ): Promise<void>
  replaceTrack(track: MediaStreamTrack | null, context: string): Promise<void>
  setStreams(streams: readonly MediaStream[], context: string): void
  stats(): Promise<RTCStatsReport>
}

const known = new WeakSet<object>()
const on = (method: string): string => `Failed to execute '${method}' on 'RTCRtpSender'`
const trackOrNull = nullable(interfaceType('MediaStreamTrack', MediaStreamTrack))
const stream = interfaceType('MediaStream', MediaStream)

/** For the connection alone. */
export const createSender = (slots: SenderSlots): RTCRtpSender => {
  known.add(slots)
  return new RTCRtpSender(slots)
}

export class RTCRtpSender {
  readonly #slots: SenderSlots

  /** Not for applications: senders come with transceivers. */
  constructor(slots: SenderSlots) {
    this.#slots = typeof slots === 'object' && known.has(slots) ? slots : illegalConstructor()
  }

  /** What is sent; null: nothing. */
  get track(): MediaStreamTrack | null {
    return this.#slots.track
  }

  /** Null before a description has an m-section for it. */
  get transport(): RTCDtlsTransport | null {
    return this.#slots.transport
  }

  /** Of audio: sends the tones of a telephone's keys; null of video. */
  get dtmf(): RTCDTMFSender | null {
    return this.#slots.dtmf
  }

  /** What can be sent at all; null for a kind that there is not. */
  static getCapabilities(...args: [kind: string]): RTCRtpCapabilities | null {
    const context = on('getCapabilities')
    requireArguments(context, 1, args.length)
    return capabilitiesOf(DOMString(args[0], context))
  }

  /** What is in force, to be changed and handed to `setParameters` in the same task. */
  getParameters(): RTCRtpSendParameters {
    return this.#slots.parameters()
  }

  /**
   * Changes what `getParameters` gave: of the encodings all but their rid and number. The options may ask for a key frame.
   * @throws (rejects) `InvalidStateError` for parameters of another task or a stopped transceiver,
   * `InvalidModificationError` for a change of what cannot be changed, RangeError for numbers out of range.
   */
  setParameters(
    ...args: [parameters: RTCRtpSendParameters, setParameterOptions?: RTCSetParameterOptions]
  ): Promise<void> {
    const context = on('setParameters')
    return promised(() => {
      requireArguments(context, 1, args.length)
      const parameters = RTCRtpSendParametersDictionary(args[0], context)
      return this.#slots.setParameters(parameters, RTCSetParameterOptionsDictionary(args[1], context), context)
    })
  }

  /**
   * Sends another track, or none, without negotiating: of the same kind. What was sent goes on without a gap; video goes on with
   * the first key frame of the new track, which is asked for one.
   * @throws (rejects) TypeError for a track of the other kind, `InvalidStateError` when the transceiver is stopped.
   */
  replaceTrack(...args: [withTrack: MediaStreamTrack | null]): Promise<void> {
    const context = on('replaceTrack')
    return promised(() => {
      requireArguments(context, 1, args.length)
      return this.#slots.replaceTrack(trackOrNull(args[0], context), context)
    })
  }

  /** Has the peer put the track in these streams, from the next negotiation on. */
  setStreams(...streams: MediaStream[]): void {
    const context = on('setStreams')
    this.#slots.setStreams(
      streams.map(each => stream(each, context)),
      context,
    )
  }

  getStats(): Promise<RTCStatsReport> {
    return promised(() => this.#slots.stats())
  }

  static {
    defineInterface(RTCRtpSender, 'RTCRtpSender', { constructor: 0, replaceTrack: 1, setParameters: 1, setStreams: 0 })
    Object.defineProperty(RTCRtpSender.getCapabilities, 'length', { value: 1, configurable: true })
  }
}
