/** The two providers agree on random input, and the seeded one repeats itself to the byte. */

import fc from 'fast-check'
import t from 'tap'
import { concatBytes, equalBytes, hex } from '../../lib/bytes/index.ts'
import {
  type AeadName,
  type ClassicalGroupName,
  type CryptoProvider,
  createSelfSignedCertificate,
  type GroupName,
  type HashName,
} from '../../lib/crypto/index.ts'
import { createPortableCrypto } from '../../lib/crypto/portable.ts'
import { nodeCrypto, providers, seededCrypto } from '../providers.ts'

const portableCrypto = createPortableCrypto(nodeCrypto.random)
const AEADS: readonly { name: AeadName; keyLength: number }[] = [
  { name: 'aes-128-gcm', keyLength: 16 },
  { name: 'aes-256-gcm', keyLength: 32 },
  { name: 'chacha20-poly1305', keyLength: 32 },
]
const CLASSICAL: readonly ClassicalGroupName[] = ['x25519', 'secp256r1', 'secp384r1']
const GROUPS: readonly GroupName[] = ['x25519mlkem768', ...CLASSICAL]
const HASHES: readonly HashName[] = ['md5', 'sha-1', 'sha-256', 'sha-384', 'sha-512']
const bytes = (length: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ minLength: length, maxLength: length })

for (const { name, keyLength } of AEADS) {
  t.test(`${name}: what one seals the other opens, and no changed bit passes`, t => {
    const record = {
      key: bytes(keyLength),
      nonce: bytes(12),
      additional: fc.uint8Array({ maxLength: 40 }),
      text: fc.uint8Array({ maxLength: 400 }),
      start: fc.nat(5),
      flip: fc.nat(),
    }
    fc.assert(
      fc.property(fc.record(record), ({ key, nonce, additional, text, start, flip }) => {
        const [node, portable] = [nodeCrypto.createAead(name, key), portableCrypto.createAead(name, key)]
        const end = start + text.length
        const a = concatBytes(new Uint8Array(start), text, new Uint8Array(20))
        const b = a.slice()
        const tagEnd = node.seal(nonce, additional, a, start, end)
        if (portable.seal(nonce, additional, b, start, end) !== tagEnd || !equalBytes(a, b)) return false
        const forged = a.slice()
        const bit = flip % (8 * (tagEnd - start))
        forged[start + (bit >> 3)]! ^= 1 << (bit & 7)
        if (node.open(nonce, additional, forged.slice(), start, tagEnd) !== -1) return false
        if (portable.open(nonce, additional, forged, start, tagEnd) !== -1) return false
        if (node.open(nonce, concatBytes(additional, nonce), a.slice(), start, tagEnd) !== -1) return false
        if (node.open(nonce, additional, b, start, tagEnd) !== end) return false
        if (portable.open(nonce, additional, a, start, tagEnd) !== end) return false
        return equalBytes(a.subarray(start, end), text) && equalBytes(b.subarray(start, end), text)
      }),
      { numRuns: 150 },
    )
    t.pass()
    t.end()
  })
}

t.test('hashes and tags are the same', t => {
  const input = fc.tuple(
    fc.constantFrom(...HASHES),
    fc.uint8Array({ maxLength: 200 }),
    fc.uint8Array({ maxLength: 300 }),
  )
  fc.assert(
    fc.property(input, ([hash, key, data]) => {
      const tag = nodeCrypto.createMac(hash, key).compute(data)
      return (
        equalBytes(nodeCrypto.hash(hash, key, data), portableCrypto.hash(hash, key, data)) &&
        equalBytes(tag, portableCrypto.createMac(hash, key).compute(data))
      )
    }),
    { numRuns: 300 },
  )
  t.pass()
  t.end()
})

for (const group of CLASSICAL) {
  t.test(`${group}: each agrees with each, and refuses what is no key`, t => {
    for (const { crypto: one } of providers) {
      for (const { crypto: other } of providers) {
        const [a, b] = [one.createKeyAgreement(group), other.createKeyAgreement(group)]
        t.equal(a.group, group)
        t.not(hex(a.publicKey), hex(b.publicKey))
        t.equal(a.publicKey.length, { x25519: 32, secp256r1: 65, secp384r1: 97 }[group])
        const shared = a.agree(b.publicKey)
        t.equal(shared?.length, { x25519: 32, secp256r1: 32, secp384r1: 48 }[group])
        t.same(b.agree(a.publicKey), shared)
      }
      const own = one.createKeyAgreement(group)
      const good = one.createKeyAgreement(group).publicKey
      t.equal(own.agree(new Uint8Array(0)), undefined)
      t.equal(own.agree(good.subarray(0, -1)), undefined)
      t.equal(own.agree(concatBytes(good, good.subarray(0, 1))), undefined)
      t.equal(own.agree(new Uint8Array(good.length)), undefined, 'zeros')
      if (group === 'x25519') continue
      const off = good.slice()
      off[off.length - 1]! ^= 1
      t.equal(own.agree(off), undefined, 'a point not on the curve')
      const hybrid = good.slice()
      hybrid[0] = 6 | (good.at(-1)! & 1)
      t.equal(own.agree(hybrid), undefined, 'a point in hybrid form')
    }
    t.end()
  })
}

t.test('the same seed gives the same bytes, another seed others', async t => {
  const run = async (crypto: CryptoProvider): Promise<string[]> => {
    const written: Uint8Array[] = [crypto.random.fill(new Uint8Array(5))]
    for (const group of GROUPS) {
      const own = crypto.createKeyShare(group)
      const answer = crypto.answerKeyShare(group, own.publicKey)!
      written.push(own.publicKey, answer.share, answer.secret)
    }
    for (const type of ['ec-p256', 'ec-p384', 'ed25519'] as const) {
      const key = await crypto.generateKey(type)
      written.push(key.pkcs8, createSelfSignedCertificate(crypto, key, { notBefore: 0, notAfter: 1e12 }).der)
    }
    const rsa = crypto.importPrivateKey(RSA)!
    written.push(rsa.sign('rsa_pss_rsae_sha256', RSA), rsa.sign('rsa_pkcs1_sha256', RSA))
    return written.map(hex)
  }
  const RSA = (await nodeCrypto.generateKey('rsa')).pkcs8
  const [first, again, other] = [await run(seededCrypto(7)), await run(seededCrypto(7)), await run(seededCrypto(8))]
  t.same(again, first)
  // A signature of RSASSA-PKCS1-v1_5 has no randomness in it.
  for (let i = 0; i < first.length - 1; i++) t.not(other[i], first[i])
  t.equal(other.at(-1), first.at(-1))
})
