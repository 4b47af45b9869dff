/** The descriptor in front of each VP8 payload (RFC 7741, 4.2). One object is read into and written from again and again. */

const EXTENDED = 0x80
const NON_REFERENCE = 0x20
const STARTS_PARTITION = 0x10

const HAS_PICTURE_ID = 0x80
const HAS_BASE_LAYER_INDEX = 0x40
const HAS_TEMPORAL_LAYER = 0x20
const HAS_KEY_INDEX = 0x10

const LONG_PICTURE_ID = 0x80

/** Bytes of the longest one. */
export const LONGEST_VP8_DESCRIPTOR = 6

export class Vp8Descriptor {
  /** N: the frame can be left out without harm to others. */
  nonReference = false
  /** S: the payload begins with a partition. */
  startsPartition = false
  /** PID: which one the payload begins in, 0 to 7. A sender may say 0 of all. */
  partition = 0
  /** -1 where it is not said. */
  pictureId = -1
  /** Whether the picture id has 15 bits, and not 7. */
  isLongPictureId = false
  /** TL0PICIDX, 0 to 255; -1 where it is not said. */
  baseLayerIndex = -1
  /** TID, 0 to 3; -1 where it is not said. */
  temporalLayer = -1
  /** Y: the frame depends on the base layer alone. */
  layerSync = false
  /** KEYIDX, 0 to 31; -1 where it is not said. */
  keyIndex = -1

  /** Reads the head of `bytes[start, end)`. @returns Where the frame's bytes begin; -1 where nothing is behind it. */
  read(bytes: Uint8Array, start: number, end: number): number {
    this.pictureId = -1
    this.isLongPictureId = false
    this.baseLayerIndex = -1
    this.temporalLayer = -1
    this.layerSync = false
    this.keyIndex = -1
    if (end <= start) return -1
    const first = bytes[start]!
    this.nonReference = (first & NON_REFERENCE) !== 0
    this.startsPartition = (first & STARTS_PARTITION) !== 0
    this.partition = first & 0x07
    let at = start + 1
    if ((first & EXTENDED) !== 0) {
      if (at >= end) return -1
      at = this.#readExtension(bytes, at, end)
    }
    return at < end ? at : -1
  }

  #readExtension(bytes: Uint8Array, at: number, end: number): number {
    const present = bytes[at++]!
    if ((present & HAS_PICTURE_ID) !== 0) {
      if (at >= end) return end
      const id = bytes[at++]!
      this.isLongPictureId = (id & LONG_PICTURE_ID) !== 0
      if (this.isLongPictureId && at >= end) return end
      this.pictureId = this.isLongPictureId ? ((id & 0x7f) << 8) | bytes[at++]! : id
    }
    if ((present & HAS_BASE_LAYER_INDEX) !== 0) {
      if (at >= end) return end
      this.baseLayerIndex = bytes[at++]!
    }
    if ((present & (HAS_TEMPORAL_LAYER | HAS_KEY_INDEX)) !== 0) {
      if (at >= end) return end
      const layer = bytes[at++]!
      if ((present & HAS_TEMPORAL_LAYER) !== 0) {
        this.temporalLayer = layer >> 6
        this.layerSync = (layer & 0x20) !== 0
      }
      if ((present & HAS_KEY_INDEX) !== 0) this.keyIndex = layer & 0x1f
    }
    return at
  }

  /** Writes it to the head of `into`. @returns Its length, `LONGEST_VP8_DESCRIPTOR` at most. */
  write(into: Uint8Array): number {
    const hasPictureId = this.pictureId >= 0
    const hasBaseLayerIndex = this.baseLayerIndex >= 0
    const hasLayer = this.temporalLayer >= 0
    const hasKeyIndex = this.keyIndex >= 0
    const isExtended = hasPictureId || hasBaseLayerIndex || hasLayer || hasKeyIndex
    into[0] =
      (isExtended ? EXTENDED : 0) |
      (this.nonReference ? NON_REFERENCE : 0) |
      (this.startsPartition ? STARTS_PARTITION : 0) |
      this.partition
    if (!isExtended) return 1
    into[1] =
      (hasPictureId ? HAS_PICTURE_ID : 0) |
      (hasBaseLayerIndex ? HAS_BASE_LAYER_INDEX : 0) |
      (hasLayer ? HAS_TEMPORAL_LAYER : 0) |
      (hasKeyIndex ? HAS_KEY_INDEX : 0)
    let at = 2
    if (hasPictureId) {
      if (this.isLongPictureId) into[at++] = LONG_PICTURE_ID | (this.pictureId >> 8)
      into[at++] = this.pictureId
    }
    if (hasBaseLayerIndex) into[at++] = this.baseLayerIndex
    if (hasLayer || hasKeyIndex) {
      into[at++] =
        (hasLayer ? (this.temporalLayer << 6) | (this.layerSync ? 0x20 : 0) : 0) | (hasKeyIndex ? this.keyIndex : 0)
    }
    return at
  }
}
