/**
 * The client's side of a DTLS 1.2 handshake (RFC 6347, 4.2; RFC 5246, 7.3).
 *
 *   ClientHello            -->
 *                          <--  HelloVerifyRequest (perhaps)
 *   ClientHello            -->
 *                          <--  ServerHello, Certificate, ServerKeyExchange, CertificateRequest, ServerHelloDone
 *   Certificate, ClientKeyExchange, CertificateVerify, Finished -->
 *                          <--  Finished
 */

import { concatBytes } from '../../bytes/index.ts'
import type { KeyAgreement } from '../../crypto/index.ts'
import { authenticates, type CipherSuite } from '../cipher-suite.ts'
import type { ClientBeginning } from '../client-offer.ts'
import { Alert, malformed, violation } from '../error.ts'
import { decodeBytes8, type Extensions, ExtensionType } from '../extension.ts'
import { Flight } from '../flight.ts'
import type { HandshakeOwner, HandshakeSettings } from '../handshake.ts'
import { type HandshakeMessage, HandshakeType } from '../handshake-message.ts'
import { decodeServerHello } from '../hello.ts'
import { isClassical } from '../named-group.ts'
import { Version } from '../record.ts'
import { chooseSignatureScheme } from '../signature-scheme.ts'
import { chosenSrtpProfile } from '../srtp-profile.ts'
import { Handshake12 } from './handshake.ts'
import {
  CertificateType,
  decodeCertificateRequest,
  decodeServerKeyExchange,
  encodeCertificate,
  encodeCertificateVerify,
  encodeClientKeyExchange,
  NAMED_CURVE,
} from './messages.ts'

/**
 * What a ServerHello may answer of all that we offer. supported_groups is not among what RFC 8422, 5.2 has there, but
 * servers have sent it; it says nothing and is skipped, as RFC 8446, 4.2.7 advises.
 */
const ANSWERABLE: ReadonlySet<number> = new Set([
  ExtensionType.renegotiationInfo,
  ExtensionType.extendedMasterSecret,
  ExtensionType.encryptThenMac,
  ExtensionType.ecPointFormats,
  ExtensionType.supportedGroups,
  ExtensionType.useSrtp,
])

type Expected =
  | 'ServerHello'
  | 'Certificate'
  | 'ServerKeyExchange'
  | 'CertificateRequest'
  | 'ServerHelloDone'
  | 'Finished'
  | 'nothing'

export class ClientHandshake extends Handshake12 {
  #expected: Expected = 'ServerHello'
  readonly #offered: Extensions
  #suite: CipherSuite | undefined
  #agreement: KeyAgreement | undefined
  #premaster: Uint8Array | undefined
  #certificateRequested = false
  /** The scheme that we sign by, if the server has asked for our certificate and takes a signature that it can make. */
  #ownScheme: ReturnType<typeof chooseSignatureScheme>

  /** @param begun What the negotiation of the version has sent. */
  constructor(settings: HandshakeSettings, owner: HandshakeOwner, { offer, hello, nextSequence }: ClientBeginning) {
    super('client', settings, owner, [hello], nextSequence)
    this.clientRandom = offer.random
    this.#offered = offer.extensions
  }

  protected step(message: HandshakeMessage): void {
    const { type, body } = message
    switch (this.#expected) {
      case 'ServerHello':
        if (type !== HandshakeType.serverHello) break
        this.#takeServerHello(body)
        this.#expected = 'Certificate'
        return
      case 'Certificate':
        if (type !== HandshakeType.certificate) break
        this.#takeServerCertificate(body)
        this.#expected = 'ServerKeyExchange'
        return
      case 'ServerKeyExchange':
        if (type !== HandshakeType.serverKeyExchange) break
        this.#takeKeyExchange(body)
        this.#expected = 'CertificateRequest'
        return
      case 'CertificateRequest':
        if (type === HandshakeType.serverHelloDone) {
          this.#takeDone(body)
          return
        }
        if (type !== HandshakeType.certificateRequest) break
        this.#takeCertificateRequest(body)
        this.#expected = 'ServerHelloDone'
        return
      case 'ServerHelloDone':
        if (type !== HandshakeType.serverHelloDone) break
        this.#takeDone(body)
        return
      case 'Finished':
        if (type !== HandshakeType.finished) break
        this.takeFinished(body)
        this.#expected = 'nothing'
        this.establish()
        return
      case 'nothing':
    }
    throw this.unexpected(message)
  }

  #takeServerHello(body: Uint8Array): void {
    const hello = decodeServerHello(body)
    const suite = this.settings.cipherSuites.find(candidate => candidate.id === hello.cipherSuite)
    if (suite === undefined || hello.compressionMethod !== 0) {
      throw violation(Alert.illegalParameter, 'the server chose a cipher suite or compression that was not offered')
    }
    for (const type of hello.extensions.keys()) {
      if (!this.#offered.has(type)) {
        throw violation(Alert.unsupportedExtension, `the server answers extension ${type}, which was not offered`)
      }
      if (!ANSWERABLE.has(type)) {
        throw violation(Alert.illegalParameter, `extension ${type} has no place in a ServerHello of DTLS 1.2`)
      }
    }
    const renegotiation = hello.extensions.get(ExtensionType.renegotiationInfo)
    // On a first handshake it holds nothing (RFC 5746, 3.4).
    if (renegotiation !== undefined && (renegotiation.length !== 1 || renegotiation[0] !== 0)) {
      throw violation(Alert.handshakeFailure, 'the server believes that it renegotiates')
    }
    const master = hello.extensions.get(ExtensionType.extendedMasterSecret)
    // Required by default, as RFC 7627, 5.2 allows: without it the exporter's keys are not bound to this handshake.
    if (master === undefined && this.settings.requireExtendedMasterSecret) {
      throw violation(Alert.handshakeFailure, 'the server has no extended master secret')
    }
    if (master !== undefined && master.length > 0) throw malformed('extended_master_secret')
    this.extendedMasterSecret = master !== undefined
    this.#takeEncryptThenMac(hello.extensions.get(ExtensionType.encryptThenMac), suite)
    const formats = hello.extensions.get(ExtensionType.ecPointFormats)
    if (formats !== undefined && !decodeBytes8(formats, 'ec_point_formats').includes(0)) {
      throw violation(Alert.illegalParameter, 'the server does not take uncompressed points')
    }
    const useSrtp = hello.extensions.get(ExtensionType.useSrtp)
    if (useSrtp !== undefined) this.negotiated.srtpProfile = chosenSrtpProfile(this.settings.srtpProfiles, useSrtp)
    this.serverRandom = hello.random
    this.#suite = suite
    this.negotiated.version = Version.dtls12
    this.negotiated.cipherSuite = suite
  }

  /** Only for a suite that has a use for it (RFC 7366, 3). */
  #takeEncryptThenMac(data: Uint8Array | undefined, suite: CipherSuite): void {
    if (data === undefined) return
    if (data.length > 0) throw malformed('encrypt_then_mac')
    if (suite.protection !== 'cbc') {
      throw violation(Alert.illegalParameter, 'the server answers encrypt_then_mac for a suite that has no MAC')
    }
    this.encryptThenMac = true
  }

  #takeServerCertificate(body: Uint8Array): void {
    const key = this.takeCertificate(body, Alert.decodeError)
    if (this.#suite === undefined || !authenticates(this.#suite, key.type)) {
      throw violation(Alert.unsupportedCertificate, "the server's certificate does not fit the cipher suite")
    }
  }

  #takeKeyExchange(body: Uint8Array): void {
    const exchange = decodeServerKeyExchange(body)
    const group = this.settings.groups.filter(isClassical).find(candidate => candidate.id === exchange.group)
    if (exchange.curveType !== NAMED_CURVE || group === undefined) {
      throw violation(Alert.illegalParameter, 'the server chose a group that was not offered')
    }
    const signed = concatBytes(this.clientRandom, this.serverRandom, exchange.parameters)
    this.takeSignature(exchange.scheme, signed, exchange.signature)
    this.#agreement = this.settings.crypto.createKeyAgreement(group.name)
    this.#premaster = this.#agreement.agree(exchange.point)
    if (this.#premaster === undefined) throw violation(Alert.illegalParameter, "the server's key share is not valid")
    this.negotiated.group = group.name
  }

  #takeCertificateRequest(body: Uint8Array): void {
    const { types, schemes } = decodeCertificateRequest(body)
    const key = this.settings.certificate.privateKey
    const wanted = key.type === 'rsa' ? CertificateType.rsaSign : CertificateType.ecdsaSign
    this.#certificateRequested = true
    this.#ownScheme = types.includes(wanted) ? chooseSignatureScheme(key, schemes) : undefined
  }

  #takeDone(body: Uint8Array): void {
    const { certificate } = this.settings
    const suite = this.#suite
    const agreement = this.#agreement
    const premaster = this.#premaster
    if (body.length > 0) throw malformed('ServerHelloDone')
    if (suite === undefined || agreement === undefined || premaster === undefined) return
    const flight = new Flight()
    const scheme = this.#ownScheme
    // Without one that suits the server it decides whether it goes on (RFC 5246, 7.4.6).
    if (this.#certificateRequested) {
      this.say(flight, HandshakeType.certificate, encodeCertificate(scheme && certificate.der))
    }
    this.say(flight, HandshakeType.clientKeyExchange, encodeClientKeyExchange(agreement.publicKey))
    this.makeKeys(suite, premaster)
    if (scheme !== undefined) {
      const signature = certificate.privateKey.sign(scheme.name, this.transcript('all'))
      this.say(flight, HandshakeType.certificateVerify, encodeCertificateVerify(scheme.id, signature))
    }
    this.finish(flight)
    this.#expected = 'Finished'
    this.owner.send(flight, 'reply')
  }
}
