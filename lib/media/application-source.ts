/**
 * What the sources that an application writes to have in common: a track, key frame requests, mute, and an end. An addition
 * to W3C's objects, with the names of mediacapture-transform's VideoTrackGenerator where it has them.
 */

import {
  boolean,
  defineEventHandlers,
  defineInterface,
  type EventHandler,
  getEventHandler,
  setEventHandler,
  TypedEventTarget,
} from '../idl/index.ts'
import type { MediaKind } from '../rtp/index.ts'
import type { MediaTrackCapabilities, MediaTrackSettings } from './constraint-types.ts'
import { KeyFrameRequestEvent } from './key-frame-request-event.ts'
import { createTrack, type MediaStreamTrack } from './media-stream-track.ts'
import { type MediaForm, TrackSource } from './track-source.ts'

export interface ApplicationSourceInit {
  /** The track's. */
  readonly label?: string
  /** What `track.getSettings()` tells, and what constraints that want nothing choose; changed by `settings`. */
  readonly settings?: MediaTrackSettings
  /** What `track.applyConstraints()` may choose among. Without it, what is in `settings` cannot be changed by constraints. */
  readonly capabilities?: MediaTrackCapabilities
}

export interface ApplicationSourceEventMap {
  keyframerequest: KeyFrameRequestEvent
  settingschange: Event
  ended: Event
}

/** After what runs now: as an event that the user agent would fire from a task of its own. */
const soon = (step: () => void): void => {
  Promise.resolve().then(step)
}

export abstract class ApplicationSource extends TypedEventTarget<ApplicationSourceEventMap> {
  /** What is written: as many others as are needed are its clones. */
  readonly track: MediaStreamTrack
  /** For the classes of this room. */
  protected readonly source: TrackSource
  #settings: MediaTrackSettings
  #muted = false
  #ending = false
  declare onended: EventHandler<Event>
  declare onsettingschange: EventHandler<Event>

  constructor(kind: MediaKind, form: MediaForm, { label, settings, capabilities }: ApplicationSourceInit) {
    super()
    this.#settings = { ...settings }
    this.source = new TrackSource({
      kind,
      form,
      makesFrames: true,
      ...(label !== undefined && { label: `${label}` }),
      requestKeyFrame: () => this.dispatchEvent(new KeyFrameRequestEvent('keyframerequest')),
      stopped: () => soon(() => this.dispatchEvent(new Event('ended'))),
      settings: () => this.#settings,
      capabilities: () => capabilities ?? {},
      ...(settings && { defaults: { ...settings } }),
      configure: chosen => this.#configure(chosen),
    })
    this.track = createTrack(this.source)
  }

  /** Whether nothing more can be written: `end` was called, or the last track was stopped. */
  get ended(): boolean {
    return this.#ending || this.source.ended
  }

  /** While it is true the tracks are muted, and what is written is dropped. Afterwards video is to go on with a key frame. */
  get muted(): boolean {
    return this.#muted
  }

  set muted(value: boolean) {
    const muted = boolean(value, '')
    if (muted === this.#muted) return
    this.#muted = muted
    if (!muted) {
      this.interrupted()
      this.source.requestKeyFrame()
    }
    soon(() => this.source.setMuted(this.#muted))
  }

  /** What the tracks tell of the media. After `settingschange`, what constraints have chosen: the application may follow. */
  get settings(): MediaTrackSettings {
    return { ...this.#settings }
  }

  set settings(value: MediaTrackSettings) {
    this.#settings = { ...value }
  }

  /** What comes does not follow what came before. */
  protected interrupted(): void {
    this.source.interrupt()
  }

  /** Ends the tracks. What is written later is dropped. */
  end(): void {
    if (this.ended) return
    this.#ending = true
    soon(() => this.source.end())
  }

  get onkeyframerequest(): EventHandler<Event> {
    return getEventHandler(this, ApplicationSource, 'keyframerequest')
  }

  set onkeyframerequest(handler: EventHandler<KeyFrameRequestEvent>) {
    setEventHandler(this, ApplicationSource, 'keyframerequest', handler)
  }

  #configure(chosen: MediaTrackSettings): void {
    const before = this.#settings
    const names = Object.keys(chosen) as (keyof MediaTrackSettings)[]
    if (names.every(name => chosen[name] === before[name])) return
    this.#settings = { ...before, ...chosen }
    soon(() => this.dispatchEvent(new Event('settingschange')))
  }

  static {
    defineEventHandlers(ApplicationSource, ['ended', 'settingschange'])
    defineInterface(ApplicationSource, 'ApplicationSource')
  }
}
