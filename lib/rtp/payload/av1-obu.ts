/** Open bitstream units of AV1 (AV1 bitstream specification, 5.3 and 6.2): their headers, LEB128 (4.10.5), and how a temporal unit divides. */

export const OBU_SEQUENCE_HEADER = 1
export const OBU_TEMPORAL_DELIMITER = 2
export const OBU_FRAME_HEADER = 3
export const OBU_FRAME = 6
export const OBU_TILE_LIST = 8

const FORBIDDEN = 0x80
const HAS_EXTENSION = 0x04
export const OBU_HAS_SIZE = 0x02

export const obuType = (header: number): number => (header >> 3) & 0x0f

/** Whether a byte can be the first of an OBU. */
export const isObuHeader = (header: number): boolean => (header & FORBIDDEN) === 0

/** Bytes of the header that begins with this one: 1, or 2 with the extension. */
export const obuHeaderLength = (header: number): number => ((header & HAS_EXTENSION) === 0 ? 1 : 2)

/** Longest sizes that are read: of 32 bits, as 4.10.5 has them, is more than a frame can have. */
const LONGEST_LEB128 = 5

/** A size and where it ends. One object is read into again and again. */
export class Leb128 {
  value = 0
  end = 0

  /** Reads at `at`; false where it does not end before `end`, or is longer than any size. */
  read(bytes: Uint8Array, at: number, end: number): boolean {
    let value = 0
    let scale = 1
    const limit = Math.min(end, at + LONGEST_LEB128)
    while (at < limit) {
      const byte = bytes[at++]!
      value += (byte & 0x7f) * scale
      if (byte < 0x80) {
        this.value = value
        this.end = at
        return true
      }
      scale *= 0x80
    }
    return false
  }
}

export const leb128Length = (value: number): number => {
  let length = 1
  for (; value >= 0x80; value = Math.floor(value / 0x80)) length++
  return length
}

/** Writes a size at `at`. @returns Where it ends. */
export const putLeb128 = (into: Uint8Array, at: number, value: number): number => {
  for (; value >= 0x80; value = Math.floor(value / 0x80)) into[at++] = 0x80 | (value % 0x80)
  into[at++] = value
  return at
}

/** An OBU as it lies in its bytes. */
export interface Obu {
  type: number
  /** Its first byte, without the flag that says that a size follows. */
  header: number
  /** Its second byte, with temporal id and spatial id; -1 where there is none. */
  extension: number
  /** Where its content is. */
  start: number
  end: number
}

/** More than a frame of the largest level has tiles (Annex A.3); what has more is refused. */
const MOST_OBUS = 1024

/** The OBUs of a temporal unit. One object is used again and again. */
export class ObuList {
  readonly units: Obu[] = []
  count = 0
  readonly #size = new Leb128()

  reset(): void {
    this.count = 0
  }

  /** Divides bytes of the low-overhead format; the last OBU may lack its size. False where they are none, or lengths lie. */
  split(bytes: Uint8Array): boolean {
    this.count = 0
    for (let at = 0; at < bytes.length; ) {
      if (!this.add(bytes, at, bytes.length)) return false
      at = this.units[this.count - 1]!.end
    }
    return this.count > 0
  }

  /**
   * Adds the OBU at `at`: it ends where its size says, or at `end`.
   * @param isPart Whether only its beginning is here: `end` is then all that is known of it.
   */
  add(bytes: Uint8Array, at: number, end: number, isPart = false): boolean {
    if (at >= end || this.count === MOST_OBUS) return false
    const first = bytes[at]!
    const headerLength = obuHeaderLength(first)
    if (!isObuHeader(first) || at + headerLength > end) return false
    let start = at + headerLength
    if ((first & OBU_HAS_SIZE) !== 0) {
      const size = this.#size
      if (!size.read(bytes, start, end)) return false
      start = size.end
      if (!isPart) {
        if (size.value > end - start) return false
        end = start + size.value
      }
    }
    const extension = headerLength === 2 ? bytes[at + 1]! : -1
    this.#put(obuType(first), first & ~OBU_HAS_SIZE, extension, start, end)
    return true
  }

  #put(type: number, header: number, extension: number, start: number, end: number): void {
    const unit = this.units[this.count]
    if (unit === undefined) this.units.push({ type, header, extension, start, end })
    else {
      unit.type = type
      unit.header = header
      unit.extension = extension
      unit.start = start
      unit.end = end
    }
    this.count++
  }
}

/** Of an OBU's extension. */
export const temporalIdOf = (extension: number): number => extension >> 5
export const spatialIdOf = (extension: number): number => (extension >> 3) & 0x03
