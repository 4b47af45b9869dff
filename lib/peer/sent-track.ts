/** What a sender does with its track: takes its packets, or frames, and sends them; asks its source for key frames. */

import { type MediaStreamTrack, type SourcePacket, type TrackSink, trackOf } from '../media/index.ts'
import type { EncodedFrame } from '../rtp/index.ts'
import type { MediaLink } from '../session/index.ts'

/** What a sent track asks of its connection. */
export interface SentTrackOwner {
  readonly closed: boolean
  now(): number
  touch(): void
}

export class SentTrack implements TrackSink {
  track: MediaStreamTrack | null = null
  readonly #link: MediaLink
  readonly #owner: SentTrackOwner
  #stopped = false

  constructor(link: MediaLink, owner: SentTrackOwner) {
    this.#link = link
    this.#owner = owner
  }

  set(track: MediaStreamTrack | null): void {
    if (track === this.track) return
    if (this.track !== null) trackOf(this.track).removeSink(this)
    this.track = track
    if (track === null || this.#stopped) return
    trackOf(track).addSink(this)
    this.requestKeyFrame()
  }

  /** Nothing more is sent; the track stays what it was (webrtc-pc, stop). */
  stop(): void {
    this.#stopped = true
    if (this.track !== null) trackOf(this.track).removeSink(this)
  }

  requestKeyFrame(): void {
    if (this.track?.kind === 'video') trackOf(this.track).requestKeyFrame()
  }

  packet(packet: SourcePacket, now: number | undefined): void {
    this.#link.sendPacket(packet, now ?? this.#owner.now())
    this.#sent()
  }

  frame(frame: EncodedFrame, now: number | undefined, stream: object): void {
    this.#link.sendFrame(frame, stream, now ?? this.#owner.now())
    this.#sent()
  }

  /** A sender may have an event to tell: that it waits for a key frame. */
  #sent(): void {
    this.#owner.touch()
  }
}
