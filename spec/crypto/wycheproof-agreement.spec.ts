/** ECDH on P-256 and P-384 (RFC 8422, 5.10) and X25519 (RFC 7748) against Wycheproof. */

import t from 'tap'
import { hex } from '../../lib/bytes/index.ts'
import type { ClassicalGroupName, KeyAgreement } from '../../lib/crypto/index.ts'
import { providers } from '../providers.ts'
import { bytes, type Case, line, vectors } from './wycheproof.ts'

interface AgreementCase {
  readonly public: string
  readonly private: string
  readonly shared: string
}

/** Wycheproof writes scalars as INTEGERs: with a zero in front or without leading zeros. */
const scalar = (text: string, length: number): Uint8Array => bytes(text.padStart(2 * length, '0').slice(-2 * length))

const suites: readonly { file: string; group: ClassicalGroupName; length: number; count: number }[] = [
  { file: 'ecdh_secp256r1_ecpoint', group: 'secp256r1', length: 32, count: 355 },
  { file: 'ecdh_secp384r1_ecpoint', group: 'secp384r1', length: 48, count: 790 },
  { file: 'x25519', group: 'x25519', length: 32, count: 518 },
]

/**
 * What we do where Wycheproof leaves it open: a compressed point and an X25519 secret of zeros are refused, as TLS wants
 * it; X25519 keys on the twist and keys not reduced are taken (RFC 7748, 5).
 */
const isRefused = (member: Case): boolean =>
  member.result === 'invalid' ||
  (member.result === 'acceptable' &&
    (member.flags.includes('ZeroSharedSecret') || member.flags.includes('CompressedPoint')))

for (const { name, crypto } of providers) {
  for (const { file, group, length, count } of suites) {
    t.test(`${name}: ${file}`, t => {
      const wrong: string[] = []
      let seen = 0
      // Few private keys meet many public ones.
      const keys = new Map<string, KeyAgreement>()
      for (const { tests } of vectors<unknown, AgreementCase>(file).testGroups) {
        for (const member of tests) {
          seen++
          const own = keys.get(member.private) ?? crypto.createKeyAgreement(group, scalar(member.private, length))
          keys.set(member.private, own)
          const shared = own.agree(bytes(member.public))
          if (isRefused(member) !== (shared === undefined)) wrong.push(line(member, shared ? 'accepted' : 'refused'))
          else if (shared !== undefined && hex(shared) !== member.shared) wrong.push(line(member, hex(shared)))
        }
      }
      t.same(wrong, [])
      t.equal(seen, count)
      t.end()
    })
  }

  t.test(`${name}: what is no private key of the group throws`, t => {
    t.throws(() => crypto.createKeyAgreement('x25519', new Uint8Array(31)), RangeError)
    t.throws(() => crypto.createKeyAgreement('secp256r1', new Uint8Array(32)), RangeError, 'zero')
    t.throws(
      () => crypto.createKeyAgreement('secp384r1', new Uint8Array(48).fill(0xff)),
      RangeError,
      'beyond the order',
    )
    t.throws(() => crypto.createKeyAgreement('secp384r1', new Uint8Array(32).fill(1)), RangeError, 'too short')
    t.end()
  })
}
