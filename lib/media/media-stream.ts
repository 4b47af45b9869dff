/** MediaStream (mediacapture-main, 4.2): tracks that belong together. */

import {
  DOMString,
  defineInterface,
  type EventHandler,
  getEventHandler,
  interfaceType,
  requireArguments,
  sequence,
  setEventHandler,
  TypedEventTarget,
} from '../idl/index.ts'
import { createIdentifier } from './identifier.ts'
import { MediaStreamTrack } from './media-stream-track.ts'
import { MediaStreamTrackEvent } from './media-stream-track-event.ts'

export interface MediaStreamEventMap {
  addtrack: MediaStreamTrackEvent
  removetrack: MediaStreamTrackEvent
}

const asTrack = interfaceType('MediaStreamTrack', MediaStreamTrack)
const asTracks = sequence(asTrack)

interface Slots {
  id: string
  /** In the order in which they were added; by identity: ids of other connections may be the same. */
  readonly tracks: Set<MediaStreamTrack>
}

let slotsOf: (stream: MediaStream) => Slots

export class MediaStream extends TypedEventTarget<MediaStreamEventMap> {
  readonly #slots: Slots

  /** An empty stream, or one of the given tracks, or of those of another stream. */
  constructor(tracks?: MediaStream | Iterable<MediaStreamTrack>) {
    super()
    const context = "Failed to construct 'MediaStream'"
    const given =
      tracks === undefined ? [] : tracks instanceof MediaStream ? tracks.getTracks() : asTracks(tracks, context)
    this.#slots = { id: createIdentifier(), tracks: new Set(given) }
  }

  /** Of a stream from the peer: what its description calls it. */
  get id(): string {
    return this.#slots.id
  }

  /** Whether any of its tracks is live. */
  get active(): boolean {
    for (const track of this.#slots.tracks) if (track.readyState === 'live') return true
    return false
  }

  getAudioTracks(): MediaStreamTrack[] {
    return this.getTracks().filter(({ kind }) => kind === 'audio')
  }

  getVideoTracks(): MediaStreamTrack[] {
    return this.getTracks().filter(({ kind }) => kind === 'video')
  }

  getTracks(): MediaStreamTrack[] {
    return [...this.#slots.tracks]
  }

  getTrackById(...args: [trackId: string]): MediaStreamTrack | null {
    const context = "Failed to execute 'getTrackById' on 'MediaStream'"
    requireArguments(context, 1, args.length)
    const id = DOMString(args[0], context)
    for (const track of this.#slots.tracks) if (track.id === id) return track
    return null
  }

  /** Adds a track, unless it is there. No event tells of it, nor is it sent for it. */
  addTrack(track: MediaStreamTrack): void {
    this.#slots.tracks.add(asTrack(track, "Failed to execute 'addTrack' on 'MediaStream'"))
  }

  removeTrack(track: MediaStreamTrack): void {
    this.#slots.tracks.delete(asTrack(track, "Failed to execute 'removeTrack' on 'MediaStream'"))
  }

  /** A stream of clones of the tracks. */
  clone(): MediaStream {
    return new MediaStream(this.getTracks().map(track => track.clone()))
  }

  get onaddtrack(): EventHandler<Event> {
    return getEventHandler(this, MediaStream, 'addtrack')
  }

  set onaddtrack(handler: EventHandler<MediaStreamTrackEvent>) {
    setEventHandler(this, MediaStream, 'addtrack', handler)
  }

  get onremovetrack(): EventHandler<Event> {
    return getEventHandler(this, MediaStream, 'removetrack')
  }

  set onremovetrack(handler: EventHandler<MediaStreamTrackEvent>) {
    setEventHandler(this, MediaStream, 'removetrack', handler)
  }

  static {
    slotsOf = stream => stream.#slots
    defineInterface(MediaStream, 'MediaStream', { constructor: 0, getTrackById: 1 })
  }
}

/** A stream that the peer's description names: its id is given. */
export const createStream = (id: string, tracks: Iterable<MediaStreamTrack> = []): MediaStream => {
  const stream = new MediaStream(tracks)
  slotsOf(stream).id = id
  return stream
}

/** The user agent adds a track (mediacapture-main, 4.2, "add a track"): with an event, in the caller's task. */
export const addTrackTo = (stream: MediaStream, track: MediaStreamTrack): void => {
  const { tracks } = slotsOf(stream)
  if (tracks.has(track)) return
  tracks.add(track)
  stream.dispatchEvent(new MediaStreamTrackEvent('addtrack', { track }))
}

/** The user agent removes a track: with an event, in the caller's task. */
export const removeTrackFrom = (stream: MediaStream, track: MediaStreamTrack): void => {
  if (!slotsOf(stream).tracks.delete(track)) return
  stream.dispatchEvent(new MediaStreamTrackEvent('removetrack', { track }))
}
