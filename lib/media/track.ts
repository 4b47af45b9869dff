/**
 * The internal slots of a MediaStreamTrack (mediacapture-main, 4.3.1), and its sinks: what takes the media of this track, as
 * senders and readers do.
 */

import { illegalConstructor } from '../idl/index.ts'
import type { EncodedFrame } from '../rtp/index.ts'
import type { MediaTrackConstraints, MediaTrackSettings } from './constraint-types.ts'
import { createIdentifier } from './identifier.ts'
import type { SourcePacket } from './source-packet.ts'
import type { AttachedTrack, MediaForm, TrackSink, TrackSource } from './track-source.ts'

export type MediaStreamTrackState = 'live' | 'ended'

/** What a track goes on to tell when it has ended (mediacapture-main, 4.3.6). */
const INHERENT = ['deviceId', 'facingMode', 'groupId'] as const

interface Subscription {
  readonly sink: TrackSink
  readonly packets: boolean
  readonly frames: boolean
}

export class Track implements AttachedTrack {
  readonly id: string
  readonly source: TrackSource
  muted: boolean
  readyState: MediaStreamTrackState
  contentHint = ''
  constraints: MediaTrackConstraints = {}
  #face: EventTarget | undefined
  #enabled = true
  /** Since it was enabled again: the streams that were interrupted, and what they are called since. */
  #interrupted: WeakMap<object, object> | undefined
  readonly #lastSettings: MediaTrackSettings = {}
  /** Replaced, never changed: a sink may remove itself while they are gone through. */
  #subscriptions: readonly Subscription[] = []

  /** @param id Of a remote track: what the peer's description calls it. */
  constructor(source: TrackSource, id: string = createIdentifier()) {
    this.id = id
    this.source = source
    this.muted = source.muted
    this.readyState = source.ended ? 'ended' : 'live'
    if (!source.ended) source.attach(this)
  }

  get enabled(): boolean {
    return this.#enabled
  }

  /** What comes after a track was disabled does not follow what came before: video goes on with a key frame. */
  set enabled(value: boolean) {
    if (value && !this.#enabled) {
      this.#interrupted = new WeakMap()
      this.requestKeyFrame()
    }
    this.#enabled = value
  }

  /** Called by the face's constructor: the one object at which the events are fired. */
  attach(face: EventTarget): this {
    if (this.#face !== undefined) illegalConstructor()
    this.#face = face
    return this
  }

  /** A track of the same source with what this one was set to (mediacapture-main, "clone a track"). */
  clone(): Track {
    const clone = new Track(this.source)
    if (this.readyState === 'ended' && clone.readyState === 'live') clone.stop()
    clone.enabled = this.enabled
    clone.contentHint = this.contentHint
    clone.constraints = this.constraints
    return clone
  }

  /** By the application: no event tells of it. */
  stop(): void {
    if (this.readyState === 'ended') return
    this.#end()
    this.source.detach(this)
  }

  /** What the media is at present; of a track that has ended, what is inherent to its source (getSettings). */
  settings(): MediaTrackSettings {
    return this.readyState === 'live' ? this.#readSettings() : this.#lastSettings
  }

  #readSettings(): MediaTrackSettings {
    const settings = this.source.options.settings?.() ?? {}
    const { width, height, aspectRatio } = settings
    if (aspectRatio !== undefined || !width || !height) return settings
    // To the tenth decimal place (mediacapture-main, 4.3.8).
    return { ...settings, aspectRatio: Math.round((width / height) * 1e10) / 1e10 }
  }

  // Sinks

  /** Whether any sink takes this form. */
  takes(form: MediaForm): boolean {
    return this.#subscriptions.some(({ packets, frames }) => (form === 'packets' ? packets : frames))
  }

  /**
   * Adds a sink, once. One that takes both packets and frames gets the form in which the source has them. To a track that has
   * ended nothing is added, and `ended` is called at once.
   */
  addSink(sink: TrackSink): void {
    if (this.readyState === 'ended') {
      sink.ended?.()
      return
    }
    if (this.#subscriptions.some(subscription => subscription.sink === sink)) return
    const { form } = this.source
    const packets = sink.packet !== undefined && (form === 'packets' || sink.frame === undefined)
    const frames = sink.frame !== undefined && !packets
    this.#subscriptions = [...this.#subscriptions, { sink, packets, frames }]
    this.source.demandChanged()
  }

  removeSink(sink: TrackSink): void {
    const rest = this.#subscriptions.filter(subscription => subscription.sink !== sink)
    if (rest.length === this.#subscriptions.length) return
    this.#subscriptions = rest
    this.source.demandChanged()
  }

  /** The sinks that there are, for who counts them. */
  get sinkCount(): number {
    return this.#subscriptions.length
  }

  requestKeyFrame(): void {
    if (this.readyState === 'live') this.source.requestKeyFrame()
  }

  // What the source tells

  packet(packet: SourcePacket, now: number | undefined): void {
    if (!this.#enabled || this.readyState === 'ended') return
    if (this.#interrupted === undefined) {
      this.#handOver(packet, now)
      return
    }
    const { source } = packet
    packet.source = this.#streamOf(source, this.#interrupted)
    this.#handOver(packet, now)
    packet.source = source
  }

  #handOver(packet: SourcePacket, now: number | undefined): void {
    for (const { sink, packets } of this.#subscriptions) if (packets) sink.packet?.(packet, now)
  }

  frame(frame: EncodedFrame, now: number | undefined, stream: object): void {
    if (!this.#enabled || this.readyState === 'ended') return
    const own = this.#interrupted === undefined ? stream : this.#streamOf(stream, this.#interrupted)
    for (const { sink, frames } of this.#subscriptions) if (frames) sink.frame?.(frame, now, own)
  }

  #streamOf(stream: object, interrupted: WeakMap<object, object>): object {
    let own = interrupted.get(stream)
    if (own === undefined) {
      own = {}
      interrupted.set(stream, own)
    }
    return own
  }

  sourceMuted(muted: boolean): void {
    if (muted === this.muted || this.readyState === 'ended') return
    this.muted = muted
    this.#face?.dispatchEvent(new Event(muted ? 'mute' : 'unmute'))
  }

  sourceEnded(): void {
    if (this.readyState === 'ended') return
    this.#end()
    this.#face?.dispatchEvent(new Event('ended'))
  }

  #end(): void {
    const settings = this.#readSettings()
    for (const name of INHERENT) if (settings[name] !== undefined) this.#lastSettings[name] = settings[name]
    this.readyState = 'ended'
    const subscriptions = this.#subscriptions
    this.#subscriptions = []
    for (const { sink } of subscriptions) sink.ended?.()
  }
}
