/**
 * What comes after a DTLS 1.3 handshake: KeyUpdate in both directions (RFC 8446, 4.6.3; RFC 9147, 8), and what else a peer
 * may send. Tickets are acknowledged and not used; all else was not asked for.
 *
 * The key that we send by is replaced only once the peer has acknowledged our KeyUpdate, because only then is it known
 * to read what comes by the new one.
 */

import { Alert, violation } from '../error.ts'
import { Flight } from '../flight.ts'
import type { HandshakeOwner } from '../handshake.ts'
import { encodeHandshake, type HandshakeMessage, HandshakeType } from '../handshake-message.ts'
import type { RecordOpener, RecordSealer } from '../record.ts'
import { DATA_EPOCH } from '../record-layer.ts'
import { decodeKeyUpdate, decodeNewSessionTicket, encodeKeyUpdate } from './messages.ts'

/** message_seq does not wrap: it bounds the epochs too (RFC 9147, 8). */
const LAST_SEQUENCE = 0xffff

export interface PostHandshakeTerms {
  readonly owner: HandshakeOwner
  /** The message_seq of our next message. */
  readonly nextSequence: number
  /** Whether no flight of ours awaits an ACK. If one does, `acknowledged` is to be called. */
  readonly quiet: boolean
  /** Whether the peer is a server, which alone has tickets to give. */
  readonly takesTickets: boolean
  /** Of our first epoch of application data. */
  readonly sealer: RecordSealer
  readonly ourSecret: Uint8Array
  readonly peerSecret: Uint8Array
  readonly nextSecret: (secret: Uint8Array) => Uint8Array
  readonly createSealer: (secret: Uint8Array, epoch: number) => RecordSealer
  readonly createOpener: (secret: Uint8Array, epoch: number) => RecordOpener
  /** For the key log: a traffic secret, and how many updates led to it. */
  readonly log: (whose: 'ours' | 'the peer', secret: Uint8Array, generation: number) => void
}

export class PostHandshake {
  readonly #terms: PostHandshakeTerms
  #nextSequence: number
  #quiet: boolean
  #ourSecret: Uint8Array
  #ourEpoch = DATA_EPOCH
  /** A KeyUpdate goes out by the key that it replaces. */
  #sealer: RecordSealer
  #peerSecret: Uint8Array
  #peerEpoch = DATA_EPOCH
  /** A KeyUpdate that is to be sent as soon as nothing is under way. */
  #owed: 'nothing' | 'update' | 'update and request' = 'nothing'

  constructor(terms: PostHandshakeTerms) {
    this.#terms = terms
    this.#nextSequence = terms.nextSequence
    this.#quiet = terms.quiet
    this.#sealer = terms.sealer
    this.#ourSecret = terms.ourSecret
    this.#peerSecret = terms.peerSecret
  }

  receive(message: HandshakeMessage): void {
    // A KeyUpdate ends its epoch: nothing may come in that behind it (RFC 9147, 8), and nothing at all in epoch 2.
    if (message.epoch !== this.#peerEpoch) {
      throw violation(Alert.unexpectedMessage, `handshake message ${message.type} came in epoch ${message.epoch}`)
    }
    switch (message.type) {
      case HandshakeType.keyUpdate:
        this.#takeKeyUpdate(decodeKeyUpdate(message.body))
        return
      case HandshakeType.newSessionTicket:
        if (!this.#terms.takesTickets) break
        decodeNewSessionTicket(message.body)
        this.#terms.owner.acknowledge()
        return
    }
    // Neither post_handshake_auth nor connection_id was offered.
    throw violation(Alert.unexpectedMessage, `handshake message ${message.type} was not asked for`)
  }

  /** Every flight of ours has been acknowledged. */
  acknowledged(): void {
    this.#quiet = true
    const owed = this.#owed
    this.#owed = 'nothing'
    if (owed !== 'nothing') this.#sendKeyUpdate(owed === 'update and request')
  }

  /** Replaces our key as soon as may be, and has the peer replace its own when `requestPeer`. */
  updateKeys(requestPeer: boolean): void {
    if (this.#quiet) this.#sendKeyUpdate(requestPeer)
    else if (requestPeer) this.#owed = 'update and request'
    else if (this.#owed === 'nothing') this.#owed = 'update'
  }

  /** The peer will send by its next key; what it still sends by this one can be read too. */
  #takeKeyUpdate(requested: boolean): void {
    const { owner, nextSecret, createOpener, log } = this.#terms
    const secret = nextSecret(this.#peerSecret)
    this.#peerSecret.fill(0)
    this.#peerSecret = secret
    this.#peerEpoch++
    log('the peer', secret, this.#peerEpoch - DATA_EPOCH)
    owner.openWith(createOpener(secret, this.#peerEpoch))
    owner.acknowledge()
    // However often it asks before our KeyUpdate is through, one answers (RFC 8446, 4.6.3).
    if (requested) this.updateKeys(false)
  }

  #sendKeyUpdate(requestPeer: boolean): void {
    // Out of numbers: a request then goes unheeded (RFC 9147, 8).
    if (this.#nextSequence > LAST_SEQUENCE) return
    this.#quiet = false
    const raw = encodeHandshake(HandshakeType.keyUpdate, this.#nextSequence++, encodeKeyUpdate(requestPeer))
    this.#terms.owner.send(new Flight().message(this.#sealer, raw), 'ack', () => this.#replaceKey())
  }

  #replaceKey(): void {
    const { owner, nextSecret, createSealer, log } = this.#terms
    const secret = nextSecret(this.#ourSecret)
    this.#ourSecret.fill(0)
    this.#ourSecret = secret
    this.#ourEpoch++
    this.#sealer = createSealer(secret, this.#ourEpoch)
    log('ours', secret, this.#ourEpoch - DATA_EPOCH)
    owner.sealWith(this.#sealer)
    this.acknowledged()
  }
}
