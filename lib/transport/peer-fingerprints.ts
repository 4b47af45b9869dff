/**
 * Which of the fingerprints that a description announces count (RFC 8122, 5): those of one hash function, the best that
 * both sides have. A peer that shows a certificate fit for a weaker one alone is not the peer.
 */

import type { FingerprintHash } from '../crypto/index.ts'
import type { Fingerprint } from '../dtls/index.ts'

/** Best first. SHA-1 and MD5 name no certificate any more: who has a second one with the same fingerprint passes. */
const PREFERRED = ['sha-512', 'sha-384', 'sha-256'] as const satisfies readonly FingerprintHash[]

export interface PeerFingerprints {
  /** Undefined where none of the hash functions is known: no certificate has such a fingerprint. */
  readonly hash: FingerprintHash | undefined
  readonly fingerprints: readonly Fingerprint[]
}

export const preferredFingerprints = (announced: readonly Fingerprint[]): PeerFingerprints => {
  for (const hash of PREFERRED) {
    const fingerprints = announced.filter(({ algorithm }) => algorithm.toLowerCase() === hash)
    if (fingerprints.length > 0) return { hash, fingerprints }
  }
  return { hash: undefined, fingerprints: [] }
}
