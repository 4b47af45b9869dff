/**
 * What both roles of a DTLS 1.3 handshake share: the transcript, the keys of each epoch, and the proofs over it
 * (RFC 8446, 4.4 and 7.1; RFC 9147, 5 and 6.1).
 */

import { equalBytes, hex } from '../../bytes/index.ts'
import type { CryptoProvider, PublicKey } from '../../crypto/index.ts'
import { Alert, DtlsError, violation } from '../error.ts'
import type { Extensions } from '../extension.ts'
import type { Flight } from '../flight.ts'
import {
  type Handshake,
  type HandshakeOwner,
  type HandshakeSettings,
  type Negotiated,
  nothingNegotiated,
} from '../handshake.ts'
import { encodeHandshake, type HandshakeMessage, HandshakeType } from '../handshake-message.ts'
import type { DtlsRole } from '../options.ts'
import { authenticateCertificate } from '../peer-certificate.ts'
import { type RecordOpener, type RecordSealer, Version } from '../record.ts'
import { DATA_EPOCH, HANDSHAKE_EPOCH } from '../record-layer.ts'
import { type SchemeEntry, signatureScheme13 } from '../signature-scheme.ts'
import type { CipherSuite13 } from './cipher-suite.ts'
import { checkAnsweredExtensions } from './extension-legality.ts'
import { KeySchedule13, type TrafficSecrets13, trafficKeys } from './key-schedule.ts'
import {
  decodeCertificate13,
  decodeCertificateVerify,
  decodeFinished13,
  encodeCertificate13,
  encodeCertificateVerify,
  signedContent,
} from './messages.ts'
import { PostHandshake } from './post-handshake.ts'
import { Opener13, Sealer13 } from './record-protection.ts'
import { Transcript13 } from './transcript.ts'

const NOTHING = new Uint8Array(0)

/** What there is from the ServerHello on. */
interface HandshakeKeys {
  readonly suite: CipherSuite13
  readonly schedule: KeySchedule13
  readonly secrets: TrafficSecrets13
  readonly sealer: RecordSealer
}

export abstract class Handshake13 implements Handshake {
  readonly negotiated: Negotiated = nothingNegotiated()
  protected readonly settings: HandshakeSettings
  protected readonly owner: HandshakeOwner
  protected readonly transcript = new Transcript13()
  protected clientRandom: Uint8Array = NOTHING
  readonly #role: DtlsRole
  readonly #peer: DtlsRole
  #nextSequence: number
  #keys: HandshakeKeys | undefined
  #peerKey: PublicKey | undefined
  #postHandshake: PostHandshake | undefined

  /** @param nextSequence The message_seq of our next message. */
  constructor(role: DtlsRole, settings: HandshakeSettings, owner: HandshakeOwner, nextSequence: number) {
    this.#role = role
    this.#peer = role === 'client' ? 'server' : 'client'
    this.settings = settings
    this.owner = owner
    this.#nextSequence = nextSequence
    this.negotiated.version = Version.dtls13
    // A record without protection does not tell more of the version than that (RFC 9147, 4).
    owner.plaintext.version = Version.dtls12
  }

  /** The negotiation of the version has begun it. */
  start(): void {}

  receive(message: HandshakeMessage): void {
    if (this.#postHandshake !== undefined) {
      this.#postHandshake.receive(message)
      return
    }
    const isHello = message.type === HandshakeType.clientHello || message.type === HandshakeType.serverHello
    if (message.epoch !== (isHello ? 0 : HANDSHAKE_EPOCH)) throw this.unexpected(message)
    this.step(message)
  }

  updateKeys(requestPeer: boolean): void {
    if (this.#postHandshake === undefined) {
      throw new DtlsError('invalid-state', 'keys are not replaced before the handshake is done')
    }
    this.#postHandshake.updateKeys(requestPeer)
  }

  exportKeyingMaterial(label: string, length: number, context: Uint8Array | undefined): Uint8Array {
    return this.#made.schedule.export(label, length, context)
  }

  /** Takes the next message, and `heard` it. */
  protected abstract step(message: HandshakeMessage): void

  protected unexpected(message: HandshakeMessage): DtlsError {
    return violation(Alert.unexpectedMessage, `handshake message ${message.type} came out of turn`)
  }

  /** A message of the peer's enters the transcript. */
  protected heard(message: HandshakeMessage): void {
    this.transcript.add(message.raw)
  }

  /** Appends a message of ours to the flight and to the transcript: a hello in the clear, all else in epoch 2. */
  protected say(flight: Flight, type: number, body: Uint8Array): void {
    const isHello = type === HandshakeType.clientHello || type === HandshakeType.serverHello
    const raw = encodeHandshake(type, this.#nextSequence++, body)
    this.transcript.add(raw)
    flight.message(isHello ? this.owner.plaintext : this.#made.sealer, raw)
  }

  /** The ServerHello is the last of the transcript: makes the keys of epoch 2. */
  protected makeHandshakeKeys(suite: CipherSuite13, shared: Uint8Array): void {
    const { crypto } = this.settings
    const schedule = new KeySchedule13(crypto, suite)
    const secrets = schedule.handshakeSecrets(shared, this.transcript.hash())
    this.#log('CLIENT_HANDSHAKE_TRAFFIC_SECRET', secrets.client)
    this.#log('SERVER_HANDSHAKE_TRAFFIC_SECRET', secrets.server)
    const sealer = createSealer(crypto, suite, secrets[this.#role], HANDSHAKE_EPOCH)
    this.#keys = { suite, schedule, secrets, sealer }
    this.owner.openWith(createOpener(crypto, suite, secrets[this.#peer], HANDSHAKE_EPOCH))
    this.owner.sealWith(sealer)
  }

  /** The server's Finished is the last of the transcript: the secrets of epoch 3. */
  protected makeApplicationSecrets(): TrafficSecrets13 {
    const { schedule } = this.#made
    const secrets = schedule.applicationSecrets(this.transcript.hash())
    this.#log('CLIENT_TRAFFIC_SECRET_0', secrets.client)
    this.#log('SERVER_TRAFFIC_SECRET_0', secrets.server)
    this.#log('EXPORTER_SECRET', schedule.exporterSecret)
    return secrets
  }

  /** Of what we send from epoch 3 on. */
  protected applicationSealer(secrets: TrafficSecrets13): RecordSealer {
    return createSealer(this.settings.crypto, this.#made.suite, secrets[this.#role], DATA_EPOCH)
  }

  /**
   * Nothing of the handshake is left to be awaited from the peer but the ACK of our last flight.
   * @param quiet Whether no flight of ours awaits an ACK.
   */
  protected finish(secrets: TrafficSecrets13, sealer: RecordSealer, quiet: boolean): PostHandshake {
    const { suite, schedule, secrets: served } = this.#made
    const { crypto } = this.settings
    // Secrets are erased once they have served; the flight that may be sent again has its keys (RFC 8446, 7.1).
    served.client.fill(0)
    served.server.fill(0)
    this.owner.openWith(createOpener(crypto, suite, secrets[this.#peer], DATA_EPOCH))
    this.#postHandshake = new PostHandshake({
      owner: this.owner,
      nextSequence: this.#nextSequence,
      quiet,
      takesTickets: this.#role === 'client',
      sealer,
      ourSecret: secrets[this.#role],
      peerSecret: secrets[this.#peer],
      nextSecret: secret => schedule.nextSecret(secret),
      createSealer: (secret, epoch) => createSealer(crypto, suite, secret, epoch),
      createOpener: (secret, epoch) => createOpener(crypto, suite, secret, epoch),
      log: (whose, secret, generation) =>
        this.#log(`${(whose === 'ours' ? this.#role : this.#peer).toUpperCase()}_TRAFFIC_SECRET_${generation}`, secret),
    })
    return this.#postHandshake
  }

  /**
   * The peer's Certificate.
   * @param missing The alert for an empty chain.
   * @param asked The extensions that those of its entries may answer.
   */
  protected takeCertificate(message: HandshakeMessage, missing: number, asked: { has(type: number): boolean }): void {
    const { context, entries } = decodeCertificate13(message.body)
    if (context.length > 0)
      throw violation(Alert.illegalParameter, 'the Certificate answers a request that was not made')
    for (const { extensions } of entries) checkAnsweredExtensions(extensions, 'Certificate', asked)
    const der = entries[0]?.data
    if (der === undefined) throw violation(missing, 'the peer shows no certificate')
    this.#peerKey = authenticateCertificate(this.settings, der)
    this.negotiated.remoteCertificate = der
    this.heard(message)
  }

  /** The peer's CertificateVerify: its signature over the transcript up to its Certificate. */
  protected takeCertificateVerify(message: HandshakeMessage): void {
    const { scheme, signature } = decodeCertificateVerify(message.body)
    const key = this.#peerKey
    const entry = key && signatureScheme13(scheme, key.type)
    if (key === undefined || entry === undefined) {
      throw violation(Alert.illegalParameter, `signature scheme ${scheme} was not offered or does not fit the key`)
    }
    if (!key.verify(entry.name, signedContent(this.#peer, this.transcript.hash()), signature)) {
      throw new DtlsError('bad-signature', 'the peer has not signed by the key of its certificate', {
        sent: Alert.decryptError,
      })
    }
    this.negotiated.signatureScheme = entry.name
    this.heard(message)
  }

  /** The peer's Finished: both have seen the same messages, and made the same keys of them. */
  protected takeFinished(message: HandshakeMessage): void {
    const expected = this.#verifyData(this.#peer)
    if (!equalBytes(decodeFinished13(message.body, expected.length), expected)) {
      throw new DtlsError('bad-finished', "the peer's Finished is not that of this handshake", {
        sent: Alert.decryptError,
      })
    }
    this.heard(message)
  }

  /** Appends our Certificate and CertificateVerify; an empty Certificate alone, where no scheme can be used. */
  protected sayCertificate(flight: Flight, scheme: SchemeEntry | undefined): void {
    const { der, privateKey } = this.settings.certificate
    this.say(flight, HandshakeType.certificate, encodeCertificate13(NOTHING, scheme && der))
    if (scheme === undefined) return
    const signature = privateKey.sign(scheme.name, signedContent(this.#role, this.transcript.hash()))
    this.say(flight, HandshakeType.certificateVerify, encodeCertificateVerify(scheme.id, signature))
  }

  protected sayFinished(flight: Flight): void {
    this.say(flight, HandshakeType.finished, this.#verifyData(this.#role))
  }

  #verifyData(sender: DtlsRole): Uint8Array {
    const { schedule, secrets } = this.#made
    return schedule.verifyData(secrets[sender], this.transcript.hash())
  }

  /** In the format of NSS, so that a capture can be decrypted. */
  #log(label: string, secret: Uint8Array): void {
    this.settings.trace?.keyLog?.(`${label} ${hex(this.clientRandom)} ${hex(secret)}`)
  }

  get #made(): HandshakeKeys {
    if (this.#keys === undefined) throw new DtlsError('invalid-state', 'the handshake has not come to its keys yet')
    return this.#keys
  }
}

const createSealer = (crypto: CryptoProvider, suite: CipherSuite13, secret: Uint8Array, epoch: number): RecordSealer =>
  new Sealer13(crypto, suite, trafficKeys(crypto, suite, secret), epoch)

const createOpener = (crypto: CryptoProvider, suite: CipherSuite13, secret: Uint8Array, epoch: number): RecordOpener =>
  new Opener13(crypto, suite, trafficKeys(crypto, suite, secret), epoch)

/** An extension that has to be there (RFC 8446, 9.2). */
export const required = (extensions: Extensions, type: number, message: string): Uint8Array => {
  const data = extensions.get(type)
  if (data === undefined) throw violation(Alert.missingExtension, `${message} has no extension ${type}`)
  return data
}
