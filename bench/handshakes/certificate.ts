/** The certificates that both ends have: self-signed, with a key on P-256, as browsers make them. */

import { type Certificate, createSelfSignedCertificate } from '../../lib/crypto/index.ts'
import { nodeCrypto } from '../../lib/crypto/node.ts'

const DAY = 86_400_000

export async function makeCertificate(): Promise<Certificate> {
  const now = Date.now()
  const key = await nodeCrypto.generateKey('ec-p256')
  return createSelfSignedCertificate(nodeCrypto, key, { notBefore: now - DAY, notAfter: now + 30 * DAY })
}
