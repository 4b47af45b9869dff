/**
 * The parameter sets of one H264 stream, by their ids: those of `sprop-parameter-sets` (RFC 6184, 8.1), of a decoder's
 * configuration record (ISO/IEC 14496-15, 5.3.3.1), and those that came in the stream. A key frame that comes without them gets them
 * from here, so that whoever begins with it can.
 */

import { equalBytes, fromBase64 } from '../../bytes/index.ts'
import {
  H264_PPS,
  H264_SPS,
  type H264SequenceParameters,
  type H264SliceHead,
  h264Type,
  readH264PictureParameterIds,
  readH264SequenceParameters,
} from './h264-nal.ts'

/** A set is tens of bytes; one with all scaling lists some hundred. 32 and 256 ids bound the rest. */
const LARGEST_SET = 2048

interface SequenceSet {
  readonly bytes: Uint8Array
  readonly parameters: H264SequenceParameters
}

interface PictureSet {
  readonly bytes: Uint8Array
  readonly sequenceId: number
}

export class H264ParameterSets {
  readonly #sequences: (SequenceSet | undefined)[] = []
  readonly #pictures: (PictureSet | undefined)[] = []

  /** Keeps a copy of the NAL unit `bytes[start, end)` if it is a parameter set; whether it is one, and well-formed. */
  remember(bytes: Uint8Array, start: number, end: number): boolean {
    if (end <= start || end - start > LARGEST_SET) return false
    const type = h264Type(bytes[start]!)
    if (type === H264_SPS) return this.rememberSequence(bytes, start, end) !== undefined
    if (type !== H264_PPS) return false
    const ids = readH264PictureParameterIds(bytes, start, end)
    if (ids === undefined) return false
    const known = this.#pictures[ids.id]
    if (known === undefined || !isSame(known.bytes, bytes, start, end)) {
      this.#pictures[ids.id] = { bytes: bytes.slice(start, end), sequenceId: ids.sequenceId }
    }
    return true
  }

  /** As `remember`, of a sequence parameter set; says what it says. */
  rememberSequence(bytes: Uint8Array, start: number, end: number): H264SequenceParameters | undefined {
    if (end - start > LARGEST_SET) return undefined
    for (const known of this.#sequences) {
      if (known !== undefined && isSame(known.bytes, bytes, start, end)) return known.parameters
    }
    const parameters = readH264SequenceParameters(bytes, start, end)
    if (parameters !== undefined) this.#sequences[parameters.id] = { bytes: bytes.slice(start, end), parameters }
    return parameters
  }

  /** Keeps what `sprop-parameter-sets` says: NAL units in base64 with commas between them. What is none is left out. */
  rememberProperty(text: string): void {
    for (const part of text.split(',', 64)) {
      const unit = fromBase64(part)
      if (unit !== undefined && unit.length > 0) this.remember(unit, 0, unit.length)
    }
  }

  /**
   * Keeps the sets of an AVCDecoderConfigurationRecord: what WebCodecs calls the `description` of a codec.
   * @returns The size of the length prefixes of its frames; 0 where it is no such record.
   */
  rememberConfiguration(record: Uint8Array): number {
    if (record.length < 7 || record[0] !== 1) return 0
    const size = (record[4]! & 3) + 1
    let at = 5
    for (const mask of [0x1f, 0xff]) {
      let count = (record[at++] ?? 0) & mask
      for (; count > 0; count--) {
        if (at + 2 > record.length) return 0
        const length = (record[at]! << 8) | record[at + 1]!
        at += 2
        if (at + length > record.length) return 0
        this.remember(record, at, at + length)
        at += length
      }
    }
    return size === 3 ? 0 : size
  }

  /** The sets that a slice needs, of those which its frame does not bring: sequence first. Empty where they are not known. */
  neededBy(slice: H264SliceHead, hasSequence: boolean, hasPicture: boolean): readonly Uint8Array[] {
    const picture = this.#pictures[slice.pictureParametersId]
    const sequence = picture === undefined ? undefined : this.#sequences[picture.sequenceId]
    if (picture === undefined || sequence === undefined || hasSequence) return []
    return hasPicture ? [sequence.bytes] : [sequence.bytes, picture.bytes]
  }

  /** What the sequence parameter set of a slice says, where it is known. */
  sequenceOf(slice: H264SliceHead): H264SequenceParameters | undefined {
    const picture = this.#pictures[slice.pictureParametersId]
    return picture === undefined ? undefined : this.#sequences[picture.sequenceId]?.parameters
  }
}

const isSame = (known: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean =>
  known.length === end - start && equalBytes(known, bytes.subarray(start, end))
