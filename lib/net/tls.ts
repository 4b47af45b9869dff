/**
 * TLS as the client of a server whose certificate is verified: the chain against the trusted authorities, its dates, and
 * that it names whom we meant to reach (RFC 8489, 6.2.3).
 *
 * TLS 1.2 at least (RFC 8996). No session is kept or taken up again: each connection stands on a handshake of its own.
 */

import { constants } from 'node:crypto'
import { isIP } from 'node:net'
import { checkServerIdentity, connect, type TLSSocket } from 'node:tls'
import type { TlsOptions } from '../machine/index.ts'

/** Where to connect, and from where. */
export interface TcpTarget {
  readonly host: string
  readonly port: number
  readonly localAddress?: string
  readonly localPort?: number
}

/** Begins to connect. The socket says `secureConnect` once the certificate has been found good, or `error`. */
export const connectTls = (target: TcpTarget, { serverName, ca }: TlsOptions): TLSSocket =>
  connect({
    ...target,
    // Server Name Indication holds host names only (RFC 6066, 3).
    servername: isIP(serverName) ? '' : serverName,
    // By default the platform would compare with the address that is connected to when no name is sent.
    checkServerIdentity: (_sent, certificate) => checkServerIdentity(serverName, certificate),
    // Said, because NODE_TLS_REJECT_UNAUTHORIZED in the environment would change the default.
    rejectUnauthorized: true,
    minVersion: 'TLSv1.2',
    secureOptions: constants.SSL_OP_NO_TICKET,
    ...(ca !== undefined && { ca: typeof ca === 'string' ? ca : [...ca] }),
  })
