/** Failures of a provider that a caller may want to tell apart. */

export type CryptoErrorCode =
  /** The provider cannot make such a key. */
  | 'ERR_CRYPTO_UNSUPPORTED'
  /** A computation contradicted itself; its result was thrown away. */
  | 'ERR_CRYPTO_FAULT'

export class CryptoError extends Error {
  override readonly name = 'CryptoError'

  constructor(
    readonly code: CryptoErrorCode,
    message: string,
  ) {
    super(message)
  }
}
