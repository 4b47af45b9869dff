/**
 * Datagrams over TCP: each behind two bytes that say its length (RFC 4571, 2; RFC 6544, 3).
 *
 * Any sequence of bytes is a sequence of frames, so nothing can be malformed but its contents. A frame that announces
 * much and brings little holds no more memory than a small multiple of what came.
 */

import { Packet } from '../bytes/index.ts'

/** Bytes of the length in front of a frame. */
const HEADER = 2
const LONGEST = 0xffff
/** A buffer for a frame in pieces begins with this many bytes, and one that is larger is given back. */
const FIRST_BUFFER = 2048

/**
 * Puts the header in front, in the packet's headroom; a packet without any is copied (and released).
 * @returns Undefined, with the packet released, when it is empty or longer than 65,535 bytes.
 */
export const frame = (packet: Packet): Packet | undefined => {
  const { length } = packet
  if (length === 0 || length > LONGEST) {
    packet.release()
    return undefined
  }
  let framed = packet
  if (packet.start < HEADER) {
    framed = Packet.copy(packet.view())
    packet.release()
  }
  framed.start -= HEADER
  framed.bytes[framed.start] = length >>> 8
  framed.bytes[framed.start + 1] = length
  return framed
}

export class FrameReader {
  /** The longest frame that is taken, in bytes, up to 65,535 (the default). */
  limit = LONGEST
  /** Of the frame under way: its header's bytes that are there, its length, its bytes that are there. */
  #headerBytes = 0
  #length = 0
  #filled = 0
  #buffer = new Uint8Array(0)
  #stopped = false

  /**
   * Takes what came, and delivers each frame that is whole; an empty one is not delivered. A frame is valid until the
   * call of `deliver` returns, and may be overwritten; `deliver` may call `stop`.
   * @returns False when a frame is longer than `limit`, or the reader was stopped: nothing more is taken.
   */
  push(bytes: Uint8Array, deliver: (frame: Uint8Array) => void): boolean {
    for (let at = 0; at < bytes.length && !this.#stopped; ) {
      if (this.#headerBytes < HEADER) {
        this.#length = (this.#length << 8) | bytes[at++]!
        this.#headerBytes++
        if (this.#headerBytes < HEADER) continue
        if (this.#length > this.limit) this.#stopped = true
        else if (this.#length === 0) this.#reset()
        continue
      }
      const missing = this.#length - this.#filled
      const end = Math.min(bytes.length, at + missing)
      const whole = end - at === missing
      if (whole && this.#filled === 0) {
        this.#reset()
        deliver(bytes.subarray(at, end))
      } else {
        this.#keep(bytes, at, end)
        if (whole) this.#deliverKept(deliver)
      }
      at = end
    }
    return !this.#stopped
  }

  /** Nothing more is delivered. */
  stop(): void {
    this.#stopped = true
    this.#buffer = new Uint8Array(0)
  }

  #keep(bytes: Uint8Array, at: number, end: number): void {
    const needed = this.#filled + end - at
    if (needed > this.#buffer.length) {
      const size = Math.min(this.#length, Math.max(FIRST_BUFFER, 2 * needed))
      const larger = new Uint8Array(size)
      larger.set(this.#buffer.subarray(0, this.#filled))
      this.#buffer = larger
    }
    this.#buffer.set(bytes.subarray(at, end), this.#filled)
    this.#filled = needed
  }

  #deliverKept(deliver: (frame: Uint8Array) => void): void {
    const whole = this.#buffer.subarray(0, this.#filled)
    if (this.#buffer.length > FIRST_BUFFER) this.#buffer = new Uint8Array(0)
    this.#reset()
    deliver(whole)
  }

  #reset(): void {
    this.#headerBytes = 0
    this.#length = 0
    this.#filled = 0
  }
}
