/** What the camera films: payloads of VP8 (RFC 7741), of which only what packets must say is there. */

import { FRAME, PAYLOAD } from './roles.ts'

/** X, S; I and L; a picture id of 15 bits, TL0PICIDX; then the frame's own header, of which one bit tells key frames. */
const START = Uint8Array.of(0x90, 0xc0, 0x80, 0, 0, 0x10, 2, 0, 0x9d, 1, 0x2a, 0x80, 2, 0xe0, 1)
const NOT_KEY = 1
const FIRST = 0x90
const FURTHER = 0x80
/** 60 frames a second, on a clock of 90 kHz, whatever the load. */
const FRAME_TIME = 1500

export class Video {
  readonly payload = new Uint8Array(PAYLOAD)
  timestamp = 0
  sequenceNumber = 0
  marker = false
  /** The next frame needs no other. */
  keyFrame = true
  #part = FRAME
  #picture = 0

  constructor() {
    this.payload.set(START)
  }

  /** Makes the next payload in place of the last. */
  next(): void {
    const { payload } = this
    this.sequenceNumber = (this.sequenceNumber + 1) & 0xffff
    if (this.#part === FRAME) {
      this.#part = 0
      this.#picture = (this.#picture + 1) & 0x7fff
      this.timestamp = (this.timestamp + FRAME_TIME) >>> 0
      payload[0] = FIRST
      payload[2] = 0x80 | (this.#picture >> 8)
      payload[3] = this.#picture
      payload[4] = this.#picture
      payload[5] = this.keyFrame ? 0x10 : 0x10 | NOT_KEY
      this.keyFrame = false
    } else {
      payload[0] = FURTHER
    }
    this.#part++
    this.marker = this.#part === FRAME
  }
}
