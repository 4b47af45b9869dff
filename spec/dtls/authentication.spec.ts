/** Nobody passes who is not the announced peer: fingerprint, signatures and Finished, each with its alert. */

import t, { type Test } from 'tap'
import { equalBytes, utf8 } from '../../lib/bytes/index.ts'
import { type Certificate, type CryptoProvider, fingerprint, type PrivateKey } from '../../lib/crypto/index.ts'
import { decodeServerHello, encodeServerHello } from '../../lib/dtls/hello.ts'
import { Alert, type DtlsOptions, type DtlsRole } from '../../lib/dtls/index.ts'
import { matchesFingerprint } from '../../lib/dtls/peer-certificate.ts'
import { nodeCrypto, providers } from '../providers.ts'
import { certificate, connectedPair, Pair, type PairOptions, sha256Of } from './pair.ts'
import { tamper } from './wire.ts'

const ROLES: readonly DtlsRole[] = ['client', 'server']
const other = (role: DtlsRole): DtlsRole => (role === 'client' ? 'server' : 'client')

/** Runs a handshake that `judge` must refuse with that code and alert, and the other side must hear of. */
const refused = (t: Test, options: PairOptions, judge: DtlsRole, code: string, alert: number): Pair => {
  const pair = new Pair(options)
  pair.start()
  pair.run()
  t.match(pair[judge].error, { code, sentAlert: alert }, `the ${judge} refuses`)
  t.equal(pair[judge].dtls.state, 'failed')
  t.match(pair[other(judge)].error, { code: 'alert-received', receivedAlert: alert }, `the ${other(judge)} is told`)
  t.equal(pair[other(judge)].dtls.state, 'failed')
  t.notOk(pair[judge].events.some(event => event.type === 'connected'))
  t.notOk(pair[judge].send('data', pair.now))
  t.throws(() => pair[judge].dtls.exportKeyingMaterial('label', 1), { code: 'invalid-state' })
  t.equal(pair[judge].dtls.deadline, Number.POSITIVE_INFINITY)
  return pair
}

const both = async (): Promise<PairOptions> => ({
  client: await certificate('ec-p256', 'client'),
  server: await certificate('ec-p256', 'server'),
})

/** Options for one side of a pair. */
const forRole = (role: DtlsRole, options: Partial<DtlsOptions>): Partial<PairOptions> => ({
  [`${role}Options`]: options,
})

t.test('a certificate without an announced fingerprint is refused', async t => {
  const options = await both()
  for (const judge of ROLES) {
    const der = options[other(judge)].der
    const right = fingerprint(nodeCrypto, 'sha-256', der)
    const stranger = sha256Of(await certificate('ec-p256', 'stranger'))
    const sha1 = { algorithm: 'sha-1', value: fingerprint(nodeCrypto, 'sha-1', der) }
    for (const fingerprints of [
      [stranger],
      [],
      [sha1],
      [{ algorithm: 'sha-512', value: right }],
      [{ algorithm: 'sha-256', value: right.slice(0, -3) }],
      [{ algorithm: 'sha-256', value: '' }],
    ]) {
      const pair = { ...options, ...forRole(judge, { fingerprints }) }
      refused(t, pair, judge, 'fingerprint-mismatch', Alert.badCertificate)
    }
  }
})

t.test('any one of several fingerprints will do, in any case', async t => {
  const options = await both()
  const stranger = sha256Of(await certificate('ec-p256', 'stranger'))
  for (const hash of ['sha-256', 'sha-384', 'sha-512'] as const) {
    const value = fingerprint(nodeCrypto, hash, options.server.der)
    for (const entry of [
      { algorithm: hash, value },
      { algorithm: hash.toUpperCase(), value: value.toLowerCase() },
    ]) {
      const pair = connectedPair({ ...options, clientOptions: { fingerprints: [stranger, entry] } })
      t.equal(pair.client.dtls.state, 'connected')
    }
  }
})

/** Whoever has the certificate of another, but not its key. */
const impostor = async (victim: Certificate): Promise<Certificate> => ({
  ...victim,
  privateKey: (await certificate('ec-p256', 'impostor')).privateKey,
})

t.test('a certificate without its key is refused', async t => {
  const options = await both()
  for (const { name, crypto } of providers) {
    for (const role of ROLES) {
      const pair = {
        ...options,
        ...forRole(role, { certificate: await impostor(options[role]) }),
        ...forRole(other(role), { crypto }),
      }
      t.comment(`the ${role} is an impostor, on ${name}`)
      refused(t, pair, other(role), 'bad-signature', Alert.decryptError)
    }
  }
})

t.test('a right key that signs another handshake is refused', async t => {
  const options = await both()
  for (const role of ROLES) {
    const { privateKey, ...rest } = options[role]
    const replay: PrivateKey = {
      type: privateKey.type,
      publicKey: privateKey.publicKey,
      pkcs8: privateKey.pkcs8,
      sign: (scheme, data) => privateKey.sign(scheme, data.slice(1)),
    }
    const pair = { ...options, ...forRole(role, { certificate: { ...rest, privateKey: replay } }) }
    refused(t, pair, other(role), 'bad-signature', Alert.decryptError)
  }
})

t.test('a signature by a scheme that does not fit the key is refused', async t => {
  const options = await both()
  const rsaScheme = (at: number) => (body: Uint8Array) => {
    body.set([0x08, 0x04], at)
    return body
  }
  // ServerKeyExchange: curve type, group, point of 32 bytes behind its length, then the scheme.
  const asServer = tamper('server', 12, rsaScheme(4 + 32))
  refused(t, { ...options, path: asServer }, 'client', 'protocol-violation', Alert.illegalParameter)
  const asClient = tamper('client', 15, rsaScheme(0))
  refused(t, { ...options, path: asClient }, 'server', 'protocol-violation', Alert.illegalParameter)
})

/** A provider whose MACs are wrong over one label: its PRF gives another value for it. */
const wrongFor = (crypto: CryptoProvider, label: string): CryptoProvider => ({
  ...crypto,
  createMac: (name, key) => {
    const mac = crypto.createMac(name, key)
    const wanted = utf8(label)
    const has = (part: Uint8Array): boolean =>
      part.some((_, i) => equalBytes(part.subarray(i, i + wanted.length), wanted))
    return {
      length: mac.length,
      compute: (...parts) => {
        const tag = mac.compute(...parts)
        if (parts.some(has)) tag[0]! ^= 1
        return tag
      },
    }
  },
})

t.test('a wrong Finished is refused', async t => {
  const options = await both()
  for (const { name, crypto } of providers) {
    for (const role of ROLES) {
      const wrong = wrongFor(nodeCrypto, `${role} finished`)
      t.comment(`the ${role}'s Finished is wrong, on ${name}`)
      const pair = new Pair({ ...options, ...forRole(role, { crypto: wrong }), ...forRole(other(role), { crypto }) })
      pair.start()
      pair.run()
      t.match(pair[other(role)].error, { code: 'bad-finished', sentAlert: Alert.decryptError })
      t.match(pair[role].error, { code: 'alert-received', receivedAlert: Alert.decryptError })
      t.notOk(pair[other(role)].events.some(event => event.type === 'connected'))
    }
  }
})

t.test('a handshake that was touched on the way never completes', async t => {
  const options = await both()
  // The other signature of an ECDSA pair (r, n - s) verifies too: that the message was changed shows in Finished only.
  const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n
  const turned = tamper('client', 15, body => {
    const at = 4 + 3
    const length = body[at]!
    const s = at + length + 2
    let value = 0n
    for (const byte of body.subarray(s + 1)) value = (value << 8n) | BigInt(byte)
    const digits = (order - value).toString(16).padStart(64, '0')
    const bytes = [...(digits.match(/../g) ?? [])].map(pair => Number.parseInt(pair, 16))
    while (bytes.length > 1 && bytes[0] === 0 && bytes[1]! < 128) bytes.shift()
    if (bytes[0]! >= 128) bytes.unshift(0)
    const integers = [...body.subarray(at - 1, s - 1), 2, bytes.length, ...bytes]
    const sequence = [0x30, integers.length, ...integers]
    return Uint8Array.from([...body.subarray(0, 2), sequence.length >> 8, sequence.length & 255, ...sequence])
  })
  refused(t, { ...options, path: turned }, 'server', 'bad-finished', Alert.decryptError)
  // The client signs over the hello that it sent, and the server checks against the one that it got.
  const otherSuite = tamper('client', 1, body => {
    body.set([0x13, 0x01], 38)
    return body
  })
  refused(t, { ...options, path: otherSuite }, 'server', 'bad-signature', Alert.decryptError)
  const otherSession = tamper('server', 2, body => {
    const hello = decodeServerHello(body)
    return encodeServerHello({ ...hello, sessionId: Uint8Array.of(1) })
  })
  refused(t, { ...options, path: otherSession }, 'server', 'bad-signature', Alert.decryptError)
})

t.test('a key share that is no point of its group is refused', async t => {
  const options = await both()
  for (const { name, crypto } of providers) {
    for (const group of ['x25519', 'secp256r1', 'secp384r1'] as const) {
      for (const role of ROLES) {
        const cheat: CryptoProvider = {
          ...nodeCrypto,
          createKeyAgreement: wanted => {
            const agreement = nodeCrypto.createKeyAgreement(wanted)
            const publicKey = agreement.publicKey.slice()
            if (wanted === 'x25519') publicKey.fill(0)
            else publicKey[publicKey.length - 1]! ^= 1
            return { group: wanted, publicKey, agree: () => new Uint8Array(32) }
          },
        }
        t.comment(`the ${role}'s ${group}, on ${name}`)
        const pair = {
          ...options,
          ...forRole(role, { crypto: cheat, groups: [group] }),
          ...forRole(other(role), { crypto, groups: [group] }),
        }
        refused(t, pair, other(role), 'protocol-violation', Alert.illegalParameter)
      }
    }
  }
})

t.test('an empty chain, and a certificate that is none, are refused', async t => {
  const options = await both()
  const empty = (body: Uint8Array) => body.slice(0, 3).fill(0)
  refused(t, { ...options, path: tamper('client', 11, empty) }, 'server', 'protocol-violation', Alert.handshakeFailure)
  refused(t, { ...options, path: tamper('server', 11, empty) }, 'client', 'protocol-violation', Alert.decodeError)
  const der = utf8('no certificate')
  const nonsense = { ...options.server, der }
  const pair = { ...options, server: nonsense }
  refused(t, pair, 'client', 'protocol-violation', Alert.badCertificate)
})

t.test('however many fingerprints are announced, a certificate is hashed once by each function', async t => {
  const own = await certificate('ec-p256')
  let hashed = 0
  const crypto: CryptoProvider = {
    ...nodeCrypto,
    hash: (name, ...parts) => {
      hashed++
      return nodeCrypto.hash(name, ...parts)
    },
  }
  const wrong = (algorithm: string) => ({ algorithm, value: 'AB:CD' })
  const announced = Array.from({ length: 300 }, (_, i) => wrong(['sha-256', 'SHA-384', 'sha-512'][i % 3]!))
  t.notOk(matchesFingerprint(crypto, own.der, announced))
  t.equal(hashed, 3)
  t.ok(matchesFingerprint(crypto, own.der, [...announced, sha256Of(own), wrong('sha-256')]))
  t.equal(hashed, 6)
})
