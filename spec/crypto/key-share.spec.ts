/**
 * Key exchange as TLS 1.3 has it (RFC 8446, 4.2.8), the hybrid of ML-KEM-768 and X25519 (draft-ietf-tls-ecdhe-mlkem)
 * among it: each provider completes what each has answered, and refuses what is no share.
 */

import t from 'tap'
import { concatBytes, equalBytes, hex } from '../../lib/bytes/index.ts'
import type { CryptoProvider, GroupName } from '../../lib/crypto/index.ts'
import { createNobleMlKem } from '../../lib/crypto/ml-kem.ts'
import { findNativeMlKem } from '../../lib/crypto/node-ml-kem.ts'
import { nodeCrypto, providers, seededCrypto } from '../providers.ts'

const LENGTHS: Readonly<Record<GroupName, { share: number; answer: number; secret: number }>> = {
  x25519mlkem768: { share: 1216, answer: 1120, secret: 64 },
  x25519: { share: 32, answer: 32, secret: 32 },
  secp256r1: { share: 65, answer: 65, secret: 32 },
  secp384r1: { share: 97, answer: 97, secret: 48 },
}
const GROUPS = Object.keys(LENGTHS) as GroupName[]
const ENCAPSULATION_KEY = 1184
const CIPHERTEXT = 1088

const changed = (bytes: Uint8Array, at: number, ...values: number[]): Uint8Array => {
  const copy = bytes.slice()
  copy.set(values, at)
  return copy
}

for (const group of GROUPS) {
  t.test(`${group}: both sides come to one secret, whoever provides for them`, t => {
    for (const { crypto: one } of providers) {
      for (const { crypto: other } of providers) {
        const own = one.createKeyShare(group)
        t.equal(own.group, group)
        t.equal(own.publicKey.length, LENGTHS[group].share)
        const answer = other.answerKeyShare(group, own.publicKey)!
        t.equal(answer.share.length, LENGTHS[group].answer)
        t.equal(answer.secret.length, LENGTHS[group].secret)
        t.same(own.complete(answer.share), answer.secret)
        const another = other.answerKeyShare(group, own.publicKey)!
        t.notOk(equalBytes(another.share, answer.share), 'each answer is a fresh one')
        t.notOk(equalBytes(another.secret, answer.secret))
      }
    }
    t.end()
  })

  t.test(`${group}: a share or an answer of another length is refused`, t => {
    for (const { crypto } of providers) {
      const own = crypto.createKeyShare(group)
      const { share } = crypto.answerKeyShare(group, own.publicKey)!
      const spoilt = (bytes: Uint8Array): Uint8Array[] => [
        new Uint8Array(0),
        bytes.subarray(1),
        bytes.subarray(0, -1),
        concatBytes(bytes, Uint8Array.of(0)),
        new Uint8Array(bytes.length),
      ]
      for (const bytes of spoilt(own.publicKey)) t.equal(crypto.answerKeyShare(group, bytes), undefined)
      for (const bytes of spoilt(share)) t.equal(own.complete(bytes), undefined)
    }
    t.end()
  })
}

/** The parts of a hybrid exchange by which the composition can be told. */
const parts = (crypto: CryptoProvider) => {
  const mlKem = crypto.mlKem.generate()
  const x25519 = crypto.createKeyAgreement('x25519')
  return { mlKem, x25519, share: concatBytes(mlKem.encapsulationKey, x25519.publicKey) }
}

for (const { name, crypto } of providers) {
  t.test(`${name}: in a hybrid share and its secret, ML-KEM stands before X25519`, t => {
    const { mlKem, x25519, share } = parts(crypto)
    const answer = crypto.answerKeyShare('x25519mlkem768', share)!
    t.same(answer.secret.subarray(0, 32), mlKem.decapsulate(answer.share.subarray(0, CIPHERTEXT)))
    t.same(answer.secret.subarray(32), x25519.agree(answer.share.subarray(CIPHERTEXT)))

    const own = crypto.createKeyShare('x25519mlkem768')
    const sent = crypto.mlKem.encapsulate(own.publicKey.subarray(0, ENCAPSULATION_KEY))!
    const second = x25519.agree(own.publicKey.subarray(ENCAPSULATION_KEY))!
    t.same(own.complete(concatBytes(sent.ciphertext, x25519.publicKey)), concatBytes(sent.secret, second))
    t.end()
  })

  t.test(`${name}: a hybrid share is refused when either half is none`, t => {
    const { share } = parts(crypto)
    const answer = (bytes: Uint8Array): unknown => crypto.answerKeyShare('x25519mlkem768', bytes)
    t.ok(answer(share))
    t.equal(answer(concatBytes(share.subarray(0, ENCAPSULATION_KEY), new Uint8Array(32))), undefined, 'zero X25519')
    // Coefficients of 12 bits: 3329 = 0xd01 is the first that is not reduced, in either place of the three bytes.
    for (const at of [0, 3, 1149]) {
      t.equal(answer(changed(share, at, 0x01, 0x0d)), undefined, `the even coefficient at ${at} is 3329`)
      t.equal(answer(changed(share, at, 0x00, 0x10, 0xd0)), undefined, `the odd coefficient at ${at} is 3329`)
      t.ok(answer(changed(share, at, 0x00, 0x0d, 0xd0)), 'both 3328')
    }
    t.ok(answer(changed(share, 1152, ...new Array<number>(32).fill(0xff))), 'the seed of the matrix may be anything')
    t.end()
  })

  t.test(
    `${name}: a hybrid answer is refused when X25519 gives zeros, and a ciphertext for another key gives another secret`,
    t => {
      const own = crypto.createKeyShare('x25519mlkem768')
      const { share, secret } = crypto.answerKeyShare('x25519mlkem768', own.publicKey)!
      t.equal(own.complete(concatBytes(share.subarray(0, CIPHERTEXT), new Uint8Array(32))), undefined)
      const spoilt = own.complete(changed(share, 0, share[0]! ^ 1))!
      t.equal(spoilt.length, 64)
      t.notOk(equalBytes(spoilt.subarray(0, 32), secret.subarray(0, 32)), 'implicit rejection (FIPS 203, 6.3)')
      t.ok(equalBytes(spoilt.subarray(32), secret.subarray(32)))
      t.end()
    },
  )

  t.test(`${name}: a seed for known answers is 64 bytes`, t => {
    t.throws(() => crypto.mlKem.generate(new Uint8Array(32)), RangeError)
    const seed = Uint8Array.from({ length: 64 }, (_, i) => i)
    t.same(crypto.mlKem.generate(seed).encapsulationKey, crypto.mlKem.generate(seed).encapsulationKey)
    t.end()
  })
}

t.test("the platform's own ML-KEM, where it has one, and noble's are one", t => {
  const noble = createNobleMlKem(nodeCrypto.random)
  const native = findNativeMlKem()
  t.comment(native === undefined ? `none in Node ${process.version}: noble's alone` : 'there is one')
  const other = native ?? createNobleMlKem(nodeCrypto.random)
  for (let i = 0; i < 10; i++) {
    const seed = nodeCrypto.random.fill(new Uint8Array(64))
    const [a, b] = [noble.generate(seed), other.generate(seed)]
    t.equal(hex(a.encapsulationKey), hex(b.encapsulationKey), 'from one seed, one key')
    for (const from of [noble, other]) {
      const { ciphertext, secret } = from.encapsulate(a.encapsulationKey)!
      t.same(a.decapsulate(ciphertext), secret)
      t.same(b.decapsulate(ciphertext), secret)
      const forged = changed(ciphertext, i, ciphertext[i]! ^ 0x10)
      t.same(a.decapsulate(forged), b.decapsulate(forged), 'and one secret for a ciphertext of nobody')
    }
  }
  t.end()
})

t.test('portable shares come from the seed alone', t => {
  const run = (seed: number): string[] => {
    const crypto = seededCrypto(seed)
    return GROUPS.flatMap(group => {
      const own = crypto.createKeyShare(group)
      const answer = crypto.answerKeyShare(group, own.publicKey)!
      return [own.publicKey, answer.share, answer.secret].map(hex)
    })
  }
  t.same(run(3), run(3))
  const [first, other] = [run(3), run(4)]
  for (let i = 0; i < first.length; i++) t.not(other[i], first[i])
  t.end()
})
