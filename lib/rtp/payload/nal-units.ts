/**
 * The NAL units of a frame: found between start codes (H.264 Annex B, H.265 Annex B), or behind length prefixes (ISO/IEC
 * 14496-15, as WebCodecs gives frames of a codec with a `description`).
 */

/** More of them in one frame is no frame: a picture of 8192 x 4352 in slices of one row of macroblocks has 272. */
const MOST_UNITS = 4096

export const START_CODE_LENGTH = 4

/** Writes a start code; returns the position behind it. */
export const putStartCode = (bytes: Uint8Array, at: number): number => {
  bytes[at] = 0
  bytes[at + 1] = 0
  bytes[at + 2] = 0
  bytes[at + 3] = 1
  return at + START_CODE_LENGTH
}

/** Ranges of the NAL units of one frame, in its order. To be reused from frame to frame. */
export class NalUnits {
  count = 0
  starts = new Int32Array(16)
  ends = new Int32Array(16)

  /**
   * Finds the units between start codes of three or four bytes. Zeros behind a unit belong to none (Annex B,
   * trailing_zero_8bits).
   * @returns False where the bytes do not begin with a start code, a unit is empty, or there are none or too many.
   */
  splitAnnexB(bytes: Uint8Array): boolean {
    this.count = 0
    const length = bytes.length
    let start = -1
    // Looks for the 1 of a start code: it ends two zeros, and most bytes are neither, so that two in three are never read.
    let i = 2
    while (i < length) {
      const byte = bytes[i]!
      if (byte > 1) i += 3
      else if (byte === 0) i++
      else if (bytes[i - 1] !== 0 || bytes[i - 2] !== 0) i += 3
      else {
        if (start < 0) {
          if (!isZero(bytes, 0, i)) return false
        } else if (!this.add(start, endWithoutZeros(bytes, start, i - 2))) return false
        start = i + 1
        i += 3
      }
    }
    return start >= 0 && this.add(start, endWithoutZeros(bytes, start, length))
  }

  /**
   * Finds the units behind big-endian lengths of `size` bytes (1, 2 or 4).
   * @returns False where a length lies, a unit is empty, or there are none or too many.
   */
  splitLengthPrefixed(bytes: Uint8Array, size: number): boolean {
    this.count = 0
    let at = 0
    while (at < bytes.length) {
      if (at + size > bytes.length) return false
      let length = 0
      for (let i = 0; i < size; i++) length = length * 256 + bytes[at + i]!
      at += size
      if (length > bytes.length - at || !this.add(at, at + length)) return false
      at += length
    }
    return this.count > 0
  }

  reset(): void {
    this.count = 0
  }

  /** @returns False where the unit is empty, or there are too many. */
  add(start: number, end: number): boolean {
    if (end <= start || this.count === MOST_UNITS) return false
    if (this.count === this.starts.length) {
      this.starts = grown(this.starts)
      this.ends = grown(this.ends)
    }
    this.starts[this.count] = start
    this.ends[this.count++] = end
    return true
  }
}

const grown = (ranges: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> => {
  const larger = new Int32Array(ranges.length * 2)
  larger.set(ranges)
  return larger
}

const isZero = (bytes: Uint8Array, start: number, end: number): boolean => {
  for (let i = start; i < end; i++) if (bytes[i] !== 0) return false
  return true
}

const endWithoutZeros = (bytes: Uint8Array, start: number, end: number): number => {
  while (end > start && bytes[end - 1] === 0) end--
  return end
}
