/** Our own DTLS. */

import * as platform from 'node:crypto'
import type { HandshakeCase } from './cases.ts'
import { makeCertificate } from './certificate.ts'
import { DtlsPair, VERSIONS } from './pair.ts'
import { NOBLE, type Shaker } from './shaker.ts'

/** Whose it is, as the provider for Node chooses: the platform's where there is one. */
const mlKem = () => ('encapsulate' in platform ? 'native ML-KEM' : NOBLE)

export async function createPurertcShaker({ version, group }: HandshakeCase): Promise<Shaker> {
  const certificates = { client: await makeCertificate(), server: await makeCertificate() }
  // Of DTLS 1.2 the groups are also those of the certificates' keys (RFC 8422, 5.1.1).
  const groups = version === '1.2' && group !== 'secp256r1' ? ([group, 'secp256r1'] as const) : [group]
  const run = (shown = certificates): DtlsPair => {
    const pair = new DtlsPair(shown, { versions: [version], groups })
    const now = performance.now()
    pair.start(now)
    pair.run(now)
    return pair
  }

  let last: DtlsPair | undefined
  return {
    shake: async () => {
      last = run()
      const { client, server } = last
      if (!last.connected) throw new Error(`the client is ${client.dtls.state}, the server ${server.dtls.state}`)
      if (client.dtls.version !== VERSIONS[version] || client.dtls.group !== group) {
        throw new Error('something else was agreed on')
      }
    },
    get agreed() {
      const agreed = [`DTLS ${version}`, group, last?.client.dtls.cipherSuite?.name]
      return [...agreed, ...(group === 'x25519mlkem768' ? [mlKem()] : [])].join(', ')
    },
    passesWithoutKey: async side => {
      const { privateKey } = certificates[side === 'client' ? 'server' : 'client']
      return run({ ...certificates, [side]: { ...certificates[side], privateKey } }).connected
    },
  }
}
