/**
 * VP8 (RFC 7741): a frame is cut anywhere, behind a descriptor that says where it begins and how it stands to others.
 *
 * Every frame that goes out has a picture id of 15 bits, one more than the one before. TL0PICIDX, TID and Y are there when the
 * frame has a temporal layer. All payloads are of partition 0, as 4.2 allows.
 */

import type { VideoFrameDetails } from '../frame.ts'
import type {
  Depacketizer,
  FrameToPacketize,
  JoinedFrame,
  Packetizer,
  PayloadFormat,
  PayloadInfo,
  PayloadSink,
} from './format.ts'
import { LONGEST_VP8_DESCRIPTOR, Vp8Descriptor } from './vp8-descriptor.ts'
import { Vp8FrameHeader } from './vp8-frame-header.ts'

const PICTURE_ID_MASK = 0x7fff
const HIGHEST_TEMPORAL_LAYER = 3

class Vp8Packetizer implements Packetizer {
  readonly #descriptor = new Vp8Descriptor()
  readonly #header = new Uint8Array(LONGEST_VP8_DESCRIPTOR)
  #pictureId: number
  #baseLayerIndex: number

  constructor(initial: number) {
    this.#pictureId = initial & PICTURE_ID_MASK
    this.#baseLayerIndex = initial >> 8
  }

  packetize({ data, video }: FrameToPacketize, limit: number, sink: PayloadSink): number {
    if (data.length === 0 || limit <= LONGEST_VP8_DESCRIPTOR) return 0
    const descriptor = this.#descriptor
    const header = this.#header
    this.#number(video)
    descriptor.startsPartition = true
    const room = limit - descriptor.write(header)
    const count = Math.ceil(data.length / room)
    let start = 0
    for (let i = 0; i < count; i++) {
      const end = start + Math.ceil((data.length - start) / (count - i))
      descriptor.startsPartition = i === 0
      sink(header, descriptor.write(header), data, start, end, i === count - 1)
      start = end
    }
    return count
  }

  /** Gives the frame its place in the stream. */
  #number(video: VideoFrameDetails | undefined): void {
    const descriptor = this.#descriptor
    const layer = video?.temporalLayer
    const hasLayer = layer !== undefined && Number.isInteger(layer) && layer >= 0 && layer <= HIGHEST_TEMPORAL_LAYER
    descriptor.nonReference = video?.discardable === true
    descriptor.isLongPictureId = true
    descriptor.pictureId = this.#pictureId
    this.#pictureId = (this.#pictureId + 1) & PICTURE_ID_MASK
    if (!hasLayer || layer === 0) this.#baseLayerIndex = (this.#baseLayerIndex + 1) & 0xff
    descriptor.temporalLayer = hasLayer ? layer : -1
    descriptor.baseLayerIndex = hasLayer ? this.#baseLayerIndex : -1
    descriptor.layerSync = hasLayer && video?.layerSync === true
  }
}

class Vp8Depacketizer implements Depacketizer {
  readonly #descriptor = new Vp8Descriptor()
  readonly #header = new Vp8FrameHeader()

  describe(bytes: Uint8Array, start: number, end: number, info: PayloadInfo): boolean {
    const descriptor = this.#descriptor
    const at = descriptor.read(bytes, start, end)
    info.begins = at >= 0 && beginsFrame(descriptor)
    info.ends = false
    info.keyFrame = info.begins && this.#header.read(bytes, at, end) && this.#header.keyFrame
    info.spatialLayer = -1
    info.temporalLayer = descriptor.temporalLayer
    info.pictureId = descriptor.pictureId
    info.baseLayerIndex = descriptor.baseLayerIndex
    return at >= 0
  }

  join(payloads: readonly Uint8Array[]): JoinedFrame | undefined {
    const length = this.#measure(payloads)
    if (length <= 0) return undefined
    const descriptor = this.#descriptor
    const data = new Uint8Array(length)
    let to = 0
    for (const payload of payloads) {
      const frame = payload.subarray(descriptor.read(payload, 0, payload.length))
      data.set(frame, to)
      to += frame.length
    }
    const header = this.#header
    if (!header.read(data, 0, length)) return undefined
    descriptor.read(payloads[0]!, 0, payloads[0]!.length)
    const { keyFrame, width, height } = header
    return { data, keyFrame, video: detailsOf(descriptor, width, height) }
  }

  /** How long the frame is; -1 where the payloads, in this order, make none. */
  #measure(payloads: readonly Uint8Array[]): number {
    const descriptor = this.#descriptor
    let length = 0
    let pictureId = -1
    let temporalLayer = -1
    for (let i = 0; i < payloads.length; i++) {
      const payload = payloads[i]!
      const at = descriptor.read(payload, 0, payload.length)
      if (at < 0) return -1
      if (i === 0) {
        if (!beginsFrame(descriptor)) return -1
        pictureId = descriptor.pictureId
        temporalLayer = descriptor.temporalLayer
      } else if (descriptor.pictureId !== pictureId || descriptor.temporalLayer !== temporalLayer) {
        return -1
      }
      length += payload.length - at
    }
    return length
  }
}

const beginsFrame = ({ startsPartition, partition }: Vp8Descriptor): boolean => startsPartition && partition === 0

const detailsOf = (descriptor: Vp8Descriptor, width: number, height: number): VideoFrameDetails => {
  const { pictureId, baseLayerIndex, temporalLayer, layerSync, nonReference } = descriptor
  return {
    ...(pictureId >= 0 && { pictureId }),
    ...(baseLayerIndex >= 0 && { baseLayerIndex }),
    ...(temporalLayer >= 0 && { temporalLayer, layerSync }),
    discardable: nonReference,
    ...(width > 0 && { width, height }),
  }
}

export const VP8: PayloadFormat = {
  encoding: 'VP8',
  createPacketizer: (_parameters, initial) => new Vp8Packetizer(initial),
  createDepacketizer: () => new Vp8Depacketizer(),
}
