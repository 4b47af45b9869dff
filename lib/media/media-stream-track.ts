/**
 * MediaStreamTrack (mediacapture-main, 4.3; contentHint: mst-content-hint). A process has no camera and no microphone: tracks
 * come from a connection, or from a source that the application writes to.
 *
 * A track that is disabled or muted passes nothing on, where a browser makes black pictures and silence: those take a codec.
 */

import {
  boolean,
  DOMString,
  defineEventHandlers,
  defineInterface,
  type EventHandler,
  illegalConstructor,
  promised,
  TypedEventTarget,
} from '../idl/index.ts'
import type { MediaTrackCapabilities, MediaTrackConstraints, MediaTrackSettings } from './constraint-types.ts'
import { copyConstraints, MediaTrackConstraintsDictionary } from './constraints.ts'
import { OverconstrainedError } from './overconstrained-error.ts'
import { selectSettings } from './select-settings.ts'
import { type MediaStreamTrackState, Track } from './track.ts'
import type { TrackSource } from './track-source.ts'

export interface MediaStreamTrackEventMap {
  ended: Event
  mute: Event
  unmute: Event
}

/** mst-content-hint, 3: what each kind of track takes; other values are ignored. */
const HINTS = {
  audio: ['', 'speech', 'speech-recognition', 'music'],
  video: ['', 'motion', 'detail', 'text'],
} as const

let slotsOf: (face: MediaStreamTrack) => Track

export class MediaStreamTrack extends TypedEventTarget<MediaStreamTrackEventMap> {
  readonly #track: Track
  declare onended: EventHandler<Event>
  declare onmute: EventHandler<Event>
  declare onunmute: EventHandler<Event>

  /** Not for applications: tracks come from connections and sources. */
  constructor(track: Track) {
    super()
    this.#track = track instanceof Track ? track.attach(this) : illegalConstructor()
  }

  /** `audio` or `video`. */
  get kind(): string {
    return this.#track.source.kind
  }

  /** Of a track from the peer: what its description calls it, where it does. */
  get id(): string {
    return this.#track.id
  }

  get label(): string {
    return this.#track.source.label
  }

  /** While it is false, the track passes nothing on. */
  get enabled(): boolean {
    return this.#track.enabled
  }

  set enabled(value: boolean) {
    this.#track.enabled = boolean(value, '')
  }

  /** Whether its source can give nothing at present. */
  get muted(): boolean {
    return this.#track.muted
  }

  get readyState(): MediaStreamTrackState {
    return this.#track.readyState
  }

  /** What the track is used for, for who encodes it. */
  get contentHint(): string {
    return this.#track.contentHint
  }

  set contentHint(value: string) {
    const hint = DOMString(value, "Failed to set the 'contentHint' property on 'MediaStreamTrack'")
    const hints: readonly string[] = HINTS[this.#track.source.kind]
    if (hints.includes(hint)) this.#track.contentHint = hint
  }

  /** A track of the same source, with an id of its own. */
  clone(): MediaStreamTrack {
    return new MediaStreamTrack(this.#track.clone())
  }

  /** Ends the track, without an event. The source stops with the last of its tracks. */
  stop(): void {
    this.#track.stop()
  }

  /** What constraints can choose among: nothing of a track from the peer (webrtc-pc, 9.3). */
  getCapabilities(): MediaTrackCapabilities {
    const { options } = this.#track.source
    return structuredClone(options.capabilities?.() ?? {})
  }

  /** What the last `applyConstraints` that succeeded was given. */
  getConstraints(): MediaTrackConstraints {
    return copyConstraints(this.#track.constraints)
  }

  /** What is known of the media: the size of the last key frame, the sample rate of the codec. */
  getSettings(): MediaTrackSettings {
    return { ...this.#track.settings() }
  }

  /**
   * Chooses among the capabilities of the source. What other tracks of the source require, holds.
   * @throws (rejects) OverconstrainedError when a required constraint cannot be satisfied; TypeError.
   */
  applyConstraints(constraints?: MediaTrackConstraints): Promise<void> {
    return promised(async () => {
      const converted = MediaTrackConstraintsDictionary(
        constraints,
        "Failed to execute 'applyConstraints' on 'MediaStreamTrack'",
      )
      const track = this.#track
      if (track.readyState === 'ended') return
      const { source } = track
      const { capabilities, configure, defaults } = source.options
      const others = source.tracks.filter(other => other !== track).map(other => other.constraints)
      const able = capabilities?.() ?? {}
      const selection = selectSettings(source.kind, able, track.settings(), converted, others, defaults)
      if ('failed' in selection) {
        throw new OverconstrainedError(selection.failed, `Cannot satisfy the constraint '${selection.failed}'.`)
      }
      track.constraints = converted
      configure?.call(source.options, selection.settings)
    })
  }

  static {
    slotsOf = face => face.#track
    defineEventHandlers(MediaStreamTrack, ['mute', 'unmute', 'ended'])
    defineInterface(MediaStreamTrack, 'MediaStreamTrack', { applyConstraints: 0 })
  }
}

/** The internal slots of a track: its source, its sinks. */
export const trackOf = (face: MediaStreamTrack): Track => slotsOf(face)

/**
 * A track of a source.
 * @param id Of a track from the peer: what its description calls it. Made up unless given.
 */
export const createTrack = (source: TrackSource, id?: string): MediaStreamTrack =>
  new MediaStreamTrack(new Track(source, id))
