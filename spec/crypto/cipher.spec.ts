/** The bare ciphers of DTLS: record number masks (RFC 9147, 4.2.3), and AES-CBC without padding (RFC 5246, 6.2.3.2). */

import { createCipheriv } from 'node:crypto'
import fc from 'fast-check'
import t from 'tap'
import { concatBytes, equalBytes, fromHex, hex } from '../../lib/bytes/index.ts'
import type { AeadName } from '../../lib/crypto/index.ts'
import { nodeCrypto, providers } from '../providers.ts'

const MASKS: readonly { from: string; name: AeadName; key: string; sample: string; mask: string }[] = [
  {
    from: 'FIPS 197, C.1',
    name: 'aes-128-gcm',
    key: '000102030405060708090a0b0c0d0e0f',
    sample: '00112233445566778899aabbccddeeff',
    mask: '69c4',
  },
  {
    from: 'FIPS 197, C.3',
    name: 'aes-256-gcm',
    key: '000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f',
    sample: '00112233445566778899aabbccddeeff',
    mask: '8ea2',
  },
  // QUIC protects its headers in the same way.
  {
    from: 'RFC 9001, A.2',
    name: 'aes-128-gcm',
    key: '9f50449e04a0e810283a1e9933adedd2',
    sample: 'd1b1c98dd7689fb8ec11d242b123dc9b',
    mask: '437b',
  },
  {
    from: 'RFC 9001, A.5',
    name: 'chacha20-poly1305',
    key: '25a282b9e82f06f21f488917a4fc8f1b73573685608597d0efcb076b0ab7a7a4',
    sample: '5e5cd55c41f69080575d7999c25a5bfb',
    mask: 'aefe',
  },
  {
    from: 'RFC 8439, 2.3.2: counter 1, then the nonce',
    name: 'chacha20-poly1305',
    key: '000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f',
    sample: '01000000000000090000004a00000000',
    mask: '10f1',
  },
]

// SP 800-38A, F.2.1 and F.2.5: four blocks each.
const TEXT =
  '6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710'
const IV = fromHex('000102030405060708090a0b0c0d0e0f')!
const CHAINS = [
  {
    key: '2b7e151628aed2a6abf7158809cf4f3c',
    sealed:
      '7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b273bed6b8e3c1743b7116e69e222295163ff1caa1681fac09120eca307586e1a7',
  },
  {
    key: '603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4',
    sealed:
      'f58c4c04d6e5f1ba779eabfb5f7bfbd69cfc4e967edb808d679f777bc6702c7d39f23369a9d9bacfa530e26304231461b2eb05e2c39be9fcda6c19078c6a9d1b',
  },
]

/** The mask by a cipher that both providers have nothing to do with. */
const CIPHERS: Readonly<Record<AeadName, string>> = {
  'aes-128-gcm': 'aes-128-ecb',
  'aes-256-gcm': 'aes-256-ecb',
  'chacha20-poly1305': 'chacha20',
}
const maskOf = (name: AeadName, key: Uint8Array, sample: Uint8Array): string => {
  if (name !== 'chacha20-poly1305') return hex(createCipheriv(CIPHERS[name], key, null).update(sample)).slice(0, 4)
  return hex(createCipheriv(CIPHERS[name], key, sample).update(new Uint8Array(2)))
}

const exactly = (length: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ minLength: length, maxLength: length })

for (const { name: provider, crypto } of providers) {
  t.test(`${provider}: record number masks of the standards`, t => {
    for (const { from, name, key, sample, mask } of MASKS) {
      const masks = crypto.createRecordNumberMask(name, fromHex(key)!)
      const record = concatBytes(new Uint8Array(5).fill(0xee), fromHex(sample)!, new Uint8Array(9))
      const before = record.slice()
      for (let i = 0; i < 3; i++) t.equal(hex(masks.compute(record, 5).subarray(0, 2)), mask, from)
      t.same(record, before, 'the record is left as it was')
      t.equal(hex(masks.compute(fromHex(sample)!, 0).subarray(0, 2)), mask, 'nothing around the sample')
    }
    t.end()
  })

  t.test(`${provider}: any 16 bytes are a sample, the last counter of ChaCha20 too`, t => {
    for (const [name, length] of [
      ['aes-128-gcm', 16],
      ['aes-256-gcm', 32],
      ['chacha20-poly1305', 32],
    ] as const) {
      const check = (key: Uint8Array, sample: Uint8Array): boolean => {
        const mask = crypto.createRecordNumberMask(name, key).compute(sample, 0)
        return hex(mask.subarray(0, 2)) === maskOf(name, key, sample)
      }
      fc.assert(fc.property(exactly(length), exactly(16), check), { numRuns: 200 })
      t.ok(check(new Uint8Array(length).fill(0xff), new Uint8Array(16).fill(0xff)), name)
    }
    t.end()
  })

  t.test(`${provider}: a mask needs a key of the suite and a whole sample; the key is copied`, t => {
    t.throws(() => crypto.createRecordNumberMask('aes-128-gcm', new Uint8Array(32)), RangeError)
    t.throws(() => crypto.createRecordNumberMask('aes-256-gcm', new Uint8Array(16)), RangeError)
    t.throws(() => crypto.createRecordNumberMask('chacha20-poly1305', new Uint8Array(16)), RangeError)
    for (const name of ['aes-256-gcm', 'chacha20-poly1305'] as const) {
      const key = new Uint8Array(32).fill(9)
      const masks = crypto.createRecordNumberMask(name, key)
      const sample = new Uint8Array(20).fill(1)
      const mask = hex(masks.compute(sample, 4))
      key.fill(0)
      t.equal(hex(masks.compute(sample, 4)), mask)
      t.throws(() => masks.compute(sample, 5), RangeError)
      t.throws(() => masks.compute(sample, -1), RangeError)
      t.throws(() => masks.compute(new Uint8Array(15), 0), RangeError)
    }
    t.end()
  })

  t.test(`${provider}: AES-CBC of the standard, in place`, t => {
    const around = (content: string): Uint8Array => fromHex(`aaaaaa${content}bbbb`)!
    for (const { key, sealed } of CHAINS) {
      const cbc = crypto.createCbc(fromHex(key)!)
      const buffer = around(TEXT)
      cbc.encrypt(IV, buffer, 3, 67)
      t.same(buffer, around(sealed))
      cbc.decrypt(IV, buffer, 3, 67)
      t.same(buffer, around(TEXT))
      cbc.encrypt(IV, buffer, 3, 19)
      t.same(buffer, around(sealed.slice(0, 32) + TEXT.slice(32)), 'one block alone')
      cbc.decrypt(IV, buffer, 3, 3)
      t.same(buffer, around(sealed.slice(0, 32) + TEXT.slice(32)), 'no block at all')
    }
    t.end()
  })

  t.test(`${provider}: AES-CBC takes whole blocks, a vector of 16 bytes and keys of AES`, t => {
    const cbc = crypto.createCbc(new Uint8Array(16))
    const buffer = new Uint8Array(40)
    for (const run of [cbc.encrypt.bind(cbc), cbc.decrypt.bind(cbc)]) {
      t.throws(() => run(IV, buffer, 0, 15), RangeError)
      t.throws(() => run(IV, buffer, 16, 0), RangeError)
      t.throws(() => run(IV, buffer, 32, 48), RangeError)
      t.throws(() => run(IV, buffer, -16, 16), RangeError)
      t.throws(() => run(IV.subarray(1), buffer, 0, 16), RangeError)
      t.throws(() => run(new Uint8Array(0), buffer, 0, 16), RangeError)
    }
    t.same(buffer, new Uint8Array(40))
    for (const length of [0, 15, 24, 33]) t.throws(() => crypto.createCbc(new Uint8Array(length)), RangeError)
    t.end()
  })

  t.test(`${provider}: what it enciphers in a chain the other one deciphers`, t => {
    const input = fc.tuple(
      fc.constantFrom(16, 32).chain(exactly),
      exactly(16),
      fc.nat(20).chain(n => exactly(16 * n)),
    )
    fc.assert(
      fc.property(input, ([key, iv, text]) => {
        const buffer = text.slice()
        crypto.createCbc(key).encrypt(iv, buffer, 0, buffer.length)
        nodeCrypto.createCbc(key).decrypt(iv, buffer, 0, buffer.length)
        return equalBytes(buffer, text)
      }),
      { numRuns: 100 },
    )
    t.pass()
    t.end()
  })
}
