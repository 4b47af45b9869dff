/**
 * Redundant audio (RFC 2198): each payload carries a frame, the primary, and again some that were sent before it, so that single losses
 * need no retransmission. What is in it has payload types of its own.
 */

import type { PayloadSink } from './format.ts'

const MORE = 0x80
/** Fields of the header of a redundant block (3): 14 bits of how much earlier, 10 bits of length. */
const LARGEST_OFFSET = 0x3fff
const LARGEST_LENGTH = 0x3ff
const BLOCK_HEADER = 4
/** More blocks than 14 bits of time can tell apart in frames of 2.5 ms are nobody's. */
const MOST_BLOCKS = 32
export const MOST_GENERATIONS = 9

interface Generation {
  bytes: Uint8Array<ArrayBuffer>
  length: number
  timestamp: number
  payloadType: number
}

/** Makes RED payloads: one for each outgoing stream. */
export class RedPacketizer {
  /** A ring: what is written over next is the oldest. */
  readonly #generations: Generation[] = []
  #next = 0
  #header = new Uint8Array(1500)

  /**
   * @param generations How many earlier frames each payload repeats at most, 0 to 9.
   * @throws RangeError beyond that.
   */
  constructor(generations: number) {
    if (!Number.isInteger(generations) || generations < 0 || generations > MOST_GENERATIONS) {
      throw new RangeError(`0 to ${MOST_GENERATIONS} generations, not ${generations}`)
    }
    for (let i = 0; i < generations; i++) {
      this.#generations.push({ bytes: new Uint8Array(128), length: 0, timestamp: 0, payloadType: 0 })
    }
  }

  /**
   * Puts the frames before this one in front of it, as many as fit into `limit` bytes, the youngest first chosen.
   * @param timestamp Of the frame, in ticks of the RTP clock.
   * @returns 1, or 0 for a frame that does not fit at all.
   */
  packetize(payloadType: number, frame: Uint8Array, timestamp: number, limit: number, sink: PayloadSink): number {
    if (frame.length + 1 > limit) return 0
    if (this.#header.length < limit) this.#header = new Uint8Array(limit)
    const count = this.#generations.length
    let room = limit - 1 - frame.length
    let blocks = 0
    while (blocks < count) {
      const { length, timestamp: earlier } = this.#generation(blocks)
      const offset = (timestamp - earlier) >>> 0
      // What is empty, has no place in the fields, or does not fit ends it: older ones are not repeated over a gap.
      if (length === 0 || offset === 0 || offset > LARGEST_OFFSET || BLOCK_HEADER + length > room) break
      room -= BLOCK_HEADER + length
      blocks++
    }
    sink(this.#header, this.#write(blocks, payloadType, timestamp), frame, 0, frame.length, true)
    this.#keep(payloadType, frame, timestamp)
    return 1
  }

  /** Forgets what was sent: the next frame begins something else. */
  reset(): void {
    for (const generation of this.#generations) generation.length = 0
  }

  /** The frame so many before the one to come: 0 is the last one. */
  #generation(back: number): Generation {
    const count = this.#generations.length
    return this.#generations[(this.#next - 1 - back + 2 * count) % count]!
  }

  /** Writes headers and blocks, the oldest first; says where they end. */
  #write(blocks: number, payloadType: number, timestamp: number): number {
    const header = this.#header
    let at = 0
    for (let back = blocks - 1; back >= 0; back--) {
      const generation = this.#generation(back)
      const offset = (timestamp - generation.timestamp) >>> 0
      header[at++] = MORE | generation.payloadType
      header[at++] = offset >> 6
      header[at++] = ((offset & 0x3f) << 2) | (generation.length >> 8)
      header[at++] = generation.length
    }
    header[at++] = payloadType
    for (let back = blocks - 1; back >= 0; back--) {
      const { bytes, length } = this.#generation(back)
      for (let i = 0; i < length; i++) header[at++] = bytes[i]!
    }
    return at
  }

  #keep(payloadType: number, frame: Uint8Array, timestamp: number): void {
    const count = this.#generations.length
    if (count === 0) return
    const generation = this.#generations[this.#next]!
    this.#next = (this.#next + 1) % count
    generation.length = frame.length <= LARGEST_LENGTH ? frame.length : 0
    if (generation.bytes.length < generation.length) generation.bytes = new Uint8Array(LARGEST_LENGTH)
    if (generation.length > 0) generation.bytes.set(frame)
    generation.timestamp = timestamp
    generation.payloadType = payloadType
  }
}

/**
 * Takes a block: `bytes[start, end)`, borrowed.
 * @param generationsBack 0 for the primary; 1 for the youngest redundant block: as a rule, of the packet before.
 */
export type RedBlockSink = (
  payloadType: number,
  timestamp: number,
  bytes: Uint8Array,
  start: number,
  end: number,
  generationsBack: number,
) => void

/** How many timestamps are remembered, to hand out each block once: more than 14 bits of time hold in frames of 10 ms at 48 kHz. */
const REMEMBERED = 64

/** Hands out the blocks of RED payloads, each of them once: one for each incoming stream. */
export class RedDepacketizer {
  readonly #payloadTypes = new Uint8Array(MOST_BLOCKS)
  readonly #offsets = new Uint16Array(MOST_BLOCKS)
  readonly #lengths = new Uint16Array(MOST_BLOCKS)
  readonly #seen = new Uint32Array(REMEMBERED)
  #seenCount = 0

  /**
   * Reads the payload `bytes[start, end)`, and hands out what was not handed out before: earlier blocks that came nowhere
   * else, oldest first, then the primary. Empty blocks are left out.
   * @returns How many were handed out; -1 for what is no RED payload: a header cut off, or lengths beyond the end.
   */
  receive(bytes: Uint8Array, start: number, end: number, timestamp: number, sink: RedBlockSink): number {
    let at = start
    let blocks = 0
    let redundant = 0
    while (at < end && (bytes[at]! & MORE) !== 0) {
      if (end - at < BLOCK_HEADER || blocks === MOST_BLOCKS) return -1
      this.#payloadTypes[blocks] = bytes[at]! & 0x7f
      this.#offsets[blocks] = (bytes[at + 1]! << 6) | (bytes[at + 2]! >> 2)
      const length = ((bytes[at + 2]! & 3) << 8) | bytes[at + 3]!
      this.#lengths[blocks++] = length
      redundant += length
      at += BLOCK_HEADER
    }
    if (at >= end) return -1
    const primaryType = bytes[at++]!
    if (redundant > end - at) return -1
    let handedOut = 0
    for (let i = 0; i < blocks; i++) {
      const length = this.#lengths[i]!
      const earlier = (timestamp - this.#offsets[i]!) >>> 0
      if (length > 0 && this.#offsets[i]! > 0 && this.#isNew(earlier)) {
        sink(this.#payloadTypes[i]!, earlier, bytes, at, at + length, blocks - i)
        handedOut++
      }
      at += length
    }
    if (at < end && this.#isNew(timestamp)) {
      sink(primaryType, timestamp, bytes, at, end, 0)
      handedOut++
    }
    return handedOut
  }

  #isNew(timestamp: number): boolean {
    const known = Math.min(this.#seenCount, REMEMBERED)
    for (let i = 0; i < known; i++) if (this.#seen[i] === timestamp) return false
    this.#seen[this.#seenCount++ % REMEMBERED] = timestamp
    return true
  }
}
