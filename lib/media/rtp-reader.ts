/**
 * RTP packets out of a track: what came from the peer, or was written to an `RtpSource`, before anything is decoded. An
 * addition to W3C's objects.
 */

import type { MediaStreamTrack } from './media-stream-track.ts'
import type { RtpHeaderExtension, SourcePacket } from './source-packet.ts'
import { callApplication, type ReaderOptions, TrackReader } from './track-reader.ts'

/** A packet of a track, for who reads it: a copy of its own. What `RtpSource.write` takes. */
export interface ReceivedRtpPacket {
  readonly payloadType: number
  /** 16 bits. */
  readonly sequenceNumber: number
  /** 32 bits, in units of `clockRate`. */
  readonly timestamp: number
  readonly ssrc: number
  readonly marker: boolean
  readonly csrcs: readonly number[]
  /** Without padding; empty in a packet of nothing else. */
  readonly payload: Uint8Array
  /** Those that were negotiated. */
  readonly extensions: readonly RtpHeaderExtension[]
  /** Of its payload type, as `video/VP8`. */
  readonly mimeType: string
  /** Hertz. */
  readonly clockRate: number
  /** Monotonic milliseconds; undefined for one that the application has written. */
  readonly receivedAt: number | undefined
}

export interface RtpReaderOptions extends ReaderOptions {
  /**
   * Called for each packet as it comes, in place of keeping it. The packet and all of its bytes are borrowed: they are those of
   * the next one when the callback has returned. Nothing is copied.
   */
  readonly onpacket?: (packet: SourcePacket) => void
}

/** Packets that are kept, unless said otherwise: about three seconds of 3 Mbit/s. */
const CAPACITY = 1024
/** What a packet costs beside its payload. */
const OVERHEAD = 200

const copyOf = (packet: SourcePacket, now: number | undefined): ReceivedRtpPacket => ({
  payloadType: packet.payloadType,
  sequenceNumber: packet.sequenceNumber,
  timestamp: packet.timestamp,
  ssrc: packet.ssrc,
  marker: packet.marker,
  csrcs: packet.csrcs.slice(),
  payload: packet.bytes.slice(packet.payloadStart, packet.payloadEnd),
  extensions: packet.extensions.map(({ uri, bytes }) => ({ uri, bytes: bytes.slice() })),
  mimeType: packet.mimeType,
  clockRate: packet.clockRate,
  receivedAt: now,
})

export class RtpReader extends TrackReader<ReceivedRtpPacket> {
  /**
   * Begins to read.
   * @param options `capacity` in packets, 1024 unless given: when there are more, the oldest is dropped and counted.
   * @throws `NotSupportedError` for a track whose source has no packets (`EncodedVideoSource`, `EncodedAudioSource`).
   */
  constructor(track: MediaStreamTrack, options: RtpReaderOptions = {}) {
    const { onpacket } = options
    super(
      track,
      {
        form: 'packets',
        capacity: CAPACITY,
        untilKey: false,
        callback: onpacket,
        sink: (offer, count) => ({ packet: onpacket === undefined ? keep(offer) : hand(onpacket, count) }),
      },
      options,
    )
  }
}

type Offer = (value: ReceivedRtpPacket, size: number, isKey: boolean) => void

const keep = (offer: Offer) => (packet: SourcePacket, now: number | undefined) =>
  offer(copyOf(packet, now), packet.payloadEnd - packet.payloadStart + OVERHEAD, true)

const hand = (callback: (packet: SourcePacket) => void, count: () => void) => (packet: SourcePacket) => {
  count()
  callApplication(callback, packet)
}
