/**
 * A transceiver behind its faces (webrtc-pc, 5.4): the session's own, what flows through it, what is sent and what comes in,
 * and what descriptions do to it.
 */

import type { ReceiveStream, RtpSender } from '../flow/index.ts'
import { exception } from '../idl/index.ts'
import type { Transceiver } from '../jsep/index.ts'
import type { MediaStreamTrack } from '../media/index.ts'
import { encodingOf, MID_URI, type PayloadCodec } from '../rtp/index.ts'
import type { MediaLink } from '../session/index.ts'
import { matchesCodec } from './codec-dictionary-match.ts'
import { IncomingMedia } from './incoming-media.ts'
import { isReceiving, isSending } from './media-direction.ts'
import type { MediaOwner } from './media-owner.ts'
import { OutgoingMedia } from './outgoing-media.ts'
import type { ReceivedTrack } from './received-track.ts'
import { codecCapabilities } from './rtp-capabilities.ts'
import {
  type Encoding,
  type RTCRtpCodec,
  type RTCRtpHeaderExtensionCapability,
  type RTCRtpTransceiverDirection,
  readOnlyChange,
} from './rtp-parameters.ts'
import type { RTCRtpReceiver } from './rtp-receiver.ts'
import type { RTCRtpSender } from './rtp-sender.ts'
import { createTransceiver, type RTCRtpTransceiver, type TransceiverSlots } from './rtp-transceiver.ts'
import type { SentTrack } from './sent-track.ts'

type Direction = Transceiver['direction']

const directionOf = (send: boolean, receive: boolean): Direction =>
  send ? (receive ? 'sendrecv' : 'sendonly') : receive ? 'recvonly' : 'inactive'

/** What repairs media or stands in for silence, and is none by itself (webrtc-pc, setCodecPreferences). */
const NO_MEDIA = new Set(['RTX', 'RED', 'ULPFEC', 'FLEXFEC-03', 'CN'])
/** Of which there is one among the capabilities for all that they refer to. */
const REFERRING = new Set(['RTX', 'RED'])

/** What flows, for statistics. */
export interface MediaFlow {
  readonly transport: MediaLink['transport']
  readonly sender: RtpSender | undefined
  readonly sentCodecs: readonly PayloadCodec[]
  /** Of what is sent. */
  readonly codec: PayloadCodec | undefined
  readonly streams: readonly ReceiveStream[]
  readonly receivedCodecs: readonly PayloadCodec[]
}

const flowOf = ({ transport, sender, receiver }: MediaLink): MediaFlow => ({
  transport,
  sender,
  sentCodecs: sender?.parameters?.codecs ?? [],
  codec: sender?.codec,
  streams: receiver?.streams ?? [],
  receivedCodecs: receiver?.parameters?.codecs ?? [],
})

export class MediaSlots implements TransceiverSlots {
  readonly transceiver: Transceiver
  readonly link: MediaLink
  readonly face: RTCRtpTransceiver
  readonly outgoing: OutgoingMedia
  readonly incoming: IncomingMedia
  /** Whether the application was last told that the peer sends ([[FiredDirection]]). */
  fired = false
  /** [[Receptive]]: what comes may unmute the track. */
  receptive = false
  /** Whether it has ever been agreed to send: addTrack does not use it again then. */
  hasSent = false
  readonly #owner: MediaOwner
  #flows = true
  /** What had flown when it was stopped: statistics tell of it until that is agreed on (webrtc-stats, 8.1). */
  #flown: MediaFlow | undefined

  /** @param trackId Of what is received; made up where it is not said. */
  constructor(
    transceiver: Transceiver,
    owner: MediaOwner,
    track: MediaStreamTrack | null,
    encodings: readonly Encoding[],
    trackId?: string,
  ) {
    this.#owner = owner
    this.transceiver = transceiver
    this.link = owner.session.link(transceiver)
    this.outgoing = new OutgoingMedia(transceiver, owner, track, encodings)
    this.incoming = new IncomingMedia(transceiver, owner, trackId)
    this.face = createTransceiver(this)
  }

  get sender(): RTCRtpSender {
    return this.outgoing.face
  }

  get receiver(): RTCRtpReceiver {
    return this.incoming.face
  }

  get flow(): MediaFlow {
    return this.#flown ?? flowOf(this.link)
  }

  get sent(): SentTrack {
    return this.outgoing.sent
  }

  get received(): ReceivedTrack {
    return this.incoming.received
  }

  get mid(): string | null {
    return this.transceiver.mid ?? null
  }

  get stopping(): boolean {
    return this.transceiver.stopping
  }

  get stopped(): boolean {
    return this.transceiver.stopped
  }

  get direction(): RTCRtpTransceiverDirection {
    return this.stopping ? 'stopped' : this.transceiver.direction
  }

  get currentDirection(): RTCRtpTransceiverDirection | null {
    return this.stopped ? 'stopped' : (this.transceiver.currentDirection ?? null)
  }

  setDirection(direction: RTCRtpTransceiverDirection, context: string): void {
    if (this.stopping) throw exception('InvalidStateError', `${context}: The transceiver is stopped.`)
    if (direction === this.transceiver.direction) return
    if (direction === 'stopped') throw new TypeError(`${context}: 'stopped' is not set, but comes of stop().`)
    this.transceiver.direction = direction
    this.#owner.negotiationChanged()
  }

  /** Sends from the next negotiation on, whatever it did (addTrack), or does so no more (removeTrack). */
  setSending(sending: boolean): void {
    this.transceiver.direction = directionOf(sending, isReceiving(this.transceiver.direction))
  }

  /** Receives no more from the next negotiation on (createOffer, offerToReceive...). */
  stopReceiving(): void {
    this.transceiver.direction = directionOf(isSending(this.transceiver.direction), false)
  }

  // Its end

  stop(context: string): void {
    if (this.#owner.closed) throw exception('InvalidStateError', `${context}: The connection is closed.`)
    if (this.stopping) return
    this.#stopFlow()
    this.#owner.negotiationChanged()
    this.#owner.touch()
  }

  /** "Stop sending and receiving". */
  #stopFlow(): void {
    this.#flows = false
    this.#flown = flowOf(this.link)
    this.outgoing.stop()
    this.link.release()
    this.#endTrack()
    this.transceiver.direction = 'inactive'
    this.transceiver.stopping = true
  }

  /** It ends, and says so, in a task. */
  #endTrack(): void {
    this.#owner.queueLastingTask(() => this.received.source.end())
  }

  /** "Stop the RTCRtpTransceiver": a description has rejected it, or a rollback undone. */
  end(): void {
    if (this.#flows) this.#stopFlow()
    this.transceiver.stop()
    this.receptive = false
    this.incoming.streams = []
  }

  /** The same with the connection. The session, which may be at work, lets go of the rest by itself. */
  close(): void {
    if (this.stopped) return
    this.outgoing.stop()
    this.received.cut()
    this.#endTrack()
    this.transceiver.stop()
    this.receptive = false
    this.incoming.streams = []
  }

  // What is negotiated

  setCodecPreferences(codecs: readonly RTCRtpCodec[], context: string): void {
    const capabilities = codecCapabilities(this.#owner.session.capabilities[this.transceiver.kind])
    const unique: RTCRtpCodec[] = []
    for (const codec of codecs) if (!unique.some(each => isMatch(each, codec))) unique.push(codec)
    if (!unique.every(codec => capabilities.some(each => isMatch(each, codec)))) {
      throw exception('InvalidModificationError', `${context}: Not codecs of the capabilities.`)
    }
    if (unique.length > 0 && unique.every(codec => NO_MEDIA.has(encodingOf(codec)))) {
      throw exception('InvalidModificationError', `${context}: Not one of the codecs is media.`)
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
    const mid = extensions.find(({ uri }) => uri === MID_URI)
    if (mid !== undefined && mid.direction !== 'sendrecv') readOnlyChange('What BUNDLE needs', context)
    this.transceiver.extensionDirections = new Map(extensions.map(({ uri, direction }) => [uri, direction]))
    this.#owner.negotiationChanged()
  }

  get headerEncryptionNegotiated(): boolean {
    return this.transceiver.negotiated?.cryptex ?? false
  }

  negotiatedHeaderExtensions(): RTCRtpHeaderExtensionCapability[] {
    const { negotiated } = this.transceiver
    if (negotiated === undefined) return []
    const sent = new Set(negotiated.send?.extensions.map(({ uri }) => uri))
    const received = new Set(negotiated.receive?.extensions.map(({ uri }) => uri))
    return this.headerExtensionsToNegotiate().map(({ uri }) => ({
      uri,
      direction: sent.has(uri) || received.has(uri) ? directionOf(sent.has(uri), received.has(uri)) : 'stopped',
    }))
  }
}

const isMatch = (a: RTCRtpCodec, b: RTCRtpCodec): boolean =>
  REFERRING.has(encodingOf(a))
    ? a.mimeType.toLowerCase() === b.mimeType.toLowerCase() && a.clockRate === b.clockRate
    : matchesCodec(a, b)
