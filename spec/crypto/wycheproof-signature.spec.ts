/** ECDSA (FIPS 186-5), Ed25519 (RFC 8032) and RSA (RFC 8017) signatures against Wycheproof. */

import t from 'tap'
import type { SignatureScheme } from '../../lib/crypto/index.ts'
import { providers } from '../providers.ts'
import { bytes, line, vectors } from './wycheproof.ts'

interface Group {
  readonly publicKeyDer: string
}

interface SignatureCase {
  readonly msg: string
  readonly sig: string
}

const suites: readonly { file: string; scheme: SignatureScheme; count: number }[] = [
  { file: 'ecdsa_secp256r1_sha256', scheme: 'ecdsa_secp256r1_sha256', count: 484 },
  { file: 'ecdsa_secp384r1_sha384', scheme: 'ecdsa_secp384r1_sha384', count: 504 },
  { file: 'ed25519', scheme: 'ed25519', count: 151 },
  // The one case of it left open, a DigestInfo without its NULL, is refused: there is one encoding only.
  { file: 'rsa_signature_2048_sha256', scheme: 'rsa_pkcs1_sha256', count: 259 },
  { file: 'rsa_pss_2048_sha256_mgf1_32', scheme: 'rsa_pss_rsae_sha256', count: 108 },
]

for (const { name, crypto } of providers) {
  for (const { file, scheme, count } of suites) {
    t.test(`${name}: ${file}`, t => {
      const wrong: string[] = []
      let seen = 0
      for (const { publicKeyDer, tests } of vectors<Group, SignatureCase>(file).testGroups) {
        const key = crypto.importPublicKey(bytes(publicKeyDer))
        for (const member of tests) {
          seen++
          const accepted = key?.verify(scheme, bytes(member.msg), bytes(member.sig))
          if (accepted !== (member.result === 'valid')) wrong.push(line(member, `verify says ${accepted}`))
        }
      }
      t.same(wrong, [])
      t.equal(seen, count)
      t.end()
    })
  }
}
