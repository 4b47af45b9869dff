/** The DER reader and writer (X.690): what is written is read back, what is not DER fails, and nothing throws. */

import fc from 'fast-check'
import t from 'tap'
import { fromHex, hex } from '../../lib/bytes/index.ts'
import { bits, DerReader, der, OCTET_STRING, oid, SEQUENCE, sequence, unsigned } from '../../lib/crypto/der.ts'
import { createSelfSignedCertificate, parseCertificate } from '../../lib/crypto/index.ts'
import { parsePrivateKey, parsePublicKey } from '../../lib/crypto/keys.ts'
import { seededCrypto } from '../providers.ts'

const read = (text: string): DerReader => new DerReader(fromHex(text)!)

t.test('integers', t => {
  const cases = { '00': '020100', '7f': '02017f', '80': '02020080', '0001': '020101', ff00: '020300ff00', '': '020100' }
  for (const [magnitude, encoded] of Object.entries(cases)) t.equal(hex(unsigned(fromHex(magnitude)!)), encoded)
  t.equal(hex(read('02020080').unsigned()), '80')
  t.equal(hex(read('020100').unsigned()), '00')
  t.equal(hex(read('0201ff').integer()), 'ff')
  t.equal(read('020102').small(), 2)
  for (const bad of ['0200', '02020001', '0202ff80', '0201', '0401ff']) {
    const reader = read(bad)
    reader.integer()
    t.ok(reader.failed, `no integer: ${bad}`)
  }
  const negative = read('0201ff')
  t.same(negative.unsigned(), new Uint8Array(0))
  t.ok(negative.failed, 'a negative number has no magnitude')
  const large = read('02020080')
  t.equal(large.small(), -1)
  t.ok(large.failed)
  t.end()
})

t.test('object identifiers', t => {
  for (const name of ['1.2.840.113549.1.1.11', '1.3.101.112', '2.5.4.3', '2.999.3', '0.9', '1.39'])
    t.equal(new DerReader(oid(name)).oid(), name)
  t.equal(hex(oid('1.2.840.10045.3.1.7')), '06082a8648ce3d030107')
  for (const bad of ['0600', '060180', '06028001', '060281', '06062a8886ffffffff7f', '06022a80', '0401']) {
    const reader = read(bad)
    reader.oid()
    t.ok(reader.failed, `no object identifier: ${bad}`)
  }
  t.end()
})

t.test('lengths are definite and minimal', t => {
  for (const length of [0, 1, 127, 128, 255, 256, 65_535, 65_536]) {
    const reader = new DerReader(der(OCTET_STRING, new Uint8Array(length)))
    t.equal(reader.read(OCTET_STRING).length, length)
    t.ok(!reader.failed && reader.done)
  }
  for (const bad of [
    '0480',
    '04800000',
    '048101ff',
    '04820001ff',
    '0485000000000100',
    '04ff',
    `04820080${'00'.repeat(128)}`,
    '0402ff',
    '04',
    '1f0100',
    '0484ffffffff',
  ]) {
    const reader = read(bad)
    reader.element()
    t.ok(reader.failed, `no element: ${bad}`)
  }
  t.end()
})

t.test('a fault inside is a fault of the whole, and stays', t => {
  const outer = new DerReader(sequence(sequence(unsigned(Uint8Array.of(1))), bits(Uint8Array.of(5))))
  const inner = outer.enter(SEQUENCE).enter(SEQUENCE)
  t.equal(inner.small(), 1)
  t.equal(inner.small(), -1)
  t.ok(inner.failed && outer.failed)
  t.same(outer.read(SEQUENCE), new Uint8Array(0))
  t.equal(outer.peek(), -1)
  const left = new DerReader(Uint8Array.of(...unsigned(Uint8Array.of(1)), 0))
  left.small()
  left.finish()
  t.ok(left.failed, 'something is left over')
  const unused = read('03020780')
  unused.bits()
  t.ok(unused.failed, 'unused bits')
  t.end()
})

t.test('whatever the bytes are, no reader throws', t => {
  const parsers = [parseCertificate, parsePublicKey, parsePrivateKey]
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), bytes => {
      for (const parse of parsers) parse(bytes)
      const reader = new DerReader(bytes)
      for (const step of bytes.subarray(0, 12)) {
        if (step % 5 === 0) reader.element()
        else if (step % 5 === 1) reader.oid()
        else if (step % 5 === 2) reader.unsigned()
        else if (step % 5 === 3) reader.bits()
        else reader.optional(step)?.small()
      }
    }),
    { numRuns: 2000 },
  )
  t.pass()
  t.end()
})

t.test('damaged certificates and keys are read or refused, and nothing throws', async t => {
  const crypto = seededCrypto(1)
  const key = await crypto.generateKey('ec-p256')
  const certificate = createSelfSignedCertificate(crypto, key, { notBefore: 0, notAfter: 1e12 })
  const originals = [certificate.der, key.publicKey.spki, key.pkcs8]
  for (const original of originals) {
    for (let length = 0; length < original.length; length++) {
      const cut = original.slice(0, length)
      t.notOk(parseCertificate(cut) ?? parsePublicKey(cut) ?? parsePrivateKey(cut))
    }
    fc.assert(
      fc.property(fc.nat(original.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const damaged = original.slice()
        damaged[at]! ^= change
        parseCertificate(damaged)
        parsePublicKey(damaged)
        parsePrivateKey(damaged)
      }),
      { numRuns: 500 },
    )
  }
})
