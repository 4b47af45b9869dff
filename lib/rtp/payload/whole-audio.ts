/**
 * Audio formats whose payload is the frame itself, one payload a frame: nothing is put in front, nothing is cut, because each
 * payload needs a timestamp of its own (RFC 3551, 4.5; RFC 7587, 4.2). What is longer than a packet is the sender's to make shorter.
 */

import type { Depacketizer, FrameToPacketize, Packetizer, PayloadFormat, PayloadInfo, PayloadSink } from './format.ts'

const NO_HEADER = new Uint8Array(0)

/** Says how many ticks of the RTP clock the payload `bytes[start, end)` lasts: 0 if it is no sound, -1 if it is no payload. */
export type AudioDuration = (bytes: Uint8Array, start: number, end: number) => number

class WholePacketizer implements Packetizer {
  readonly #durationOf: AudioDuration

  constructor(durationOf: AudioDuration) {
    this.#durationOf = durationOf
  }

  packetize({ data }: FrameToPacketize, limit: number, sink: PayloadSink): number {
    if (data.length > limit || this.#durationOf(data, 0, data.length) < 0) return 0
    sink(NO_HEADER, 0, data, 0, data.length, true)
    return 1
  }
}

class WholeDepacketizer implements Depacketizer {
  readonly #durationOf: AudioDuration

  constructor(durationOf: AudioDuration) {
    this.#durationOf = durationOf
  }

  describe(bytes: Uint8Array, start: number, end: number, info: PayloadInfo): boolean {
    info.begins = true
    info.ends = true
    info.keyFrame = true
    info.spatialLayer = -1
    info.temporalLayer = -1
    info.pictureId = -1
    info.baseLayerIndex = -1
    return this.#durationOf(bytes, start, end) >= 0
  }

  join(payloads: readonly Uint8Array[]) {
    const data = payloads[0]
    if (payloads.length !== 1 || data === undefined || this.#durationOf(data, 0, data.length) < 0) return undefined
    return { data, keyFrame: true }
  }
}

/** A format of this kind. Its packetizer and depacketizer have no state: they are the same for all streams. */
export const wholeAudioFormat = (encoding: string, durationOf: AudioDuration): PayloadFormat => {
  const packetizer = new WholePacketizer(durationOf)
  const depacketizer = new WholeDepacketizer(durationOf)
  return {
    encoding,
    durationOf,
    createPacketizer: () => packetizer,
    createDepacketizer: () => depacketizer,
  }
}
