/** AES-GCM for the RTP of one stream (RFC 7714, 8), one packet in place. */

import type { Aead, CryptoProvider } from '../crypto/index.ts'
import type { RtpHeader } from './header.ts'
import type { Protection } from './protection.ts'

const TAG_LENGTH = 16
const IV_LENGTH = 12
const FIXED_HEADER = 12
const EXTENSION_HEADER = 4
export const gcmName = (key: Uint8Array) => (key.length === 16 ? 'aes-128-gcm' : 'aes-256-gcm')

/** The salt mixed with the SSRC (RFC 7714, 8.1 and 9.1): what all nonces of a stream share. */
export const mixSsrc = (iv: Uint8Array, salt: Uint8Array, ssrc: number): void => {
  for (let i = 0; i < IV_LENGTH; i++) iv[i] = salt[i]!
  for (let i = 0; i < 4; i++) iv[2 + i]! ^= ssrc >>> (24 - 8 * i)
}

/** Mixes a number of 48 bits into the end of a nonce. */
export const mixIndex = (nonce: Uint8Array, iv: Uint8Array, index: number): void => {
  for (let i = 0; i < IV_LENGTH; i++) nonce[i] = iv[i]!
  const high = Math.floor(index / 0x1_0000_0000)
  nonce[6]! ^= high >> 8
  nonce[7]! ^= high
  nonce[8]! ^= index >>> 24
  nonce[9]! ^= index >>> 16
  nonce[10]! ^= index >>> 8
  nonce[11]! ^= index
}

/** Room for what is authenticated alone, by its length in words: in use within a call only. */
const headers: Uint8Array[] = Array.from({ length: 65 }, (_, words) => new Uint8Array(4 * words))

const additionalData = (bytes: Uint8Array, start: number, end: number): Uint8Array => {
  const copy = headers[(end - start) >> 2]
  if (copy === undefined || copy.length !== end - start) return bytes.subarray(start, end)
  for (let i = 0; i < copy.length; i++) copy[i] = bytes[start + i]!
  return copy
}

/** Changes the order of so many contributing sources, and of the header of the extension behind them (RFC 9335, 6.2). */
const bringForward = (bytes: Uint8Array, at: number, sources: number): void => {
  for (let i = 0; i < EXTENSION_HEADER; i++) {
    const from = at + 4 * sources + i
    const byte = bytes[from]!
    for (let to = from; to > at + i; to -= 4) bytes[to] = bytes[to - 4]!
    bytes[at + i] = byte
  }
}

const bringBack = (bytes: Uint8Array, at: number, sources: number): void => {
  for (let i = 0; i < EXTENSION_HEADER; i++) {
    const byte = bytes[at + i]!
    const last = at + 4 * sources + i
    for (let to = at + i; to < last; to += 4) bytes[to] = bytes[to + 4]!
    bytes[last] = byte
  }
}

export class GcmProtection implements Protection {
  readonly #crypto: CryptoProvider
  readonly #key: Uint8Array
  readonly #common: Aead
  readonly #iv = new Uint8Array(IV_LENGTH)
  readonly #nonce = new Uint8Array(IV_LENGTH)
  #own: Aead | undefined

  /** @param common For all streams under the key: what opens the first packet of a stream, which may be forged. */
  constructor(crypto: CryptoProvider, key: Uint8Array, salt: Uint8Array, common: Aead, ssrc: number) {
    this.#crypto = crypto
    this.#key = key
    this.#common = common
    mixSsrc(this.#iv, salt, ssrc)
  }

  seal(bytes: Uint8Array, start: number, header: RtpHeader, end: number, index: number): number {
    const { textStart, hiddenSources } = header
    mixIndex(this.#nonce, this.#iv, index)
    if (hiddenSources > 0) bringForward(bytes, start + FIXED_HEADER, hiddenSources)
    const from = textStart - 4 * hiddenSources
    const aead = this.#ownAead()
    const tagEnd = aead.seal(this.#nonce, additionalData(bytes, start, from), bytes, from, end)
    if (hiddenSources > 0) bringBack(bytes, start + FIXED_HEADER, hiddenSources)
    return tagEnd
  }

  open(bytes: Uint8Array, start: number, header: RtpHeader, end: number, index: number): number {
    const { textStart, hiddenSources } = header
    if (end - header.end < TAG_LENGTH) return -1
    mixIndex(this.#nonce, this.#iv, index)
    if (hiddenSources > 0) bringForward(bytes, start + FIXED_HEADER, hiddenSources)
    const from = textStart - 4 * hiddenSources
    const aead = this.#own ?? this.#common
    const textEnd = aead.open(this.#nonce, additionalData(bytes, start, from), bytes, from, end)
    if (hiddenSources > 0) bringBack(bytes, start + FIXED_HEADER, hiddenSources)
    if (textEnd >= 0) this.#ownAead()
    return textEnd
  }

  /** The indices of a stream count up: its key stream can be made ahead. */
  #ownAead(): Aead {
    this.#own ??= this.#crypto.createAead(gcmName(this.#key), this.#key, this.#iv)
    return this.#own
  }
}
