/** AES-GCM for the RTP of one stream (RFC 7714, 8), one packet in place. */

import type { Aead, CryptoProvider } from '../crypto/index.ts'
import type { Protection } from './protection.ts'

const TAG_LENGTH = 16
const IV_LENGTH = 12
export const gcmName = (key: Uint8Array) => (key.length === 16 ? 'aes-128-gcm' : 'aes-256-gcm')

/** The salt mixed with the SSRC (RFC 7714, 8.1 and 9.1): what all nonces of a stream share. */
export const streamIv = (salt: Uint8Array, ssrc: number): Uint8Array => {
  const iv = new Uint8Array(salt.subarray(0, IV_LENGTH))
  for (let i = 0; i < 4; i++) iv[2 + i]! ^= ssrc >>> (24 - 8 * i)
  return iv
}

/** Mixes a number of 48 bits into the end of a nonce. */
export const mixIndex = (nonce: Uint8Array, iv: Uint8Array, index: number): void => {
  nonce.set(iv)
  const high = Math.floor(index / 0x1_0000_0000)
  nonce[6]! ^= high >> 8
  nonce[7]! ^= high
  nonce[8]! ^= index >>> 24
  nonce[9]! ^= index >>> 16
  nonce[10]! ^= index >>> 8
  nonce[11]! ^= index
}

export class GcmProtection implements Protection {
  readonly #aead: Aead
  readonly #iv: Uint8Array
  readonly #nonce = new Uint8Array(IV_LENGTH)

  constructor(crypto: CryptoProvider, key: Uint8Array, salt: Uint8Array, ssrc: number) {
    this.#iv = streamIv(salt, ssrc)
    // The indices of a stream count up: its key stream can be made ahead.
    this.#aead = crypto.createAead(gcmName(key), key, this.#iv)
  }

  seal(bytes: Uint8Array, start: number, payloadStart: number, end: number, index: number): number {
    mixIndex(this.#nonce, this.#iv, index)
    return this.#aead.seal(this.#nonce, bytes.subarray(start, payloadStart), bytes, payloadStart, end)
  }

  open(bytes: Uint8Array, start: number, payloadStart: number, end: number, index: number): number {
    if (end - payloadStart < TAG_LENGTH) return -1
    mixIndex(this.#nonce, this.#iv, index)
    return this.#aead.open(this.#nonce, bytes.subarray(start, payloadStart), bytes, payloadStart, end)
  }
}
