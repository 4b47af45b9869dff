/**
 * What a description does to transceivers and their tracks (webrtc-pc, 4.4.1.5, and "process remote tracks" of 5.1): streams
 * of the peer's, what is muted, moved, added, and stopped.
 */

import type { AppliedMedia } from '../jsep/index.ts'
import { addTrackTo, createStream, type MediaStream, type MediaStreamTrack, removeTrackFrom } from '../media/index.ts'
import type { RTCDtlsTransport } from './dtls-transport.ts'
import { isReceiving, isSending } from './media-direction.ts'
import type { MediaOwner } from './media-owner.ts'
import type { MediaSlots } from './media-slots.ts'
import type { OfferedMedia } from './offered-parameters.ts'
import type { RTCSdpType } from './session-description.ts'
import { RTCTrackEvent } from './track-event.ts'

/** What a rollback of the peer's offer returns to. */
interface Stable {
  readonly transport: RTCDtlsTransport | null
  readonly streams: readonly MediaStream[]
}

const stateOf = ({ incoming: { transport, streams } }: MediaSlots): Stable => ({ transport, streams })

/** A description that has been applied. */
export interface AppliedDescription {
  /** Whose it is; of a rollback, whose offer it takes back. */
  readonly remote: boolean
  readonly type: RTCSdpType
  /** Whether the signaling state was stable before. */
  readonly wasStable: boolean
  /** What each m-section of an offer of ours is prepared for. */
  readonly offered: readonly OfferedMedia[]
}

/** What is told of a description, in the order of webrtc-pc. */
export class TrackChanges {
  readonly muted: MediaSlots[] = []
  readonly removals: { readonly stream: MediaStream; readonly track: MediaStreamTrack }[] = []
  readonly additions: { readonly stream: MediaStream; readonly track: MediaStreamTrack }[] = []
  readonly added: { readonly slots: MediaSlots; readonly streams: readonly MediaStream[] }[] = []

  /** @param dispatch Fires at the RTCPeerConnection. */
  tell(dispatch: (event: Event) => void): void {
    for (const { received } of this.muted) received.source.setMuted(true)
    for (const { stream, track } of this.removals) removeTrackFrom(stream, track)
    for (const { stream, track } of this.additions) addTrackTo(stream, track)
    for (const { slots, streams } of this.added) {
      const { receiver, received, face } = slots
      dispatch(new RTCTrackEvent('track', { receiver, track: received.face, streams: [...streams], transceiver: face }))
    }
  }
}

/** Streams that are known by their ids, while they are not in use: a peer may name others in each description. */
const MOST_STREAMS = 256

/** Milliseconds since the last packet of a stream that flows. */
const RECENT = 1000

export class RemoteTracks {
  readonly #owner: MediaOwner
  /** The streams that the peer's descriptions have named, by id. */
  readonly #streams = new Map<string, MediaStream>()
  #stable = new Map<MediaSlots, Stable>()

  constructor(owner: MediaOwner) {
    this.#owner = owner
  }

  applied(list: readonly MediaSlots[], { remote, type, wasStable, offered }: AppliedDescription): TrackChanges {
    const changes = new TrackChanges()
    const { lastApplied } = this.#owner.session
    if (lastApplied === undefined) return changes
    if (type === 'offer' && wasStable) {
      this.#stable = new Map(list.map(slots => [slots, stateOf(slots)]))
    }
    if (type !== 'offer') for (const { incoming } of list) incoming.offered = undefined
    if (type === 'rollback') {
      this.#rollBack(list, remote, changes)
    } else {
      for (const media of lastApplied.media) {
        const slots = list.find(({ transceiver }) => transceiver === media.transceiver)
        if (slots === undefined) continue
        if (remote) this.#applyRemote(slots, media, type, changes)
        else if (type === 'offer') this.#offer(slots, media, offered[media.index])
        else this.#answer(slots, media, type, changes)
      }
    }
    for (const slots of list) {
      const { transceiver } = slots
      const { stopped, removed } = lastApplied.transceivers
      if (stopped.includes(transceiver) || removed.includes(transceiver)) this.#end(slots, changes)
      slots.received.configure()
    }
    if (this.#streams.size > MOST_STREAMS) this.#forgetStreams(list)
    return changes
  }

  /** Those that no track of the peer's is in, nor was before its pending offer. */
  #forgetStreams(list: readonly MediaSlots[]): void {
    const used = new Set(
      [...list.map(({ incoming }) => incoming), ...this.#stable.values()].flatMap(({ streams }) => streams),
    )
    for (const [id, stream] of this.#streams) if (!used.has(stream)) this.#streams.delete(id)
  }

  #offer(slots: MediaSlots, media: AppliedMedia, offered: OfferedMedia | undefined): void {
    if (slots.stopped) return
    this.#setTransport(slots, media)
    slots.receptive = isReceiving(offered?.direction)
    slots.incoming.offered = offered?.receive
  }

  #answer(slots: MediaSlots, media: AppliedMedia, type: RTCSdpType, changes: TrackChanges): void {
    if (slots.stopped) return
    this.#setTransport(slots, media)
    slots.receptive = isReceiving(slots.transceiver.currentDirection)
    this.#agreed(slots, type)
    if (!slots.receptive && slots.fired) {
      this.#associate(slots, [], changes)
      changes.muted.push(slots)
    }
    slots.fired = slots.receptive
  }

  #applyRemote(slots: MediaSlots, media: AppliedMedia, type: RTCSdpType, changes: TrackChanges): void {
    if (media.rejected) {
      this.#end(slots, changes)
      return
    }
    const { receives, streamIds } = slots.transceiver.remote
    this.#process(slots, receives, receives ? streamIds : [], changes)
    if (type === 'offer') return
    this.#agreed(slots, type)
    slots.receptive = isReceiving(slots.transceiver.currentDirection)
    this.#setTransport(slots, media)
  }

  #rollBack(list: readonly MediaSlots[], remote: boolean, changes: TrackChanges): void {
    for (const slots of list) {
      const { transport = null, streams = [] } = this.#stable.get(slots) ?? {}
      slots.outgoing.transport = transport
      slots.incoming.transport = transport
      this.#receiveAgain(slots)
      if (!remote) continue
      const { currentDirection } = slots.transceiver
      this.#process(
        slots,
        currentDirection === undefined ? undefined : isReceiving(currentDirection),
        streams.map(({ id }) => id),
        changes,
      )
    }
  }

  /** What has flowed all the time need not begin for that: webrtc-pc does not say who sets [[Receptive]] again. */
  #receiveAgain(slots: MediaSlots): void {
    slots.receptive = isReceiving(slots.transceiver.currentDirection)
    const since = this.#owner.now() - RECENT
    if (!slots.link.receiver?.streams.some(({ statistics: { lastPacketAt = since } }) => lastPacketAt > since)) return
    this.#owner.queueTask(() => {
      if (slots.receptive) slots.received.source.setMuted(false)
    })
  }

  /** Rejected, undone, or stopped by agreement. */
  #end(slots: MediaSlots, changes: TrackChanges): void {
    this.#process(slots, false, [], changes)
    slots.end()
    // Nor does a rollback bring the streams back.
    const stable = this.#stable.get(slots)
    if (stable !== undefined) this.#stable.set(slots, { ...stable, streams: [] })
  }

  #setTransport({ outgoing, incoming }: MediaSlots, { rejected, local, transportMid }: AppliedMedia): void {
    if (rejected || local === undefined) return
    const transport = this.#owner.transportOf(transportMid)
    outgoing.transport = transport
    incoming.transport = transport
  }

  #agreed(slots: MediaSlots, type: RTCSdpType): void {
    slots.hasSent ||= isSending(slots.transceiver.currentDirection)
    slots.outgoing.agreed(type === 'answer')
  }

  /** "Process remote tracks". @param receives Undefined: nothing has been said of it. */
  #process(
    slots: MediaSlots,
    receives: boolean | undefined,
    streamIds: readonly string[],
    changes: TrackChanges,
  ): void {
    const isAdded = this.#associate(slots, streamIds, changes)
    if ((receives === true && !slots.fired) || isAdded) {
      changes.added.push({ slots, streams: slots.incoming.streams })
    }
    if (receives === false) {
      slots.receptive = false
      if (slots.fired) changes.muted.push(slots)
    }
    slots.fired = receives === true
  }

  /** "Set the associated remote streams". Returns whether the track is added to one. */
  #associate({ incoming }: MediaSlots, streamIds: readonly string[], changes: TrackChanges): boolean {
    const { streams: before, track } = incoming
    const after = [...new Set(streamIds)].map(id => this.#stream(id))
    const removed = before.filter(stream => !after.includes(stream))
    const added = after.filter(stream => !before.includes(stream))
    changes.removals.push(...removed.map(stream => ({ stream, track })))
    changes.additions.push(...added.map(stream => ({ stream, track })))
    incoming.streams = after
    return added.length > 0
  }

  #stream(id: string): MediaStream {
    let stream = this.#streams.get(id)
    if (stream === undefined) {
      stream = createStream(id)
      this.#streams.set(id, stream)
    }
    return stream
  }
}
