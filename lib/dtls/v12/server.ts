/**
 * The server's side of a DTLS 1.2 handshake (RFC 6347, 4.2; RFC 5246, 7.3). The flights are drawn in `client.ts`.
 *
 * The client's certificate is always asked for and required: in WebRTC both sides are known by their fingerprints
 * (RFC 8827, 6.5).
 */

import { concatBytes } from '../../bytes/index.ts'
import type { KeyAgreement } from '../../crypto/index.ts'
import { randomBytes } from '../../machine/index.ts'
import { authenticates, type CipherSuite } from '../cipher-suite.ts'
import { Alert, malformed, noCommon, violation } from '../error.ts'
import { decodeBytes8, decodeNumbers, type Extensions, ExtensionType } from '../extension.ts'
import { Flight } from '../flight.ts'
import type { HandshakeOwner, HandshakeSettings } from '../handshake.ts'
import { type HandshakeMessage, HandshakeType } from '../handshake-message.ts'
import { type ClientHello, DOWNGRADE_12, decodeClientHello, encodeServerHello, RANDOM_LENGTH } from '../hello.ts'
import { type ClassicalGroup, isClassical } from '../named-group.ts'
import { Version } from '../record.ts'
import { chooseSignatureScheme, SIGNATURE_SCHEMES } from '../signature-scheme.ts'
import { chooseSrtpProfile, encodeUseSrtp } from '../srtp-profile.ts'
import { Handshake12 } from './handshake.ts'
import {
  CertificateType,
  decodeClientKeyExchange,
  encodeCertificate,
  encodeCertificateRequest,
  encodeKeyExchangeParameters,
  encodeServerKeyExchange,
} from './messages.ts'

type Expected = 'ClientHello' | 'Certificate' | 'ClientKeyExchange' | 'CertificateVerify' | 'Finished' | 'nothing'

const EMPTY_RENEGOTIATION_INFO_SCSV = 0x00ff

export class ServerHandshake extends Handshake12 {
  #expected: Expected = 'ClientHello'
  #suite: CipherSuite | undefined
  #agreement: KeyAgreement | undefined

  /** @param nextSequence The message_seq of the ServerHello. */
  constructor(settings: HandshakeSettings, owner: HandshakeOwner, nextSequence: number) {
    super('server', settings, owner, [], nextSequence)
  }

  protected step(message: HandshakeMessage): void {
    const { type, body } = message
    switch (this.#expected) {
      case 'ClientHello':
        if (type !== HandshakeType.clientHello) break
        this.#takeClientHello(decodeClientHello(body))
        return
      case 'Certificate':
        if (type !== HandshakeType.certificate) break
        this.takeCertificate(body, Alert.handshakeFailure)
        this.#expected = 'ClientKeyExchange'
        return
      case 'ClientKeyExchange':
        if (type !== HandshakeType.clientKeyExchange) break
        this.#takeKeyExchange(body)
        this.#expected = 'CertificateVerify'
        return
      case 'CertificateVerify':
        if (type !== HandshakeType.certificateVerify) break
        this.takeCertificateVerify(body)
        this.#expected = 'Finished'
        return
      case 'Finished': {
        if (type !== HandshakeType.finished) break
        this.takeFinished(body)
        this.#expected = 'nothing'
        const flight = new Flight()
        this.finish(flight)
        this.owner.send(flight, 'nothing')
        this.establish()
        return
      }
      case 'nothing':
    }
    throw this.unexpected(message)
  }

  #takeClientHello(hello: ClientHello): void {
    const { crypto, certificate, srtpProfiles, versions } = this.settings
    const { extensions } = hello
    if (!hello.compressionMethods.includes(0)) {
      throw violation(Alert.illegalParameter, 'the client does not offer to leave out compression')
    }
    const renegotiation = extensions.get(ExtensionType.renegotiationInfo)
    if (renegotiation !== undefined && (renegotiation.length !== 1 || renegotiation[0] !== 0)) {
      throw violation(Alert.handshakeFailure, 'the client believes that it renegotiates')
    }
    const master = extensions.get(ExtensionType.extendedMasterSecret)
    if (master === undefined && this.settings.requireExtendedMasterSecret) {
      throw violation(Alert.handshakeFailure, 'the client has no extended master secret')
    }
    if (master !== undefined && master.length > 0) throw malformed('extended_master_secret')
    this.extendedMasterSecret = master !== undefined

    const key = certificate.privateKey
    const suite = this.settings.cipherSuites.find(
      candidate => hello.cipherSuites.includes(candidate.id) && authenticates(candidate, key.type),
    )
    if (suite === undefined) throw noCommon('cipher suite')
    const encryptThenMac = extensions.get(ExtensionType.encryptThenMac)
    if (encryptThenMac !== undefined && encryptThenMac.length > 0) throw malformed('encrypt_then_mac')
    this.encryptThenMac = encryptThenMac !== undefined && suite.protection === 'cbc'
    const group = this.#chooseGroup(extensions)
    const schemes = extensions.get(ExtensionType.signatureAlgorithms)
    // A client that names none means SHA-1 (RFC 5246, 7.4.1.4.1).
    const scheme = schemes && chooseSignatureScheme(key, decodeNumbers(schemes, 'signature_algorithms'))
    if (scheme === undefined) throw noCommon('signature scheme')
    const useSrtp = extensions.get(ExtensionType.useSrtp)
    if (useSrtp !== undefined) this.negotiated.srtpProfile = chooseSrtpProfile(srtpProfiles, useSrtp)

    this.clientRandom = hello.random
    this.serverRandom = randomBytes(crypto.random, RANDOM_LENGTH)
    // So that a client which offered DTLS 1.3 sees that its hello came here without it (RFC 8446, 4.1.3).
    if (versions.includes(Version.dtls13)) this.serverRandom.set(DOWNGRADE_12, RANDOM_LENGTH - DOWNGRADE_12.length)
    this.#suite = suite
    this.#agreement = crypto.createKeyAgreement(group.name)
    this.negotiated.version = Version.dtls12
    this.negotiated.cipherSuite = suite
    this.negotiated.group = group.name

    const flight = new Flight()
    this.say(flight, HandshakeType.serverHello, this.#serverHello(suite, hello))
    this.say(flight, HandshakeType.certificate, encodeCertificate(certificate.der))
    const parameters = encodeKeyExchangeParameters(group.id, this.#agreement.publicKey)
    const signed = concatBytes(this.clientRandom, this.serverRandom, parameters)
    const signature = certificate.privateKey.sign(scheme.name, signed)
    this.say(flight, HandshakeType.serverKeyExchange, encodeServerKeyExchange(parameters, scheme.id, signature))
    this.say(
      flight,
      HandshakeType.certificateRequest,
      encodeCertificateRequest(
        [CertificateType.ecdsaSign, CertificateType.rsaSign],
        SIGNATURE_SCHEMES.map(entry => entry.id),
      ),
    )
    this.say(flight, HandshakeType.serverHelloDone, new Uint8Array(0))
    this.#expected = 'Certificate'
    this.owner.send(flight, 'reply')
  }

  #chooseGroup(extensions: Extensions): ClassicalGroup {
    const formats = extensions.get(ExtensionType.ecPointFormats)
    if (formats !== undefined && !decodeBytes8(formats, 'ec_point_formats').includes(0)) {
      throw violation(Alert.illegalParameter, 'the client does not take uncompressed points')
    }
    const data = extensions.get(ExtensionType.supportedGroups)
    // A client that names none takes any (RFC 8422, 4); P-256 is the one that all have.
    const offered = data === undefined ? [23] : decodeNumbers(data, 'supported_groups')
    // By RFC 8422, 5.3 the list limits the curve of an ECDSA certificate too. Whether it is meant so only the client can
    // tell: one that names X25519 alone, as ours may be told to, mostly means the key exchange, as in DTLS 1.3.
    const group = this.settings.groups.filter(isClassical).find(candidate => offered.includes(candidate.id))
    if (group === undefined) throw noCommon('group')
    return group
  }

  #serverHello(cipherSuite: CipherSuite, hello: ClientHello): Uint8Array {
    const extensions = new Map<number, Uint8Array>()
    // The signalling cipher suite may stand for the extension (RFC 5746, 3.6).
    if (
      hello.extensions.has(ExtensionType.renegotiationInfo) ||
      hello.cipherSuites.includes(EMPTY_RENEGOTIATION_INFO_SCSV)
    ) {
      extensions.set(ExtensionType.renegotiationInfo, Uint8Array.of(0))
    }
    if (this.extendedMasterSecret) extensions.set(ExtensionType.extendedMasterSecret, new Uint8Array(0))
    if (this.encryptThenMac) extensions.set(ExtensionType.encryptThenMac, new Uint8Array(0))
    if (hello.extensions.has(ExtensionType.ecPointFormats)) {
      extensions.set(ExtensionType.ecPointFormats, Uint8Array.of(1, 0))
    }
    const profile = this.negotiated.srtpProfile
    if (profile !== undefined) extensions.set(ExtensionType.useSrtp, encodeUseSrtp([profile]))
    return encodeServerHello({
      version: Version.dtls12,
      random: this.serverRandom,
      sessionId: new Uint8Array(0),
      cipherSuite: cipherSuite.id,
      compressionMethod: 0,
      extensions,
    })
  }

  #takeKeyExchange(body: Uint8Array): void {
    const point = decodeClientKeyExchange(body)
    const premaster = this.#agreement?.agree(point)
    if (premaster === undefined || this.#suite === undefined) {
      throw violation(Alert.illegalParameter, "the client's key share is not valid")
    }
    this.makeKeys(this.#suite, premaster)
  }
}
