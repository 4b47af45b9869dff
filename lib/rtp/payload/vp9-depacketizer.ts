/**
 * Joins VP9 pictures (RFC 9628): one layer frame behind another, as decoders take them. Each layer frame begins with the B bit and
 * ends with the E bit; the picture ends with the marker.
 */

import type { LayerFrame, VideoFrameDetails } from '../frame.ts'
import type { Depacketizer, JoinedFrame, PayloadInfo } from './format.ts'
import { Vp9Descriptor } from './vp9-descriptor.ts'
import { Vp9FrameHeader } from './vp9-frame-header.ts'

export class Vp9Depacketizer implements Depacketizer {
  readonly #descriptor = new Vp9Descriptor()
  /** What the first payload of the picture said; a scalability structure stands there, if anywhere. */
  readonly #first = new Vp9Descriptor()
  readonly #header = new Vp9FrameHeader()
  readonly #layers: LayerFrame[] = []

  describe(bytes: Uint8Array, start: number, end: number, info: PayloadInfo): boolean {
    const descriptor = this.#descriptor
    const at = descriptor.read(bytes, start, end)
    const isSound = at >= 0
    const { begins, ends, hasLayers, spatialLayer, interLayer } = descriptor
    const isLowest = spatialLayer <= 0
    info.begins = isSound && begins && (isLowest || !interLayer)
    // There may be a layer above it.
    info.ends = isSound && ends && !hasLayers
    info.keyFrame = isSound && this.#isKey(descriptor, bytes, begins ? at : end, end)
    info.spatialLayer = spatialLayer
    info.temporalLayer = descriptor.temporalLayer
    info.pictureId = descriptor.pictureId
    info.baseLayerIndex = descriptor.baseLayerIndex
    return isSound
  }

  /**
   * Whether decoding can begin with a frame whose bytes begin at `at`. The descriptor says what it depends on, also of a frame whose bytes
   * are encrypted; not if pictures are not numbered either, as FFmpeg has it: then the frame's header must say it. An
   * intra-only frame leaves reference frames as they were.
   */
  #isKey({ interPicture, interLayer, pictureId }: Vp9Descriptor, bytes: Uint8Array, at: number, end: number): boolean {
    if (interPicture || interLayer) return false
    const header = this.#header
    header.read(bytes, at, end)
    return pictureId >= 0 ? header.type !== 'intra' : header.type === 'key'
  }

  join(payloads: readonly Uint8Array[]): JoinedFrame | undefined {
    const length = this.#measure(payloads)
    if (length <= 0) return undefined
    const data = new Uint8Array(length)
    let to = 0
    for (const payload of payloads) {
      const frame = payload.subarray(this.#descriptor.read(payload, 0, payload.length))
      data.set(frame, to)
      to += frame.length
    }
    const keyFrame = this.#isKey(this.#first, data, 0, length)
    const video = this.#details(keyFrame, data)
    this.#layers.length = 0
    return { data, keyFrame, video }
  }

  /** How long the picture is, with its layers listed; -1 where the payloads, in this order, make none. */
  #measure(payloads: readonly Uint8Array[]): number {
    const layers = this.#layers
    layers.length = 0
    let length = 0
    let isOpen = false
    for (let i = 0; i < payloads.length; i++) {
      const payload = payloads[i]!
      const descriptor = i === 0 ? this.#first : this.#descriptor
      const at = descriptor.read(payload, 0, payload.length)
      if (at < 0 || descriptor.begins === isOpen) return -1
      if (i > 0 && !this.#isOfPicture(descriptor)) return -1
      const below = layers.at(-1)?.spatialLayer ?? -1
      const spatialLayer = Math.max(descriptor.spatialLayer, 0)
      // A layer frame is of one layer, and the next one of a higher.
      if (isOpen ? spatialLayer !== below : spatialLayer <= below) return -1
      length += payload.length - at
      if (isOpen) layers.pop()
      const { interLayer, interPicture } = descriptor
      layers.push({ spatialLayer, end: length, interLayer, interPicture })
      isOpen = !descriptor.ends
    }
    return isOpen ? -1 : length
  }

  #isOfPicture({ pictureId, hasLayers, temporalLayer, baseLayerIndex }: Vp9Descriptor): boolean {
    const first = this.#first
    return (
      pictureId === first.pictureId &&
      hasLayers === first.hasLayers &&
      temporalLayer === first.temporalLayer &&
      baseLayerIndex === first.baseLayerIndex
    )
  }

  #details(keyFrame: boolean, data: Uint8Array): VideoFrameDetails {
    const first = this.#first
    const { pictureId, temporalLayer, baseLayerIndex, layerSync, hasLayers, isFlexible, interPicture } = first
    const layers = this.#layers.map(layer => ({ ...layer, ...this.#sizeOf(layer.spatialLayer) }))
    const top = layers.at(-1)!
    const size = keyFrame ? (this.#sizeOf(top.spatialLayer) ?? this.#sizeInHeader(data, layers.length)) : undefined
    return {
      ...(pictureId >= 0 && { pictureId }),
      ...(hasLayers && { spatialLayer: top.spatialLayer, temporalLayer, layerSync }),
      ...(baseLayerIndex >= 0 && { baseLayerIndex }),
      ...(isFlexible && interPicture && { references: [...first.references.subarray(0, first.referenceCount)] }),
      ...(top.spatialLayer > 0 && { layerFrames: layers }),
      ...size,
    }
  }

  #sizeOf(layer: number): { width: number; height: number } | undefined {
    const { hasScalability, scalability } = this.#first
    if (!hasScalability || !scalability.hasResolutions || layer >= scalability.layerCount) return undefined
    return { width: scalability.widths[layer]!, height: scalability.heights[layer]! }
  }

  #sizeInHeader(data: Uint8Array, layerCount: number): { width: number; height: number } | undefined {
    if (layerCount > 1) return undefined
    const header = this.#header
    header.read(data, 0, data.length)
    return header.width > 0 ? { width: header.width, height: header.height } : undefined
  }
}
