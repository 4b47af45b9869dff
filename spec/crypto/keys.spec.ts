/** Keys: made, exported, imported, and refused, by both providers alike. */

import { generateKeyPairSync, sign } from 'node:crypto'
import t from 'tap'
import { fromHex } from '../../lib/bytes/index.ts'
import type { KeyType, SignatureScheme } from '../../lib/crypto/index.ts'
import { encodePrivateKey, encodePublicKey, parsePrivateKey, parsePublicKey } from '../../lib/crypto/keys.ts'
import { nodeCrypto, providers } from '../providers.ts'

const SCHEMES: Readonly<Record<KeyType, readonly SignatureScheme[]>> = {
  'ec-p256': ['ecdsa_secp256r1_sha256'],
  'ec-p384': ['ecdsa_secp384r1_sha384'],
  ed25519: ['ed25519'],
  rsa: [
    'rsa_pkcs1_sha256',
    'rsa_pkcs1_sha384',
    'rsa_pkcs1_sha512',
    'rsa_pss_rsae_sha256',
    'rsa_pss_rsae_sha384',
    'rsa_pss_rsae_sha512',
  ],
}
const TYPES = Object.keys(SCHEMES) as KeyType[]
const ALL = Object.values(SCHEMES).flat()
const DATA = Uint8Array.from({ length: 100 }, (_, i) => i)

t.test('an RSA signature that lost its leading zero byte is none', async t => {
  const key = await nodeCrypto.generateKey('rsa')
  for (const scheme of SCHEMES.rsa) {
    if (scheme.startsWith('rsa_pkcs1')) continue
    // PSS is salted: another signature each time, and one in 256 begins with a zero.
    let signature = key.sign(scheme, DATA)
    while (signature[0] !== 0) signature = key.sign(scheme, DATA)
    for (const { crypto } of providers) {
      const publicKey = crypto.importPublicKey(key.publicKey.spki)!
      t.equal(publicKey.verify(scheme, DATA, signature), true, scheme)
      t.equal(publicKey.verify(scheme, DATA, signature.subarray(1)), false, `${crypto.name}: a shortened ${scheme}`)
    }
  }
})

for (const type of TYPES) {
  t.test(`a key of type ${type} signs by its schemes, each provider verifies what each has signed`, async t => {
    const { pkcs8 } = await nodeCrypto.generateKey(type)
    const keys = providers.map(({ crypto }) => crypto.importPrivateKey(pkcs8)!)
    for (const key of keys) {
      t.equal(key.type, type)
      t.same(key.pkcs8, pkcs8, 'exported as it was imported')
      t.same(key.publicKey.spki, keys[0]!.publicKey.spki)
      for (const scheme of ALL) {
        if (!SCHEMES[type].includes(scheme)) {
          t.throws(() => key.sign(scheme, DATA), TypeError, `${type} does not sign by ${scheme}`)
          t.equal(key.publicKey.verify(scheme, DATA, new Uint8Array(64)), false)
          continue
        }
        const signature = key.sign(scheme, DATA)
        for (const { crypto } of providers) {
          const publicKey = crypto.importPublicKey(key.publicKey.spki)!
          t.equal(publicKey.type, type)
          t.same(publicKey.spki, key.publicKey.spki)
          t.equal(publicKey.verify(scheme, DATA, signature), true, scheme)
          t.equal(publicKey.verify(scheme, DATA.subarray(1), signature), false, 'other data')
          t.equal(publicKey.verify(scheme, DATA, signature.subarray(1)), false, 'a shortened signature')
          t.equal(publicKey.verify(scheme, DATA, new Uint8Array(0)), false, 'no signature')
          const turned = signature.slice()
          turned[turned.length - 1]! ^= 1
          t.equal(publicKey.verify(scheme, DATA, turned), false, 'a turned bit')
        }
      }
    }
    const other = SCHEMES[type]
    if (other.length > 1) {
      const signature = keys[0]!.sign('rsa_pss_rsae_sha256', DATA)
      for (const key of keys)
        t.equal(key.publicKey.verify('rsa_pkcs1_sha256', DATA, signature), false, 'another padding')
    }
  })
}

for (const { name, crypto } of providers) {
  t.test(`${name}: makes keys, or says that it cannot`, async t => {
    for (const type of ['ec-p256', 'ec-p384', 'ed25519'] as const) {
      const key = await crypto.generateKey(type)
      t.equal(key.type, type)
      for (const { crypto: other } of providers)
        t.same(other.importPrivateKey(key.pkcs8)?.publicKey.spki, key.publicKey.spki)
    }
    if (name === 'portable') await t.rejects(crypto.generateKey('rsa'), { code: 'ERR_CRYPTO_UNSUPPORTED' })
    else t.equal((await crypto.generateKey('rsa', 1024)).type, 'rsa')
    await t.rejects(crypto.generateKey('rsa', 512), { code: 'ERR_CRYPTO_UNSUPPORTED' })
  })

  t.test(`${name}: an imported key is a copy`, async t => {
    const { pkcs8, publicKey } = await nodeCrypto.generateKey('ec-p256')
    const [borrowed, borrowedPublic] = [pkcs8.slice(), publicKey.spki.slice()]
    const key = crypto.importPrivateKey(borrowed)!
    const imported = crypto.importPublicKey(borrowedPublic)!
    borrowed.fill(0)
    borrowedPublic.fill(0)
    t.same(key.pkcs8, pkcs8)
    t.same(imported.spki, publicKey.spki)
    t.equal(imported.verify('ecdsa_secp256r1_sha256', DATA, key.sign('ecdsa_secp256r1_sha256', DATA)), true)
  })

  t.test(`${name}: public keys that are none are refused`, async t => {
    for (const type of TYPES) {
      const { spki } = (await nodeCrypto.generateKey(type)).publicKey
      t.ok(crypto.importPublicKey(spki))
      t.notOk(crypto.importPublicKey(spki.slice(0, -1)), `${type} cut off`)
      t.notOk(crypto.importPublicKey(Uint8Array.of(...spki, 0)), `${type} with something behind`)
    }
    for (const type of ['ec-p256', 'ec-p384', 'ed25519'] as const) {
      const { spki } = (await nodeCrypto.generateKey(type)).publicKey
      let refused = 0
      for (let change = 1; change < 40; change++) {
        const off = spki.slice()
        off[off.length - 1]! ^= change & 0x7f
        if (crypto.importPublicKey(off) === undefined) refused++
      }
      // Half of the numbers are no y coordinate of edwards25519; hardly any other one fits an x.
      t.ok(type === 'ed25519' ? refused > 5 : refused === 39, `${type}: ${refused} points not on the curve`)
    }
    const otherCurve = generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey
    t.notOk(crypto.importPublicKey(otherCurve.export({ type: 'spki', format: 'der' })), 'secp256k1')
    const pss = generateKeyPairSync('rsa-pss', { modulusLength: 1024 }).publicKey
    t.notOk(crypto.importPublicKey(pss.export({ type: 'spki', format: 'der' })), 'id-RSASSA-PSS')
    const short = generateKeyPairSync('rsa', { modulusLength: 768 }).publicKey
    t.notOk(crypto.importPublicKey(short.export({ type: 'spki', format: 'der' })), 'RSA of 768 bits')
    // y = 1 + p is the neutral element, not reduced; y = 1 with a sign has no x (RFC 8032, 5.1.3).
    const prefix = '302a300506032b6570032100'
    t.notOk(crypto.importPublicKey(fromHex(`${prefix}ee${'ff'.repeat(30)}7f`)!))
    t.notOk(crypto.importPublicKey(fromHex(`${prefix}01${'00'.repeat(30)}80`)!))
  })

  t.test(`${name}: private keys whose parts do not fit are refused`, async t => {
    for (const type of ['ec-p256', 'ec-p384'] as const) {
      const parts = parsePrivateKey((await nodeCrypto.generateKey(type)).pkcs8)!
      const other = parsePublicKey((await nodeCrypto.generateKey(type)).publicKey.spki)!
      if (!('scalar' in parts) || !('point' in other)) throw new Error('not an EC key')
      t.ok(crypto.importPrivateKey(encodePrivateKey(parts)))
      t.ok(crypto.importPrivateKey(encodePrivateKey({ ...parts, point: undefined })), 'without its public key')
      t.notOk(crypto.importPrivateKey(encodePrivateKey({ ...parts, point: other.point })), "another's public key")
      const zero = new Uint8Array(parts.scalar.length)
      t.notOk(crypto.importPrivateKey(encodePrivateKey({ ...parts, scalar: zero, point: undefined })), 'zero')
      const beyond = zero.slice().fill(0xff)
      t.notOk(crypto.importPrivateKey(encodePrivateKey({ ...parts, scalar: beyond, point: undefined })), 'too large')
    }
    const parts = parsePrivateKey((await nodeCrypto.generateKey('rsa')).pkcs8)!
    if (parts.type !== 'rsa') throw new Error('not an RSA key')
    for (const field of ['privateExponent', 'prime1', 'exponent2', 'coefficient'] as const) {
      const value = parts.rsa[field].slice()
      value[value.length - 1]! ^= 2
      t.notOk(crypto.importPrivateKey(encodePrivateKey({ type: 'rsa', rsa: { ...parts.rsa, [field]: value } })), field)
    }
    const even = parts.rsa.modulus.slice()
    even[even.length - 1]! ^= 1
    t.notOk(
      crypto.importPublicKey(encodePublicKey({ type: 'rsa', rsa: { ...parts.rsa, modulus: even } })),
      'an even modulus',
    )
  })

  t.test(`${name}: an RSA key too short for a scheme does not sign by it`, async t => {
    const { pkcs8 } = await nodeCrypto.generateKey('rsa', 1024)
    const key = crypto.importPrivateKey(pkcs8)!
    t.throws(() => key.sign('rsa_pss_rsae_sha512', DATA), TypeError)
    t.equal(key.publicKey.verify('rsa_pss_rsae_sha512', DATA, new Uint8Array(128)), false)
    t.equal(key.publicKey.verify('rsa_pkcs1_sha512', DATA, key.sign('rsa_pkcs1_sha512', DATA)), true)
  })

  t.test(`${name}: an ECDSA scheme names the hash alone, on either curve (RFC 8422, 5.1.3)`, t => {
    for (const namedCurve of ['P-256', 'P-384']) {
      const pair = generateKeyPairSync('ec', { namedCurve })
      const key = crypto.importPublicKey(new Uint8Array(pair.publicKey.export({ type: 'spki', format: 'der' })))!
      for (const [hash, scheme, other] of [
        ['sha256', 'ecdsa_secp256r1_sha256', 'ecdsa_secp384r1_sha384'],
        ['sha384', 'ecdsa_secp384r1_sha384', 'ecdsa_secp256r1_sha256'],
      ] as const) {
        const signature = new Uint8Array(sign(hash, DATA, pair.privateKey))
        t.equal(key.verify(scheme, DATA, signature), true)
        t.equal(key.verify(other, DATA, signature), false)
      }
    }
    t.end()
  })
}
