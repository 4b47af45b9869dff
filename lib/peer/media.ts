/**
 * The transceivers of a connection (webrtc-pc, 5.1): made by the application and by the peer's descriptions, and what changes
 * with each description that is applied: tracks, streams, events (4.4.1.5).
 */

import { closedException, exception } from '../idl/index.ts'
import type { Transceiver } from '../jsep/index.ts'
import { addTrackTo, createStream, type MediaStream, type MediaStreamTrack, removeTrackFrom } from '../media/index.ts'
import type { MediaKind } from '../rtp/index.ts'
import { type MediaOwner, MediaSlots } from './media-slots.ts'
import type { RTCRtpReceiver } from './rtp-receiver.ts'
import type { RTCRtpSender } from './rtp-sender.ts'
import type { RTCRtpTransceiver } from './rtp-transceiver.ts'
import type { RTCSdpType } from './session-description.ts'
import type { MediaEvent } from './session-tasks.ts'
import type { RTCStatsReport } from './stats/report.ts'
import { RTCTrackEvent } from './track-event.ts'
import { checkTransceiverInit, type TransceiverInit } from './transceiver-init.ts'

/** What the media of a connection ask of it, besides what each transceiver does. */
export interface MediaConnection extends MediaOwner {
  /** Fires at the RTCPeerConnection. */
  dispatch(event: Event): void
}

export class Media {
  readonly #owner: MediaConnection
  #list: MediaSlots[] = []
  /** The streams that the peer's descriptions name, by id. */
  readonly #streams = new Map<string, MediaStream>()

  constructor(owner: MediaConnection) {
    this.#owner = owner
  }

  /** In the order of their creation; those that are stopped are gone. */
  get list(): readonly MediaSlots[] {
    return this.#list
  }

  get transceivers(): RTCRtpTransceiver[] {
    return this.#list.map(({ face }) => face)
  }

  get senders(): RTCRtpSender[] {
    return this.#list.map(({ sender }) => sender)
  }

  get receivers(): RTCRtpReceiver[] {
    return this.#list.map(({ receiver }) => receiver)
  }

  // What the application adds and removes

  addTrack(track: MediaStreamTrack, streams: readonly MediaStream[], context: string): RTCRtpSender {
    if (this.#owner.closed) throw closedException(context)
    if (this.#list.some(({ sender }) => sender.track === track)) {
      throw exception('InvalidAccessError', `${context}: A sender already has the track.`)
    }
    const streamIds = [...new Set(streams.map(({ id }) => id))]
    const kind = track.kind as MediaKind
    // One that never sent, and that the peer or the application made for another reason (5.1, addTrack, step 8).
    const idle = this.#list.find(
      slots => slots.sender.track === null && slots.transceiver.kind === kind && !slots.stopping && !slots.hasSent,
    )
    const slots = idle ?? this.#create({ kind, streamIds, addedByTrack: true }, null)
    slots.useTrack(track, streamIds)
    if (idle !== undefined) {
      slots.setSending(true)
      slots.transceiver.addedByTrack = true
      slots.transceiver.createdByRemote = false
    }
    this.#owner.negotiationChanged()
    return slots.sender
  }

  removeTrack(sender: RTCRtpSender, context: string): void {
    if (this.#owner.closed) throw closedException(context)
    const slots = this.#list.find(each => each.sender === sender)
    if (slots === undefined) {
      if (this.#stopped.has(sender)) return
      throw exception('InvalidAccessError', `${context}: The sender was not made by this connection.`)
    }
    if (slots.stopping || sender.track === null) return
    slots.useTrack(null)
    slots.setSending(false)
    this.#owner.negotiationChanged()
  }

  /** Senders of transceivers that are gone: removing their tracks does nothing. */
  readonly #stopped = new WeakSet<RTCRtpSender>()

  addTransceiver(
    kind: MediaKind,
    track: MediaStreamTrack | null,
    init: TransceiverInit,
    context: string,
  ): RTCRtpTransceiver {
    const { direction, streams, sendEncodings } = checkTransceiverInit(kind, init, context)
    if (this.#owner.closed) throw closedException(context)
    const streamIds = [...new Set(streams.map(({ id }) => id))]
    if (direction === 'stopped') throw new TypeError(`${context}: A transceiver does not begin as stopped.`)
    const slots = this.#create({ kind, direction, streamIds }, track, sendEncodings)
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
      if (!wish) for (const slots of own) slots.setReceiving(false)
      else if (!own.some(({ direction }) => isReceiving(direction))) {
        if (own.length === 0) this.#create({ kind, direction: 'recvonly' }, null)
        else own[0]!.setReceiving(true)
      }
    }
  }

  /** Statistics of what sends or receives a track. */
  statsOf(track: MediaStreamTrack, context: string): Promise<RTCStatsReport> {
    const sending = this.#list.filter(({ sender }) => sender.track === track)
    const receiving = this.#list.filter(({ receiver }) => receiver.track === track)
    const [only] = [...sending, ...receiving]
    if (only === undefined || sending.length + receiving.length > 1) {
      throw exception('InvalidAccessError', `${context}: Not one sender or receiver has the track.`)
    }
    return sending.length > 0 ? only.sender.getStats() : only.receiver.getStats()
  }

  #create(
    init: Parameters<MediaConnection['session']['addTransceiver']>[0],
    track: MediaStreamTrack | null,
    encodings: TransceiverInit['sendEncodings'] = [],
  ): MediaSlots {
    const slots = new MediaSlots(this.#owner.session.addTransceiver(init), this.#owner, track, encodings)
    this.#list.push(slots)
    return slots
  }

  // What descriptions change

  /**
   * A description has been applied (webrtc-pc, 4.4.1.5, from "for each media description" to the events).
   * @param remote Whether it is the peer's; a rollback is of both.
   */
  applied(remote: boolean, type: RTCSdpType): void {
    const { lastApplied, transceivers } = this.#owner.session
    if (lastApplied === undefined) return
    const { created, removed, stopped } = lastApplied.transceivers
    for (const transceiver of created) this.#list.push(new MediaSlots(transceiver, this.#owner, null, []))
    const changes = new TrackChanges()
    for (const slots of this.#list) {
      slots.received.configure()
      const { remote: theirs, currentDirection } = slots.transceiver
      const isGone = removed.includes(slots.transceiver) || stopped.includes(slots.transceiver)
      const receives =
        !isGone &&
        (remote || type === 'rollback'
          ? theirs.receives
          : slots.fired && (type === 'offer' || isReceiving(currentDirection)))
      this.#associate(slots, receives ? theirs.streamIds : [], receives, changes)
      if (type === 'answer' || type === 'pranswer') {
        slots.receptive = isReceiving(currentDirection)
        slots.hasSent ||= currentDirection === 'sendrecv' || currentDirection === 'sendonly'
      }
    }
    for (const slots of this.#list) if (!transceivers.includes(slots.transceiver)) this.#forget(slots)
    this.#list = this.#list.filter(slots => transceivers.includes(slots.transceiver))
    changes.tell(event => this.#owner.dispatch(event))
  }

  #forget(slots: MediaSlots): void {
    this.#stopped.add(slots.sender)
    slots.end()
  }

  /** "Set the associated remote streams", and the addition or removal of the track that comes with it. */
  #associate(slots: MediaSlots, streamIds: readonly string[], receives: boolean, changes: TrackChanges): void {
    const before = slots.streams
    const after = streamIds.map(id => this.#stream(id))
    const { face: track } = slots.received
    let isNew = false
    for (const stream of before) if (!after.includes(stream)) changes.removals.push({ stream, track })
    for (const stream of after) {
      if (before.includes(stream)) continue
      changes.additions.push({ stream, track })
      isNew = true
    }
    slots.streams = after
    if (receives && (!slots.fired || isNew)) changes.added.push(slots)
    if (!receives && slots.fired) changes.muted.push(slots)
    slots.fired = receives
  }

  #stream(id: string): MediaStream {
    let stream = this.#streams.get(id)
    if (stream === undefined) {
      stream = createStream(id)
      this.#streams.set(id, stream)
    }
    return stream
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

  /** The connection is closed: so is all of it, at once and without events. */
  close(): void {
    for (const slots of this.#list) slots.close()
  }

  find(transceiver: Transceiver): MediaSlots | undefined {
    return this.#list.find(each => each.transceiver === transceiver)
  }
}

const isReceiving = (direction: string | undefined): boolean => direction === 'sendrecv' || direction === 'recvonly'

/** The tracks that a description mutes, moves and adds, told in the order of webrtc-pc. */
class TrackChanges {
  readonly muted: MediaSlots[] = []
  readonly removals: { readonly stream: MediaStream; readonly track: MediaStreamTrack }[] = []
  readonly additions: { readonly stream: MediaStream; readonly track: MediaStreamTrack }[] = []
  readonly added: MediaSlots[] = []

  tell(dispatch: (event: Event) => void): void {
    for (const { received } of this.muted) received.source.setMuted(true)
    for (const { stream, track } of this.removals) removeTrackFrom(stream, track)
    for (const { stream, track } of this.additions) addTrackTo(stream, track)
    for (const { receiver, received, streams, face } of this.added) {
      dispatch(new RTCTrackEvent('track', { receiver, track: received.face, streams: [...streams], transceiver: face }))
    }
  }
}
