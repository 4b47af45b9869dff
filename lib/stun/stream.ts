/**
 * STUN over a stream, TCP or TLS: nothing but the messages' own lengths tells them apart (RFC 8489, 6.2.2), and on the
 * way to a TURN server ChannelData stands between them, padded to four bytes (RFC 8656, 12.5).
 */

import { HEADER_LENGTH, MAGIC_COOKIE } from './message.ts'

/** Bytes in front of ChannelData: channel number and length. */
export const CHANNEL_DATA_HEADER = 4

/** Bytes of a header until the magic cookie is whole. */
const COOKIE_END = 8

/** Room that the first piece of a frame gets; it grows only as bytes come, not as a length promises. */
const FIRST_ROOM = 2048

/** Cuts a byte stream into frames. What it keeps is at most one frame, 65,552 bytes. */
export class StreamFramer {
  #failed = false
  /** The beginning of a frame whose end has not come. */
  #held = new Uint8Array(0)
  #heldLength = 0

  /**
   * Takes the next bytes of the stream in, and gives each frame that they complete to `deliver`: a STUN message, or
   * ChannelData without its padding. Only the lengths and the magic cookie have been looked at. A frame is borrowed: it
   * is valid, and may be overwritten, until `deliver` returns. `deliver` must not call `push`.
   * @returns False when this is no such stream, now and for all that comes later: close it. Frames in front of what
   * cannot be one have been delivered.
   */
  push(bytes: Uint8Array, deliver: (frame: Uint8Array) => void): boolean {
    let at = 0
    while (!this.#failed && at < bytes.length) {
      if (this.#heldLength === 0) {
        // A frame that is here in one piece is handed on where it lies.
        const size = frameSize(bytes, at, bytes.length)
        if (size > 0 && size <= bytes.length - at) {
          deliver(bytes.subarray(at, at + dataSize(bytes, at, size)))
          at += size
          continue
        }
      }
      at = this.#continue(bytes, at, deliver)
    }
    return !this.#failed
  }

  /** Adds to the frame that is held as much as belongs to it. Returns where the rest begins. */
  #continue(bytes: Uint8Array, start: number, deliver: (frame: Uint8Array) => void): number {
    let at = start
    for (;;) {
      const size = frameSize(this.#held, 0, this.#heldLength)
      if (size < 0) {
        this.#failed = true
        this.#held = new Uint8Array(0)
        return bytes.length
      }
      if (size > 0 && this.#heldLength === size) {
        const frame = this.#held.subarray(0, dataSize(this.#held, 0, size))
        this.#heldLength = 0
        deliver(frame)
        return at
      }
      if (at === bytes.length) return at
      // Until the size is known, the header is taken in parts that cannot reach into the next frame.
      const known = this.#heldLength < CHANNEL_DATA_HEADER ? CHANNEL_DATA_HEADER : COOKIE_END
      const wanted = Math.min((size > 0 ? size : known) - this.#heldLength, bytes.length - at)
      this.#room(this.#heldLength + wanted)
      this.#held.set(bytes.subarray(at, at + wanted), this.#heldLength)
      this.#heldLength += wanted
      at += wanted
    }
  }

  #room(length: number): void {
    if (length <= this.#held.length) return
    const grown = new Uint8Array(Math.max(length, FIRST_ROOM, Math.min(2 * this.#held.length, 0x1_0000)))
    grown.set(this.#held.subarray(0, this.#heldLength))
    this.#held = grown
  }
}

/** The size of the frame that begins at `at`, with padding; 0 when too little is there to say, -1 when there is none. */
const frameSize = (bytes: Uint8Array, at: number, end: number): number => {
  if (at >= end) return 0
  const kind = bytes[at]! >> 6
  // RFC 7983 gives these first bytes to others.
  if (kind > 1) return -1
  if (end - at < CHANNEL_DATA_HEADER) return 0
  const length = (bytes[at + 2]! << 8) | bytes[at + 3]!
  if (kind === 1) return CHANNEL_DATA_HEADER + length + (-length & 3)
  if (length % 4 !== 0) return -1
  if (end - at < COOKIE_END) return 0
  const cookie = ((bytes[at + 4]! << 24) | (bytes[at + 5]! << 16) | (bytes[at + 6]! << 8) | bytes[at + 7]!) >>> 0
  return cookie === MAGIC_COOKIE ? HEADER_LENGTH + length : -1
}

/** What of a frame of this size is not padding. */
const dataSize = (bytes: Uint8Array, at: number, size: number): number =>
  bytes[at]! >> 6 === 1 ? CHANNEL_DATA_HEADER + ((bytes[at + 2]! << 8) | bytes[at + 3]!) : size
