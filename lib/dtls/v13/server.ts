/**
 * The server's side of a DTLS 1.3 handshake (RFC 8446, 2 and 4; RFC 9147, 5). The flights are drawn in `client.ts`.
 *
 * The client's certificate is always asked for and required: in WebRTC both sides are known by their fingerprints
 * (RFC 8827, 6.5). Pre-shared keys and early data are not taken: a client that offers them does without.
 */

import { randomBytes } from '../../machine/index.ts'
import { Alert, noCommon, violation } from '../error.ts'
import { decodeNumbers, type Extensions, ExtensionType, encodeCookie, encodeSelectedVersion } from '../extension.ts'
import { Flight } from '../flight.ts'
import type { HandshakeOwner, HandshakeSettings } from '../handshake.ts'
import { type HandshakeMessage, HandshakeType } from '../handshake-message.ts'
import { decodeClientHello, encodeServerHello, HELLO_RETRY_REQUEST_RANDOM, RANDOM_LENGTH } from '../hello.ts'
import type { NamedGroup } from '../named-group.ts'
import { type RecordSealer, Version } from '../record.ts'
import { chooseSignatureScheme13, type SchemeEntry, SIGNATURE_SCHEMES } from '../signature-scheme.ts'
import { chooseSrtpProfile, encodeUseSrtp } from '../srtp-profile.ts'
import type { CipherSuite13 } from './cipher-suite.ts'
import { Handshake13, required } from './handshake.ts'
import { checkSecondHello, chooseGroup, type HelloRetryTerms } from './hello-retry.ts'
import type { TrafficSecrets13 } from './key-schedule.ts'
import { decodeClientShares, encodeSelectedGroup, encodeServerShare, type KeyShareEntry } from './key-share.ts'
import { encodeCertificateRequest13, encodeEncryptedExtensions } from './messages.ts'

type Expected = 'ClientHello' | 'Certificate' | 'CertificateVerify' | 'Finished'

const SCHEMES = SIGNATURE_SCHEMES.map(entry => entry.id)
const NOTHING = new Uint8Array(0)
/** What a client's Certificate may answer: nothing that CertificateRequest has asks for an answer there. */
const REQUESTED: ReadonlySet<number> = new Set([ExtensionType.signatureAlgorithms])

export class ServerHandshake13 extends Handshake13 {
  #expected: Expected = 'ClientHello'
  #retry: HelloRetryTerms | undefined
  /** Of epoch 3, from our Finished on. */
  #application: { readonly secrets: TrafficSecrets13; readonly sealer: RecordSealer } | undefined

  constructor(settings: HandshakeSettings, owner: HandshakeOwner, nextSequence: number) {
    super('server', settings, owner, nextSequence)
  }

  protected step(message: HandshakeMessage): void {
    const { type } = message
    switch (this.#expected) {
      case 'ClientHello':
        if (type !== HandshakeType.clientHello) break
        this.#takeClientHello(message)
        return
      case 'Certificate':
        if (type !== HandshakeType.certificate) break
        this.takeCertificate(message, Alert.certificateRequired, REQUESTED)
        this.#expected = 'CertificateVerify'
        return
      case 'CertificateVerify':
        if (type !== HandshakeType.certificateVerify) break
        this.takeCertificateVerify(message)
        this.#expected = 'Finished'
        return
      case 'Finished':
        if (type !== HandshakeType.finished) break
        this.takeFinished(message)
        this.#finish()
        return
    }
    throw this.unexpected(message)
  }

  #takeClientHello(message: HandshakeMessage): void {
    const { crypto, certificate } = this.settings
    const hello = decodeClientHello(message.body)
    const { extensions } = hello
    this.clientRandom = hello.random
    if (hello.cookie.length > 0) throw violation(Alert.illegalParameter, 'a ClientHello of DTLS 1.3 has an old cookie')
    if (hello.compressionMethods.length !== 1 || hello.compressionMethods[0] !== 0) {
      throw violation(Alert.illegalParameter, 'a ClientHello of DTLS 1.3 offers compression')
    }
    const groups = decodeNumbers(required(extensions, ExtensionType.supportedGroups, 'ClientHello'), 'supported_groups')
    const shares = decodeClientShares(required(extensions, ExtensionType.keyShare, 'ClientHello'))
    const schemes = required(extensions, ExtensionType.signatureAlgorithms, 'ClientHello')
    if (shares.some(({ group }) => !groups.includes(group))) {
      throw violation(Alert.illegalParameter, 'the client has a key share of a group that it does not support')
    }
    if (this.#retry !== undefined) checkSecondHello(this.#retry, hello, shares)

    const suite = this.settings.cipherSuites13.find(({ id }) => hello.cipherSuites.includes(id))
    if (suite === undefined) throw noCommon('cipher suite')
    const group = this.#retry?.group ?? chooseGroup(this.settings.groups, groups, shares)
    if (group === undefined) throw noCommon('group')
    const scheme = chooseSignatureScheme13(certificate.privateKey, decodeNumbers(schemes, 'signature_algorithms'))
    if (scheme === undefined) throw noCommon('signature scheme')
    const useSrtp = extensions.get(ExtensionType.useSrtp)
    if (useSrtp !== undefined) {
      this.negotiated.srtpProfile = chooseSrtpProfile(this.settings.srtpProfiles, useSrtp)
    }
    this.negotiated.cipherSuite = suite
    this.heard(message)
    this.transcript.chooseHash(crypto, suite.hash)

    const share = shares.find(each => each.group === group.id)
    if (this.#retry === undefined && (share === undefined || this.settings.cookieExchange)) {
      this.#askAgain({ hello, suite, group, shareWanted: share === undefined, cookie: this.#cookieOf(message) })
    } else if (share !== undefined) {
      this.#answer(suite, group, share, scheme)
    }
  }

  /** Bound to the hello, by a key that is used once (RFC 8446, 4.2.2). */
  #cookieOf(message: HandshakeMessage): Uint8Array | undefined {
    const { crypto, cookieExchange } = this.settings
    if (!cookieExchange) return undefined
    return crypto.createMac('sha-256', randomBytes(crypto.random, 32)).compute(message.body)
  }

  /** HelloRetryRequest. */
  #askAgain(terms: HelloRetryTerms): void {
    if (terms.cookie !== undefined && terms.hello.extensions.has(ExtensionType.cookie)) {
      throw violation(Alert.illegalParameter, 'a first ClientHello brings a cookie')
    }
    this.#retry = terms
    this.transcript.replaceByHash()
    const extensions = new Map([[ExtensionType.supportedVersions as number, encodeSelectedVersion(Version.dtls13)]])
    if (terms.shareWanted) extensions.set(ExtensionType.keyShare, encodeSelectedGroup(terms.group.id))
    if (terms.cookie !== undefined) extensions.set(ExtensionType.cookie, encodeCookie(terms.cookie))
    const flight = new Flight()
    this.#sayHello(flight, HELLO_RETRY_REQUEST_RANDOM, terms.suite, extensions)
    this.owner.send(flight, 'nothing')
  }

  #answer(suite: CipherSuite13, group: NamedGroup, entry: KeyShareEntry, scheme: SchemeEntry): void {
    const { crypto } = this.settings
    const answer = crypto.answerKeyShare(group.name, entry.keyExchange)
    if (answer === undefined) throw violation(Alert.illegalParameter, "the client's key share is not valid")
    this.negotiated.group = group.name

    const flight = new Flight()
    this.#sayHello(
      flight,
      randomBytes(crypto.random, RANDOM_LENGTH),
      suite,
      new Map([
        [ExtensionType.supportedVersions, encodeSelectedVersion(Version.dtls13)],
        [ExtensionType.keyShare, encodeServerShare({ group: group.id, keyExchange: answer.share })],
      ]),
    )
    this.makeHandshakeKeys(suite, answer.secret)
    this.say(flight, HandshakeType.encryptedExtensions, encodeEncryptedExtensions(this.#encryptedExtensions()))
    this.say(flight, HandshakeType.certificateRequest, encodeCertificateRequest13(SCHEMES))
    this.sayCertificate(flight, scheme)
    this.sayFinished(flight)
    const secrets = this.makeApplicationSecrets()
    const sealer = this.applicationSealer(secrets)
    this.#application = { secrets, sealer }
    this.#expected = 'Certificate'
    this.owner.send(flight, 'reply')
    this.owner.sealWith(sealer)
  }

  #encryptedExtensions(): Extensions {
    const profile = this.negotiated.srtpProfile
    return new Map(profile === undefined ? [] : [[ExtensionType.useSrtp, encodeUseSrtp([profile])]])
  }

  #sayHello(flight: Flight, random: Uint8Array, suite: CipherSuite13, extensions: Extensions): void {
    const body = encodeServerHello({
      version: Version.dtls12,
      random,
      sessionId: NOTHING,
      cipherSuite: suite.id,
      compressionMethod: 0,
      extensions,
    })
    this.say(flight, HandshakeType.serverHello, body)
  }

  /** The client is authenticated. */
  #finish(): void {
    if (this.#application === undefined) return
    const { secrets, sealer } = this.#application
    this.finish(secrets, sealer, true)
    this.owner.acknowledge()
    this.owner.establish(false)
  }
}
