/**
 * The OpenSSL that Node has in it, by `node:tls` over a pair of streams: TLS 1.3, since Node has no DTLS. What the
 * streams cost is in the figure too; and the server sends two session tickets, which nothing in Node turns off.
 */

import { once } from 'node:events'
import { duplexPair } from 'node:stream'
import { connect, createSecureContext, createServer, type TLSSocket } from 'node:tls'
import { certificateToPem } from '../../lib/crypto/index.ts'
import type { HandshakeCase } from './cases.ts'
import { makeCertificate } from './certificate.ts'
import type { Shaker } from './shaker.ts'

const CIPHER = 'TLS_AES_128_GCM_SHA256'

/** As OpenSSL spells them. */
const GROUPS = { x25519: 'X25519', secp256r1: 'P-256', x25519mlkem768: 'X25519MLKEM768' } as const

const makeIdentity = async () => {
  const { certificate, privateKey } = certificateToPem(await makeCertificate())
  return { cert: certificate, key: privateKey }
}

export async function createNodeTlsShaker({ group }: HandshakeCase): Promise<Shaker> {
  const identities = { client: await makeIdentity(), server: await makeIdentity() }
  const settings = { minVersion: 'TLSv1.3', maxVersion: 'TLSv1.3', ciphers: CIPHER, ecdhCurve: GROUPS[group] } as const
  // Each trusts the other's certificate and no other.
  const secureContext = createSecureContext({ ...identities.client, ca: identities.server.cert, ...settings })
  const server = createServer({
    ...identities.server,
    ca: identities.client.cert,
    ...settings,
    requestCert: true,
    rejectUnauthorized: true,
  })

  let agreed = ''
  return {
    shake: async () => {
      const [near, far] = duplexPair()
      const accepted = once(server, 'secureConnection') as Promise<[TLSSocket]>
      server.emit('connection', far)
      const client = connect({ socket: near, secureContext, checkServerIdentity: () => undefined })
      const [[socket]] = await Promise.all([accepted, once(client, 'secureConnect')])
      if (!socket.authorized || !client.authorized) throw new Error('a certificate was not verified')
      agreed = `${client.getProtocol()}, ${GROUPS[group]}, ${client.getCipher().standardName}, OpenSSL ${process.versions.openssl}`
      client.destroy()
      socket.destroy()
    },
    get agreed() {
      return agreed
    },
  }
}
