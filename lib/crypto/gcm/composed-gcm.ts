/**
 * AES-GCM (SP 800-38D, 7) put together from a block cipher that lives as long as its key and a GHASH of our own: for short
 * records, where a cipher object of the platform for each costs more than its work.
 */

import { openedEnd, sealedEnd } from '../aead.ts'
import type { Aead } from '../provider.ts'
import { readBlock } from './ghash.ts'
import { HASH_AT, TABLE_AT } from './ghash-kernel.ts'
import { hashKeyTable } from './hash-key-table.ts'
import { INPUT_AT, type Kernel, MOST_TEXTS, STREAM_AT, TEXT_AT, TEXT_LIMIT } from './kernel.ts'
import { type EncryptBlocks, KeyStream } from './key-stream.ts'

const BLOCK = 16
const TAG_LENGTH = 16

/** A buffer that is no longer is copied whole: cheaper than a view of a part of it. */
const COPIED_WHOLE = 4096

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
    this.#prepare(nonce, length)
    this.#load(buffer, start, end)
    if (length > 0) this.#kernel.mix(TEXT_AT, STREAM_AT + BLOCK, padded(length) / BLOCK)
    this.#hash(additional, length)
    const tagAt = TEXT_AT + length
    for (let i = 0; i < TAG_LENGTH; i++) bytes[tagAt + i] = bytes[HASH_AT + i]! ^ bytes[STREAM_AT + i]!
    buffer.set(this.#text(length + TAG_LENGTH), start)
    return tagEnd
  }

  open(nonce: Uint8Array, additional: Uint8Array, buffer: Uint8Array, start: number, end: number): number {
    const textEnd = openedEnd(nonce, buffer, start, end)
    if (textEnd < start) return -1
    const length = textEnd - start
    if (!this.#takes(additional, length)) return this.#whole.open(nonce, additional, buffer, start, end)
    const { bytes } = this.#kernel
    this.#prepare(nonce, length)
    this.#load(buffer, start, textEnd)
    this.#hash(additional, length)
    let difference = 0
    for (let i = 0; i < TAG_LENGTH; i++) {
      difference |= bytes[HASH_AT + i]! ^ bytes[STREAM_AT + i]! ^ buffer[textEnd + i]!
    }
    // Only when the tag is known to be right is there any plaintext.
    if (difference !== 0) return -1
    if (length > 0) {
      this.#kernel.mix(TEXT_AT, STREAM_AT + BLOCK, padded(length) / BLOCK)
      buffer.set(this.#text(length), start)
    }
    return textEnd
  }

  #takes(additional: Uint8Array, length: number): boolean {
    return (
      length <= this.#longest && padded(length) + BLOCK <= TEXT_LIMIT && padded(additional.length) <= TEXT_AT - INPUT_AT
    )
  }

  /** Puts `buffer[start, end)` where the text is, and it may be more of the buffer around it. */
  #load(buffer: Uint8Array, start: number, end: number): void {
    const { bytes } = this.#kernel
    if (buffer.length <= COPIED_WHOLE && start <= TEXT_AT - INPUT_AT) bytes.set(buffer, TEXT_AT - start)
    else bytes.set(buffer.subarray(start, end), TEXT_AT)
  }

  /** So many bytes of the text. */
  #text(length: number): Uint8Array {
    const { bytes, texts } = this.#kernel
    if (length >= MOST_TEXTS) return bytes.subarray(TEXT_AT, TEXT_AT + length)
    let text = texts[length]
    if (text === undefined) {
      text = bytes.subarray(TEXT_AT, TEXT_AT + length)
      texts[length] = text
    }
    return text
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
  #hash(additional: Uint8Array, length: number): void {
    const { bytes } = this.#kernel
    const inputAt = TEXT_AT - padded(additional.length)
    for (let i = 0; i < additional.length; i++) bytes[inputAt + i] = additional[i]!
    for (let at = inputAt + additional.length; at < TEXT_AT; at++) bytes[at] = 0
    const lengthsAt = TEXT_AT + padded(length)
    for (let at = TEXT_AT + length; at < lengthsAt + BLOCK; at++) bytes[at] = 0
    // Lengths in bits, 64 each; neither has as many as 32.
    for (let i = 0; i < 4; i++) {
      bytes[lengthsAt + 4 + i] = (8 * additional.length) >>> (24 - 8 * i)
      bytes[lengthsAt + 12 + i] = (8 * length) >>> (24 - 8 * i)
    }
    bytes.fill(0, HASH_AT, HASH_AT + BLOCK)
    this.#kernel.ghash(inputAt, (lengthsAt + BLOCK - inputAt) / BLOCK)
  }
}
