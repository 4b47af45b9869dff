/** What each signature scheme of TLS is made of (RFC 8446, 4.2.3), and how long hashes are. */

import type { HashName, KeyType, SignatureScheme } from './provider.ts'

export interface SchemeTerms {
  readonly type: KeyType
  readonly hash: HashName
  /** How RSA pads: EMSA-PKCS1-v1_5 (RFC 8017, 9.2) or EMSA-PSS (9.1) with a salt as long as the hash. */
  readonly padding?: 'pkcs1' | 'pss'
}

export const SCHEMES: Readonly<Record<SignatureScheme, SchemeTerms>> = {
  ecdsa_secp256r1_sha256: { type: 'ec-p256', hash: 'sha-256' },
  ecdsa_secp384r1_sha384: { type: 'ec-p384', hash: 'sha-384' },
  rsa_pkcs1_sha256: { type: 'rsa', hash: 'sha-256', padding: 'pkcs1' },
  rsa_pkcs1_sha384: { type: 'rsa', hash: 'sha-384', padding: 'pkcs1' },
  rsa_pkcs1_sha512: { type: 'rsa', hash: 'sha-512', padding: 'pkcs1' },
  rsa_pss_rsae_sha256: { type: 'rsa', hash: 'sha-256', padding: 'pss' },
  rsa_pss_rsae_sha384: { type: 'rsa', hash: 'sha-384', padding: 'pss' },
  rsa_pss_rsae_sha512: { type: 'rsa', hash: 'sha-512', padding: 'pss' },
  ed25519: { type: 'ed25519', hash: 'sha-512' },
}

/** Bytes of a digest. */
export const HASH_LENGTH: Readonly<Record<HashName, number>> = {
  md5: 16,
  'sha-1': 20,
  'sha-256': 32,
  'sha-384': 48,
  'sha-512': 64,
}

/**
 * Whether a key of this type can have signed by these terms. An ECDSA scheme names its hash only: that is how DTLS 1.2
 * reads it (RFC 8422, 5.1.3), and OpenSSL signs by SHA-256 with a P-384 key. DTLS 1.3 checks the curve itself.
 */
export const suits = (type: KeyType, terms: SchemeTerms): boolean =>
  type === terms.type || (type.startsWith('ec-') && terms.type.startsWith('ec-'))

/** The terms of a scheme for a key that is to sign by it. */
export const termsFor = (type: KeyType, scheme: SignatureScheme): SchemeTerms => {
  const terms = SCHEMES[scheme]
  if (terms.type !== type) throw new TypeError(`a key of type ${type} does not sign by ${scheme}`)
  return terms
}
