/**
 * The client's side of a handshake until its version is known: sends the ClientHello, returns the cookie of a server
 * that has not got to DTLS 1.3, and hands over to the handshake of the version that the server's first answer names
 * (RFC 8446, 4.1.3 and 4.2.1; RFC 6347, 4.2.1).
 */

import { ClientOffer } from './client-offer.ts'
import { Alert, DtlsError, violation } from './error.ts'
import { ExtensionType } from './extension.ts'
import { Flight } from './flight.ts'
import { type Handshake, type HandshakeOwner, type HandshakeSettings, nothingNegotiated } from './handshake.ts'
import { encodeHandshake, type HandshakeMessage, HandshakeType } from './handshake-message.ts'
import { decodeServerHello, isDowngraded, isHelloRetryRequest } from './hello.ts'
import { Version } from './record.ts'
import { ClientHandshake } from './v12/client.ts'
import { decodeHelloVerifyRequest } from './v12/messages.ts'
import { ClientHandshake13 } from './v13/client.ts'

/** A server that changes its mind about the cookie more often than that is not going to be pleased. */
const MOST_COOKIES = 3

export class ClientNegotiation implements Handshake {
  readonly negotiated = nothingNegotiated()
  readonly #settings: HandshakeSettings
  readonly #owner: HandshakeOwner
  readonly #offer: ClientOffer
  /** The last ClientHello, with its header. */
  #hello: Uint8Array = new Uint8Array(0)
  #nextSequence = 0
  #cookies = 0

  constructor(settings: HandshakeSettings, owner: HandshakeOwner) {
    this.#settings = settings
    this.#owner = owner
    this.#offer = new ClientOffer(settings)
  }

  start(): void {
    this.#sendHello()
  }

  receive(message: HandshakeMessage): void {
    const { type, body } = message
    const offer = this.#offer
    // May come at any time in DTLS 1.2, means nothing while a handshake is under way, and is no part of it (RFC 5246, 7.4.1.1).
    if (type === HandshakeType.helloRequest && offer.offers12) return
    if (type === HandshakeType.helloVerifyRequest && offer.offers12) {
      this.#takeCookie(body)
      return
    }
    if (type !== HandshakeType.serverHello) {
      throw violation(Alert.unexpectedMessage, `handshake message ${type} came in place of a ServerHello`)
    }
    const [settings, owner] = [this.#settings, this.#owner]
    const begun = { offer, hello: this.#hello, nextSequence: this.#nextSequence }
    const next = this.#is13(body)
      ? new ClientHandshake13(settings, owner, begun)
      : new ClientHandshake(settings, owner, begun)
    owner.become(next)
    next.receive(message)
  }

  exportKeyingMaterial(): Uint8Array {
    throw new DtlsError('invalid-state', 'the handshake has not come to its keys yet')
  }

  #sendHello(): void {
    this.#hello = encodeHandshake(HandshakeType.clientHello, this.#nextSequence++, this.#offer.encode())
    this.#owner.send(new Flight().message(this.#owner.plaintext, this.#hello), 'reply')
  }

  /** What was said before it does not count (RFC 6347, 4.2.1). */
  #takeCookie(body: Uint8Array): void {
    const cookie = decodeHelloVerifyRequest(body)
    if (++this.#cookies > MOST_COOKIES) throw violation(Alert.unexpectedMessage, 'the server keeps asking for a cookie')
    this.#offer.verify(cookie)
    this.#sendHello()
  }

  /** Whether the server has chosen DTLS 1.3; if not, it is 1.2. */
  #is13(body: Uint8Array): boolean {
    const { offers12, offers13 } = this.#offer
    const hello = decodeServerHello(body)
    // No lower version says so by this extension (RFC 8446, 4.2.1), and what it says has to be 1.3.
    if (offers13 && hello.extensions.has(ExtensionType.supportedVersions)) {
      // Who speaks 1.3 does not ask for a cookie as in 1.2 (RFC 9147, 5.1).
      if (this.#cookies > 0) throw violation(Alert.illegalParameter, 'a server of DTLS 1.3 sent a HelloVerifyRequest')
      return true
    }
    if (offers13 && isHelloRetryRequest(hello)) {
      throw violation(Alert.missingExtension, 'HelloRetryRequest has no supported_versions')
    }
    if (hello.version !== Version.dtls12 || !offers12) {
      throw violation(Alert.protocolVersion, 'the server speaks no version that was offered')
    }
    // A server that speaks 1.3 too says so: somebody has taken it out of the hello on its way (RFC 8446, 4.1.3).
    if (offers13 && isDowngraded(hello.random)) {
      throw violation(Alert.illegalParameter, 'the server would have spoken DTLS 1.3')
    }
    return false
  }
}
