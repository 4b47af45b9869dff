/**
 * The DATA chunks that were sent and not yet cumulatively acknowledged: a ring of parallel arrays, indexed by TSN.
 *
 * A chunk is not kept as bytes: it is a range of its message, written again when it has to be sent again.
 */

import { add32, diff32 } from '../bytes/index.ts'
import { DATA_HEADER } from './chunk-type.ts'
import type { OutboundMessage } from './outbound-message.ts'
import { padded } from './packet-builder.ts'
import { SerialBits } from './serial-bits.ts'

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
  /** In flight for the first time: those that missing reports are counted for. */
  fresh = new SerialBits(FIRST_CAPACITY)
  #waiting = new SerialBits(FIRST_CAPACITY)
  #waitingFrom: number
  #capacity = FIRST_CAPACITY
  #messages: (OutboundMessage | undefined)[] = new Array(FIRST_CAPACITY).fill(undefined)
  #offsets = new Uint32Array(FIRST_CAPACITY)
  #lengths = new Uint16Array(FIRST_CAPACITY)
  #states = new Uint8Array(FIRST_CAPACITY)
  #missing = new Uint8Array(FIRST_CAPACITY)
  #transmissions = new Uint32Array(FIRST_CAPACITY)

  constructor(initialTsn: number) {
    this.first = initialTsn
    this.next = initialTsn
    this.#waitingFrom = initialTsn
  }

  get count(): number {
    return diff32(this.next, this.first)
  }

  /** Bytes that a chunk counts for in the congestion window. */
  size(tsn: number): number {
    return padded(DATA_HEADER + this.#lengths[tsn & (this.#capacity - 1)]!)
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

  state(tsn: number): number {
    return this.#states[tsn & (this.#capacity - 1)]!
  }

  /** How often it was sent. */
  transmissions(tsn: number): number {
    return this.#transmissions[tsn & (this.#capacity - 1)]!
  }

  /** Records the next chunk as sent, and returns its TSN. */
  add(message: OutboundMessage, offset: number, length: number): number {
    if (this.count === this.#capacity) this.#grow()
    const tsn = this.next
    this.next = add32(tsn, 1)
    const slot = tsn & (this.#capacity - 1)
    this.#messages[slot] = message
    this.#offsets[slot] = offset
    this.#lengths[slot] = length
    this.#states[slot] = CHUNK_STATE.IN_FLIGHT
    this.#missing[slot] = 0
    this.#transmissions[slot] = 1
    this.fresh.add(tsn)
    this.flight += padded(DATA_HEADER + length)
    return tsn
  }

  /** One more missing report; returns how many there are now. */
  reportMissing(tsn: number): number {
    const slot = tsn & (this.#capacity - 1)
    const missing = this.#missing[slot]! + 1
    this.#missing[slot] = missing
    return missing
  }

  /** Removes the lowest chunk. Returns its size if that is news, 0 if a gap block had told it or it was given up. */
  release(): number {
    const tsn = this.first
    const state = this.state(tsn)
    const news = state === CHUNK_STATE.IN_FLIGHT || state === CHUNK_STATE.WAITING
    const size = news ? this.size(tsn) : 0
    this.#leave(tsn, state)
    this.acknowledged.delete(tsn)
    if (state === CHUNK_STATE.ABANDONED) this.abandonedCount--
    this.#messages[tsn & (this.#capacity - 1)] = undefined
    this.first = add32(tsn, 1)
    return size
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

  /** A waiting chunk was sent again. */
  sentAgain(tsn: number): void {
    this.#leave(tsn, CHUNK_STATE.WAITING)
    const slot = tsn & (this.#capacity - 1)
    this.#states[slot] = CHUNK_STATE.IN_FLIGHT
    this.#missing[slot] = 0
    this.#transmissions[slot]!++
    this.flight += this.size(tsn)
  }

  #leave(tsn: number, state: number): void {
    if (state === CHUNK_STATE.IN_FLIGHT) {
      this.flight -= this.size(tsn)
      this.fresh.delete(tsn)
    } else if (state === CHUNK_STATE.WAITING) {
      this.#waiting.delete(tsn)
      this.waitingCount--
    }
  }

  #grow(): void {
    const old = this.#capacity
    const capacity = old * 2
    const messages: (OutboundMessage | undefined)[] = new Array(capacity).fill(undefined)
    const offsets = new Uint32Array(capacity)
    const lengths = new Uint16Array(capacity)
    const states = new Uint8Array(capacity)
    const missing = new Uint8Array(capacity)
    const transmissions = new Uint32Array(capacity)
    const acknowledged = new SerialBits(capacity)
    const fresh = new SerialBits(capacity)
    const waiting = new SerialBits(capacity)
    for (let i = 0; i < old; i++) {
      const tsn = add32(this.first, i)
      const from = tsn & (old - 1)
      const to = tsn & (capacity - 1)
      messages[to] = this.#messages[from]
      offsets[to] = this.#offsets[from]!
      lengths[to] = this.#lengths[from]!
      states[to] = this.#states[from]!
      missing[to] = this.#missing[from]!
      transmissions[to] = this.#transmissions[from]!
      if (this.acknowledged.has(tsn)) acknowledged.add(tsn)
      if (this.fresh.has(tsn)) fresh.add(tsn)
      if (this.#waiting.has(tsn)) waiting.add(tsn)
    }
    this.#capacity = capacity
    this.#messages = messages
    this.#offsets = offsets
    this.#lengths = lengths
    this.#states = states
    this.#missing = missing
    this.#transmissions = transmissions
    this.acknowledged = acknowledged
    this.fresh = fresh
    this.#waiting = waiting
  }
}
