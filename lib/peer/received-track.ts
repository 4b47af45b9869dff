/**
 * The track of what a receiver gets: a source of RTP packets that puts frames together for whoever takes frames. Muted until
 * something comes (webrtc-pc, 5.3).
 */

import {
  audioSettings,
  createTrack,
  extensionTable,
  type MediaStreamTrack,
  type MediaTrackSettings,
  SourcePacketView,
  TrackSource,
} from '../media/index.ts'
import type { EncodedFrame, MediaKind, PayloadCodec, RtpPacket } from '../rtp/index.ts'
import type { MediaLink } from '../session/index.ts'
import { FrameRate } from './frame-rate.ts'

/** What a received track asks of its connection. */
export interface ReceivedTrackOwner {
  now(): number
  touch(): void
  enter(): boolean
  leave(outer: boolean): void
}

/** As many as a receiver knows streams. */
const MOST_STREAMS = 16

export class ReceivedTrack {
  readonly source: TrackSource
  readonly face: MediaStreamTrack
  readonly #link: MediaLink
  readonly #owner: ReceivedTrackOwner
  /** One for each stream of the peer's, by its SSRC: their numbers and times are of different sources. */
  readonly #views = new Map<number, SourcePacketView>()
  #codecs: (PayloadCodec | undefined)[] = []
  #uris: readonly (string | undefined)[] = []
  #settings: MediaTrackSettings = {}
  #payloadType = -1
  /** Video, while somebody takes it. */
  #rate: FrameRate | undefined

  constructor(kind: MediaKind, link: MediaLink, owner: ReceivedTrackOwner, id: string | undefined) {
    this.#link = link
    this.#owner = owner
    this.source = new TrackSource({
      kind,
      label: `remote ${kind}`,
      form: 'packets',
      makesFrames: true,
      muted: true,
      requestKeyFrame: () => {
        link.requestKeyFrame()
        owner.touch()
      },
      demandChanged: () => this.#tap(),
      settings: () => this.#readSettings(),
    })
    this.face = createTrack(this.source, id)
  }

  /** With what frames there were lately, once they were counted for a second. */
  #readSettings(): MediaTrackSettings {
    const frameRate = this.#rate?.at(this.#owner.now())
    return frameRate === undefined ? this.#settings : { ...this.#settings, frameRate }
  }

  /** What may come was settled anew. */
  configure(): void {
    const receive = this.#link.transceiver.negotiated?.receive
    this.#codecs = []
    for (const codec of receive?.codecs ?? []) this.#codecs[codec.payloadType] = codec
    this.#uris = extensionTable(receive?.extensions ?? [])
    this.#payloadType = -1
  }

  /** Nothing more comes. */
  cut(): void {
    this.#link.onPacket = undefined
    this.#link.onFrame = undefined
  }

  #tap(): void {
    this.#link.onPacket = this.source.wantsPackets ? this.#packet : undefined
    this.#link.onFrame = this.source.wantsFrames ? this.#frame : undefined
    if (!this.source.wantsPackets && !this.source.wantsFrames) this.#rate = undefined
  }

  #count(now: number): void {
    if (this.source.kind !== 'video') return
    this.#rate ??= new FrameRate(now)
    this.#rate.count(now)
  }

  readonly #packet = (packet: RtpPacket, now: number): void => {
    const codec = this.#codecs[packet.payloadType]
    if (codec === undefined) return
    let view = this.#views.get(packet.ssrc)
    if (view === undefined) {
      if (this.#views.size >= MOST_STREAMS) this.#views.clear()
      view = new SourcePacketView({})
      this.#views.set(packet.ssrc, view)
    }
    this.#learn(packet.payloadType)
    if (packet.marker) this.#count(now)
    // A reader may call the application from here.
    const outer = this.#owner.enter()
    try {
      this.source.packet(view.fill(packet, codec, this.#uris), now)
    } finally {
      this.#owner.leave(outer)
    }
  }

  readonly #frame = (frame: EncodedFrame, now: number): void => {
    const { width, height } = frame.video ?? {}
    this.#learn(frame.payloadType)
    if (!this.source.wantsPackets) this.#count(now)
    if (width && height && frame.keyFrame) this.#settings = { ...this.#settings, width, height }
    const outer = this.#owner.enter()
    try {
      this.source.frame(frame, now)
    } finally {
      this.#owner.leave(outer)
    }
  }

  /** What the codec in use says of the media. */
  #learn(payloadType: number): void {
    if (payloadType === this.#payloadType) return
    this.#payloadType = payloadType
    const codec = this.#codecs[payloadType]
    if (codec !== undefined && this.source.kind === 'audio') this.#settings = audioSettings(codec)
  }
}
