/**
 * Puts messages together from DATA chunks and delivers them: fragments (RFC 9260 6.9), order within a stream (6.6),
 * messages that the peer gave up (RFC 3758 3.6).
 *
 * The fragments of a message have TSNs in a row. So what lies at or before the cumulative TSN is taken in sequence, and
 * at most one message is half done there; its bytes are appended to one buffer as they come. What comes ahead of a gap
 * is held by TSN, and joined as soon as it makes a whole message, which need not wait when it is unordered.
 */

import { add16, add32, after16, diff16 } from '../bytes/index.ts'
import { DATA_BEGIN, DATA_END, DATA_UNORDERED, DATA_WHOLE } from './chunk-type.ts'
import type { SctpCounters } from './counters.ts'
import { Fragment, HeldFragments, OVERHEAD } from './held-fragments.ts'

/** No buffer larger than this is made on the strength of a guess. */
const LARGEST_GUESS = 1 << 18

/** A whole message; `data` is a buffer of its own. */
export type DeliverMessage = (streamId: number, ppid: number, data: Uint8Array<ArrayBuffer>) => void
/** A message is larger than `maxMessageSize`: it is dropped. */
export type RefuseMessage = (streamId: number) => void

/** An ordered message that waits for one before it; without data when it was refused. */
interface PendingMessage {
  readonly ppid: number
  readonly data: Uint8Array<ArrayBuffer> | undefined
}

class InboundStream {
  nextSsn = 0
  readonly pending = new Map<number, PendingMessage>()
}

export class Reassembly {
  readonly #maxMessageSize: number
  readonly #deliver: DeliverMessage
  readonly #refuse: RefuseMessage
  readonly #counters: SctpCounters
  readonly #streams = new Map<number, InboundStream>()
  readonly #held = new HeldFragments()
  /** Bytes of whole messages that wait for their turn, with an allowance for each. */
  #pendingCost = 0
  /** The message that is half done at the cumulative TSN. */
  #open = false
  #openTsn = 0
  #openStream = 0
  #openSsn = 0
  #openPpid = 0
  #openOrdered = false
  #openRefused = false
  #buffer = new Uint8Array(0)
  #length = 0
  #guess = 0

  constructor(maxMessageSize: number, deliver: DeliverMessage, refuse: RefuseMessage, counters: SctpCounters) {
    this.#maxMessageSize = maxMessageSize
    this.#deliver = deliver
    this.#refuse = refuse
    this.#counters = counters
  }

  /** Bytes held ahead of what is missing, with an allowance for each piece. */
  get buffered(): number {
    return this.#held.cost + this.#pendingCost
  }

  /** Takes the payload `bytes[start, end)` of the TSN next in sequence. */
  take(
    tsn: number,
    flags: number,
    streamId: number,
    ssn: number,
    ppid: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): void {
    const ordered = (flags & DATA_UNORDERED) === 0
    if ((flags & DATA_BEGIN) !== 0) {
      if (this.#open) this.#misplace()
      if ((flags & DATA_WHOLE) === DATA_WHOLE) {
        this.#complete(streamId, ssn, ppid, ordered, this.#copy(bytes, start, end))
        return
      }
      this.#open = true
      this.#openStream = streamId
      this.#openSsn = ssn
      this.#openPpid = ppid
      this.#openOrdered = ordered
      this.#openRefused = false
      this.#length = 0
      const capacity = Math.max(this.#guess, 4 * (end - start))
      this.#buffer = new Uint8Array(Math.min(capacity, this.#maxMessageSize))
    } else if (!this.#open || tsn !== this.#openTsn || streamId !== this.#openStream) {
      this.#misplace()
      return
    }
    this.#openTsn = add32(tsn, 1)
    this.#append(bytes, start, end)
    if ((flags & DATA_END) !== 0) this.#finish()
  }

  /**
   * Keeps the payload of a TSN that lies ahead of a gap.
   * @param distance How far ahead of the cumulative TSN.
   */
  hold(
    tsn: number,
    flags: number,
    streamId: number,
    ssn: number,
    ppid: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    distance: number,
  ): void {
    const fragment = new Fragment(tsn, flags, streamId, ssn, ppid, this.#copy(bytes, start, end))
    const count = this.#held.add(fragment, distance)
    if (count > 0) this.#join(fragment.runStart, count)
  }

  /** The cumulative TSN has moved over `count` TSNs from `tsn` on: takes what was held of them. */
  pass(tsn: number, count: number): void {
    for (let i = 0; i < count; i++) {
      const at = add32(tsn, i)
      const fragment = this.#held.release(at)
      if (fragment !== undefined) {
        const { flags, streamId, ssn, ppid, data } = fragment
        this.take(at, flags, streamId, ssn, ppid, data, 0, data.length)
      } else {
        // It was delivered already, or has been given up by the peer, and then the rest of its message was too.
        if (this.#open) this.#dropOpen()
        if (this.#held.count === 0) return
      }
    }
  }

  /** Ordered messages of a stream up to `ssn` are not waited for any longer. */
  skip(streamId: number, ssn: number): void {
    const stream = this.#stream(streamId)
    if (after16(stream.nextSsn, ssn)) return
    if (stream.pending.size > 0) {
      const arrived = [...stream.pending.keys()].filter(key => !after16(key, ssn)).sort(diff16)
      for (const key of arrived) {
        stream.nextSsn = key
        this.#deliverPending(streamId, stream)
      }
    }
    stream.nextSsn = add16(ssn, 1)
    this.#drain(streamId, stream)
  }

  /** The peer begins these streams anew with sequence number zero (RFC 6525 5.2.2); undefined: all of them. */
  resetStreams(ids: readonly number[] | undefined): void {
    for (const id of ids ?? [...this.#streams.keys()]) {
      const stream = this.#streams.get(id)
      if (stream !== undefined) {
        for (const message of stream.pending.values()) this.#pendingCost -= (message.data?.length ?? 0) + OVERHEAD
        this.#streams.delete(id)
      }
      if (this.#open && this.#openStream === id) this.#dropOpen()
    }
  }

  #copy(bytes: Uint8Array, start: number, end: number): Uint8Array<ArrayBuffer> {
    const copy = new Uint8Array(end - start)
    copy.set(bytes.subarray(start, end))
    return copy
  }

  #append(bytes: Uint8Array, start: number, end: number): void {
    if (this.#openRefused) return
    const length = this.#length + end - start
    if (length > this.#maxMessageSize) {
      this.#openRefused = true
      this.#buffer = new Uint8Array(0)
      this.#counters.oversizedMessages++
      this.#refuse(this.#openStream)
      return
    }
    if (length > this.#buffer.length) {
      const grown = new Uint8Array(Math.min(this.#maxMessageSize, Math.max(length, 2 * this.#buffer.length)))
      grown.set(this.#buffer.subarray(0, this.#length))
      this.#buffer = grown
    }
    this.#buffer.set(start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end), this.#length)
    this.#length = length
  }

  #finish(): void {
    const buffer = this.#buffer
    const data = this.#openRefused ? undefined : buffer.length === this.#length ? buffer : buffer.slice(0, this.#length)
    // Messages of a stream tend to be alike: the next one gets a buffer of the right size at once.
    this.#guess = Math.min(this.#length, LARGEST_GUESS)
    this.#open = false
    this.#buffer = new Uint8Array(0)
    this.#complete(this.#openStream, this.#openSsn, this.#openPpid, this.#openOrdered, data)
  }

  #dropOpen(): void {
    this.#open = false
    this.#buffer = new Uint8Array(0)
  }

  /** A fragment without its predecessor, or a beginning where a rest was due. */
  #misplace(): void {
    this.#dropOpen()
    this.#counters.misplaced++
  }

  /** Makes one message of the `count` fragments from `start` on. */
  #join(start: number, count: number): void {
    const first = this.#held.at(start)!
    let length = 0
    for (let i = 0; i < count; i++) length += this.#held.at(add32(start, i))!.data.length
    const refused = length > this.#maxMessageSize
    const data = count === 1 ? first.data : refused ? undefined : new Uint8Array(length)
    let offset = 0
    for (let i = 0; i < count; i++) {
      const piece = this.#held.release(add32(start, i))!.data
      if (count > 1) data?.set(piece, offset)
      offset += piece.length
    }
    if (refused) {
      this.#counters.oversizedMessages++
      this.#refuse(first.streamId)
    }
    const ordered = (first.flags & DATA_UNORDERED) === 0
    this.#complete(first.streamId, first.ssn, first.ppid, ordered, refused ? undefined : data)
  }

  #complete(
    streamId: number,
    ssn: number,
    ppid: number,
    ordered: boolean,
    data: Uint8Array<ArrayBuffer> | undefined,
  ): void {
    if (data !== undefined && data.length > this.#maxMessageSize) {
      this.#counters.oversizedMessages++
      this.#refuse(streamId)
      data = undefined
    }
    if (!ordered) {
      if (data !== undefined) this.#emit(streamId, ppid, data)
      return
    }
    const stream = this.#stream(streamId)
    if (ssn === stream.nextSsn) {
      stream.nextSsn = add16(ssn, 1)
      if (data !== undefined) this.#emit(streamId, ppid, data)
      if (stream.pending.size > 0) this.#drain(streamId, stream)
    } else if (after16(ssn, stream.nextSsn) && !stream.pending.has(ssn)) {
      stream.pending.set(ssn, { ppid, data })
      this.#pendingCost += (data?.length ?? 0) + OVERHEAD
    } else {
      this.#counters.misplaced++
    }
  }

  #drain(streamId: number, stream: InboundStream): void {
    while (this.#deliverPending(streamId, stream)) stream.nextSsn = add16(stream.nextSsn, 1)
  }

  /** Delivers the message next in order if it is there. */
  #deliverPending(streamId: number, stream: InboundStream): boolean {
    const message = stream.pending.get(stream.nextSsn)
    if (message === undefined) return false
    stream.pending.delete(stream.nextSsn)
    this.#pendingCost -= (message.data?.length ?? 0) + OVERHEAD
    if (message.data !== undefined) this.#emit(streamId, message.ppid, message.data)
    return true
  }

  #emit(streamId: number, ppid: number, data: Uint8Array<ArrayBuffer>): void {
    this.#counters.messagesReceived++
    this.#deliver(streamId, ppid, data)
  }

  #stream(id: number): InboundStream {
    let stream = this.#streams.get(id)
    if (stream === undefined) {
      stream = new InboundStream()
      this.#streams.set(id, stream)
    }
    return stream
  }
}
