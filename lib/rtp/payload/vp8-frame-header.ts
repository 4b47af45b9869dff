/** The uncompressed data chunk in front of a VP8 frame (RFC 6386, 9.1): whether it is a key frame, and its size in pixels. */

const START_CODE_AT = 3
const SIZE_AT = 6
const KEY_FRAME_HEADER = 10

export class Vp8FrameHeader {
  keyFrame = false
  /** Pixels, without the scaling that is asked for; 0 where it is not said. */
  width = 0
  height = 0

  /** Reads as much as there is of `bytes[start, end)`; false where a key frame lacks its start code. */
  read(bytes: Uint8Array, start: number, end: number): boolean {
    this.width = 0
    this.height = 0
    // The bit says that the frame depends on others.
    this.keyFrame = end > start && (bytes[start]! & 1) === 0
    if (!this.keyFrame) return end > start
    const at = start + START_CODE_AT
    if (end < start + SIZE_AT) return true
    if (bytes[at] !== 0x9d || bytes[at + 1] !== 0x01 || bytes[at + 2] !== 0x2a) {
      this.keyFrame = false
      return false
    }
    if (end < start + KEY_FRAME_HEADER) return true
    const size = start + SIZE_AT
    this.width = ((bytes[size + 1]! << 8) | bytes[size]!) & 0x3fff
    this.height = ((bytes[size + 3]! << 8) | bytes[size + 2]!) & 0x3fff
    return true
  }
}
