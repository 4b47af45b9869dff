/** The mask of a record number in DTLS 1.3 by AES (RFC 9147, 4.2.3), one block at a time, by our own kernel. */

import type { RecordNumberMask } from '../provider.ts'
import { checkSample, SAMPLE_LENGTH } from '../record-number-mask.ts'
import { BLOCK_AT, ROUND_KEYS_AT } from './aes-kernel.ts'
import type { Kernel } from './kernel.ts'

const WORD = 4

/** The round keys of a key of 16 or 32 bytes (FIPS 197, 5.2), substituted by the kernel: its look-ups tell nothing. */
export const expandKey = (kernel: Kernel, key: Uint8Array): Uint8Array => {
  const { bytes } = kernel
  const rounds = key.length / WORD + 7
  const keys = new Uint8Array(16 * rounds)
  keys.set(key)
  let constant = 1
  for (let at = key.length; at < keys.length; at += WORD) {
    const place = at % key.length
    const previous = keys.slice(at - WORD, at)
    if (place === 0 || (key.length === 32 && place === 16)) {
      for (let i = 0; i < WORD; i++) bytes[BLOCK_AT + i] = previous[place === 0 ? (i + 1) % WORD : i]!
      kernel.substitute()
      for (let i = 0; i < WORD; i++) previous[i] = bytes[BLOCK_AT + i]!
    }
    if (place === 0) {
      previous[0]! ^= constant
      constant = (constant << 1) ^ (constant & 0x80 ? 0x11b : 0)
    }
    for (let i = 0; i < WORD; i++) keys[at + i] = keys[at - key.length + i]! ^ previous[i]!
  }
  return keys
}

export class KernelAesMask implements RecordNumberMask {
  readonly #kernel: Kernel
  readonly #keys: Uint8Array
  readonly #rounds: number
  readonly #mask = new Uint8Array(2)

  /** @param key 16 or 32 bytes. */
  constructor(kernel: Kernel, key: Uint8Array) {
    this.#kernel = kernel
    this.#keys = expandKey(kernel, key)
    this.#rounds = this.#keys.length / 16 - 2
  }

  compute(sample: Uint8Array, at: number): Uint8Array {
    checkSample(sample, at)
    const kernel = this.#kernel
    const { bytes } = kernel
    if (kernel.keyOwner !== this) {
      bytes.set(this.#keys, ROUND_KEYS_AT)
      kernel.keyOwner = this
    }
    for (let i = 0; i < SAMPLE_LENGTH; i++) bytes[BLOCK_AT + i] = sample[at + i]!
    kernel.encryptBlock(ROUND_KEYS_AT, this.#rounds)
    const mask = this.#mask
    mask[0] = bytes[BLOCK_AT]!
    mask[1] = bytes[BLOCK_AT + 1]!
    return mask
  }
}
