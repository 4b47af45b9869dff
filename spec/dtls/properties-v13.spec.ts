/** Whatever a peer writes into a message of DTLS 1.3: it is taken or refused with an alert, and nothing else happens. */

import fc from 'fast-check'
import t from 'tap'
import { concatBytes, fromHex, hex } from '../../lib/bytes/index.ts'
import { DtlsError } from '../../lib/dtls/error.ts'
import {
  decodeCookie,
  decodeNumbers,
  decodeSelectedVersion,
  decodeVersions,
  encodeCookie,
  encodeNumbers,
  encodeVersions,
} from '../../lib/dtls/extension.ts'
import { HandshakeType } from '../../lib/dtls/handshake-message.ts'
import { decodeClientHello, decodeServerHello, encodeClientHello, encodeServerHello } from '../../lib/dtls/hello.ts'
import { decodeUseSrtp } from '../../lib/dtls/srtp-profile.ts'
import { decodeAcknowledgement, encodeAcknowledgement } from '../../lib/dtls/v13/acknowledgement.ts'
import {
  decodeClientShares,
  decodeSelectedGroup,
  decodeServerShare,
  encodeClientShares,
  encodeServerShare,
} from '../../lib/dtls/v13/key-share.ts'
import {
  decodeCertificate13,
  decodeCertificateRequest13,
  decodeCertificateVerify,
  decodeEncryptedExtensions,
  decodeFinished13,
  decodeKeyUpdate,
  decodeNewSessionTicket,
  encodeCertificate13,
  encodeCertificateRequest13,
  encodeCertificateVerify,
  encodeEncryptedExtensions,
} from '../../lib/dtls/v13/messages.ts'
import { fixtureJson } from '../fixture.ts'
import { nodeCrypto } from '../providers.ts'
import { CapturedSession } from './captured.ts'

type Decoder = (bytes: Uint8Array) => unknown

const captured = ['cr-ff-data', 'nss-dtls13'].map(name => new CapturedSession(name, nodeCrypto))
const ofType = (type: number): Uint8Array[] =>
  captured.flatMap(({ messages }) => messages.filter(message => message.type === type).map(({ body }) => body))
const extension = (
  bodies: readonly Uint8Array[],
  decode: typeof decodeClientHello | typeof decodeServerHello,
  type: number,
) => bodies.flatMap(body => decode(body).extensions.get(type) ?? [])
const trace = fixtureJson('tls13/rfc8448-section-3.json') as Record<string, string>

const clientHellos = ofType(HandshakeType.clientHello)
const serverHellos = ofType(HandshakeType.serverHello)
const acknowledgements = captured
  .flatMap(({ records }) => records.filter(({ type }) => type === 26))
  .map(r => r.content)

/** Every decoder, with genuine bytes for it. */
const decoders: Readonly<Record<string, readonly [Decoder, readonly Uint8Array[]]>> = {
  ClientHello: [decodeClientHello, clientHellos],
  ServerHello: [decodeServerHello, serverHellos],
  EncryptedExtensions: [decodeEncryptedExtensions, ofType(HandshakeType.encryptedExtensions)],
  CertificateRequest: [decodeCertificateRequest13, ofType(HandshakeType.certificateRequest)],
  Certificate: [decodeCertificate13, ofType(HandshakeType.certificate)],
  CertificateVerify: [decodeCertificateVerify, ofType(HandshakeType.certificateVerify)],
  Finished: [bytes => decodeFinished13(bytes, 32), ofType(HandshakeType.finished)],
  KeyUpdate: [decodeKeyUpdate, [Uint8Array.of(0), Uint8Array.of(1)]],
  NewSessionTicket: [decodeNewSessionTicket, [fromHex(trace.newSessionTicket!)!.slice(4)]],
  ACK: [bytes => decodeAcknowledgement(bytes, 0, bytes.length), acknowledgements],
  'client shares': [decodeClientShares, extension(clientHellos, decodeClientHello, 51)],
  'server share': [decodeServerShare, extension(serverHellos, decodeServerHello, 51)],
  'selected group': [decodeSelectedGroup, [Uint8Array.of(0, 29)]],
  versions: [decodeVersions, extension(clientHellos, decodeClientHello, 43)],
  'selected version': [decodeSelectedVersion, extension(serverHellos, decodeServerHello, 43)],
  cookie: [decodeCookie, [Uint8Array.of(0, 2, 5, 6)]],
  groups: [bytes => decodeNumbers(bytes, 'supported_groups'), extension(clientHellos, decodeClientHello, 10)],
  use_srtp: [decodeUseSrtp, extension(clientHellos, decodeClientHello, 14)],
}

/** Whether nothing but a `DtlsError` that says what alert to send comes of it, and the input stays as it is. */
const isCivil = (decode: Decoder, bytes: Uint8Array): boolean => {
  const before = hex(bytes)
  try {
    decode(bytes)
  } catch (error) {
    if (!(error instanceof DtlsError) || error.sentAlert === undefined) throw error
  }
  return hex(bytes) === before
}

/** One thing that may happen to bytes. */
const mutation = fc.oneof(
  fc.record({ kind: fc.constant('flip'), at: fc.nat(), value: fc.integer({ min: 1, max: 255 }) }),
  fc.record({ kind: fc.constant('set'), at: fc.nat({ max: 60 }), value: fc.constantFrom(0, 1, 0x7f, 0x80, 0xff) }),
  fc.record({ kind: fc.constant('cut'), at: fc.nat(), value: fc.constant(0) }),
  fc.record({ kind: fc.constant('insert'), at: fc.nat(), value: fc.nat({ max: 255 }) }),
  fc.record({ kind: fc.constant('repeat'), at: fc.nat(), value: fc.integer({ min: 1, max: 64 }) }),
)
type Mutation = typeof mutation extends fc.Arbitrary<infer T> ? T : never

const mutate = (bytes: Uint8Array, { kind, at, value }: Mutation): Uint8Array => {
  const place = at % (bytes.length + 1)
  const [head, tail] = [bytes.slice(0, place), bytes.slice(place)]
  switch (kind) {
    case 'flip':
      if (tail.length > 0) tail[0]! ^= value
      return concatBytes(head, tail)
    case 'set':
      if (tail.length > 0) tail[0] = value
      return concatBytes(head, tail)
    case 'cut':
      return head
    case 'insert':
      return concatBytes(head, Uint8Array.of(value), tail)
    default:
      return concatBytes(head, tail.slice(0, value), tail)
  }
}

t.test('random bytes, and genuine ones that were changed', t => {
  for (const [name, [decode, samples]] of Object.entries(decoders)) {
    t.ok(samples.length > 0, `there is a ${name}`)
    for (const sample of samples) t.doesNotThrow(() => decode(sample))
    t.doesNotThrow(
      () =>
        fc.assert(
          fc.property(fc.uint8Array({ maxLength: 300 }), bytes => isCivil(decode, bytes)),
          { numRuns: 200 },
        ),
      `random bytes as ${name}`,
    )
    t.doesNotThrow(
      () =>
        fc.assert(
          fc.property(
            fc.constantFrom(...samples),
            fc.array(mutation, { minLength: 1, maxLength: 4 }),
            (sample, changes) => isCivil(decode, changes.reduce(mutate, sample)),
          ),
          { numRuns: 300 },
        ),
      `a changed ${name}`,
    )
  }
  t.end()
})

const bytes = (minLength: number, maxLength: number) => fc.uint8Array({ minLength, maxLength })
const u16 = fc.nat({ max: 0xffff })
const extensions = fc.array(fc.tuple(u16, bytes(0, 40)), { maxLength: 8 }).map(entries => new Map(entries))
const numbers = fc.array(u16, { minLength: 1, maxLength: 20 })
const share = fc.record({ group: u16, keyExchange: bytes(1, 70) }, { noNullPrototype: true })
const text = (value: unknown): string =>
  JSON.stringify(value, (_, each) => (each instanceof Uint8Array ? hex(each) : each instanceof Map ? [...each] : each))

/** Whether all that the arbitrary gives comes back from its own encoding. */
const returns = <T>(arbitrary: fc.Arbitrary<T>, encode: (value: T) => Uint8Array, decode: Decoder) =>
  fc.assert(
    fc.property(arbitrary, value => text(decode(encode(value))) === text(value)),
    { numRuns: 200 },
  )

t.test('what is taken is written in one way only', t => {
  const exact: readonly [readonly Uint8Array[], (bytes: Uint8Array) => Uint8Array][] = [
    [decoders['client shares']![1], bytes => encodeClientShares(decodeClientShares(bytes))],
    [decoders['server share']![1], bytes => encodeServerShare(decodeServerShare(bytes))],
    [decoders.versions![1], bytes => encodeVersions(decodeVersions(bytes))],
    [decoders.groups![1], bytes => encodeNumbers(decodeNumbers(bytes, 'groups'))],
    [decoders.cookie![1], bytes => encodeCookie(decodeCookie(bytes))],
    [decoders.EncryptedExtensions![1], bytes => encodeEncryptedExtensions(decodeEncryptedExtensions(bytes))],
    [decoders.ServerHello![1], bytes => encodeServerHello(decodeServerHello(bytes))],
    [decoders.ClientHello![1], bytes => encodeClientHello(decodeClientHello(bytes))],
  ]
  for (const [samples, again] of exact) {
    t.doesNotThrow(() =>
      fc.assert(
        fc.property(fc.constantFrom(...samples), mutation, (sample, change) => {
          const changed = mutate(sample, change)
          try {
            return hex(again(changed)) === hex(changed)
          } catch {
            return true
          }
        }),
        { numRuns: 300 },
      ),
    )
  }
  t.end()
})

t.test('what is written is read', t => {
  const clientHello = fc.record(
    {
      version: u16,
      random: bytes(32, 32),
      sessionId: bytes(0, 32),
      cookie: bytes(0, 255),
      cipherSuites: numbers,
      compressionMethods: bytes(1, 3),
      extensions,
    },
    { noNullPrototype: true },
  )
  t.doesNotThrow(() => returns(clientHello, encodeClientHello, decodeClientHello))
  const serverHello = fc.record(
    {
      version: u16,
      random: bytes(32, 32),
      sessionId: bytes(0, 32),
      cipherSuite: u16,
      compressionMethod: fc.nat({ max: 255 }),
      extensions,
    },
    { noNullPrototype: true },
  )
  t.doesNotThrow(() => returns(serverHello, encodeServerHello, decodeServerHello))
  t.doesNotThrow(() => returns(extensions, encodeEncryptedExtensions, decodeEncryptedExtensions))
  t.doesNotThrow(() =>
    returns(numbers, encodeCertificateRequest13, body => [...decodeCertificateRequest13(body).schemes]),
  )
  t.doesNotThrow(() =>
    returns(
      fc.tuple(bytes(0, 255), bytes(1, 2000)),
      ([context, der]) => encodeCertificate13(context, der),
      body => {
        const { context, entries } = decodeCertificate13(body)
        return [context, entries[0]!.data]
      },
    ),
  )
  t.doesNotThrow(() =>
    returns(
      fc.tuple(u16, bytes(0, 300)),
      ([scheme, signature]) => encodeCertificateVerify(scheme, signature),
      body => {
        const { scheme, signature } = decodeCertificateVerify(body)
        return [scheme, signature]
      },
    ),
  )
  t.doesNotThrow(() => returns(share, encodeServerShare, decodeServerShare))
  const shares = fc.uniqueArray(share, { maxLength: 5, selector: ({ group }) => group })
  t.doesNotThrow(() => returns(shares, encodeClientShares, decodeClientShares))
  t.doesNotThrow(() => returns(numbers, encodeVersions, decodeVersions))
  t.doesNotThrow(() => returns(numbers, encodeNumbers, data => decodeNumbers(data, 'numbers')))
  t.doesNotThrow(() => returns(bytes(1, 500), encodeCookie, decodeCookie))
  const record = fc.record({ epoch: u16, sequence: fc.nat({ max: 2 ** 48 - 1 }) }, { noNullPrototype: true })
  t.doesNotThrow(() =>
    returns(fc.array(record, { maxLength: 20 }), encodeAcknowledgement, data =>
      decodeAcknowledgement(data, 0, data.length),
    ),
  )
  t.end()
})
