/** Errors by the platform's codes: what of an error is stable, and errors of our own in the same form. */

/** The platform's code of an error (ECONNRESET, ENETUNREACH, CERT_HAS_EXPIRED, ...); EIO when it has none. */
export const codeOf = (error: unknown): string => {
  const code = (error as { code?: unknown } | undefined)?.code
  return typeof code === 'string' ? code : 'EIO'
}

/** What the platform would say if it were asked, or if it had not been given up on. */
export class NetError extends Error {
  override readonly name = 'NetError'

  constructor(
    /** EINVAL, ETIMEDOUT, ECONNREFUSED, EADDRNOTAVAIL. */
    readonly code: string,
    message: string,
  ) {
    super(`${code}: ${message}`)
  }
}
