/**
 * The transceivers of a connection (webrtc-pc, 5.1): made by the application and by the peer's descriptions, in the order of
 * their creation.
 */

import { closedException, exception } from '../idl/index.ts'
import type { MediaStream, MediaStreamTrack } from '../media/index.ts'
import type { MediaKind } from '../rtp/index.ts'
import { isReceiving } from './media-direction.ts'
import type { MediaOwner } from './media-owner.ts'
import { MediaSlots } from './media-slots.ts'
import { offeredMedia } from './offered-parameters.ts'
import { RemoteTracks, type TrackChanges } from './remote-tracks.ts'
import type { RTCRtpReceiver } from './rtp-receiver.ts'
import type { RTCRtpSender } from './rtp-sender.ts'
import type { RTCRtpTransceiver } from './rtp-transceiver.ts'
import type { RTCSdpType } from './session-description.ts'
import type { MediaEvent } from './session-tasks.ts'
import type { RTCStatsReport } from './stats/report.ts'
import { checkTransceiverInit, type TransceiverInit } from './transceiver-init.ts'

export class Media {
  readonly #owner: MediaOwner
  readonly #remote: RemoteTracks
  #list: MediaSlots[] = []
  /** Every sender that there has been: removing the track of one that is gone does nothing. */
  readonly #known = new WeakSet<RTCRtpSender>()

  constructor(owner: MediaOwner) {
    this.#owner = owner
    this.#remote = new RemoteTracks(owner)
  }

  /** Those that are not stopped. */
  get list(): readonly MediaSlots[] {
    return this.#list.filter(({ stopped }) => !stopped)
  }

  /** Among them those that the peer's offer has stopped, until it is answered; and all that a connection had when it was closed. */
  get transceivers(): RTCRtpTransceiver[] {
    return this.#list.map(({ face }) => face)
  }

  get senders(): RTCRtpSender[] {
    return this.list.map(({ sender }) => sender)
  }

  get receivers(): RTCRtpReceiver[] {
    return this.list.map(({ receiver }) => receiver)
  }

  // What the application adds and removes

  addTrack(track: MediaStreamTrack, streams: readonly MediaStream[], context: string): RTCRtpSender {
    if (this.#owner.closed) throw closedException(context)
    if (this.list.some(({ sender }) => sender.track === track)) {
      throw exception('InvalidAccessError', `${context}: A sender already has the track.`)
    }
    const kind = track.kind as MediaKind
    // A sender that was never used to send is used for the track (5.1, addTrack, step 7).
    const idle = this.#list.find(
      slots => slots.sent.track === null && slots.transceiver.kind === kind && !slots.stopping && !slots.hasSent,
    )
    const slots = idle ?? this.#create({ kind }, null)
    slots.outgoing.setTrack(track)
    slots.outgoing.associate(streams)
    // An m-section of the peer's takes what addTrack has made, not what it has found (RFC 9429, 5.10); but a rollback leaves what
    // addTrack has found in the peer's offer as if addTrack had made it.
    if (idle === undefined || slots.transceiver.createdByRemote) slots.transceiver.addedByTrack = true
    if (idle !== undefined) slots.setSending(true)
    slots.transceiver.createdByRemote = false
    this.#owner.negotiationChanged()
    return slots.sender
  }

  removeTrack(sender: RTCRtpSender, context: string): void {
    if (this.#owner.closed) throw closedException(context)
    if (!this.#known.has(sender)) {
      throw exception('InvalidAccessError', `${context}: The sender was not made by this connection.`)
    }
    const slots = this.#list.find(each => each.sender === sender)
    if (slots === undefined || slots.stopping || sender.track === null) return
    slots.outgoing.setTrack(null)
    slots.setSending(false)
    this.#owner.negotiationChanged()
  }

  addTransceiver(
    kind: MediaKind,
    track: MediaStreamTrack | null,
    init: TransceiverInit,
    context: string,
  ): RTCRtpTransceiver {
    const { direction, streams } = init
    if (direction === 'stopped') throw new TypeError(`${context}: A transceiver does not begin as stopped.`)
    if (this.#owner.closed) throw closedException(context)
    const encodings = checkTransceiverInit(kind, init, this.#owner.session.capabilities[kind], context)
    const slots = this.#create({ kind, direction }, track, encodings)
    slots.outgoing.associate(streams)
    this.#owner.negotiationChanged()
    return slots.face
  }

  /** What offerToReceiveAudio and offerToReceiveVideo mean (webrtc-pc, 4.4.3.3). */
  prepareOffer(options: { readonly offerToReceiveAudio?: boolean; readonly offerToReceiveVideo?: boolean }): void {
    if (this.#owner.closed) return
    const wishes = { audio: options.offerToReceiveAudio, video: options.offerToReceiveVideo } as const
    for (const kind of ['audio', 'video'] as const) {
      const wish = wishes[kind]
      if (wish === undefined) continue
      const own = this.#list.filter(({ transceiver, stopping }) => transceiver.kind === kind && !stopping)
      if (!wish) for (const slots of own) slots.stopReceiving()
      else if (!own.some(({ direction }) => isReceiving(direction))) this.#create({ kind, direction: 'recvonly' }, null)
    }
  }

  /** Statistics of what sends or receives a track. */
  statsOf(track: MediaStreamTrack, context: string): Promise<RTCStatsReport> {
    const sending = this.list.filter(({ sender }) => sender.track === track)
    const receiving = this.list.filter(({ receiver }) => receiver.track === track)
    const [only] = [...sending, ...receiving]
    if (only === undefined || sending.length + receiving.length > 1) {
      throw exception('InvalidAccessError', `${context}: Not one sender or receiver has the track.`)
    }
    return sending.length > 0 ? only.sender.getStats() : only.receiver.getStats()
  }

  #create(
    init: Parameters<MediaOwner['session']['addTransceiver']>[0],
    track: MediaStreamTrack | null,
    encodings: TransceiverInit['sendEncodings'] = [],
  ): MediaSlots {
    return this.#add(new MediaSlots(this.#owner.session.addTransceiver(init), this.#owner, track, encodings))
  }

  #add(slots: MediaSlots): MediaSlots {
    this.#list.push(slots)
    this.#known.add(slots.sender)
    return slots
  }

  // What descriptions change

  /**
   * A description has been applied: everything that follows from it is set, and returned what is to be told of it.
   * @param remote Whose the description is; of a rollback, whose offer it takes back.
   * @param wasStable Whether the signaling state was stable before.
   * @param offer The text of an offer of ours.
   */
  applied(remote: boolean, type: RTCSdpType, wasStable: boolean, offer: string | undefined): TrackChanges {
    for (const transceiver of this.#owner.session.lastApplied?.transceivers.created ?? []) {
      const { trackId } = transceiver.remote
      const isTaken = this.#list.some(({ received }) => received.face.id === trackId)
      this.#add(new MediaSlots(transceiver, this.#owner, null, [], isTaken ? undefined : trackId))
    }
    const offered = offer === undefined ? [] : offeredMedia(offer)
    const changes = this.#remote.applied(this.#list, { remote, type, wasStable, offered })
    // What the peer's offer has stopped stays until the answer.
    const present = new Set(this.#owner.session.transceivers)
    this.#list = this.#list.filter(({ transceiver }) => present.has(transceiver))
    return changes
  }

  // What happens to media

  handle(event: MediaEvent): void {
    const slots = this.#list.find(({ transceiver }) => transceiver === event.transceiver)
    if (slots === undefined) return
    switch (event.type) {
      case 'media':
        if (slots.receptive) slots.received.source.setMuted(false)
        break
      case 'goodbye':
        slots.received.source.setMuted(true)
        break
      case 'key-frame-requested':
        slots.sent.requestKeyFrame()
        break
      case 'ssrc-changed':
        this.#owner.negotiationChanged()
        break
    }
  }

  /** The connection is closed: so is all of it, at once. */
  close(): void {
    for (const slots of this.#list) slots.close()
  }
}
