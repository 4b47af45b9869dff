/**
 * The first fields of a VP9 frame's uncompressed header (VP9 bitstream specification, 6.2 and 7.2): whether decoding can begin with it, and
 * its size in pixels.
 */

import { BitReader } from './bit-reader.ts'

const FRAME_MARKER = 2
const SYNC_CODE = 0x498342
const COLOR_SPACE_RGB = 7

/**
 * - `key`: all reference frames are made anew.
 * - `intra`: it depends on no other, but those behind it may.
 * - `inter`: it depends on others.
 * - `unknown`: the bytes are no header of VP9, or lack a part of it.
 */
export type Vp9FrameType = 'key' | 'intra' | 'inter' | 'unknown'

export class Vp9FrameHeader {
  type: Vp9FrameType = 'unknown'
  /** 0 to 3. */
  profile = 0
  /** Of key frames; 0 where it is not said. */
  width = 0
  height = 0
  readonly #reader = new BitReader()

  read(bytes: Uint8Array, start: number, end: number): void {
    this.width = 0
    this.height = 0
    const reader = this.#reader
    reader.open(bytes, start, end)
    const type = this.#read(reader)
    this.type = reader.failed ? 'unknown' : type
  }

  #read(reader: BitReader): Vp9FrameType {
    if (reader.bits(2) !== FRAME_MARKER) return 'unknown'
    this.profile = reader.bit() + 2 * reader.bit()
    if (this.profile === 3 && reader.flag()) return 'unknown'
    const showsExisting = reader.flag()
    if (showsExisting) return 'inter'
    const isKey = !reader.flag()
    const isShown = reader.flag()
    const isErrorResilient = reader.flag()
    if (!isKey) {
      const isIntra = !isShown && reader.flag()
      if (!isIntra) return 'inter'
      if (!isErrorResilient) reader.bits(2)
      return reader.bits(24) === SYNC_CODE ? 'intra' : 'unknown'
    }
    if (reader.bits(24) !== SYNC_CODE || !this.#skipColor(reader)) return 'unknown'
    const width = reader.bits(16) + 1
    const height = reader.bits(16) + 1
    if (!reader.failed) {
      this.width = width
      this.height = height
    }
    return 'key'
  }

  /** color_config(), 7.2.2. */
  #skipColor(reader: BitReader): boolean {
    if (this.profile >= 2) reader.bit()
    const hasSubsampling = (this.profile & 1) === 1
    if (reader.bits(3) === COLOR_SPACE_RGB) {
      if (!hasSubsampling) return false
      reader.bit()
      return true
    }
    reader.bit()
    if (hasSubsampling) reader.bits(3)
    return true
  }
}
