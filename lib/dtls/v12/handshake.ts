/**
 * What both roles of a DTLS 1.2 handshake share: the transcript, the keys that come of it, and the proofs over it
 * (RFC 5246, 7.4.8 and 7.4.9).
 *
 * A ChangeCipherSpec that is received changes nothing: it carries no sequence number and may be lost while what follows
 * arrives. The epoch of each record says what it was meant to say, and a Finished counts only in epoch 1.
 */

import { concatBytes, equalBytes, hex } from '../../bytes/index.ts'
import type { PublicKey } from '../../crypto/index.ts'
import type { CipherSuite } from '../cipher-suite.ts'
import { Alert, DtlsError, malformed, violation } from '../error.ts'
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
import { type RecordSealer, Version } from '../record.ts'
import { signatureScheme } from '../signature-scheme.ts'
import { KeySchedule } from './key-schedule.ts'
import { decodeCertificate, decodeCertificateVerify } from './messages.ts'
import { createOpener, createSealer } from './record-protection.ts'

/** The epoch of the one set of keys that a handshake makes. */
const EPOCH = 1

export abstract class Handshake12 implements Handshake {
  readonly negotiated: Negotiated = nothingNegotiated()
  protected readonly settings: HandshakeSettings
  protected readonly owner: HandshakeOwner
  protected clientRandom: Uint8Array = new Uint8Array(0)
  protected serverRandom: Uint8Array = new Uint8Array(0)
  protected peerKey: PublicKey | undefined
  /** Both have extended_master_secret (RFC 7627). */
  protected extendedMasterSecret = false
  /** Both have encrypt_then_mac, and the suite is one of AES-CBC (RFC 7366). */
  protected encryptThenMac = false
  readonly #role: DtlsRole
  /** Every message of either side so far, with its header as if unfragmented. */
  #transcript: Uint8Array[]
  #nextSequence: number
  #keys: KeySchedule | undefined
  #sealer: RecordSealer | undefined

  /**
   * @param transcript What counts of the messages so far.
   * @param nextSequence The message_seq of our next message.
   */
  constructor(
    role: DtlsRole,
    settings: HandshakeSettings,
    owner: HandshakeOwner,
    transcript: readonly Uint8Array[],
    nextSequence: number,
  ) {
    this.#role = role
    this.settings = settings
    this.owner = owner
    this.#transcript = [...transcript]
    this.#nextSequence = nextSequence
    owner.plaintext.version = Version.dtls12
  }

  /** The negotiation of the version has begun it. */
  start(): void {}

  receive(message: HandshakeMessage): void {
    // May come at any time, means nothing while a handshake is under way, and is no part of it (RFC 5246, 7.4.1.1).
    if (message.type === HandshakeType.helloRequest && this.#role === 'client') return
    const epoch = message.type === HandshakeType.finished ? EPOCH : 0
    if (message.epoch !== epoch) throw this.unexpected(message)
    this.#transcript.push(message.raw)
    this.step(message)
  }

  exportKeyingMaterial(label: string, length: number, context: Uint8Array | undefined): Uint8Array {
    return this.#established.keys.export(label, length, context)
  }

  /** Takes the next message, which is the last of the transcript already. */
  protected abstract step(message: HandshakeMessage): void

  protected unexpected(message: HandshakeMessage): DtlsError {
    return violation(Alert.unexpectedMessage, `handshake message ${message.type} came out of turn`)
  }

  /** Appends a message of ours to the flight and to the transcript. */
  protected say(flight: Flight, type: number, body: Uint8Array): void {
    const raw = encodeHandshake(type, this.#nextSequence++, body)
    this.#transcript.push(raw)
    flight.message(this.owner.plaintext, raw)
  }

  /** All messages so far, or all but the one that is being taken. */
  protected transcript(part: 'all' | 'before this message'): Uint8Array {
    return concatBytes(...(part === 'all' ? this.#transcript : this.#transcript.slice(0, -1)))
  }

  /** The peer's Certificate. `missing` is the alert for an empty chain. */
  protected takeCertificate(body: Uint8Array, missing: number): PublicKey {
    const [der] = decodeCertificate(body)
    if (der === undefined) throw violation(missing, 'the peer shows no certificate')
    this.peerKey = authenticateCertificate(this.settings, der)
    this.negotiated.remoteCertificate = der
    return this.peerKey
  }

  /** A signature of the peer's by the key of its certificate. */
  protected takeSignature(scheme: number, signed: Uint8Array, signature: Uint8Array): void {
    const key = this.peerKey
    const entry = signatureScheme(scheme)
    if (key === undefined || entry === undefined || !entry.keys.includes(key.type)) {
      throw violation(Alert.illegalParameter, `signature scheme ${scheme} was not offered or does not fit the key`)
    }
    if (!key.verify(entry.name, signed, signature)) {
      throw new DtlsError('bad-signature', 'the peer has not signed by the key of its certificate', {
        sent: Alert.decryptError,
      })
    }
    this.negotiated.signatureScheme = entry.name
  }

  /** The peer's CertificateVerify: its signature over all messages before. */
  protected takeCertificateVerify(body: Uint8Array): void {
    const { scheme, signature } = decodeCertificateVerify(body)
    this.takeSignature(scheme, this.transcript('before this message'), signature)
  }

  /** ClientKeyExchange is the last of the transcript: makes the keys of both directions. */
  protected makeKeys(suite: CipherSuite, premaster: Uint8Array): void {
    const { crypto, trace } = this.settings
    const { clientRandom, serverRandom, encryptThenMac } = this
    const keys = this.extendedMasterSecret
      ? KeySchedule.extended(crypto, suite, premaster, this.transcript('all'), clientRandom, serverRandom)
      : KeySchedule.classic(crypto, suite, premaster, clientRandom, serverRandom)
    trace?.keyLog?.(`CLIENT_RANDOM ${hex(clientRandom)} ${hex(keys.masterSecret)}`)
    const { client, server } = keys.trafficKeys()
    const [ours, theirs] = this.#role === 'client' ? [client, server] : [server, client]
    this.#keys = keys
    this.#sealer = createSealer(crypto, suite, ours, EPOCH, encryptThenMac)
    this.owner.openWith(createOpener(crypto, suite, theirs, EPOCH, encryptThenMac))
  }

  /** Appends ChangeCipherSpec and our Finished. */
  protected finish(flight: Flight): void {
    const { keys, sealer } = this.#established
    const raw = encodeHandshake(
      HandshakeType.finished,
      this.#nextSequence++,
      keys.verifyData(this.#role, this.transcript('all')),
    )
    this.#transcript.push(raw)
    flight.changeCipherSpec(this.owner.plaintext).message(sealer, raw)
    this.owner.sealWith(sealer)
  }

  /** The peer's Finished: both have seen the same messages, and made the same keys of them. */
  protected takeFinished(body: Uint8Array): void {
    const sender = this.#role === 'client' ? 'server' : 'client'
    const expected = this.#established.keys.verifyData(sender, this.transcript('before this message'))
    if (body.length !== expected.length) throw malformed('Finished')
    if (!equalBytes(body, expected)) {
      throw new DtlsError('bad-finished', "the peer's Finished is not that of this handshake", {
        sent: Alert.decryptError,
      })
    }
  }

  protected establish(): void {
    this.#transcript = []
    this.owner.establish(this.#role === 'server')
  }

  get #established(): { readonly keys: KeySchedule; readonly sealer: RecordSealer } {
    const keys = this.#keys
    const sealer = this.#sealer
    if (keys === undefined || sealer === undefined) {
      throw new DtlsError('invalid-state', 'the handshake has not come to its keys yet')
    }
    return { keys, sealer }
  }
}
