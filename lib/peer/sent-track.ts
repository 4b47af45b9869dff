/** What a sender does with its track: takes its packets, or frames, and sends them; asks its source for key frames. */

import { type MediaStreamTrack, type SourcePacket, type TrackSink, trackOf } from '../media/index.ts'
import type { EncodedFrame } from '../rtp/index.ts'
import type { MediaLink } from '../session/index.ts'
import { FrameRate } from './frame-rate.ts'

/** What a sent track asks of its connection. */
export interface SentTrackOwner {
  now(): number
  flushSoon(): void
}

/** Milliseconds for which nothing but packets that leave needs no flush. */
const REST = 10

export class SentTrack {
  track: MediaStreamTrack | null = null
  /** Of a track with video, since it is the sender's. */
  frameRate: FrameRate | undefined
  readonly #link: MediaLink
  readonly #owner: SentTrackOwner
  readonly #sink: TrackSink
  #stopped = false
  #flushedAt = Number.NEGATIVE_INFINITY

  constructor(link: MediaLink, owner: SentTrackOwner) {
    this.#link = link
    this.#owner = owner
    this.#sink = {
      packet: (packet, now) => this.#packet(packet, now),
      frame: (frame, now, stream) => this.send(frame, now, stream),
    }
  }

  set(track: MediaStreamTrack | null): void {
    if (track === this.track) return
    this.#detach()
    this.track = track
    this.frameRate = track?.kind === 'video' ? new FrameRate(this.#owner.now()) : undefined
    this.#attach()
  }

  /** Nothing more is sent; the track stays what it was (webrtc-pc, stop). */
  stop(): void {
    this.#detach()
    this.#stopped = true
  }

  #attach(): void {
    if (this.track === null || this.#stopped) return
    trackOf(this.track).addSink(this.#sink)
    this.requestKeyFrame()
  }

  #detach(): void {
    if (this.track !== null) trackOf(this.track).removeSink(this.#sink)
  }

  requestKeyFrame(): void {
    if (this.track?.kind === 'video') trackOf(this.track).requestKeyFrame()
  }

  #packet(packet: SourcePacket, now: number | undefined): void {
    const at = now ?? this.#owner.now()
    if (packet.marker) this.frameRate?.count(at)
    // What was sent has left by now, and the machine needs to be looked after only now and then. What the sender has to tell of
    // a packet that was not sent, that it waits for a key frame, is told at the flush.
    if (this.#link.sendPacket(packet, at) && at < this.#flushedAt + REST) return
    this.#flushedAt = at
    this.#owner.flushSoon()
  }

  /** Sends a frame; nothing once it is stopped. */
  send(frame: EncodedFrame, now: number | undefined, stream: object): void {
    if (this.#stopped) return
    const at = now ?? this.#owner.now()
    this.frameRate?.count(at)
    this.#link.sendFrame(frame, stream, at)
    this.#owner.flushSoon()
  }
}
