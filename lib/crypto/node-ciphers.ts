/**
 * Ciphers of `node:crypto`: the AEADs of records, and the bare AES that DTLS needs beside them.
 *
 * Long records are sealed by one cipher object each, from the raw key: measured on Node 20, a `KeyObject` and an explicit
 * tag length cost more and give nothing. Short ones, for which that object costs more than its work, are put together from
 * a block cipher that lives as long as the key (`gcm/`).
 */

import platform, { type Cipher, createCipheriv, createDecipheriv } from 'node:crypto'
import process from 'node:process'
import { aeadKey, blockKey, checkBlocks, openedEnd, sealedEnd } from './aead.ts'
import { ComposedGcm } from './gcm/composed-gcm.ts'
import { gcmKernel } from './gcm/kernel.ts'
import { KernelAesMask } from './gcm/kernel-mask.ts'
import { PortableAead } from './portable-aead.ts'
import type { Aead, AeadName, BlockCipher, Cbc, RecordNumberMask } from './provider.ts'
import { ChaChaRecordNumberMask, checkSample, SAMPLE_LENGTH } from './record-number-mask.ts'

class NodeAead implements Aead {
  readonly #name: AeadName
  readonly #key: Uint8Array

  constructor(name: AeadName, key: Uint8Array) {
    this.#name = name
    this.#key = aeadKey(name, key)
  }

  seal(nonce: Uint8Array, additional: Uint8Array, buffer: Uint8Array, start: number, end: number): number {
    const tagEnd = sealedEnd(nonce, buffer, start, end)
    // The overloads name AES-GCM and ChaCha20 apart; the calls are the same.
    const cipher = createCipheriv(this.#name as 'aes-128-gcm', this.#key, nonce)
    if (additional.length > 0) cipher.setAAD(additional)
    if (end > start) buffer.set(cipher.update(buffer.subarray(start, end)), start)
    cipher.final()
    buffer.set(cipher.getAuthTag(), end)
    return tagEnd
  }

  open(nonce: Uint8Array, additional: Uint8Array, buffer: Uint8Array, start: number, end: number): number {
    const textEnd = openedEnd(nonce, buffer, start, end)
    if (textEnd < start) return -1
    const decipher = createDecipheriv(this.#name as 'aes-128-gcm', this.#key, nonce)
    if (additional.length > 0) decipher.setAAD(additional)
    decipher.setAuthTag(buffer.subarray(textEnd, end))
    const text = textEnd > start ? decipher.update(buffer.subarray(start, textEnd)) : undefined
    try {
      decipher.final()
    } catch {
      return -1
    }
    // Only now, when the tag is known to be right, does plaintext reach the caller's buffer.
    if (text !== undefined) buffer.set(text, start)
    return textEnd
  }
}

let hasChaCha: boolean | undefined

/** One cipher object for all blocks: without padding, ECB gives out each block as it goes in. */
const createEcb = (key: Uint8Array): Cipher =>
  createCipheriv(key.length === 16 ? 'aes-128-ecb' : 'aes-256-ecb', key, null).setAutoPadding(false)

export const createNodeBlockCipher = (key: Uint8Array): BlockCipher => {
  const cipher = createEcb(blockKey(key))
  return { encrypt: blocks => cipher.update(blocks) }
}

/**
 * Bytes of the longest record that is sealed block by block. A cipher object costs as much as hashing so many more bytes
 * by our own kernel takes (`npm run bench:micro`, which prints where the two meet).
 */
const longestComposed = (): number => {
  const { bun, node = '' } = process.versions
  // Its cipher objects are cheap.
  if (bun !== undefined) return 0
  return Number.parseInt(node, 10) >= 24 ? 8192 : 2048
}

const LONGEST_COMPOSED = longestComposed()

/** Records by the block cipher and our own GHASH, where nonces are known ahead and the platform can. */
const createGcm = (name: AeadName, key: Uint8Array, iv: Uint8Array | undefined): Aead => {
  const whole = new NodeAead(name, key)
  const kernel = iv === undefined || LONGEST_COMPOSED === 0 ? undefined : gcmKernel()
  if (iv === undefined || kernel === undefined) return whole
  const cipher = createEcb(aeadKey(name, key))
  return new ComposedGcm(kernel, blocks => cipher.update(blocks), iv, whole, LONGEST_COMPOSED)
}

/** Bun has no ChaCha20-Poly1305, and a peer may still choose it: that one is noble's there. */
export const createNodeAead = (name: AeadName, key: Uint8Array, iv?: Uint8Array): Aead => {
  if (name !== 'chacha20-poly1305') return createGcm(name, key, iv)
  // Asked at the first use, not at the import: most connections never need it.
  hasChaCha ??= platform.getCiphers().includes(name)
  return hasChaCha ? new NodeAead(name, key) : new PortableAead(name, key)
}

class NodeAesRecordNumberMask implements RecordNumberMask {
  readonly #cipher: Cipher
  readonly #sample = new Uint8Array(SAMPLE_LENGTH)

  constructor(name: 'aes-128-gcm' | 'aes-256-gcm', key: Uint8Array) {
    this.#cipher = createEcb(aeadKey(name, key))
  }

  compute(bytes: Uint8Array, at: number): Uint8Array {
    checkSample(bytes, at)
    // A copy costs less than a view of so few bytes.
    for (let i = 0; i < SAMPLE_LENGTH; i++) this.#sample[i] = bytes[at + i]!
    return this.#cipher.update(this.#sample)
  }
}

export const createNodeRecordNumberMask = (name: AeadName, key: Uint8Array): RecordNumberMask => {
  if (name === 'chacha20-poly1305') return new ChaChaRecordNumberMask(key)
  const kernel = gcmKernel()
  return kernel === undefined ? new NodeAesRecordNumberMask(name, key) : new KernelAesMask(kernel, aeadKey(name, key))
}

export class NodeCbc implements Cbc {
  readonly #name: string
  readonly #key: Uint8Array

  constructor(key: Uint8Array) {
    this.#key = blockKey(key)
    this.#name = `aes-${8 * key.length}-cbc`
  }

  encrypt(iv: Uint8Array, buffer: Uint8Array, start: number, end: number): void {
    checkBlocks(iv, buffer, start, end)
    const cipher = createCipheriv(this.#name, this.#key, iv).setAutoPadding(false)
    buffer.set(cipher.update(buffer.subarray(start, end)), start)
  }

  decrypt(iv: Uint8Array, buffer: Uint8Array, start: number, end: number): void {
    checkBlocks(iv, buffer, start, end)
    const decipher = createDecipheriv(this.#name, this.#key, iv).setAutoPadding(false)
    buffer.set(decipher.update(buffer.subarray(start, end)), start)
  }
}
