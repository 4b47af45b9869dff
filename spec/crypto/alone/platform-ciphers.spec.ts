/** ChaCha20-Poly1305 on a platform whose `node:crypto` has none, as Bun's: what a peer may choose must work. */

import platform from 'node:crypto'
import { syncBuiltinESMExports } from 'node:module'
import t from 'tap'
import { hex } from '../../../lib/bytes/index.ts'
import { nodeCrypto, seededCrypto } from '../../providers.ts'

const { createCipheriv, createDecipheriv, getCiphers } = platform

/** Bun's answer to a cipher that it does not know. */
const lacking =
  <T extends typeof createCipheriv | typeof createDecipheriv>(create: T) =>
  (...given: Parameters<T>) => {
    if (given[0] === 'chacha20-poly1305') throw new Error('Unknown cipher')
    return (create as (...given: Parameters<T>) => unknown)(...given)
  }

t.before(() => {
  Object.assign(platform, {
    createCipheriv: lacking(createCipheriv),
    createDecipheriv: lacking(createDecipheriv),
    getCiphers: () => getCiphers().filter(name => name !== 'chacha20-poly1305'),
  })
  syncBuiltinESMExports()
})
t.teardown(() => {
  Object.assign(platform, { createCipheriv, createDecipheriv, getCiphers })
  syncBuiltinESMExports()
})

t.test('the AEAD is made, seals what the other provider opens, and refuses a wrong tag', t => {
  const key = new Uint8Array(32).fill(7)
  const nonce = new Uint8Array(12).fill(9)
  const additional = Uint8Array.of(1, 2, 3)
  const buffer = new Uint8Array(40)
  buffer.set([5, 6, 7, 8])
  const sealed = nodeCrypto.createAead('chacha20-poly1305', key).seal(nonce, additional, buffer, 0, 4)
  t.equal(sealed, 20)
  const copy = buffer.slice()
  t.equal(seededCrypto(1).createAead('chacha20-poly1305', key).open(nonce, additional, copy, 0, 20), 4)
  t.equal(hex(copy.subarray(0, 4)), '05060708')
  buffer[19]! ^= 1
  t.equal(nodeCrypto.createAead('chacha20-poly1305', key).open(nonce, additional, buffer, 0, 20), -1)
  t.end()
})

t.test('the others are still the platform’s', t => {
  const aead = nodeCrypto.createAead('aes-128-gcm', new Uint8Array(16))
  t.equal(aead.seal(new Uint8Array(12), new Uint8Array(0), new Uint8Array(16), 0, 0), 16)
  t.end()
})
