/**
 * SRTCP (RFC 3711, 3.4; RFC 7714, 9): the first eight bytes stay in the clear, an index of 31 bits and the bit that says
 * whether the rest is encrypted go with each packet.
 */

import { type Aead, type BlockCipher, type CryptoProvider, HmacSha1 } from '../crypto/index.ts'
import { blocksOf, CounterKeyStream } from './counter-key-stream.ts'
import { gcmName, mixIndex, mixSsrc } from './gcm.ts'
import type { SessionKeys } from './key-derivation.ts'
import type { ProfileParameters } from './profile.ts'

/** RFC 3711, 9.2. */
export const LAST_RTCP_INDEX = 2 ** 31 - 1
/** Header and SSRC. */
export const RTCP_CLEAR = 8
const INDEX_LENGTH = 4
const ENCRYPTED = 0x8000_0000
const IV_LENGTH = 12

export interface RtcpProtection {
  /** Encrypts `bytes[start + 8, end)` in place and writes index and tag behind; returns the end. */
  seal(bytes: Uint8Array, start: number, end: number, ssrc: number, index: number): number
  /** Verifies and decrypts in place; the end of the packet, or -1. */
  open(bytes: Uint8Array, start: number, end: number, ssrc: number): number
}

/** The word of index and bit E behind a packet; -1 when it is too short for one. Not authenticated yet. */
export const rtcpWordAt = (end: number, aead: boolean, tagLength: number): number =>
  aead ? end - INDEX_LENGTH : end - tagLength - INDEX_LENGTH

export const writeWord = (bytes: Uint8Array, at: number, word: number): void => {
  for (let i = 0; i < INDEX_LENGTH; i++) bytes[at + i] = word >>> (24 - 8 * i)
}

class GcmRtcp implements RtcpProtection {
  readonly #crypto: CryptoProvider
  readonly #key: Uint8Array
  /** Knows the nonces of one SSRC ahead: that of the first packet, and as a rule of all. */
  #aead: Aead | undefined
  readonly #salt: Uint8Array
  readonly #iv = new Uint8Array(IV_LENGTH)
  readonly #nonce = new Uint8Array(IV_LENGTH)
  readonly #additional = new Uint8Array(RTCP_CLEAR + INDEX_LENGTH)
  readonly #tagLength: number

  constructor(crypto: CryptoProvider, keys: SessionKeys, tagLength: number) {
    this.#crypto = crypto
    this.#key = keys.encryption
    this.#salt = keys.salt
    this.#tagLength = tagLength
  }

  seal(bytes: Uint8Array, start: number, end: number, ssrc: number, index: number): number {
    const word = (ENCRYPTED | index) >>> 0
    const aead = this.#prepare(bytes, start, ssrc, index, word)
    const tagEnd = aead.seal(this.#nonce, this.#additional, bytes, start + RTCP_CLEAR, end)
    writeWord(bytes, tagEnd, word)
    return tagEnd + INDEX_LENGTH
  }

  open(bytes: Uint8Array, start: number, end: number, ssrc: number): number {
    const wordAt = end - INDEX_LENGTH
    if (wordAt - this.#tagLength < start + RTCP_CLEAR) return -1
    const word = readWord(bytes, wordAt)
    const index = word & LAST_RTCP_INDEX
    const aead = this.#prepare(bytes, start, ssrc, index, word)
    if (word >= ENCRYPTED) return aead.open(this.#nonce, this.#additional, bytes, start + RTCP_CLEAR, wordAt)
    // Authenticated alone (RFC 7714, 9.3): all of it is additional data.
    const textEnd = wordAt - this.#tagLength
    const additional = new Uint8Array(textEnd - start + INDEX_LENGTH)
    additional.set(bytes.subarray(start, textEnd))
    additional.set(bytes.subarray(wordAt, end), textEnd - start)
    return aead.open(this.#nonce, additional, bytes, textEnd, wordAt) < 0 ? -1 : textEnd
  }

  #prepare(bytes: Uint8Array, start: number, ssrc: number, index: number, word: number): Aead {
    mixSsrc(this.#iv, this.#salt, ssrc)
    mixIndex(this.#nonce, this.#iv, index)
    for (let i = 0; i < RTCP_CLEAR; i++) this.#additional[i] = bytes[start + i]!
    writeWord(this.#additional, RTCP_CLEAR, word)
    this.#aead ??= this.#crypto.createAead(gcmName(this.#key), this.#key, this.#iv.slice())
    return this.#aead
  }
}

/** Streams whose key stream is kept. */
const MOST_KEY_STREAMS = 64

class CounterModeRtcp implements RtcpProtection {
  readonly #cipher: BlockCipher
  readonly #salt: Uint8Array
  readonly #mac: HmacSha1
  readonly #tagLength: number
  readonly #streams = new Map<number, CounterKeyStream>()

  constructor(crypto: CryptoProvider, keys: SessionKeys, tagLength: number) {
    this.#cipher = crypto.createBlockCipher(keys.encryption)
    this.#salt = keys.salt
    this.#mac = new HmacSha1(keys.authentication)
    this.#tagLength = tagLength
  }

  seal(bytes: Uint8Array, start: number, end: number, ssrc: number, index: number): number {
    const mac = this.#mac
    const tagAt = end + INDEX_LENGTH
    writeWord(bytes, end, (ENCRYPTED | index) >>> 0)
    mac.load(bytes, start, tagAt)
    this.#mix(end - start, ssrc, index)
    mac.authenticate()
    mac.store(bytes, start, this.#tagLength)
    return tagAt + this.#tagLength
  }

  open(bytes: Uint8Array, start: number, end: number, ssrc: number): number {
    const mac = this.#mac
    const tagAt = end - this.#tagLength
    const textEnd = tagAt - INDEX_LENGTH
    if (textEnd < start + RTCP_CLEAR) return -1
    mac.load(bytes, start, tagAt)
    mac.authenticate()
    if (!mac.hasTag(bytes, tagAt, this.#tagLength)) return -1
    const word = readWord(bytes, textEnd)
    if (word < ENCRYPTED) return textEnd
    this.#mix(textEnd - start, ssrc, word & LAST_RTCP_INDEX)
    mac.store(bytes, start)
    return textEnd
  }

  /** What is loaded, up to its index. */
  #mix(end: number, ssrc: number, index: number): void {
    let stream = this.#streams.get(ssrc)
    if (stream === undefined) {
      // Only what was authenticated gets here, or is ours: a handful.
      if (this.#streams.size >= MOST_KEY_STREAMS) this.#streams.clear()
      stream = new CounterKeyStream(this.#cipher, this.#salt, ssrc)
      this.#streams.set(ssrc, stream)
    }
    stream.find(index, blocksOf(end - RTCP_CLEAR))
    this.#mac.mix(RTCP_CLEAR, end, stream.words, stream.offset)
  }
}

export const readWord = (bytes: Uint8Array, at: number): number =>
  ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0

export const createRtcpProtection = (
  crypto: CryptoProvider,
  keys: SessionKeys,
  { aead, rtcpTagLength }: ProfileParameters,
): RtcpProtection =>
  aead ? new GcmRtcp(crypto, keys, rtcpTagLength) : new CounterModeRtcp(crypto, keys, rtcpTagLength)
