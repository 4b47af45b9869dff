/**
 * The key stream of AES in counter mode for the packets of one stream (RFC 3711, 4.1.1), made ahead for those to come: one
 * call of the cipher makes that of several packets, twice as many while indices come in a row, half as many when they do not.
 */

import type { BlockCipher } from '../crypto/index.ts'

const BLOCK = 16
const WORDS = 4
/** Packets whose key stream is made by one call, at most. */
const MOST_AHEAD = 16
/** Blocks made by one call, at most, unless one packet takes more: 32 KiB. */
const MOST_BLOCKS = 2048

const isLittleEndian = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1

/** A word as it must be stored for its most significant byte to come first. */
const bigEndian = (word: number): number =>
  isLittleEndian ? (word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24) : word

/** Room for the counters of one call: in use within it only. */
let counters = new Uint32Array(MOST_BLOCKS * WORDS)

export class CounterKeyStream {
  /** The stream of the packet asked for last, from the word `offset` on; in the platform's order of bytes. */
  words = new Uint32Array(0)
  /** The same by bytes. */
  bytes = new Uint8Array(0)
  offset = 0
  readonly #cipher: BlockCipher
  /** The salt with the SSRC mixed in, by words. */
  readonly #iv: readonly [number, number, number, number]
  #first = -1
  #count = 0
  /** Blocks for each packet. */
  #blocks = 0
  #ahead = 1
  #room = new Uint32Array(0)

  /** @param salt 14 bytes, or fewer, to which zeros are added. */
  constructor(cipher: BlockCipher, salt: Uint8Array, ssrc: number) {
    this.#cipher = cipher
    const word = (at: number) =>
      ((salt[at] ?? 0) << 24) | ((salt[at + 1] ?? 0) << 16) | ((salt[at + 2] ?? 0) << 8) | (salt[at + 3] ?? 0)
    this.#iv = [word(0), word(4) ^ ssrc, word(8), ((salt[12] ?? 0) << 24) | ((salt[13] ?? 0) << 16)]
  }

  /** Finds or makes so many blocks for the packet with this index: `words` from `offset` on. */
  find(index: number, blocks: number): void {
    const ahead = index - this.#first
    const isKnown = this.#first >= 0
    if (isKnown && ahead >= 0 && ahead < this.#count && blocks <= this.#blocks) {
      this.#use(this.#room, ahead * this.#blocks * WORDS)
      return
    }
    if (isKnown && ahead < 0) {
      // Late: what is there for those to come is kept.
      const room = new Uint32Array(blocks * WORDS)
      this.#make(room, index, 1, blocks)
      this.#use(room, 0)
      return
    }
    this.#ahead = ahead === this.#count ? Math.min(MOST_AHEAD, 2 * this.#ahead) : Math.max(1, this.#ahead >> 1)
    // Sizes go up and down by turns: as much as was needed lately, a little less each time.
    this.#blocks = Math.max(blocks, this.#blocks - ((this.#blocks - blocks + 3) >> 2))
    this.#count = Math.min(this.#ahead, Math.max(1, Math.floor(MOST_BLOCKS / this.#blocks)))
    this.#first = index
    const length = this.#count * this.#blocks * WORDS
    if (this.#room.length < length) this.#room = new Uint32Array(length)
    this.#make(this.#room, index, this.#count, this.#blocks)
    this.#use(this.#room, 0)
  }

  #use(words: Uint32Array<ArrayBuffer>, offset: number): void {
    if (this.words !== words) {
      this.words = words
      this.bytes = new Uint8Array(words.buffer)
    }
    this.offset = offset
  }

  #make(room: Uint32Array, index: number, count: number, blocks: number): void {
    const length = count * blocks * WORDS
    if (counters.length < length) counters = new Uint32Array(length)
    const input = counters
    const [first, second, third, fourth] = this.#iv
    const a = bigEndian(first)
    const b = bigEndian(second)
    let at = 0
    for (let packet = 0; packet < count; packet++) {
      // The index has 48 bits, behind which are the 16 of the block.
      const number = index + packet
      const c = bigEndian(third ^ Math.floor(number / 0x1_0000))
      const low = fourth ^ (number << 16)
      for (let block = 0; block < blocks; block++, at += WORDS) {
        input[at] = a
        input[at + 1] = b
        input[at + 2] = c
        input[at + 3] = bigEndian(low ^ block)
      }
    }
    const made = this.#cipher.encrypt(new Uint8Array(input.buffer, 0, length * 4))
    new Uint8Array(room.buffer, room.byteOffset).set(made)
    if (length > MOST_BLOCKS * WORDS) counters = new Uint32Array(MOST_BLOCKS * WORDS)
  }
}

/** Blocks that so many bytes take. */
export const blocksOf = (length: number): number => (length + BLOCK - 1) >> 4
