/**
 * What every payload format does: cuts a frame into payloads, says of one payload what it is, and joins payloads again.
 *
 * Cutting writes the format's own header into a scratch buffer and names a range of the frame, so that whoever sends copies
 * each byte once. Joining gets the payloads of one frame in their order: what orders them and waits for lost ones is flow's.
 */

import type { VideoFrameDetails } from '../frame.ts'

/**
 * One payload: `header[0, headerLength)`, then `body[start, end)`. Both are borrowed.
 * @param last Whether it ends the frame: the marker bit of video (RFC 3550, 5.1).
 */
export type PayloadSink = (
  header: Uint8Array,
  headerLength: number,
  body: Uint8Array,
  start: number,
  end: number,
  last: boolean,
) => void

/** What a packetizer is told of a frame besides its bytes. */
export interface FrameToPacketize {
  readonly data: Uint8Array
  readonly keyFrame: boolean
  readonly video?: VideoFrameDetails
  /** H264, H265: bytes of the length in front of each NAL unit (1, 2, 4). Without it, and without `description`, start codes are. */
  readonly lengthSize?: number
  /**
   * H264, H265: the decoder's configuration record (ISO/IEC 14496-15), as WebCodecs gives it. It says `lengthSize`, and the
   * parameter sets that go ahead of key frames. Compared by identity.
   */
  readonly description?: Uint8Array
}

/** Has state (picture ids count up): one for each outgoing stream. */
export interface Packetizer {
  /**
   * Cuts a frame into payloads of at most `limit` bytes. A frame that the format cannot carry (malformed, empty) makes none.
   * @returns How many payloads there were.
   */
  packetize(frame: FrameToPacketize, limit: number, sink: PayloadSink): number
}

/** What one payload says of itself; filled anew for each, so that nothing is allocated. */
export interface PayloadInfo {
  /** Whether a frame may begin with this payload: true where the format cannot tell. */
  begins: boolean
  /** Whether the payload says that the frame ends with it; the marker bit may say so too. */
  ends: boolean
  /** Whether it is (part of) a frame that can be decoded without another, as far as this payload shows. */
  keyFrame: boolean
  /** -1 where it is not said. */
  spatialLayer: number
  temporalLayer: number
  /** -1 where it is not said. */
  pictureId: number
  baseLayerIndex: number
}

export interface JoinedFrame {
  readonly data: Uint8Array
  readonly keyFrame: boolean
  readonly video?: VideoFrameDetails
}

/** May have state (AV1's sequence header, H264's parameter sets): one for each incoming stream. */
export interface Depacketizer {
  /** Reads `bytes[start, end)`; false for what is no payload of this format. */
  describe(bytes: Uint8Array, start: number, end: number, info: PayloadInfo): boolean
  /** Joins all payloads of one frame in their order; undefined when they do not make a frame. `payloads` are kept bytes. */
  join(payloads: readonly Uint8Array[]): JoinedFrame | undefined
}

export interface PayloadFormat {
  /** As in `a=rtpmap`, upper case: `VP8`. */
  readonly encoding: string
  /** Audio: how many ticks of the RTP clock the payload `bytes[start, end)` lasts; -1 where it is no payload of this format. */
  durationOf?(bytes: Uint8Array, start: number, end: number): number
  /**
   * @param parameters Of `a=fmtp` in the peer's description, names in lower case: what it can receive.
   * @param initial Seeds what counts up (a picture id): 16 random bits.
   */
  createPacketizer(parameters: ReadonlyMap<string, string>, initial: number): Packetizer
  /** @param parameters Of `a=fmtp` in the peer's description, names in lower case: what it says of what it sends. */
  createDepacketizer(parameters: ReadonlyMap<string, string>): Depacketizer
}

export const emptyPayloadInfo = (): PayloadInfo => ({
  begins: false,
  ends: false,
  keyFrame: false,
  spatialLayer: -1,
  temporalLayer: -1,
  pictureId: -1,
  baseLayerIndex: -1,
})
