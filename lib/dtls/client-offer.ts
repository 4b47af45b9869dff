/**
 * What a client offers: one ClientHello for all the versions that it speaks (RFC 8446, 4.1.2 and 4.2.1; RFC 9147, 5.3).
 *
 * Its parts stay the same from hello to hello, but for what the server's answer asks to change: a cookie, or another
 * key share.
 */

import type { KeyShare } from '../crypto/index.ts'
import { randomBytes } from '../machine/index.ts'
import { type Extensions, ExtensionType, encodeCookie, encodeNumbers, encodeVersions } from './extension.ts'
import type { HandshakeSettings } from './handshake.ts'
import { encodeClientHello, RANDOM_LENGTH } from './hello.ts'
import { isClassical, type NamedGroup } from './named-group.ts'
import { Version } from './record.ts'
import { SIGNATURE_SCHEMES } from './signature-scheme.ts'
import { encodeUseSrtp } from './srtp-profile.ts'
import { encodeClientShares } from './v13/key-share.ts'

const NOTHING = new Uint8Array(0)

export interface OfferedShare {
  readonly group: NamedGroup
  readonly share: KeyShare
}

export class ClientOffer {
  readonly random: Uint8Array
  /** Whether the client speaks DTLS 1.3, and whether it speaks 1.2. */
  readonly offers13: boolean
  readonly offers12: boolean
  readonly #settings: HandshakeSettings
  /** Of DTLS 1.3, in the order of the hello. */
  #shares: readonly OfferedShare[]
  /** The field of DTLS 1.2, and the extension of 1.3. */
  #helloVerifyCookie = NOTHING
  #retryCookie: Uint8Array | undefined
  #extensions: Extensions

  constructor(settings: HandshakeSettings) {
    const { crypto, groups, versions } = settings
    this.#settings = settings
    this.random = randomBytes(crypto.random, RANDOM_LENGTH)
    this.offers13 = versions.includes(Version.dtls13)
    this.offers12 = versions.includes(Version.dtls12)
    // The hybrid is not known everywhere yet: a share of X25519 beside it is small and saves a round trip.
    const [first] = groups
    const second = first === undefined || isClassical(first) ? undefined : groups.find(isClassical)
    this.#shares = this.offers13
      ? [first, second].flatMap(group => (group === undefined ? [] : this.#share(group)))
      : []
    this.#extensions = this.#list()
  }

  get shares(): readonly OfferedShare[] {
    return this.#shares
  }

  /** What the last hello had, by number. */
  get extensions(): Extensions {
    return this.#extensions
  }

  /** The next hello returns the cookie of a HelloVerifyRequest. */
  verify(cookie: Uint8Array): void {
    this.#helloVerifyCookie = cookie.slice()
  }

  /**
   * The next hello is the answer to a HelloRetryRequest (RFC 8446, 4.1.2).
   * @param group Takes the place of all those that there were shares of.
   */
  retry(group: NamedGroup | undefined, cookie: Uint8Array | undefined): void {
    if (group !== undefined) this.#shares = this.#share(group)
    this.#retryCookie = cookie?.slice()
    this.#extensions = this.#list()
  }

  /** The body of the ClientHello. */
  encode(): Uint8Array {
    const { cipherSuites, cipherSuites13 } = this.#settings
    const suites = [...(this.offers13 ? cipherSuites13 : []), ...(this.offers12 ? cipherSuites : [])]
    return encodeClientHello({
      version: Version.dtls12,
      random: this.random,
      sessionId: NOTHING,
      cookie: this.#helloVerifyCookie,
      cipherSuites: suites.map(suite => suite.id),
      compressionMethods: Uint8Array.of(0),
      extensions: this.#extensions,
    })
  }

  #share(group: NamedGroup): OfferedShare[] {
    return [{ group, share: this.#settings.crypto.createKeyShare(group.name) }]
  }

  #list(): Extensions {
    const { versions, cipherSuites, srtpProfiles } = this.#settings
    const groups = this.offers13 ? this.#settings.groups : this.#settings.groups.filter(isClassical)
    const list = new Map<number, Uint8Array>()
    if (this.offers13) list.set(ExtensionType.supportedVersions, encodeVersions(versions))
    if (this.offers12) {
      list.set(ExtensionType.renegotiationInfo, Uint8Array.of(0))
      list.set(ExtensionType.extendedMasterSecret, NOTHING)
      if (cipherSuites.some(suite => suite.protection === 'cbc')) list.set(ExtensionType.encryptThenMac, NOTHING)
      list.set(ExtensionType.ecPointFormats, Uint8Array.of(1, 0))
    }
    list.set(ExtensionType.supportedGroups, encodeNumbers(groups.map(group => group.id)))
    list.set(ExtensionType.signatureAlgorithms, encodeNumbers(SIGNATURE_SCHEMES.map(scheme => scheme.id)))
    if (srtpProfiles.length > 0) list.set(ExtensionType.useSrtp, encodeUseSrtp(srtpProfiles))
    if (this.#retryCookie !== undefined) list.set(ExtensionType.cookie, encodeCookie(this.#retryCookie))
    // Last because it is long: what comes first of a hello in two datagrams tells all else.
    if (this.offers13) {
      const entries = this.#shares.map(({ group, share }) => ({ group: group.id, keyExchange: share.publicKey }))
      list.set(ExtensionType.keyShare, encodeClientShares(entries))
    }
    return list
  }
}

/** What a client has sent by the time that the server's version is known. */
export interface ClientBeginning {
  readonly offer: ClientOffer
  /** The last ClientHello, with its header as if unfragmented: what counts in the transcript. */
  readonly hello: Uint8Array
  /** The message_seq of the client's next message. */
  readonly nextSequence: number
}
