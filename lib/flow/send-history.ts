/**
 * What a sender has sent of late, to send it again when it is asked for (RFC 4585, 6.2.1; RFC 4588): a ring of copies by
 * sequence number, bounded in number and age.
 */

import { diff16 } from '../bytes/index.ts'

/** A packet as it was sent, before its protection. */
export interface SentPacket {
  bytes: Uint8Array
  length: number
  sequenceNumber: number
  sentAt: number
  resentAt: number
}

/** Packets: two seconds of 3 Mbit/s. */
const SIZE = 1024
/** Milliseconds: what is older is of no use to whoever asks. */
const LONGEST = 5000
/** Milliseconds: a packet that was just sent again is on its way. */
const SHORTEST_INTERVAL = 10

export class SendHistory {
  readonly #ring: (SentPacket | undefined)[] = []
  #highest = -1

  /** Keeps a copy of `bytes[start, end)`. */
  add(sequenceNumber: number, bytes: Uint8Array, start: number, end: number, now: number): void {
    const at = sequenceNumber % SIZE
    const length = end - start
    let sent = this.#ring[at]
    if (sent === undefined || sent.bytes.length < length) {
      sent = { bytes: new Uint8Array(Math.max(length, 1280)), length, sequenceNumber, sentAt: now, resentAt: 0 }
      this.#ring[at] = sent
    }
    sent.length = length
    sent.sequenceNumber = sequenceNumber
    sent.sentAt = now
    sent.resentAt = Number.NEGATIVE_INFINITY
    sent.bytes.set(bytes.subarray(start, end))
    this.#highest = sequenceNumber
  }

  /**
   * A packet that is asked for; undefined when it is not here any more, or was sent again less than a round trip ago.
   * @param roundTripTime Milliseconds.
   */
  find(sequenceNumber: number, roundTripTime: number, now: number): SentPacket | undefined {
    const behind = this.#highest < 0 ? -1 : diff16(this.#highest, sequenceNumber)
    if (behind < 0 || behind >= SIZE) return undefined
    const sent = this.#ring[sequenceNumber % SIZE]
    if (sent?.sequenceNumber !== sequenceNumber || now - sent.sentAt > LONGEST) return undefined
    if (now - sent.resentAt < Math.max(SHORTEST_INTERVAL, roundTripTime)) return undefined
    sent.resentAt = now
    return sent
  }

  clear(): void {
    this.#ring.length = 0
    this.#highest = -1
  }
}
