/** AES-CBC in DTLS 1.2: there by name, chosen last, and with the MAC around the ciphertext where the peer can. */

import t from 'tap'
import { equalBytes, hex, utf8 } from '../../lib/bytes/index.ts'
import type { GroupName, KeyType } from '../../lib/crypto/index.ts'
import { CBC_SUITES } from '../../lib/dtls/cipher-suite.ts'
import { type ClientHello, decodeClientHello, decodeServerHello, encodeServerHello } from '../../lib/dtls/hello.ts'
import { Alert } from '../../lib/dtls/index.ts'
import { fixtureBytes } from '../fixture.ts'
import { providers } from '../providers.ts'
import { certificate, connectedPair, End, Pair, type PairOptions, sha256Of } from './pair.ts'
import { Puppet12, playClient, playServer } from './puppet-12.ts'
import { forged, parseRecords, tamper, udpPayloads } from './wire.ts'

const ENCRYPT_THEN_MAC = 22
const GCM = 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256'
const CBC = 'TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA'
const EMPTY = new Uint8Array(0)
const EXTENDED_MASTER_SECRET = 23
/** What the hello of a client has beside that: groups and schemes. */
const HELLO: readonly (readonly [number, Uint8Array])[] = [
  [10, Uint8Array.of(0, 4, 0, 29, 0, 23)],
  [13, Uint8Array.of(0, 2, 4, 3)],
]

const both = async (): Promise<PairOptions> => ({
  client: await certificate('ec-p256', 'client'),
  server: await certificate('ec-p256', 'server'),
})

const helloOf = (end: End): ClientHello => decodeClientHello(parseRecords(end.sent[0]!)[0]!.fragment.slice(12))
const answerOf = (end: End) => decodeServerHello(parseRecords(end.sent[0]!)[0]!.fragment.slice(12))

for (const { name, crypto } of providers) {
  t.test(`every suite connects with the MAC around, and carries data, on ${name}`, async t => {
    for (const suite of CBC_SUITES) {
      const key: KeyType = suite.authentication === 'rsa' ? 'rsa' : 'ec-p256'
      const groups: GroupName[] = ['secp256r1']
      const pair = connectedPair({
        client: await certificate('ec-p256', 'client', crypto),
        server: await certificate(key, 'server', crypto),
        clientOptions: { crypto, cipherSuites: [suite.name], groups },
        serverOptions: { crypto, cipherSuites: [suite.name] },
      })
      t.ok(answerOf(pair.server).extensions.has(ENCRYPT_THEN_MAC))
      for (const { dtls } of pair.ends) t.same(dtls.cipherSuite?.name, suite.name)
      const secret = hex(pair.client.dtls.exportKeyingMaterial('EXTRACTOR-dtls_srtp', 60))
      t.equal(hex(pair.server.dtls.exportKeyingMaterial('EXTRACTOR-dtls_srtp', 60)), secret)
      for (const length of [0, 1, 15, 16, 1172, 16384]) {
        const text = 'x'.repeat(length)
        t.ok(pair.client.send(text, pair.now) && pair.server.send(text, pair.now))
        pair.run()
        t.ok(pair.server.texts.at(-1) === text && pair.client.texts.at(-1) === text, `${length} bytes`)
      }
    }
  })
}

t.test('none is offered or taken that nobody has named', async t => {
  const options = await both()
  const pair = connectedPair({ ...options, clientOptions: { versions: ['1.2'] } })
  const cbc = CBC_SUITES.map(({ id }) => id)
  t.notOk(helloOf(pair.client).cipherSuites.some(id => cbc.includes(id)))
  t.notOk(helloOf(pair.client).extensions.has(ENCRYPT_THEN_MAC))
  const refused = new Pair({ ...options, clientOptions: { cipherSuites: CBC_SUITES.map(suite => suite.name) } })
  refused.start()
  refused.run()
  t.match(refused.server.error, { code: 'no-common-parameters', sentAlert: Alert.handshakeFailure })
})

t.test('it comes last, wherever it is named, and only to who offers nothing else', async t => {
  const options = await both()
  const cipherSuites = [CBC, GCM]
  const first = connectedPair({ ...options, clientOptions: { cipherSuites } })
  t.same(helloOf(first.client).cipherSuites, [0xc02b, 0xc009])
  t.equal(first.client.dtls.cipherSuite?.name, GCM)
  const second = connectedPair({
    ...options,
    clientOptions: { cipherSuites },
    serverOptions: { cipherSuites, versions: ['1.2'] },
  })
  t.equal(second.server.dtls.cipherSuite?.name, GCM)
  t.notOk(answerOf(second.server).extensions.has(ENCRYPT_THEN_MAC), 'there is no MAC to put around')
  const third = connectedPair({ ...options, clientOptions: { cipherSuites: [CBC] }, serverOptions: { cipherSuites } })
  t.equal(third.server.dtls.cipherSuite?.name, CBC)
})

t.test('an old peer of either role has the MAC within', async t => {
  const { client, server } = await both()
  const crypto = providers[0]!.crypto
  for (const encryptThenMac of [false, true]) {
    const options = { crypto, cipherSuites: [CBC], groups: ['x25519', 'secp256r1'] as const }
    for (const role of ['client', 'server'] as const) {
      const ours = new End({ ...options, role, certificate: client, fingerprints: [sha256Of(server)] }, () => {})
      ours.dtls.start(0)
      const extensions = new Map([
        ...(role === 'server' ? HELLO : []),
        [EXTENDED_MASTER_SECRET, EMPTY],
        ...(encryptThenMac ? ([[ENCRYPT_THEN_MAC, EMPTY]] as const) : []),
      ])
      const terms = { certificate: server, suite: CBC, extensions, encryptThenMac }
      const puppet = new Puppet12(role === 'client' ? 'server' : 'client', ours, {
        ...terms,
        requested: { types: [64], schemes: [0x0403] },
      })
      if (role === 'client') playServer(puppet)
      else t.equal(playClient(puppet).extensions.has(ENCRYPT_THEN_MAC), encryptThenMac)
      t.equal(ours.dtls.state, 'connected', `we are the ${role}, the MAC is ${encryptThenMac ? 'around' : 'within'}`)
      puppet.opened()
      ours.send('from us', 0)
      t.ok(puppet.opened().some(content => equalBytes(content, utf8('from us'))))
      puppet.send(puppet.sealed(23, utf8('from the puppet')))
      t.same(ours.texts, ['from the puppet'])
    }
  }
})

t.test('encrypt_then_mac has no body, and is answered for AES-CBC alone', async t => {
  const options = await both()
  const answering = (body: Uint8Array, cipherSuite?: number) =>
    tamper('server', 2, bytes => {
      const hello = decodeServerHello(bytes)
      const extensions = new Map([...hello.extensions, [ENCRYPT_THEN_MAC, body]] as const)
      return encodeServerHello({ ...hello, extensions, cipherSuite: cipherSuite ?? hello.cipherSuite })
    })
  const cases = [
    { cipherSuites: [CBC, GCM], path: answering(EMPTY), alert: Alert.illegalParameter },
    { cipherSuites: [CBC, GCM], path: answering(Uint8Array.of(1), 0xc009), alert: Alert.decodeError },
    { cipherSuites: [GCM], path: answering(EMPTY), alert: Alert.unsupportedExtension },
  ]
  for (const { cipherSuites, path, alert } of cases) {
    const pair = new Pair({ ...options, path, clientOptions: { cipherSuites } })
    pair.start()
    pair.run()
    t.match(pair.client.error, { code: 'protocol-violation', sentAlert: alert })
  }
  const asked = tamper('client', 1, bytes => {
    // The extension has no body: a list that is one byte longer gives it one.
    const at = bytes.findIndex((_, i) => i > 40 && equalBytes(bytes.subarray(i, i + 4), Uint8Array.of(0, 22, 0, 0)))
    const changed = Uint8Array.from([...bytes.slice(0, at), 0, 22, 0, 1, 0, ...bytes.slice(at + 4)])
    const list = 2 + 32 + 1 + 1 + 2 + 2 + 2
    changed[list + 1]! += 1
    return changed
  })
  const pair = new Pair({
    ...options,
    path: asked,
    clientOptions: { cipherSuites: [CBC] },
    serverOptions: { cipherSuites: [CBC] },
  })
  pair.start()
  pair.run()
  t.match(pair.server.error, { code: 'protocol-violation', sentAlert: Alert.decodeError })
})

t.test('what is forged or repeated is dropped, and the connection goes on', async t => {
  const pair = connectedPair({
    ...(await both()),
    clientOptions: { cipherSuites: [CBC] },
    serverOptions: { cipherSuites: [CBC] },
  })
  pair.client.send('one', pair.now)
  const record = pair.client.sent.at(-1)!
  pair.inject(forged(record), 'server', 1)
  pair.inject(record, 'server', 20)
  pair.run()
  t.same(pair.server.texts, ['one'])
  t.match(pair.server.dtls.counters, { droppedForged: 1, droppedReplayed: 1 })
  pair.client.send('two', pair.now)
  pair.run()
  t.same(pair.server.texts, ['one', 'two'])
})

t.test('a flight under AES-CBC keeps to small datagrams', async t => {
  const names = { cipherSuites: [CBC], mtu: 160 }
  const pair = connectedPair({ ...(await both()), clientOptions: names, serverOptions: names })
  for (const { sent } of pair.ends) t.ok(Math.max(...sent.map(({ length }) => length)) <= 160)
})

t.test('a browser that offers these suites beside better ones gets a better one', async t => {
  const own = await certificate('ec-p256', 'server')
  const hellos = udpPayloads(fixtureBytes('captures/cr-ff-data.pcap'))
    .map(({ payload }) => payload)
    .filter(payload => payload[0] === 22 && payload[13] === 1)
  const server = new End(
    {
      crypto: providers[0]!.crypto,
      role: 'server',
      certificate: own,
      fingerprints: [sha256Of(own)],
      versions: ['1.2'],
      cipherSuites: [CBC, GCM],
    },
    () => {},
  )
  for (const datagram of hellos) server.dtls.receive(datagram.slice(), 0)
  t.equal(server.dtls.cipherSuite?.name, GCM)
})
