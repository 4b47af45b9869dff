/**
 * The exchange of flights with the peer, made reliable: ours are sent until they are answered, the peer's are put together
 * and, in DTLS 1.3, acknowledged (RFC 6347, 4.2.4; RFC 9147, 5.8 and 7).
 *
 * What is acknowledged is told by record numbers, so that only what is missing is sent again. A flight that another one
 * answers needs no ACK unless its rest does not come.
 */

import type { Packet } from '../bytes/index.ts'
import { Alert, violation } from './error.ts'
import { type Flight, SMALLEST_MTU } from './flight.ts'
import type { Awaited } from './handshake.ts'
import { HandshakeIntake } from './handshake-intake.ts'
import { type HandshakeMessage, HandshakeType } from './handshake-message.ts'
import type { DtlsCounters, DtlsOptions } from './options.ts'
import { ContentType, type RecordSealer, sealedPacket } from './record.ts'
import { HANDSHAKE_EPOCH } from './record-layer.ts'
import { INITIAL_TIMEOUT, Retransmission } from './retransmission.ts'
import { decodeAcknowledgement, encodeAcknowledgement } from './v13/acknowledgement.ts'
import { ReceivedRecords } from './v13/received-records.ts'

const DEFAULT_MTU = 1200

/** What the exchange asks of its connection. */
export interface ExchangeOwner {
  /** Whether DTLS 1.3 has been agreed on: the peer knows ACKs. */
  readonly isVersion13: boolean
  readonly isConnected: boolean
  /** The latest epoch that can be read. */
  readonly readableEpoch: number
  /** That of the latest epoch that can be sent in. */
  readonly sealer: RecordSealer
  /** Takes the peer's next message. Throws a `DtlsError` when it is wrong. */
  take(message: HandshakeMessage): void
  /** The peer wants to begin another handshake, which there is not in DTLS 1.2. */
  refuseRenegotiation(): void
  transmit(packet: Packet): void
}

export class FlightExchange {
  readonly #owner: ExchangeOwner
  readonly #counters: DtlsCounters
  readonly #intake: HandshakeIntake
  readonly #received = new ReceivedRecords()
  readonly #retransmission: Retransmission
  readonly #isClient: boolean
  /** The type of message that asks for another handshake. */
  readonly #renegotiation: number
  /** Whether protected records have overtaken the ServerHello, which tells their version. */
  #hasOvertaken = false
  /** Whether a flight of ours was sent since the last message was handed out. */
  #hasAnswered = false
  #stopped = false
  /** How many records of data had come when the timer last ran out. */
  #heardData = 0

  /** Throws a RangeError when the MTU is too small for a handshake, or it or the timeout is no such thing. */
  constructor(owner: ExchangeOwner, counters: DtlsCounters, options: DtlsOptions) {
    const { role, mtu = DEFAULT_MTU, initialTimeout = INITIAL_TIMEOUT } = options
    if (!Number.isSafeInteger(mtu) || mtu < SMALLEST_MTU) throw new RangeError(`no handshake in ${mtu} bytes`)
    this.#owner = owner
    this.#counters = counters
    this.#intake = new HandshakeIntake(counters)
    this.#retransmission = new Retransmission(initialTimeout, mtu, packet => this.#transmit(packet))
    this.#isClient = role === 'client'
    this.#renegotiation = role === 'server' ? HandshakeType.clientHello : HandshakeType.helloRequest
  }

  /** Monotonic milliseconds at which `advance` is due. */
  get deadline(): number {
    return Math.min(this.#retransmission.deadline, this.#received.timer.at)
  }

  /** Milliseconds until the first retransmission of the next flight. */
  set initialTimeout(timeout: number) {
    this.#retransmission.initial = timeout
  }

  /** Whether a flight of ours waits for its ACK. */
  get isBusy(): boolean {
    return this.#retransmission.busy
  }

  /** Whether something is awaited of the peer. */
  get isWaiting(): boolean {
    return this.#retransmission.timer.running
  }

  /** Whether what is awaited has not come in time. */
  isOverdue(now: number): boolean {
    return this.#retransmission.due(now)
  }

  /** Sends a flight in answer to all messages so far. */
  send(flight: Flight, awaited: Awaited, done: (() => void) | undefined, now: number): void {
    if (this.#stopped) return
    // After the handshake flights answer nothing: they may cross those of the peer (RFC 9147, 7.1).
    if (!this.#owner.isConnected) {
      this.#intake.endFlight()
      this.#received.clear()
    }
    this.#hasAnswered = true
    this.#retransmission.start(flight, awaited, now, done)
  }

  /** All messages so far are a flight that no flight answers. */
  acknowledge(): void {
    if (this.#stopped) return
    this.#intake.acknowledgeFlight()
    this.#received.acknowledge()
  }

  /** The handshake is over. */
  establish(lastFlightIsOurs: boolean): void {
    if (!lastFlightIsOurs) this.#retransmission.stop()
    this.#intake.clear()
    if (!this.#owner.isVersion13) this.#received.clear()
  }

  /**
   * The content of a record with handshake messages, `bytes[start, end)`: borrowed. Throws a `DtlsError` when a message
   * that became whole by it is wrong.
   */
  receive(epoch: number, sequence: number, bytes: Uint8Array, start: number, end: number, now: number): void {
    const owner = this.#owner
    const received = this.#received
    const is13 = owner.isVersion13
    // DTLS 1.3: what is new comes protected as soon as it can be. Before, and in DTLS 1.2, all of the handshake counts.
    const accept = is13 ? epoch > 0 || owner.readableEpoch < HANDSHAKE_EPOCH : !owner.isConnected
    const refused = !is13 && owner.isConnected ? this.#renegotiation : -1
    const use = this.#intake.put(epoch, bytes, start, end, accept, refused, () => owner.refuseRenegotiation())
    if (use === 'kept') {
      received.add(epoch, sequence)
      this.#retransmission.heard()
      if (is13 && epoch > 0) this.#retransmission.answered()
    } else if (use === 'acknowledged') {
      received.addRepeated(epoch, sequence)
    } else if (use === 'repeat') {
      this.#retransmission.repeated(now)
      this.#count()
    }
    this.#handOut()
  }

  /** A record has come that cannot be read yet. `isUnified`: as only a peer sends it that has chosen DTLS 1.3. */
  early(isUnified: boolean): void {
    this.#received.addUnread()
    this.#hasOvertaken ||= isUnified && this.#isClient
  }

  /**
   * An ACK, `bytes[start, end)`, that came in a record of that epoch. Throws a `DtlsError` when it breaks the protocol;
   * in epoch 0 that may be anybody's doing.
   */
  receiveAcknowledgement(epoch: number, bytes: Uint8Array, start: number, end: number, now: number): void {
    if (!this.#owner.isVersion13) {
      this.#counters.droppedMalformed++
      return
    }
    const records = decodeAcknowledgement(bytes, start, end)
    // Both sides count their epochs apart: after the handshake the peer's may be behind those of ours that it names.
    const latest = epoch > HANDSHAKE_EPOCH ? Math.max(epoch, this.#owner.sealer.epoch) : epoch
    if (records.some(record => record.epoch > latest)) {
      throw violation(Alert.illegalParameter, 'an ACK names a record of a later epoch than its own')
    }
    this.#counters.acksReceived++
    this.#retransmission.acknowledge(records, epoch === 0, now)
    this.#count()
  }

  /** A datagram has been taken: what is to be acknowledged at once, is. */
  settle(now: number): void {
    if (!this.#received.unsettled || !(this.#owner.isVersion13 || this.#hasOvertaken)) return
    if (this.#received.settle(this.#retransmission.timeout, now)) this.#sendAcknowledgement()
  }

  /** Does what is due. Returns false when the peer has not answered, however often it was asked. */
  advance(now: number): boolean {
    if (this.#received.timer.expire(now)) {
      // Before the peer's ServerHello says so, no ACK may be sent (RFC 9147, 7); our flight asks for the same.
      if (this.#owner.isVersion13) this.#sendAcknowledgement()
      else this.#retransmission.hasten(now)
    }
    const alive = this.#retransmission.advance(now, this.isOverdue(now) && this.#peerTalks())
    this.#count()
    return alive
  }

  /**
   * Whether data have come since the timer ran out last. An established session is not ended for want of an ACK while they
   * do: the flight goes out again once a minute at most, as long as its key may be used. (They do not stand for an ACK:
   * a server can send them before it has the client's last flight.)
   */
  #peerTalks(): boolean {
    const before = this.#heardData
    this.#heardData = this.#counters.dataRecordsReceived
    return this.#heardData > before
  }

  /** Nothing is sent any more, whatever the handshake that is being stopped still wants to say. */
  stop(): void {
    this.#stopped = true
    this.#retransmission.stop()
    this.#received.clear()
    this.#intake.clear()
  }

  /** Hands out what is whole: all of a handshake, and in DTLS 1.3 what comes after it. */
  #handOut(): void {
    const owner = this.#owner
    while (!owner.isConnected || owner.isVersion13) {
      const message = this.#intake.next()
      if (message === undefined) return
      this.#hasAnswered = false
      owner.take(message)
      // What was right proves that our flight came, unless it is this message that the flight under way answers.
      if (owner.isVersion13 && !this.#hasAnswered) this.#retransmission.answered()
    }
  }

  /** The owner may stop all from within the first datagram of a flight: then there is no second. */
  #transmit(packet: Packet): void {
    if (this.#stopped) packet.release()
    else this.#owner.transmit(packet)
  }

  #sendAcknowledgement(): void {
    const { sealer, isConnected } = this.#owner
    if (sealer.exhausted) return
    const room = this.#retransmission.mtu - sealer.before - sealer.after
    const records = this.#received.take(room, isConnected ? Number.POSITIVE_INFINITY : sealer.epoch)
    this.#counters.acksSent++
    this.#owner.transmit(sealedPacket(sealer, ContentType.ack, encodeAcknowledgement(records)))
  }

  #count(): void {
    this.#counters.flightsRetransmitted = this.#retransmission.retransmissions
  }
}
