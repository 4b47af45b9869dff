/**
 * The cipher suites of DTLS 1.2: ECDHE with AES-GCM (RFC 5289) or ChaCha20-Poly1305 (RFC 7905).
 */

import type { AeadName, KeyType } from '../crypto/index.ts'

export interface CipherSuite {
  readonly id: number
  /** As the IANA registry has it. */
  readonly name: string
  /** What the server's certificate must be able to sign with. */
  readonly authentication: 'ecdsa' | 'rsa'
  readonly aead: AeadName
  readonly keyLength: number
  /** Bytes of the part of the nonce that comes from the key block. */
  readonly ivLength: number
  /** Bytes of the part of the nonce that each record carries. */
  readonly explicitNonceLength: number
  /** The hash of the PRF and of the transcript. */
  readonly hash: 'sha-256' | 'sha-384'
}

const suite = (
  id: number,
  authentication: 'ecdsa' | 'rsa',
  aead: AeadName,
  hash: 'sha-256' | 'sha-384',
): CipherSuite => {
  const chacha = aead === 'chacha20-poly1305'
  const cipher = chacha ? 'CHACHA20_POLY1305' : aead === 'aes-128-gcm' ? 'AES_128_GCM' : 'AES_256_GCM'
  return {
    id,
    name: `TLS_ECDHE_${authentication.toUpperCase()}_WITH_${cipher}_${hash === 'sha-256' ? 'SHA256' : 'SHA384'}`,
    authentication,
    aead,
    keyLength: aead === 'aes-128-gcm' ? 16 : 32,
    ivLength: chacha ? 12 : 4,
    explicitNonceLength: chacha ? 0 : 8,
    hash,
  }
}

/** In the order of our preference: AES-128-GCM is the one that costs least here. */
export const CIPHER_SUITES: readonly CipherSuite[] = [
  suite(0xc02b, 'ecdsa', 'aes-128-gcm', 'sha-256'),
  suite(0xc02f, 'rsa', 'aes-128-gcm', 'sha-256'),
  suite(0xc02c, 'ecdsa', 'aes-256-gcm', 'sha-384'),
  suite(0xc030, 'rsa', 'aes-256-gcm', 'sha-384'),
  suite(0xcca9, 'ecdsa', 'chacha20-poly1305', 'sha-256'),
  suite(0xcca8, 'rsa', 'chacha20-poly1305', 'sha-256'),
]

/** Whether a key of this type serves a suite's authentication (Ed25519 goes with the ECDSA suites: RFC 8422, 5.1.1 and 5.10). */
export const authenticates = (cipherSuite: CipherSuite, key: KeyType): boolean =>
  (cipherSuite.authentication === 'rsa') === (key === 'rsa')
