/** Certificates and keys as PEM (RFC 7468): what OpenSSL writes is read, what we write is read by OpenSSL. */

import { createPrivateKey, X509Certificate } from 'node:crypto'
import fc from 'fast-check'
import t from 'tap'
import {
  type Certificate,
  CryptoError,
  certificateFromPem,
  certificateToPem,
  createSelfSignedCertificate,
  fingerprint,
  type KeyType,
} from '../../lib/crypto/index.ts'
import { MAX_PEM_LENGTH, pemBytes, readPem, writePem } from '../../lib/crypto/pem.ts'
import { fixtureText } from '../fixture.ts'
import { nodeCrypto, providers } from '../providers.ts'

const file = (name: string): string => fixtureText(`pem/${name}.pem`)
const KINDS: readonly { name: string; type: KeyType; forms: readonly string[] }[] = [
  { name: 'ec-p256', type: 'ec-p256', forms: ['sec1', 'pkcs8'] },
  { name: 'ec-p384', type: 'ec-p384', forms: ['sec1', 'pkcs8'] },
  { name: 'rsa', type: 'rsa', forms: ['pkcs1', 'pkcs8'] },
  { name: 'ed25519', type: 'ed25519', forms: ['pkcs8'] },
]
const FINGERPRINTS = fixtureText('pem/fingerprints.txt')
  .trim()
  .split('\n')
  .map(line => line.replace('sha256 Fingerprint=', ''))

const CERTIFICATE = file('ec-p256.certificate')
const KEY = file('ec-p256.pkcs8')

/** The code of the error that reading throws; `read` when it throws none. */
const outcome = (certificate: string, privateKey: string): string => {
  const codes = providers.map(({ crypto }) => {
    try {
      certificateFromPem(crypto, certificate, privateKey)
      return 'read'
    } catch (error) {
      if (error instanceof CryptoError) return error.code
      throw error
    }
  })
  return [...new Set(codes)].join(' and ')
}

for (const { name: provider, crypto } of providers) {
  t.test(`${provider}: reads what OpenSSL has written, in every form of key`, t => {
    KINDS.forEach(({ name, type, forms }, i) => {
      const text = file(`${name}.certificate`)
      const openssl = new X509Certificate(text)
      for (const form of forms) {
        const certificate = certificateFromPem(crypto, text, file(`${name}.${form}`))
        t.equal(certificate.privateKey.type, type, `${name}.${form}`)
        t.equal(fingerprint(crypto, 'sha-256', certificate.der), FINGERPRINTS[i])
        t.equal(certificate.notAfter, Date.parse(openssl.validTo))
        t.ok(openssl.checkPrivateKey(createPrivateKey(file(`${name}.${form}`))))
        const written = certificateToPem(certificate)
        t.equal(written.certificate, openssl.toString(), 'the certificate is written as OpenSSL does')
        t.equal(written.privateKey, file(`${name}.pkcs8`), 'and the key as its PKCS #8')
      }
    })
    t.end()
  })

  t.test(`${provider}: what it writes, OpenSSL reads, and it reads itself`, async t => {
    for (const { type } of KINDS) {
      const made = crypto.importPrivateKey((await nodeCrypto.generateKey(type)).pkcs8)!
      const own = createSelfSignedCertificate(crypto, made, { notBefore: 0, notAfter: 1e12 })
      const { certificate, privateKey } = certificateToPem(own)
      t.ok(new X509Certificate(certificate).checkPrivateKey(createPrivateKey(privateKey)), type)
      const read: Certificate = certificateFromPem(crypto, certificate, privateKey)
      t.same(read.der, own.der)
      t.same(read.privateKey.pkcs8, own.privateKey.pkcs8)
      t.equal(read.notAfter, own.notAfter)
    }
  })
}

t.test('text around, chains, line ends and white space do not matter', t => {
  const whole = certificateFromPem(nodeCrypto, CERTIFICATE, KEY)
  const both = CERTIFICATE + KEY
  const texts: Readonly<Record<string, string>> = {
    'one text for both': both,
    'the key first': KEY + CERTIFICATE,
    'CR LF': both.replaceAll('\n', '\r\n'),
    'CR alone': both.replaceAll('\n', '\r'),
    'empty lines': both.replaceAll('\n', '\n\n'),
    'indented, with trailing blanks': both.replaceAll('\n', ' \t\n    '),
    'a byte order mark': `\ufeff${KEY}${CERTIFICATE}`,
    'no line feed at the end': both.trimEnd(),
    'blanks within the lines': both.replace(/^(M.{20})/gm, '$1 '),
    'one long line': both.replace(
      /-----\n([^-]+)\n-----END/g,
      (_, text) => `-----\n${text.replaceAll('\n', '')}\n-----END`,
    ),
    'other blocks': file('ed25519.pkcs8').replaceAll('PRIVATE', 'PUBLIC') + both,
    'other certificates behind': both + file('rsa.certificate') + file('rsa.pkcs1'),
    headers: both.replace('PRIVATE KEY-----\n', 'PRIVATE KEY-----\nComment: none of it: counts\n\n'),
    'another block that is cut off': `-----BEGIN X509 CRL-----\nMIIB\n${both}`,
  }
  for (const [name, text] of Object.entries(texts)) {
    const certificate = certificateFromPem(nodeCrypto, text, text)
    t.same(certificate.der, whole.der, name)
    t.same(certificate.privateKey.pkcs8, whole.privateKey.pkcs8)
  }
  const bag = file('bag')
  const leaf = certificateFromPem(nodeCrypto, bag, bag)
  t.equal(new X509Certificate(leaf.der).subject, 'CN=leaf', 'of a chain the certificate of the key')
  t.same(leaf.privateKey.pkcs8, whole.privateKey.pkcs8)
  t.end()
})

t.test('each failure has a code of its own', t => {
  t.equal(outcome(CERTIFICATE, KEY), 'read')
  for (const text of ['', 'none', KEY, CERTIFICATE.replaceAll('CERTIFICATE', 'X509 CRL')])
    t.equal(outcome(text, KEY), 'ERR_CRYPTO_NO_PEM')
  for (const text of ['', CERTIFICATE, KEY.replaceAll('PRIVATE', 'PUBLIC')])
    t.equal(outcome(CERTIFICATE, text), 'ERR_CRYPTO_NO_PEM')
  t.equal(outcome(CERTIFICATE, KEY + ' '.repeat(MAX_PEM_LENGTH)), 'ERR_CRYPTO_NO_PEM', 'too long')

  for (const name of ['rsa.encrypted-pkcs1', 'ec-p256.encrypted-sec1', 'ec-p256.encrypted-pkcs8'])
    t.equal(outcome(CERTIFICATE, file(name)), 'ERR_CRYPTO_ENCRYPTED_KEY', name)

  for (const name of ['ec-p384.sec1', 'rsa.pkcs1', 'ed25519.pkcs8'])
    t.equal(outcome(CERTIFICATE, file(name)), 'ERR_CRYPTO_KEY_MISMATCH', name)
  const another = certificateToPem(certificateFromPem(nodeCrypto, file('bag'), file('bag'))).certificate
  t.equal(outcome(another, KEY), 'read', 'another certificate for the same key')
  t.equal(outcome(file('rsa.certificate') + CERTIFICATE, KEY), 'ERR_CRYPTO_KEY_MISMATCH', 'the first one counts')

  t.equal(outcome(file('secp256k1.certificate'), file('secp256k1.sec1')), 'ERR_CRYPTO_CERTIFICATE')
  for (const name of ['secp256k1.sec1', 'explicit-curve.sec1'])
    t.equal(outcome(CERTIFICATE, file(name)), 'ERR_CRYPTO_PRIVATE_KEY', name)
  const unlike = [
    KEY.replaceAll('PRIVATE', 'EC PRIVATE'),
    KEY.replaceAll('PRIVATE', 'RSA PRIVATE'),
    file('rsa.pkcs1').replaceAll('RSA', 'EC'),
    file('ec-p256.sec1').replaceAll('EC PRIVATE', 'RSA PRIVATE'),
    file('ec-p256.sec1').replaceAll('EC PRIVATE', 'PRIVATE'),
    file('ec-p256.sec1').replaceAll('EC PRIVATE', 'DSA PRIVATE'),
  ]
  for (const text of unlike) t.equal(outcome(CERTIFICATE, text), 'ERR_CRYPTO_PRIVATE_KEY', text.slice(0, 30))
  t.end()
})

t.test('a long label does not make a long message', t => {
  const label = `${'A'.repeat(100_000)} PRIVATE KEY`
  const read = () =>
    certificateFromPem(nodeCrypto, CERTIFICATE, `-----BEGIN ${label}-----\nAAAA\n-----END ${label}-----\n`)
  t.throws(read, { code: 'ERR_CRYPTO_PRIVATE_KEY', message: /^.{1,200}$/ })
  t.end()
})

t.test('a block that is damaged is not read', t => {
  const damaged: readonly ((text: string) => string)[] = [
    text => text.replace(/-----END.*/, ''),
    text => text.replace(/-----END .*-----/, '-----END SOMETHING-----'),
    text => text.replace(/\n-----END/, '\n-----BEGIN'),
    text => text.replace(/^(M.{9})/m, '$1:'),
    text => text.replace(/^(M.{9})/m, '$1*'),
    text => text.replace(/^M/m, ''),
    text => text.replace(/\n.*\n-----END/, '\n-----END'),
    text => text.replace(/\n-----END/, '\nAAAA\n-----END'),
    text => text.replace(/-----\n[^-]+-----END/g, '-----\n-----END'),
  ]
  damaged.forEach((damage, i) => {
    t.equal(outcome(damage(CERTIFICATE), KEY), 'ERR_CRYPTO_CERTIFICATE', `certificate, ${i}`)
    t.equal(outcome(CERTIFICATE, damage(KEY)), 'ERR_CRYPTO_PRIVATE_KEY', `key, ${i}`)
  })
  t.end()
})

t.test('base64 is taken as it must be written', t => {
  const block = (text: string): Uint8Array | undefined =>
    pemBytes(readPem(`-----BEGIN X-----\n${text}\n-----END X-----`)[0]!)
  t.same(block('AAA='), new Uint8Array(2))
  t.same(block('AA\n ==\n'), new Uint8Array(1))
  for (const bad of ['AAA', 'AAB=', 'AA=', 'AAA==', 'AA==AAAA', 'A', '', '=', 'AA-_', 'AAA=\nAAA='])
    t.equal(block(bad), undefined, bad)
  t.end()
})

t.test('what is written is read, and no text makes the reader throw', t => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 200 }), bytes => {
      const text = writePem('CERTIFICATE', bytes)
      const [block, ...others] = readPem(text)
      t.ok(text.split('\n').every(line => line.length <= 64))
      return others.length === 0 && Buffer.compare(pemBytes(block!)!, bytes) === 0
    }),
    { numRuns: 100 },
  )
  const pieces = ['-----BEGIN ', '-----END ', '-----', 'CERTIFICATE', 'PRIVATE KEY', '\n', 'MIIB', '=', ':', ' ', 'EC ']
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...pieces, KEY, CERTIFICATE), { maxLength: 40 }), parts => {
      const text = parts.join('')
      outcome(text, text)
    }),
    { numRuns: 200 },
  )
  const start = process.hrtime.bigint()
  t.equal(readPem('-----BEGIN X-----\n'.repeat(50_000)).length, 50_000)
  t.comment(`50,000 blocks without an end in ${(process.hrtime.bigint() - start) / 1_000_000n} ms`)
  t.end()
})
