/**
 * The signature schemes (RFC 8446, 4.2.3), whose numbers DTLS 1.2 reads as a hash and a signature algorithm
 * (RFC 5246, 7.4.1.4.1). SHA-1 is not among them.
 */

import type { KeyType, PrivateKey, SignatureScheme } from '../crypto/index.ts'

export interface SchemeEntry {
  readonly id: number
  readonly name: SignatureScheme
  /** The keys that may sign by it in DTLS 1.2. */
  readonly keys: readonly KeyType[]
  /** The key that may sign by it in DTLS 1.3, where PKCS #1 v1.5 is for certificates only (RFC 8446, 4.2.3). */
  readonly key13: KeyType | undefined
}

// In DTLS 1.2 an ECDSA scheme names a hash only and goes with a key on any curve; 1.3 ties the curve to it.
const EC: readonly KeyType[] = ['ec-p256', 'ec-p384']

/** In the order of our preference. */
export const SIGNATURE_SCHEMES: readonly SchemeEntry[] = [
  { id: 0x0403, name: 'ecdsa_secp256r1_sha256', keys: EC, key13: 'ec-p256' },
  { id: 0x0503, name: 'ecdsa_secp384r1_sha384', keys: EC, key13: 'ec-p384' },
  { id: 0x0807, name: 'ed25519', keys: ['ed25519'], key13: 'ed25519' },
  { id: 0x0804, name: 'rsa_pss_rsae_sha256', keys: ['rsa'], key13: 'rsa' },
  { id: 0x0805, name: 'rsa_pss_rsae_sha384', keys: ['rsa'], key13: 'rsa' },
  { id: 0x0806, name: 'rsa_pss_rsae_sha512', keys: ['rsa'], key13: 'rsa' },
  { id: 0x0401, name: 'rsa_pkcs1_sha256', keys: ['rsa'], key13: undefined },
  { id: 0x0501, name: 'rsa_pkcs1_sha384', keys: ['rsa'], key13: undefined },
  { id: 0x0601, name: 'rsa_pkcs1_sha512', keys: ['rsa'], key13: undefined },
]

/** The scheme of that number, or undefined when it is none of ours. */
export const signatureScheme = (id: number): SchemeEntry | undefined => SIGNATURE_SCHEMES.find(entry => entry.id === id)

/**
 * Bytes of SubjectPublicKeyInfo from which on an RSA key signs by PSS with SHA-512: that takes a modulus of 130 bytes
 * (RFC 8017, 9.1.1), around which there are some 40 more. What is left out by the rest are keys of odd sizes.
 */
const SPKI_FOR_PSS_SHA512 = 200

const canSign = (key: PrivateKey, name: SignatureScheme): boolean =>
  name !== 'rsa_pss_rsae_sha512' || key.publicKey.spki.length >= SPKI_FOR_PSS_SHA512

/** In DTLS 1.2, what a key of ours signs by: the first of our schemes that fits it and that the peer takes. */
export const chooseSignatureScheme = (key: PrivateKey, offered: readonly number[]): SchemeEntry | undefined =>
  SIGNATURE_SCHEMES.find(({ id, name, keys }) => {
    if (!keys.includes(key.type) || !offered.includes(id) || !canSign(key, name)) return false
    // We sign with the hash of the curve's own strength only, which is right in every version.
    return key.type === 'ec-p256'
      ? name === 'ecdsa_secp256r1_sha256'
      : key.type === 'ec-p384'
        ? name === 'ecdsa_secp384r1_sha384'
        : true
  })

/** The scheme of that number, if a key of this type may have signed a CertificateVerify of DTLS 1.3 by it. */
export const signatureScheme13 = (id: number, key: KeyType): SchemeEntry | undefined =>
  SIGNATURE_SCHEMES.find(entry => entry.id === id && entry.key13 === key)

/** In DTLS 1.3, what a key of ours signs by: the first of our schemes that fits it and that the peer takes. */
export const chooseSignatureScheme13 = (key: PrivateKey, offered: readonly number[]): SchemeEntry | undefined =>
  SIGNATURE_SCHEMES.find(({ id, name, key13 }) => key13 === key.type && offered.includes(id) && canSign(key, name))
