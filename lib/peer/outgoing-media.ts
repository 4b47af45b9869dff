/**
 * What is behind an RTCRtpSender (webrtc-pc, 5.2): its track, its parameters, the streams that the peer is to put the track in.
 */

import { exception } from '../idl/index.ts'
import type { Transceiver } from '../jsep/index.ts'
import type { MediaStream, MediaStreamTrack } from '../media/index.ts'
import type { MediaLink } from '../session/index.ts'
import { agreedParameters } from './agreed-parameters.ts'
import { matchesCodec } from './codec-dictionary-match.ts'
import type { RTCDtlsTransport } from './dtls-transport.ts'
import type { RTCDTMFSender } from './dtmf-sender.ts'
import { DtmfSlots } from './dtmf-slots.ts'
import type { MediaOwner } from './media-owner.ts'
import { codecCapabilities } from './rtp-capabilities.ts'
import {
  checkRanges,
  type Encoding,
  normalizedEncodings,
  type RTCRtpCodec,
  type RTCRtpSendParameters,
  type RTCRtpSendParametersDictionary,
  type RTCSetParameterOptionsDictionary,
  readOnlyChange,
} from './rtp-parameters.ts'
import { createSender, type RTCRtpSender, type SenderSlots } from './rtp-sender.ts'
import { SentTrack } from './sent-track.ts'
import type { RTCStatsReport } from './stats/report.ts'

type GivenParameters = ReturnType<typeof RTCRtpSendParametersDictionary>
type GivenOptions = ReturnType<typeof RTCSetParameterOptionsDictionary>

export class OutgoingMedia implements SenderSlots {
  readonly face: RTCRtpSender
  readonly sent: SentTrack
  readonly dtmf: RTCDTMFSender | null
  /** [[SenderTransport]]. */
  transport: RTCDtlsTransport | null = null
  readonly #owner: MediaOwner
  readonly #transceiver: Transceiver
  readonly #link: MediaLink
  readonly #dtmf: DtmfSlots | undefined
  #encodings: Encoding[]
  #degradationPreference: RTCRtpSendParameters['degradationPreference']
  /** [[LastReturnedParameters]]. */
  #returned: RTCRtpSendParameters | undefined

  constructor(
    transceiver: Transceiver,
    owner: MediaOwner,
    track: MediaStreamTrack | null,
    encodings: readonly Encoding[],
  ) {
    const { kind } = transceiver
    this.#owner = owner
    this.#transceiver = transceiver
    this.#link = owner.session.link(transceiver)
    this.sent = new SentTrack(this.#link, owner)
    this.#encodings = normalizedEncodings(
      encodings.length === 0 ? [{ active: true, priority: 'low' }] : encodings,
      kind,
    )
    this.#link.active = this.#encodings[0]!.active
    this.#dtmf = kind === 'audio' ? new DtmfSlots(transceiver, this.#link, this.sent, owner) : undefined
    this.dtmf = this.#dtmf?.face ?? null
    this.setTrack(track)
    this.face = createSender(this)
  }

  get track(): MediaStreamTrack | null {
    return this.sent.track
  }

  /** addTrack and removeTrack: without a step of the chain's. */
  setTrack(track: MediaStreamTrack | null): void {
    this.sent.set(track)
    if (track !== null) this.#transceiver.trackId = track.id
  }

  associate(streams: readonly MediaStream[]): void {
    this.#transceiver.streamIds = [...new Set(streams.map(({ id }) => id))]
  }

  /** Nothing is sent any more; the track stays what it was. */
  stop(): void {
    this.sent.stop()
    this.#dtmf?.stop()
  }

  /** An answer, or a provisional one, says what can be sent (webrtc-pc, 4.4.1.5). */
  agreed(final: boolean): void {
    this.#returned = undefined
    if (final) this.#leaveOutCodecs()
  }

  /** No encoding names a codec that was not agreed on. */
  #leaveOutCodecs(): void {
    const codecs = this.#transceiver.negotiated?.send?.codecs ?? []
    if (codecs.length === 0) return
    for (const encoding of this.#encodings) {
      const { codec } = encoding
      if (codec !== undefined && !codecs.some(each => matchesCodec(each, codec, true))) delete encoding.codec
    }
  }

  // Parameters

  parameters(): RTCRtpSendParameters {
    if (this.#returned === undefined) {
      const degradationPreference = this.#degradationPreference
      const { rtcp, ...agreed } = agreedParameters(this.#transceiver.negotiated, 'send')
      const made: RTCRtpSendParameters = {
        ...agreed,
        rtcp: { ...rtcp, cname: this.#owner.session.cname },
        transactionId: this.#owner.randomText(),
        encodings: this.#encodings,
        ...(degradationPreference !== undefined && { degradationPreference }),
      }
      this.#returned = made
      // Valid until the event loop has gone on.
      this.#owner.queueLastingTask(() => {
        if (this.#returned === made) this.#returned = undefined
      })
    }
    return structuredClone(this.#returned)
  }

  setParameters(given: GivenParameters, { encodingOptions }: GivenOptions, context: string): Promise<void> {
    const { kind } = this.#transceiver
    if (this.#transceiver.stopping) throw exception('InvalidStateError', `${context}: The transceiver is stopped.`)
    if (this.#returned === undefined) {
      throw exception('InvalidStateError', `${context}: getParameters was not called in this task.`)
    }
    this.#checkReadOnly(given, this.#returned, context)
    for (const { codec } of given.encodings) {
      if (codec !== undefined && !this.#choosable.some(each => matchesCodec(each, codec, true))) {
        throw exception('InvalidModificationError', `${context}: The codec was not negotiated.`)
      }
    }
    checkRanges(given.encodings, kind, context)
    const options = kind === 'audio' ? [] : encodingOptions
    if (options.length > 0 && options.length !== given.encodings.length) {
      throw exception('InvalidModificationError', `${context}: There is not one of the options for each encoding.`)
    }
    return new Promise(resolve => {
      this.#owner.queueLastingTask(() => {
        this.#returned = undefined
        this.#encodings = normalizedEncodings(given.encodings, kind)
        // There may have been an answer meanwhile.
        this.#leaveOutCodecs()
        this.#link.active = this.#encodings[0]!.active
        this.#degradationPreference = given.degradationPreference
        if (options.some(({ keyFrame }) => keyFrame)) this.sent.requestKeyFrame()
        resolve()
      })
    })
  }

  #checkReadOnly(given: GivenParameters, last: RTCRtpSendParameters, context: string): void {
    if (given.transactionId !== last.transactionId) readOnlyChange('The transaction id', context)
    if (given.encodings.length !== last.encodings.length) readOnlyChange('The number of encodings', context)
    if (given.encodings.some(({ rid }, at) => rid !== last.encodings[at]!.rid)) readOnlyChange('A rid', context)
    for (const member of ['codecs', 'headerExtensions', 'rtcp'] as const) {
      if (text(given[member]) !== text(last[member])) readOnlyChange(member, context)
    }
  }

  /** What an encoding may name: what was agreed on, or all that can be sent. */
  get #choosable(): readonly RTCRtpCodec[] {
    const { negotiated, kind } = this.#transceiver
    return negotiated?.send?.codecs ?? codecCapabilities(this.#owner.session.capabilities[kind])
  }

  // The track

  replaceTrack(track: MediaStreamTrack | null, context: string): Promise<void> {
    const { kind } = this.#transceiver
    if (track !== null && track.kind !== kind) throw new TypeError(`${context}: The track is not ${kind}.`)
    return this.#owner.chain(context, () => {
      if (this.#transceiver.stopping) {
        return Promise.reject(exception('InvalidStateError', `${context}: The transceiver is stopped.`))
      }
      return new Promise(resolve => {
        this.#owner.queueTask(() => {
          this.setTrack(track)
          resolve()
        })
      })
    })
  }

  setStreams(streams: readonly MediaStream[], context: string): void {
    if (this.#owner.closed) throw exception('InvalidStateError', `${context}: The connection is closed.`)
    this.associate(streams)
    this.#owner.negotiationChanged()
  }

  stats(): Promise<RTCStatsReport> {
    return this.#owner.statsOf({ transceiver: this.#transceiver, side: 'sender' })
  }
}

/** With the members of objects in one order, to compare. */
const text = (value: unknown): string =>
  JSON.stringify(value, (_, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  )
