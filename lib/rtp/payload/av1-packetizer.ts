/**
 * Cuts AV1 temporal units (RTP Payload Format For AV1, 4 and 5): an aggregation header, then OBU elements, that is OBUs without sizes
 * of their own, or fragments of them. Temporal delimiters and tile lists are left out (5), and OBUs of different layers are
 * not put together.
 */

import { leb128Length, OBU_TEMPORAL_DELIMITER, OBU_TILE_LIST, type Obu, ObuList, putLeb128 } from './av1-obu.ts'
import { Av1SequenceHeader } from './av1-sequence-header.ts'
import type { FrameToPacketize, Packetizer, PayloadSink } from './format.ts'

const CONTINUES = 0x80
const IS_CONTINUED = 0x40
const NEW_SEQUENCE = 0x08

/** As many elements W can count; of more, each says its length. */
const MOST_COUNTED = 3
/** Fragments are not shorter than this, since the rest of an OBU goes into the next payload as well. */
const SHORTEST_FRAGMENT = 16
/** Aggregation header, a length, an OBU's header with its extension, a byte of it. */
const LOWEST_LIMIT = 8

export class Av1Packetizer implements Packetizer {
  readonly #obus = new ObuList()
  readonly #sequence = new Av1SequenceHeader()
  #scratch = new Uint8Array(1500)
  /** What goes out, as places in #obus. */
  readonly #sent: Obu[] = []
  /** Where the next payload begins: which OBU, and which of its bytes, those of its header counted. */
  #next = 0
  #offset = 0

  packetize({ data }: FrameToPacketize, limit: number, sink: PayloadSink): number {
    const obus = this.#obus
    if (limit < LOWEST_LIMIT || !obus.split(data)) return 0
    this.#choose()
    const sent = this.#sent
    if (sent.length === 0) return 0
    if (this.#scratch.length < limit) this.#scratch = new Uint8Array(limit)
    const target = this.#evenLimit(limit)
    const newSequence = this.#sequence.begins(data, obus) ? NEW_SEQUENCE : 0
    let payloads = 0
    this.#next = 0
    this.#offset = 0
    while (this.#next < sent.length) {
      this.#fill(data, target, payloads === 0 ? newSequence : 0, sink)
      payloads++
    }
    return payloads
  }

  #choose(): void {
    const { units, count } = this.#obus
    const sent = this.#sent
    sent.length = 0
    for (let i = 0; i < count; i++) {
      const { type } = units[i]!
      if (type !== OBU_TEMPORAL_DELIMITER && type !== OBU_TILE_LIST) sent.push(units[i]!)
    }
  }

  /** A limit, no higher than the one that is set, at which the payloads become nearly equal. */
  #evenLimit(limit: number): number {
    let length = 0
    for (const obu of this.#sent) length += lengthOf(obu) + leb128Length(lengthOf(obu))
    const payloads = Math.ceil(length / (limit - 1))
    return Math.min(limit, Math.ceil(length / payloads) + 1 + SHORTEST_FRAGMENT)
  }

  /** Makes one payload of what comes next. */
  #fill(data: Uint8Array, limit: number, newSequence: number, sink: PayloadSink): void {
    const sent = this.#sent
    const scratch = this.#scratch
    const continues = this.#offset > 0 ? CONTINUES : 0
    const count = this.#countTogether(limit)
    const isCounted = count <= MOST_COUNTED
    let at = 1
    for (let i = 1; i < count; i++) {
      const obu = sent[this.#next]!
      at = putLeb128(scratch, at, lengthOf(obu) - this.#offset)
      at = this.#putHeader(obu, at)
      const from = this.#contentStart(obu)
      scratch.set(data.subarray(from, obu.end), at)
      at += obu.end - from
      this.#next++
      this.#offset = 0
    }
    // The last element is named where it lies.
    const obu = sent[this.#next]!
    const left = lengthOf(obu) - this.#offset
    let room = limit - at
    if (!isCounted) room -= leb128Length(Math.min(left, room))
    const length = Math.min(left, room)
    if (!isCounted) at = putLeb128(scratch, at, length)
    const headerAt = at
    at = this.#putHeader(obu, at)
    const from = this.#contentStart(obu)
    const to = from + length - (at - headerAt)
    const isContinued = length < left
    scratch[0] = continues | (isContinued ? IS_CONTINUED : 0) | ((isCounted ? count : 0) << 4) | newSequence
    if (isContinued) this.#offset += length
    else {
      this.#next++
      this.#offset = 0
    }
    sink(scratch, at, data, from, to, this.#next === sent.length)
  }

  /** How many OBUs the payload takes, the last one perhaps in part. */
  #countTogether(limit: number): number {
    const sent = this.#sent
    let layer = -1
    let used = 1
    let count = 0
    for (let i = this.#next; i < sent.length; i++) {
      const obu = sent[i]!
      // 5: of one payload, all OBUs with an extension are of one layer.
      if (obu.extension >= 0) {
        if (layer >= 0 && obu.extension !== layer) break
        layer = obu.extension
      }
      const left = lengthOf(obu) - (i === this.#next ? this.#offset : 0)
      // As if each had its length: of the last one it may not be needed.
      used += leb128Length(left) + left
      if (used > limit) {
        const room = limit - (used - left)
        return count === 0 || room >= SHORTEST_FRAGMENT ? count + 1 : count
      }
      count++
    }
    return count
  }

  #putHeader({ header, extension }: Obu, at: number): number {
    if (this.#offset > 0) return at
    this.#scratch[at++] = header
    if (extension >= 0) this.#scratch[at++] = extension
    return at
  }

  #contentStart(obu: Obu): number {
    return this.#offset === 0 ? obu.start : obu.start + this.#offset - headerLengthOf(obu)
  }
}

const headerLengthOf = ({ extension }: Obu): number => (extension < 0 ? 1 : 2)

/** Bytes of an OBU without its size. */
const lengthOf = (obu: Obu): number => headerLengthOf(obu) + obu.end - obu.start
