/** AES-GCM (SP 800-38D) and ChaCha20-Poly1305 (RFC 8439) against Wycheproof, in place within a larger buffer. */

import t from 'tap'
import { equalBytes } from '../../lib/bytes/index.ts'
import type { AeadName, CryptoProvider } from '../../lib/crypto/index.ts'
import { providers } from '../providers.ts'
import { bytes, type Case, line, vectors } from './wycheproof.ts'

interface Group {
  readonly ivSize: number
  readonly keySize: number
  readonly tagSize: number
}

interface AeadCase {
  readonly key: string
  readonly iv: string
  readonly aad: string
  readonly msg: string
  readonly ct: string
  readonly tag: string
}

/** Bytes around the range, which must stay as they are. */
const MARGIN = 7

const around = (content: Uint8Array, room: number): Uint8Array => {
  const buffer = new Uint8Array(content.length + room + 2 * MARGIN).fill(0xaa)
  buffer.set(content, MARGIN)
  return buffer
}

/** @param isAhead Whether the AEAD is told of its nonces ahead. */
const run = (crypto: CryptoProvider, name: AeadName, member: AeadCase & Case, isAhead: boolean): string | undefined => {
  const [nonce, additional, text] = [bytes(member.iv), bytes(member.aad), bytes(member.msg)]
  const aead = crypto.createAead(name, bytes(member.key), isAhead ? nonce : undefined)
  const sealed = bytes(member.ct + member.tag)

  const opened = around(sealed, 0)
  const textEnd = aead.open(nonce, additional, opened, MARGIN, MARGIN + sealed.length)
  if (member.result === 'invalid') return textEnd === -1 ? undefined : 'forgery accepted'
  if (textEnd !== MARGIN + text.length) return `open says ${textEnd}`
  if (!equalBytes(opened.subarray(MARGIN, textEnd), text)) return 'wrong plaintext'
  if (opened.subarray(0, MARGIN).some(byte => byte !== 0xaa)) return 'open wrote before the range'
  if (opened.subarray(MARGIN + sealed.length).some(byte => byte !== 0xaa)) return 'open wrote behind the range'

  const written = around(text, 16)
  const end = aead.seal(nonce, additional, written, MARGIN, MARGIN + text.length)
  if (end !== MARGIN + sealed.length) return `seal says ${end}`
  if (!equalBytes(written.subarray(MARGIN, end), sealed)) return 'wrong ciphertext or tag'
  if (written.subarray(0, MARGIN).some(byte => byte !== 0xaa)) return 'seal wrote before the range'
  if (written.subarray(end).some(byte => byte !== 0xaa)) return 'seal wrote behind the tag'
  return undefined
}

const suites: readonly { file: string; nameOf: (keySize: number) => AeadName | undefined; atLeast: number }[] = [
  {
    file: 'aes_gcm',
    nameOf: size => (size === 128 ? 'aes-128-gcm' : size === 256 ? 'aes-256-gcm' : undefined),
    atLeast: 120,
  },
  { file: 'chacha20_poly1305', nameOf: () => 'chacha20-poly1305', atLeast: 280 },
]

for (const { name, crypto } of providers) {
  for (const { file, nameOf, atLeast } of suites) {
    t.test(`${name}: ${file}`, t => {
      const wrong: string[] = []
      let count = 0
      for (const group of vectors<Group, AeadCase>(file).testGroups) {
        const aead = nameOf(group.keySize)
        if (aead === undefined || group.ivSize !== 96 || group.tagSize !== 128) continue
        for (const member of group.tests) {
          count++
          for (const isAhead of [false, true]) {
            const outcome = run(crypto, aead, member, isAhead)
            if (outcome !== undefined) wrong.push(line(member, outcome))
          }
        }
      }
      t.same(wrong, [])
      t.ok(count >= atLeast, `${count} cases`)
      t.end()
    })
  }

  t.test(`${name}: a range too short for a tag is refused, and a caller's mistake throws`, t => {
    for (const aead of [
      crypto.createAead('aes-128-gcm', new Uint8Array(16)),
      crypto.createAead('aes-256-gcm', new Uint8Array(32)),
      crypto.createAead('chacha20-poly1305', new Uint8Array(32)),
    ]) {
      const [nonce, none, buffer] = [new Uint8Array(12), new Uint8Array(0), new Uint8Array(64)]
      for (let length = 0; length < 16; length++) t.equal(aead.open(nonce, none, buffer, 3, 3 + length), -1)
      t.throws(() => aead.seal(nonce, none, buffer, 0, 49), RangeError, 'no room for the tag')
      t.ok(equalBytes(buffer, new Uint8Array(64)), 'and nothing was encrypted under that nonce')
      t.throws(() => aead.seal(nonce, none, buffer, 5, 4), RangeError)
      t.throws(() => aead.open(nonce, none, buffer, 0, 65), RangeError)
      t.throws(() => aead.seal(new Uint8Array(8), none, buffer, 0, 10), RangeError, 'a nonce of 8 bytes')
      t.throws(() => aead.open(new Uint8Array(16), none, buffer, 0, 40), RangeError, 'a nonce of 16 bytes')
    }
    t.throws(() => crypto.createAead('aes-128-gcm', new Uint8Array(32)), RangeError)
    t.throws(() => crypto.createAead('chacha20-poly1305', new Uint8Array(16)), RangeError)
    t.end()
  })

  t.test(`${name}: the key is copied, so that wiping the caller's changes nothing`, t => {
    const key = new Uint8Array(16).fill(7)
    const aead = crypto.createAead('aes-128-gcm', key)
    const sealed = (): Uint8Array => {
      const buffer = new Uint8Array(20)
      aead.seal(new Uint8Array(12), new Uint8Array(0), buffer, 0, 4)
      return buffer
    }
    const before = sealed()
    key.fill(0)
    t.same(sealed(), before)
    t.end()
  })
}
