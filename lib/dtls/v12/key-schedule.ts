/**
 * The secrets of DTLS 1.2: the extended master secret (RFC 7627, 4) or the one before it (RFC 5246, 8.1), the keys of both
 * directions (6.3), the Finished values (7.4.9) and the exporter (RFC 5705, 4).
 */

import { concatBytes, Reader, Writer } from '../../bytes/index.ts'
import { type CryptoProvider, tlsPrf } from '../../crypto/index.ts'
import type { CipherSuite } from '../cipher-suite.ts'
import type { DtlsRole } from '../options.ts'

const MASTER_SECRET_LENGTH = 48
const VERIFY_DATA_LENGTH = 12

export interface TrafficKey {
  readonly key: Uint8Array
  readonly iv: Uint8Array
  /** Empty under an AEAD. */
  readonly macKey: Uint8Array
}

export class KeySchedule {
  readonly #crypto: CryptoProvider
  readonly #suite: CipherSuite
  readonly #master: Uint8Array
  readonly #clientRandom: Uint8Array
  readonly #serverRandom: Uint8Array

  /** From a master secret that is known already. */
  constructor(
    crypto: CryptoProvider,
    suite: CipherSuite,
    master: Uint8Array,
    clientRandom: Uint8Array,
    serverRandom: Uint8Array,
  ) {
    this.#crypto = crypto
    this.#suite = suite
    this.#master = master
    this.#clientRandom = clientRandom
    this.#serverRandom = serverRandom
  }

  /** @param transcript All handshake messages up to and including ClientKeyExchange. */
  static extended(
    crypto: CryptoProvider,
    suite: CipherSuite,
    premaster: Uint8Array,
    transcript: Uint8Array,
    clientRandom: Uint8Array,
    serverRandom: Uint8Array,
  ): KeySchedule {
    const sessionHash = crypto.hash(suite.hash, transcript)
    const master = tlsPrf(crypto, suite.hash, premaster, 'extended master secret', sessionHash, MASTER_SECRET_LENGTH)
    return new KeySchedule(crypto, suite, master, clientRandom, serverRandom)
  }

  /** For a peer that has no extended master secret: bound to the randoms alone, not to the rest of the handshake. */
  static classic(
    crypto: CryptoProvider,
    suite: CipherSuite,
    premaster: Uint8Array,
    clientRandom: Uint8Array,
    serverRandom: Uint8Array,
  ): KeySchedule {
    const randoms = concatBytes(clientRandom, serverRandom)
    const master = tlsPrf(crypto, suite.hash, premaster, 'master secret', randoms, MASTER_SECRET_LENGTH)
    return new KeySchedule(crypto, suite, master, clientRandom, serverRandom)
  }

  /** For the key log only. */
  get masterSecret(): Uint8Array {
    return this.#master
  }

  trafficKeys(): { readonly client: TrafficKey; readonly server: TrafficKey } {
    const suite = this.#suite
    const { keyLength } = suite
    const macLength = suite.protection === 'cbc' ? suite.macKeyLength : 0
    const ivLength = suite.protection === 'aead' ? suite.ivLength : 0
    const seed = concatBytes(this.#serverRandom, this.#clientRandom)
    const block = new Reader(this.#prf('key expansion', seed, 2 * (macLength + keyLength + ivLength)))
    const pair = (length: number) => ({ client: block.view(length), server: block.view(length) })
    const mac = pair(macLength)
    const key = pair(keyLength)
    const iv = pair(ivLength)
    return {
      client: { key: key.client, iv: iv.client, macKey: mac.client },
      server: { key: key.server, iv: iv.server, macKey: mac.server },
    }
  }

  /** @param transcript All handshake messages before this Finished. */
  verifyData(sender: DtlsRole, transcript: Uint8Array): Uint8Array {
    const seed = this.#crypto.hash(this.#suite.hash, transcript)
    return this.#prf(`${sender} finished`, seed, VERIFY_DATA_LENGTH)
  }

  /** Throws a RangeError when the context is longer than the 65535 bytes that its length can tell. */
  export(label: string, length: number, context: Uint8Array | undefined): Uint8Array {
    if (context !== undefined && context.length > 0xffff) throw new RangeError('a context of at most 65535 bytes')
    const seed = new Writer(128).bytes(this.#clientRandom).bytes(this.#serverRandom)
    if (context !== undefined) seed.vector16(context)
    return this.#prf(label, seed.finish(), length)
  }

  #prf(label: string, seed: Uint8Array, length: number): Uint8Array {
    return tlsPrf(this.#crypto, this.#suite.hash, this.#master, label, seed, length)
  }
}
