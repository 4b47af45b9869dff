/**
 * Cuts VP9 pictures (RFC 9628). Every picture has a picture id of 15 bits, one more than the one before; key frames bring the
 * scalability structure. Layer indices are there when the picture has layers, and its layer frames are cut each by itself.
 *
 * What goes out is in non-flexible mode unless it is asked for otherwise: Safari drops what is in flexible mode.
 */

import type { LayerFrame, VideoFrameDetails } from '../frame.ts'
import type { FrameToPacketize, Packetizer, PayloadSink } from './format.ts'
import { LONGEST_VP9_DESCRIPTOR, MOST_VP9_REFERENCES, Vp9Descriptor } from './vp9-descriptor.ts'
import { Vp9FrameHeader } from './vp9-frame-header.ts'

const PICTURE_ID_MASK = 0x7fff
const HIGHEST_LAYER = 7
/** A structure of 8 layers with their sizes, and a group of one picture. */
const LONGEST_SCALABILITY = 1 + 8 * 4 + 1 + 2

export class Vp9Packetizer implements Packetizer {
  readonly #descriptor = new Vp9Descriptor()
  readonly #frameHeader = new Vp9FrameHeader()
  readonly #header = new Uint8Array(LONGEST_VP9_DESCRIPTOR + LONGEST_SCALABILITY)
  #pictureId: number
  #baseLayerIndex: number

  /**
   * @param initial 16 random bits: where picture id and TL0PICIDX begin.
   * @param isFlexible Whether each picture tells which others it refers to (`VideoFrameDetails.references`; the one before, if absent).
   */
  constructor(initial: number, isFlexible = false) {
    this.#pictureId = initial & PICTURE_ID_MASK
    this.#baseLayerIndex = (initial >> 8) & 0xff
    const descriptor = this.#descriptor
    descriptor.isFlexible = isFlexible
    descriptor.isLongPictureId = true
  }

  packetize(frame: FrameToPacketize, limit: number, sink: PayloadSink): number {
    const { data, video } = frame
    if (data.length === 0 || limit <= this.#header.length) return 0
    const layers = layersOf(frame)
    this.#number(video, layers)
    this.#look(frame, layers)
    const descriptor = this.#descriptor
    descriptor.hasScalability = !descriptor.interPicture && !descriptor.interLayer
    if (descriptor.hasScalability) this.#tellStructure(video, layers)
    if (layers === undefined) return this.#cut(data, 0, data.length, limit, true, sink)
    let payloads = 0
    let start = 0
    for (let i = 0; i < layers.length; i++) {
      const { spatialLayer, end, interLayer, interPicture } = layers[i]!
      const isLast = i === layers.length - 1
      descriptor.spatialLayer = spatialLayer
      descriptor.interLayer = interLayer
      descriptor.interPicture = interPicture
      descriptor.notReference = isLast || !layers[i + 1]!.interLayer
      payloads += this.#cut(data, start, end, limit, isLast, sink)
      start = end
    }
    return payloads
  }

  /** Cuts one layer frame. */
  #cut(data: Uint8Array, start: number, end: number, limit: number, endsPicture: boolean, sink: PayloadSink): number {
    const descriptor = this.#descriptor
    const header = this.#header
    const count = Math.ceil((end - start) / (limit - descriptor.write(header)))
    for (let i = 0; i < count; i++) {
      const next = start + Math.ceil((end - start) / (count - i))
      descriptor.begins = i === 0
      descriptor.ends = i === count - 1
      sink(header, descriptor.write(header), data, start, next, endsPicture && descriptor.ends)
      // The structure is told once.
      descriptor.hasScalability = false
      start = next
    }
    return count
  }

  /** Gives the picture its place in the stream. */
  #number(video: VideoFrameDetails | undefined, layers: readonly LayerFrame[] | undefined): void {
    const descriptor = this.#descriptor
    const temporal = layerOf(video?.temporalLayer)
    const spatial = layers?.[0]?.spatialLayer ?? layerOf(video?.spatialLayer)
    descriptor.pictureId = this.#pictureId
    this.#pictureId = (this.#pictureId + 1) & PICTURE_ID_MASK
    if (temporal <= 0) this.#baseLayerIndex = (this.#baseLayerIndex + 1) & 0xff
    descriptor.hasLayers = temporal >= 0 || spatial >= 0
    descriptor.temporalLayer = Math.max(temporal, 0)
    descriptor.spatialLayer = Math.max(spatial, 0)
    descriptor.layerSync = video?.layerSync === true
    descriptor.baseLayerIndex = this.#baseLayerIndex
    descriptor.notReference = true
    descriptor.referenceCount = 0
    for (const reference of video?.references ?? []) {
      if (descriptor.referenceCount === MOST_VP9_REFERENCES) break
      if (Number.isInteger(reference) && reference >= 1 && reference <= 127)
        descriptor.references[descriptor.referenceCount++] = reference
    }
    if (descriptor.referenceCount === 0) descriptor.references[descriptor.referenceCount++] = 1
  }

  /** Finds out what the picture, or its first layer frame, depends on. */
  #look({ data, keyFrame }: FrameToPacketize, layers: readonly LayerFrame[] | undefined): void {
    const descriptor = this.#descriptor
    const header = this.#frameHeader
    header.read(data, 0, data.length)
    const { type } = header
    // An application may have encrypted the frame: then what it says counts.
    const isIntra = keyFrame || type === 'key' || type === 'intra'
    descriptor.interPicture = layers === undefined ? !isIntra : layers[0]!.interPicture
    descriptor.interLayer = layers?.[0]?.interLayer ?? false
  }

  #tellStructure(video: VideoFrameDetails | undefined, layers: readonly LayerFrame[] | undefined): void {
    const { scalability, hasLayers, spatialLayer } = this.#descriptor
    const header = this.#frameHeader
    scalability.layerCount = (layers?.at(-1)?.spatialLayer ?? spatialLayer) + 1
    scalability.hasResolutions = false
    if (layers === undefined && scalability.layerCount === 1) {
      scalability.widths[0] = header.width
      scalability.heights[0] = header.height
      scalability.hasResolutions = header.width > 0
    } else if (layers?.length === scalability.layerCount) {
      scalability.hasResolutions = layers.every(({ width = 0, height = 0 }) => width > 0 && height > 0)
      layers.forEach(({ width = 0, height = 0 }, layer) => {
        scalability.widths[layer] = width
        scalability.heights[layer] = height
      })
    }
    // 4.2.1: without temporal layers each picture refers to the one before. What else an encoder does, nobody has said.
    const isPlain = !hasLayers || video?.temporalLayer === undefined
    scalability.hasGroup = isPlain && !this.#descriptor.isFlexible
    scalability.pictureCount = 1
    scalability.temporalLayers[0] = 0
    scalability.layerSyncs[0] = 0
    scalability.referenceCounts[0] = 1
    scalability.references[0] = 1
  }
}

const layerOf = (layer: number | undefined): number =>
  layer !== undefined && Number.isInteger(layer) && layer >= 0 && layer <= HIGHEST_LAYER ? layer : -1

/** The layer frames of a picture, if they are told and cover its bytes: what altered the bytes did not move their ends. */
const layersOf = ({ data, video }: FrameToPacketize): readonly LayerFrame[] | undefined => {
  const layers = video?.layerFrames
  if (layers === undefined || layers.length === 0 || layers.at(-1)?.end !== data.length) return undefined
  let end = 0
  let below = -1
  for (const layer of layers) {
    const spatialLayer = layerOf(layer.spatialLayer)
    if (!Number.isInteger(layer.end) || layer.end <= end || spatialLayer <= below) return undefined
    end = layer.end
    below = spatialLayer
  }
  return layers
}
