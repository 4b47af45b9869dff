/**
 * The cipher suites of DTLS 1.2: ECDHE with AES-GCM (RFC 5289) or ChaCha20-Poly1305 (RFC 7905), and for peers that have
 * neither, AES-CBC with HMAC-SHA1 (RFC 8422, 6).
 */

import type { AeadName, KeyType } from '../crypto/index.ts'

interface SuiteTerms {
  readonly id: number
  /** As the IANA registry has it. */
  readonly name: string
  /** What the server's certificate must be able to sign with. */
  readonly authentication: 'ecdsa' | 'rsa'
  /** Bytes of the cipher's key. */
  readonly keyLength: number
  /** The hash of the PRF and of the transcript. */
  readonly hash: 'sha-256' | 'sha-384'
}

export interface AeadSuite extends SuiteTerms {
  readonly protection: 'aead'
  readonly aead: AeadName
  /** Bytes of the part of the nonce that comes from the key block. */
  readonly ivLength: number
  /** Bytes of the part of the nonce that each record carries. */
  readonly explicitNonceLength: number
}

/** AES-CBC: each record carries its own IV, so none comes from the key block (RFC 5246, 6.2.3.2). */
export interface CbcSuite extends SuiteTerms {
  readonly protection: 'cbc'
  readonly mac: 'sha-1'
  /** As long as the hash (RFC 5246, appendix C). */
  readonly macKeyLength: number
}

export type CipherSuite = AeadSuite | CbcSuite

const aeadSuite = (
  id: number,
  authentication: 'ecdsa' | 'rsa',
  aead: AeadName,
  hash: 'sha-256' | 'sha-384',
): AeadSuite => {
  const chacha = aead === 'chacha20-poly1305'
  const cipher = chacha ? 'CHACHA20_POLY1305' : aead === 'aes-128-gcm' ? 'AES_128_GCM' : 'AES_256_GCM'
  return {
    protection: 'aead',
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

const cbcSuite = (id: number, authentication: 'ecdsa' | 'rsa', keyLength: 16 | 32): CbcSuite => ({
  protection: 'cbc',
  id,
  name: `TLS_ECDHE_${authentication.toUpperCase()}_WITH_AES_${8 * keyLength}_CBC_SHA`,
  authentication,
  mac: 'sha-1',
  macKeyLength: 20,
  keyLength,
  // Suites older than DTLS 1.2 take its PRF (RFC 5246, 5); the SHA of their name is that of the record's MAC alone.
  hash: 'sha-256',
})

/** What is offered and taken where nobody asks for anything else, best first: AES-128-GCM costs least here. */
export const CIPHER_SUITES: readonly AeadSuite[] = [
  aeadSuite(0xc02b, 'ecdsa', 'aes-128-gcm', 'sha-256'),
  aeadSuite(0xc02f, 'rsa', 'aes-128-gcm', 'sha-256'),
  aeadSuite(0xc02c, 'ecdsa', 'aes-256-gcm', 'sha-384'),
  aeadSuite(0xc030, 'rsa', 'aes-256-gcm', 'sha-384'),
  aeadSuite(0xcca9, 'ecdsa', 'chacha20-poly1305', 'sha-256'),
  aeadSuite(0xcca8, 'rsa', 'chacha20-poly1305', 'sha-256'),
]

/** What is offered and taken by name only: nobody should need it who has one of the others. */
export const CBC_SUITES: readonly CbcSuite[] = [
  cbcSuite(0xc009, 'ecdsa', 16),
  cbcSuite(0xc013, 'rsa', 16),
  cbcSuite(0xc00a, 'ecdsa', 32),
  cbcSuite(0xc014, 'rsa', 32),
]

/** In the same order, but for AES-CBC: it comes behind all else, wherever its owner has put it. */
export const cbcLast = (suites: readonly CipherSuite[]): readonly CipherSuite[] => [
  ...suites.filter(suite => suite.protection === 'aead'),
  ...suites.filter(suite => suite.protection === 'cbc'),
]

/** Whether a key of this type serves a suite's authentication (Ed25519 goes with the ECDSA suites: RFC 8422, 5.1.1 and 5.10). */
export const authenticates = (cipherSuite: CipherSuite, key: KeyType): boolean =>
  (cipherSuite.authentication === 'rsa') === (key === 'rsa')
