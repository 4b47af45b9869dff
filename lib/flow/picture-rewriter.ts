/**
 * Joins the picture numbers of one source after another: the PictureID and TL0PICIDX that VP8 (RFC 7741, 4.2) and VP9 (RFC
 * 9628, 4.2) have in front of each payload go up by one from the last picture of a source to the first of the next. A
 * receiver takes pictures whose numbers jump for lost or late.
 */

/** Numbers of 15 bits; sources that have 7 bits get as many of them as they have room for. */
const MASK = 0x7fff

/** Where the numbers are in a payload; -1 where they are not. */
interface Places {
  pictureId: number
  isLong: boolean
  baseLayerIndex: number
}

type Locate = (bytes: Uint8Array, start: number, end: number, places: Places) => boolean

/** X R N S R PID, then I L T K where X is set, then what these bits name. */
const locateVp8: Locate = (bytes, start, end, places) => {
  if (end - start < 3 || (bytes[start]! & 0x80) === 0) return false
  const flags = bytes[start + 1]!
  return locate(bytes, start + 2, end, (flags & 0x80) !== 0, 0, (flags & 0x40) !== 0, places)
}

/** I P L F B E V Z; behind the picture's number the layers, and without flexible mode the index. */
const locateVp9: Locate = (bytes, start, end, places) => {
  if (end - start < 2) return false
  const flags = bytes[start]!
  const hasIndex = (flags & 0x20) !== 0 && (flags & 0x10) === 0
  return locate(bytes, start + 1, end, (flags & 0x80) !== 0, 1, hasIndex, places)
}

const locate = (
  bytes: Uint8Array,
  at: number,
  end: number,
  hasPictureId: boolean,
  between: number,
  hasIndex: boolean,
  places: Places,
): boolean => {
  places.pictureId = hasPictureId ? at : -1
  places.isLong = hasPictureId && at < end && (bytes[at]! & 0x80) !== 0
  if (hasPictureId) at += places.isLong ? 2 : 1
  places.baseLayerIndex = hasIndex ? at + between : -1
  return Math.max(at, places.baseLayerIndex + 1) <= end
}

const LOCATE: ReadonlyMap<string, Locate> = new Map([
  ['VP8', locateVp8],
  ['VP9', locateVp9],
])

export class PictureRewriter {
  readonly #places: Places = { pictureId: -1, isLong: false, baseLayerIndex: -1 }
  #locate: Locate | undefined
  #joins = false
  #pictureOffset = 0
  #indexOffset = 0
  /** The newest that were sent; -1 before the first. */
  #lastPicture = -1
  #lastIndex = -1

  /** Another source: what it numbers goes on from here. */
  join(encoding: string): void {
    this.#locate = LOCATE.get(encoding)
    this.#joins = true
  }

  /** Whether `rewrite` has anything to do. */
  get isNeeded(): boolean {
    return this.#locate !== undefined
  }

  /** Numbers the payload `bytes[start, end)`, in place. */
  rewrite(bytes: Uint8Array, start: number, end: number): void {
    const places = this.#places
    if (this.#locate?.(bytes, start, end, places) !== true) return
    if (places.pictureId >= 0) this.#rewritePicture(bytes, places.pictureId, places.isLong)
    if (places.baseLayerIndex >= 0) this.#rewriteIndex(bytes, places.baseLayerIndex)
    this.#joins = false
  }

  #rewritePicture(bytes: Uint8Array, at: number, isLong: boolean): void {
    const mask = isLong ? MASK : 0x7f
    const number = isLong ? ((bytes[at]! & 0x7f) << 8) | bytes[at + 1]! : bytes[at]!
    if (this.#joins) this.#pictureOffset = this.#lastPicture < 0 ? 0 : this.#lastPicture + 1 - number
    const sent = (number + this.#pictureOffset) & mask
    const ahead = (sent - this.#lastPicture) & mask
    if (this.#lastPicture < 0 || ahead <= mask >> 1) this.#lastPicture = sent
    if (isLong) {
      bytes[at] = 0x80 | (sent >> 8)
      bytes[at + 1] = sent & 0xff
    } else {
      bytes[at] = sent
    }
  }

  #rewriteIndex(bytes: Uint8Array, at: number): void {
    if (this.#joins) this.#indexOffset = this.#lastIndex < 0 ? 0 : this.#lastIndex + 1 - bytes[at]!
    const sent = (bytes[at]! + this.#indexOffset) & 0xff
    if (this.#lastIndex < 0 || ((sent - this.#lastIndex) & 0xff) < 0x80) this.#lastIndex = sent
    bytes[at] = sent
  }
}
