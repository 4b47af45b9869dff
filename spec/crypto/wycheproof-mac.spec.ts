/** HMAC (RFC 2104) and HKDF (RFC 5869) against Wycheproof. */

import t from 'tap'
import { hex } from '../../lib/bytes/index.ts'
import { type HashName, hkdfExpand, hkdfExtract } from '../../lib/crypto/index.ts'
import { providers } from '../providers.ts'
import { bytes, line, vectors } from './wycheproof.ts'

interface MacGroup {
  readonly tagSize: number
}

interface MacCase {
  readonly key: string
  readonly msg: string
  readonly tag: string
}

interface HkdfCase {
  readonly ikm: string
  readonly salt: string
  readonly info: string
  readonly size: number
  readonly okm: string
}

const macs: readonly { file: string; hash: HashName; count: number }[] = [
  { file: 'hmac_sha1', hash: 'sha-1', count: 170 },
  { file: 'hmac_sha256', hash: 'sha-256', count: 174 },
  { file: 'hmac_sha384', hash: 'sha-384', count: 174 },
]

const derivations: readonly { file: string; hash: HashName; count: number }[] = [
  { file: 'hkdf_sha256', hash: 'sha-256', count: 86 },
  { file: 'hkdf_sha384', hash: 'sha-384', count: 83 },
]

for (const { name, crypto } of providers) {
  for (const { file, hash, count } of macs) {
    t.test(`${name}: ${file}`, t => {
      const wrong: string[] = []
      let seen = 0
      for (const { tagSize, tests } of vectors<MacGroup, MacCase>(file).testGroups) {
        for (const member of tests) {
          seen++
          const mac = crypto.createMac(hash, bytes(member.key))
          const message = bytes(member.msg)
          const half = message.length >> 1
          const tag = hex(mac.compute(message).subarray(0, tagSize / 8))
          if ((tag === member.tag) !== (member.result === 'valid')) wrong.push(line(member, tag))
          const inParts = hex(mac.compute(message.subarray(0, half), message.subarray(half)).subarray(0, tagSize / 8))
          if (inParts !== tag) wrong.push(line(member, 'a message in parts has another tag'))
        }
      }
      t.same(wrong, [])
      t.equal(seen, count)
      t.end()
    })
  }

  for (const { file, hash, count } of derivations) {
    t.test(`${name}: ${file}`, t => {
      const wrong: string[] = []
      let seen = 0
      for (const { tests } of vectors<unknown, HkdfCase>(file).testGroups) {
        for (const member of tests) {
          seen++
          const prk = hkdfExtract(crypto, hash, bytes(member.salt), bytes(member.ikm))
          let okm = 'refused'
          try {
            okm = hex(hkdfExpand(crypto, hash, prk, bytes(member.info), member.size))
          } catch (error) {
            if (!(error instanceof RangeError)) throw error
          }
          if (okm !== (member.result === 'valid' ? member.okm : 'refused')) wrong.push(line(member, okm.slice(0, 80)))
        }
      }
      t.same(wrong, [])
      t.equal(seen, count)
      t.end()
    })
  }
}
