/**
 * What a sender has sent of late, to send it again when it is asked for (RFC 4585, 6.2.1; RFC 4588): a ring of copies by
 * sequence number, bounded in number and age. Copies lie in buffers that all senders share, so that one that is silent holds
 * none.
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

/** Packets: two seconds of 5 Mbit/s. */
const SIZE = 1024
/** Milliseconds: what is older is of no use to whoever asks. */
const LONGEST = 3000
/** Milliseconds: a packet that was just sent again is on its way. */
const SHORTEST_INTERVAL = 10
/** Bytes of a buffer; what is longer has its own. */
const BUFFER = 1280
const MOST_FREE = 4096
const free: SentPacket[] = []

const take = (length: number): SentPacket => {
  const kept = length <= BUFFER ? free.pop() : undefined
  if (kept !== undefined) return kept
  return { bytes: new Uint8Array(Math.max(length, BUFFER)), length, sequenceNumber: 0, sentAt: 0, resentAt: 0 }
}

const giveBack = (sent: SentPacket): void => {
  if (sent.bytes.length === BUFFER && free.length < MOST_FREE) free.push(sent)
}

export class SendHistory {
  readonly #ring: (SentPacket | undefined)[] = []
  #highest = -1
  /** Up to here, the ring was looked through for what is too old. */
  #oldest = -1

  /** Keeps a copy of `bytes[start, end)`. */
  add(sequenceNumber: number, bytes: Uint8Array, start: number, end: number, now: number): void {
    const at = sequenceNumber % SIZE
    const length = end - start
    let sent = this.#ring[at]
    if (sent === undefined || sent.bytes.length < length) {
      sent = take(length)
      this.#ring[at] = sent
    }
    sent.length = length
    sent.sequenceNumber = sequenceNumber
    sent.sentAt = now
    sent.resentAt = Number.NEGATIVE_INFINITY
    sent.bytes.set(bytes.subarray(start, end))
    if (this.#highest < 0) this.#oldest = sequenceNumber
    if (this.#highest < 0 || diff16(sequenceNumber, this.#highest) > 0) this.#highest = sequenceNumber
    this.#forget(2, now)
  }

  /** Gives back what is too old: a stream that is silent adds nothing. */
  tidy(now: number): void {
    if (this.#highest >= 0) this.#forget(SIZE, now)
  }

  /** Looks at so many, the oldest first. The newest stays. */
  #forget(most: number, now: number): void {
    if (diff16(this.#highest, this.#oldest) >= SIZE) this.#oldest = (this.#highest - SIZE + 1) & 0xffff
    for (let step = 0; step < most && this.#oldest !== this.#highest; step++) {
      const at = this.#oldest % SIZE
      const sent = this.#ring[at]
      if (sent !== undefined && sent.sequenceNumber === this.#oldest) {
        if (now - sent.sentAt <= LONGEST) return
        this.#ring[at] = undefined
        giveBack(sent)
      }
      this.#oldest = (this.#oldest + 1) & 0xffff
    }
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
    for (const sent of this.#ring) if (sent !== undefined) giveBack(sent)
    this.#ring.length = 0
    this.#highest = -1
  }
}
