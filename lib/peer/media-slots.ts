/**
 * A transceiver behind its three faces (webrtc-pc, 5.2 to 5.4): the session's own, what flows through it, the track that is
 * sent, and the source behind the track that is received.
 */

import { exception } from '../idl/index.ts'
import type { NegotiatedMedia, Transceiver } from '../jsep/index.ts'
import { type MediaStream, type MediaStreamTrack, trackOf } from '../media/index.ts'
import { encodingOf, isSameCodec } from '../rtp/index.ts'
import type { MediaLink, Session } from '../session/index.ts'
import type { RTCDtlsTransport } from './dtls-transport.ts'
import { ReceivedTrack } from './received-track.ts'
import { codecCapabilities, codecCapability } from './rtp-capabilities.ts'
import {
  checkEncodings,
  type Encoding,
  normalizedEncodings,
  type RTCRtpCodec,
  type RTCRtpHeaderExtensionCapability,
  type RTCRtpParameters,
  type RTCRtpSendParameters,
  type RTCRtpSendParametersDictionary,
  type RTCRtpTransceiverDirection,
  readOnlyChange,
} from './rtp-parameters.ts'
import { createReceiver, type RTCRtpContributingSource, type RTCRtpReceiver } from './rtp-receiver.ts'
import { createSender, type RTCRtpSender } from './rtp-sender.ts'
import { createTransceiver, type RTCRtpTransceiver, type TransceiverSlots } from './rtp-transceiver.ts'
import { SentTrack } from './sent-track.ts'
import type { RTCStatsReport } from './stats/report.ts'

/** Whose statistics are asked for. */
export interface MediaSelector {
  readonly transceiver: Transceiver
  readonly side: 'sender' | 'receiver'
}

/** What media ask of their connection. */
export interface MediaOwner {
  readonly closed: boolean
  readonly session: Session
  now(): number
  /** Milliseconds since 1970 where `now` is 0. */
  readonly timeOrigin: number
  queueTask(task: () => void): void
  /** An input has been put into the session from outside of its driver. */
  touch(): void
  /** Runs when the operations before it are done. */
  chain<T>(context: string, operation: () => Promise<T>): Promise<T>
  /** Something may have to be negotiated. */
  negotiationChanged(): void
  transportOf(mid: string): RTCDtlsTransport | null
  statsOf(selector: {
    readonly transceiver: Transceiver
    readonly side: 'sender' | 'receiver'
  }): Promise<RTCStatsReport>
  randomText(): string
}

const without = (direction: RTCRtpTransceiverDirection, send: boolean): 'recvonly' | 'inactive' | 'sendonly' => {
  if (send) return direction === 'sendrecv' || direction === 'recvonly' ? 'recvonly' : 'inactive'
  return direction === 'sendrecv' || direction === 'sendonly' ? 'sendonly' : 'inactive'
}

export class MediaSlots implements TransceiverSlots {
  readonly transceiver: Transceiver
  readonly link: MediaLink
  readonly face: RTCRtpTransceiver
  readonly sender: RTCRtpSender
  readonly receiver: RTCRtpReceiver
  readonly received: ReceivedTrack
  readonly sent: SentTrack
  /** [[AssociatedRemoteMediaStreams]]. */
  streams: readonly MediaStream[] = []
  /** Whether the application was told that the peer sends ([[FiredDirection]]). */
  fired = false
  /** [[Receptive]]: what comes may unmute the track. */
  receptive = false
  /** Whether it has ever been agreed to send: addTrack does not use it again then. */
  hasSent = false
  #encodings: Encoding[]
  #transactionId: string | undefined
  readonly #owner: MediaOwner

  constructor(
    transceiver: Transceiver,
    owner: MediaOwner,
    track: MediaStreamTrack | null,
    encodings: readonly Encoding[],
  ) {
    this.#owner = owner
    this.transceiver = transceiver
    this.link = owner.session.link(transceiver)
    this.received = new ReceivedTrack(transceiver.kind, this.link, owner, transceiver.remote.trackId)
    this.sent = new SentTrack(this.link, owner)
    this.#encodings = normalizedEncodings(encodings.length === 0 ? [{ active: true }] : encodings, transceiver.kind)
    this.link.active = this.#encodings[0]!.active
    this.#setTrack(track)
    const slots = this
    this.sender = createSender({
      get track() {
        return slots.sent.track
      },
      get transport() {
        return slots.transport
      },
      parameters: () => this.#sendParameters(),
      setParameters: (parameters, context) => this.#setParameters(parameters, context),
      replaceTrack: (replacement, context) => this.#replaceTrack(replacement, context),
      setStreams: (streams, context) => this.#setStreams(streams, context),
      stats: () => owner.statsOf({ transceiver, side: 'sender' }),
    })
    this.receiver = createReceiver({
      track: this.received.face,
      get transport() {
        return slots.transport
      },
      parameters: () => this.#receiveParameters(),
      sources: contributing => this.#sources(contributing),
      stats: () => owner.statsOf({ transceiver, side: 'receiver' }),
    })
    this.face = createTransceiver(this)
  }

  get transport(): RTCDtlsTransport | null {
    const { transport } = this.link
    return transport === undefined ? null : this.#owner.transportOf(transport.mid)
  }

  get mid(): string | null {
    return this.transceiver.mid ?? null
  }

  get stopping(): boolean {
    return this.transceiver.stopping
  }

  get direction(): RTCRtpTransceiverDirection {
    return this.transceiver.stopping ? 'stopped' : this.transceiver.direction
  }

  get currentDirection(): RTCRtpTransceiverDirection | null {
    return this.transceiver.stopped ? 'stopped' : (this.transceiver.currentDirection ?? null)
  }

  setDirection(direction: RTCRtpTransceiverDirection, context: string): void {
    if (this.stopping) throw exception('InvalidStateError', `${context}: The transceiver is stopped.`)
    if (direction === 'stopped') throw new TypeError(`${context}: 'stopped' is not set, but comes of stop().`)
    if (direction === this.transceiver.direction) return
    this.transceiver.direction = direction
    this.#owner.negotiationChanged()
  }

  /** Sends from now on, whatever it did (addTrack), or does so no more (removeTrack). */
  setSending(sending: boolean): void {
    const { transceiver } = this
    const { direction } = transceiver
    if (!sending) transceiver.direction = without(direction, true)
    else if (direction === 'recvonly') transceiver.direction = 'sendrecv'
    else if (direction === 'inactive') transceiver.direction = 'sendonly'
  }

  setReceiving(receiving: boolean): void {
    const { transceiver } = this
    const { direction } = transceiver
    if (!receiving) transceiver.direction = without(direction, false)
    else if (direction === 'sendonly') transceiver.direction = 'sendrecv'
    else if (direction === 'inactive') transceiver.direction = 'recvonly'
  }

  #setTrack(track: MediaStreamTrack | null): void {
    this.sent.set(track)
    if (track !== null) this.transceiver.trackId = track.id
  }

  /** addTrack and removeTrack: without a step of the chain's. */
  useTrack(track: MediaStreamTrack | null, streamIds?: readonly string[]): void {
    this.#setTrack(track)
    if (streamIds !== undefined) this.transceiver.streamIds = streamIds
  }

  stop(context: string): void {
    if (this.#owner.closed) throw exception('InvalidStateError', `${context}: The connection is closed.`)
    if (this.stopping) return
    this.transceiver.stopping = true
    this.transceiver.direction = 'inactive'
    this.end()
    this.#owner.negotiationChanged()
    this.#owner.touch()
  }

  /** Nothing is sent or received any more; the received track ends, with an event, in a task. */
  end(): void {
    this.sent.stop()
    this.receptive = false
    this.link.release()
    this.#owner.queueTask(() => this.received.source.end())
  }

  /** The connection is closed: at once, and without events. */
  close(): void {
    this.transceiver.stopping = true
    this.transceiver.stopped = true
    this.sent.stop()
    trackOf(this.received.face).stop()
  }

  setCodecPreferences(codecs: readonly RTCRtpCodec[], context: string): void {
    const capabilities = codecCapabilities(this.#owner.session.capabilities[this.transceiver.kind])
    const matches = (a: RTCRtpCodec, b: RTCRtpCodec): boolean =>
      ['RTX', 'RED'].includes(encodingOf(a)) ? encodingOf(a) === encodingOf(b) : isSameCodec(a, b, true)
    const unique: RTCRtpCodec[] = []
    for (const codec of codecs) if (!unique.some(each => matches(each, codec))) unique.push(codec)
    const isKnown = unique.every(codec => capabilities.some(each => matches(each, codec)))
    const repairs = ['RTX', 'RED', 'ULPFEC', 'FLEXFEC-03', 'CN', 'TELEPHONE-EVENT']
    if (!isKnown || (unique.length > 0 && unique.every(codec => repairs.includes(encodingOf(codec))))) {
      throw exception('InvalidModificationError', `${context}: Not codecs of the capabilities.`)
    }
    this.transceiver.codecPreferences = unique
    this.#owner.negotiationChanged()
  }

  headerExtensionsToNegotiate(): RTCRtpHeaderExtensionCapability[] {
    const { extensionDirections, kind } = this.transceiver
    return this.#owner.session.capabilities[kind].headerExtensions.map(({ uri, direction }) => ({
      uri,
      direction: extensionDirections.get(uri) ?? direction,
    }))
  }

  setHeaderExtensionsToNegotiate(extensions: readonly RTCRtpHeaderExtensionCapability[], context: string): void {
    const present = this.headerExtensionsToNegotiate()
    const isSame = extensions.length === present.length && extensions.every(({ uri }, at) => uri === present[at]!.uri)
    if (!isSame) readOnlyChange('The list of header extensions', context)
    const mid = extensions.find(({ uri }) => uri.endsWith(':sdes:mid'))
    if (mid?.direction === 'stopped') readOnlyChange('What BUNDLE needs', context)
    this.transceiver.extensionDirections = new Map(extensions.map(({ uri, direction }) => [uri, direction]))
    this.#owner.negotiationChanged()
  }

  negotiatedHeaderExtensions(): RTCRtpHeaderExtensionCapability[] {
    const { negotiated } = this.transceiver
    const agreed = new Set(
      [...(negotiated?.send?.extensions ?? []), ...(negotiated?.receive?.extensions ?? [])].map(({ uri }) => uri),
    )
    return this.headerExtensionsToNegotiate().map(({ uri }) => ({
      uri,
      direction: agreed.has(uri) ? 'sendrecv' : 'stopped',
    }))
  }

  // The sender

  #common(side: NegotiatedMedia['send'] | undefined): RTCRtpParameters {
    const { negotiated } = this.transceiver
    return {
      codecs: (side?.codecs ?? []).map(codec => ({ ...codecCapability(codec), payloadType: codec.payloadType })),
      headerExtensions: (side?.extensions ?? []).map(({ uri, id, encrypted = false }) => ({ uri, id, encrypted })),
      rtcp: { reducedSize: negotiated?.reducedSize ?? false },
    }
  }

  #sendParameters(): RTCRtpSendParameters {
    const parameters = this.#common(this.transceiver.negotiated?.send)
    if (this.#transactionId === undefined) {
      const id = this.#owner.randomText()
      this.#transactionId = id
      // Valid until the event loop has gone on (webrtc-pc, getParameters).
      this.#owner.queueTask(() => {
        if (this.#transactionId === id) this.#transactionId = undefined
      })
    }
    return {
      ...parameters,
      rtcp: { ...parameters.rtcp, cname: this.#owner.session.cname },
      transactionId: this.#transactionId,
      encodings: this.#encodings.map(encoding => ({ ...encoding })),
    }
  }

  #setParameters(given: ReturnType<typeof RTCRtpSendParametersDictionary>, context: string): Promise<void> {
    if (this.stopping) throw exception('InvalidStateError', `${context}: The transceiver is stopped.`)
    if (this.#transactionId === undefined) {
      throw exception('InvalidStateError', `${context}: getParameters was not called in this task.`)
    }
    const last = this.#sendParameters()
    if (given.transactionId !== last.transactionId) readOnlyChange('The transaction id', context)
    if (given.encodings.length !== last.encodings.length) readOnlyChange('The number of encodings', context)
    if (given.encodings.some(({ rid }, at) => rid !== last.encodings[at]!.rid)) readOnlyChange('A rid', context)
    if (JSON.stringify(given.codecs.map(sorted)) !== JSON.stringify(last.codecs.map(sorted)))
      readOnlyChange('codecs', context)
    if (JSON.stringify(given.headerExtensions.map(sorted)) !== JSON.stringify(last.headerExtensions.map(sorted))) {
      readOnlyChange('headerExtensions', context)
    }
    if (JSON.stringify(sorted(given.rtcp)) !== JSON.stringify(sorted(last.rtcp))) readOnlyChange('rtcp', context)
    checkEncodings(given.encodings, this.transceiver.kind, context)
    for (const { codec } of given.encodings) {
      const { codecs } = last
      if (codec !== undefined && codecs.length > 0 && !codecs.some(each => isSameCodec(each, codec))) {
        throw exception('InvalidModificationError', `${context}: The codec was not negotiated.`)
      }
    }
    return new Promise(resolve => {
      this.#owner.queueTask(() => {
        this.#transactionId = undefined
        this.#encodings = normalizedEncodings(given.encodings, this.transceiver.kind)
        this.link.active = this.#encodings[0]!.active
        resolve()
      })
    })
  }

  #replaceTrack(track: MediaStreamTrack | null, context: string): Promise<void> {
    if (track !== null && track.kind !== this.transceiver.kind) {
      throw new TypeError(`${context}: The track is not ${this.transceiver.kind}.`)
    }
    return this.#owner.chain(context, () => {
      if (this.stopping)
        return Promise.reject(exception('InvalidStateError', `${context}: The transceiver is stopped.`))
      return new Promise(resolve => {
        this.#owner.queueTask(() => {
          if (!this.stopping) this.#setTrack(track)
          resolve()
        })
      })
    })
  }

  #setStreams(streams: readonly MediaStream[], context: string): void {
    if (this.#owner.closed) throw exception('InvalidStateError', `${context}: The connection is closed.`)
    if (this.stopping) throw exception('InvalidStateError', `${context}: The transceiver is stopped.`)
    this.transceiver.streamIds = [...new Set(streams.map(({ id }) => id))]
    this.#owner.negotiationChanged()
  }

  // The receiver

  #receiveParameters(): RTCRtpParameters {
    return this.#common(this.transceiver.negotiated?.receive)
  }

  #sources(contributing: boolean): RTCRtpContributingSource[] {
    const { sources } = this.link.receiver ?? {}
    const now = this.#owner.now()
    const heard = (contributing ? sources?.contributing(now) : sources?.synchronization(now)) ?? []
    return heard.map(({ source, at, rtpTimestamp, audioLevel }) => ({
      source,
      timestamp: this.#owner.timeOrigin + at,
      rtpTimestamp,
      // -dBov to a linear 0..1; 127 is silence (webrtc-pc, 5.3).
      ...(audioLevel >= 0 && { audioLevel: audioLevel === 127 ? 0 : 10 ** (-audioLevel / 20) }),
    }))
  }
}

/** With its members in one order, to compare. */
const sorted = (value: object): [string, unknown][] =>
  Object.entries(value)
    .filter(([, each]) => each !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
