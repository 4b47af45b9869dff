/**
 * AES-GCM (SP 800-38D, 7) put together from a block cipher that lives as long as its key and a GHASH of our own: for short
 * records, where a cipher object of the platform for each costs more than its work.
 */

import { openedEnd, sealedEnd } from '../aead.ts'
import type { Aead } from '../provider.ts'
import { readBlock } from './ghash.ts'
import { HASH_AT, TABLE_AT } from './ghash-kernel.ts'
import { hashKeyTable } from './hash-key-table.ts'
import { INPUT_AT, INPUT_LIMIT, type Kernel, STREAM_AT } from './kernel.ts'
import { type EncryptBlocks, KeyStream } from './key-stream.ts'

const BLOCK = 16
const TAG_LENGTH = 16

const padded = (length: number): number => (length + 15) & ~15

export class ComposedGcm implements Aead {
  readonly #kernel: Kernel
  readonly #encrypt: EncryptBlocks
  readonly #stream: KeyStream
  readonly #whole: Aead
  readonly #longest: number
  #table: Uint8Array | undefined

  /**
   * @param iv Nonces are this, mixed with a number that counts up.
   * @param whole What takes records of more than `longest` bytes, and those with long additional data.
   */
  constructor(kernel: Kernel, encrypt: EncryptBlocks, iv: Uint8Array, whole: Aead, longest: number) {
    this.#kernel = kernel
    this.#encrypt = encrypt
    this.#stream = new KeyStream(encrypt, iv)
    this.#whole = whole
    this.#longest = longest
  }

  seal(nonce: Uint8Array, additional: Uint8Array, buffer: Uint8Array, start: number, end: number): number {
    const tagEnd = sealedEnd(nonce, buffer, start, end)
    const length = end - start
    if (!this.#takes(additional, length)) return this.#whole.seal(nonce, additional, buffer, start, end)
    const { bytes } = this.#kernel
    const textAt = INPUT_AT + padded(additional.length)
    this.#prepare(nonce, length)
    bytes.set(length === buffer.length ? buffer : buffer.subarray(start, end), textAt)
    if (length > 0) this.#kernel.mix(textAt, STREAM_AT + BLOCK, padded(length) / BLOCK)
    this.#hash(additional, textAt, length)
    const tagAt = textAt + length
    for (let i = 0; i < TAG_LENGTH; i++) bytes[tagAt + i] = bytes[HASH_AT + i]! ^ bytes[STREAM_AT + i]!
    buffer.set(bytes.subarray(textAt, tagAt + TAG_LENGTH), start)
    return tagEnd
  }

  open(nonce: Uint8Array, additional: Uint8Array, buffer: Uint8Array, start: number, end: number): number {
    const textEnd = openedEnd(nonce, buffer, start, end)
    if (textEnd < start) return -1
    const length = textEnd - start
    if (!this.#takes(additional, length)) return this.#whole.open(nonce, additional, buffer, start, end)
    const { bytes } = this.#kernel
    const textAt = INPUT_AT + padded(additional.length)
    this.#prepare(nonce, length)
    bytes.set(buffer.subarray(start, textEnd), textAt)
    this.#hash(additional, textAt, length)
    let difference = 0
    for (let i = 0; i < TAG_LENGTH; i++) {
      difference |= bytes[HASH_AT + i]! ^ bytes[STREAM_AT + i]! ^ buffer[textEnd + i]!
    }
    // Only when the tag is known to be right is there any plaintext.
    if (difference !== 0) return -1
    if (length > 0) {
      this.#kernel.mix(textAt, STREAM_AT + BLOCK, padded(length) / BLOCK)
      buffer.set(bytes.subarray(textAt, textAt + length), start)
    }
    return textEnd
  }

  #takes(additional: Uint8Array, length: number): boolean {
    return length <= this.#longest && padded(additional.length) + padded(length) + BLOCK <= INPUT_LIMIT
  }

  /** Puts the products of the hash key and the record's key stream where the kernel looks for them. */
  #prepare(nonce: Uint8Array, length: number): void {
    const kernel = this.#kernel
    const { bytes } = kernel
    if (kernel.hashOwner !== this) {
      this.#table ??= hashKeyTable(readBlock(this.#encrypt(new Uint8Array(BLOCK)), 0))
      bytes.set(this.#table, TABLE_AT)
      kernel.hashOwner = this
    }
    const stream = this.#stream
    const blocks = padded(length) / BLOCK + 1
    stream.find(nonce, blocks)
    bytes.set(stream.bytes.subarray(stream.offset, stream.offset + blocks * BLOCK), STREAM_AT)
  }

  /** Hashes the additional data, and the ciphertext that is in place. */
  #hash(additional: Uint8Array, textAt: number, length: number): void {
    const { bytes } = this.#kernel
    for (let i = 0; i < additional.length; i++) bytes[INPUT_AT + i] = additional[i]!
    for (let at = INPUT_AT + additional.length; at < textAt; at++) bytes[at] = 0
    const lengthsAt = textAt + padded(length)
    for (let at = textAt + length; at < lengthsAt + BLOCK; at++) bytes[at] = 0
    // Lengths in bits, 64 each; neither has as many as 32.
    for (let i = 0; i < 4; i++) {
      bytes[lengthsAt + 4 + i] = (8 * additional.length) >>> (24 - 8 * i)
      bytes[lengthsAt + 12 + i] = (8 * length) >>> (24 - 8 * i)
    }
    bytes.fill(0, HASH_AT, HASH_AT + BLOCK)
    this.#kernel.ghash(INPUT_AT, (lengthsAt + BLOCK - INPUT_AT) / BLOCK)
  }
}
