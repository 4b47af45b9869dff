/**
 * The parameter sets of one H265 stream, by their ids: those of `sprop-vps`, `sprop-sps` and `sprop-pps` (RFC 7798, 7.1), of a
 * decoder's configuration record (ISO/IEC 14496-15, 8.3.3.1), and those that came in the stream. A key frame that comes without them
 * gets them from here, so that whoever begins with it can.
 */

import { equalBytes, fromBase64 } from '../../bytes/index.ts'
import {
  H265_HEADER_LENGTH,
  H265_PPS,
  H265_SPS,
  H265_VPS,
  type H265SequenceParameters,
  h265Type,
  readH265PictureParameterIds,
  readH265SequenceParameters,
} from './h265-nal.ts'

/** A set is tens of bytes; one with all scaling lists some thousand. 16, 16 and 64 ids bound the rest. */
const LARGEST_SET = 4096

/** Where hvcC says how long its lengths are, and how many arrays of units follow. */
const CONFIGURATION_LENGTH_SIZE = 21
const CONFIGURATION_ARRAYS = 22

export class H265ParameterSets {
  readonly #videos: (Uint8Array | undefined)[] = []
  readonly #sequences: ({ readonly bytes: Uint8Array; readonly parameters: H265SequenceParameters } | undefined)[] = []
  readonly #pictures: ({ readonly bytes: Uint8Array; readonly sequenceId: number } | undefined)[] = []

  /** Keeps a copy of the NAL unit `bytes[start, end)` if it is a well-formed parameter set. */
  remember(bytes: Uint8Array, start: number, end: number): void {
    if (end - start <= H265_HEADER_LENGTH || end - start > LARGEST_SET) return
    const type = h265Type(bytes[start]!)
    if (type === H265_SPS) this.rememberSequence(bytes, start, end)
    else if (type === H265_VPS) {
      const id = bytes[start + H265_HEADER_LENGTH]! >> 4
      if (!isSame(this.#videos[id], bytes, start, end)) this.#videos[id] = bytes.slice(start, end)
    } else if (type === H265_PPS) {
      const ids = readH265PictureParameterIds(bytes, start, end)
      if (ids === undefined || isSame(this.#pictures[ids.id]?.bytes, bytes, start, end)) return
      this.#pictures[ids.id] = { bytes: bytes.slice(start, end), sequenceId: ids.sequenceId }
    }
  }

  /** As `remember`, of a sequence parameter set; says what it says. */
  rememberSequence(bytes: Uint8Array, start: number, end: number): H265SequenceParameters | undefined {
    if (end - start > LARGEST_SET) return undefined
    for (const known of this.#sequences) {
      if (known !== undefined && isSame(known.bytes, bytes, start, end)) return known.parameters
    }
    const parameters = readH265SequenceParameters(bytes, start, end)
    if (parameters !== undefined) this.#sequences[parameters.id] = { bytes: bytes.slice(start, end), parameters }
    return parameters
  }

  /** Keeps what `sprop-vps` and its like say: NAL units in base64 with commas between them. What is none is left out. */
  rememberProperty(text: string | undefined): void {
    if (text === undefined) return
    for (const part of text.split(',', 64)) {
      const unit = fromBase64(part)
      if (unit !== undefined) this.remember(unit, 0, unit.length)
    }
  }

  /**
   * Keeps the sets of an HEVCDecoderConfigurationRecord: what WebCodecs calls the `description` of a codec.
   * @returns The size of the length prefixes of its frames; 0 where it is no such record.
   */
  rememberConfiguration(record: Uint8Array): number {
    if (record.length <= CONFIGURATION_ARRAYS || record[0] !== 1) return 0
    const size = (record[CONFIGURATION_LENGTH_SIZE]! & 3) + 1
    let at = CONFIGURATION_ARRAYS + 1
    for (let arrays = record[CONFIGURATION_ARRAYS]!; arrays > 0; arrays--) {
      if (at + 3 > record.length) return 0
      let count = (record[at + 1]! << 8) | record[at + 2]!
      at += 3
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

  /** Video, sequence and picture parameter set that a slice of this picture parameter set needs; empty where one is not known. */
  neededBy(pictureId: number): readonly Uint8Array[] {
    const picture = this.#pictures[pictureId]
    const sequence = picture === undefined ? undefined : this.#sequences[picture.sequenceId]
    const video = sequence === undefined ? undefined : this.#videos[sequence.parameters.videoId]
    if (picture === undefined || sequence === undefined || video === undefined) return []
    return [video, sequence.bytes, picture.bytes]
  }

  /** What the sequence parameter set of a slice says, where it is known. */
  sequenceOf(pictureId: number): H265SequenceParameters | undefined {
    const picture = this.#pictures[pictureId]
    return picture === undefined ? undefined : this.#sequences[picture.sequenceId]?.parameters
  }
}

const isSame = (known: Uint8Array | undefined, bytes: Uint8Array, start: number, end: number): boolean =>
  known !== undefined && known.length === end - start && equalBytes(known, bytes.subarray(start, end))
