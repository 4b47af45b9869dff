/** What hellos may and may not say: what is unknown is skipped, what is not allowed ends the handshake. */

import t from 'tap'
import { concatBytes } from '../../lib/bytes/index.ts'
import {
  type ClientHello,
  decodeClientHello,
  decodeServerHello,
  encodeClientHello,
  encodeServerHello,
  type ServerHello,
} from '../../lib/dtls/hello.ts'
import { Alert } from '../../lib/dtls/index.ts'
import { fixtureBytes } from '../fixture.ts'
import { nodeCrypto } from '../providers.ts'
import { certificate, End, Pair, sha256Of } from './pair.ts'
import { buildMessage, parseRecords, plainRecord, tamper, udpPayloads } from './wire.ts'

const options = async () => ({
  client: await certificate('ec-p256', 'client'),
  server: await certificate('ec-p256', 'server'),
})

const changedServerHello = (change: (hello: ServerHello) => Partial<ServerHello>) =>
  tamper('server', 2, body => {
    const hello = decodeServerHello(body)
    return encodeServerHello({ ...hello, ...change(hello) })
  })

const extended = (hello: ServerHello, type: number, ...data: number[]): Partial<ServerHello> => ({
  extensions: new Map([...hello.extensions, [type, Uint8Array.from(data)]]),
})

const without = <T extends ClientHello | ServerHello>(hello: T, type: number) => ({
  extensions: new Map([...hello.extensions].filter(([each]) => each !== type)),
})

t.test('a ServerHello that the client did not allow for is refused', async t => {
  const cases: [string, number, (hello: ServerHello) => Partial<ServerHello>][] = [
    ['DTLS 1.0', Alert.protocolVersion, () => ({ version: 0xfeff })],
    ['DTLS 1.3 in the legacy field', Alert.protocolVersion, () => ({ version: 0xfefc })],
    ['a suite that was not offered', Alert.illegalParameter, () => ({ cipherSuite: 0xc00a })],
    ['compression', Alert.illegalParameter, () => ({ compressionMethod: 1 })],
    ['an extension that was not offered', Alert.unsupportedExtension, hello => extended(hello, 16, 0, 0)],
    ['supported_versions', Alert.unsupportedExtension, hello => extended(hello, 43, 0xfe, 0xfc)],
    ['no extended master secret', Alert.handshakeFailure, hello => without(hello, 23)],
    ['an extended master secret with a body', Alert.decodeError, hello => extended(hello, 23, 1)],
    ['a renegotiation', Alert.handshakeFailure, hello => extended(hello, 0xff01, 1, 1)],
    ['no uncompressed points', Alert.illegalParameter, hello => extended(hello, 11, 1, 1)],
    ['two SRTP profiles', Alert.illegalParameter, hello => extended(hello, 14, 0, 4, 0, 1, 0, 7, 0)],
    ['an unknown SRTP profile', Alert.illegalParameter, hello => extended(hello, 14, 0, 2, 0, 99, 0)],
    ['a master key identifier', Alert.illegalParameter, hello => extended(hello, 14, 0, 2, 0, 1, 1, 5)],
    ['a malformed use_srtp', Alert.decodeError, hello => extended(hello, 14, 0, 3, 0, 1, 1, 5)],
    ['a long session id', Alert.decodeError, () => ({ sessionId: new Uint8Array(33) })],
  ]
  for (const [name, alert, change] of cases) {
    const pair = new Pair({ ...(await options()), path: changedServerHello(change) })
    pair.start()
    pair.run()
    t.match(pair.client.error, { code: 'protocol-violation', sentAlert: alert }, name)
    t.match(pair.server.error, { code: 'alert-received', receivedAlert: alert })
  }
})

t.test('an extension that comes twice, or ends wrongly, is refused', async t => {
  const doubled = tamper('server', 2, body => {
    const at = 2 + 32 + 1 + 2 + 1
    const list = body.slice(at + 2)
    const length = 2 * list.length
    return concatBytes(body.slice(0, at), Uint8Array.of(length >> 8, length), list, list)
  })
  const cut = tamper('server', 2, body => body.slice(0, -1))
  const longer = tamper('server', 2, body => concatBytes(body, Uint8Array.of(0)))
  for (const [path, alert] of [
    [doubled, Alert.illegalParameter],
    [cut, Alert.decodeError],
    [longer, Alert.decodeError],
  ] as const) {
    const pair = new Pair({ ...(await options()), path })
    pair.start()
    pair.run()
    t.match(pair.client.error, { code: 'protocol-violation', sentAlert: alert })
  }
})

t.test('a message that comes out of turn is refused', async t => {
  const cases: [number, number][] = [
    [2, 12],
    [11, 14],
    [12, 14],
    [13, 4],
    [14, 20],
  ]
  for (const [type, as] of cases) {
    const pair = new Pair({
      ...(await options()),
      path: (datagram, from, index) => {
        const copy = datagram.slice()
        if (from === 'server') {
          let at = 0
          for (const { fragment } of parseRecords(copy)) {
            if (fragment[0] === type) copy[at + 13] = as
            at += 13 + fragment.length
          }
        }
        return [{ bytes: copy, delay: 10 + index }]
      },
    })
    pair.start()
    pair.run()
    t.match(pair.client.error, { code: 'protocol-violation', sentAlert: Alert.unexpectedMessage }, `${as} for ${type}`)
  }
})

t.test('a Finished in the clear is no Finished', async t => {
  const pair = new Pair(await options())
  pair.path = (datagram, from, index) => {
    if (from === 'server' && index === 1) {
      const finished = plainRecord(22, buildMessage(20, 5, new Uint8Array(12)), 99)
      return [{ bytes: finished, delay: 10 }]
    }
    return [{ bytes: datagram, delay: 10 }]
  }
  pair.start()
  pair.run()
  t.match(pair.client.error, { code: 'protocol-violation', sentAlert: Alert.unexpectedMessage })
})

/** A server that has been sent one ClientHello. */
const serverFor = async (change: (hello: ClientHello) => Partial<ClientHello>): Promise<End> => {
  const pair = new Pair(await options())
  pair.client.dtls.start(0)
  const hello = decodeClientHello(parseRecords(pair.client.sent[0]!)[0]!.fragment.slice(12))
  const body = encodeClientHello({ ...hello, ...change(hello) })
  pair.server.dtls.receive(plainRecord(22, buildMessage(1, 0, body)), 0)
  pair.server.drain()
  return pair.server
}

const extension = (hello: ClientHello, type: number, ...data: number[]): Partial<ClientHello> => ({
  extensions: new Map([...hello.extensions, [type, Uint8Array.from(data)]]),
})

t.test('a ClientHello that cannot be served is refused', async t => {
  const cases: [string, number, (hello: ClientHello) => Partial<ClientHello>][] = [
    ['DTLS 1.0', Alert.protocolVersion, () => ({ version: 0xfeff })],
    ['TLS 1.2', Alert.protocolVersion, () => ({ version: 0x0303 })],
    ['DTLS 1.3 only', Alert.protocolVersion, hello => extension(hello, 43, 2, 0xfe, 0xfc)],
    ['no null compression', Alert.illegalParameter, () => ({ compressionMethods: Uint8Array.of(1) })],
    ['unknown suites only', Alert.handshakeFailure, () => ({ cipherSuites: [0x1301, 0x0a0a, 0xc009] })],
    ['unknown groups only', Alert.handshakeFailure, hello => extension(hello, 10, 0, 4, 0x11, 0xec, 0x5a, 0x5a)],
    ['unknown schemes only', Alert.handshakeFailure, hello => extension(hello, 13, 0, 4, 2, 3, 0x5a, 0x5a)],
    ['no schemes', Alert.handshakeFailure, hello => without(hello, 13)],
    ['no extended master secret', Alert.handshakeFailure, hello => without(hello, 23)],
    ['a renegotiation', Alert.handshakeFailure, hello => extension(hello, 0xff01, 1, 7)],
    ['no uncompressed points', Alert.illegalParameter, hello => extension(hello, 11, 1, 1)],
    ['an odd list of groups', Alert.decodeError, hello => extension(hello, 10, 0, 3, 0, 29, 0)],
    ['an empty list of schemes', Alert.decodeError, hello => extension(hello, 13, 0, 0)],
    ['a malformed use_srtp', Alert.decodeError, hello => extension(hello, 14, 0, 2, 0)],
    ['no suites', Alert.decodeError, () => ({ cipherSuites: [] })],
  ]
  for (const [name, alert, change] of cases) {
    const server = await serverFor(change)
    t.match(server.error, { sentAlert: alert }, name)
    t.same([...parseRecords(server.sent[0]!)[0]!.fragment], [2, alert], name)
  }
})

t.test('what a ClientHello has beyond our knowledge is skipped', async t => {
  const server = await serverFor(hello => ({
    version: 0xfefd,
    cipherSuites: [0x1301, 0x5a5a, 0xc009, ...hello.cipherSuites],
    extensions: new Map([
      [0x2a2a, new Uint8Array(0)],
      [43, Uint8Array.from([6, 0x3a, 0x3a, 0xfe, 0xfc, 0xfe, 0xfd])],
      ...hello.extensions,
      [10, Uint8Array.from([0, 6, 0x4a, 0x4a, 0x11, 0xec, 0, 23])],
      [13, Uint8Array.from([0, 6, 0x5a, 0x5a, 2, 1, 4, 3])],
      [14, Uint8Array.from([0, 4, 0, 99, 0, 1, 0])],
      [51, Uint8Array.from([0, 0])],
    ] as [number, Uint8Array][]),
  }))
  t.equal(server.dtls.state, 'connecting')
  t.equal(server.dtls.group, 'secp256r1')
  t.equal(server.dtls.srtpProfile, 'SRTP_AES128_CM_HMAC_SHA1_80')
  t.equal(server.dtls.cipherSuite?.id, 0xc02b)
})

t.test('a ClientHello without extensions for curves or renegotiation gets none in answer', async t => {
  const server = await serverFor(hello => ({
    cipherSuites: [0xc02b],
    extensions: new Map([...hello.extensions].filter(([type]) => type === 13 || type === 23)),
  }))
  t.equal(server.dtls.group, 'secp256r1')
  const hello = decodeServerHello(parseRecords(server.sent[0]!)[0]!.fragment.slice(12))
  t.same([...hello.extensions.keys()], [23])
  const signalled = await serverFor(() => ({ cipherSuites: [0xc02b, 0x00ff] }))
  const answer = decodeServerHello(parseRecords(signalled.sent[0]!)[0]!.fragment.slice(12))
  t.same([...(answer.extensions.get(0xff01) ?? [])], [0])
})

t.test(
  'a browser that prefers DTLS 1.3 and sends its hello in two datagrams is answered in 1.2 where that is all we speak',
  async t => {
    const own = await certificate('ec-p256', 'server')
    const hellos = udpPayloads(fixtureBytes('captures/cr-ff-data.pcap'))
      .map(({ payload }) => payload)
      .filter(payload => payload[0] === 22 && payload[13] === 1)
    t.equal(hellos.length, 2)
    for (const datagrams of [hellos, [...hellos].reverse(), [hellos[1]!, hellos[1]!, hellos[0]!]]) {
      const server = new End(
        { crypto: nodeCrypto, role: 'server', certificate: own, fingerprints: [sha256Of(own)], versions: ['1.2'] },
        () => {},
      )
      for (const datagram of datagrams) server.dtls.receive(datagram.slice(), 0)
      t.equal(server.dtls.state, 'connecting')
      t.equal(server.dtls.version, 0xfefd)
      t.equal(server.dtls.cipherSuite?.name, 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256')
      t.equal(server.dtls.group, 'x25519')
      t.ok(server.dtls.srtpProfile)
      t.equal(parseRecords(server.sent[0]!)[0]!.fragment[0], 2, 'ServerHello')
    }
  },
)
