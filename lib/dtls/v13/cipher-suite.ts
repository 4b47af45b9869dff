/**
 * The cipher suites of DTLS 1.3 (RFC 8446, B.4): an AEAD, and the hash of the key schedule and the transcript. What
 * the key exchange is and who signs how is agreed on apart from them.
 *
 * The two CCM suites are left out: nobody offers them here without one of these.
 */

import type { AeadName } from '../../crypto/index.ts'

export interface CipherSuite13 {
  readonly id: number
  /** As the IANA registry has it. */
  readonly name: string
  readonly aead: AeadName
  /** Bytes of the AEAD's key, and of the key of record number encryption (RFC 9147, 4.2.3). */
  readonly keyLength: number
  readonly hash: 'sha-256' | 'sha-384'
}

/** In the order of our preference: AES-128-GCM is the one that costs least here. */
export const CIPHER_SUITES_13: readonly CipherSuite13[] = [
  { id: 0x1301, name: 'TLS_AES_128_GCM_SHA256', aead: 'aes-128-gcm', keyLength: 16, hash: 'sha-256' },
  { id: 0x1302, name: 'TLS_AES_256_GCM_SHA384', aead: 'aes-256-gcm', keyLength: 32, hash: 'sha-384' },
  { id: 0x1303, name: 'TLS_CHACHA20_POLY1305_SHA256', aead: 'chacha20-poly1305', keyLength: 32, hash: 'sha-256' },
]
