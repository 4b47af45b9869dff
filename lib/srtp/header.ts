/** The header of an RTP packet as SRTP needs it (RFC 3711, 3.1): where it ends, what names the packet, what of it is encrypted. */

const FIXED_HEADER = 12

/** To be used again for each packet. All places are of the buffer that was parsed. */
export class RtpHeader {
  sequenceNumber = 0
  ssrc = 0
  /** Contributing sources. */
  sources = 0
  /** The four bytes in front of the extension's data; -1 without an extension. */
  extensionAt = -1
  /** One past the header, its extension included. */
  end = 0
  /** Where what is encrypted begins: behind the header, or with Cryptex behind the header of the extension. */
  textStart = 0
  /** Contributing sources that are encrypted too, in front of the extension: key stream begins with them. */
  hiddenSources = 0

  /** Of `bytes[start, end)`; false when the header is cut off, or is none: fields are then undefined. */
  parse(bytes: Uint8Array, start: number, end: number): boolean {
    if (end - start < FIXED_HEADER) return false
    const first = bytes[start]!
    if (first >> 6 !== 2) return false
    this.sequenceNumber = (bytes[start + 2]! << 8) | bytes[start + 3]!
    this.ssrc =
      ((bytes[start + 8]! << 24) | (bytes[start + 9]! << 16) | (bytes[start + 10]! << 8) | bytes[start + 11]!) >>> 0
    this.sources = first & 0x0f
    let at = start + FIXED_HEADER + 4 * this.sources
    this.extensionAt = -1
    if ((first & 0x10) !== 0) {
      if (at + 4 > end) return false
      this.extensionAt = at
      at += 4 + 4 * ((bytes[at + 2]! << 8) | bytes[at + 3]!)
    }
    this.end = at
    this.textStart = at
    this.hiddenSources = 0
    return at <= end
  }
}
