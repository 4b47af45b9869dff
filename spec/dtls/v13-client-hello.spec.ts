/** What a ClientHello of DTLS 1.3 may say to a server, the first one and the one behind a HelloRetryRequest (RFC 8446, 4.1.2 and 9.2). */

import t, { type Test } from 'tap'
import { type ClientHello, decodeClientHello, encodeClientHello } from '../../lib/dtls/hello.ts'
import { Alert, type DtlsOptions } from '../../lib/dtls/index.ts'
import { decodeClientShares, encodeClientShares } from '../../lib/dtls/v13/key-share.ts'
import { helloOf, tamperHello } from './liar.ts'
import { certificate, Pair } from './pair.ts'

type Change = (hello: ClientHello) => Partial<ClientHello>

const extended =
  (type: number, ...data: number[]): Change =>
  ({ extensions }) => ({
    extensions: new Map([...extensions, [type, Uint8Array.from(data)]]),
  })

const without =
  (type: number): Change =>
  ({ extensions }) => ({
    extensions: new Map([...extensions].filter(([each]) => each !== type)),
  })

/** A handshake in which the client's n-th hello, counted from 0, is changed. */
const told = async (
  change: Change,
  nth = 0,
  serverOptions: Partial<DtlsOptions> = {},
  key: 'ec-p256' | 'rsa' = 'ec-p256',
) => {
  const pair = new Pair({
    client: await certificate('ec-p256', 'client'),
    server: await certificate(key, 'server'),
    version: '1.3',
    // The hybrid's share would not fit beside a second one, and is not what is looked at.
    clientOptions: { mtu: 8000, groups: ['x25519', 'secp256r1', 'secp384r1'] },
    serverOptions: { mtu: 8000, ...serverOptions },
    path: tamperHello('client', (body, count) => {
      const hello = decodeClientHello(body)
      return count === nth ? encodeClientHello({ ...hello, ...change(hello) }) : body
    }),
  })
  pair.start()
  return pair
}

const refused = (t: Test, pair: Pair, name: string, alert: number): void => {
  pair.run()
  t.match(pair.server.error, { sentAlert: alert }, name)
  t.equal(pair.server.error?.code, alert === Alert.handshakeFailure ? 'no-common-parameters' : 'protocol-violation')
  t.match(pair.client.error, { code: 'alert-received', receivedAlert: alert })
}

t.test('a ClientHello that cannot be served is refused', async t => {
  const shares =
    (...groups: number[]): Change =>
    ({ extensions }) => {
      const [own] = decodeClientShares(extensions.get(51)!)
      return extended(
        51,
        ...encodeClientShares(groups.map(group => ({ ...own!, group }))),
      )({ extensions } as ClientHello)
    }
  const cases: [string, number, Change][] = [
    ['a cookie of DTLS 1.2', Alert.illegalParameter, () => ({ cookie: Uint8Array.of(1) })],
    ['compression', Alert.illegalParameter, () => ({ compressionMethods: Uint8Array.of(0, 1) })],
    ['no way to leave out compression', Alert.illegalParameter, () => ({ compressionMethods: Uint8Array.of(1) })],
    ['no supported_groups', Alert.missingExtension, without(10)],
    ['no key_share', Alert.missingExtension, without(51)],
    ['no signature_algorithms', Alert.missingExtension, without(13)],
    ['a share of a group that is not supported', Alert.illegalParameter, extended(10, 0, 2, 0, 23)],
    ['a share of an unknown group that is not supported', Alert.illegalParameter, shares(29, 0x6399)],
    ['two shares of a group', Alert.illegalParameter, shares(29, 29)],
    ['unknown suites only', Alert.handshakeFailure, () => ({ cipherSuites: [0x1304, 0x5a5a, 0xc02b] })],
    [
      'unknown groups only',
      Alert.handshakeFailure,
      hello => {
        const { extensions } = shares(0x6399)(hello)
        return extended(10, 0, 4, 0x63, 0x99, 0x5a, 0x5a)({ ...hello, extensions: extensions! })
      },
    ],
    ['no scheme of our key', Alert.handshakeFailure, extended(13, 0, 6, 8, 4, 5, 3, 0x5a, 0x5a)],
    ['an odd list of groups', Alert.decodeError, extended(10, 0, 3, 0, 29, 0)],
    ['an empty list of groups', Alert.decodeError, extended(10, 0, 0)],
    ['an empty list of schemes', Alert.decodeError, extended(13, 0, 0)],
    ['a share without a key', Alert.decodeError, extended(51, 0, 4, 0, 29, 0, 0)],
    ['shares that end early', Alert.decodeError, extended(51, 0, 9, 0, 29, 0, 0)],
    ['a malformed use_srtp', Alert.decodeError, extended(14, 0, 2, 0)],
    ['an empty list of versions', Alert.decodeError, extended(43, 0)],
  ]
  for (const [name, alert, change] of cases) refused(t, await told(change), name, alert)
})

t.test('RSA with PKCS #1 is for certificates only', async t => {
  const pair = await told(extended(13, 0, 6, 4, 1, 5, 1, 6, 1), 0, {}, 'rsa')
  refused(t, pair, 'PKCS #1 only', Alert.handshakeFailure)
})

t.test('what a ClientHello has beyond our knowledge is skipped', async t => {
  const beyond = new Map<number, number[]>([
    [0x2a2a, []],
    [41, [0, 9, 0, 3, 1, 2, 3, 0, 0, 0, 0, 0, 2, 1, 1]],
    [42, []],
    [45, [1, 1]],
    [16, [0, 3, 2, 0x68, 0x32]],
    [28, [0x40, 1]],
    [34, [0, 2, 4, 3]],
    [44, [0, 1, 9]],
    [54, [0]],
    [0xfe0d, [1, 2, 3]],
  ])
  const pair = await told(hello => ({
    sessionId: new Uint8Array(32).fill(7),
    cipherSuites: [0x5a5a, 0x1304, 0xc02b, 0x00ff, ...hello.cipherSuites],
    extensions: new Map([
      ...[...beyond].map(([type, data]) => [type, Uint8Array.from(data)] as const),
      ...hello.extensions,
      [10, Uint8Array.from([0, 8, 0x4a, 0x4a, 0, 25, 0, 29, 1, 0])],
      [13, Uint8Array.from([0, 8, 0x5a, 0x5a, 2, 1, 8, 9, 4, 3])],
      [14, Uint8Array.from([0, 4, 0, 99, 0, 1, 1, 5])],
      [43, Uint8Array.from([6, 0x3a, 0x3a, 0xfe, 0xfb, 0xfe, 0xfc])],
    ]),
  }))
  pair.run(() => pair.server.sent.length > 0)
  t.equal(pair.server.dtls.state, 'connecting')
  t.equal(pair.server.dtls.group, 'x25519')
  t.equal(pair.server.dtls.cipherSuite?.name, 'TLS_AES_128_GCM_SHA256')
  t.equal(pair.server.dtls.srtpProfile, 'SRTP_AES128_CM_HMAC_SHA1_80')
  const answer = helloOf(pair.server.sent[0]!)
  t.equal(answer.sessionId.length, 0, 'which is not returned')
  t.same([...answer.extensions.keys()], [43, 51])
})

t.test('a client without a share is asked for one', async t => {
  const pair = await told(extended(51, 0, 0))
  pair.run(() => pair.server.sent.length > 0)
  t.same([...helloOf(pair.server.sent[0]!).extensions.get(51)!], [0, 29])
})

const KEPT: readonly [string, Change][] = [
  ['another random', () => ({ random: new Uint8Array(32) })],
  ['a session id', () => ({ sessionId: Uint8Array.of(1) })],
  ['fewer suites', ({ cipherSuites }) => ({ cipherSuites: cipherSuites.slice(0, 2) })],
  ['other suites', ({ cipherSuites }) => ({ cipherSuites: [...cipherSuites].reverse() })],
  ['other groups', extended(10, 0, 4, 0, 29, 0, 24)],
  ['other schemes', extended(13, 0, 2, 4, 3)],
  ['another use_srtp', extended(14, 0, 2, 0, 1, 0)],
  ['no use_srtp', without(14)],
  ['other versions', extended(43, 4, 0xfe, 0xfc, 0xfe, 0xfd)],
]

t.test('a second ClientHello that does not do what it was asked to is refused', async t => {
  const cases: [string, Change][] = [
    ...KEPT,
    ['no share', extended(51, 0, 0)],
    ['a share of another group', extended(51, 0, 5, 0, 23, 0, 1, 4)],
    [
      'a share too many',
      ({ extensions }) => {
        const [own] = decodeClientShares(extensions.get(51)!)
        const entries = [own!, { group: 29, keyExchange: new Uint8Array(32).fill(9) }]
        return extended(51, ...encodeClientShares(entries))({ extensions } as ClientHello)
      },
    ],
  ]
  for (const [name, change] of cases) {
    refused(t, await told(change, 1, { groups: ['secp384r1'] }), name, Alert.illegalParameter)
  }
})

t.test('a second ClientHello without the cookie that belongs to it is refused', async t => {
  const cases: [string, number, Change][] = [
    ...KEPT.map(([name, change]): [string, number, Change] => [name, Alert.illegalParameter, change]),
    ['no cookie', Alert.illegalParameter, without(44)],
    ['another cookie', Alert.illegalParameter, extended(44, 0, 2, 1, 2)],
    [
      'a cookie with one bit changed',
      Alert.illegalParameter,
      ({ extensions }) => {
        const [...bytes] = extensions.get(44)!
        bytes[10]! ^= 1
        return extended(44, ...bytes)({ extensions } as ClientHello)
      },
    ],
    ['an empty cookie', Alert.decodeError, extended(44, 0, 0)],
    ['another share', Alert.illegalParameter, extended(51, 0, 5, 0, 29, 0, 1, 4)],
  ]
  for (const [name, alert, change] of cases) refused(t, await told(change, 1, { cookieExchange: true }), name, alert)
})

t.test('a cookie that nobody gave is no cookie', async t => {
  const pair = await told(extended(44, 0, 1, 9), 0, { cookieExchange: true })
  refused(t, pair, 'in the first hello', Alert.illegalParameter)
})

t.test('the cookie belongs to one hello', async t => {
  const cookieOf = async () => {
    const pair = await told(() => ({}), 0, { cookieExchange: true })
    pair.run(() => pair.server.sent.length > 0)
    return [...helloOf(pair.server.sent[0]!).extensions.get(44)!].join()
  }
  const first = await cookieOf()
  t.equal(first.split(',').length, 34)
  t.not(first, await cookieOf())
})
