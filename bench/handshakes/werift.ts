/**
 * Werift's DTLS, by the classes that its transport uses and with the settings that it gives them.
 *
 * Its server always has the client return a cookie, and its groups cannot be chosen. What arrives is handed over in a
 * microtask of its own: all else in it happens in such, timers apart, which only look whether to send again.
 */

import type { CipherContext, DtlsClient, DtlsServer } from 'werift'
import type { Shaker } from './shaker.ts'

/** AEAD_AES_128_GCM and AES128_CM_HMAC_SHA1_80 (RFC 5764, 4.1.2). */
const SRTP_PROFILES = [7, 1] as const
/** Longest that a handshake may take, in milliseconds. */
const PATIENCE = 2000

type Certificate = Awaited<ReturnType<typeof CipherContext.createSelfSignedCertificateWithKey>>

class Transport {
  readonly type = 'memory'
  readonly address = { address: '', family: '', port: 0 }
  closed = false
  onData: (data: Buffer, from: Readonly<[string, number]>) => void = () => {}
  other: Transport | undefined

  send = async (data: Buffer): Promise<void> => {
    queueMicrotask(() => this.other?.onData(data, ['', 0]))
  }

  close = async (): Promise<void> => {
    this.closed = true
  }
}

export async function createWeriftShaker(): Promise<Shaker> {
  const werift = await import('werift')
  const { HashAlgorithm, NamedCurveAlgorithm, SignatureAlgorithm } = werift
  const make = () =>
    werift.CipherContext.createSelfSignedCertificateWithKey(
      { signature: SignatureAlgorithm.ecdsa_3, hash: HashAlgorithm.sha256_4 },
      NamedCurveAlgorithm.secp256r1_23,
    )
  const certificates = { client: await make(), server: await make() }

  const run = (clientCertificate: Certificate, serverCertificate: Certificate) =>
    new Promise<readonly [DtlsClient, DtlsServer]>((resolve, reject) => {
      const transports = { client: new Transport(), server: new Transport() }
      transports.client.other = transports.server
      transports.server.other = transports.client
      const options = ({ certPem, keyPem, signatureHash }: Certificate, transport: Transport) => ({
        cert: certPem,
        key: keyPem,
        signatureHash,
        transport,
        srtpProfiles: [...SRTP_PROFILES],
        extendedMasterSecret: true,
      })
      const server = new werift.DtlsServer({
        ...options(serverCertificate, transports.server),
        certificateRequest: true,
      })
      const client = new werift.DtlsClient(options(clientCertificate, transports.client))
      const timer = setTimeout(() => reject(new Error(`not connected within ${PATIENCE / 1000} s`)), PATIENCE)
      for (const end of [client, server]) {
        end.onError.once(reject)
        end.onConnect.once(() => {
          if (!client.connected || !server.connected) return
          clearTimeout(timer)
          resolve([client, server])
        })
      }
      client.connect().catch(reject)
    })

  let last: DtlsServer | undefined
  return {
    shake: async () => {
      const [client, server] = await run(certificates.client, certificates.server)
      last = server
      if (client.remoteCertificate === undefined || server.remoteCertificate === undefined) {
        throw new Error('a certificate is missing')
      }
    },
    get agreed() {
      const curve = last?.cipher.namedCurve === NamedCurveAlgorithm.x25519_29 ? 'x25519' : 'secp256r1'
      return `DTLS 1.2, ${curve}, ${last?.cipher.cipher.name}`
    },
    passesWithoutKey: async side => {
      const { client, server } = certificates
      const falsify = (own: Certificate, other: Certificate) => ({ ...own, keyPem: other.keyPem })
      const outcome = side === 'client' ? run(falsify(client, server), server) : run(client, falsify(server, client))
      return outcome.then(
        () => true,
        () => false,
      )
    },
  }
}
