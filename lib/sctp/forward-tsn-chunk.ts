/**
 * FORWARD-TSN (RFC 3758 3.2) and I-FORWARD-TSN (RFC 8260 2.3.1): which TSNs the sender has given up, and which messages
 * are not to be waited for on each stream.
 *
 * FORWARD-TSN names ordered streams alone, by stream sequence number. I-FORWARD-TSN names message identifiers, which
 * unordered messages have too, and so tells a receiver which half-done ones to drop.
 */

import { getU16, getU32, setU16, setU32 } from '../bytes/index.ts'

/** The new cumulative TSN. The chunk header is not counted. */
export const FORWARD_TSN_FIXED = 4
const UNORDERED = 1

/** Bytes of each skipped entry. */
export const skippedEntry = (interleaved: boolean): number => (interleaved ? 8 : 4)

/** How many skipped entries fit into a chunk of `largestChunk` bytes, its header included. */
export const mostSkipped = (interleaved: boolean, largestChunk: number): number =>
  Math.floor((largestChunk - 4 - FORWARD_TSN_FIXED) / skippedEntry(interleaved))

/** Writes the new cumulative TSN at the beginning of the chunk's value; entries follow at `at + FORWARD_TSN_FIXED`. */
export const writeForwardTsn = (bytes: Uint8Array, at: number, tsn: number): void => setU32(bytes, at, tsn)

/**
 * Writes an entry: no message of this stream, or of its unordered messages, up to `sequence` is to be waited for.
 * @param sequence Stream sequence number, or message identifier when interleaved.
 */
export const writeSkipped = (
  bytes: Uint8Array,
  at: number,
  interleaved: boolean,
  streamId: number,
  unordered: boolean,
  sequence: number,
): void => {
  setU16(bytes, at, streamId)
  if (interleaved) {
    setU16(bytes, at + 2, unordered ? UNORDERED : 0)
    setU32(bytes, at + 4, sequence)
  } else {
    setU16(bytes, at + 2, sequence)
  }
}

/** A reusable view of one FORWARD-TSN or I-FORWARD-TSN. */
export class ForwardTsnView {
  /** The new cumulative TSN. */
  tsn = 0
  /** How many entries there are; what remains of the chunk behind the last whole one is not looked at. */
  entries = 0
  #bytes: Uint8Array = new Uint8Array(0)
  #at = 0
  #interleaved = false

  /** Points it at a chunk whose value is `bytes[start, end)`; false when it is too short. */
  read(bytes: Uint8Array, start: number, end: number, interleaved: boolean): boolean {
    if (end - start < FORWARD_TSN_FIXED) return false
    this.tsn = getU32(bytes, start)
    this.#bytes = bytes
    this.#at = start + FORWARD_TSN_FIXED
    this.#interleaved = interleaved
    this.entries = Math.floor((end - this.#at) / skippedEntry(interleaved))
    return true
  }

  streamId(index: number): number {
    return getU16(this.#bytes, this.#entry(index))
  }

  /** Whether an entry is about the unordered messages of its stream. */
  unordered(index: number): boolean {
    return this.#interleaved && (getU16(this.#bytes, this.#entry(index) + 2) & UNORDERED) !== 0
  }

  /** Stream sequence number, or message identifier when interleaved. */
  sequence(index: number): number {
    const at = this.#entry(index)
    return this.#interleaved ? getU32(this.#bytes, at + 4) : getU16(this.#bytes, at + 2)
  }

  #entry(index: number): number {
    return this.#at + skippedEntry(this.#interleaved) * index
  }
}
