/** The descriptor in front of each VP9 payload (RFC 9628, 4.2). One object is read into and written from again and again. */

import { Vp9Scalability } from './vp9-scalability.ts'

const HAS_PICTURE_ID = 0x80
const INTER_PICTURE = 0x40
const HAS_LAYERS = 0x20
const FLEXIBLE = 0x10
const BEGINS = 0x08
const ENDS = 0x04
const HAS_SCALABILITY = 0x02
const NOT_REFERENCE = 0x01

const LONG_PICTURE_ID = 0x80
const MORE_REFERENCES = 0x01

/** RFC 9628, 4.2: a picture refers to three others at most. */
export const MOST_VP9_REFERENCES = 3
/** Bytes of the longest one, without a scalability structure. */
export const LONGEST_VP9_DESCRIPTOR = 7

export class Vp9Descriptor {
  /** -1 where it is not said. */
  pictureId = -1
  /** Whether the picture id has 15 bits, and not 7. */
  isLongPictureId = false
  /** P: the frame is predicted from other pictures. */
  interPicture = false
  /** L: the layer indices are there. */
  hasLayers = false
  /** TID, 0 to 7; -1 where it is not said. */
  temporalLayer = -1
  /** U: whoever got lower temporal layers may go up here. */
  layerSync = false
  /** SID, 0 to 7; -1 where it is not said. */
  spatialLayer = -1
  /** D: the frame is predicted from the next lower layer of its picture. */
  interLayer = false
  /** TL0PICIDX, 0 to 255; -1 where it is not said. */
  baseLayerIndex = -1
  /** F. */
  isFlexible = false
  /** P_DIFF: how many pictures back, 1 to 127. */
  readonly references = new Uint8Array(MOST_VP9_REFERENCES)
  referenceCount = 0
  /** B, E: the payload is the first, the last of its layer frame. */
  begins = false
  ends = false
  /** Z: higher spatial layers do not depend on it. */
  notReference = false
  /** V: `scalability` is there. */
  hasScalability = false
  readonly scalability = new Vp9Scalability()

  /** Reads the head of `bytes[start, end)`. @returns Where the frame's bytes begin; -1 where it is malformed, or nothing is behind it. */
  read(bytes: Uint8Array, start: number, end: number): number {
    this.pictureId = -1
    this.isLongPictureId = false
    this.temporalLayer = -1
    this.layerSync = false
    this.spatialLayer = -1
    this.interLayer = false
    this.baseLayerIndex = -1
    this.referenceCount = 0
    if (end <= start) return -1
    const first = bytes[start]!
    this.interPicture = (first & INTER_PICTURE) !== 0
    this.hasLayers = (first & HAS_LAYERS) !== 0
    this.isFlexible = (first & FLEXIBLE) !== 0
    this.begins = (first & BEGINS) !== 0
    this.ends = (first & ENDS) !== 0
    this.hasScalability = (first & HAS_SCALABILITY) !== 0
    this.notReference = (first & NOT_REFERENCE) !== 0
    let at = start + 1
    // 4.2 wants a picture id in flexible mode. FFmpeg sends none, and nothing here needs it.
    if ((first & HAS_PICTURE_ID) !== 0) at = this.#readPictureId(bytes, at, end)
    if (at >= 0 && this.hasLayers) at = this.#readLayers(bytes, at, end)
    if (at >= 0 && this.isFlexible && this.interPicture) at = this.#readReferences(bytes, at, end)
    if (at >= 0 && this.hasScalability) at = this.scalability.read(bytes, at, end)
    return at < end ? at : -1
  }

  #readPictureId(bytes: Uint8Array, at: number, end: number): number {
    if (at >= end) return -1
    const id = bytes[at++]!
    this.isLongPictureId = (id & LONG_PICTURE_ID) !== 0
    if (this.isLongPictureId && at >= end) return -1
    this.pictureId = this.isLongPictureId ? ((id & 0x7f) << 8) | bytes[at++]! : id
    return at
  }

  #readLayers(bytes: Uint8Array, at: number, end: number): number {
    if (at + (this.isFlexible ? 1 : 2) > end) return -1
    const layers = bytes[at++]!
    this.temporalLayer = layers >> 5
    this.layerSync = (layers & 0x10) !== 0
    this.spatialLayer = (layers >> 1) & 0x07
    this.interLayer = (layers & 0x01) !== 0
    if (!this.isFlexible) this.baseLayerIndex = bytes[at++]!
    return at
  }

  #readReferences(bytes: Uint8Array, at: number, end: number): number {
    for (;;) {
      if (at >= end || this.referenceCount === MOST_VP9_REFERENCES) return -1
      const reference = bytes[at++]!
      // A picture cannot refer to itself.
      if (reference >> 1 === 0) return -1
      this.references[this.referenceCount++] = reference >> 1
      if ((reference & MORE_REFERENCES) === 0) return at
    }
  }

  /** Writes it to the head of `into`, where there is room. @returns Its length. */
  write(into: Uint8Array): number {
    const hasPictureId = this.pictureId >= 0
    into[0] =
      (hasPictureId ? HAS_PICTURE_ID : 0) |
      (this.interPicture ? INTER_PICTURE : 0) |
      (this.hasLayers ? HAS_LAYERS : 0) |
      (this.isFlexible ? FLEXIBLE : 0) |
      (this.begins ? BEGINS : 0) |
      (this.ends ? ENDS : 0) |
      (this.hasScalability ? HAS_SCALABILITY : 0) |
      (this.notReference ? NOT_REFERENCE : 0)
    let at = 1
    if (hasPictureId) {
      if (this.isLongPictureId) into[at++] = LONG_PICTURE_ID | (this.pictureId >> 8)
      into[at++] = this.pictureId
    }
    if (this.hasLayers) {
      into[at++] =
        (this.temporalLayer << 5) |
        (this.layerSync ? 0x10 : 0) |
        (this.spatialLayer << 1) |
        (this.interLayer ? 0x01 : 0)
      if (!this.isFlexible) into[at++] = this.baseLayerIndex
    }
    if (this.isFlexible && this.interPicture) {
      const last = this.referenceCount - 1
      for (let i = 0; i <= last; i++) into[at++] = (this.references[i]! << 1) | (i < last ? MORE_REFERENCES : 0)
    }
    return this.hasScalability ? this.scalability.write(into, at) : at
  }
}
