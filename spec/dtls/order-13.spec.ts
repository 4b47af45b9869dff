/**
 * Who says the right messages of DTLS 1.3 in another order, leaves one out or puts one in, is not let in: though each is
 * true as it stands, signed and authenticated over all that was said before it.
 */

import fc from 'fast-check'
import t from 'tap'
import type { Certificate } from '../../lib/crypto/index.ts'
import { ExtensionType, encodeNumbers, encodeSelectedVersion, encodeVersions } from '../../lib/dtls/extension.ts'
import { encodeHandshake, HandshakeType } from '../../lib/dtls/handshake-message.ts'
import { decodeClientHello, decodeServerHello, encodeClientHello, encodeServerHello } from '../../lib/dtls/hello.ts'
import type { DtlsRole } from '../../lib/dtls/index.ts'
import { ContentType } from '../../lib/dtls/record.ts'
import { CIPHER_SUITES_13 } from '../../lib/dtls/v13/cipher-suite.ts'
import { KeySchedule13, type TrafficSecrets13, trafficKeys } from '../../lib/dtls/v13/key-schedule.ts'
import {
  decodeClientShares,
  decodeServerShare,
  encodeClientShares,
  encodeServerShare,
} from '../../lib/dtls/v13/key-share.ts'
import {
  encodeCertificate13,
  encodeCertificateRequest13,
  encodeCertificateVerify,
  encodeEncryptedExtensions,
  encodeKeyUpdate,
  signedContent,
} from '../../lib/dtls/v13/messages.ts'
import { Opener13, Sealer13 } from '../../lib/dtls/v13/record-protection.ts'
import { Transcript13 } from '../../lib/dtls/v13/transcript.ts'
import { randomBytes } from '../../lib/machine/index.ts'
import { nodeCrypto } from '../providers.ts'
import { certificate, End, sha256Of } from './pair.ts'
import { recordBounds } from './tampering.ts'
import { plainRecord } from './wire.ts'
import { sealBy } from './wire-13.ts'

const SUITE = CIPHER_SUITES_13[0]!
const X25519 = 29
const ECDSA_P256 = 0x0403
const NOTHING = new Uint8Array(0)

type Name =
  | 'EncryptedExtensions'
  | 'CertificateRequest'
  | 'Certificate'
  | 'no Certificate'
  | 'CertificateVerify'
  | 'Finished'
  | 'KeyUpdate'
  | 'NewSessionTicket'
  | 'ClientHello'
  | 'ServerHello'
interface Said {
  readonly name: Name
  readonly inClear: boolean
}

const TYPES: Readonly<Record<Name, number>> = {
  EncryptedExtensions: HandshakeType.encryptedExtensions,
  CertificateRequest: HandshakeType.certificateRequest,
  Certificate: HandshakeType.certificate,
  'no Certificate': HandshakeType.certificate,
  CertificateVerify: HandshakeType.certificateVerify,
  Finished: HandshakeType.finished,
  KeyUpdate: HandshakeType.keyUpdate,
  NewSessionTicket: HandshakeType.newSessionTicket,
  ClientHello: HandshakeType.clientHello,
  ServerHello: HandshakeType.serverHello,
}

/** One side of a handshake with a genuine end, after the hellos: says whatever it is told to. */
class Puppet {
  readonly end: End
  readonly #side: DtlsRole
  readonly #certificate: Certificate
  readonly #transcript = new Transcript13()
  readonly #schedule = new KeySchedule13(nodeCrypto, SUITE)
  readonly #share = nodeCrypto.createKeyShare('x25519')
  readonly #secrets: TrafficSecrets13
  readonly #sealer: Sealer13
  readonly #hello: Uint8Array
  #next = 1

  constructor(side: DtlsRole, own: Certificate, peer: Certificate) {
    this.#side = side
    this.#certificate = own
    const role = side === 'client' ? 'server' : 'client'
    const options = { versions: ['1.3'], groups: ['x25519'], mtu: 8000 } as const
    this.end = new End(
      { crypto: nodeCrypto, role, certificate: peer, fingerprints: [sha256Of(own)], ...options },
      () => {},
    )
    this.end.dtls.start(0)
    this.#hello = side === 'client' ? this.#beginAsClient() : NOTHING
    this.#secrets = side === 'client' ? this.#secretsOfClient() : this.#answerAsServer()
    this.#sealer = new Sealer13(nodeCrypto, SUITE, trafficKeys(nodeCrypto, SUITE, this.#secrets[side]), 2)
    if (side === 'client') this.#listen()
  }

  #beginAsClient(): Uint8Array {
    const hello = encodeClientHello({
      version: 0xfefd,
      random: randomBytes(nodeCrypto.random, 32),
      sessionId: NOTHING,
      cookie: NOTHING,
      cipherSuites: [SUITE.id],
      compressionMethods: Uint8Array.of(0),
      extensions: new Map([
        [ExtensionType.supportedVersions, encodeVersions([0xfefc])],
        [ExtensionType.supportedGroups, encodeNumbers([X25519])],
        [ExtensionType.signatureAlgorithms, encodeNumbers([ECDSA_P256])],
        [ExtensionType.keyShare, encodeClientShares([{ group: X25519, keyExchange: this.#share.publicKey }])],
      ]),
    })
    const raw = encodeHandshake(HandshakeType.clientHello, 0, hello)
    this.#transcript.add(raw)
    this.end.dtls.receive(plainRecord(ContentType.handshake, raw), 0)
    return hello
  }

  /** The first record that the genuine end sent, a hello in one piece. */
  get #theirHello(): Uint8Array {
    const [datagram] = this.end.sent
    return datagram!.slice(13, recordBounds(datagram!)[1])
  }

  #secretsOfClient(): TrafficSecrets13 {
    const hello = decodeServerHello(this.#theirHello.subarray(12))
    this.#transcript.chooseHash(nodeCrypto, SUITE.hash)
    this.#transcript.add(this.#theirHello)
    const share = decodeServerShare(hello.extensions.get(ExtensionType.keyShare)!)
    return this.#schedule.handshakeSecrets(this.#share.complete(share.keyExchange)!, this.#transcript.hash())
  }

  #answerAsServer(): TrafficSecrets13 {
    const { extensions } = decodeClientHello(this.#theirHello.subarray(12))
    const [offered] = decodeClientShares(extensions.get(ExtensionType.keyShare)!)
    const answer = nodeCrypto.answerKeyShare('x25519', offered!.keyExchange)!
    const raw = encodeHandshake(
      HandshakeType.serverHello,
      0,
      encodeServerHello({
        version: 0xfefd,
        random: randomBytes(nodeCrypto.random, 32),
        sessionId: NOTHING,
        cipherSuite: SUITE.id,
        compressionMethod: 0,
        extensions: new Map([
          [ExtensionType.supportedVersions, encodeSelectedVersion(0xfefc)],
          [ExtensionType.keyShare, encodeServerShare({ group: X25519, keyExchange: answer.share })],
        ]),
      }),
    )
    this.#transcript.add(this.#theirHello)
    this.#transcript.chooseHash(nodeCrypto, SUITE.hash)
    this.#transcript.add(raw)
    this.end.dtls.receive(plainRecord(ContentType.handshake, raw), 0)
    return this.#schedule.handshakeSecrets(answer.secret, this.#transcript.hash())
  }

  /** The rest of the server's flight enters the transcript. */
  #listen(): void {
    const opener = new Opener13(nodeCrypto, SUITE, trafficKeys(nodeCrypto, SUITE, this.#secrets.server), 2)
    for (const datagram of this.end.sent) {
      const bounds = recordBounds(datagram)
      for (const [i, end] of bounds.slice(1).entries()) {
        if (datagram[bounds[i]!] === ContentType.handshake) continue
        const contentEnd = opener.open(datagram, bounds[i]!, end)
        this.#transcript.add(datagram.slice(opener.start, contentEnd))
      }
    }
  }

  #body(name: Name): Uint8Array {
    const { der, privateKey } = this.#certificate
    switch (name) {
      case 'EncryptedExtensions':
        return encodeEncryptedExtensions(new Map())
      case 'CertificateRequest':
        return encodeCertificateRequest13([ECDSA_P256])
      case 'Certificate':
        return encodeCertificate13(NOTHING, der)
      case 'no Certificate':
        return encodeCertificate13(NOTHING, undefined)
      case 'CertificateVerify': {
        const content = signedContent(this.#side, this.#transcript.hash())
        return encodeCertificateVerify(ECDSA_P256, privateKey.sign('ecdsa_secp256r1_sha256', content))
      }
      case 'Finished':
        return this.#schedule.verifyData(this.#secrets[this.#side], this.#transcript.hash())
      case 'KeyUpdate':
        return encodeKeyUpdate(true)
      case 'NewSessionTicket':
        return Uint8Array.of(0, 0, 0, 9, 1, 2, 3, 4, 0, 0, 1, 5, 0, 0)
      default:
        return this.#hello
    }
  }

  say({ name, inClear }: Said): void {
    const raw = encodeHandshake(TYPES[name], this.#next++, this.#body(name))
    this.#transcript.add(raw)
    const { handshake } = ContentType
    const record = inClear ? plainRecord(handshake, raw, this.#next) : sealBy(this.#sealer, handshake, raw)
    this.end.dtls.receive(record, 0)
    this.end.drain()
  }
}

const inOrder: Readonly<Record<DtlsRole, readonly Name[]>> = {
  server: ['EncryptedExtensions', 'CertificateRequest', 'Certificate', 'CertificateVerify', 'Finished'],
  client: ['Certificate', 'CertificateVerify', 'Finished'],
}

/** Whether that is a whole flight, of which more may follow: what comes behind it finds the end connected already. */
const isRight = (side: DtlsRole, said: readonly Said[]): boolean => {
  const begins = (names: readonly Name[]) =>
    names.every((name, i) => said[i]?.name === name && said[i]?.inClear === false)
  const names = inOrder[side]
  // A server need not ask for a certificate.
  return begins(names) || (side === 'server' && begins(names.filter(name => name !== 'CertificateRequest')))
}

const edit = fc.record({
  kind: fc.constantFrom('leave out', 'repeat', 'swap', 'insert', 'replace', 'in clear'),
  at: fc.nat({ max: 5 }),
  name: fc.constantFrom<Name>(...(Object.keys(TYPES) as Name[])),
})
type Edit = typeof edit extends fc.Arbitrary<infer T> ? T : never

const edited = (said: readonly Said[], { kind, at, name }: Edit): Said[] => {
  const list = [...said]
  const place = at % Math.max(1, list.length)
  const there = list[place]
  const other = { name, inClear: false }
  if (kind === 'insert' || there === undefined) list.splice(place, 0, other)
  else if (kind === 'leave out') list.splice(place, 1)
  else if (kind === 'repeat') list.splice(place, 0, there)
  else if (kind === 'replace') list[place] = other
  else if (kind === 'in clear') list[place] = { ...there, inClear: true }
  else list.splice(place, 2, ...list.slice(place, place + 2).reverse())
  return list
}

for (const side of ['client', 'server'] as const) {
  t.test(`a ${side} that says its messages as it likes`, async t => {
    const own = await certificate('ec-p256', 'puppet')
    const peer = await certificate('ec-p256', 'genuine')
    const isAccepted = (said: readonly Said[]): boolean => {
      const puppet = new Puppet(side, own, peer)
      for (const each of said) puppet.say(each)
      return puppet.end.events.some(({ type }) => type === 'connected')
    }
    const right = inOrder[side].map(name => ({ name, inClear: false }))
    t.ok(isAccepted(right), 'the right order is taken')
    if (side === 'server')
      t.ok(isAccepted(right.filter(({ name }) => name !== 'CertificateRequest')), 'without a request')
    for (const [i, { name }] of right.entries()) {
      if (name !== 'CertificateRequest') t.notOk(isAccepted(right.filter((_, at) => at !== i)), `without ${name}`)
    }
    t.doesNotThrow(() =>
      fc.assert(
        fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), edits => {
          const said = edits.reduce(edited, right)
          return isAccepted(said) === isRight(side, said)
        }),
        { numRuns: 150 },
      ),
    )
  })
}
