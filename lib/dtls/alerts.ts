/**
 * Alerts in both directions (RFC 6347, 4.1.2.7; RFC 5246, 7.2; RFC 8446, 6).
 *
 * Anybody may have sent an alert in the clear. A peer that has given up does not go on with the handshake: a fatal one
 * therefore counts when the next timeout finds that nothing new has come since. Where no answer is awaited nothing would
 * tell, and it is not believed.
 */

import type { Packet } from '../bytes/index.ts'
import type { TraceSink } from '../machine/index.ts'
import { Alert, AlertLevel, alertName, DtlsError } from './error.ts'
import type { DtlsCounters } from './options.ts'
import { ContentType, type RecordSealer, sealedPacket } from './record.ts'

/** What alerts ask of their connection. */
export interface AlertOwner {
  readonly isVersion13: boolean
  /** That of the latest epoch that can be sent in. */
  readonly sealer: RecordSealer
  /** Whether a timeout will tell if the peer goes on. */
  readonly isWaiting: boolean
  transmit(packet: Packet): void
  /** The peer has closed the connection. */
  close(): void
  /** The peer has ended it. */
  fail(error: DtlsError): void
}

/**
 * How often a fatal alert is repeated while the peer goes on, and how many milliseconds lie between: one that was lost
 * would leave the peer waiting for minutes, and what comes may be anybody's.
 */
export const ALERT_REPEATS = 5
const REPEAT_GUARD = 40

export class Alerts {
  readonly #owner: AlertOwner
  readonly #counters: DtlsCounters
  readonly #trace: TraceSink | undefined
  #unproven: DtlsError | undefined
  /** The fatal alert that was sent. */
  #fatal: number | undefined
  #sentAt = Number.NEGATIVE_INFINITY
  #repeats = 0

  constructor(owner: AlertOwner, counters: DtlsCounters, trace: TraceSink | undefined) {
    this.#owner = owner
    this.#counters = counters
    this.#trace = trace
  }

  /** What the handshake ends with at the next timeout. */
  get unproven(): DtlsError | undefined {
    return this.#unproven
  }

  /** The peer goes on with the handshake: what ended it was not the peer's. */
  disprove(): void {
    this.#unproven = undefined
  }

  /** A record in the clear asks for the end. */
  doubt(error: DtlsError): void {
    if (this.#owner.isWaiting) this.#unproven ??= error
    else this.#counters.droppedAlerts++
  }

  send(level: number, description: number, now: number): void {
    const { sealer } = this.#owner
    if (sealer.exhausted) return
    if (level === AlertLevel.fatal) this.#fatal = description
    this.#sentAt = now
    const packet = sealedPacket(sealer, ContentType.alert, Uint8Array.of(level, description))
    this.#counters.alertsSent++
    this.#trace?.event?.('dtls', 'alert-sent', { level, description: alertName(description) }, now)
    this.#owner.transmit(packet)
  }

  /** The peer goes on although it was told that all is over: it is told again (RFC 9147, 5.10). */
  repeat(now: number): void {
    if (this.#fatal === undefined || now - this.#sentAt < REPEAT_GUARD || this.#repeats >= ALERT_REPEATS) return
    this.#repeats++
    this.send(AlertLevel.fatal, this.#fatal, now)
  }

  /** The content of a record of that epoch, `bytes[start, end)`: borrowed. */
  receive(epoch: number, bytes: Uint8Array, start: number, end: number, now: number): void {
    if (end - start !== 2) {
      this.#counters.droppedMalformed++
      return
    }
    const level = bytes[start]!
    const description = bytes[start + 1]!
    this.#counters.alertsReceived++
    this.#trace?.event?.('dtls', 'alert-received', { level, description: alertName(description) }, now)
    // One is enough to doubt by; more of them, which anybody can pack into one datagram, must not cost an error each.
    if (epoch === 0 && (this.#unproven !== undefined || !this.#owner.isWaiting)) {
      this.#counters.droppedAlerts++
      return
    }
    if (this.#isFatal(level, description)) {
      const message = `the peer ended the connection: ${alertName(description)}`
      const error = new DtlsError('alert-received', message, { received: description })
      if (epoch === 0) this.doubt(error)
      else this.#owner.fail(error)
    } else if (epoch === 0) {
      this.#counters.droppedAlerts++
    } else if (description === Alert.closeNotify) {
      this.#owner.close()
    }
  }

  /** In DTLS 1.3 levels mean nothing: all are fatal but those that announce the end (RFC 8446, 6). */
  #isFatal(level: number, description: number): boolean {
    if (description === Alert.closeNotify) return false
    return this.#owner.isVersion13 ? description !== Alert.userCanceled : level === AlertLevel.fatal
  }
}
