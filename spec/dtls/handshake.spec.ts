/** Both roles agree: every cipher suite, group and kind of certificate, on every crypto provider. */

import t from 'tap'
import { hex, utf8 } from '../../lib/bytes/index.ts'
import type { GroupName, KeyType } from '../../lib/crypto/index.ts'
import { SRTP_PROFILES } from '../../lib/dtls/index.ts'
import { providers } from '../providers.ts'
import { certificate, connectedPair, Pair } from './pair.ts'

const CIPHERS = ['AES_128_GCM_SHA256', 'AES_256_GCM_SHA384', 'CHACHA20_POLY1305_SHA256']
const GROUPS: readonly GroupName[] = ['x25519', 'secp256r1', 'secp384r1']
const KEYS: readonly KeyType[] = ['ec-p256', 'ec-p384', 'rsa', 'ed25519']

for (const { name, crypto } of providers) {
  // Noble takes tens of milliseconds an operation: there each suite, group and key once instead of all together.
  const cases = CIPHERS.flatMap((cipher, c) =>
    GROUPS.flatMap((group, g) =>
      KEYS.filter((_, k) => name === 'node' || (c + g + k) % 4 === 0).map(key => ({ cipher, group, key })),
    ),
  )
  t.test(`every suite with every group and certificate, on ${name}`, async t => {
    for (const { cipher, group, key } of cases) {
      const server = await certificate(key, 'server', crypto)
      const client = await certificate(KEYS[(KEYS.indexOf(key) + 1) % 4]!, 'client', crypto)
      const suite = `TLS_ECDHE_${key === 'rsa' ? 'RSA' : 'ECDSA'}_WITH_${cipher}`
      const pair = connectedPair({
        client,
        server,
        clientOptions: { crypto, cipherSuites: [suite], groups: [group] },
        serverOptions: { crypto },
      })
      const secret = hex(pair.server.dtls.exportKeyingMaterial('EXTRACTOR-dtls_srtp', 60))
      for (const { dtls } of pair.ends) {
        t.equal(dtls.cipherSuite?.name, suite)
        t.equal(dtls.group, group)
        t.equal(dtls.version, 0xfefd)
        t.equal(hex(dtls.exportKeyingMaterial('EXTRACTOR-dtls_srtp', 60)), secret)
      }
      t.strictSame(pair.client.dtls.remoteCertificate, server.der)
      t.strictSame(pair.server.dtls.remoteCertificate, client.der)
      t.strictSame(pair.client.events, [{ type: 'connected' }])
      t.strictSame(pair.server.events, [{ type: 'connected' }])
      t.ok(pair.client.send('from the client', pair.now))
      t.ok(pair.server.send('from the server', pair.now))
      pair.run()
      t.same(pair.server.texts, ['from the client'])
      t.same(pair.client.texts, ['from the server'])
    }
  })
}

t.test('the handshake takes two round trips and no timer', async t => {
  const pair = new Pair({
    client: await certificate('ec-p256', 'client'),
    server: await certificate('ec-p256', 'server'),
  })
  pair.start()
  pair.run(() => pair.connected)
  t.equal(pair.now, 40)
  t.equal(pair.client.dtls.deadline, Number.POSITIVE_INFINITY)
  t.equal(pair.server.dtls.deadline, Number.POSITIVE_INFINITY)
  t.same([pair.client.sent.length, pair.server.sent.length], [2, 2])
})

t.test('the server may ask for a cookie first', async t => {
  const pair = connectedPair({
    client: await certificate('ec-p256', 'client'),
    server: await certificate('ec-p256', 'server'),
    serverOptions: { cookieExchange: true },
  })
  t.same([pair.client.sent.length, pair.server.sent.length], [3, 3])
  t.equal(pair.server.sent[0]?.[13], 3, 'HelloVerifyRequest')
})

t.test('the SRTP profile is the first of the server that the client has', async t => {
  const client = await certificate('ec-p256', 'client')
  const server = await certificate('ec-p256', 'server')
  for (const profile of SRTP_PROFILES) {
    const pair = connectedPair({ client, server, serverOptions: { srtpProfiles: [profile] } })
    t.equal(pair.client.dtls.srtpProfile, profile)
    t.equal(pair.server.dtls.srtpProfile, profile)
  }
  const best = connectedPair({ client, server, clientOptions: { srtpProfiles: [...SRTP_PROFILES].reverse() } })
  t.equal(best.client.dtls.srtpProfile, 'SRTP_AEAD_AES_128_GCM')
  const none = connectedPair({
    client,
    server,
    clientOptions: { srtpProfiles: ['SRTP_AEAD_AES_256_GCM'] },
    serverOptions: { srtpProfiles: ['SRTP_AES128_CM_HMAC_SHA1_80'] },
  })
  t.equal(none.client.dtls.srtpProfile, undefined)
  t.equal(none.server.dtls.srtpProfile, undefined)
})

t.test('both write the same line of the key log', async t => {
  const lines: string[] = []
  const trace = { keyLog: (line: string) => lines.push(line) }
  connectedPair({
    client: await certificate('ec-p256', 'client'),
    server: await certificate('ec-p256', 'server'),
    clientOptions: { trace },
    serverOptions: { trace },
  })
  t.equal(lines.length, 2)
  t.equal(lines[0], lines[1])
  t.match(lines[0], /^CLIENT_RANDOM [0-9a-f]{64} [0-9a-f]{96}$/)
})

t.test('what is exported depends on label, length and context, and is there from the handshake on', async t => {
  const options = { client: await certificate('ec-p256', 'client'), server: await certificate('ec-p256', 'server') }
  const pair = new Pair(options)
  t.throws(() => pair.client.dtls.exportKeyingMaterial('label', 32), { code: 'invalid-state' })
  const { client, server } = connectedPair(options)
  const plain = hex(client.dtls.exportKeyingMaterial('label', 32))
  t.equal(plain, hex(server.dtls.exportKeyingMaterial('label', 32)))
  const empty = hex(client.dtls.exportKeyingMaterial('label', 32, new Uint8Array(0)))
  const context = hex(client.dtls.exportKeyingMaterial('label', 32, utf8('context')))
  t.equal(context, hex(server.dtls.exportKeyingMaterial('label', 32, utf8('context'))))
  t.equal(new Set([plain, empty, context, hex(client.dtls.exportKeyingMaterial('other', 32))]).size, 4)
  t.throws(
    () => client.dtls.exportKeyingMaterial('label', 32, new Uint8Array(0x10000)),
    RangeError,
    'its length is told',
  )
})

t.test('nothing in common ends both sides with handshake_failure', async t => {
  const client = await certificate('ec-p256', 'client')
  const server = await certificate('ec-p256', 'server')
  for (const clientOptions of [
    { cipherSuites: ['TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256'] },
    { groups: ['secp384r1'] as const },
  ]) {
    const pair = new Pair({ client, server, clientOptions, serverOptions: { groups: ['x25519'] } })
    pair.start()
    pair.run()
    t.match(pair.server.error, { code: 'no-common-parameters', sentAlert: 40 })
    t.match(pair.client.error, { code: 'alert-received', receivedAlert: 40 })
  }
})
