/**
 * The sequence header of AV1 and the first bits of a frame header (AV1 bitstream specification, 5.5.1 and 5.9.2), as far as one
 * needs them to see where a coded video sequence begins (7.5), and how large its pictures are.
 */

import { OBU_FRAME, OBU_FRAME_HEADER, OBU_SEQUENCE_HEADER, type ObuList } from './av1-obu.ts'
import { BitReader } from './bit-reader.ts'

const KEY_FRAME = 0

export class Av1SequenceHeader {
  profile = 0
  /** reduced_still_picture_header: every frame is a key frame, and does not say so. */
  isReduced = false
  /** Pixels of the largest picture. */
  width = 0
  height = 0
  readonly #reader = new BitReader()

  /** Reads what is in a sequence header OBU, `bytes[start, end)`; false where a part is missing. */
  read(bytes: Uint8Array, start: number, end: number): boolean {
    const reader = this.#reader
    reader.open(bytes, start, end)
    this.profile = reader.bits(3)
    reader.bit()
    this.isReduced = reader.flag()
    if (this.isReduced) reader.bits(5)
    else skipOperatingPoints(reader)
    const widthBits = reader.bits(4) + 1
    const heightBits = reader.bits(4) + 1
    this.width = reader.bits(widthBits) + 1
    this.height = reader.bits(heightBits) + 1
    return !reader.failed
  }

  /** Whether a coded video sequence begins with these OBUs: a sequence header, which is read, and a key frame behind it that is shown. */
  begins(bytes: Uint8Array, obus: ObuList): boolean {
    let hasSequence = false
    for (let i = 0; i < obus.count; i++) {
      const { type, start, end } = obus.units[i]!
      if (type === OBU_SEQUENCE_HEADER) {
        if (!this.read(bytes, start, end)) return false
        hasSequence = true
      } else if (type === OBU_FRAME || type === OBU_FRAME_HEADER) {
        return hasSequence && (this.isReduced || this.#isShownKeyFrame(bytes, start, end))
      }
    }
    return false
  }

  /** The first bits of uncompressed_header(), 5.9.2. */
  #isShownKeyFrame(bytes: Uint8Array, start: number, end: number): boolean {
    const reader = this.#reader
    reader.open(bytes, start, end)
    const showsExisting = reader.flag()
    const frameType = reader.bits(2)
    const isShown = reader.flag()
    return !showsExisting && frameType === KEY_FRAME && isShown && !reader.failed
  }
}

const skipOperatingPoints = (reader: BitReader): void => {
  const hasTiming = reader.flag()
  if (hasTiming) {
    reader.bits(32)
    reader.bits(32)
    if (reader.flag()) reader.skipVariableLength()
  }
  const hasDecoderModel = hasTiming && reader.flag()
  let delayBits = 0
  if (hasDecoderModel) {
    delayBits = reader.bits(5) + 1
    reader.bits(32)
    reader.bits(10)
  }
  const hasDisplayDelay = reader.flag()
  const operatingPoints = reader.bits(5) + 1
  for (let i = 0; i < operatingPoints; i++) {
    reader.bits(12)
    if (reader.bits(5) > 7) reader.bit()
    if (hasDecoderModel && reader.flag()) {
      reader.bits(delayBits)
      reader.bits(delayBits)
      reader.bit()
    }
    if (hasDisplayDelay && reader.flag()) reader.bits(4)
  }
}
