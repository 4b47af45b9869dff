/**
 * AEADs over `@noble/ciphers` (SP 800-38D; RFC 8439, 2.8): for the portable provider, and for `node:crypto` where that
 * has no ChaCha20-Poly1305 (Bun).
 */

import { gcm } from '@noble/ciphers/aes.js'
import { chacha20poly1305 } from '@noble/ciphers/chacha.js'
import { aeadKey, openedEnd, sealedEnd } from './aead.ts'
import type { Aead, AeadName } from './provider.ts'

export class PortableAead implements Aead {
  readonly #cipher: typeof gcm | typeof chacha20poly1305
  readonly #key: Uint8Array

  constructor(name: AeadName, key: Uint8Array) {
    this.#cipher = name === 'chacha20-poly1305' ? chacha20poly1305 : gcm
    this.#key = aeadKey(name, key)
  }

  seal(nonce: Uint8Array, additional: Uint8Array, buffer: Uint8Array, start: number, end: number): number {
    const tagEnd = sealedEnd(nonce, buffer, start, end)
    buffer.set(this.#cipher(this.#key, nonce, additional).encrypt(buffer.subarray(start, end)), start)
    return tagEnd
  }

  open(nonce: Uint8Array, additional: Uint8Array, buffer: Uint8Array, start: number, end: number): number {
    const textEnd = openedEnd(nonce, buffer, start, end)
    if (textEnd < start) return -1
    try {
      buffer.set(this.#cipher(this.#key, nonce, additional).decrypt(buffer.subarray(start, end)), start)
      return textEnd
    } catch {
      // The arguments are right by now, so what noble throws is that the tag is not.
      return -1
    }
  }
}
