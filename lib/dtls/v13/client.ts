/**
 * The client's side of a DTLS 1.3 handshake (RFC 8446, 2 and 4; RFC 9147, 5).
 *
 *   ClientHello            -->
 *                          <--  HelloRetryRequest (perhaps)
 *   ClientHello            -->
 *                          <--  ServerHello, EncryptedExtensions, CertificateRequest, Certificate, CertificateVerify, Finished
 *   Certificate, CertificateVerify, Finished -->
 *                          <--  ACK
 *
 * The first ClientHello was sent by the negotiation of the version.
 */

import type { ClientBeginning, ClientOffer } from '../client-offer.ts'
import { Alert, violation } from '../error.ts'
import { decodeCookie, decodeSelectedVersion, ExtensionType } from '../extension.ts'
import { Flight } from '../flight.ts'
import type { HandshakeOwner, HandshakeSettings } from '../handshake.ts'
import { type HandshakeMessage, HandshakeType } from '../handshake-message.ts'
import { decodeServerHello, isHelloRetryRequest, type ServerHello } from '../hello.ts'
import type { NamedGroup } from '../named-group.ts'
import { Version } from '../record.ts'
import { chooseSignatureScheme13, type SchemeEntry } from '../signature-scheme.ts'
import { chosenSrtpProfile } from '../srtp-profile.ts'
import type { CipherSuite13 } from './cipher-suite.ts'
import { checkAnsweredExtensions, checkRequestedExtensions } from './extension-legality.ts'
import { Handshake13, required } from './handshake.ts'
import { decodeSelectedGroup, decodeServerShare } from './key-share.ts'
import { decodeCertificateRequest13, decodeEncryptedExtensions } from './messages.ts'

type Expected =
  | 'ServerHello'
  | 'EncryptedExtensions'
  | 'CertificateRequest'
  | 'Certificate'
  | 'CertificateVerify'
  | 'Finished'

export class ClientHandshake13 extends Handshake13 {
  #expected: Expected = 'ServerHello'
  readonly #offer: ClientOffer
  /** Of the HelloRetryRequest, if there was one. */
  #retry: { readonly suite: CipherSuite13; readonly group: NamedGroup | undefined } | undefined
  #certificateRequested = false
  #ownScheme: SchemeEntry | undefined

  constructor(settings: HandshakeSettings, owner: HandshakeOwner, { offer, hello, nextSequence }: ClientBeginning) {
    super('client', settings, owner, nextSequence)
    this.#offer = offer
    this.clientRandom = offer.random
    this.transcript.add(hello)
  }

  protected step(message: HandshakeMessage): void {
    const { type } = message
    switch (this.#expected) {
      case 'ServerHello': {
        if (type !== HandshakeType.serverHello) break
        const hello = decodeServerHello(message.body)
        if (isHelloRetryRequest(hello)) {
          this.#takeRetryRequest(message, hello)
          return
        }
        this.#takeServerHello(message, hello)
        this.#expected = 'EncryptedExtensions'
        return
      }
      case 'EncryptedExtensions':
        if (type !== HandshakeType.encryptedExtensions) break
        this.#takeEncryptedExtensions(message)
        this.#expected = 'CertificateRequest'
        return
      case 'CertificateRequest':
        if (type === HandshakeType.certificateRequest) {
          this.#takeCertificateRequest(message)
          this.#expected = 'Certificate'
          return
        }
        this.#takeServerCertificate(message)
        return
      case 'Certificate':
        this.#takeServerCertificate(message)
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

  /** What a HelloRetryRequest and a ServerHello have in common (RFC 8446, 4.1.3). Returns the suite. */
  #takeTerms(hello: ServerHello, response: 'ServerHello' | 'HelloRetryRequest'): CipherSuite13 {
    const { extensions } = hello
    checkAnsweredExtensions(extensions, response, this.#offer.extensions)
    const version = decodeSelectedVersion(required(extensions, ExtensionType.supportedVersions, response))
    const suite = this.settings.cipherSuites13.find(({ id }) => id === hello.cipherSuite)
    if (version !== Version.dtls13 || hello.version !== Version.dtls12) {
      throw violation(Alert.illegalParameter, 'the server has changed its mind about the version')
    }
    if (hello.sessionId.length > 0) throw violation(Alert.illegalParameter, 'the server returns a session id')
    if (hello.compressionMethod !== 0) throw violation(Alert.illegalParameter, 'the server chose compression')
    if (suite === undefined || (this.#retry !== undefined && suite !== this.#retry.suite)) {
      throw violation(
        Alert.illegalParameter,
        'the server chose a cipher suite that was not offered, or another than before',
      )
    }
    this.negotiated.cipherSuite = suite
    return suite
  }

  /** The server wants another key share, or its cookie back, or both (RFC 8446, 4.1.4). */
  #takeRetryRequest(message: HandshakeMessage, hello: ServerHello): void {
    if (this.#retry !== undefined) throw violation(Alert.unexpectedMessage, 'a second HelloRetryRequest')
    const { extensions } = hello
    const suite = this.#takeTerms(hello, 'HelloRetryRequest')
    const share = extensions.get(ExtensionType.keyShare)
    const cookie = extensions.get(ExtensionType.cookie)
    if (share === undefined && cookie === undefined) {
      throw violation(Alert.illegalParameter, 'HelloRetryRequest asks for no change')
    }
    const group = share && this.#wantedGroup(decodeSelectedGroup(share))
    this.#retry = { suite, group }
    this.#offer.retry(group, cookie && decodeCookie(cookie))
    this.transcript.chooseHash(this.settings.crypto, suite.hash)
    this.transcript.replaceByHash()
    this.heard(message)
    const flight = new Flight()
    this.say(flight, HandshakeType.clientHello, this.#offer.encode())
    this.owner.send(flight, 'reply')
  }

  #wantedGroup(id: number): NamedGroup {
    const group = this.settings.groups.find(each => each.id === id)
    if (group === undefined || this.#offer.shares.some(offered => offered.group === group)) {
      throw violation(Alert.illegalParameter, 'the server asks for a key share that was not to be had, or was there')
    }
    return group
  }

  #takeServerHello(message: HandshakeMessage, hello: ServerHello): void {
    const { crypto } = this.settings
    const suite = this.#takeTerms(hello, 'ServerHello')
    const entry = decodeServerShare(required(hello.extensions, ExtensionType.keyShare, 'ServerHello'))
    // After a HelloRetryRequest there is but the one that it asked for.
    const offered = this.#offer.shares.find(({ group }) => group.id === entry.group)
    if (offered === undefined)
      throw violation(Alert.illegalParameter, 'the server chose a key share that was not offered')
    const shared = offered.share.complete(entry.keyExchange)
    if (shared === undefined) throw violation(Alert.illegalParameter, "the server's key share is not valid")
    this.negotiated.group = offered.group.name
    this.transcript.chooseHash(crypto, suite.hash)
    this.heard(message)
    this.makeHandshakeKeys(suite, shared)
  }

  #takeEncryptedExtensions(message: HandshakeMessage): void {
    const extensions = decodeEncryptedExtensions(message.body)
    checkAnsweredExtensions(extensions, 'EncryptedExtensions', this.#offer.extensions)
    const useSrtp = extensions.get(ExtensionType.useSrtp)
    if (useSrtp !== undefined) this.negotiated.srtpProfile = chosenSrtpProfile(this.settings.srtpProfiles, useSrtp)
    this.heard(message)
  }

  #takeCertificateRequest(message: HandshakeMessage): void {
    const { context, schemes, extensions } = decodeCertificateRequest13(message.body)
    if (context.length > 0)
      throw violation(Alert.illegalParameter, 'CertificateRequest has a context within the handshake')
    checkRequestedExtensions(extensions)
    this.#certificateRequested = true
    this.#ownScheme = chooseSignatureScheme13(this.settings.certificate.privateKey, schemes)
    this.heard(message)
  }

  #takeServerCertificate(message: HandshakeMessage): void {
    if (message.type !== HandshakeType.certificate) throw this.unexpected(message)
    this.takeCertificate(message, Alert.decodeError, this.#offer.extensions)
    this.#expected = 'CertificateVerify'
  }

  /** The server is authenticated. */
  #finish(): void {
    const secrets = this.makeApplicationSecrets()
    const flight = new Flight()
    if (this.#certificateRequested) this.sayCertificate(flight, this.#ownScheme)
    this.sayFinished(flight)
    const sealer = this.applicationSealer(secrets)
    const postHandshake = this.finish(secrets, sealer, false)
    this.owner.sealWith(sealer)
    this.owner.send(flight, 'ack', () => postHandshake.acknowledged())
    this.owner.establish(true)
  }
}
