/**
 * The transcript hash of DTLS 1.3 (RFC 8446, 4.4.1): over the handshake messages with their type and length, but without
 * what DTLS adds to the header (RFC 9147, 5.2).
 *
 * Which hash it is shows only in the server's first message. Until then the messages themselves are kept; afterwards
 * they enter a running hash, and nothing is.
 */

import type { CryptoProvider, Hash, HashName } from '../../crypto/index.ts'
import { DtlsError } from '../error.ts'
import { HANDSHAKE_HEADER, HandshakeType } from '../handshake-message.ts'

/** Bytes of the header that count: msg_type and length. */
const COUNTED_HEADER = 4

export class Transcript13 {
  #early: Uint8Array[] = []
  #crypto: CryptoProvider | undefined
  #name: HashName | undefined
  #hash: Hash | undefined

  /** The next message of either side, with its header as if unfragmented. Kept as it is until the hash is known. */
  add(raw: Uint8Array): void {
    if (this.#hash === undefined) this.#early.push(raw)
    else this.#put(this.#hash, raw)
  }

  /** The cipher suite is known. May be said again, of the same hash: by a ServerHello behind a HelloRetryRequest. */
  chooseHash(crypto: CryptoProvider, name: HashName): void {
    if (this.#name !== undefined) {
      if (this.#name !== name) throw new DtlsError('invalid-state', 'the hash of a transcript does not change')
      return
    }
    this.#crypto = crypto
    this.#name = name
    this.#hash = crypto.createHash(name)
    for (const raw of this.#early) this.#put(this.#hash, raw)
    this.#early = []
  }

  /** All so far, which is the first ClientHello, gives way to its hash: a HelloRetryRequest comes next. */
  replaceByHash(): void {
    const { crypto, name, hash } = this.#chosen
    const digest = hash.digest()
    this.#hash = crypto
      .createHash(name)
      .update(Uint8Array.of(HandshakeType.messageHash, 0, 0, digest.length))
      .update(digest)
  }

  /** The hash of all messages so far. */
  hash(): Uint8Array {
    return this.#chosen.hash.copy().digest()
  }

  #put(hash: Hash, raw: Uint8Array): void {
    hash.update(raw.subarray(0, COUNTED_HEADER)).update(raw.subarray(HANDSHAKE_HEADER))
  }

  get #chosen(): { readonly crypto: CryptoProvider; readonly name: HashName; readonly hash: Hash } {
    const crypto = this.#crypto
    const name = this.#name
    const hash = this.#hash
    if (crypto === undefined || name === undefined || hash === undefined) {
      throw new DtlsError('invalid-state', 'the hash of the transcript is not known yet')
    }
    return { crypto, name, hash }
  }
}
