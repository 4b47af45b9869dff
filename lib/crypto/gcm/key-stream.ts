/**
 * The key stream of AES-GCM for records whose nonces are known ahead (SP 800-38D, 6.5 and 7.1): a number that counts up,
 * mixed into an initialization vector, as in DTLS and TLS. One call of the block cipher makes that of several records.
 *
 * How many are made ahead follows from what is asked for: twice as many while the numbers come in a row, half as many when
 * what was made is not used.
 */

/** Encrypts whole blocks under one key, each by itself (ECB). The result may be overwritten by the next call. */
export type EncryptBlocks = (blocks: Uint8Array) => Uint8Array

const BLOCK = 16
/** Records made ahead, at most. */
const MOST_RECORDS = 16
/** Blocks made by one call, at most, unless one record takes more: 32 KiB. */
const MOST_BLOCKS = 2048

const INPUT = new Uint8Array(MOST_BLOCKS * BLOCK)

/** Room for so many blocks: the common one, which is only in use within a call. */
const inputFor = (blocks: number): Uint8Array => (blocks <= MOST_BLOCKS ? INPUT : new Uint8Array(blocks * BLOCK))

const word = (bytes: Uint8Array, at: number): number =>
  ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0

const isLittleEndian = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1

/** A number below 2^16 as a word whose last byte in memory is its lowest. */
const bigEndian = (value: number): number => (isLittleEndian ? ((value & 0xff) << 24) | ((value & 0xff00) << 8) : value)

export class KeyStream {
  /** The stream of the record asked for last: from `offset` on, the tag's mask and then the text's. */
  bytes: Uint8Array = INPUT.subarray(0, 0)
  offset = 0
  readonly #encrypt: EncryptBlocks
  readonly #iv: readonly [number, number, number]
  #stream: Uint8Array = INPUT.subarray(0, 0)
  /** The numbers for which there is stream: the upper half, the first lower half, how many, and blocks for each. */
  #high = 0
  #first = 0
  #count = 0
  #blocks = 0
  #used = 0
  #last = -1
  #ahead = 1

  /** @param iv 12 bytes. */
  constructor(encrypt: EncryptBlocks, iv: Uint8Array) {
    this.#encrypt = encrypt
    this.#iv = [word(iv, 0), word(iv, 4), word(iv, 8)]
  }

  /** Finds or makes the stream of a record: so many blocks, that of the tag counted. */
  find(nonce: Uint8Array, blocks: number): void {
    const iv = this.#iv
    const fixed = iv[0]
    const high = (word(nonce, 4) ^ iv[1]) >>> 0
    const low = (word(nonce, 8) ^ iv[2]) >>> 0
    const index = low - this.#first
    const isNear = high === this.#high && word(nonce, 0) === fixed
    if (isNear && index >= 0 && index < this.#count && blocks <= this.#blocks) {
      this.#last = low
      this.#used++
      this.bytes = this.#stream
      this.offset = index * this.#blocks * BLOCK
      return
    }
    if (word(nonce, 0) !== fixed || (isNear && index < 0)) {
      // Late, or not one of a row: what is there for those to come is kept.
      this.bytes = this.#make(nonce, 0, 1, blocks)
      this.offset = 0
      return
    }
    if (isNear && low === this.#last + 1) this.#ahead = Math.min(MOST_RECORDS, 2 * this.#ahead)
    if (2 * this.#used < this.#count) this.#ahead = Math.max(1, this.#ahead >> 1)
    // Sizes go up and down by turns: as much as was needed lately, a little less each time.
    const size = Math.max(blocks, this.#blocks - ((this.#blocks - blocks + 3) >> 2))
    const count = Math.min(this.#ahead, Math.max(1, Math.floor(MOST_BLOCKS / size)), 0x1_0000_0000 - low)
    this.#stream = this.#make(nonce, low, count, size)
    this.#high = high
    this.#first = low
    this.#last = low
    this.#count = count
    this.#blocks = size
    this.#used = 1
    this.bytes = this.#stream
    this.offset = 0
  }

  /** The stream of `count` records, the first under this nonce, whose number ends in `low`. */
  #make(nonce: Uint8Array, low: number, count: number, blocks: number): Uint8Array {
    const input = inputFor(count * blocks)
    const words = new Uint32Array(input.buffer, 0, input.length >> 2)
    const ivLow = this.#iv[2]
    let at = 0
    for (let record = 0; record < count; record++) {
      // The first block by bytes, which have an order; the rest of the record has the same words, but for the counter.
      const lowest = record === 0 ? word(nonce, 8) : ((low + record) ^ ivLow) >>> 0
      const first = at * 4
      for (let i = 0; i < 8; i++) input[first + i] = nonce[i]!
      for (let i = 0; i < 4; i++) input[first + 8 + i] = lowest >>> (24 - 8 * i)
      const a = words[at]!
      const b = words[at + 1]!
      const c = words[at + 2]!
      for (let block = 1; block <= blocks; block++) {
        words[at] = a
        words[at + 1] = b
        words[at + 2] = c
        words[at + 3] = bigEndian(block)
        at += 4
      }
    }
    return this.#encrypt(input.subarray(0, at * 4))
  }
}
