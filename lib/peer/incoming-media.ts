/** What is behind an RTCRtpReceiver (webrtc-pc, 5.3): the source of its track, and who is heard. */

import type { Transceiver } from '../jsep/index.ts'
import type { MediaStream, MediaStreamTrack } from '../media/index.ts'
import type { MediaLink } from '../session/index.ts'
import { agreedParameters } from './agreed-parameters.ts'
import type { RTCDtlsTransport } from './dtls-transport.ts'
import type { MediaOwner } from './media-owner.ts'
import { ReceivedTrack } from './received-track.ts'
import type { RTCRtpReceiveParameters } from './rtp-parameters.ts'
import {
  createReceiver,
  type ReceiverSlots,
  type RTCRtpContributingSource,
  type RTCRtpReceiver,
} from './rtp-receiver.ts'
import type { RTCStatsReport } from './stats/report.ts'

export class IncomingMedia implements ReceiverSlots {
  readonly face: RTCRtpReceiver
  readonly received: ReceivedTrack
  /** [[ReceiverTransport]]. */
  transport: RTCDtlsTransport | null = null
  /** [[AssociatedRemoteMediaStreams]]. */
  streams: readonly MediaStream[] = []
  /** What an offer of ours that has no answer yet is prepared for. */
  offered: RTCRtpReceiveParameters | undefined
  readonly #owner: MediaOwner
  readonly #transceiver: Transceiver
  readonly #link: MediaLink

  constructor(transceiver: Transceiver, owner: MediaOwner, trackId: string | undefined) {
    this.#owner = owner
    this.#transceiver = transceiver
    this.#link = owner.session.link(transceiver)
    this.received = new ReceivedTrack(transceiver.kind, this.#link, owner, trackId)
    this.face = createReceiver(this)
  }

  get track(): MediaStreamTrack {
    return this.received.face
  }

  parameters(): RTCRtpReceiveParameters {
    return structuredClone(this.offered) ?? agreedParameters(this.#transceiver.negotiated, 'receive')
  }

  sources(contributing: boolean): RTCRtpContributingSource[] {
    const { sources } = this.#link.receiver ?? {}
    const now = this.#owner.now()
    const heard = (contributing ? sources?.contributing(now) : sources?.synchronization(now)) ?? []
    return heard.map(({ source, at, rtpTimestamp, audioLevel }) => ({
      source,
      timestamp: this.#owner.timeOrigin + at,
      rtpTimestamp,
      // -dBov to a linear 0..1; 127 is silence.
      ...(audioLevel >= 0 && { audioLevel: audioLevel === 127 ? 0 : 10 ** (-audioLevel / 20) }),
    }))
  }

  stats(): Promise<RTCStatsReport> {
    return this.#owner.statsOf({ transceiver: this.#transceiver, side: 'receiver' })
  }
}
