/**
 * The way in for handshake messages: takes the content of records apart into fragments (RFC 6347, 4.2.3), puts messages
 * together of them, and says what the record was good for.
 */

import { HANDSHAKE_HEADER, type HandshakeMessage } from './handshake-message.ts'
import type { DtlsCounters } from './options.ts'
import { Reassembly } from './reassembly.ts'

/**
 * What a record of handshake fragments was good for:
 * - `kept`: all of its fragments belong to the peer's current flight, and are kept.
 * - `repeat`: the peer repeats the flight that ours answered; ours did not arrive.
 * - `acknowledged`: it repeats what we have acknowledged; the ACK did not arrive.
 * - `dropped`: some of it was of no use, so that it must not be acknowledged.
 */
export type RecordUse = 'kept' | 'repeat' | 'acknowledged' | 'dropped'

export class HandshakeIntake {
  readonly #counters: DtlsCounters
  readonly #reassembly = new Reassembly()

  constructor(counters: DtlsCounters) {
    this.#counters = counters
  }

  /** A flight of ours answers all that was handed out so far. */
  endFlight(): void {
    this.#reassembly.endFlight()
  }

  /** An ACK of ours answers it. */
  acknowledgeFlight(): void {
    this.#reassembly.acknowledgeFlight()
  }

  /** Drops what is under way. */
  clear(): void {
    this.#reassembly.clear()
  }

  /** The next message in sequence, if it is whole. */
  next(): HandshakeMessage | undefined {
    return this.#reassembly.next()
  }

  /**
   * The content of a record of that epoch, `bytes[start, end)`: borrowed.
   * @param accept False when only repeats are of interest.
   * @param refused A type of message that is not taken, its beginnings told instead; -1 for none.
   * @param refuse Is called for each beginning of such a message.
   */
  put(
    epoch: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    accept: boolean,
    refused: number,
    refuse: () => void,
  ): RecordUse {
    let use: RecordUse | undefined
    let hasRefused = false
    for (let at = start; at < end; ) {
      const body = at + HANDSHAKE_HEADER
      const number24 = (from: number): number => (bytes[from]! << 16) | (bytes[from + 1]! << 8) | bytes[from + 2]!
      const type = bytes[at]!
      const length = number24(at + 1)
      const sequence = (bytes[at + 4]! << 8) | bytes[at + 5]!
      const offset = number24(at + 6)
      const next = body + number24(at + 9)
      if (body > end || next > end || offset + next - body > length) {
        this.#counters.droppedMalformed++
        return 'dropped'
      }
      at = next
      if (type === refused) {
        // Once a record, so that an answer is never longer than what asked for it.
        if (offset === 0 && !hasRefused) refuse()
        hasRefused ||= offset === 0
        use = 'dropped'
        continue
      }
      const fate = this.#reassembly.put(epoch, type, length, sequence, offset, bytes, body, next, accept)
      if (fate === 'dropped' || fate === 'known') this.#counters.droppedFragments++
      use = worst(use, fate === 'taken' || fate === 'known' ? 'kept' : fate)
    }
    return use ?? 'dropped'
  }
}

/** What a record is good for whose fragments are of both uses. A repeat is answered whatever comes beside it. */
const worst = (a: RecordUse | undefined, b: RecordUse): RecordUse => {
  if (a === undefined || a === b) return b
  if (a === 'repeat' || b === 'repeat') return 'repeat'
  return a === 'dropped' || b === 'dropped' ? 'dropped' : 'acknowledged'
}
