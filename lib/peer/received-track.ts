/**
 * The track of what a receiver gets: a source of RTP packets that puts frames together for whoever takes frames. Muted until
 * something comes (webrtc-pc, 5.3).
 */

import { createTrack, extensionTable, type MediaStreamTrack, SourcePacketView, TrackSource } from '../media/index.ts'
import type { MediaKind, PayloadCodec, RtpPacket } from '../rtp/index.ts'
import type { MediaLink } from '../session/index.ts'

/** What a received track asks of its connection. */
export interface ReceivedTrackOwner {
  touch(): void
}

export class ReceivedTrack {
  readonly source: TrackSource
  readonly face: MediaStreamTrack
  readonly #link: MediaLink
  /** One for each stream of the peer's, by its SSRC: their numbers and times are of different sources. */
  readonly #views = new Map<number, SourcePacketView>()
  #codecs: (PayloadCodec | undefined)[] = []
  #uris: readonly (string | undefined)[] = []

  constructor(kind: MediaKind, link: MediaLink, owner: ReceivedTrackOwner, id: string | undefined) {
    this.#link = link
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
    })
    this.face = createTrack(this.source, id)
  }

  /** What may come was settled anew. */
  configure(): void {
    const receive = this.#link.transceiver.negotiated?.receive
    this.#codecs = []
    for (const codec of receive?.codecs ?? []) this.#codecs[codec.payloadType] = codec
    this.#uris = extensionTable(receive?.extensions ?? [])
  }

  #tap(): void {
    const { source } = this
    this.#link.onPacket = source.wantsPackets ? this.#packet : undefined
    this.#link.onFrame = source.wantsFrames ? (frame, now) => source.frame(frame, now) : undefined
  }

  readonly #packet = (packet: RtpPacket, now: number): void => {
    const codec = this.#codecs[packet.payloadType]
    if (codec === undefined) return
    let view = this.#views.get(packet.ssrc)
    if (view === undefined) {
      // As many as a receiver knows streams.
      if (this.#views.size >= 16) this.#views.clear()
      view = new SourcePacketView({})
      this.#views.set(packet.ssrc, view)
    }
    this.source.packet(view.fill(packet, codec, this.#uris), now)
  }
}
