/**
 * The DATA chunks that were sent and not yet cumulatively acknowledged: a ring of parallel arrays, indexed by TSN.
 *
 * A chunk is not kept as bytes: it is a range of its message, written again when it has to be sent again.
 */

import { add32, diff32 } from '../bytes/index.ts'
import type { OutboundMessage } from './outbound-message.ts'
import { padded } from './packet-builder.ts'
import { SerialBits } from './serial-bits.ts'
import { spread } from './transmissions.ts'

export const CHUNK_STATE = {
  /** Sent, and not heard of since. */
  IN_FLIGHT: 1,
  /** Reported in a gap block. */
  ACKNOWLEDGED: 2,
  /** Believed lost: to be sent again. */
  WAITING: 3,
  /** Given up with its message. */
  ABANDONED: 4,
} as const

/** No more TSNs than this are outstanding: half of what gap blocks can report (RFC 9260 3.3.4). */
export const MAX_OUTSTANDING = 32_768
const FIRST_CAPACITY = 256

export class Outstanding {
  /** The lowest TSN that is outstanding; equal to `next` when none is. */
  first: number
  /** The TSN that the next chunk gets. */
  next: number
  /** Bytes in flight: whole chunks, headers included. */
  flight = 0
  /** How many chunks wait to be sent again. */
  waitingCount = 0
  /** How many outstanding chunks are abandoned. */
  abandonedCount = 0
  /** Reported in gap blocks. */
  acknowledged = new SerialBits(FIRST_CAPACITY)
  readonly #header: number
  #waiting = new SerialBits(FIRST_CAPACITY)
  #waitingFrom: number
  #capacity = FIRST_CAPACITY
  #messages: (OutboundMessage | undefined)[] = new Array(FIRST_CAPACITY).fill(undefined)
  #offsets = new Uint32Array(FIRST_CAPACITY)
  #lengths = new Uint16Array(FIRST_CAPACITY)
  #fragments = new Uint32Array(FIRST_CAPACITY)
  /** The TSN of the fragment before, which need not be the one below when messages are interleaved. */
  #previous = new Uint32Array(FIRST_CAPACITY)
  #states = new Uint8Array(FIRST_CAPACITY)
  #ambiguous = new Uint8Array(FIRST_CAPACITY)
  #transmissions = new Uint32Array(FIRST_CAPACITY)
  #orders = new Uint32Array(FIRST_CAPACITY)

  /** @param header Bytes of a chunk before its payload: those of DATA, or of I-DATA. */
  constructor(initialTsn: number, header: number) {
    this.first = initialTsn
    this.next = initialTsn
    this.#waitingFrom = initialTsn
    this.#header = header
  }

  get count(): number {
    return diff32(this.next, this.first)
  }

  /** Bytes that a chunk counts for in the congestion window. */
  size(tsn: number): number {
    return padded(this.#header + this.#lengths[tsn & (this.#capacity - 1)]!)
  }

  message(tsn: number): OutboundMessage {
    return this.#messages[tsn & (this.#capacity - 1)]!
  }

  offset(tsn: number): number {
    return this.#offsets[tsn & (this.#capacity - 1)]!
  }

  length(tsn: number): number {
    return this.#lengths[tsn & (this.#capacity - 1)]!
  }

  /** The fragment sequence number. */
  fragment(tsn: number): number {
    return this.#fragments[tsn & (this.#capacity - 1)]!
  }

  state(tsn: number): number {
    return this.#states[tsn & (this.#capacity - 1)]!
  }

  /** How often it was sent. */
  transmissions(tsn: number): number {
    return this.#transmissions[tsn & (this.#capacity - 1)]!
  }

  /** The order of its latest transmission. */
  order(tsn: number): number {
    return this.#orders[tsn & (this.#capacity - 1)]!
  }

  /** Whether an acknowledgement may be of more than one transmission, so that it measures no round trip (Karn). */
  ambiguous(tsn: number): boolean {
    return this.#ambiguous[tsn & (this.#capacity - 1)] === 1
  }

  /** Records the next fragment of a message as sent, by a transmission of this order, and returns its TSN. */
  add(message: OutboundMessage, offset: number, length: number, order: number): number {
    if (this.count === this.#capacity) this.#grow()
    const tsn = this.next
    this.next = add32(tsn, 1)
    const slot = tsn & (this.#capacity - 1)
    this.#messages[slot] = message
    this.#offsets[slot] = offset
    this.#lengths[slot] = length
    this.#fragments[slot] = message.chunks++
    this.#previous[slot] = message.lastTsn
    message.lastTsn = tsn
    this.#states[slot] = CHUNK_STATE.IN_FLIGHT
    this.#ambiguous[slot] = 0
    this.#transmissions[slot] = 1
    this.#orders[slot] = order
    this.flight += padded(this.#header + length)
    return tsn
  }

  /** Removes the lowest chunk. Returns its size if that is news, 0 if a gap block had told it or it was given up. */
  release(): number {
    const tsn = this.first
    const slot = tsn & (this.#capacity - 1)
    const state = this.#states[slot]!
    this.#messages[slot] = undefined
    this.first = add32(tsn, 1)
    if (state === CHUNK_STATE.IN_FLIGHT) {
      const size = padded(this.#header + this.#lengths[slot]!)
      this.flight -= size
      return size
    }
    if (state === CHUNK_STATE.ACKNOWLEDGED) {
      this.acknowledged.delete(tsn)
    } else if (state === CHUNK_STATE.ABANDONED) {
      this.abandonedCount--
    } else {
      this.#leave(tsn, state)
      return padded(this.#header + this.#lengths[slot]!)
    }
    return 0
  }

  /** A gap block reports it. Returns its size if that is news, else 0. */
  acknowledge(tsn: number): number {
    const state = this.state(tsn)
    if (state === CHUNK_STATE.ACKNOWLEDGED) return 0
    this.#leave(tsn, state)
    this.acknowledged.add(tsn)
    if (state === CHUNK_STATE.ABANDONED) this.abandonedCount--
    this.#states[tsn & (this.#capacity - 1)] = CHUNK_STATE.ACKNOWLEDGED
    return state === CHUNK_STATE.ABANDONED ? 0 : this.size(tsn)
  }

  /** It has to be sent again. */
  markWaiting(tsn: number): void {
    const state = this.state(tsn)
    if (state === CHUNK_STATE.WAITING) return
    this.#leave(tsn, state)
    if (state === CHUNK_STATE.ACKNOWLEDGED) this.acknowledged.delete(tsn)
    if (this.waitingCount === 0 || diff32(tsn, this.#waitingFrom) < 0) this.#waitingFrom = tsn
    this.#waiting.add(tsn)
    this.waitingCount++
    this.#states[tsn & (this.#capacity - 1)] = CHUNK_STATE.WAITING
  }

  /** Its message is given up. What the peer has reported needs no more. */
  markAbandoned(tsn: number): void {
    if (this.state(tsn) !== CHUNK_STATE.ACKNOWLEDGED) this.giveUp(tsn)
  }

  /** Gives up those chunks of a message that are outstanding, from its last one on. */
  abandon(message: OutboundMessage): void {
    let tsn = message.lastTsn
    for (let left = message.chunks; left > 0 && diff32(tsn, this.first) >= 0; left--) {
      this.markAbandoned(tsn)
      tsn = this.#previous[tsn & (this.#capacity - 1)]!
    }
  }

  /** Its message is given up, and the peer has it not, or no longer. */
  giveUp(tsn: number): void {
    const state = this.state(tsn)
    if (state === CHUNK_STATE.ABANDONED) return
    this.#leave(tsn, state)
    if (state === CHUNK_STATE.ACKNOWLEDGED) this.acknowledged.delete(tsn)
    this.abandonedCount++
    this.#states[tsn & (this.#capacity - 1)] = CHUNK_STATE.ABANDONED
  }

  /** The lowest TSN that has to be sent again. There must be one. */
  nextWaiting(): number {
    if (diff32(this.first, this.#waitingFrom) > 0) this.#waitingFrom = this.first
    const distance = this.#waiting.distanceToMember(this.#waitingFrom, diff32(this.next, this.#waitingFrom))
    const tsn = add32(this.#waitingFrom, distance)
    this.#waitingFrom = tsn
    return tsn
  }

  /** The highest TSN in flight, which it takes steps to find; -1: none is. */
  lastInFlight(): number {
    if (this.flight === 0) return -1
    let tsn = add32(this.next, -1)
    while (this.state(tsn) !== CHUNK_STATE.IN_FLIGHT) tsn = add32(tsn, -1)
    return tsn
  }

  /** A chunk that waits, or is in flight, was sent again by a transmission of this order. */
  sentAgain(tsn: number, order: number): void {
    this.#transmissions[tsn & (this.#capacity - 1)]!++
    this.fly(tsn, order)
  }

  /** It is in flight, after all or again: as if by a transmission of this order. */
  fly(tsn: number, order: number): void {
    const slot = tsn & (this.#capacity - 1)
    this.#leave(tsn, this.#states[slot]!)
    this.#states[slot] = CHUNK_STATE.IN_FLIGHT
    this.#ambiguous[slot] = 1
    this.#orders[slot] = order
    this.flight += padded(this.#header + this.#lengths[slot]!)
  }

  #leave(tsn: number, state: number): void {
    if (state === CHUNK_STATE.IN_FLIGHT) {
      this.flight -= this.size(tsn)
    } else if (state === CHUNK_STATE.WAITING) {
      this.#waiting.delete(tsn)
      this.waitingCount--
    }
  }

  #grow(): void {
    const old = this.#capacity
    const capacity = old * 2
    const messages: (OutboundMessage | undefined)[] = new Array(capacity).fill(undefined)
    const acknowledged = new SerialBits(capacity)
    const waiting = new SerialBits(capacity)
    for (let i = 0; i < old; i++) {
      const tsn = add32(this.first, i)
      messages[tsn & (capacity - 1)] = this.#messages[tsn & (old - 1)]
      if (this.acknowledged.has(tsn)) acknowledged.add(tsn)
      if (this.#waiting.has(tsn)) waiting.add(tsn)
    }
    this.#messages = messages
    this.#offsets = spread(this.#offsets, new Uint32Array(capacity), this.first)
    this.#lengths = spread(this.#lengths, new Uint16Array(capacity), this.first)
    this.#fragments = spread(this.#fragments, new Uint32Array(capacity), this.first)
    this.#previous = spread(this.#previous, new Uint32Array(capacity), this.first)
    this.#states = spread(this.#states, new Uint8Array(capacity), this.first)
    this.#ambiguous = spread(this.#ambiguous, new Uint8Array(capacity), this.first)
    this.#transmissions = spread(this.#transmissions, new Uint32Array(capacity), this.first)
    this.#orders = spread(this.#orders, new Uint32Array(capacity), this.first)
    this.#capacity = capacity
    this.acknowledged = acknowledged
    this.#waiting = waiting
  }
}
