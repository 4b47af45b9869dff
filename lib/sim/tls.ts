/**
 * TLS on a simulated stream, as far as a user of the stream can tell: one round trip behind TCP's (RFC 8446, section 2),
 * in which the certificate is shown and verified. The bytes afterwards are not encrypted.
 */

import { concatBytes, fromUtf8, utf8 } from '../bytes/index.ts'
import type { TlsOptions } from '../machine/index.ts'

/** The certificate of a simulated server. */
export interface SimulatedCertificate {
  /** Host names and IP addresses that it names. */
  readonly names: readonly string[]
  /** Who has issued it, as clients give it with `TlsOptions.ca`. Left out: one whom the platform trusts. */
  readonly ca?: string
}

/** A handshake record (RFC 8446, section 5.1), the version as in the legacy field. */
const record = (body: Uint8Array): Uint8Array =>
  concatBytes(new Uint8Array([0x16, 3, 3, body.length >>> 8, body.length]), body)

const HEADER = 5
/** What a handshake record here takes at most. */
const LIMIT = 4096

/** Waits for the one record of the other side. */
export class TlsHandshake {
  #bytes = new Uint8Array(0)
  /** What came behind the record. */
  rest = new Uint8Array(0)

  /**
   * @returns The record's body once it is whole; undefined before; null when this is no TLS.
   */
  receive(bytes: Uint8Array): Uint8Array | undefined | null {
    this.#bytes = concatBytes(this.#bytes, bytes)
    const all = this.#bytes
    if (all.length > 0 && all[0] !== 0x16) return null
    if (all.length < HEADER) return undefined
    const end = HEADER + ((all[3]! << 8) | all[4]!)
    if (end > LIMIT) return null
    if (all.length < end) return undefined
    this.rest = all.slice(end)
    return all.slice(HEADER, end)
  }
}

/** What a client begins with. */
export const clientHello = ({ serverName }: TlsOptions): Uint8Array => record(utf8(serverName))

/** What a server answers. */
export const serverHello = ({ names, ca = '' }: SimulatedCertificate): Uint8Array =>
  record(utf8([ca, ...names].join('\0')))

/** The code with which a platform refuses the server's certificate; undefined when it is good. */
export const verifyServer = (body: Uint8Array, { serverName, ca }: TlsOptions): string | undefined => {
  const [issuer, ...names] = fromUtf8(body).split('\0')
  const trusted = ca === undefined ? [''] : typeof ca === 'string' ? [ca] : ca
  if (!trusted.includes(issuer!)) return 'DEPTH_ZERO_SELF_SIGNED_CERT'
  const wanted = serverName.toLowerCase()
  return names.some(name => name.toLowerCase() === wanted) ? undefined : 'ERR_TLS_CERT_ALTNAME_INVALID'
}
