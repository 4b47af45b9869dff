/**
 * One DTLS connection over a datagram path that its owner provides (RFC 6347): the way in and out of the record layer,
 * the handshake that runs on it, alerts, and application data.
 *
 * A bad record never ends a connection (RFC 6347, 4.1.2.7): it is dropped and counted. When the state becomes
 * `connected` the peer is authenticated: its certificate has an announced fingerprint, it has signed by that
 * certificate's key, and both have seen the same handshake.
 */

import { Packet } from '../bytes/index.ts'
import type { GroupName, SignatureScheme } from '../crypto/index.ts'
import { EventQueue, type Machine } from '../machine/index.ts'
import { Alert, AlertLevel, alertName, DtlsError } from './error.ts'
import { SMALLEST_MTU } from './flight.ts'
import { type Handshake, type HandshakeOwner, handshakeSettings } from './handshake.ts'
import { HANDSHAKE_HEADER, HandshakeType } from './handshake-message.ts'
import { createCounters, type DtlsEvent, type DtlsOptions, type DtlsRole, type DtlsState } from './options.ts'
import { Reassembly } from './reassembly.ts'
import { ContentType, MAX_PLAINTEXT, PlaintextSealer, type RecordSealer } from './record.ts'
import { RecordLayer } from './record-layer.ts'
import { INITIAL_TIMEOUT, Retransmission } from './retransmission.ts'
import type { SrtpProfile } from './srtp-profile.ts'
import { ClientHandshake } from './v12/client.ts'
import { ServerHandshake } from './v12/server.ts'

const DEFAULT_MTU = 1200

export class DtlsConnection implements Machine {
  readonly role: DtlsRole
  readonly counters = createCounters()
  readonly #options: DtlsOptions
  readonly #events = new EventQueue<DtlsEvent>()
  readonly #records: RecordLayer
  readonly #plaintext = new PlaintextSealer()
  #handshake: Handshake
  readonly #reassembly = new Reassembly()
  readonly #retransmission: Retransmission
  #state: DtlsState = 'new'
  #sealer: RecordSealer = this.#plaintext
  #established = false
  /** A fatal alert in the clear that the handshake ends with, unless the peer goes on with its next flight in time. */
  #unprovenAlert: DtlsError | undefined
  #now = 0

  /** Throws a RangeError when `mtu` is below 128, or a name of a suite or a group is unknown. */
  constructor(options: DtlsOptions) {
    const { role, mtu = DEFAULT_MTU } = options
    if (!(mtu >= SMALLEST_MTU)) throw new RangeError(`an mtu of ${mtu} bytes is too small for a handshake`)
    this.#options = options
    this.role = role
    this.#retransmission = new Retransmission(options.initialTimeout ?? INITIAL_TIMEOUT, mtu, packet =>
      this.#transmit(packet),
    )
    this.#records = new RecordLayer(this.counters, (type, epoch, _sequence, bytes, start, end) =>
      this.#content(type, epoch, bytes, start, end),
    )
    const settings = handshakeSettings(options)
    const owner: HandshakeOwner = {
      plaintext: this.#plaintext,
      become: handshake => {
        this.#handshake = handshake
      },
      send: (flight, awaited) => {
        this.#reassembly.endFlight()
        this.#retransmission.start(flight, awaited !== 'nothing', this.#now)
      },
      acknowledge: () => this.#reassembly.endFlight(),
      sealWith: sealer => {
        this.#sealer = sealer
      },
      openWith: opener => this.#records.openWith(opener),
      establish: lastFlightIsOurs => {
        if (!lastFlightIsOurs) this.#retransmission.stop()
        this.#reassembly.clear()
        this.#records.refusePlaintext()
        this.#established = true
        this.#setState('connected')
        this.#events.push({ type: 'connected' })
      },
    }
    this.#handshake = role === 'client' ? new ClientHandshake(settings, owner) : new ServerHandshake(settings, owner)
  }

  get state(): DtlsState {
    return this.#state
  }

  /** As records carry it: 0xfefd is DTLS 1.2. */
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

  get deadline(): number {
    return this.#records.due ? this.#now : this.#retransmission.timer.at
  }

  /** Milliseconds: what `DtlsOptions.initialTimeout` says, when it is known later. Counts from the next flight on. */
  set initialTimeout(timeout: number) {
    this.#retransmission.initial = timeout
  }

  /** Begins the handshake: the client sends its first flight, the server waits for it. Calling it again does nothing. */
  start(now: number): void {
    if (this.#state !== 'new') return
    this.#now = now
    this.#setState('connecting')
    this.#handshake.start()
  }

  advance(now: number): void {
    if (now < this.deadline) return
    this.#now = now
    if (this.#records.due) this.#records.takeEarly()
    if (this.#unprovenAlert !== undefined && this.#retransmission.due(now)) {
      this.#fail(this.#unprovenAlert)
      return
    }
    if (!this.#retransmission.advance(now)) {
      this.#fail(new DtlsError('timeout', 'the peer does not answer'))
    }
    this.counters.flightsRetransmitted = this.#retransmission.retransmissions
  }

  /** A datagram of the peer's: borrowed, and decrypted in place. A server that was not started is, by this. */
  receive(datagram: Uint8Array, now: number): void {
    this.#now = now
    if (this.#state === 'new' && this.role === 'server') this.start(now)
    if (this.#state !== 'connecting' && this.#state !== 'connected') {
      this.counters.droppedState++
      return
    }
    this.counters.datagramsReceived++
    this.#records.receive(datagram)
  }

  /**
   * Sends `packet` as one record of application data, sealed in place and handed on to `transmit`.
   *
   * Throws a RangeError when it is longer than 16384 bytes, or lacks the room for a record around it: 21 bytes in front
   * and 16 behind.
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
    return true
  }

  /** Says close_notify and stops. Calling it again does nothing. */
  close(now: number): void {
    this.#now = now
    if (this.#state === 'closed' || this.#state === 'failed') return
    if (this.#state !== 'new') this.#sendAlert(AlertLevel.warning, Alert.closeNotify)
    this.#end('closed')
    this.#events.push({ type: 'closed' })
  }

  /**
   * Key material that both sides can make and nobody else (RFC 5705).
   *
   * Throws a `DtlsError` with code `invalid-state` before the connection was established.
   * @param length In bytes.
   * @param context An empty one is not the same as none.
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

  /** The content of a record, `bytes[start, end)`, in the clear. */
  #content(type: number, epoch: number, bytes: Uint8Array, start: number, end: number): void {
    if (type === ContentType.applicationData && epoch > 0) {
      this.counters.dataRecordsReceived++
      this.counters.dataBytesReceived += end - start
      this.#options.deliver(bytes.subarray(start, end), this.#now)
    } else if (type === ContentType.handshake) {
      this.#handshakeContent(epoch, bytes, start, end)
    } else if (type === ContentType.alert) {
      this.#alertContent(epoch, bytes, start, end)
    } else if (type !== ContentType.changeCipherSpec) {
      this.counters.droppedMalformed++
    }
  }

  /** One or more fragments of handshake messages (RFC 6347, 4.2.3). */
  #handshakeContent(epoch: number, bytes: Uint8Array, start: number, end: number): void {
    const number24 = (at: number): number => (bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!
    for (let at = start; at < end && this.#alive; ) {
      const body = at + HANDSHAKE_HEADER
      const type = bytes[at]!
      const length = number24(at + 1)
      const sequence = (bytes[at + 4]! << 8) | bytes[at + 5]!
      const offset = number24(at + 6)
      const next = body + number24(at + 9)
      if (body > end || next > end || offset + next - body > length) {
        this.counters.droppedMalformed++
        return
      }
      const connected = this.#state === 'connected'
      if (connected && type === (this.role === 'server' ? HandshakeType.clientHello : HandshakeType.helloRequest)) {
        // One handshake a connection (RFC 8827, 6.5): who asks for another is told so, once a request.
        if (offset === 0) this.#sendAlert(AlertLevel.warning, Alert.noRenegotiation)
      } else {
        const fate = this.#reassembly.put(epoch, type, length, sequence, offset, bytes, body, next, !connected)
        if (fate === 'repeat') this.#repeated()
        else if (fate === 'dropped') this.counters.droppedFragments++
        else this.#handshakeMessages()
      }
      at = next
    }
  }

  #repeated(): void {
    this.#retransmission.repeated(this.#now)
    this.counters.flightsRetransmitted = this.#retransmission.retransmissions
  }

  #handshakeMessages(): void {
    try {
      while (this.#state === 'connecting') {
        const message = this.#reassembly.next()
        if (message === undefined) return
        this.#unprovenAlert = undefined
        this.#handshake.receive(message)
      }
    } catch (error) {
      if (!(error instanceof DtlsError)) throw error
      this.#fail(error)
    }
  }

  #alertContent(epoch: number, bytes: Uint8Array, start: number, end: number): void {
    if (end - start !== 2) {
      this.counters.droppedMalformed++
      return
    }
    const level = bytes[start]!
    const description = bytes[start + 1]!
    this.counters.alertsReceived++
    this.#options.trace?.event?.('dtls', 'alert-received', { level, description: alertName(description) }, this.#now)
    const closes = description === Alert.closeNotify
    const fatal = !closes && level === AlertLevel.fatal
    const message = `the peer ended the connection: ${alertName(description)}`
    const error = fatal ? new DtlsError('alert-received', message, { received: description }) : undefined
    if (epoch === 0) this.#takeUnproven(error)
    else if (closes) this.close(this.#now)
    else if (error !== undefined) this.#fail(error)
  }

  /**
   * Anybody may have sent an alert in the clear (RFC 6347, 4.1.2.7). A peer that has given up does not go on with the
   * handshake: a fatal one therefore counts when the next timeout finds that nothing new has come since. Where no
   * answer is awaited nothing would tell.
   */
  #takeUnproven(fatal: DtlsError | undefined): void {
    if (fatal === undefined || !this.#retransmission.timer.running) this.counters.droppedAlerts++
    else this.#unprovenAlert ??= fatal
  }

  #sendAlert(level: number, description: number): void {
    const sealer = this.#sealer
    if (sealer.exhausted) return
    const packet = Packet.copy(Uint8Array.of(level, description))
    packet.end = sealer.seal(ContentType.alert, packet.bytes, packet.start, packet.end)
    packet.start -= sealer.before
    this.counters.alertsSent++
    this.#options.trace?.event?.('dtls', 'alert-sent', { level, description: alertName(description) }, this.#now)
    this.#transmit(packet)
  }

  #transmit(packet: Packet): void {
    this.counters.datagramsSent++
    this.#options.transmit(packet)
  }

  #fail(error: DtlsError): void {
    if (!this.#alive) return
    if (error.sentAlert !== undefined) this.#sendAlert(AlertLevel.fatal, error.sentAlert)
    this.#end('failed')
    this.#events.push({ type: 'failed', error })
  }

  #end(state: 'closed' | 'failed'): void {
    this.#retransmission.stop()
    this.#reassembly.clear()
    this.#records.stop()
    this.#setState(state)
  }

  #setState(state: DtlsState): void {
    this.#state = state
    this.#options.trace?.event?.('dtls', 'state', { state, role: this.role }, this.#now)
  }
}
