/** Failures of a provider that a caller may want to tell apart. */

export type CryptoErrorCode =
  /** The provider cannot make such a key. */
  | 'ERR_CRYPTO_UNSUPPORTED'
  /** A computation contradicted itself; its result was thrown away. */
  | 'ERR_CRYPTO_FAULT'
  /** A text has no PEM block of the kind that was asked for, or is too long to look. */
  | 'ERR_CRYPTO_NO_PEM'
  /** A certificate is malformed, or its key is of a type that is not supported. */
  | 'ERR_CRYPTO_CERTIFICATE'
  /** A private key is malformed, contradicts itself, or is of a type that is not supported. */
  | 'ERR_CRYPTO_PRIVATE_KEY'
  /** A private key is encrypted by a passphrase, which is not asked for here. */
  | 'ERR_CRYPTO_ENCRYPTED_KEY'
  /** A private key is not that of the certificate it came with. */
  | 'ERR_CRYPTO_KEY_MISMATCH'

export class CryptoError extends Error {
  override readonly name = 'CryptoError'

  constructor(
    readonly code: CryptoErrorCode,
    message: string,
  ) {
    super(message)
  }
}
