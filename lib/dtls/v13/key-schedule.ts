/**
 * The secrets of DTLS 1.3 (RFC 8446, 7): from the shared secret of the key exchange to the traffic secrets of epochs 2
 * and 3, their successors, the Finished values and the exporter. There is no pre-shared key.
 *
 * The labels begin with "dtls13" where TLS has "tls13 " (RFC 9147, 5.9). The prefix can be named, so that the traces of
 * RFC 8448, which are of TLS, serve as known answers.
 */

import { utf8, Writer } from '../../bytes/index.ts'
import { type CryptoProvider, type HashName, hkdfExpand, hkdfExtract } from '../../crypto/index.ts'
import { DtlsError } from '../error.ts'
import type { CipherSuite13 } from './cipher-suite.ts'

export const LABEL_PREFIX = 'dtls13'

/** Bytes of the nonce of every AEAD here (RFC 8446, 5.3). */
const IV_LENGTH = 12
const NOTHING = new Uint8Array(0)

/**
 * HKDF-Expand-Label (RFC 8446, 7.1). Throws a RangeError when the label has more than 249 bytes, the context more than
 * 255, or more is asked for than 255 times the hash's length.
 */
export const expandLabel = (
  crypto: CryptoProvider,
  hash: HashName,
  secret: Uint8Array,
  label: string,
  context: Uint8Array,
  length: number,
  prefix = LABEL_PREFIX,
): Uint8Array => {
  const name = utf8(prefix + label)
  if (name.length > 255 || context.length > 255) throw new RangeError('a label or context of at most 255 bytes')
  const info = new Writer(name.length + context.length + 4).u16(length).vector8(name).vector8(context).finish()
  return hkdfExpand(crypto, hash, secret, info, length)
}

/** What protects one direction of one epoch. */
export interface TrafficKeys13 {
  readonly key: Uint8Array
  readonly iv: Uint8Array
  /** The key that record numbers are encrypted by (RFC 9147, 4.2.3). */
  readonly sn: Uint8Array
}

/** The keys of a traffic secret (RFC 8446, 7.3; RFC 9147, 4.2.3). */
export const trafficKeys = (
  crypto: CryptoProvider,
  suite: CipherSuite13,
  secret: Uint8Array,
  prefix = LABEL_PREFIX,
): TrafficKeys13 => {
  const expand = (label: string, length: number): Uint8Array =>
    expandLabel(crypto, suite.hash, secret, label, NOTHING, length, prefix)
  return { key: expand('key', suite.keyLength), iv: expand('iv', IV_LENGTH), sn: expand('sn', suite.keyLength) }
}

/**
 * Keying material for another protocol (RFC 8446, 7.5). No context is the same as an empty one. Throws a RangeError when
 * the label has more than 249 bytes, or more is asked for than 255 times the hash's length.
 */
export const exportKeyingMaterial = (
  crypto: CryptoProvider,
  hash: HashName,
  exporterSecret: Uint8Array,
  label: string,
  length: number,
  context: Uint8Array | undefined,
): Uint8Array => {
  const empty = crypto.hash(hash)
  const secret = expandLabel(crypto, hash, exporterSecret, label, empty, empty.length)
  return expandLabel(crypto, hash, secret, 'exporter', crypto.hash(hash, context ?? NOTHING), length)
}

/** A traffic secret of each side: what each protects its own records by. */
export interface TrafficSecrets13 {
  readonly client: Uint8Array
  readonly server: Uint8Array
}

export class KeySchedule13 {
  readonly #crypto: CryptoProvider
  readonly #hash: HashName
  readonly #prefix: string
  readonly #zeros: Uint8Array
  /** The hash of nothing: the context of what is derived without messages. */
  readonly #empty: Uint8Array
  /** Where the schedule stands: the early secret, then the handshake secret; neither is kept longer than needed. */
  #current: Uint8Array
  #stage: 'early' | 'handshake' | 'application' = 'early'
  #exporter: Uint8Array | undefined

  constructor(crypto: CryptoProvider, suite: CipherSuite13, prefix = LABEL_PREFIX) {
    this.#crypto = crypto
    this.#hash = suite.hash
    this.#prefix = prefix
    this.#empty = crypto.hash(suite.hash)
    this.#zeros = new Uint8Array(this.#empty.length)
    this.#current = hkdfExtract(crypto, suite.hash, this.#zeros, this.#zeros)
  }

  /**
   * The secrets of epoch 2.
   * @param shared The secret of the key exchange.
   * @param transcriptHash Of all messages up to the ServerHello.
   */
  handshakeSecrets(shared: Uint8Array, transcriptHash: Uint8Array): TrafficSecrets13 {
    this.#advance('early', 'handshake', shared)
    return {
      client: this.#derive(this.#current, 'c hs traffic', transcriptHash),
      server: this.#derive(this.#current, 's hs traffic', transcriptHash),
    }
  }

  /**
   * The secrets of epoch 3, and with them the exporter's.
   * @param transcriptHash Of all messages up to the server's Finished.
   */
  applicationSecrets(transcriptHash: Uint8Array): TrafficSecrets13 {
    this.#advance('handshake', 'application', this.#zeros)
    const main = this.#current
    const secrets = {
      client: this.#derive(main, 'c ap traffic', transcriptHash),
      server: this.#derive(main, 's ap traffic', transcriptHash),
    }
    this.#exporter = this.#derive(main, 'exp master', transcriptHash)
    // Nothing else comes of it without resumption (RFC 8446, 7.1: secrets are erased once they have served).
    main.fill(0)
    return secrets
  }

  /** For the key log only, once there are application secrets. */
  get exporterSecret(): Uint8Array {
    if (this.#exporter === undefined) throw new DtlsError('invalid-state', 'the handshake has not come to its keys yet')
    return this.#exporter
  }

  /**
   * What a Finished holds (RFC 8446, 4.4.4).
   * @param trafficSecret The sender's, of epoch 2.
   * @param transcriptHash Of all messages before that Finished.
   */
  verifyData(trafficSecret: Uint8Array, transcriptHash: Uint8Array): Uint8Array {
    const key = this.#expand(trafficSecret, 'finished', NOTHING, this.#zeros.length)
    return this.#crypto.createMac(this.#hash, key).compute(transcriptHash)
  }

  /** The traffic secret that takes the place of this one after a KeyUpdate (RFC 8446, 7.2). */
  nextSecret(trafficSecret: Uint8Array): Uint8Array {
    return this.#expand(trafficSecret, 'traffic upd', NOTHING, this.#zeros.length)
  }

  /** As `exportKeyingMaterial`, once there are application secrets. */
  export(label: string, length: number, context: Uint8Array | undefined): Uint8Array {
    return exportKeyingMaterial(this.#crypto, this.#hash, this.exporterSecret, label, length, context)
  }

  #advance(from: 'early' | 'handshake', to: 'handshake' | 'application', input: Uint8Array): void {
    if (this.#stage !== from) throw new DtlsError('invalid-state', `the ${to} secrets do not follow from here`)
    const salt = this.#derive(this.#current, 'derived', this.#empty)
    this.#current.fill(0)
    this.#current = hkdfExtract(this.#crypto, this.#hash, salt, input)
    this.#stage = to
  }

  /** Derive-Secret, with the hash of the messages in place of these. */
  #derive(secret: Uint8Array, label: string, transcriptHash: Uint8Array): Uint8Array {
    return this.#expand(secret, label, transcriptHash, this.#zeros.length)
  }

  #expand(secret: Uint8Array, label: string, context: Uint8Array, length: number): Uint8Array {
    return expandLabel(this.#crypto, this.#hash, secret, label, context, length, this.#prefix)
  }
}
