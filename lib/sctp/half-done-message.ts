/**
 * A message of which some fragments have arrived, by their fragment sequence numbers (RFC 8260 2.1): what is in sequence
 * is in one buffer, what is ahead of a missing fragment waits beside it.
 */

import type { DataChunk } from './data-chunk.ts'
import { copyOf, MessageBuffer } from './message-buffer.ts'
import { OVERHEAD } from './message-order.ts'
import { SequenceList } from './sequence-list.ts'

/** What it costs beside its bytes. */
const MESSAGE_OVERHEAD = 256

interface Piece {
  readonly sequence: number
  readonly payload: Uint8Array<ArrayBuffer>
}

export class HalfDoneMessage {
  /** Known from the first fragment on. */
  ppid = 0
  /** It is longer than may be: its fragments are counted, and not kept. */
  refused = false
  #buffer: MessageBuffer | undefined
  #ahead: SequenceList<Piece> | undefined
  /** Bytes ahead of what is missing, with an allowance for each piece. */
  #aheadCost = 0
  #length = 0
  /** The fragment that is missing. */
  #next = 0
  /** The last one; -1 while it is not known. */
  #last = -1
  /** How many have arrived. */
  #count = 0

  /** @param expected How long it is likely to be, in bytes. */
  constructor(
    readonly streamId: number,
    readonly ordered: boolean,
    /** The message identifier. */
    readonly sequence: number,
    readonly expected: number,
  ) {}

  /** Bytes of memory that it takes. */
  get cost(): number {
    return MESSAGE_OVERHEAD + (this.#buffer?.capacity ?? 0) + this.#aheadCost
  }

  get whole(): boolean {
    return this.#count === this.#last + 1
  }

  /** Takes a fragment; false when it does not fit to what is known of the message. */
  add(chunk: DataChunk, maxMessageSize: number): boolean {
    const { fragment, from, to } = chunk
    // A later fragment cannot be number zero, nor can there be more of them than bytes.
    if ((fragment === 0) !== chunk.begin || fragment < this.#next) return false
    if (chunk.end ? this.#last >= 0 : this.#last >= 0 && fragment >= this.#last) return false
    if (fragment > this.#next && this.#ahead?.find(fragment, this.#next) !== undefined) return false
    if (chunk.begin) this.ppid = chunk.ppid
    if (chunk.end) this.#last = fragment
    this.#count++
    this.#length += to - from
    if (!this.refused && this.#length > maxMessageSize) this.#refuse()
    if (!this.refused) this.#keep(chunk, maxMessageSize)
    return true
  }

  /** The whole message; undefined when it was refused. */
  take(): Uint8Array<ArrayBuffer> | undefined {
    return this.#buffer?.take()
  }

  #keep(chunk: DataChunk, maxMessageSize: number): void {
    const { fragment, bytes, from, to } = chunk
    if (fragment > this.#next) {
      this.#ahead ??= new SequenceList(32)
      this.#ahead.add({ sequence: fragment, payload: copyOf(bytes, from, to) }, this.#next)
      this.#aheadCost += to - from + OVERHEAD
      return
    }
    this.#buffer ??= new MessageBuffer(Math.max(this.expected, 2 * (to - from)), maxMessageSize)
    this.#buffer.append(bytes, from, to)
    this.#next++
    const ahead = this.#ahead
    while (ahead?.first?.sequence === this.#next) {
      const { payload } = ahead.shift()
      this.#aheadCost -= payload.length + OVERHEAD
      this.#buffer.append(payload, 0, payload.length)
      this.#next++
    }
  }

  #refuse(): void {
    this.refused = true
    this.#buffer = undefined
    this.#ahead = undefined
    this.#aheadCost = 0
  }
}
