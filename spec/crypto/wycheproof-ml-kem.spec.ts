/** ML-KEM-768 (FIPS 203) against Wycheproof: keys from seeds, encapsulation, decapsulation, and input that is none. */

import t from 'tap'
import { equalBytes, hex } from '../../lib/bytes/index.ts'
import type { CryptoProvider, MlKem } from '../../lib/crypto/index.ts'
import { createPortableCrypto } from '../../lib/crypto/portable.ts'
import type { Random } from '../../lib/machine/index.ts'
import { providers } from '../providers.ts'
import { bytes, type Case, line, vectors } from './wycheproof.ts'

interface KeyCase {
  readonly seed: string
  readonly ek: string
}

interface EncapsulationCase {
  readonly ek: string
  readonly m: string
  readonly c: string
  readonly K: string
}

interface DecapsulationCase {
  readonly seed: string
  /** Not there when the seed is none. */
  readonly ek?: string
  readonly c: string
  readonly K: string
}

const cases = <Member>(name: string): (Member & Case)[] =>
  vectors<unknown, Member>(name).testGroups.flatMap(({ tests }) => [...tests])

const wrongOf = <Member>(members: readonly (Member & Case)[], run: (member: Member & Case) => string | undefined) =>
  members.flatMap(member => {
    const outcome = run(member)
    return outcome === undefined ? [] : [line(member, outcome)]
  })

/** Gives these bytes, all of them at once. */
const scripted = (answer: Uint8Array): Random => ({
  fill: target => {
    if (target.length !== answer.length) throw new Error(`${target.length} random bytes were asked for`)
    target.set(answer)
    return target
  },
})

const decapsulated = (mlKem: MlKem, member: DecapsulationCase): string => {
  try {
    const key = mlKem.generate(bytes(member.seed))
    if (hex(key.encapsulationKey) !== member.ek) return 'another encapsulation key'
    const secret = key.decapsulate(bytes(member.c))
    return secret === undefined ? 'refused' : hex(secret)
  } catch (error) {
    if (error instanceof RangeError) return 'refused'
    throw error
  }
}

for (const { name, crypto } of providers) {
  t.test(`${name}: keys from their seeds`, t => {
    const members = cases<KeyCase>('mlkem_768_keygen_seed')
    t.equal(members.length, 100)
    const run = ({ seed, ek }: KeyCase): string | undefined =>
      hex(crypto.mlKem.generate(bytes(seed)).encapsulationKey) === ek ? undefined : 'another key'
    t.same(wrongOf(members, run), [])
    t.end()
  })

  t.test(`${name}: decapsulation, of ciphertexts made for another key too`, t => {
    const members = cases<DecapsulationCase>('mlkem_768')
    t.equal(members.length, 193)
    const run = (member: DecapsulationCase & Case): string | undefined => {
      const outcome = decapsulated(crypto.mlKem, member)
      return outcome === (member.result === 'valid' ? member.K : 'refused') ? undefined : outcome
    }
    t.same(wrongOf(members, run), [])
    t.end()
  })

  t.test(`${name}: encapsulation to keys, and to what is none`, t => {
    const members = cases<EncapsulationCase>('mlkem_768_encaps')
    t.equal(members.length, 265)
    /** The platform's own ML-KEM takes no randomness: of it, only what is a key can be asked. */
    const knowing = (m: string): CryptoProvider | undefined =>
      name === 'portable' ? createPortableCrypto(scripted(bytes(m))) : undefined
    const run = ({ ek, m, c, K, result }: EncapsulationCase & Case): string | undefined => {
      const known = knowing(m)
      const sent = (known ?? crypto).mlKem.encapsulate(bytes(ek))
      if ((sent !== undefined) !== (result === 'valid')) return sent ? 'accepted' : 'refused'
      if (sent === undefined) return undefined
      if (sent.ciphertext.length !== 1088 || sent.secret.length !== 32) return 'wrong lengths'
      if (known === undefined) return undefined
      return equalBytes(sent.ciphertext, bytes(c)) && equalBytes(sent.secret, bytes(K)) ? undefined : 'wrong answer'
    }
    t.same(wrongOf(members, run), [])
    t.end()
  })
}
