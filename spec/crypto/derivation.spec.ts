/** The TLS 1.2 PRF (RFC 5246, 5), HKDF's bound and the hashes, against published answers. */

import { createHash } from 'node:crypto'
import t from 'tap'
import { fromHex, hex, utf8 } from '../../lib/bytes/index.ts'
import { type HashName, hkdfExpand, tlsPrf } from '../../lib/crypto/index.ts'
import { providers } from '../providers.ts'

// Posted to the TLS working group's mailing list when TLS 1.2 was new: P_SHA256 and P_SHA384.
const ANSWERS = [
  {
    hash: 'sha-256',
    secret: '9bbe436ba940f017b17652849a71db35',
    seed: 'a0ba9f936cda311827a6f796ffd5198c',
    output:
      'e3f229ba727be17b8d122620557cd453c2aab21d07c3d495329b52d4e61edb5a6b301791e90d35c9c9a46b4e14baf9af0fa022f7077def17abfd3797c0564bab4fbc91666e9def9b97fce34f796789baa48082d122ee42c5a72e5a5110fff70187347b66',
  },
  {
    hash: 'sha-384',
    secret: 'b80b733d6ceefcdc71566ea48e5567df',
    seed: 'cd665cf6a8447dd6ff8b27555edb7465',
    output:
      '7b0c18e9ced410ed1804f2cfa34a336a1c14dffb4900bb5fd7942107e81c83cde9ca0faa60be9fe34f82b1233c9146a0e534cb400fed2700884f9dc236f80edd8bfa961144c9e8d792eca722a7b32fc3d416d473ebc2c5fd4abfdad05d9184259b5bf8cd4d90fa0d31e2dec479e4f1a26066f2eea9a69236a3e52655c9e9aee691c8f3a26854308d5eaa3be85e0990703d73e56f',
  },
] as const

// FIPS 180-4 and RFC 1321: the hash of "abc".
const ABC: Readonly<Record<HashName, string>> = {
  md5: '900150983cd24fb0d6963f7d28e17f72',
  'sha-1': 'a9993e364706816aba3e25717850c26c9cd0d89d',
  'sha-256': 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
  'sha-384': 'cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7',
  'sha-512':
    'ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f',
}
const HASHES = Object.keys(ABC) as HashName[]

for (const { name, crypto } of providers) {
  t.test(`${name}: the PRF of TLS 1.2`, t => {
    for (const { hash, secret, seed, output } of ANSWERS) {
      const run = (length: number): string =>
        hex(tlsPrf(crypto, hash, fromHex(secret)!, 'test label', fromHex(seed)!, length))
      t.equal(run(output.length / 2), output)
      for (const length of [0, 1, 12, 32, 33, 48]) t.equal(run(length), output.slice(0, 2 * length))
    }
    t.end()
  })

  t.test(`${name}: HKDF ends at 255 blocks`, t => {
    const prk = new Uint8Array(32)
    t.equal(hkdfExpand(crypto, 'sha-256', prk, prk, 255 * 32).length, 255 * 32)
    t.throws(() => hkdfExpand(crypto, 'sha-256', prk, prk, 255 * 32 + 1), RangeError)
    t.same(hkdfExpand(crypto, 'sha-256', prk, prk, 0), new Uint8Array(0))
    t.end()
  })

  t.test(`${name}: hashes, whole, in parts and copied on the way`, t => {
    for (const hash of HASHES) {
      t.equal(hex(crypto.hash(hash, utf8('abc'))), ABC[hash])
      t.equal(hex(crypto.hash(hash, utf8('a'), new Uint8Array(0), utf8('bc'))), ABC[hash])
      const running = crypto.createHash(hash).update(utf8('ab'))
      const early = running.copy()
      t.equal(hex(running.copy().update(utf8('c')).digest()), ABC[hash])
      t.equal(hex(running.update(utf8('c')).digest()), ABC[hash])
      t.equal(hex(early.digest()), hex(crypto.hash(hash, utf8('ab'))), 'a copy goes its own way')
      t.equal(crypto.createMac(hash, utf8('key')).length, ABC[hash].length / 2)
      const long = new Uint8Array(100_000).fill(0x61)
      t.equal(hex(crypto.hash(hash, long)), createHash(hash.replace('-', '')).update(long).digest('hex'))
    }
    t.end()
  })

  t.test(`${name}: a tag can be computed any number of times, and is fresh bytes`, t => {
    const mac = crypto.createMac('sha-1', utf8('key'))
    const first = mac.compute(utf8('The quick brown fox '), utf8('jumps over the lazy dog'))
    const second = mac.compute(utf8('The quick brown fox jumps over the lazy dog'))
    t.equal(hex(first), 'de7c9b85b8b78aa6bc8a7a36f70a90701c9db4d9')
    t.same(second, first)
    second.fill(0)
    t.equal(hex(first), 'de7c9b85b8b78aa6bc8a7a36f70a90701c9db4d9')
    t.equal(hex(mac.compute()), hex(mac.compute(new Uint8Array(0))))
    t.end()
  })
}
