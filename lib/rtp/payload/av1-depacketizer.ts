/**
 * Joins AV1 temporal units (RTP Payload Format For AV1, 4.4): OBU elements to OBUs, each with its size (low-overhead format). Temporal
 * delimiters and tile lists, which nobody is to send, are left out.
 */

import type { VideoFrameDetails } from '../frame.ts'
import {
  isObuHeader,
  Leb128,
  leb128Length,
  OBU_HAS_SIZE,
  OBU_TEMPORAL_DELIMITER,
  OBU_TILE_LIST,
  type Obu,
  ObuList,
  putLeb128,
  spatialIdOf,
  temporalIdOf,
} from './av1-obu.ts'
import { Av1SequenceHeader } from './av1-sequence-header.ts'
import type { Depacketizer, JoinedFrame, PayloadInfo } from './format.ts'

const CONTINUES = 0x80
const IS_CONTINUED = 0x40
const NEW_SEQUENCE = 0x08

/** Goes through the OBU elements of one payload (4.4). One object is used again and again. */
class ElementReader {
  continues = false
  isContinued = false
  newSequence = false
  /** Where the element is that `next` found. */
  start = 0
  end = 0
  /** Whether it is the first of its payload, and the last. */
  isFirst = false
  isLast = false
  failed = false
  readonly #size = new Leb128()
  #bytes: Uint8Array = new Uint8Array(0)
  #payloadEnd = 0
  #counted = 0
  #found = 0

  /** Begins with a payload; false where it cannot be one. */
  open(bytes: Uint8Array, start: number, end: number): boolean {
    if (end - start < 2) return false
    const head = bytes[start]!
    this.continues = (head & CONTINUES) !== 0
    this.isContinued = (head & IS_CONTINUED) !== 0
    this.newSequence = (head & NEW_SEQUENCE) !== 0
    this.failed = this.continues && this.newSequence
    this.#bytes = bytes
    this.#counted = (head >> 4) & 0x03
    this.#found = 0
    this.#payloadEnd = end
    this.end = start + 1
    this.isLast = false
    return !this.failed
  }

  /** Goes to the next element; false behind the last one, or where a length lies: then it has failed. */
  next(): boolean {
    if (this.failed || this.isLast) return false
    const end = this.#payloadEnd
    this.#found++
    this.isFirst = this.#found === 1
    if (this.#found === this.#counted) {
      this.start = this.end
      this.end = end
      this.isLast = true
    } else {
      const size = this.#size
      if (!size.read(this.#bytes, this.end, end) || size.value > end - size.end) return this.#fail()
      this.start = size.end
      this.end = size.end + size.value
      this.isLast = this.#counted === 0 && this.end === end
    }
    return this.start < this.end || this.#fail()
  }

  #fail(): false {
    this.failed = true
    return false
  }
}

export class Av1Depacketizer implements Depacketizer {
  readonly #elements = new ElementReader()
  readonly #obus = new ObuList()
  readonly #sequence = new Av1SequenceHeader()

  describe(bytes: Uint8Array, start: number, end: number, info: PayloadInfo): boolean {
    info.begins = false
    info.ends = false
    info.keyFrame = false
    info.spatialLayer = -1
    info.temporalLayer = -1
    info.pictureId = -1
    info.baseLayerIndex = -1
    const elements = this.#elements
    const obus = this.#obus
    obus.reset()
    if (!elements.open(bytes, start, end)) return false
    while (elements.next()) {
      if (elements.isFirst && elements.continues) continue
      const isPart = elements.isLast && elements.isContinued
      // Of the first bytes of an OBU there may be too few to see what it is.
      if (!obus.add(bytes, elements.start, elements.end, isPart) && !(isPart && isObuHeader(bytes[elements.start]!)))
        return false
    }
    if (elements.failed) return false
    info.begins = !elements.continues
    info.keyFrame = elements.newSequence || this.#sequence.begins(bytes, obus)
    for (let i = 0; i < obus.count && info.spatialLayer < 0; i++) {
      const { extension } = obus.units[i]!
      if (extension < 0) continue
      info.spatialLayer = spatialIdOf(extension)
      info.temporalLayer = temporalIdOf(extension)
    }
    return true
  }

  join(payloads: readonly Uint8Array[]): JoinedFrame | undefined {
    let length = 0
    for (const payload of payloads) length += payload.length
    const bytes = new Uint8Array(length)
    return this.#gather(payloads, bytes) ? this.#finish(bytes) : undefined
  }

  /** Puts the OBUs one behind another, and lists them; false where the payloads, in this order, make none. */
  #gather(payloads: readonly Uint8Array[], bytes: Uint8Array): boolean {
    const elements = this.#elements
    const obus = this.#obus
    obus.reset()
    let at = 0
    let obuStart = 0
    let isOpen = false
    for (const payload of payloads) {
      if (!elements.open(payload, 0, payload.length) || elements.continues !== isOpen) return false
      while (elements.next()) {
        if (!isOpen) obuStart = at
        bytes.set(payload.subarray(elements.start, elements.end), at)
        at += elements.end - elements.start
        isOpen = elements.isLast && elements.isContinued
        if (isOpen) continue
        // A size of its own must be that of the element.
        if (!obus.add(bytes, obuStart, at) || obus.units[obus.count - 1]!.end !== at) return false
      }
      if (elements.failed) return false
    }
    return !isOpen
  }

  /** Writes the OBUs with their sizes, and looks at them. */
  #finish(bytes: Uint8Array): JoinedFrame | undefined {
    const { units, count } = this.#obus
    let length = 0
    let spatialLayer = -1
    let temporalLayer = -1
    for (let i = 0; i < count; i++) {
      const obu = units[i]!
      if (isLeftOut(obu)) continue
      const size = obu.end - obu.start
      length += headerLengthOf(obu) + leb128Length(size) + size
      if (obu.extension < 0) continue
      spatialLayer = Math.max(spatialLayer, spatialIdOf(obu.extension))
      temporalLayer = temporalIdOf(obu.extension)
    }
    if (length === 0) return undefined
    const data = new Uint8Array(length)
    let at = 0
    for (let i = 0; i < count; i++) {
      const obu = units[i]!
      if (isLeftOut(obu)) continue
      data[at++] = obu.header | OBU_HAS_SIZE
      if (obu.extension >= 0) data[at++] = obu.extension
      at = putLeb128(data, at, obu.end - obu.start)
      data.set(bytes.subarray(obu.start, obu.end), at)
      at += obu.end - obu.start
    }
    const sequence = this.#sequence
    const keyFrame = sequence.begins(bytes, this.#obus)
    if (!keyFrame && spatialLayer < 0) return { data, keyFrame }
    const video: VideoFrameDetails = {
      ...(spatialLayer >= 0 && { spatialLayer, temporalLayer }),
      ...(keyFrame && { width: sequence.width, height: sequence.height }),
    }
    return { data, keyFrame, video }
  }
}

const isLeftOut = ({ type }: Obu): boolean => type === OBU_TEMPORAL_DELIMITER || type === OBU_TILE_LIST

const headerLengthOf = ({ extension }: Obu): number => (extension < 0 ? 1 : 2)
