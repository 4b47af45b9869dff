/**
 * One DTLS connection over a datagram path that its owner provides (RFC 6347, RFC 9147): the way in and out of the record
 * layer, the handshake that runs on it, alerts, and application data.
 *
 * A bad record never ends a connection (RFC 6347, 4.1.2.7): it is dropped and counted. When the state becomes
 * `connected` the peer is authenticated: its certificate has an announced fingerprint, it has signed by that
 * certificate's key, and both have seen the same handshake.
 */

import type { Packet } from '../bytes/index.ts'
import type { GroupName, SignatureScheme } from '../crypto/index.ts'
import { EventQueue, type Machine } from '../machine/index.ts'
import { type AlertOwner, Alerts } from './alerts.ts'
import { ClientNegotiation } from './client-negotiation.ts'
import { Alert, AlertLevel, DtlsError, violation } from './error.ts'
import { type ExchangeOwner, FlightExchange } from './flight-exchange.ts'
import { type Handshake, type HandshakeOwner, handshakeSettings } from './handshake.ts'
import { createCounters, type DtlsEvent, type DtlsOptions, type DtlsRole, type DtlsState } from './options.ts'
import { ContentType, isExchange, MAX_PLAINTEXT, PlaintextSealer, type RecordSealer, Version } from './record.ts'
import { DATA_EPOCH, HANDSHAKE_EPOCH, RecordLayer } from './record-layer.ts'
import { ServerNegotiation } from './server-negotiation.ts'
import type { SrtpProfile } from './srtp-profile.ts'

export class DtlsConnection implements Machine {
  readonly role: DtlsRole
  readonly counters = createCounters()
  readonly #options: DtlsOptions
  readonly #events = new EventQueue<DtlsEvent>()
  readonly #records: RecordLayer
  readonly #plaintext = new PlaintextSealer()
  #handshake: Handshake
  readonly #exchange: FlightExchange
  readonly #alerts: Alerts
  /** How many records we protect by one key. */
  readonly #recordsPerKey: number
  #state: DtlsState = 'new'
  #sealer: RecordSealer = this.#plaintext
  #established = false
  /** The epoch of the peer's whose key it was asked to replace because of forgeries. */
  #doubtedEpoch = 0
  #now = 0

  /** Throws a RangeError when `mtu` or `initialTimeout` cannot be, or a name of a suite, group or SRTP profile is unknown. */
  constructor(options: DtlsOptions) {
    this.#options = options
    this.role = options.role
    this.#recordsPerKey = options.keyLimits?.records ?? Number.POSITIVE_INFINITY
    const link = this.#link()
    this.#alerts = new Alerts(link, this.counters, options.trace)
    this.#exchange = new FlightExchange(link, this.counters, options)
    this.#records = new RecordLayer(
      this.counters,
      {
        content: (type, epoch, sequence, bytes, start, end) => this.#content(type, epoch, sequence, bytes, start, end),
        early: isUnified => this.#exchange.early(isUnified),
        forgeries: limit => this.#forgeries(limit),
      },
      options.keyLimits?.forgeries,
    )
    const owner: HandshakeOwner = {
      plaintext: this.#plaintext,
      become: handshake => {
        this.#handshake = handshake
      },
      send: (flight, awaited, done) => this.#exchange.send(flight, awaited, done, this.#now),
      acknowledge: () => this.#exchange.acknowledge(),
      sealWith: sealer => {
        this.#sealer = sealer
        if (sealer.epoch > DATA_EPOCH) this.counters.keyUpdatesSent++
      },
      openWith: opener => {
        this.#records.openWith(opener)
        if (opener.epoch > DATA_EPOCH) this.counters.keyUpdatesReceived++
      },
      establish: lastFlightIsOurs => {
        // It may have been closed from within the sending of our last flight.
        if (!this.#alive) return
        this.#exchange.establish(lastFlightIsOurs)
        this.#records.refusePlaintext()
        this.#established = true
        this.#events.push({ type: 'connected' })
        this.#setState('connected')
      },
    }
    const Negotiation = options.role === 'client' ? ClientNegotiation : ServerNegotiation
    this.#handshake = new Negotiation(handshakeSettings(options), owner)
  }

  get state(): DtlsState {
    return this.#state
  }

  /** As records carry it: 0xfefd is DTLS 1.2, 0xfefc is DTLS 1.3. */
  get version(): number | undefined {
    return this.#handshake.negotiated.version
  }

  get cipherSuite(): { readonly id: number; readonly name: string } | undefined {
    return this.#handshake.negotiated.cipherSuite
  }

  get group(): GroupName | undefined {
    return this.#handshake.negotiated.group
  }

  /** What the peer signed the handshake by. */
  get signatureScheme(): SignatureScheme | undefined {
    return this.#handshake.negotiated.signatureScheme
  }

  get srtpProfile(): SrtpProfile | undefined {
    return this.#handshake.negotiated.srtpProfile
  }

  /** The peer's certificate in DER, once its fingerprint was found right. */
  get remoteCertificate(): Uint8Array | undefined {
    return this.#handshake.negotiated.remoteCertificate
  }

  /**
   * Bytes by which a record of application data is longer than the data. Once connected: before, those of the handshake
   * so far.
   */
  get recordOverhead(): number {
    return this.#sealer.before + this.#sealer.after
  }

  get deadline(): number {
    return this.#records.due ? this.#now : this.#exchange.deadline
  }

  /** Milliseconds: what `DtlsOptions.initialTimeout` says, when it is known later. Counts from the next flight on. */
  set initialTimeout(timeout: number) {
    this.#exchange.initialTimeout = timeout
  }

  /** Begins the handshake: the client sends its first flight, the server waits for it. Calling it again does nothing. */
  start(now: number): void {
    if (this.#state !== 'new') return
    this.#now = now
    this.#setState('connecting')
    if (this.#alive) this.#handshake.start()
  }

  advance(now: number): void {
    if (now < this.deadline) return
    this.#now = now
    if (this.#records.due) {
      this.#records.takeEarly()
      this.#exchange.settle(now)
    }
    const { unproven } = this.#alerts
    if (unproven !== undefined && this.#exchange.isOverdue(now)) {
      this.#fail(unproven)
    } else if (!this.#exchange.advance(now)) {
      this.#fail(new DtlsError('timeout', 'the peer does not answer'))
    }
  }

  /** A datagram of the peer's: borrowed, and decrypted in place. A server that was not started is, by this. */
  receive(datagram: Uint8Array, now: number): void {
    this.#now = now
    if (this.#state === 'new' && this.role === 'server') this.start(now)
    if (!this.#alive) {
      this.counters.droppedState++
      if (this.#state === 'failed') this.#alerts.repeat(now)
      return
    }
    this.counters.datagramsReceived++
    this.#records.receive(datagram, now)
    this.#exchange.settle(now)
  }

  /**
   * Sends `packet` as one record of application data, sealed in place and handed on to `transmit`.
   *
   * Throws a RangeError when it is longer than 16384 bytes, or lacks the room for a record around it: 21 bytes in front
   * and 64 behind are enough for every protection.
   * @returns False when the state is not `connected`; the packet is released then.
   */
  send(packet: Packet, now: number): boolean {
    const sealer = this.#sealer
    if (this.#state !== 'connected') {
      packet.release()
      return false
    }
    this.#now = now
    const { bytes, start, end } = packet
    const length = end - start
    if (length > MAX_PLAINTEXT) throw new RangeError('application data is longer than a record may be')
    if (start < sealer.before || bytes.length - end < sealer.after) {
      throw new RangeError('the packet has no room for a record around it')
    }
    if (sealer.exhausted) {
      packet.release()
      this.#fail(new DtlsError('sequence-exhausted', 'every sequence number was used'))
      return false
    }
    packet.end = sealer.seal(ContentType.applicationData, bytes, start, end)
    packet.start = start - sealer.before
    this.counters.dataRecordsSent++
    this.counters.dataBytesSent += length
    this.#transmit(packet)
    if (sealer.worn || sealer.sequence >= this.#recordsPerKey) this.updateKeys(now)
    return true
  }

  /**
   * Replaces the key that our records are protected by (RFC 9147, 8). It is done when the peer has acknowledged it. By
   * itself this happens as often as the cipher needs it.
   * @param requestPeer Whether the peer is to replace its own key too.
   * @returns False when there is nothing to replace: not connected, DTLS 1.2, or the last flight of ours or the last
   * replacement is not acknowledged yet.
   */
  updateKeys(now: number, requestPeer = false): boolean {
    const handshake = this.#handshake
    if (this.#state !== 'connected' || handshake.updateKeys === undefined || this.#exchange.isBusy) return false
    this.#now = now
    handshake.updateKeys(requestPeer)
    return true
  }

  /** Says close_notify and stops. Calling it again does nothing. */
  close(now: number): void {
    this.#now = now
    if (this.#state === 'closed' || this.#state === 'failed') return
    this.#end({ type: 'closed' }, AlertLevel.warning, this.#state === 'new' ? undefined : Alert.closeNotify)
  }

  /**
   * Key material that both sides can make and nobody else (RFC 5705; RFC 8446, 7.5).
   *
   * Throws a `DtlsError` with code `invalid-state` before the connection was established.
   * @param length In bytes.
   * @param context At most 65535 bytes. An empty one is not the same as none in DTLS 1.2; in 1.3 it is.
   */
  exportKeyingMaterial(label: string, length: number, context?: Uint8Array): Uint8Array {
    if (!this.#established) throw new DtlsError('invalid-state', 'nothing can be exported before the handshake is done')
    return this.#handshake.exportKeyingMaterial(label, length, context)
  }

  nextEvent(): DtlsEvent | undefined {
    const event = this.#events.next()
    // From here on there is somebody to deliver to.
    if (event?.type === 'connected') this.#records.wantData()
    return event
  }

  get #alive(): boolean {
    return this.#state === 'connecting' || this.#state === 'connected'
  }

  /** What the exchange of flights and alerts see of the connection. */
  #link(): ExchangeOwner & AlertOwner {
    const connection = this
    return {
      get isVersion13() {
        return connection.version === Version.dtls13
      },
      get isConnected() {
        return connection.#state === 'connected'
      },
      get isWaiting() {
        return connection.#exchange.isWaiting
      },
      get readableEpoch() {
        return connection.#records.epoch
      },
      get sealer() {
        return connection.#sealer
      },
      transmit: packet => this.#transmit(packet),
      take: message => {
        this.#alerts.disprove()
        this.#handshake.receive(message)
      },
      // One handshake a connection (RFC 8827, 6.5): who asks for another is told so, each time.
      refuseRenegotiation: () => this.#alerts.send(AlertLevel.warning, Alert.noRenegotiation, this.#now),
      close: () => this.close(this.#now),
      fail: error => this.#fail(error),
    }
  }

  /** The content of a record, `bytes[start, end)`, in the clear. */
  #content(type: number, epoch: number, sequence: number, bytes: Uint8Array, start: number, end: number): void {
    if (type === ContentType.applicationData && epoch > 0 && epoch !== HANDSHAKE_EPOCH) {
      this.counters.dataRecordsReceived++
      this.counters.dataBytesReceived += end - start
      this.#options.deliver(bytes.subarray(start, end), this.#now)
      return
    }
    try {
      // What is in a record that was protected came from the peer (RFC 9147, 4.5.2; RFC 8446, 5 and 5.4).
      if (epoch >= HANDSHAKE_EPOCH && (start === end || !isExchange(type))) {
        throw violation(Alert.unexpectedMessage, `a record of type ${type} that may not be`)
      }
      if (type === ContentType.handshake) {
        this.#exchange.receive(epoch, sequence, bytes, start, end, this.#now)
      } else if (type === ContentType.alert) {
        this.#alerts.receive(epoch, bytes, start, end, this.#now)
      } else if (type === ContentType.ack && (epoch > 0 || this.#alerts.unproven === undefined)) {
        this.#exchange.receiveAcknowledgement(epoch, bytes, start, end, this.#now)
      } else if (type !== ContentType.changeCipherSpec) {
        this.counters.droppedMalformed++
      }
    } catch (error) {
      if (!(error instanceof DtlsError)) throw error
      if (type === ContentType.ack && epoch === 0) this.#alerts.doubt(error)
      else this.#fail(error)
    }
  }

  #forgeries(limit: boolean): void {
    if (limit) {
      const message = 'so many forged records came that another might be taken for genuine'
      this.#fail(new DtlsError('forgery-limit', message, { sent: Alert.badRecordMac }))
    } else if (this.#doubtedEpoch < this.#records.epoch && this.updateKeys(this.#now, true)) {
      this.#doubtedEpoch = this.#records.epoch
    }
  }

  #transmit(packet: Packet): void {
    this.counters.datagramsSent++
    this.#options.transmit(packet)
  }

  #fail(error: DtlsError): void {
    if (this.#alive) this.#end({ type: 'failed', error }, AlertLevel.fatal, error.sentAlert)
  }

  /** The state changes before the alert goes out: what the owner calls from within its sending finds all over. */
  #end(event: DtlsEvent & { readonly type: 'closed' | 'failed' }, level: number, alert: number | undefined): void {
    this.#state = event.type
    this.#exchange.stop()
    this.#records.stop()
    if (alert !== undefined) this.#alerts.send(level, alert, this.#now)
    this.#setState(event.type)
    this.#events.push(event)
  }

  #setState(state: DtlsState): void {
    this.#state = state
    this.#options.trace?.event?.('dtls', 'state', { state, role: this.role }, this.#now)
  }
}
