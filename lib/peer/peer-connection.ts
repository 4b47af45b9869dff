/** RTCPeerConnection (webrtc-pc, 4.4): the conversions of Web IDL around the connection that does the work. */

import {
  defineEventHandlers,
  defineInterface,
  type EventHandler,
  getEventHandler,
  setEventHandler,
  TypedEventTarget,
} from '../idl/index.ts'
import type { MediaStream, MediaStreamTrack } from '../media/index.ts'
import type { RTCCertificate } from './certificate.ts'
import type { RTCKeyAlgorithm } from './certificate-algorithm.ts'
import { copyConfiguration, type RTCConfiguration } from './configuration.ts'
import type { Connection } from './connection.ts'
import * as connectionMethods from './connection-methods.ts'
import type { RTCDataChannel } from './data-channel.ts'
import type { RTCDataChannelEvent } from './data-channel-event.ts'
import type { RTCDataChannelInit } from './data-channel-init.ts'
import type { RTCIceCandidateInit } from './ice-candidate.ts'
import type { RTCPeerConnectionIceErrorEvent, RTCPeerConnectionIceEvent } from './ice-events.ts'
import type { RTCPeerConnectionErrorCallback, RTCSessionDescriptionCallback } from './legacy-callbacks.ts'
import * as mediaMethods from './media-methods.ts'
import * as methods from './negotiation-methods.ts'
import type { RTCAnswerOptions, RTCOfferOptions } from './offer-options.ts'
import type { RTCPeerConnectionEventMap } from './peer-connection-events.ts'
import type { RTCRtpReceiver } from './rtp-receiver.ts'
import type { RTCRtpSender } from './rtp-sender.ts'
import type { RTCRtpTransceiver } from './rtp-transceiver.ts'
import type { RTCSctpTransport } from './sctp-transport.ts'
import type {
  RTCLocalSessionDescriptionInit,
  RTCSessionDescription,
  RTCSessionDescriptionInit,
} from './session-description.ts'
import type {
  RTCIceConnectionState,
  RTCIceGatheringState,
  RTCPeerConnectionState,
  RTCSignalingState,
} from './states.ts'
import type { RTCStatsReport } from './stats/report.ts'
import type { RTCTrackEvent } from './track-event.ts'
import type { RTCRtpTransceiverInit } from './transceiver-init.ts'

const on = (method: string): string => `Failed to execute '${method}' on 'RTCPeerConnection'`

export class RTCPeerConnection extends TypedEventTarget<RTCPeerConnectionEventMap> {
  readonly #connection: Connection
  declare onnegotiationneeded: EventHandler<Event>
  declare onsignalingstatechange: EventHandler<Event>
  declare oniceconnectionstatechange: EventHandler<Event>
  declare onicegatheringstatechange: EventHandler<Event>
  declare onconnectionstatechange: EventHandler<Event>

  /**
   * @throws TypeError for members of the wrong type, `SyntaxError` for a URL of an ICE server that is none,
   * `InvalidAccessError` for a TURN server without credentials, an expired certificate or versions, suites and groups of
   * DTLS that have nothing in common, `NotSupportedError` for a suite or group that is unknown.
   */
  constructor(configuration: RTCConfiguration = {}) {
    super()
    const context = "Failed to construct 'RTCPeerConnection'"
    this.#connection = connectionMethods.createConnection(this, configuration, context)
  }

  /**
   * Makes a key and a certificate that connections can be given in their configuration.
   *
   * @param keygenAlgorithm `{ name: 'ECDSA', namedCurve: 'P-256' }`, or `{ name: 'RSASSA-PKCS1-v1_5', modulusLength: 2048,
   * publicExponent: new Uint8Array([1, 0, 1]), hash: 'SHA-256' }`, and `expires` in milliseconds from now. Additions: the
   * curve `P-384`, and `'Ed25519'`, which not every browser takes.
   * @throws (rejects) `NotSupportedError` for another algorithm, TypeError for a malformed one.
   */
  static generateCertificate(keygenAlgorithm: RTCKeyAlgorithm): Promise<RTCCertificate> {
    return connectionMethods.generateCertificate(keygenAlgorithm, on('generateCertificate'))
  }

  /** @throws (rejects) `InvalidStateError` unless the state is `stable` or `have-local-offer`. */
  createOffer(options?: RTCOfferOptions): Promise<RTCSessionDescriptionInit>
  createOffer(
    successCallback: RTCSessionDescriptionCallback,
    failureCallback: RTCPeerConnectionErrorCallback,
    options?: RTCOfferOptions,
  ): Promise<void>
  createOffer(...args: unknown[]): Promise<unknown> {
    const { negotiator, media } = this.#connection
    return methods.createOffer(negotiator, args, options => media.prepareOffer(options), on('createOffer'))
  }

  /** @throws (rejects) `InvalidStateError` unless the state is `have-remote-offer` or `have-local-pranswer`. */
  createAnswer(options?: RTCAnswerOptions): Promise<RTCSessionDescriptionInit>
  createAnswer(
    successCallback: RTCSessionDescriptionCallback,
    failureCallback: RTCPeerConnectionErrorCallback,
  ): Promise<void>
  createAnswer(...args: unknown[]): Promise<unknown> {
    return methods.createAnswer(this.#connection.negotiator, args, on('createAnswer'))
  }

  /**
   * Applies a description made by `createOffer` or `createAnswer`; without one, makes whichever is due.
   * @throws (rejects) `InvalidModificationError` when the SDP is not the one last made, `InvalidStateError` when the
   * type does not fit the state.
   */
  setLocalDescription(description?: RTCLocalSessionDescriptionInit): Promise<void>
  setLocalDescription(
    description: RTCLocalSessionDescriptionInit,
    successCallback: () => void,
    failureCallback: RTCPeerConnectionErrorCallback,
  ): Promise<void>
  setLocalDescription(...args: unknown[]): Promise<void> {
    return methods.setLocalDescription(this.#connection.negotiator, args, on('setLocalDescription'))
  }

  /**
   * Applies the peer's description. An offer that comes while our own is pending rolls ours back.
   * @throws (rejects) an RTCError with `sdpLineNumber` for text that is no SDP, `InvalidAccessError` for SDP that makes
   * no sense here, `InvalidStateError` when the type does not fit the state.
   */
  setRemoteDescription(description: RTCSessionDescriptionInit): Promise<void>
  setRemoteDescription(
    description: RTCSessionDescriptionInit,
    successCallback: () => void,
    failureCallback: RTCPeerConnectionErrorCallback,
  ): Promise<void>
  setRemoteDescription(...args: unknown[]): Promise<void> {
    return methods.setRemoteDescription(this.#connection.negotiator, args, on('setRemoteDescription'))
  }

  /**
   * Takes a candidate that the peer has signalled. Null, nothing, and an empty `candidate` say that there are no more.
   * @throws (rejects) `OperationError` for a candidate that fits no m-section or cannot be read, `InvalidStateError`
   * before a remote description, TypeError for one without `sdpMid` and `sdpMLineIndex`.
   */
  addIceCandidate(candidate?: RTCIceCandidateInit | null): Promise<void>
  addIceCandidate(
    candidate: RTCIceCandidateInit | null,
    successCallback: () => void,
    failureCallback: RTCPeerConnectionErrorCallback,
  ): Promise<void>
  addIceCandidate(...args: unknown[]): Promise<void> {
    return methods.addIceCandidate(this.#connection.negotiator, args, on('addIceCandidate'))
  }

  get localDescription(): RTCSessionDescription | null {
    return this.#connection.descriptions.local
  }

  get currentLocalDescription(): RTCSessionDescription | null {
    return this.#connection.descriptions.currentLocal
  }

  get pendingLocalDescription(): RTCSessionDescription | null {
    return this.#connection.descriptions.pendingLocal
  }

  get remoteDescription(): RTCSessionDescription | null {
    return this.#connection.descriptions.remote
  }

  get currentRemoteDescription(): RTCSessionDescription | null {
    return this.#connection.descriptions.currentRemote
  }

  get pendingRemoteDescription(): RTCSessionDescription | null {
    return this.#connection.descriptions.pendingRemote
  }

  get signalingState(): RTCSignalingState {
    return this.#connection.negotiator.signalingState
  }

  get iceGatheringState(): RTCIceGatheringState {
    return this.#connection.connectivity.iceGatheringState
  }

  get iceConnectionState(): RTCIceConnectionState {
    return this.#connection.connectivity.iceConnectionState
  }

  get connectionState(): RTCPeerConnectionState {
    return this.#connection.connectivity.connectionState
  }

  /** Whether the peer takes trickled candidates; null before its first description. */
  get canTrickleIceCandidates(): boolean | null {
    return this.#connection.canTrickle
  }

  /** Null before a description has an m-section for data. */
  get sctp(): RTCSctpTransport | null {
    return this.#connection.connectivity.sctp
  }

  /** Has the next offer restart ICE; `negotiationneeded` asks for it. */
  restartIce(): void {
    if (!this.#connection.closed) this.#connection.negotiator.restartIce()
  }

  getConfiguration(): RTCConfiguration {
    return copyConfiguration(this.#connection.configuration)
  }

  /**
   * @throws as the constructor does; `InvalidModificationError` for a change of `certificates`, `bundlePolicy`,
   * `rtcpMuxPolicy`, after `setLocalDescription` of `iceCandidatePoolSize`, and of the additions `maxMessageSize`, `mtu`, `sctp`,
   * `exposeRemoteAddresses`, `trace`, `iceCredentials`, `iceLite`, `tcpMux`, `udpMux` and all that concern DTLS;
   * `InvalidStateError` when the connection is closed. Other additions stay as they are when left out. What concerns gathering takes effect when
   * candidates are gathered again: at the next ICE restart.
   */
  setConfiguration(configuration: RTCConfiguration = {}): void {
    connectionMethods.reconfigure(this.#connection, configuration, on('setConfiguration'))
  }

  /**
   * @throws TypeError for a label or protocol of more than 65535 bytes, both `maxRetransmits` and `maxPacketLifeTime`, a
   * negotiated channel without an id, or the id 65535; `OperationError` when the id is taken or none is left;
   * `InvalidStateError` when the connection is closed.
   */
  createDataChannel(...args: [label: string, dataChannelDict?: RTCDataChannelInit]): RTCDataChannel {
    return connectionMethods.createDataChannel(this.#connection, args, on('createDataChannel'))
  }

  /**
   * Sends a track to the peer from the next negotiation on.
   * @param streams Those that the peer is to put the track in.
   * @throws `InvalidStateError` when the connection is closed, `InvalidAccessError` for a track that a sender has already.
   */
  addTrack(...args: [track: MediaStreamTrack, ...streams: MediaStream[]]): RTCRtpSender {
    return mediaMethods.addTrack(this.#connection.media, args, on('addTrack'))
  }

  /** Sends nothing through that sender any more. @throws `InvalidAccessError` for a sender of another connection. */
  removeTrack(...args: [sender: RTCRtpSender]): void {
    mediaMethods.removeTrack(this.#connection.media, args, on('removeTrack'))
  }

  /**
   * Makes a sender and a receiver that share an m-section from the next negotiation on.
   * @param trackOrKind A track to send, or `audio` or `video`.
   * @throws TypeError for another kind, or encodings that make no sense; `InvalidStateError` when the connection is closed.
   */
  addTransceiver(...args: [trackOrKind: MediaStreamTrack | string, init?: RTCRtpTransceiverInit]): RTCRtpTransceiver {
    return mediaMethods.addTransceiver(this.#connection.media, args, on('addTransceiver'))
  }

  /** Those that no answer has agreed to stop, in the order of their creation. */
  getTransceivers(): RTCRtpTransceiver[] {
    return this.#connection.media.transceivers
  }

  getSenders(): RTCRtpSender[] {
    return this.#connection.media.senders
  }

  getReceivers(): RTCRtpReceiver[] {
    return this.#connection.media.receivers
  }

  /**
   * @param selector A track to ask about alone.
   * @throws (rejects) `InvalidAccessError` for a track of no sender or receiver, or of several.
   */
  getStats(selector: MediaStreamTrack | null = null): Promise<RTCStatsReport> {
    const { media } = this.#connection
    return mediaMethods.getStats(media, selector, () => this.#connection.stats(), on('getStats'))
  }

  /**
   * Ends the connection at once. Every state is `closed` when it returns; no event follows but `ended` of the tracks that were
   * received.
   */
  close(): void {
    this.#connection.close()
  }

  /** Addition: `await using` closes the connection. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.close()
  }

  get onicecandidate(): EventHandler<Event> {
    return getEventHandler(this, RTCPeerConnection, 'icecandidate')
  }

  set onicecandidate(handler: EventHandler<RTCPeerConnectionIceEvent>) {
    setEventHandler(this, RTCPeerConnection, 'icecandidate', handler)
  }

  get onicecandidateerror(): EventHandler<Event> {
    return getEventHandler(this, RTCPeerConnection, 'icecandidateerror')
  }

  set onicecandidateerror(handler: EventHandler<RTCPeerConnectionIceErrorEvent>) {
    setEventHandler(this, RTCPeerConnection, 'icecandidateerror', handler)
  }

  get ondatachannel(): EventHandler<Event> {
    return getEventHandler(this, RTCPeerConnection, 'datachannel')
  }

  set ondatachannel(handler: EventHandler<RTCDataChannelEvent>) {
    setEventHandler(this, RTCPeerConnection, 'datachannel', handler)
  }

  get ontrack(): EventHandler<Event> {
    return getEventHandler(this, RTCPeerConnection, 'track')
  }

  set ontrack(handler: EventHandler<RTCTrackEvent>) {
    setEventHandler(this, RTCPeerConnection, 'track', handler)
  }

  static {
    defineEventHandlers(RTCPeerConnection, [
      'negotiationneeded',
      'signalingstatechange',
      'iceconnectionstatechange',
      'icegatheringstatechange',
      'connectionstatechange',
    ])
    defineInterface(RTCPeerConnection, 'RTCPeerConnection', {
      addTrack: 1,
      addTransceiver: 1,
      createDataChannel: 1,
      removeTrack: 1,
      setRemoteDescription: 1,
    })
  }
}
