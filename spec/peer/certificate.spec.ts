/** Certificates are generated as asked for, and used by the connections that are given them (webrtc-pc, 4.9). */

import t from 'tap'
import { RTCPeerConnection } from '../../lib/peer/index.ts'
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

t.test('it has a fingerprint in lower case', async t => {
  const fingerprints = (await generate({ name: 'ecdsa', namedCurve: 'P-256' })).getFingerprints()
  t.equal(fingerprints.length, 1)
  t.equal(fingerprints[0]!.algorithm, 'sha-256')
  t.match(fingerprints[0]!.value, /^([0-9a-f]{2}:){31}[0-9a-f]{2}$/)
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

for (const [name, algorithm] of Object.entries({ ecdsa, rsa: { ...rsa, hash: { name: 'sha-256' } } })) {
  t.test(`a connection presents the ${name} certificate that it was given`, async t => {
    const certificate = await generate(algorithm)
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
