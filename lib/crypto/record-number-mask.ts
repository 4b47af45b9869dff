/**
 * Record number encryption of DTLS 1.3 (RFC 9147, 4.2.3) as far as both providers share it: the checks, and ChaCha20.
 *
 * The sample is counter and nonce of one ChaCha20 block, and may be any: ciphers that count refuse the last counter, and
 * take a new object for each nonce. The block's first words are those of HChaCha20 (draft-irtf-cfrg-xchacha, 2.2) on the
 * same 16 bytes, added to the constants (RFC 8439, 2.3).
 */

import { hchacha } from '@noble/ciphers/chacha.js'
import { aeadKey } from './aead.ts'
import type { RecordNumberMask } from './provider.ts'

export const SAMPLE_LENGTH = 16

/** Throws a RangeError when the sample is not within the bytes. */
export const checkSample = (bytes: Uint8Array, at: number): void => {
  if (!(at >= 0 && at + SAMPLE_LENGTH <= bytes.length)) throw new RangeError('a sample is 16 bytes of ciphertext')
}

const words = (bytes: Uint8Array): Uint32Array => new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2)

/** `expand 32-byte k` (RFC 8439, 2.3). */
const CONSTANTS = Uint8Array.from('expand 32-byte k', character => character.charCodeAt(0))

export class ChaChaRecordNumberMask implements RecordNumberMask {
  readonly #constants = words(CONSTANTS)
  readonly #key: Uint32Array
  readonly #sample = new Uint8Array(SAMPLE_LENGTH)
  readonly #sampleWords = words(this.#sample)
  readonly #output = new Uint8Array(32)
  readonly #outputWords = words(this.#output)
  readonly #mask = new Uint8Array(2)

  constructor(key: Uint8Array) {
    this.#key = words(aeadKey('chacha20-poly1305', key))
  }

  compute(bytes: Uint8Array, at: number): Uint8Array {
    checkSample(bytes, at)
    for (let i = 0; i < SAMPLE_LENGTH; i++) this.#sample[i] = bytes[at + i]!
    hchacha(this.#constants, this.#key, this.#sampleWords, this.#outputWords)
    // Little-endian words on every machine; only the lower half of the first is needed.
    const low = (this.#output[0]! | (this.#output[1]! << 8)) + (CONSTANTS[0]! | (CONSTANTS[1]! << 8))
    this.#mask[0] = low
    this.#mask[1] = low >> 8
    return this.#mask
  }
}
