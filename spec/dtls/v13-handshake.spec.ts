/** DTLS 1.3 in both roles: every cipher suite, group and kind of certificate, with and without a HelloRetryRequest. */

import t from 'tap'
import { hex, utf8 } from '../../lib/bytes/index.ts'
import type { GroupName, KeyType } from '../../lib/crypto/index.ts'
import { decodeServerHello, isHelloRetryRequest } from '../../lib/dtls/hello.ts'
import { CIPHER_SUITES_13, type DtlsOptions, SRTP_PROFILES } from '../../lib/dtls/index.ts'
import { providers } from '../providers.ts'
import { helloOf, OpenPair, splitRecords } from './liar.ts'
import { certificate, connectedPair, Pair } from './pair.ts'
import { parseRecords } from './wire.ts'

const SUITES = CIPHER_SUITES_13.map(({ name }) => name)
const GROUPS: readonly GroupName[] = ['x25519mlkem768', 'x25519', 'secp256r1', 'secp384r1']
const KEYS: readonly KeyType[] = ['ec-p256', 'ec-p384', 'rsa', 'ed25519']
const SCHEMES = {
  'ec-p256': 'ecdsa_secp256r1_sha256',
  'ec-p384': 'ecdsa_secp384r1_sha384',
  rsa: 'rsa_pss_rsae_sha256',
  ed25519: 'ed25519',
}

const both = async () => ({
  client: await certificate('ec-p256', 'client'),
  server: await certificate('ec-p256', 'server'),
  version: '1.3' as const,
})

for (const { name, crypto } of providers) {
  // Noble takes tens of milliseconds an operation: there each suite, group and key once instead of all together.
  const cases = SUITES.flatMap((suite, s) =>
    GROUPS.flatMap((group, g) =>
      KEYS.filter((_, k) => (name === 'node' ? (g + k) % 2 === 0 : g === k && s === g % 3)).map(key => ({
        suite,
        group,
        key,
      })),
    ),
  )
  t.test(`every suite with every group and certificate, on ${name}`, async t => {
    for (const { suite, group, key } of cases) {
      const clientKey = KEYS[(KEYS.indexOf(key) + 1) % 4]!
      const server = await certificate(key, 'server', crypto)
      const client = await certificate(clientKey, 'client', crypto)
      const pair = connectedPair({
        client,
        server,
        version: '1.3',
        clientOptions: { crypto, cipherSuites: [suite], groups: [group] },
        serverOptions: { crypto },
      })
      const secret = hex(pair.server.dtls.exportKeyingMaterial('EXTRACTOR-dtls_srtp', 60))
      for (const { dtls } of pair.ends) {
        t.equal(dtls.cipherSuite?.name, suite)
        t.equal(dtls.group, group)
        t.equal(dtls.version, 0xfefc)
        t.equal(hex(dtls.exportKeyingMaterial('EXTRACTOR-dtls_srtp', 60)), secret)
      }
      t.equal(pair.client.dtls.signatureScheme, SCHEMES[key])
      t.equal(pair.server.dtls.signatureScheme, SCHEMES[clientKey])
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

t.test(
  'the client is there after one round trip, the server after one and a half, and nothing stays to be sent',
  async t => {
    const pair = new Pair({ ...(await both()), clientOptions: { mtu: 4000 }, serverOptions: { mtu: 4000 } })
    pair.start()
    pair.run(() => pair.client.dtls.state === 'connected')
    t.equal(pair.now, 20)
    t.ok(pair.client.send('right behind Finished', pair.now))
    pair.run(() => pair.connected)
    t.equal(pair.now, 30)
    pair.run()
    t.same(pair.server.texts, ['right behind Finished'])
    t.equal(pair.now, 40, 'the ACK has come')
    t.same([pair.client.sent.length, pair.server.sent.length], [3, 2])
    t.equal(pair.client.dtls.deadline, Number.POSITIVE_INFINITY)
    t.equal(pair.server.dtls.deadline, Number.POSITIVE_INFINITY)
  },
)

/** What the server's datagrams begin with, as far as they are not protected. */
const hellosOf = (pair: Pair) =>
  pair.server.sent
    .flatMap(splitRecords)
    .filter(record => record[0] === 22)
    .map(record => decodeServerHello(parseRecords(record)[0]!.fragment.subarray(12)))

t.test('the server asks for the share of another group, for a cookie, or for both', async t => {
  const cases: [string, Partial<DtlsOptions>, GroupName, number[]][] = [
    ['a group', { groups: ['secp384r1'] }, 'secp384r1', [43, 51]],
    ['a cookie', { cookieExchange: true }, 'x25519mlkem768', [43, 44]],
    ['both', { groups: ['secp256r1'], cookieExchange: true }, 'secp256r1', [43, 51, 44]],
  ]
  for (const [name, serverOptions, group, extensions] of cases) {
    const pair = connectedPair({ ...(await both()), serverOptions })
    const hellos = hellosOf(pair)
    t.same(hellos.map(isHelloRetryRequest), [true, false], name)
    t.same([...hellos[0]!.extensions.keys()], extensions)
    t.equal(pair.client.dtls.group, group)
    t.equal(pair.server.dtls.group, group)
    pair.client.send('after all', pair.now)
    pair.run()
    t.same(pair.server.texts, ['after all'])
  }
})

t.test('a group is asked for only where it is worth the round trip', async t => {
  const cases: [readonly GroupName[], readonly GroupName[], GroupName, boolean][] = [
    // The client has sent shares of the first and the first classical one.
    [['x25519mlkem768', 'x25519'], ['x25519', 'x25519mlkem768'], 'x25519', false],
    [['x25519', 'secp256r1'], ['secp256r1', 'x25519'], 'x25519', false],
    [['x25519', 'secp256r1'], ['secp256r1'], 'secp256r1', true],
    [['x25519', 'x25519mlkem768'], ['x25519mlkem768', 'x25519'], 'x25519mlkem768', true],
    [['secp384r1', 'x25519mlkem768'], ['secp256r1', 'x25519mlkem768'], 'x25519mlkem768', true],
  ]
  for (const [ours, theirs, group, asked] of cases) {
    const pair = connectedPair({
      ...(await both()),
      clientOptions: { groups: ours },
      serverOptions: { groups: theirs },
    })
    t.equal(pair.client.dtls.group, group, `${ours} and ${theirs}`)
    t.equal(hellosOf(pair).length, asked ? 2 : 1)
  }
})

t.test('the server prefers AES-128-GCM, whatever the client does, unless it is told otherwise', async t => {
  const backwards = [...SUITES].reverse()
  const pair = connectedPair({ ...(await both()), clientOptions: { cipherSuites: backwards } })
  t.equal(pair.client.dtls.cipherSuite?.name, 'TLS_AES_128_GCM_SHA256')
  const told = connectedPair({ ...(await both()), serverOptions: { cipherSuites: backwards } })
  t.equal(told.client.dtls.cipherSuite?.name, 'TLS_CHACHA20_POLY1305_SHA256')
})

t.test('the SRTP profile is the first of the server that the client has', async t => {
  const options = await both()
  for (const profile of SRTP_PROFILES) {
    const pair = connectedPair({ ...options, serverOptions: { srtpProfiles: [profile] } })
    t.equal(pair.client.dtls.srtpProfile, profile)
    t.equal(pair.server.dtls.srtpProfile, profile)
  }
  const best = connectedPair({ ...options, clientOptions: { srtpProfiles: [...SRTP_PROFILES].reverse() } })
  t.equal(best.client.dtls.srtpProfile, 'SRTP_AEAD_AES_128_GCM')
  const none = connectedPair({
    ...options,
    clientOptions: { srtpProfiles: ['SRTP_AEAD_AES_256_GCM'] },
    serverOptions: { srtpProfiles: ['SRTP_AES128_CM_HMAC_SHA1_80'] },
  })
  t.equal(none.client.dtls.srtpProfile, undefined)
  t.equal(none.server.dtls.srtpProfile, undefined)
})

t.test('both write the same lines of the key log', async t => {
  const pair = new OpenPair(await both())
  pair.start()
  pair.run()
  const random = hex(parseRecords(pair.client.sent[0]!)[0]!.fragment.subarray(14, 46))
  const labels = [
    'CLIENT_HANDSHAKE_TRAFFIC_SECRET',
    'SERVER_HANDSHAKE_TRAFFIC_SECRET',
    'CLIENT_TRAFFIC_SECRET_0',
    'SERVER_TRAFFIC_SECRET_0',
    'EXPORTER_SECRET',
  ]
  t.equal(pair.lines.length, 2 * labels.length)
  t.same(pair.lines.slice(0, 5), pair.lines.slice(5))
  for (const [i, label] of labels.entries()) t.match(pair.lines[i], new RegExp(`^${label} ${random} [0-9a-f]{64}$`))
})

t.test('what is exported depends on label, length and context, and is there from the handshake on', async t => {
  const options = await both()
  t.throws(() => new Pair(options).client.dtls.exportKeyingMaterial('label', 32), { code: 'invalid-state' })
  const { client, server } = connectedPair(options)
  const plain = hex(client.dtls.exportKeyingMaterial('label', 32))
  t.equal(plain, hex(server.dtls.exportKeyingMaterial('label', 32)))
  const context = hex(client.dtls.exportKeyingMaterial('label', 32, utf8('context')))
  t.equal(context, hex(server.dtls.exportKeyingMaterial('label', 32, utf8('context'))))
  t.equal(hex(client.dtls.exportKeyingMaterial('label', 32, new Uint8Array(0))), plain, 'RFC 8446, 7.5')
  t.equal(new Set([plain, context, hex(client.dtls.exportKeyingMaterial('other', 32))]).size, 3)
})

t.test('nothing in common ends both sides with handshake_failure', async t => {
  const options = await both()
  const [aes, , chacha] = SUITES
  for (const [clientOptions, serverOptions] of [
    [{ cipherSuites: [aes!] }, { cipherSuites: [chacha!] }],
    [{ groups: ['secp384r1'] }, { groups: ['x25519'] }],
  ] as [Partial<DtlsOptions>, Partial<DtlsOptions>][]) {
    const pair = new Pair({ ...options, clientOptions, serverOptions })
    pair.start()
    pair.run()
    t.match(pair.server.error, { code: 'no-common-parameters', sentAlert: 40 })
    t.match(pair.client.error, { code: 'alert-received', receivedAlert: 40 })
  }
})

t.test('the hellos alone are in the clear, and say no more than they must', async t => {
  const pair = connectedPair(await both())
  const hello = helloOf(pair.server.sent[0]!)
  t.equal(hello.version, 0xfefd)
  t.equal(hello.sessionId.length, 0)
  t.same([...hello.extensions.keys()], [43, 51])
  const clear = [...pair.client.sent, ...pair.server.sent].flatMap(splitRecords).filter(record => record[0]! < 32)
  t.same(
    clear.map(record => [record[0], record[13]]),
    [
      [22, 1],
      [22, 1],
      [22, 2],
    ],
  )
})
