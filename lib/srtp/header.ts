/** How much of an RTP packet stays in the clear (RFC 3711, 3.1): its header, with contributing sources and extension. */

const FIXED_HEADER = 12

/** Where the payload begins in `bytes[start, end)`; -1 when the header is cut off or is none. */
export const rtpHeaderEnd = (bytes: Uint8Array, start: number, end: number): number => {
  if (end - start < FIXED_HEADER) return -1
  const first = bytes[start]!
  if (first >> 6 !== 2) return -1
  let at = start + FIXED_HEADER + 4 * (first & 0x0f)
  if ((first & 0x10) !== 0) {
    if (at + 4 > end) return -1
    at += 4 + 4 * ((bytes[at + 2]! << 8) | bytes[at + 3]!)
  }
  return at > end ? -1 : at
}
