/** AES in counter mode with HMAC-SHA1 for the packets of one stream (RFC 3711, 4.1.1 and 4.2.1). */

import type { BlockCipher, CryptoProvider, Mac } from '../crypto/index.ts'
import type { Protection } from './protection.ts'

const BLOCK = 16
/** Packets whose key stream is made by one call of the cipher, when their indices count up. */
const MOST_AHEAD = 16
/** Blocks of key stream for a packet, at least: 1,216 bytes. */
const USUAL_BLOCKS = 76

/** The key stream of a stream's packets, made ahead for those to come. */
export class CounterKeyStream {
  bytes: Uint8Array = new Uint8Array(0)
  offset = 0
  readonly #cipher: BlockCipher
  readonly #iv = new Uint8Array(BLOCK)
  #first = -1
  #count = 0
  #blocks = 0
  #ahead = 1
  #stream: Uint8Array = new Uint8Array(0)
  #input = new Uint8Array(0)

  /** @param salt 14 bytes. */
  constructor(cipher: BlockCipher, salt: Uint8Array, ssrc: number) {
    this.#cipher = cipher
    this.#iv.set(salt.subarray(0, 14))
    for (let i = 0; i < 4; i++) this.#iv[4 + i]! ^= ssrc >>> (24 - 8 * i)
  }

  /** Finds or makes so many blocks for the packet with this index: `bytes` from `offset` on. */
  find(index: number, blocks: number): void {
    const ahead = index - this.#first
    if (this.#first >= 0 && ahead >= 0 && ahead < this.#count && blocks <= this.#blocks) {
      this.bytes = this.#stream
      this.offset = ahead * this.#blocks * BLOCK
      return
    }
    if (this.#first >= 0 && ahead < 0) {
      // Late: what is there for those to come is kept.
      this.bytes = this.#make(index, 1, blocks)
      this.offset = 0
      return
    }
    this.#ahead = ahead === this.#count ? Math.min(MOST_AHEAD, 2 * this.#ahead) : Math.max(1, this.#ahead >> 1)
    this.#blocks = Math.max(blocks, this.#ahead > 1 ? USUAL_BLOCKS : 0)
    this.#count = this.#ahead
    this.#first = index
    this.#stream = this.#make(index, this.#count, this.#blocks)
    this.bytes = this.#stream
    this.offset = 0
  }

  #make(index: number, count: number, blocks: number): Uint8Array {
    const length = count * blocks * BLOCK
    if (this.#input.length < length) this.#input = new Uint8Array(length)
    const input = this.#input
    const iv = this.#iv
    let at = 0
    for (let packet = 0; packet < count; packet++) {
      const number = index + packet
      const high = Math.floor(number / 0x1_0000_0000)
      for (let block = 0; block < blocks; block++, at += BLOCK) {
        for (let i = 0; i < 8; i++) input[at + i] = iv[i]!
        input[at + 8] = iv[8]! ^ ((high >> 8) & 0xff)
        input[at + 9] = iv[9]! ^ (high & 0xff)
        input[at + 10] = iv[10]! ^ (number >>> 24)
        input[at + 11] = iv[11]! ^ ((number >>> 16) & 0xff)
        input[at + 12] = iv[12]! ^ ((number >>> 8) & 0xff)
        input[at + 13] = iv[13]! ^ (number & 0xff)
        input[at + 14] = block >> 8
        input[at + 15] = block & 0xff
      }
    }
    return this.#cipher.encrypt(input.subarray(0, length))
  }
}

/** Mixes key stream into `bytes[start, end)`. */
export const mix = (bytes: Uint8Array, start: number, end: number, stream: Uint8Array, offset: number): void => {
  const shift = offset - start
  for (let at = start; at < end; at++) bytes[at]! ^= stream[at + shift]!
}

/** Whether `bytes` has the first `length` bytes of `tag` at `at`: in the same time wherever they differ. */
export const hasTag = (bytes: Uint8Array, at: number, tag: Uint8Array, length: number): boolean => {
  let difference = 0
  for (let i = 0; i < length; i++) difference |= bytes[at + i]! ^ tag[i]!
  return difference === 0
}

export class CounterModeProtection implements Protection {
  readonly #stream: CounterKeyStream
  readonly #mac: Mac
  readonly #tagLength: number
  readonly #rollOver = new Uint8Array(4)

  constructor(
    crypto: CryptoProvider,
    keys: { readonly encryption: Uint8Array; readonly salt: Uint8Array },
    mac: Mac,
    tagLength: number,
    ssrc: number,
  ) {
    this.#stream = new CounterKeyStream(crypto.createBlockCipher(keys.encryption), keys.salt, ssrc)
    this.#mac = mac
    this.#tagLength = tagLength
  }

  seal(bytes: Uint8Array, start: number, payloadStart: number, end: number, index: number): number {
    this.#mix(bytes, payloadStart, end, index)
    const tag = this.#tag(bytes, start, end, index)
    for (let i = 0; i < this.#tagLength; i++) bytes[end + i] = tag[i]!
    return end + this.#tagLength
  }

  open(bytes: Uint8Array, start: number, payloadStart: number, end: number, index: number): number {
    const textEnd = end - this.#tagLength
    if (textEnd < payloadStart) return -1
    if (!hasTag(bytes, textEnd, this.#tag(bytes, start, textEnd, index), this.#tagLength)) return -1
    this.#mix(bytes, payloadStart, textEnd, index)
    return textEnd
  }

  #mix(bytes: Uint8Array, start: number, end: number, index: number): void {
    if (end === start) return
    const stream = this.#stream
    stream.find(index, (end - start + BLOCK - 1) >> 4)
    mix(bytes, start, end, stream.bytes, stream.offset)
  }

  /** Over the packet and its roll-over counter (RFC 3711, 4.2). */
  #tag(bytes: Uint8Array, start: number, end: number, index: number): Uint8Array {
    const rollOver = Math.floor(index / 0x1_0000)
    for (let i = 0; i < 4; i++) this.#rollOver[i] = rollOver >>> (24 - 8 * i)
    return this.#mac.compute(bytes.subarray(start, end), this.#rollOver)
  }
}
