/** The scalability structure of a VP9 stream (RFC 9628, 4.2.1): how many spatial layers, how large, and the pictures of a group. */

const HAS_RESOLUTION = 0x10
const HAS_GROUP = 0x08

const MOST_LAYERS = 8
const MOST_PICTURES = 255
const MOST_REFERENCES = 3

/** One object is read into and written from again and again: its tables are as large as the fields can say. */
export class Vp9Scalability {
  /** N_S + 1, 1 to 8. */
  layerCount = 1
  /** Y: whether `widths` and `heights` are told. */
  hasResolutions = false
  readonly widths = new Uint16Array(MOST_LAYERS)
  readonly heights = new Uint16Array(MOST_LAYERS)
  /** G: whether there is a group at all; of no picture, it is none. */
  hasGroup = false
  /** N_G, 0 to 255. */
  pictureCount = 0
  /** Of each picture of the group: TID, U, and how many references R it has (0 to 3). */
  readonly temporalLayers = new Uint8Array(MOST_PICTURES)
  readonly layerSyncs = new Uint8Array(MOST_PICTURES)
  readonly referenceCounts = new Uint8Array(MOST_PICTURES)
  /** P_DIFF: how many pictures back; three places for each picture. */
  readonly references = new Uint8Array(MOST_PICTURES * MOST_REFERENCES)

  /** Reads it at `at`. @returns Where it ends; -1 where it is longer than what is there. */
  read(bytes: Uint8Array, at: number, end: number): number {
    if (at >= end) return -1
    const head = bytes[at++]!
    this.layerCount = (head >> 5) + 1
    this.hasResolutions = (head & HAS_RESOLUTION) !== 0
    this.hasGroup = (head & HAS_GROUP) !== 0
    this.pictureCount = 0
    if (this.hasResolutions) {
      if (at + 4 * this.layerCount > end) return -1
      for (let layer = 0; layer < this.layerCount; layer++, at += 4) {
        this.widths[layer] = (bytes[at]! << 8) | bytes[at + 1]!
        this.heights[layer] = (bytes[at + 2]! << 8) | bytes[at + 3]!
      }
    }
    return this.hasGroup ? this.#readGroup(bytes, at, end) : at
  }

  #readGroup(bytes: Uint8Array, at: number, end: number): number {
    if (at >= end) return -1
    const count = bytes[at++]!
    for (let picture = 0; picture < count; picture++) {
      if (at >= end) return -1
      const head = bytes[at++]!
      const references = (head >> 2) & 0x03
      if (at + references > end) return -1
      this.temporalLayers[picture] = head >> 5
      this.layerSyncs[picture] = (head >> 4) & 1
      this.referenceCounts[picture] = references
      for (let i = 0; i < references; i++) this.references[picture * MOST_REFERENCES + i] = bytes[at++]!
    }
    this.pictureCount = count
    return at
  }

  /** Bytes that `write` takes. */
  get length(): number {
    let length = 1 + (this.hasResolutions ? 4 * this.layerCount : 0)
    if (!this.hasGroup) return length
    length++
    for (let picture = 0; picture < this.pictureCount; picture++) length += 1 + this.referenceCounts[picture]!
    return length
  }

  /** Writes it at `at`, where there is room. @returns Where it ends. */
  write(into: Uint8Array, at: number): number {
    into[at++] =
      ((this.layerCount - 1) << 5) | (this.hasResolutions ? HAS_RESOLUTION : 0) | (this.hasGroup ? HAS_GROUP : 0)
    if (this.hasResolutions) {
      for (let layer = 0; layer < this.layerCount; layer++) {
        into[at++] = this.widths[layer]! >> 8
        into[at++] = this.widths[layer]!
        into[at++] = this.heights[layer]! >> 8
        into[at++] = this.heights[layer]!
      }
    }
    if (!this.hasGroup) return at
    into[at++] = this.pictureCount
    for (let picture = 0; picture < this.pictureCount; picture++) {
      const references = this.referenceCounts[picture]!
      into[at++] = (this.temporalLayers[picture]! << 5) | (this.layerSyncs[picture]! << 4) | (references << 2)
      for (let i = 0; i < references; i++) into[at++] = this.references[picture * MOST_REFERENCES + i]!
    }
    return at
  }
}
