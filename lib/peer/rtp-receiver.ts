/** RTCRtpReceiver (webrtc-pc, 5.3): what comes from the peer through a transceiver. */

import {
  DOMString,
  defineInterface,
  double,
  illegalConstructor,
  nullable,
  promised,
  requireArguments,
} from '../idl/index.ts'
import type { MediaStreamTrack } from '../media/index.ts'
import type { RTCDtlsTransport } from './dtls-transport.ts'
import { capabilitiesOf } from './rtp-capabilities.ts'
import type { RTCRtpCapabilities, RTCRtpReceiveParameters } from './rtp-parameters.ts'
import type { RTCStatsReport } from './stats/report.ts'

export interface RTCRtpContributingSource {
  /** Of the connection's clock: milliseconds since 1970. */
  timestamp: number
  source: number
  /** 0 (silence) to 1. */
  audioLevel?: number
  rtpTimestamp: number
}

export type RTCRtpSynchronizationSource = RTCRtpContributingSource

/** What an RTCRtpReceiver asks of its connection. */
export interface ReceiverSlots {
  readonly track: MediaStreamTrack
  readonly transport: RTCDtlsTransport | null
  parameters(): RTCRtpReceiveParameters
  sources(contributing: boolean): RTCRtpContributingSource[]
  stats(): Promise<RTCStatsReport>
}

const known = new WeakSet<object>()
const doubleOrNull = nullable(double)
/** Milliseconds (webrtc-extensions). */
const MOST_DELAY = 4000

/** For the connection alone. */
export const createReceiver = (slots: ReceiverSlots): RTCRtpReceiver => {
  known.add(slots)
  return new RTCRtpReceiver(slots)
}

export class RTCRtpReceiver {
  readonly #slots: ReceiverSlots
  #jitterBufferTarget: number | null = null

  /** Not for applications: receivers come with transceivers. */
  constructor(slots: ReceiverSlots) {
    this.#slots = typeof slots === 'object' && known.has(slots) ? slots : illegalConstructor()
  }

  /** The track of what is received: muted until something comes. */
  get track(): MediaStreamTrack {
    return this.#slots.track
  }

  /** Null before a description has an m-section for it. */
  get transport(): RTCDtlsTransport | null {
    return this.#slots.transport
  }

  /** Milliseconds, 0 to 4000, that packets are to be held to smooth their arrival; nothing is played here, so it is kept alone. */
  get jitterBufferTarget(): number | null {
    return this.#jitterBufferTarget
  }

  /** @throws TypeError for what is no number, RangeError for one out of range. */
  set jitterBufferTarget(target: number | null) {
    const context = "Failed to set the 'jitterBufferTarget' property on 'RTCRtpReceiver'"
    const value = doubleOrNull(target, context)
    if (value !== null && (value < 0 || value > MOST_DELAY)) throw new RangeError(`${context}: 0 to 4000 milliseconds.`)
    this.#jitterBufferTarget = value
  }

  /** What can be received at all; null for a kind that there is not. */
  static getCapabilities(...args: [kind: string]): RTCRtpCapabilities | null {
    const context = "Failed to execute 'getCapabilities' on 'RTCRtpReceiver'"
    requireArguments(context, 1, args.length)
    return capabilitiesOf(DOMString(args[0], context))
  }

  getParameters(): RTCRtpReceiveParameters {
    return this.#slots.parameters()
  }

  /** Who is heard in what came in the last ten seconds, by the lists of contributors that mixers send; the latest first. */
  getContributingSources(): RTCRtpContributingSource[] {
    return this.#slots.sources(true)
  }

  getSynchronizationSources(): RTCRtpSynchronizationSource[] {
    return this.#slots.sources(false)
  }

  getStats(): Promise<RTCStatsReport> {
    return promised(() => this.#slots.stats())
  }

  static {
    defineInterface(RTCRtpReceiver, 'RTCRtpReceiver', { constructor: 0 })
    Object.defineProperty(RTCRtpReceiver.getCapabilities, 'length', { value: 1, configurable: true })
  }
}
