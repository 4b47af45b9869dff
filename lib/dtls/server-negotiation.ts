/**
 * The server's side of a handshake until its version is known: takes the ClientHello, and hands over to the handshake of
 * the highest version that both speak (RFC 8446, 4.2.1). A client that has not got to DTLS 1.3 is asked for its cookie
 * first, if it is to be (RFC 6347, 4.2.1).
 */

import { equalBytes } from '../bytes/index.ts'
import type { Mac } from '../crypto/index.ts'
import { randomBytes } from '../machine/index.ts'
import { Alert, DtlsError, violation } from './error.ts'
import { decodeVersions, ExtensionType } from './extension.ts'
import { Flight } from './flight.ts'
import { type Handshake, type HandshakeOwner, type HandshakeSettings, nothingNegotiated } from './handshake.ts'
import { encodeHandshake, type HandshakeMessage, HandshakeType } from './handshake-message.ts'
import { type ClientHello, decodeClientHello } from './hello.ts'
import { Version } from './record.ts'
import { encodeHelloVerifyRequest } from './v12/messages.ts'
import { ServerHandshake } from './v12/server.ts'
import { ServerHandshake13 } from './v13/server.ts'

/** A client that had offered a higher version before, and now does not (RFC 7507). */
const TLS_FALLBACK_SCSV = 0x5600

export class ServerNegotiation implements Handshake {
  readonly negotiated = nothingNegotiated()
  readonly #settings: HandshakeSettings
  readonly #owner: HandshakeOwner
  readonly #cookieMac: Mac | undefined
  #nextSequence = 0

  constructor(settings: HandshakeSettings, owner: HandshakeOwner) {
    this.#settings = settings
    this.#owner = owner
    if (settings.cookieExchange) {
      this.#cookieMac = settings.crypto.createMac('sha-256', randomBytes(settings.crypto.random, 32))
    }
  }

  start(): void {}

  receive(message: HandshakeMessage): void {
    if (message.type !== HandshakeType.clientHello) {
      throw violation(Alert.unexpectedMessage, `handshake message ${message.type} came in place of a ClientHello`)
    }
    const [settings, owner] = [this.#settings, this.#owner]
    const hello = decodeClientHello(message.body)
    const version = this.#choose(hello)
    if (version === Version.dtls12 && !this.#takeCookie(hello)) return
    const next =
      version === Version.dtls13
        ? new ServerHandshake13(settings, owner, this.#nextSequence)
        : new ServerHandshake(settings, owner, this.#nextSequence)
    owner.become(next)
    next.receive(message)
  }

  exportKeyingMaterial(): Uint8Array {
    throw new DtlsError('invalid-state', 'the handshake has not come to its keys yet')
  }

  /** supported_versions says it where it is there, else the field that it took the place of. */
  #choose(hello: ClientHello): number {
    const list = hello.extensions.get(ExtensionType.supportedVersions)
    const { versions } = this.#settings
    const version =
      list === undefined
        ? versions.find(each => each === Version.dtls12 && hello.version >>> 8 === each >>> 8 && hello.version <= each)
        : this.#firstOf(decodeVersions(list))
    if (version === undefined) {
      throw violation(Alert.protocolVersion, 'the client speaks no version that we do')
    }
    // Nothing that we have said can have been the reason (RFC 7507, 3).
    if (version !== versions[0] && hello.cipherSuites.includes(TLS_FALLBACK_SCSV)) {
      throw violation(Alert.inappropriateFallback, 'the client has fallen back to a lower version than both speak')
    }
    return version
  }

  #firstOf(offered: readonly number[]): number | undefined {
    return this.#settings.versions.find(version => offered.includes(version))
  }

  /** Whether the hello may be answered: it brings the cookie that belongs to it, or needs none. */
  #takeCookie(hello: ClientHello): boolean {
    if (this.#cookieMac === undefined) return true
    const suites = Uint8Array.from(hello.cipherSuites.flatMap(suite => [suite >>> 8, suite & 0xff]))
    const cookie = this.#cookieMac.compute(hello.random, hello.sessionId, suites, hello.compressionMethods)
    if (equalBytes(hello.cookie, cookie)) return true
    const body = encodeHelloVerifyRequest(Version.dtls10, cookie)
    const raw = encodeHandshake(HandshakeType.helloVerifyRequest, this.#nextSequence++, body)
    this.#owner.send(new Flight().message(this.#owner.plaintext, raw), 'nothing')
    return false
  }
}
