/** Self-signed certificates (RFC 5280): both providers make them, our parser and OpenSSL's read them alike. */

import { X509Certificate } from 'node:crypto'
import t from 'tap'
import { hex } from '../../lib/bytes/index.ts'
import { context, DerReader, der, oid, SEQUENCE, sequence, unsigned } from '../../lib/crypto/der.ts'
import {
  type Certificate,
  createSelfSignedCertificate,
  fingerprint,
  type KeyType,
  parseCertificate,
  type SignatureScheme,
} from '../../lib/crypto/index.ts'
import { encodeTime, parseTime } from '../../lib/crypto/time.ts'
import { nodeCrypto, providers } from '../providers.ts'

const KINDS: readonly { type: KeyType; scheme: SignatureScheme; algorithm: string }[] = [
  { type: 'ec-p256', scheme: 'ecdsa_secp256r1_sha256', algorithm: '1.2.840.10045.4.3.2' },
  { type: 'ec-p384', scheme: 'ecdsa_secp384r1_sha384', algorithm: '1.2.840.10045.4.3.3' },
  { type: 'rsa', scheme: 'rsa_pkcs1_sha256', algorithm: '1.2.840.113549.1.1.11' },
  { type: 'ed25519', scheme: 'ed25519', algorithm: '1.3.101.112' },
]
const NOT_BEFORE = Date.UTC(2026, 0, 31, 23, 59, 59)
const NOT_AFTER = Date.UTC(2026, 1, 28, 0, 0, 1)

for (const { type, scheme, algorithm } of KINDS) {
  t.test(`a certificate with a key of type ${type}`, async t => {
    const { pkcs8 } = await nodeCrypto.generateKey(type)
    for (const { name, crypto } of providers) {
      const key = crypto.importPrivateKey(pkcs8)!
      const options = { notBefore: NOT_BEFORE + 1, notAfter: NOT_AFTER + 999, commonName: 'Grüße' }
      const certificate = createSelfSignedCertificate(crypto, key, options)
      t.equal(certificate.notAfter, NOT_AFTER, `${name}: whole seconds`)

      const openssl = new X509Certificate(certificate.der)
      t.ok(openssl.verify(openssl.publicKey), 'OpenSSL verifies the signature')
      t.equal(openssl.subject, 'CN=Grüße')
      t.equal(openssl.issuer, 'CN=Grüße')
      t.equal(Date.parse(openssl.validFrom), NOT_BEFORE)
      t.equal(Date.parse(openssl.validTo), NOT_AFTER)
      t.equal(openssl.serialNumber.length, 16, 'eight bytes')
      t.equal(openssl.fingerprint256, fingerprint(crypto, 'sha-256', certificate.der))
      t.equal(openssl.fingerprint, fingerprint(crypto, 'sha-1', certificate.der))
      t.equal(openssl.fingerprint512, fingerprint(crypto, 'sha-512', certificate.der))
      t.match(fingerprint(crypto, 'sha-384', certificate.der), /^([0-9A-F]{2}:){47}[0-9A-F]{2}$/)

      const fields = parseCertificate(certificate.der)!
      t.equal(fields.version, 3)
      t.equal(fields.notBefore, NOT_BEFORE)
      t.equal(fields.notAfter, NOT_AFTER)
      t.equal(hex(fields.serialNumber).toUpperCase(), openssl.serialNumber)
      t.equal(fields.signatureAlgorithm, algorithm)
      t.same(fields.spki, key.publicKey.spki)
      t.same(fields.subject, fields.issuer)
      for (const verifier of providers)
        t.ok(verifier.crypto.importPublicKey(fields.spki)?.verify(scheme, fields.tbs, fields.signature))
    }
  })
}

t.test('a fingerprint has one form', t => {
  for (const { crypto } of providers)
    t.equal(
      fingerprint(crypto, 'sha-256', new Uint8Array(0)),
      'E3:B0:C4:42:98:FC:1C:14:9A:FB:F4:C8:99:6F:B9:24:27:AE:41:E4:64:9B:93:4C:A4:95:99:1B:78:52:B8:55',
    )
  t.end()
})

t.test('serial numbers are positive and of one length, and differ', async t => {
  for (const { crypto } of providers) {
    const key = await crypto.generateKey('ed25519')
    const serials = new Set<string>()
    for (let i = 0; i < 20; i++) {
      const { der } = createSelfSignedCertificate(crypto, key, { notBefore: 0, notAfter: 0 })
      const { serialNumber } = parseCertificate(der)!
      t.equal(serialNumber.length, 8)
      t.ok(serialNumber[0]! < 0x80)
      serials.add(hex(serialNumber))
    }
    t.equal(serials.size, 20)
  }
})

t.test('times of every kind of year go there and back', t => {
  const years = [1950, 1969, 1970, 1972, 1999, 2000, 2024, 2025, 2049, 2050, 2100, 2400, 9999]
  for (const year of years) {
    for (const [month, day] of [
      [0, 1],
      [1, 28],
      [1, 29],
      [2, 1],
      [11, 31],
    ] as const) {
      const time = Date.UTC(year, month, day, 23, 4, 59)
      const encoded = encodeTime(time)
      t.equal(parseTime(encoded[0]!, encoded.subarray(2)), time, new Date(time).toISOString())
      t.equal(encoded[0], year < 2050 ? 0x17 : 0x18)
    }
  }
  for (const time of [Date.UTC(1949, 11, 31), Date.UTC(10_000, 0, 1), Number.NaN, Number.POSITIVE_INFINITY])
    t.throws(() => encodeTime(time), RangeError)
  t.end()
})

t.test('times that no certificate may have are refused', t => {
  const ascii = (text: string): Uint8Array => Uint8Array.from(text, character => character.charCodeAt(0))
  t.equal(parseTime(0x17, ascii('240229000000Z')), Date.UTC(2024, 1, 29))
  t.equal(parseTime(0x17, ascii('500101000000Z')), Date.UTC(1950, 0, 1))
  const bad = ['230229000000Z', '240431000000Z', '241301000000Z', '240001000000Z', '240100000000Z', '240101240000Z']
  bad.push('240101006000Z', '240101000060Z', '2401010000Z', '240101000000+0100', '24010100000:Z', '240101000000z', '')
  for (const text of bad) t.equal(parseTime(0x17, ascii(text)), undefined, text)
  t.equal(parseTime(0x18, ascii('20240229000000Z')), Date.UTC(2024, 1, 29))
  t.equal(parseTime(0x18, ascii('19000229000000Z')), undefined, '1900 had no leap day')
  t.equal(parseTime(0x18, ascii('20240229000000.5Z')), undefined)
  t.equal(parseTime(0x04, ascii('240229000000Z')), undefined, 'no time at all')
  t.end()
})

t.test('what is no certificate is refused', async t => {
  const key = await nodeCrypto.generateKey('ec-p256')
  const whole = createSelfSignedCertificate(nodeCrypto, key, { notBefore: 0, notAfter: 1e12 }).der
  const outer = new DerReader(whole).enter(SEQUENCE)
  const inner = outer.enter(SEQUENCE)
  const fields: Uint8Array[] = []
  while (!inner.done) fields.push(inner.element())
  const [algorithm, signature] = [outer.element(), outer.element()]
  const build = (tbs: readonly Uint8Array[], ...others: readonly Uint8Array[]): Uint8Array =>
    sequence(sequence(...tbs), ...others)
  const explicit = (number: number): Uint8Array => der(context(number), sequence())

  t.same(build(fields, algorithm, signature), whole)
  t.equal(parseCertificate(build(fields.slice(1), algorithm, signature))?.version, 1, 'no version means the first')
  const extended = build([...fields, der(0x81, Uint8Array.of(0, 1)), explicit(3)], algorithm, signature)
  t.equal(parseCertificate(extended)?.version, 3, 'an identifier and extensions are passed over')

  const version = (value: number): Uint8Array => der(context(0), unsigned(Uint8Array.of(value)))
  const bad: Readonly<Record<string, Uint8Array>> = {
    'another algorithm outside': build(fields, sequence(oid('1.3.101.112')), signature),
    'a version that is not': build([version(3), ...fields.slice(1)], algorithm, signature),
    'extensions twice': build([...fields, explicit(3), explicit(3)], algorithm, signature),
    'an unknown field': build([...fields, explicit(4)], algorithm, signature),
    'a field of another class': build([...fields, sequence()], algorithm, signature),
    'no signature': build(fields, algorithm),
    'more than a signature': build(fields, algorithm, signature, signature),
    'no key': build(fields.slice(0, -1), algorithm, signature),
    'one time only': build(fields.with(4, sequence(encodeTime(0))), algorithm, signature),
    'three times': build(fields.with(4, sequence(encodeTime(0), encodeTime(1), encodeTime(2))), algorithm, signature),
    'something behind': Uint8Array.of(...whole, 0),
  }
  for (const [name, bytes] of Object.entries(bad)) t.equal(parseCertificate(bytes), undefined, name)
})

t.test('a validity that cannot be throws', async t => {
  const key = await nodeCrypto.generateKey('ec-p256')
  const make = (notBefore: number, notAfter: number): Certificate =>
    createSelfSignedCertificate(nodeCrypto, key, { notBefore, notAfter })
  t.throws(() => make(2000, 1000), RangeError)
  t.throws(() => make(0, Number.NaN), RangeError)
  t.throws(() => make(0, Number.POSITIVE_INFINITY), RangeError)
})
