/** Which version comes about between whom, what the hello that asks for it looks like, and that nobody can press it down. */

import t from 'tap'
import {
  type ClientHello,
  DOWNGRADE_12,
  decodeClientHello,
  decodeServerHello,
  encodeClientHello,
  encodeServerHello,
  HELLO_RETRY_REQUEST_RANDOM,
  isDowngraded,
} from '../../lib/dtls/hello.ts'
import { Alert, type DtlsOptions, type DtlsVersion, type SrtpProfile } from '../../lib/dtls/index.ts'
import { decodeClientShares } from '../../lib/dtls/v13/key-share.ts'
import { fixtureBytes } from '../fixture.ts'
import { nodeCrypto } from '../providers.ts'
import { helloOf, splitRecords, tamperHello } from './liar.ts'
import { certificate, connectedPair, End, Pair, sha256Of } from './pair.ts'
import { buildMessage, parseRecords, plainRecord, udpPayloads } from './wire.ts'

const BOTH: readonly DtlsVersion[] = ['1.3', '1.2']
const DTLS_12 = 0xfefd
const DTLS_13 = 0xfefc

const certificates = async () => ({
  client: await certificate('ec-p256', 'client'),
  server: await certificate('ec-p256', 'server'),
})

const dual = async () => ({
  ...(await certificates()),
  clientOptions: { versions: BOTH, mtu: 8000 },
  serverOptions: { versions: BOTH, mtu: 8000 },
})

/** The ClientHello that a client with these options begins with. */
const firstHello = async (options: Partial<DtlsOptions>): Promise<ClientHello> => {
  const own = await certificate('ec-p256', 'client')
  const client = new End(
    { crypto: nodeCrypto, role: 'client', certificate: own, fingerprints: [sha256Of(own)], mtu: 8000, ...options },
    () => {},
  )
  client.dtls.start(0)
  return decodeClientHello(parseRecords(client.sent[0]!)[0]!.fragment.subarray(12))
}

t.test('the highest version that both speak', async t => {
  const sets: readonly (readonly DtlsVersion[] | undefined)[] = [undefined, BOTH, ['1.2', '1.3'], ['1.3'], ['1.2']]
  const speaks = (versions: readonly DtlsVersion[] | undefined, version: DtlsVersion) =>
    versions === undefined || versions.includes(version)
  for (const ours of sets) {
    for (const theirs of sets) {
      const pair = new Pair({
        ...(await certificates()),
        clientOptions: ours === undefined ? { versions: BOTH } : { versions: ours },
        serverOptions: theirs === undefined ? { versions: BOTH } : { versions: theirs },
      })
      pair.start()
      pair.run()
      const name = `${ours} and ${theirs}`
      if (speaks(ours, '1.3') && speaks(theirs, '1.3')) t.equal(pair.client.dtls.version, DTLS_13, name)
      else if (speaks(ours, '1.2') && speaks(theirs, '1.2')) t.equal(pair.client.dtls.version, DTLS_12, name)
      else {
        t.match(pair.server.error, { sentAlert: Alert.protocolVersion }, name)
        t.match(pair.client.error, { receivedAlert: Alert.protocolVersion }, name)
        continue
      }
      t.ok(pair.connected, name)
      t.equal(pair.server.dtls.version, pair.client.dtls.version, name)
    }
  }
})

t.test('both versions are spoken unless somebody says otherwise', async t => {
  const own = await certificate('ec-p256', 'client')
  const hello = await firstHello({})
  t.same([...hello.extensions.get(43)!], [4, 0xfe, 0xfc, 0xfe, 0xfd])
  const server = new End({ crypto: nodeCrypto, role: 'server', certificate: own, fingerprints: [] }, () => {})
  server.dtls.receive(plainRecord(22, buildMessage(1, 0, encodeClientHello(hello))), 0)
  t.equal(server.dtls.version, DTLS_13)
})

t.test('one hello offers all', async t => {
  const hello = await firstHello({})
  t.equal(hello.version, DTLS_12)
  t.equal(hello.sessionId.length, 0)
  t.equal(hello.cookie.length, 0)
  t.same([...hello.compressionMethods], [0])
  t.same(hello.cipherSuites.slice(0, 3), [0x1301, 0x1302, 0x1303])
  t.equal(hello.cipherSuites[3], 0xc02b)
  t.same([...hello.extensions.keys()], [43, 0xff01, 23, 11, 10, 13, 14, 51], 'key_share is last')
  t.same([...hello.extensions.get(10)!], [0, 8, 0x11, 0xec, 0, 29, 0, 23, 0, 24])
  const shares = decodeClientShares(hello.extensions.get(51)!)
  t.same(
    shares.map(({ group, keyExchange }) => [group, keyExchange.length]),
    [
      [0x11ec, 1216],
      [29, 32],
    ],
  )
})

t.test('what only one version has is not offered without it', async t => {
  const only13 = await firstHello({ versions: ['1.3'] })
  t.same(only13.cipherSuites, [0x1301, 0x1302, 0x1303])
  t.same([...only13.extensions.keys()], [43, 10, 13, 14, 51])
  const only12 = await firstHello({ versions: ['1.2'] })
  t.notOk(only12.cipherSuites.some(id => id >> 8 === 0x13))
  t.same([...only12.extensions.keys()], [0xff01, 23, 11, 10, 13, 14])
  t.same([...only12.extensions.get(10)!], [0, 6, 0, 29, 0, 23, 0, 24], 'no hybrid')
})

t.test('shares are of the first group, and of the first classical one', async t => {
  const groupsOf = async (groups: DtlsOptions['groups'] & {}) =>
    decodeClientShares((await firstHello({ groups })).extensions.get(51)!).map(({ group }) => group)
  t.same(await groupsOf(['secp256r1', 'x25519']), [23])
  t.same(await groupsOf(['x25519mlkem768', 'secp384r1', 'x25519']), [0x11ec, 24])
  t.same(await groupsOf(['x25519mlkem768']), [0x11ec])
  t.same(await groupsOf(['x25519', 'x25519mlkem768']), [29])
})

t.test('what is named twice is offered once', async t => {
  const suite = 'TLS_AES_128_GCM_SHA256'
  const hello = await firstHello({ groups: ['x25519', 'x25519'], cipherSuites: [suite, suite] })
  t.same([...hello.extensions.get(10)!], [0, 2, 0, 29])
  t.same(hello.cipherSuites, [0x1301])
})

t.test('who names only what one version has, means that version', async t => {
  const old = await firstHello({ cipherSuites: ['TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256'] })
  t.notOk(old.extensions.has(43))
  const recent = await firstHello({ cipherSuites: ['TLS_AES_128_GCM_SHA256'] })
  t.same([...recent.extensions.get(43)!], [2, 0xfe, 0xfc])
  const hybrid = await firstHello({ groups: ['x25519mlkem768'] })
  t.same([...hybrid.extensions.get(43)!], [2, 0xfe, 0xfc])
  const left = (options: Partial<DtlsOptions>) => () => new Pair({ ...pairOf, clientOptions: options })
  const pairOf = await certificates()
  t.throws(left({ versions: [] }), RangeError)
  t.throws(left({ versions: ['1.2'], groups: ['x25519mlkem768'] }), RangeError)
  t.throws(left({ versions: ['1.3'], cipherSuites: ['TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256'] }), RangeError)
  t.throws(left({ versions: BOTH, cipherSuites: ['TLS_NULL_WITH_NULL_NULL'] }), RangeError)
  t.throws(left({ versions: BOTH, groups: [] }), RangeError)
  t.throws(left({ srtpProfiles: ['SRTP_NULL_HMAC_SHA1_80' as SrtpProfile] }), RangeError, 'nor is a profile guessed at')
})

const withVersions = (...versions: number[]) =>
  tamperHello('client', body => {
    const hello = decodeClientHello(body)
    const list = Uint8Array.from([2 * versions.length, ...versions.flatMap(version => [version >> 8, version & 255])])
    const extensions = new Map(hello.extensions)
    if (versions.length > 0) extensions.set(43, list)
    else extensions.delete(43)
    return encodeClientHello({ ...hello, extensions })
  })

t.test('a hello that lost its DTLS 1.3 on the way is found out by the client', async t => {
  for (const versions of [[], [DTLS_12]]) {
    const pair = new Pair({ ...(await dual()), path: withVersions(...versions) })
    pair.start()
    pair.run()
    t.match(pair.client.error, { code: 'protocol-violation', sentAlert: Alert.illegalParameter })
    t.match(pair.server.error, { code: 'alert-received', receivedAlert: Alert.illegalParameter })
  }
})

t.test('a server that speaks DTLS 1.3 says so in the random of 1.2, another does not', async t => {
  const own = await certificates()
  const randomOf = (versions: readonly DtlsVersion[]) => {
    const pair = connectedPair({ ...own, serverOptions: { versions } })
    return helloOf(pair.server.sent[0]!).random
  }
  t.same([...randomOf(BOTH).subarray(24)], [...DOWNGRADE_12])
  t.notOk(isDowngraded(randomOf(['1.2'])))
})

t.test('a client that speaks 1.2 alone does not mind', async t => {
  const pair = connectedPair({ ...(await certificates()), serverOptions: { versions: BOTH } })
  t.equal(pair.client.dtls.version, DTLS_12)
})

t.test('versions that nobody knows are skipped', async t => {
  const pair = new Pair({ ...(await dual()), path: withVersions(0x3a3a, 0xfefb, DTLS_12, DTLS_13) })
  pair.start()
  pair.run(() => pair.server.dtls.version !== undefined)
  t.equal(pair.server.dtls.version, DTLS_13, 'by our order')
  const older = new Pair({ ...(await dual()), path: withVersions(0xfeff, 0x0304) })
  older.start()
  older.run()
  t.match(older.server.error, { code: 'protocol-violation', sentAlert: Alert.protocolVersion })
})

t.test('a server of DTLS 1.2 may ask for its cookie, and the client offers 1.3 again', async t => {
  const pair = connectedPair({ ...(await dual()), serverOptions: { versions: ['1.2'], cookieExchange: true } })
  t.equal(pair.client.dtls.version, DTLS_12)
  const hellos = pair.client.sent.slice(0, 2).map(each => decodeClientHello(parseRecords(each)[0]!.fragment.slice(12)))
  t.equal(hellos[0]!.cookie.length, 0)
  t.equal(hellos[1]!.cookie.length, 32)
  t.same(encodeClientHello({ ...hellos[1]!, cookie: new Uint8Array(0) }), encodeClientHello(hellos[0]!))
})

/** A HelloVerifyRequest that somebody else gets in before the server's answer. */
const verifyRequest = (sequence = 0) => plainRecord(22, buildMessage(3, sequence, Uint8Array.of(0xfe, 0xff, 1, 7)), 90)

t.test('HelloVerifyRequest has no place in DTLS 1.3', async t => {
  const only = new Pair({ ...(await certificates()), version: '1.3' })
  only.start()
  only.inject(verifyRequest(), 'client', 1)
  only.run()
  t.match(only.client.error, { code: 'protocol-violation', sentAlert: Alert.unexpectedMessage })

  // A server that asked for a cookie as in 1.2 cannot go on in 1.3.
  const pair = new Pair({ ...(await dual()), path: () => [] })
  pair.start()
  pair.inject(verifyRequest(), 'client', 1)
  pair.run(() => pair.client.sent.length === 2)
  const [, second] = pair.client.sent
  t.equal(decodeClientHello(parseRecords(second!)[0]!.fragment.slice(12)).cookie.length, 1)
  // The genuine server's answer, as if it were the second message.
  const answering = new Pair({ ...(await dual()) })
  answering.start()
  answering.run(() => answering.server.sent.length > 0)
  const serverHello = parseRecords(splitRecords(answering.server.sent[0]!)[0]!)[0]!.fragment.slice(12)
  pair.client.dtls.receive(plainRecord(22, buildMessage(2, 1, serverHello), 91), pair.now)
  pair.client.drain()
  t.match(pair.client.error, { code: 'protocol-violation', sentAlert: Alert.illegalParameter })
})

t.test('a ServerHello of no version that was offered is refused', async t => {
  const alter = (change: (hello: ReturnType<typeof decodeServerHello>) => object) =>
    tamperHello('server', body => {
      const hello = decodeServerHello(body)
      return encodeServerHello({ ...hello, ...change(hello) })
    })
  const versions = (...data: number[]) =>
    alter(({ extensions }) => ({
      extensions: new Map([...extensions, [43, Uint8Array.from(data)]]),
    }))
  const withoutVersions = (more: object) =>
    alter(({ extensions }) => ({ extensions: new Map([...extensions].filter(([type]) => type !== 43)), ...more }))
  const cases: [string, DtlsVersion[], ReturnType<typeof alter>, number][] = [
    ['1.2 by the extension', ['1.3', '1.2'], versions(0xfe, 0xfd), Alert.illegalParameter],
    ['another by the extension', ['1.3', '1.2'], versions(0xfe, 0xfb), Alert.illegalParameter],
    ['a list', ['1.3', '1.2'], versions(2, 0xfe, 0xfc), Alert.decodeError],
    ['1.2 to who does not speak it', ['1.3'], withoutVersions({}), Alert.protocolVersion],
    ['1.0', ['1.3', '1.2'], withoutVersions({ version: 0xfeff }), Alert.protocolVersion],
    ['1.3 in the old field', ['1.3', '1.2'], withoutVersions({ version: DTLS_13 }), Alert.protocolVersion],
    [
      'a HelloRetryRequest of no version',
      ['1.3', '1.2'],
      withoutVersions({ random: HELLO_RETRY_REQUEST_RANDOM }),
      Alert.missingExtension,
    ],
    ['1.3 with another field than 1.2', ['1.3', '1.2'], alter(() => ({ version: DTLS_13 })), Alert.illegalParameter],
  ]
  for (const [name, offered, path, alert] of cases) {
    const pair = new Pair({ ...(await dual()), clientOptions: { versions: offered, mtu: 8000 }, path })
    pair.start()
    pair.run()
    t.match(pair.client.error, { code: 'protocol-violation', sentAlert: alert }, name)
  }
})

t.test('a share answered in DTLS 1.2 is refused', async t => {
  const path = tamperHello('server', body => {
    const hello = decodeServerHello(body)
    return encodeServerHello({ ...hello, extensions: new Map([...hello.extensions, [51, Uint8Array.of(0, 29, 0, 0)]]) })
  })
  const pair = new Pair({ ...(await dual()), serverOptions: { versions: ['1.2'] }, path })
  pair.start()
  pair.run()
  t.match(pair.client.error, { code: 'protocol-violation', sentAlert: Alert.illegalParameter })
})

t.test('a hello in any number of fragments and datagrams, in any order, tells its version', async t => {
  const own = await certificates()
  for (const mtu of [150, 400, 1200]) {
    const pair = new Pair({ ...own, clientOptions: { versions: BOTH, mtu }, serverOptions: { versions: BOTH } })
    // Each datagram of the first flight overtakes those before it.
    pair.path = (bytes, from, index) => [{ bytes, delay: from === 'client' && index < 20 ? 40 - index : 10 }]
    pair.start()
    pair.run(() => pair.connected)
    t.equal(pair.server.dtls.version, DTLS_13, `${mtu} bytes`)
    t.equal(pair.server.dtls.group, 'x25519mlkem768')
  }
})

t.test('the hello of a browser, in two datagrams, is answered in DTLS 1.3 with the hybrid group', async t => {
  const own = await certificate('ec-p256', 'server')
  const hellos = udpPayloads(fixtureBytes('captures/cr-ff-data.pcap'))
    .map(({ payload }) => payload)
    .filter(payload => payload[0] === 22 && payload[13] === 1)
  t.equal(hellos.length, 2)
  for (const datagrams of [hellos, [...hellos].reverse(), [hellos[1]!, hellos[1]!, hellos[0]!]]) {
    const server = new End(
      { crypto: nodeCrypto, role: 'server', certificate: own, fingerprints: [sha256Of(own)], mtu: 8000 },
      () => {},
    )
    for (const datagram of datagrams) server.dtls.receive(datagram.slice(), 0)
    t.equal(server.dtls.state, 'connecting')
    t.equal(server.dtls.version, DTLS_13)
    t.equal(server.dtls.cipherSuite?.name, 'TLS_AES_128_GCM_SHA256')
    t.equal(server.dtls.group, 'x25519mlkem768')
    t.ok(server.dtls.srtpProfile)
    t.same([...helloOf(server.sent[0]!).extensions.keys()], [43, 51])
  }
})
