/** What a ServerHello and a HelloRetryRequest of DTLS 1.3 may say to a client (RFC 8446, 4.1.3, 4.1.4 and 4.2). */

import t, { type Test } from 'tap'
import {
  decodeServerHello,
  encodeServerHello,
  HELLO_RETRY_REQUEST_RANDOM,
  type ServerHello,
} from '../../lib/dtls/hello.ts'
import { Alert, type DtlsOptions } from '../../lib/dtls/index.ts'
import { tamperHello } from './liar.ts'
import { certificate, Pair } from './pair.ts'

type Change = (hello: ServerHello) => Partial<ServerHello>

const options = async () => ({
  client: await certificate('ec-p256', 'client'),
  server: await certificate('ec-p256', 'server'),
  version: '1.3' as const,
})

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

/** A handshake in which the server's n-th hello, counted from 0, is changed. */
const refused = async (
  t: Test,
  name: string,
  serverOptions: Partial<DtlsOptions>,
  nth: number,
  change: Change,
  alert: number,
): Promise<void> => {
  const path = tamperHello('server', (body, count) => {
    const hello = decodeServerHello(body)
    return count === nth ? encodeServerHello({ ...hello, ...change(hello) }) : body
  })
  const pair = new Pair({ ...(await options()), clientOptions: { mtu: 8000 }, serverOptions, path })
  pair.start()
  pair.run()
  t.match(pair.client.error, { code: 'protocol-violation', sentAlert: alert }, name)
  t.equal(pair.client.dtls.state, 'failed')
  t.notOk(pair.server.events.some(({ type }) => type === 'connected'))
}

/** What holds for both. */
const COMMON: readonly [string, number, Change][] = [
  ['a session id', Alert.illegalParameter, () => ({ sessionId: Uint8Array.of(1) })],
  ['compression', Alert.illegalParameter, () => ({ compressionMethod: 1 })],
  ['DTLS 1.3 in the old field', Alert.illegalParameter, () => ({ version: 0xfefc })],
  ['a suite that was not offered', Alert.illegalParameter, () => ({ cipherSuite: 0x1304 })],
  ['a suite of DTLS 1.2', Alert.illegalParameter, () => ({ cipherSuite: 0xc02b })],
  ['an extension that was not offered', Alert.unsupportedExtension, extended(16, 0, 3, 2, 0x68, 0x32)],
  ['a pre-shared key', Alert.unsupportedExtension, extended(41, 0, 0)],
  ['an extension that nobody knows', Alert.unsupportedExtension, extended(0x3a3a)],
  ['use_srtp', Alert.illegalParameter, extended(14, 0, 2, 0, 7, 0)],
  ['supported_groups', Alert.illegalParameter, extended(10, 0, 2, 0, 29)],
  ['signature_algorithms', Alert.illegalParameter, extended(13, 0, 2, 4, 3)],
  ['extended_master_secret, which was not offered', Alert.unsupportedExtension, extended(23)],
]

t.test('a ServerHello that the client did not allow for is refused', async t => {
  const cases: [string, number, Change][] = [
    ...COMMON,
    ['a cookie', Alert.unsupportedExtension, extended(44, 0, 1, 1)],
    ['no share', Alert.missingExtension, without(51)],
    ['a share of a group that was supported only', Alert.illegalParameter, extended(51, 0, 24, 0, 1, 4)],
    ['a share of an unknown group', Alert.illegalParameter, extended(51, 0, 99, 0, 1, 4)],
    ['a share that is too short for its group', Alert.illegalParameter, extended(51, 0, 29, 0, 1, 4)],
    ['an empty share', Alert.decodeError, extended(51, 0, 29, 0, 0)],
    ['a share with something behind it', Alert.decodeError, extended(51, 0, 29, 0, 1, 4, 4)],
    ['a list of versions', Alert.decodeError, extended(43, 2, 0xfe, 0xfc)],
  ]
  for (const [name, alert, change] of cases) await refused(t, name, { mtu: 8000 }, 0, change, alert)
})

t.test('extended_master_secret belongs into DTLS 1.2, also where it was offered', async t => {
  const path = tamperHello('server', body => {
    const hello = decodeServerHello(body)
    return encodeServerHello({ ...hello, ...extended(23)(hello) })
  })
  const versions = ['1.3', '1.2'] as const
  const both = { versions, mtu: 8000 }
  const pair = new Pair({ ...(await options()), clientOptions: both, serverOptions: both, path })
  pair.start()
  pair.run()
  t.match(pair.client.error, { code: 'protocol-violation', sentAlert: Alert.illegalParameter })
})

const RETRY: Partial<DtlsOptions> = { mtu: 8000, groups: ['secp384r1'] }

t.test('a HelloRetryRequest that the client did not allow for is refused', async t => {
  const cases: [string, number, Change][] = [
    ...COMMON,
    ['no change', Alert.illegalParameter, without(51)],
    ['no version', Alert.missingExtension, without(43)],
    ['a group that there is a share of', Alert.illegalParameter, extended(51, 0, 29)],
    ['a group that is not supported', Alert.illegalParameter, extended(51, 0, 25)],
    ['a share in place of a group', Alert.decodeError, extended(51, 0, 24, 0, 1, 4)],
    ['an empty cookie', Alert.decodeError, extended(44, 0, 0)],
    ['a cookie with something behind it', Alert.decodeError, extended(44, 0, 1, 1, 1)],
  ]
  for (const [name, alert, change] of cases) await refused(t, name, RETRY, 0, change, alert)
})

t.test('a server that does not stay with its HelloRetryRequest is refused', async t => {
  const again: Change = ({ extensions }) => ({
    random: HELLO_RETRY_REQUEST_RANDOM,
    extensions: new Map([...extensions, [51, Uint8Array.of(0, 23)]]),
  })
  const cases: [string, number, Change][] = [
    ...COMMON,
    ['a second HelloRetryRequest', Alert.unexpectedMessage, again],
    ['another suite', Alert.illegalParameter, () => ({ cipherSuite: 0x1302 })],
    ['no version', Alert.missingExtension, without(43)],
    ['another version', Alert.illegalParameter, extended(43, 0xfe, 0xfd)],
    [
      'the group of a share of before',
      Alert.illegalParameter,
      extended(51, 0, 29, 0, 32, ...new Uint8Array(32).fill(9)),
    ],
    ['no share', Alert.missingExtension, without(51)],
  ]
  for (const [name, alert, change] of cases) await refused(t, name, RETRY, 1, change, alert)
})

t.test('a ServerHello that lies about its lengths is refused', async t => {
  for (const [name, change] of [
    ['cut', (body: Uint8Array) => body.slice(0, -1)],
    ['longer', (body: Uint8Array) => Uint8Array.from([...body, 0])],
    ['a random that ends early', (body: Uint8Array) => body.slice(0, 20)],
  ] as const) {
    const pair = new Pair({ ...(await options()), serverOptions: { mtu: 8000 }, path: tamperHello('server', change) })
    pair.start()
    pair.run()
    t.match(pair.client.error, { code: 'protocol-violation', sentAlert: Alert.decodeError }, name)
  }
})
