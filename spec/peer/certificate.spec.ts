/** Certificates are generated as asked for, and used by the connections that are given them (webrtc-pc, 4.9). */

import { createHash } from 'node:crypto'
import t from 'tap'
import { RTCCertificate, RTCPeerConnection } from '../../lib/peer/index.ts'
import { createPair } from '../sim/pair.ts'

const DAY = 86_400_000
const ecdsa = { name: 'ECDSA', namedCurve: 'P-256' }
const rsa = {
  name: 'RSASSA-PKCS1-v1_5',
  modulusLength: 2048,
  publicExponent: new Uint8Array([1, 0, 1]),
  hash: 'SHA-256',
}
const generate = (algorithm: unknown) => RTCPeerConnection.generateCertificate(algorithm as string)

t.test('a certificate expires after 30 days, as asked, or after a year at most', async t => {
  const near = (expires: number, after: number) => t.ok(Math.abs(expires - Date.now() - after) < 60_000)
  near((await generate(ecdsa)).expires, 30 * DAY)
  near((await generate({ ...ecdsa, expires: 2 * DAY })).expires, 2 * DAY)
  near((await generate({ ...ecdsa, expires: 1000 * DAY })).expires, 365 * DAY)
  near((await generate({ ...ecdsa, expires: 0 })).expires, 0)
})

t.test('it has fingerprints by every hash function that peers may be told, in lower case', async t => {
  const certificate = await generate({ name: 'ecdsa', namedCurve: 'P-256' })
  const pem = certificate.toPem().certificate.replace(/-----.*-----|\s/g, '')
  const der = Buffer.from(pem, 'base64')
  t.strictSame(
    certificate.getFingerprints(),
    ['sha256', 'sha384', 'sha512'].map(name => ({
      algorithm: name.replace('sha', 'sha-'),
      value: createHash(name)
        .update(der)
        .digest('hex')
        .replace(/..(?!$)/g, '$&:'),
    })),
  )
})

const fingerprintOf = (certificate: RTCCertificate) => certificate.getFingerprints()[0]!.value

t.test('it can be kept as text, and is the same one again', async t => {
  const algorithms = [ecdsa, { ...ecdsa, namedCurve: 'P-384' }, rsa, 'Ed25519', { name: 'ed25519' }]
  for (const algorithm of algorithms) {
    const made = await generate(algorithm)
    const pem = JSON.parse(JSON.stringify(made.toPem())) as { certificate: string; privateKey: string }
    t.match(pem.certificate, /^-----BEGIN CERTIFICATE-----\n/)
    t.match(pem.privateKey, /^-----BEGIN PRIVATE KEY-----\n/)
    for (const read of [RTCCertificate.fromPem(pem), RTCCertificate.fromPem(pem.privateKey + pem.certificate)]) {
      t.ok(read instanceof RTCCertificate)
      t.equal(fingerprintOf(read), fingerprintOf(made))
      t.strictSame(read.toPem(), made.toPem())
      t.equal(read.expires, Math.floor(made.expires / 1000) * 1000, 'to the second, as the certificate has it')
    }
  }
})

t.test('what is no certificate with its key is refused', async t => {
  const [one, other] = [(await generate(ecdsa)).toPem(), (await generate(ecdsa)).toPem()]
  const wrong: [unknown, string][] = [
    ['', 'DataError'],
    [one.certificate, 'DataError'],
    [one.privateKey, 'DataError'],
    [{ ...one, privateKey: other.privateKey }, 'DataError'],
    [{ ...one, certificate: one.certificate.replace(/\n[A-Za-z0-9+/]{8}/, '\nAAAAAAAA') }, 'DataError'],
    [{ ...one, privateKey: one.privateKey.replace('PRIVATE KEY', 'ENCRYPTED PRIVATE KEY') }, 'NotSupportedError'],
    [{ certificate: one.certificate }, 'TypeError'],
    [undefined, 'TypeError'],
    [5, 'TypeError'],
  ]
  for (const [pem, name] of wrong) t.throws(() => RTCCertificate.fromPem(pem as string), { name }, name)
})

t.test('an expired one can be kept too, and no connection takes it', async t => {
  const kept = RTCCertificate.fromPem((await generate({ ...ecdsa, expires: 0 })).toPem())
  t.ok(kept.expires <= Date.now())
  t.throws(() => new RTCPeerConnection({ certificates: [kept] }), { name: 'InvalidAccessError' })
})

t.test('other algorithms are not supported, malformed ones are TypeErrors', async t => {
  const unsupported = [
    'AES-GCM',
    { name: 'HMAC' },
    { ...ecdsa, namedCurve: 'P-521' },
    { ...rsa, hash: 'SHA-1' },
    { ...rsa, hash: { name: 'SHA-1' } },
    { ...rsa, modulusLength: 512 },
    { ...rsa, publicExponent: new Uint8Array([3]) },
  ]
  for (const algorithm of unsupported) await t.rejects(generate(algorithm), { name: 'NotSupportedError' })
  const malformed = [
    undefined,
    {},
    'ECDSA',
    { name: 'ECDSA' },
    { ...rsa, publicExponent: [1, 0, 1] },
    { ...rsa, modulusLength: 'long' },
    { ...ecdsa, expires: -1 },
    { ...ecdsa, expires: Number.POSITIVE_INFINITY },
  ]
  for (const algorithm of malformed) await t.rejects(generate(algorithm), TypeError)
})

t.test('an expired certificate is refused', async t => {
  const expired = await generate({ ...ecdsa, expires: 0 })
  await new Promise(resolve => setTimeout(resolve, 5))
  t.throws(() => new RTCPeerConnection({ certificates: [expired] }), { name: 'InvalidAccessError' })
})

const presented = {
  ecdsa,
  'P-384': { ...ecdsa, namedCurve: 'P-384' },
  rsa: { ...rsa, hash: { name: 'sha-256' } },
  ed25519: { name: 'Ed25519' },
}
for (const [name, algorithm] of Object.entries(presented)) {
  t.test(`a connection presents the ${name} certificate that it was given`, async t => {
    // As after a restart.
    const certificate = RTCCertificate.fromPem((await generate(algorithm)).toPem())
    // The simulation's clock stands in 2026; what counts there is the host's time.
    const pair = createPair({ seed: 5, a: { certificates: [certificate] } })
    const { value } = certificate.getFingerprints()[0]!
    pair.a.createDataChannel('x')
    await pair.sim.run(pair.negotiate())
    t.ok(pair.a.localDescription!.sdp.includes(`a=fingerprint:sha-256 ${value!.toUpperCase()}`))
    await pair.sim.run(() => pair.b.sctp?.transport.state === 'connected')
    const [der] = pair.b.sctp!.transport.getRemoteCertificates()
    t.ok(der instanceof ArrayBuffer)
    const hash = await globalThis.crypto.subtle.digest('SHA-256', der!)
    t.equal(Buffer.from(hash).toString('hex'), value!.replaceAll(':', ''))
    t.strictSame(pair.a.getConfiguration().certificates, [certificate])
    pair.a.close()
    pair.b.close()
  })
}
