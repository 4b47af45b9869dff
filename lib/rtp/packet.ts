/**
 * An RTP packet as it came in (RFC 3550, 5.1), with its header extensions (RFC 8285): a view on its bytes, to be used again
 * for the next one. Nothing is allocated, nothing is believed: every length is checked against what is there.
 */

/** RFC 8285, 4.2 and 4.3: the profile of one-byte elements, and the 4096 of two-byte elements. */
export const ONE_BYTE_PROFILE = 0xbede
const TWO_BYTE_PROFILE = 0x1000
const TWO_BYTE_MASK = 0xfff0
/** RFC 9335, 4: the same where the elements and the contributing sources were encrypted. */
export const CRYPTEX_ONE_BYTE_PROFILE = 0xc0de
export const CRYPTEX_TWO_BYTE_PROFILE = 0xc2de
/** RFC 8285, 4.2: an element with this id ends what is read of the one-byte form. */
const RESERVED_ID = 15

const FIXED_HEADER = 12

/**
 * Whether a packet that shares its port with RTP is RTCP (RFC 5761, 4): RTCP packet types are where RTP would have its
 * marker and the payload types 64 to 95.
 */
export const isRtcp = (bytes: Uint8Array): boolean => {
  const second = bytes[1] ?? 0
  return second >= 192 && second <= 223
}

export class RtpPacket {
  /** The whole packet: borrowed. */
  bytes: Uint8Array = new Uint8Array(0)
  marker = false
  /** 0 to 127. */
  payloadType = 0
  sequenceNumber = 0
  timestamp = 0
  ssrc = 0
  /** Contributing sources, 0 to 15: see `csrc`. */
  csrcCount = 0
  /** Where the payload is, padding taken off. */
  payloadStart = 0
  payloadEnd = 0
  /** Bytes of padding at the end, the one that counts them included. */
  paddingLength = 0
  /** What the header extension begins with; 0 where there is none. */
  extensionProfile = 0
  /** Where the element is that `findExtension` found. */
  extensionStart = 0
  extensionEnd = 0
  #elementsStart = 0
  #elementsEnd = 0

  /** Reads the header of a packet; false when it is malformed, and then nothing of this object counts. */
  parse(bytes: Uint8Array): boolean {
    const { length } = bytes
    if (length < FIXED_HEADER) return false
    const first = bytes[0]!
    if (first >> 6 !== 2) return false
    const second = bytes[1]!
    this.bytes = bytes
    this.marker = (second & 0x80) !== 0
    this.payloadType = second & 0x7f
    this.sequenceNumber = (bytes[2]! << 8) | bytes[3]!
    this.timestamp = ((bytes[4]! << 24) | (bytes[5]! << 16) | (bytes[6]! << 8) | bytes[7]!) >>> 0
    this.ssrc = ((bytes[8]! << 24) | (bytes[9]! << 16) | (bytes[10]! << 8) | bytes[11]!) >>> 0
    this.csrcCount = first & 0x0f
    let at = FIXED_HEADER + 4 * this.csrcCount
    this.extensionProfile = 0
    this.#elementsStart = 0
    this.#elementsEnd = 0
    if ((first & 0x10) !== 0) {
      if (at + 4 > length) return false
      this.extensionProfile = (bytes[at]! << 8) | bytes[at + 1]!
      const words = (bytes[at + 2]! << 8) | bytes[at + 3]!
      this.#elementsStart = at + 4
      at += 4 + 4 * words
      this.#elementsEnd = at
    }
    if (at > length) return false
    this.payloadStart = at
    this.paddingLength = 0
    if ((first & 0x20) !== 0) {
      const padding = bytes[length - 1]!
      if (padding === 0 || at + padding > length) return false
      this.paddingLength = padding
    }
    this.payloadEnd = length - this.paddingLength
    return true
  }

  /** The payload as a view: borrowed as the packet is. */
  get payload(): Uint8Array {
    return this.bytes.subarray(this.payloadStart, this.payloadEnd)
  }

  /** Bytes of header, contributing sources and extensions. */
  get headerLength(): number {
    return this.payloadStart
  }

  /** A contributing source, by its place; 0 beyond `csrcCount`. */
  csrc(index: number): number {
    if (index < 0 || index >= this.csrcCount) return 0
    const at = FIXED_HEADER + 4 * index
    const { bytes } = this
    return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0
  }

  /** Finds the first element with this id (RFC 8285, 4.2 and 4.3): `extensionStart` and `extensionEnd` are its data. */
  findExtension(id: number): boolean {
    const { bytes, extensionProfile } = this
    const isOneByte = extensionProfile === ONE_BYTE_PROFILE || extensionProfile === CRYPTEX_ONE_BYTE_PROFILE
    const isTwoByte =
      (extensionProfile & TWO_BYTE_MASK) === TWO_BYTE_PROFILE || extensionProfile === CRYPTEX_TWO_BYTE_PROFILE
    if (!isOneByte && !isTwoByte) return false
    const end = this.#elementsEnd
    let at = this.#elementsStart
    while (at < end) {
      const head = bytes[at]!
      // A zero byte is padding (RFC 8285, 4.1.2), in both forms.
      if (head === 0) {
        at++
        continue
      }
      let found: number
      let length: number
      if (isOneByte) {
        found = head >> 4
        // The reserved id, and padding that claims a length, end what is read (RFC 8285, 4.2).
        if (found === RESERVED_ID || found === 0) return false
        length = (head & 0x0f) + 1
        at += 1
      } else {
        if (at + 2 > end) return false
        found = head
        length = bytes[at + 1]!
        at += 2
      }
      if (at + length > end) return false
      if (found === id) {
        this.extensionStart = at
        this.extensionEnd = at + length
        return true
      }
      at += length
    }
    return false
  }

  /** Tells of every element in its order, those that lie about their length and what follows them left out. */
  forEachExtension(tell: (id: number, start: number, end: number) => void): void {
    const { bytes, extensionProfile } = this
    const isOneByte = extensionProfile === ONE_BYTE_PROFILE || extensionProfile === CRYPTEX_ONE_BYTE_PROFILE
    const isTwoByte =
      (extensionProfile & TWO_BYTE_MASK) === TWO_BYTE_PROFILE || extensionProfile === CRYPTEX_TWO_BYTE_PROFILE
    if (!isOneByte && !isTwoByte) return
    const end = this.#elementsEnd
    for (let at = this.#elementsStart; at < end; ) {
      const head = bytes[at]!
      if (head === 0) {
        at++
        continue
      }
      if (isOneByte && (head >> 4 === RESERVED_ID || head >> 4 === 0)) return
      const data = at + (isOneByte ? 1 : 2)
      const length = isOneByte ? (head & 0x0f) + 1 : (bytes[at + 1] ?? 0)
      if (data + length > end) return
      tell(isOneByte ? head >> 4 : head, data, data + length)
      at = data + length
    }
  }
}
