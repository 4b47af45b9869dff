/**
 * A certificate and its key as PEM (RFC 7468), so that an identity can be kept, made elsewhere, and known ahead by its
 * fingerprint.
 */

import { equalBytes } from '../bytes/index.ts'
import { CryptoError } from './error.ts'
import { encodePrivateKey, parsePkcs1PrivateKey, parseSec1PrivateKey } from './keys.ts'
import { type PemBlock, pemBytes, readPem, writePem } from './pem.ts'
import type { CryptoProvider, PrivateKey } from './provider.ts'
import { type Certificate, parseCertificate } from './x509.ts'

const CERTIFICATE = 'CERTIFICATE'
const PRIVATE_KEY = 'PRIVATE KEY'

/** PKCS #8 of what a block with this label holds; undefined when it is malformed. */
const PKCS8_OF: Readonly<Record<string, (bytes: Uint8Array) => Uint8Array | undefined>> = {
  [PRIVATE_KEY]: bytes => bytes,
  'EC PRIVATE KEY': bytes => {
    const parts = parseSec1PrivateKey(bytes)
    return parts && encodePrivateKey(parts)
  },
  'RSA PRIVATE KEY': bytes => {
    const parts = parsePkcs1PrivateKey(bytes)
    return parts && encodePrivateKey(parts)
  },
}
const MAX_LABEL_SHOWN = 40

const isPrivateKey = ({ label }: PemBlock): boolean => label === PRIVATE_KEY || label.endsWith(` ${PRIVATE_KEY}`)

export interface CertificatePem {
  /** One block `CERTIFICATE`. */
  readonly certificate: string
  /** One block `PRIVATE KEY`: PKCS #8, not encrypted. */
  readonly privateKey: string
}

/** Writes a certificate and its key. Whoever reads the key can pretend to be us: keep it as such. */
export const certificateToPem = (certificate: Certificate): CertificatePem => ({
  certificate: writePem(CERTIFICATE, certificate.der),
  privateKey: writePem(PRIVATE_KEY, certificate.privateKey.pkcs8),
})

const readPrivateKey = (crypto: CryptoProvider, text: string): PrivateKey => {
  const block = readPem(text).find(isPrivateKey)
  if (block === undefined) throw new CryptoError('ERR_CRYPTO_NO_PEM', 'there is no private key in the PEM text')
  if (block.isEncrypted || block.label.startsWith('ENCRYPTED'))
    throw new CryptoError('ERR_CRYPTO_ENCRYPTED_KEY', 'the private key is encrypted: decrypt it first')
  const bytes = pemBytes(block)
  const pkcs8 = bytes && PKCS8_OF[block.label]?.(bytes)
  const key = pkcs8 && crypto.importPrivateKey(pkcs8)
  if (key === undefined)
    throw new CryptoError(
      'ERR_CRYPTO_PRIVATE_KEY',
      // A label may be as long as the text.
      `the ${block.label.slice(0, MAX_LABEL_SHOWN)} is malformed, or of a type that is not supported`,
    )
  return key
}

/**
 * Reads a certificate and its key, which may stand in one text (given twice) among other blocks: the first certificate
 * and the first private key count, so of a chain the certificate of the key itself.
 *
 * Keys are `PRIVATE KEY` (PKCS #8), `EC PRIVATE KEY` (SEC 1) or `RSA PRIVATE KEY` (PKCS #1), as OpenSSL writes them, of
 * the types of `KeyType`. Whether the certificate has expired is not looked at.
 *
 * Throws a `CryptoError`: `ERR_CRYPTO_NO_PEM` when there is no such block (or the text has more than 1,048,576
 * characters), `ERR_CRYPTO_CERTIFICATE` and `ERR_CRYPTO_PRIVATE_KEY` when it is malformed or its key is of another type,
 * `ERR_CRYPTO_ENCRYPTED_KEY` when the key is encrypted, `ERR_CRYPTO_KEY_MISMATCH` when the certificate is another key's.
 */
export const certificateFromPem = (crypto: CryptoProvider, certificate: string, privateKey: string): Certificate => {
  const block = readPem(certificate).find(({ label }) => label === CERTIFICATE)
  if (block === undefined) throw new CryptoError('ERR_CRYPTO_NO_PEM', 'there is no certificate in the PEM text')
  const der = pemBytes(block)
  const fields = der && parseCertificate(der)
  const publicKey = fields && crypto.importPublicKey(fields.spki)
  if (publicKey === undefined)
    throw new CryptoError(
      'ERR_CRYPTO_CERTIFICATE',
      'the certificate is malformed, or its key of a type that is not supported',
    )
  const key = readPrivateKey(crypto, privateKey)
  if (!equalBytes(key.publicKey.spki, publicKey.spki))
    throw new CryptoError('ERR_CRYPTO_KEY_MISMATCH', 'the private key is not that of the certificate')
  return { der: der!, privateKey: key, notAfter: fields!.notAfter }
}
