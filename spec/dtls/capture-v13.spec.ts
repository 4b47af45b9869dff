/** Sessions of DTLS 1.3 between Chromium, Firefox and NSS, with their key logs: all that they sent is understood and right. */

import { createCipheriv, createHmac } from 'node:crypto'
import t, { type Test } from 'tap'
import { hex } from '../../lib/bytes/index.ts'
import { type CryptoProvider, fingerprint, parseCertificate } from '../../lib/crypto/index.ts'
import { decodeNumbers, decodeSelectedVersion, decodeVersions, ExtensionType } from '../../lib/dtls/extension.ts'
import { HandshakeType } from '../../lib/dtls/handshake-message.ts'
import { decodeClientHello, decodeServerHello, isHelloRetryRequest } from '../../lib/dtls/hello.ts'
import type { DtlsRole } from '../../lib/dtls/index.ts'
import { ContentType, Version } from '../../lib/dtls/record.ts'
import { signatureScheme13 } from '../../lib/dtls/signature-scheme.ts'
import { decodeUseSrtp } from '../../lib/dtls/srtp-profile.ts'
import { decodeAcknowledgement } from '../../lib/dtls/v13/acknowledgement.ts'
import { checkAnsweredExtensions, checkRequestedExtensions } from '../../lib/dtls/v13/extension-legality.ts'
import { exportKeyingMaterial, KeySchedule13 } from '../../lib/dtls/v13/key-schedule.ts'
import { decodeClientShares, decodeServerShare } from '../../lib/dtls/v13/key-share.ts'
import {
  decodeCertificate13,
  decodeCertificateRequest13,
  decodeCertificateVerify,
  decodeEncryptedExtensions,
  decodeFinished13,
  signedContent,
} from '../../lib/dtls/v13/messages.ts'
import { Transcript13 } from '../../lib/dtls/v13/transcript.ts'
import { fixtureJson, fixtureText } from '../fixture.ts'
import { providers } from '../providers.ts'
import { type CapturedMessage, CapturedSession } from './captured.ts'

const HYBRID = 0x11ec
const { clientHello, serverHello, encryptedExtensions, certificateRequest, certificate, certificateVerify, finished } =
  HandshakeType

/** The fingerprint in the description of a browser. */
const announced = (name: string, side: 'offer' | 'answer'): string =>
  /a=fingerprint:sha-256 (\S+)/.exec((fixtureJson(`captures/${name}.json`) as Record<string, string>)[side]!)![1]!

interface Expected {
  readonly name: string
  /** Handshake messages: the sender's initial and the type of each. */
  readonly flow: string
  readonly srtp: readonly number[] | undefined
  /** The other records: sender, epoch and type. */
  readonly others: readonly string[]
  readonly fingerprints: Readonly<Partial<Record<DtlsRole, string>>>
}

const browsers = { flow: 'c1 s2 s8 s13 s11 s15 s20 c11 c15 c20', srtp: [1] }
const sessions: readonly Expected[] = [
  ...['cr-ff-data', 'cr-ff-av'].map(name => ({
    ...browsers,
    name,
    others: ['server 3 26', 'client 3 23', 'server 3 23', 'client 3 21', 'server 3 21'],
    // Firefox answers, as the client.
    fingerprints: { server: announced(name, 'offer'), client: announced(name, 'answer') },
  })),
  {
    name: 'nss-dtls13',
    flow: 'c1 s2 s8 s11 s15 s20 c20',
    srtp: undefined,
    others: ['server 3 26', 'client 3 23'],
    fingerprints: {},
  },
]

/** Follows a handshake by our own codecs, transcript and key schedule. */
class Follower {
  readonly transcript = new Transcript13()
  readonly #keys = new Map<DtlsRole, ReturnType<CryptoProvider['importPublicKey']>>()
  #offered: ReadonlyMap<number, Uint8Array> = new Map()
  #requested: readonly number[] = []

  constructor(
    readonly t: Test,
    readonly crypto: CryptoProvider,
    readonly session: CapturedSession,
    readonly expected: Expected,
  ) {}

  take(message: CapturedMessage): void {
    const { t, crypto, session, expected, transcript } = this
    const { from, type, body } = message
    switch (type) {
      case clientHello: {
        const hello = decodeClientHello(body)
        this.#offered = hello.extensions
        t.equal(hello.cookie.length + hello.sessionId.length, 0)
        t.ok(decodeVersions(hello.extensions.get(ExtensionType.supportedVersions)!).includes(Version.dtls13))
        const shares = decodeClientShares(hello.extensions.get(ExtensionType.keyShare)!)
        t.equal(shares.find(({ group }) => group === HYBRID)?.keyExchange.length, 1216)
        const groups = decodeNumbers(hello.extensions.get(ExtensionType.supportedGroups)!, 'groups')
        t.ok(shares.every(({ group }) => groups.includes(group)))
        break
      }
      case serverHello: {
        const hello = decodeServerHello(body)
        t.notOk(isHelloRetryRequest(hello))
        checkAnsweredExtensions(hello.extensions, 'ServerHello', this.#offered)
        t.equal(decodeSelectedVersion(hello.extensions.get(ExtensionType.supportedVersions)!), Version.dtls13)
        const share = decodeServerShare(hello.extensions.get(ExtensionType.keyShare)!)
        t.equal(share.group, HYBRID)
        t.equal(share.keyExchange.length, 1120)
        transcript.chooseHash(crypto, session.suite.hash)
        break
      }
      case encryptedExtensions: {
        const extensions = decodeEncryptedExtensions(body)
        checkAnsweredExtensions(extensions, 'EncryptedExtensions', this.#offered)
        const srtp = extensions.get(ExtensionType.useSrtp)
        t.same(srtp && decodeUseSrtp(srtp)?.profiles, expected.srtp)
        break
      }
      case certificateRequest: {
        const request = decodeCertificateRequest13(body)
        checkRequestedExtensions(request.extensions)
        t.equal(request.context.length, 0)
        this.#requested = request.schemes
        break
      }
      case certificate: {
        const { context, entries } = decodeCertificate13(body)
        t.equal(context.length, 0)
        t.equal(entries.length, 1)
        checkAnsweredExtensions(entries[0]!.extensions, 'Certificate', new Map())
        const der = entries[0]!.data
        const known = expected.fingerprints[from]
        if (known !== undefined) t.equal(fingerprint(crypto, 'sha-256', der), known)
        this.#keys.set(from, crypto.importPublicKey(parseCertificate(der)!.spki))
        break
      }
      case certificateVerify: {
        const { scheme, signature } = decodeCertificateVerify(body)
        if (from === 'client') t.ok(this.#requested.includes(scheme))
        const key = this.#keys.get(from)!
        const entry = signatureScheme13(scheme, key.type)!
        const signed = signedContent(from, transcript.hash())
        t.ok(key.verify(entry.name, signed, signature), `${from} has the key of its certificate`)
        t.notOk(key.verify(entry.name, signed.fill(0, 0, 1), signature))
        break
      }
      case finished: {
        const schedule = new KeySchedule13(crypto, session.suite)
        const secret = session.secrets.get(`${from.toUpperCase()}_HANDSHAKE_TRAFFIC_SECRET`)!
        const expectedData = schedule.verifyData(secret, transcript.hash())
        t.equal(hex(decodeFinished13(body, expectedData.length)), hex(expectedData), `${from} saw the same handshake`)
      }
    }
    transcript.add(message.raw)
  }
}

/** HMAC-SHA1-80 of SRTP and SRTCP, its keys derived by AES-CM (RFC 3711, 3.4, 4.2 and 4.3). */
class SrtpAuthentication {
  readonly #keys: Readonly<Record<'rtp' | 'rtcp', Uint8Array>>
  readonly #rollover = new Map<number, { count: number; last: number }>()

  constructor(masterKey: Uint8Array, masterSalt: Uint8Array) {
    const derive = (label: number): Uint8Array => {
      const iv = new Uint8Array(16)
      iv.set(masterSalt)
      iv[7]! ^= label
      return createCipheriv('aes-128-ctr', masterKey, iv).update(new Uint8Array(20))
    }
    this.#keys = { rtp: derive(1), rtcp: derive(4) }
  }

  verify(kind: 'rtp' | 'rtcp', packet: Uint8Array): boolean {
    const mac = createHmac('sha1', this.#keys[kind]).update(packet.subarray(0, -10))
    if (kind === 'rtp') mac.update(this.#count(packet))
    return mac.digest('hex').slice(0, 20) === hex(packet.subarray(-10))
  }

  /** The roll-over counter of the packet's source: nothing was lost on the way. */
  #count(packet: Uint8Array): Uint8Array {
    const view = new DataView(packet.buffer, packet.byteOffset)
    const sequence = view.getUint16(2)
    const state = this.#rollover.get(view.getUint32(8)) ?? { count: 0, last: sequence }
    this.#rollover.set(view.getUint32(8), state)
    if (state.last > 0xf000 && sequence < 0x1000) state.count++
    state.last = sequence
    return Uint8Array.of(0, 0, 0, state.count)
  }
}

for (const { name: provider, crypto } of providers) {
  for (const expected of sessions) {
    t.test(`${expected.name}, on ${provider}`, t => {
      const session = new CapturedSession(expected.name, crypto)
      t.equal(session.forged, 0, 'every record opens')
      t.equal(session.suite.name, 'TLS_AES_128_GCM_SHA256')
      t.equal(session.messages.map(({ from, type }) => from[0]! + type).join(' '), expected.flow)
      const plain = session.messages.filter(({ type }) => type === clientHello || type === serverHello)
      for (const message of session.messages) t.equal(message.epoch, plain.includes(message) ? 0 : 2)
      const follower = new Follower(t, crypto, session, expected)
      for (const message of session.messages) follower.take(message)
      const others = session.records.filter(({ type }) => type !== ContentType.handshake)
      const kinds = new Set(others.map(({ from, epoch, type }) => `${from} ${epoch} ${type}`))
      t.same([...kinds].sort(), [...expected.others].sort())
      // The server acknowledges what no flight of its own answers: the client's last (RFC 9147, 7).
      const acknowledged = others
        .filter(({ type }) => type === ContentType.ack)
        .flatMap(({ content }) => decodeAcknowledgement(content, 0, content.length))
      const lastFlight = session.records.filter(({ from, epoch }) => from === 'client' && epoch === 2)
      t.same(
        acknowledged,
        lastFlight.map(({ epoch, sequence }) => ({ epoch, sequence })),
      )
      // Both ends say goodbye: close_notify, which has the level of a warning.
      for (const { content } of others.filter(({ type }) => type === ContentType.alert)) t.equal(hex(content), '0100')
      t.end()
    })
  }

  t.test(`what NSS exported, on ${provider}`, t => {
    const { secrets, suite } = new CapturedSession('nss-dtls13', crypto)
    const printed = fixtureText('captures/nss-dtls13.client.txt').split('Keying Material:').at(-1)!
    const [bytes] = /^(?:\s*[0-9a-f]{2}:?)+/.exec(printed)!
    const exporter = secrets.get('EXPORTER_SECRET')!
    t.equal(
      hex(exportKeyingMaterial(crypto, suite.hash, exporter, 'EXTRACTOR-dtls_srtp', 60, undefined)),
      bytes.replaceAll(/[\s:]/g, ''),
    )
    t.end()
  })

  t.test(`the exporter's SRTP keys verify what the browsers sent, on ${provider}`, t => {
    const { secrets, suite, media } = new CapturedSession('cr-ff-av', crypto)
    const exporter = secrets.get('EXPORTER_SECRET')!
    const keys = exportKeyingMaterial(crypto, suite.hash, exporter, 'EXTRACTOR-dtls_srtp', 60, undefined)
    // RFC 5764, 4.2: both keys, then both salts, the client's first.
    const authentication = {
      client: new SrtpAuthentication(keys.subarray(0, 16), keys.subarray(32, 46)),
      server: new SrtpAuthentication(keys.subarray(16, 32), keys.subarray(46, 60)),
    }
    const verified = { client: { rtp: 0, rtcp: 0 }, server: { rtp: 0, rtcp: 0 } }
    for (const { from, bytes } of media) {
      const kind = bytes[1]! >= 192 && bytes[1]! < 224 ? 'rtcp' : 'rtp'
      if (authentication[from].verify(kind, bytes)) verified[from][kind]++
    }
    t.ok(verified.client.rtp > 300 && verified.server.rtp > 300, 'media of both')
    t.ok(verified.client.rtcp > 0 && verified.server.rtcp > 0, 'reports of both')
    const sum = verified.client.rtp + verified.client.rtcp + verified.server.rtp + verified.server.rtcp
    t.equal(sum, media.length, 'all of them')
    t.notOk(authentication.server.verify('rtp', media.find(({ from }) => from === 'client')!.bytes))
    t.end()
  })
}
