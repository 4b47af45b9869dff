/**
 * What is behind tracks (mediacapture-main, 3): one source, any number of tracks that share it. It has no face; a receiver of
 * a connection makes one, and so do the sources that an application writes to.
 *
 * A source has one form in which its media is: RTP packets, or encoded frames. A sink that takes both gets that form. One
 * that takes frames alone gets them also of a source of packets, if that can put them together.
 */

import type { EncodedFrame, MediaKind } from '../rtp/index.ts'
import type { MediaTrackCapabilities, MediaTrackConstraints, MediaTrackSettings } from './constraint-types.ts'
import type { SourcePacket } from './source-packet.ts'

export type MediaForm = 'packets' | 'frames'

/**
 * Takes what a track carries. Called synchronously, not while the track is disabled, and never after it has ended. Later
 * there will be more that is optional: decoded audio, pictures.
 */
export interface TrackSink {
  /** @param now Monotonic milliseconds; undefined where the source has no clock, as one that an application writes to. */
  packet?(packet: SourcePacket, now: number | undefined): void
  /**
   * `frame` and its bytes may be kept and must not be changed.
   * @param stream That it belongs to, as `SourcePacket.source`.
   */
  frame?(frame: EncodedFrame, now: number | undefined, stream: object): void
  /** The track has ended, by `stop()` or with its source: nothing more comes. */
  ended?(): void
}

/** What a source asks of its tracks. */
export interface AttachedTrack {
  readonly constraints: MediaTrackConstraints
  takes(form: MediaForm): boolean
  packet(packet: SourcePacket, now: number | undefined): void
  frame(frame: EncodedFrame, now: number | undefined, stream: object): void
  sourceMuted(muted: boolean): void
  sourceEnded(): void
}

export interface TrackSourceOptions {
  readonly kind: MediaKind
  readonly label?: string
  readonly form: MediaForm
  /** A source of packets: whether it gives frames when asked to by `demandChanged`. */
  readonly makesFrames?: boolean
  readonly muted?: boolean
  /** A key frame is wanted: a sink of one of the tracks, or the application, cannot go on without. */
  requestKeyFrame?(): void
  /** Whether anyone wants packets, or frames, may have changed: see `wantsPackets`, `wantsFrames`. */
  demandChanged?(): void
  /** The last track was stopped, or the source was ended. */
  stopped?(): void
  /** What it is at present (mediacapture-main, getSettings): read each time. */
  settings?(): MediaTrackSettings
  /** What it could be; its settings, unless given. */
  capabilities?(): MediaTrackCapabilities
  /** What constraints choose where they want nothing; what it is at present, unless given. */
  readonly defaults?: MediaTrackSettings
  /** Constraints have chosen among the capabilities. */
  configure?(settings: MediaTrackSettings): void
}

export class TrackSource {
  readonly kind: MediaKind
  readonly label: string
  readonly form: MediaForm
  readonly options: TrackSourceOptions
  #muted: boolean
  #ended = false
  /** Replaced, never changed: a sink may stop tracks while they are gone through. */
  #tracks: readonly AttachedTrack[] = []
  #wantsPackets = false
  #wantsFrames = false
  #frames = 0
  /** Of frames: the stream, and its SSRC. */
  #stream: object = {}
  #ssrc = -1

  constructor(options: TrackSourceOptions) {
    this.options = options
    this.kind = options.kind
    this.label = options.label ?? ''
    this.form = options.form
    this.#muted = options.muted ?? false
  }

  get muted(): boolean {
    return this.#muted
  }

  get ended(): boolean {
    return this.#ended
  }

  /** Frames of video so far, by the marker of its packets where it has them: for webrtc-stats' media-source. */
  get frames(): number {
    return this.#frames
  }

  /** Whether a sink of a track takes packets; frames. */
  get wantsPackets(): boolean {
    return this.#wantsPackets
  }

  get wantsFrames(): boolean {
    return this.#wantsFrames
  }

  /** Whether a sink that takes media in this form alone gets any. */
  gives(form: MediaForm): boolean {
    return form === this.form || (form === 'frames' && this.options.makesFrames === true)
  }

  /** The live tracks. */
  get tracks(): readonly AttachedTrack[] {
    return this.#tracks
  }

  // What the tracks tell

  attach(track: AttachedTrack): void {
    this.#tracks = [...this.#tracks, track]
    this.demandChanged()
  }

  /** A track was stopped. */
  detach(track: AttachedTrack): void {
    this.#tracks = this.#tracks.filter(other => other !== track)
    if (this.#tracks.length > 0) this.demandChanged()
    else this.end()
  }

  /** The sinks of a track are others than before. */
  demandChanged(): void {
    const packets = this.#tracks.some(track => track.takes('packets'))
    const frames = this.#tracks.some(track => track.takes('frames'))
    if (packets === this.#wantsPackets && frames === this.#wantsFrames) return
    this.#wantsPackets = packets
    this.#wantsFrames = frames
    this.options.demandChanged?.()
  }

  requestKeyFrame(): void {
    if (!this.#ended && this.kind === 'video') this.options.requestKeyFrame?.()
  }

  // What the owner tells

  /** Media for the tracks that are enabled. Ignored once the source has ended. */
  packet(packet: SourcePacket, now: number | undefined): void {
    if (packet.marker) this.#frames++
    for (const track of this.#tracks) track.packet(packet, now)
  }

  frame(frame: EncodedFrame, now: number | undefined): void {
    if (this.form === 'frames') this.#frames++
    if (frame.ssrc !== this.#ssrc) this.interrupt()
    this.#ssrc = frame.ssrc
    for (const track of this.#tracks) track.frame(frame, now, this.#stream)
  }

  /** The frames that come do not follow those before: some were left out. */
  interrupt(): void {
    this.#stream = {}
  }

  /**
   * Whether the source can give anything at present. The tracks change at once and fire `mute` or `unmute`: to be called from
   * a task of its own (mediacapture-main, "set a track's muted state"). What comes is passed on all the same.
   */
  setMuted(muted: boolean): void {
    if (muted === this.#muted || this.#ended) return
    this.#muted = muted
    for (const track of this.#tracks) track.sourceMuted(muted)
  }

  /** Nothing more comes. The tracks end at once and fire `ended`: to be called from a task of its own. */
  end(): void {
    if (this.#ended) return
    this.#ended = true
    const tracks = this.#tracks
    this.#tracks = []
    for (const track of tracks) track.sourceEnded()
    this.demandChanged()
    this.options.stopped?.()
  }
}
