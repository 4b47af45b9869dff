/**
 * Records under an AEAD in DTLS 1.3 (RFC 9147, 4 and 4.2.3; RFC 8446, 5.2 to 5.4): one object a direction and epoch.
 *
 * The hot path of every connection. The content type travels inside, behind the content; the header is authenticated as
 * it is before its record number is encrypted. Scratch for nonce and additional data is made once.
 */

import type { Aead, CryptoProvider, RecordNumberMask } from '../../crypto/index.ts'
import { FORGED, MAX_PLAINTEXT, REPLAYED, type RecordOpener, type RecordSealer, SEQUENCE_LIMIT } from '../record.ts'
import { ReplayWindow } from '../replay-window.ts'
import type { CipherSuite13 } from './cipher-suite.ts'
import type { TrafficKeys13 } from './key-schedule.ts'
import {
  hasLongSequence,
  reconstructSequence,
  UNIFIED_HEADER,
  unifiedHeaderLength,
  writeUnifiedHeader,
} from './unified-header.ts'

const TAG_LENGTH = 16
/** Bytes of ciphertext that the mask of the record number is made of. */
const SAMPLE_LENGTH = 16
/** Content, its type and padding, and the tag (RFC 8446, 5.4: padding counts). */
const MAX_CIPHERTEXT = MAX_PLAINTEXT + 1 + TAG_LENGTH
/**
 * How many records one key protects under AES-GCM (RFC 8446, 5.5), and after how many another should take its place.
 * For ChaCha20-Poly1305 there is no limit that its sequence numbers could reach.
 */
const AES_GCM_LIMIT = Math.floor(2 ** 24.5)
const AES_GCM_WORN = 2 ** 24

/** The nonce: the initialization vector, its low 64 bits mixed with the sequence number (RFC 8446, 5.3). */
class SequenceNonce {
  readonly bytes: Uint8Array
  readonly #iv: Uint8Array

  constructor(iv: Uint8Array) {
    this.#iv = iv
    this.bytes = iv.slice()
  }

  set(sequence: number): Uint8Array {
    const iv = this.#iv
    const { bytes } = this
    const high = Math.floor(sequence / 0x1_0000_0000)
    bytes[6] = iv[6]! ^ (high >>> 8)
    bytes[7] = iv[7]! ^ high
    bytes[8] = iv[8]! ^ (sequence >>> 24)
    bytes[9] = iv[9]! ^ (sequence >>> 16)
    bytes[10] = iv[10]! ^ (sequence >>> 8)
    bytes[11] = iv[11]! ^ sequence
    return bytes
  }
}

export class Sealer13 implements RecordSealer {
  readonly before = UNIFIED_HEADER
  readonly after = 1 + TAG_LENGTH
  sequence = 0
  readonly #aead: Aead
  readonly #mask: RecordNumberMask
  readonly #nonce: SequenceNonce
  readonly #additional = new Uint8Array(UNIFIED_HEADER)
  readonly #limit: number
  readonly #wornAt: number

  constructor(
    crypto: CryptoProvider,
    suite: CipherSuite13,
    keys: TrafficKeys13,
    readonly epoch: number,
  ) {
    this.#aead = crypto.createAead(suite.aead, keys.key, keys.iv)
    this.#mask = crypto.createRecordNumberMask(suite.aead, keys.sn)
    this.#nonce = new SequenceNonce(keys.iv)
    const isGcm = suite.aead !== 'chacha20-poly1305'
    this.#limit = isGcm ? AES_GCM_LIMIT : SEQUENCE_LIMIT
    this.#wornAt = isGcm ? AES_GCM_WORN : SEQUENCE_LIMIT
  }

  get exhausted(): boolean {
    return this.sequence >= this.#limit
  }

  get worn(): boolean {
    return this.sequence >= this.#wornAt
  }

  seal(type: number, bytes: Uint8Array, start: number, end: number): number {
    const at = start - UNIFIED_HEADER
    const sequence = this.sequence++
    const additional = this.#additional
    writeUnifiedHeader(bytes, at, this.epoch, sequence, end - start + this.after)
    for (let i = 0; i < UNIFIED_HEADER; i++) additional[i] = bytes[at + i]!
    bytes[end] = type
    const recordEnd = this.#aead.seal(this.#nonce.set(sequence), additional, bytes, start, end + 1)
    const mask = this.#mask.compute(bytes, start)
    bytes[at + 1]! ^= mask[0]!
    bytes[at + 2]! ^= mask[1]!
    return recordEnd
  }
}

export class Opener13 implements RecordOpener {
  /** 0, which is no content type, when the record was authentic and had none (RFC 8446, 5.4). */
  type = 0
  start = 0
  sequence = 0
  readonly #aead: Aead
  readonly #mask: RecordNumberMask
  readonly #nonce: SequenceNonce
  /** Additional data, by its length. */
  readonly #additional = [2, 3, 4, 5].map(length => new Uint8Array(length))
  readonly #window = new ReplayWindow()
  /** One more than the highest sequence number that was authenticated. */
  #expected = 0

  constructor(
    crypto: CryptoProvider,
    suite: CipherSuite13,
    keys: TrafficKeys13,
    readonly epoch: number,
  ) {
    this.#aead = crypto.createAead(suite.aead, keys.key, keys.iv)
    this.#mask = crypto.createRecordNumberMask(suite.aead, keys.sn)
    this.#nonce = new SequenceNonce(keys.iv)
  }

  open(bytes: Uint8Array, at: number, end: number): number {
    const first = bytes[at]!
    const headerLength = unifiedHeaderLength(first)
    const start = at + headerLength
    const length = end - start
    if (length < SAMPLE_LENGTH || length > MAX_CIPHERTEXT) return FORGED
    const additional = this.#additional[headerLength - 2]!
    for (let i = 0; i < headerLength; i++) additional[i] = bytes[at + i]!
    const mask = this.#mask.compute(bytes, start)
    additional[1]! ^= mask[0]!
    let low = additional[1]!
    let lowBits = 0xff
    if (hasLongSequence(first)) {
      additional[2]! ^= mask[1]!
      low = (low << 8) | additional[2]!
      lowBits = 0xffff
    }
    const sequence = reconstructSequence(low, lowBits, this.#expected)
    if (sequence >= SEQUENCE_LIMIT) return FORGED
    let contentEnd = this.#aead.open(this.#nonce.set(sequence), additional, bytes, start, end)
    if (contentEnd < 0) return FORGED
    // Only now: sooner, the time that it takes would tell record numbers, which are encrypted (RFC 9147, 4.5.1).
    if (!this.#window.isNew(sequence)) return REPLAYED
    this.#window.add(sequence)
    if (sequence >= this.#expected) this.#expected = sequence + 1
    // The last byte that is not padding is the type.
    do contentEnd--
    while (contentEnd >= start && bytes[contentEnd] === 0)
    this.type = contentEnd < start ? 0 : bytes[contentEnd]!
    this.start = start
    this.sequence = sequence
    return Math.max(start, contentEnd)
  }
}
