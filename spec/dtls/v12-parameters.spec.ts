/** What the two sides of DTLS 1.2 sign by and agree on, and what a server may not choose. */

import t from 'tap'
import { type Certificate, createSelfSignedCertificate, type KeyType } from '../../lib/crypto/index.ts'
import { encodeNumbers } from '../../lib/dtls/extension.ts'
import {
  decodeClientHello,
  decodeServerHello,
  encodeClientHello,
  encodeServerHello,
  type ServerHello,
} from '../../lib/dtls/hello.ts'
import { Alert } from '../../lib/dtls/index.ts'
import { nodeCrypto } from '../providers.ts'
import { certificate, connectedPair, Pair, type PairOptions } from './pair.ts'
import { Puppet12, playServer } from './puppet-12.ts'
import { tamper } from './wire.ts'

const both = async (server: KeyType = 'ec-p256'): Promise<PairOptions> => ({
  client: await certificate('ec-p256', 'client'),
  server: await certificate(server, 'server'),
})

const SIGNATURE_ALGORITHMS = 13

/** The client's hello with these schemes alone: enough to see what the server makes of it. */
const offering = (...schemes: number[]) =>
  tamper('client', 1, body => {
    const hello = decodeClientHello(body)
    const extensions = new Map([...hello.extensions, [SIGNATURE_ALGORITHMS, encodeNumbers(schemes)]] as const)
    return encodeClientHello({ ...hello, extensions })
  })

/** The scheme that the server signs its key exchange by, or the alert in place of it. */
const answerTo = (options: PairOptions): string => {
  let scheme = ''
  const tampered = options.path
  const pair = new Pair({
    ...options,
    path: (datagram, from, index) => {
      const watch = tamper('server', 12, body => {
        const at = 4 + body[3]!
        scheme = ((body[at]! << 8) | body[at + 1]!).toString(16).padStart(4, '0')
        return body
      })
      return from === 'server' ? watch(datagram, from, index) : (tampered?.(datagram, from, index) ?? [])
    },
  })
  pair.start()
  pair.run(() => false, 500)
  return scheme === '' ? `alert ${pair.server.error?.sentAlert}` : scheme
}

t.test('each kind of key signs by a scheme of its own', async t => {
  const schemes = {
    'ec-p256': 'ecdsa_secp256r1_sha256',
    'ec-p384': 'ecdsa_secp384r1_sha384',
    rsa: 'rsa_pss_rsae_sha256',
    ed25519: 'ed25519',
  } as const
  for (const key of Object.keys(schemes) as KeyType[]) {
    const options = { client: await certificate(key, 'client'), server: await certificate(key, 'server') }
    const { client, server } = connectedPair(options)
    t.equal(client.dtls.signatureScheme, schemes[key])
    t.equal(server.dtls.signatureScheme, schemes[key])
  }
})

t.test('a server signs by the first of our schemes that the client takes', async t => {
  const rsa = await both('rsa')
  t.equal(answerTo({ ...rsa, path: offering(0x0401, 0x0804) }), '0804', 'PSS before PKCS #1')
  t.equal(answerTo({ ...rsa, path: offering(0x0806) }), '0806')
  t.equal(answerTo({ ...rsa, path: offering(0x0601, 0x0501) }), '0501')
  t.equal(answerTo({ ...rsa, path: offering(0x0201, 0x0403) }), 'alert 40', 'SHA-1, and schemes of other keys')
  t.equal(
    answerTo({ ...(await both('ec-p384')), path: offering(0x0403) }),
    'alert 40',
    'a hash too short for the curve',
  )
  t.equal(answerTo({ ...(await both('ed25519')), path: offering(0x0403, 0x0807) }), '0807')
})

t.test('a key that is too short for a scheme does not sign by it', async t => {
  const key = await nodeCrypto.generateKey('rsa', 1024)
  const short: Certificate = createSelfSignedCertificate(nodeCrypto, key, { notBefore: 0, notAfter: 1e12 })
  const options = { client: await certificate('ec-p256', 'client'), server: short }
  t.equal(answerTo({ ...options, path: offering(0x0806) }), 'alert 40')
  t.equal(answerTo({ ...options, path: offering(0x0806, 0x0601) }), '0601')
  const { client } = connectedPair(options)
  t.equal(client.dtls.signatureScheme, 'rsa_pss_rsae_sha256')
  const newest = new Pair({ ...options, version: '1.3', path: offering(0x0806), clientOptions: { groups: ['x25519'] } })
  newest.start()
  newest.run()
  t.match(newest.server.error, { code: 'no-common-parameters', sentAlert: Alert.handshakeFailure })
})

t.test('a client that has fallen back from what the server speaks is told so', async t => {
  const fallen = tamper('client', 1, body => {
    const hello = decodeClientHello(body)
    return encodeClientHello({ ...hello, cipherSuites: [...hello.cipherSuites, 0x5600] })
  })
  const options = { ...(await both()), path: fallen }
  const refused = new Pair({ ...options, serverOptions: { versions: ['1.3', '1.2'] } })
  refused.start()
  refused.run()
  t.match(refused.server.error, { code: 'protocol-violation', sentAlert: Alert.inappropriateFallback })
  const newest = [['1.2'], ['1.2', '1.3']] as const
  for (const versions of newest) {
    const taken = new Pair({ ...options, clientOptions: { versions, groups: ['x25519'] }, serverOptions: { versions } })
    taken.start()
    taken.run(() => taken.server.sent.length > 0)
    t.ok(taken.server.dtls.version, 'nothing higher is spoken than what is offered')
  }
})

t.test('a server has only the suites that its certificate serves', async t => {
  for (const [key, suite] of [
    ['rsa', 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256'],
    ['ed25519', 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256'],
  ] as const) {
    const pair = new Pair({ ...(await both(key)), clientOptions: { cipherSuites: [suite] } })
    pair.start()
    pair.run()
    t.match(pair.server.error, { code: 'no-common-parameters', sentAlert: Alert.handshakeFailure })
  }
})

t.test('a server whose certificate does not serve its suite is refused', async t => {
  const theirs = await certificate('ec-p256', 'server')
  const pair = new Pair({ client: await certificate('ec-p256', 'client'), server: theirs })
  pair.client.dtls.start(0)
  const extensions = new Map([[23, new Uint8Array(0)]])
  playServer(
    new Puppet12('server', pair.client, {
      certificate: theirs,
      suite: 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256',
      extensions,
    }),
  )
  t.match(pair.client.error, { code: 'protocol-violation', sentAlert: Alert.unsupportedCertificate })
})

t.test('a key exchange that was not offered is refused', async t => {
  const change = (at: number, ...bytes: number[]) =>
    tamper('server', 12, body => {
      body.set(bytes, at)
      return body
    })
  for (const [name, path] of [
    ['an explicit curve', change(0, 1)],
    ['secp521r1', change(1, 0, 25)],
    ['the hybrid of DTLS 1.3', change(1, 0x11, 0xec)],
    ['P-256, which we have not named', change(1, 0, 23)],
    ['a signature with SHA-1', change(4 + 32, 2, 3)],
    ['a signature by a scheme that nobody knows', change(4 + 32, 0x5a, 0x5a)],
    ['a signature by a key that it is not', change(4 + 32, 8, 7)],
  ] as const) {
    const pair = new Pair({ ...(await both()), path, clientOptions: { groups: ['x25519', 'secp384r1'] } })
    pair.start()
    pair.run()
    t.match(pair.client.error, { code: 'protocol-violation', sentAlert: Alert.illegalParameter }, name)
  }
})

t.test('what is offered in a ClientHello alone has no place in the answer', async t => {
  const answering = (type: number, ...data: number[]) =>
    tamper('server', 2, body => {
      const hello: ServerHello = decodeServerHello(body)
      const extensions = new Map([...hello.extensions, [type, Uint8Array.from(data)]] as const)
      return encodeServerHello({ ...hello, extensions })
    })
  for (const [type, data] of [
    [SIGNATURE_ALGORITHMS, [0, 2, 4, 3]],
    [51, [0, 29, 0, 1, 9]],
  ] as const) {
    const pair = new Pair({
      ...(await both()),
      path: answering(type, ...data),
      clientOptions: { versions: ['1.3', '1.2'] },
    })
    pair.start()
    pair.run()
    t.match(pair.client.error, { code: 'protocol-violation', sentAlert: Alert.illegalParameter }, `${type}`)
  }
  // Servers have sent their groups; the transcript differs here, and nothing before it.
  const pair = new Pair({ ...(await both()), path: answering(10, 0, 2, 0, 29) })
  pair.start()
  pair.run()
  t.match(pair.client.error, { code: 'alert-received', receivedAlert: Alert.decryptError })
})
