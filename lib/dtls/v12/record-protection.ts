/**
 * Records under an AEAD in DTLS 1.2 (RFC 5246, 6.2.3.3; RFC 5288, 3; RFC 7905, 2): one object a direction.
 *
 * The hot path of every connection. Epoch and sequence number together are the 64-bit number that TLS counts; AES-GCM
 * carries it once more in each record as the explicit part of the nonce, ChaCha20-Poly1305 mixes it into the nonce
 * unseen. Scratch for nonce and additional data is made once.
 */

import type { Aead, CryptoProvider } from '../../crypto/index.ts'
import type { AeadSuite, CipherSuite } from '../cipher-suite.ts'
import {
  FORGED,
  RECORD_HEADER,
  REPLAYED,
  type RecordOpener,
  type RecordSealer,
  recordSequence,
  SEQUENCE_LIMIT,
  Version,
  writeRecordHeader,
} from '../record.ts'
import { ReplayWindow } from '../replay-window.ts'
import { CbcOpener, CbcSealer } from './cbc-protection.ts'
import type { TrafficKey } from './key-schedule.ts'

const TAG_LENGTH = 16

/** Nonce and additional data of one direction, filled in for each record. */
class RecordNonce {
  readonly nonce: Uint8Array
  readonly additional = new Uint8Array(13)
  readonly #iv: Uint8Array
  readonly #explicit: boolean

  constructor(iv: Uint8Array, explicitLength: number) {
    this.nonce = new Uint8Array(12)
    this.nonce.set(iv)
    this.#iv = iv
    this.#explicit = explicitLength > 0
  }

  /** For the record whose header is at `at`, and whose plaintext has `length` bytes. */
  set(bytes: Uint8Array, at: number, length: number): void {
    const { additional, nonce } = this
    for (let i = 0; i < 8; i++) additional[i] = bytes[at + 3 + i]!
    additional[8] = bytes[at]!
    additional[9] = bytes[at + 1]!
    additional[10] = bytes[at + 2]!
    additional[11] = length >>> 8
    additional[12] = length
    if (this.#explicit) {
      for (let i = 0; i < 8; i++) nonce[4 + i] = bytes[at + RECORD_HEADER + i]!
    } else {
      for (let i = 0; i < 8; i++) nonce[4 + i] = this.#iv[4 + i]! ^ bytes[at + 3 + i]!
    }
  }
}

export class AeadSealer implements RecordSealer {
  readonly before: number
  readonly after = TAG_LENGTH
  readonly #aead: Aead
  readonly #nonce: RecordNonce
  readonly #explicit: boolean
  sequence = 0
  readonly worn = false

  constructor(
    crypto: CryptoProvider,
    suite: AeadSuite,
    traffic: TrafficKey,
    readonly epoch: number,
  ) {
    this.#nonce = new RecordNonce(traffic.iv, suite.explicitNonceLength)
    this.#aead = crypto.createAead(suite.aead, traffic.key, this.#nonce.nonce.slice())
    this.#explicit = suite.explicitNonceLength > 0
    this.before = RECORD_HEADER + suite.explicitNonceLength
  }

  get exhausted(): boolean {
    return this.sequence >= SEQUENCE_LIMIT
  }

  seal(type: number, bytes: Uint8Array, start: number, end: number): number {
    const at = start - this.before
    const length = end - start
    writeRecordHeader(
      bytes,
      at,
      type,
      Version.dtls12,
      this.epoch,
      this.sequence++,
      this.before - RECORD_HEADER + length + TAG_LENGTH,
    )
    // What is unique under the key already serves as the explicit nonce: epoch and sequence number (RFC 5288, 3).
    if (this.#explicit) bytes.copyWithin(at + RECORD_HEADER, at + 3, at + 11)
    this.#nonce.set(bytes, at, length)
    return this.#aead.seal(this.#nonce.nonce, this.#nonce.additional, bytes, start, end)
  }
}

export class AeadOpener implements RecordOpener {
  type = 0
  start = 0
  sequence = 0
  readonly #before: number
  readonly #aead: Aead
  readonly #nonce: RecordNonce
  readonly #window = new ReplayWindow()

  constructor(
    crypto: CryptoProvider,
    suite: AeadSuite,
    traffic: TrafficKey,
    readonly epoch: number,
  ) {
    this.#nonce = new RecordNonce(traffic.iv, suite.explicitNonceLength)
    this.#aead = crypto.createAead(suite.aead, traffic.key, this.#nonce.nonce.slice())
    this.#before = RECORD_HEADER + suite.explicitNonceLength
  }

  open(bytes: Uint8Array, at: number, end: number): number {
    const start = at + this.#before
    const length = end - start - TAG_LENGTH
    if (length < 0) return FORGED
    const sequence = recordSequence(bytes, at)
    if (!this.#window.isNew(sequence)) return REPLAYED
    this.#nonce.set(bytes, at, length)
    const contentEnd = this.#aead.open(this.#nonce.nonce, this.#nonce.additional, bytes, start, end)
    if (contentEnd < 0) return FORGED
    this.#window.add(sequence)
    this.type = bytes[at]!
    this.start = start
    this.sequence = sequence
    return contentEnd
  }
}

/** @param encryptThenMac For AES-CBC alone: whether both sides have the extension. */
export const createSealer = (
  crypto: CryptoProvider,
  suite: CipherSuite,
  traffic: TrafficKey,
  epoch: number,
  encryptThenMac: boolean,
): RecordSealer =>
  suite.protection === 'aead'
    ? new AeadSealer(crypto, suite, traffic, epoch)
    : new CbcSealer(crypto, suite, traffic, epoch, encryptThenMac)

/** The other end of `createSealer`. */
export const createOpener = (
  crypto: CryptoProvider,
  suite: CipherSuite,
  traffic: TrafficKey,
  epoch: number,
  encryptThenMac: boolean,
): RecordOpener =>
  suite.protection === 'aead'
    ? new AeadOpener(crypto, suite, traffic, epoch)
    : new CbcOpener(crypto, suite, traffic, epoch, encryptThenMac)
