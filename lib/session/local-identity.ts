/** What our descriptions say of ourselves: certificate, transports, and the association to come (RFC 9429, 5.2.1). */

import { fingerprint } from '../crypto/index.ts'
import type { LocalContext } from '../jsep/index.ts'
import { isSignalledInit } from '../sctp/index.ts'
import type { DataLink } from './data-link.ts'
import { LARGEST_DATAGRAM } from './datagram-sizes.ts'
import type { SessionOptions } from './events.ts'
import type { TransportSet } from './transport-set.ts'

const DEFAULT_FINGERPRINT_HASHES = ['sha-256'] as const

export class LocalIdentity {
  readonly #options: SessionOptions
  readonly #transports: TransportSet
  readonly #data: DataLink
  #fingerprints: LocalContext['fingerprints'] = []

  constructor(options: SessionOptions, transports: TransportSet, data: DataLink) {
    this.#options = options
    this.#transports = transports
    this.#data = data
  }

  /** For a description that is to be made; the certificate is looked at when the first one is. */
  context(iceRestart: boolean): LocalContext {
    const { crypto, certificates, fingerprintHashes = DEFAULT_FINGERPRINT_HASHES } = this.#options
    if (this.#fingerprints.length === 0) {
      this.#fingerprints = certificates
        .slice(0, 1)
        .flatMap(({ der }) =>
          fingerprintHashes.map(hash => ({ algorithm: hash, value: fingerprint(crypto, hash, der) })),
        )
    }
    const init = this.#data.init
    const snap = init && { init, accepts: isSignalledInit }
    const context = this.#transports.context(this.#fingerprints, iceRestart)
    return { ...context, largestDatagram: LARGEST_DATAGRAM, ...(snap && { snap }) }
  }
}
