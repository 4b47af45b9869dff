/** What the protected messages of a DTLS 1.3 handshake may say, and in what order they come (RFC 8446, 4.2 to 4.4). */

import t, { type Test } from 'tap'
import { concatBytes } from '../../lib/bytes/index.ts'
import type { KeyType, PrivateKey } from '../../lib/crypto/index.ts'
import { Alert, type DtlsRole } from '../../lib/dtls/index.ts'
import { type Lie, OpenPair, splitRecords } from './liar.ts'
import { certificate } from './pair.ts'

const ENCRYPTED_EXTENSIONS = 8
const CERTIFICATE = 11
const CERTIFICATE_REQUEST = 13

const options = async () => ({
  client: await certificate('ec-p256', 'client'),
  server: await certificate('ec-p256', 'server'),
})

/** Runs a handshake in which `role` says another body in the message of that type. */
const saying = async (role: DtlsRole, type: number, change: (body: Uint8Array) => Uint8Array): Promise<OpenPair> => {
  const lie: Lie = message => (message.type === type ? { type, body: change(message.body) } : undefined)
  const pair = new OpenPair(await options()).lieAs(role, lie)
  pair.start()
  pair.run()
  return pair
}

const refused = (t: Test, pair: OpenPair, judge: DtlsRole, alert: number, name: string): void => {
  t.match(pair[judge].error, { code: 'protocol-violation', sentAlert: alert }, name)
  t.match(pair[judge === 'client' ? 'server' : 'client'].error, { code: 'alert-received', receivedAlert: alert }, name)
  t.notOk(pair[judge].events.some(event => event.type === 'connected'))
}

const bytes = (...numbers: number[]) => Uint8Array.from(numbers)
/** Extensions behind their length. */
const block = (...extensions: readonly number[][]) => bytes(0, extensions.flat().length, ...extensions.flat())

t.test('EncryptedExtensions that the client did not allow for are refused', async t => {
  const cases: [string, number, Uint8Array][] = [
    ['one that was not offered', Alert.unsupportedExtension, block([0, 16, 0, 3, 0, 1, 1])],
    ['one that nobody knows', Alert.unsupportedExtension, block([0x3a, 0x3a, 0, 0])],
    ['early data', Alert.unsupportedExtension, block([0, 42, 0, 0])],
    ['key_share', Alert.illegalParameter, block([0, 51, 0, 0])],
    ['supported_versions', Alert.illegalParameter, block([0, 43, 0, 2, 0xfe, 0xfc])],
    ['signature_algorithms', Alert.illegalParameter, block([0, 13, 0, 4, 0, 2, 4, 3])],
    ['one twice', Alert.illegalParameter, block([0, 10, 0, 4, 0, 2, 0, 29], [0, 10, 0, 4, 0, 2, 0, 29])],
    ['two SRTP profiles', Alert.illegalParameter, block([0, 14, 0, 7, 0, 4, 0, 1, 0, 7, 0])],
    ['an SRTP profile that was not offered', Alert.illegalParameter, block([0, 14, 0, 5, 0, 2, 0, 99, 0])],
    ['a master key identifier', Alert.illegalParameter, block([0, 14, 0, 6, 0, 2, 0, 7, 1, 5])],
    ['a malformed use_srtp', Alert.decodeError, block([0, 14, 0, 3, 0, 2, 0])],
    ['no list', Alert.decodeError, bytes()],
    ['a list that ends early', Alert.decodeError, bytes(0, 4, 0, 10)],
    ['something behind the list', Alert.decodeError, bytes(0, 0, 0)],
  ]
  for (const [name, alert, body] of cases) {
    refused(t, await saying('server', ENCRYPTED_EXTENSIONS, () => body), 'client', alert, name)
  }
})

t.test('a CertificateRequest that asks for what it may not is refused', async t => {
  const schemes = [0, 13, 0, 4, 0, 2, 4, 3]
  const request = (context: number[], ...extensions: number[][]) =>
    concatBytes(bytes(context.length, ...context), block(...extensions))
  const cases: [string, number, Uint8Array][] = [
    ['a context', Alert.illegalParameter, request([1], schemes)],
    ['no signature_algorithms', Alert.missingExtension, request([])],
    ['no scheme', Alert.decodeError, request([], [0, 13, 0, 2, 0, 0])],
    ['use_srtp', Alert.illegalParameter, request([], schemes, [0, 14, 0, 5, 0, 2, 0, 7, 0])],
    ['key_share', Alert.illegalParameter, request([], schemes, [0, 51, 0, 0])],
    ['something behind it', Alert.decodeError, concatBytes(request([], schemes), bytes(0))],
  ]
  for (const [name, alert, body] of cases) {
    refused(t, await saying('server', CERTIFICATE_REQUEST, () => body), 'client', alert, name)
  }
  // It shows in the transcript alone, which is to say that it was taken.
  const beyond = request([], [0x3a, 0x3a, 0, 1, 9], schemes, [0, 47, 0, 2, 0, 0])
  const pair = await saying('server', CERTIFICATE_REQUEST, () => beyond)
  t.match(pair.client.error, { code: 'bad-signature' }, 'what nobody knows is skipped')
})

t.test('a Certificate that answers what was not asked, or is none, is refused', async t => {
  const withContext = (body: Uint8Array) => concatBytes(bytes(1, 7), body.subarray(1))
  /** One entry: length of the list, length of the certificate, certificate, extensions. */
  const withExtension =
    (...extension: number[]) =>
    (body: Uint8Array) => {
      const size = body.length - 4 + extension.length
      return concatBytes(
        bytes(0, 0, size >> 8, size & 255),
        body.subarray(4, -2),
        bytes(0, extension.length, ...extension),
      )
    }
  const cases: [string, number, (body: Uint8Array) => Uint8Array][] = [
    ['a context', Alert.illegalParameter, withContext],
    ['an extension that was not asked for', Alert.unsupportedExtension, withExtension(0, 5, 0, 1, 1)],
    ['an extension of another message', Alert.illegalParameter, withExtension(0, 13, 0, 4, 0, 2, 4, 3)],
    ['an empty certificate', Alert.decodeError, () => bytes(0, 0, 0, 5, 0, 0, 0, 0, 0)],
    ['an entry without extensions', Alert.decodeError, () => bytes(0, 0, 0, 4, 0, 0, 1, 7)],
    ['a list that ends early', Alert.decodeError, body => body.subarray(0, -1)],
    ['something behind the list', Alert.decodeError, body => concatBytes(body, bytes(0))],
  ]
  for (const role of ['client', 'server'] as const) {
    const judge = role === 'client' ? 'server' : 'client'
    for (const [name, alert, change] of cases) {
      refused(t, await saying(role, CERTIFICATE, change), judge, alert, `${name}, of the ${role}`)
    }
    const none = judge === 'server' ? Alert.certificateRequired : Alert.decodeError
    refused(t, await saying(role, CERTIFICATE, () => bytes(0, 0, 0, 0)), judge, none, `none, of the ${role}`)
  }
})

t.test('only the first certificate of a chain counts', async t => {
  const stranger = (await certificate('ec-p256', 'stranger')).der
  const entry = concatBytes(bytes(0, stranger.length >> 8, stranger.length & 255), stranger, bytes(0, 0))
  const chain = (body: Uint8Array, first: boolean) => {
    const entries = first ? [entry, body.subarray(4)] : [body.subarray(4), entry]
    const size = body.length - 4 + entry.length
    return concatBytes(bytes(0, 0, size >> 8, size & 255), ...entries)
  }
  const behind = await saying('client', CERTIFICATE, body => chain(body, false))
  t.match(behind.server.error, { code: 'bad-signature' }, 'the transcript alone is touched')
  const before = await saying('client', CERTIFICATE, body => chain(body, true))
  t.match(before.server.error, { code: 'fingerprint-mismatch', sentAlert: Alert.badCertificate })
})

t.test('a client that can sign by no scheme of the server shows no certificate, and is refused', async t => {
  const own = await certificate('ec-p256', 'client')
  const { publicKey, pkcs8 } = own.privateKey
  const odd: PrivateKey = {
    type: 'ec-p521' as KeyType,
    publicKey,
    pkcs8,
    sign: () => {
      throw new Error('nothing is to be signed')
    },
  }
  const pair = new OpenPair({ ...(await options()), clientOptions: { certificate: { ...own, privateKey: odd } } })
  pair.start()
  pair.run()
  t.match(pair.server.error, { code: 'protocol-violation', sentAlert: Alert.certificateRequired })
  t.match(pair.client.error, { code: 'alert-received', receivedAlert: Alert.certificateRequired })
})

t.test('a message that comes out of turn is refused', async t => {
  const cases: [DtlsRole, number, readonly number[]][] = [
    ['server', 8, [13, 11, 15, 20, 4, 24, 1, 2, 99]],
    ['server', 13, [15, 20, 8, 4, 24]],
    ['server', 11, [13, 15, 20, 8, 24]],
    ['server', 15, [20, 11, 13, 24]],
    ['server', 20, [15, 4, 24, 12, 14]],
    ['client', 11, [15, 20, 16, 8, 24, 1]],
    ['client', 15, [20, 11, 24]],
    ['client', 20, [15, 11, 24, 4, 5]],
  ]
  for (const [role, type, others] of cases) {
    for (const as of others) {
      const lie: Lie = ({ type: said, body }) => (said === type ? { type: as, body } : undefined)
      const pair = new OpenPair(await options()).lieAs(role, lie)
      pair.start()
      pair.run()
      const judge = role === 'client' ? 'server' : 'client'
      refused(t, pair, judge, Alert.unexpectedMessage, `${as} for ${type} of the ${role}`)
    }
  }
})

t.test('nothing but hellos is taken in the clear', async t => {
  const cases: [DtlsRole, number][] = [
    ...[8, 13, 11, 15, 20].map((type): [DtlsRole, number] => ['server', type]),
    ...[11, 15, 20].map((type): [DtlsRole, number] => ['client', type]),
  ]
  for (const [role, type] of cases) {
    const lie: Lie = message => (message.type === type ? { ...message, inClear: true } : undefined)
    const pair = new OpenPair(await options()).lieAs(role, lie)
    pair.start()
    pair.run()
    const judge = pair[role === 'client' ? 'server' : 'client']
    t.ok(judge.error, `${type} of the ${role}`)
    t.notOk(judge.events.some(event => event.type === 'connected'))
  }
})

t.test('nor where it comes before the hello that brings the keys', async t => {
  for (const type of [8, 13, 11, 15, 20]) {
    const lie: Lie = message => (message.type === type ? { ...message, inClear: true } : undefined)
    const pair = new OpenPair(await options()).lieAs('server', lie)
    const { path } = pair
    pair.path = (datagram, from, index) =>
      path(datagram, from, index).flatMap(({ bytes: told, delay }) =>
        splitRecords(told).map(record => ({
          bytes: record,
          delay: record[0] === 22 && record[13] !== 2 ? delay - 1 : delay,
        })),
      )
    pair.start()
    pair.run()
    t.ok(pair.client.error, `${type} of the server`)
    t.notOk(pair.client.events.some(event => event.type === 'connected'))
  }
})
