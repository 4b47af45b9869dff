/**
 * SACK: what arrived (RFC 9260 3.3.4). Read in place: the fields of a gap block are fetched by index, nothing is built.
 */

import { getU16, getU32 } from '../bytes/index.ts'

/** The fixed part: cumulative TSN, window, two counts. The chunk header is not counted. */
export const SACK_FIXED = 12

/** A reusable view of one SACK's value. */
export class SackView {
  cumulativeTsn = 0
  window = 0
  gaps = 0
  duplicates = 0
  #bytes: Uint8Array = new Uint8Array(0)
  #at = 0

  /** Points it at `bytes[start, end)`; false when the counts lie about the length. */
  read(bytes: Uint8Array, start: number, end: number): boolean {
    if (end - start < SACK_FIXED) return false
    this.cumulativeTsn = getU32(bytes, start)
    this.window = getU32(bytes, start + 4)
    this.gaps = getU16(bytes, start + 8)
    this.duplicates = getU16(bytes, start + 10)
    this.#bytes = bytes
    this.#at = start + SACK_FIXED
    return 4 * (this.gaps + this.duplicates) <= end - this.#at
  }

  /** First TSN of gap block `index`, as an offset from the cumulative TSN. */
  gapStart(index: number): number {
    return getU16(this.#bytes, this.#at + 4 * index)
  }

  /** Last TSN of gap block `index`, as an offset from the cumulative TSN. */
  gapEnd(index: number): number {
    return getU16(this.#bytes, this.#at + 4 * index + 2)
  }

  duplicate(index: number): number {
    return getU32(this.#bytes, this.#at + 4 * (this.gaps + index))
  }
}
