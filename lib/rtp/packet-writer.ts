/**
 * Writes RTP packets (RFC 3550, 5.1) with header extensions (RFC 8285) into datagrams: header, then payload, each byte once.
 */

import type { Packet } from '../bytes/index.ts'
import { ONE_BYTE_PROFILE } from './packet.ts'

/** RFC 8285, 4.3, with appbits of zero. */
const TWO_BYTE_PROFILE = 0x1000
const ONE_BYTE = { highestId: 14, longest: 16 } as const
const TWO_BYTE = { highestId: 255, longest: 255 } as const
const FIXED_HEADER = 12
/** RFC 3550, 5.1: what four bits count. */
export const MOST_CSRCS = 15

/**
 * The header extensions of one packet, to be used again for the next. Elements are put as (id, length) pairs of the
 * two-byte form, and written in the one-byte form where all of them fit it.
 */
export class ExtensionWriter {
  /** Whether both forms may be used (`a=extmap-allow-mixed`, RFC 8285, 4.1.2): the two-byte form where an element needs it. */
  mixed = false
  /**
   * Whether every packet has the two-byte form: where an id above 14 was agreed on and forms may not be mixed. Without either
   * there is only the one-byte form.
   */
  twoByte = false
  readonly #bytes: Uint8Array
  #end = 0
  #count = 0
  #needsTwoByte = false

  /** @param room Bytes of elements at most, two of head for each. */
  constructor(room = 512) {
    this.#bytes = new Uint8Array(room)
  }

  reset(): void {
    this.#end = 0
    this.#count = 0
    this.#needsTwoByte = false
  }

  get #isTwoByte(): boolean {
    return this.#needsTwoByte || this.twoByte
  }

  get isEmpty(): boolean {
    return this.#count === 0
  }

  /** Adds an element with `bytes[start, end)`; false where it cannot be written: too long, an id out of range, no room. */
  put(id: number, bytes: Uint8Array, start = 0, end = bytes.length): boolean {
    const at = this.reserve(id, end - start)
    if (at < 0) return false
    const into = this.#bytes
    for (let i = start; i < end; i++) into[at + i - start] = bytes[i]!
    return true
  }

  /** Adds an element whose data is to be written to `bytes` from the returned place on; -1 where it cannot be. */
  reserve(id: number, length: number): number {
    const fitsOneByte = id <= ONE_BYTE.highestId && length > 0 && length <= ONE_BYTE.longest
    if (id < 1 || id > TWO_BYTE.highestId || length < 0 || length > TWO_BYTE.longest) return -1
    if (!fitsOneByte && !this.mixed && !this.twoByte) return -1
    if (this.#end + 2 + length > this.#bytes.length) return -1
    if (!fitsOneByte) this.#needsTwoByte = true
    this.#bytes[this.#end] = id
    this.#bytes[this.#end + 1] = length
    const at = this.#end + 2
    this.#end = at + length
    this.#count++
    return at
  }

  /** Where `reserve` has made room. */
  get bytes(): Uint8Array {
    return this.#bytes
  }

  /** Bytes of the extension in a packet, its head included; 0 without elements. */
  get length(): number {
    if (this.#count === 0) return 0
    const elements = this.#isTwoByte ? this.#end : this.#end - this.#count
    return 4 + ((elements + 3) & ~3)
  }

  /** Writes head and elements to `into` from `at` on; where they end. */
  write(into: Uint8Array, at: number): number {
    const { length } = this
    if (length === 0) return at
    const isTwoByte = this.#isTwoByte
    const profile = isTwoByte ? TWO_BYTE_PROFILE : ONE_BYTE_PROFILE
    const words = (length - 4) >> 2
    const end = at + length
    into[at] = profile >> 8
    into[at + 1] = profile & 0xff
    into[at + 2] = words >> 8
    into[at + 3] = words & 0xff
    at += 4
    const from = this.#bytes
    for (let element = 0; element < this.#end; ) {
      const id = from[element]!
      const size = from[element + 1]!
      if (isTwoByte) {
        into[at++] = id
        into[at++] = size
      } else {
        into[at++] = (id << 4) | (size - 1)
      }
      for (let i = 0; i < size; i++) into[at++] = from[element + 2 + i]!
      element += 2 + size
    }
    while (at < end) into[at++] = 0
    return end
  }
}

/** The fixed header of a packet to write. */
export interface RtpHeaderFields {
  readonly marker: boolean
  readonly payloadType: number
  readonly sequenceNumber: number
  readonly timestamp: number
  readonly ssrc: number
  /** At most 15: what is beyond is left out. */
  readonly csrcs?: readonly number[]
}

/** Bytes that a header takes: to know how much room is left for a payload. */
export const rtpHeaderLength = (csrcCount: number, extensions: ExtensionWriter | undefined): number =>
  FIXED_HEADER + 4 * Math.min(csrcCount, MOST_CSRCS) + (extensions?.length ?? 0)

/**
 * Writes a header at the end of `packet`, whose end is moved behind it: the payload is to follow there. False, and nothing
 * written, when the packet has no room.
 */
export const writeRtpHeader = (
  packet: Packet,
  { marker, payloadType, sequenceNumber, timestamp, ssrc, csrcs }: RtpHeaderFields,
  extensions?: ExtensionWriter,
): boolean => {
  const csrcCount = Math.min(csrcs?.length ?? 0, MOST_CSRCS)
  const hasExtensions = extensions !== undefined && !extensions.isEmpty
  const { bytes } = packet
  let at = packet.end
  if (at + rtpHeaderLength(csrcCount, extensions) > bytes.length) return false
  bytes[at] = 0x80 | (hasExtensions ? 0x10 : 0) | csrcCount
  bytes[at + 1] = (marker ? 0x80 : 0) | payloadType
  bytes[at + 2] = sequenceNumber >> 8
  bytes[at + 3] = sequenceNumber & 0xff
  writeU32(bytes, at + 4, timestamp)
  writeU32(bytes, at + 8, ssrc)
  at += FIXED_HEADER
  for (let i = 0; i < csrcCount; i++, at += 4) writeU32(bytes, at, csrcs![i]!)
  packet.end = hasExtensions ? extensions.write(bytes, at) : at
  return true
}

/** Writes `from[start, end)` behind what `packet` has; false, and nothing written, when there is no room. */
export const appendPayload = (packet: Packet, from: Uint8Array, start: number, end: number): boolean => {
  const { bytes } = packet
  const at = packet.end
  const length = end - start
  if (at + length > bytes.length) return false
  if (length > SHORT) bytes.set(start === 0 && end === from.length ? from : from.subarray(start, end), at)
  else for (let i = 0; i < length; i++) bytes[at + i] = from[start + i]!
  packet.end = at + length
  return true
}

/** Bytes up to which a loop is faster than a view and `set`. */
const SHORT = 64

/** Pads with `length` bytes, 1 to 255, the last of which counts them (RFC 3550, 5.1); false when there is no room. */
export const appendPadding = (packet: Packet, length: number): boolean => {
  const { bytes, start, end } = packet
  if (length < 1 || length > 255 || end + length > bytes.length) return false
  bytes.fill(0, end, end + length - 1)
  bytes[end + length - 1] = length
  bytes[start]! |= 0x20
  packet.end = end + length
  return true
}

const writeU32 = (bytes: Uint8Array, at: number, value: number): void => {
  bytes[at] = value >>> 24
  bytes[at + 1] = value >>> 16
  bytes[at + 2] = value >>> 8
  bytes[at + 3] = value
}
