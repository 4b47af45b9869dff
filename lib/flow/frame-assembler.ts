/**
 * Puts the packets of a stream together to frames, in their order: waits for what is lost as long as a retransmission may
 * take, then goes on where decoding can.
 *
 * A frame is the packets of one timestamp (RFC 3550, 5.1). It ends with the marker, or where the payload says so, and
 * certainly where the next timestamp begins.
 */

import { type Depacketizer, emptyPayloadInfo, type JoinedFrame, type MediaKind, type RtpPacket } from '../rtp/index.ts'

/** Packets that wait for a missing one, at most: two seconds of 10 Mbit/s. */
const SIZE = 2048
const MASK = SIZE - 1
/** Milliseconds that a missing packet is waited for. Of audio: a retransmission that comes later is of no use. */
const PATIENCE = { video: 1000, audio: 200 } as const

interface Held {
  extended: number
  timestamp: number
  marker: boolean
  payload: Uint8Array
  begins: boolean
  ends: boolean
  keyFrame: boolean
  at: number
}

/** A whole frame and the packets it came in. */
export interface AssembledFrame extends JoinedFrame {
  readonly timestamp: number
  readonly first: number
  readonly last: number
  /** Monotonic milliseconds at which its first packet came, and at which it was whole. */
  readonly firstAt: number
  readonly wholeAt: number
}

export class FrameAssembler {
  framesReceived = 0
  keyFramesReceived = 0
  /** Frames of which something was lost, as far as timestamps show, and those that could not be decoded for it. */
  framesDropped = 0
  /** Packets that came after they were given up. */
  packetsLate = 0
  /** Packets whose payload makes no sense. */
  packetsMalformed = 0
  /** Nothing can be decoded until a key frame comes. */
  needsKeyFrame: boolean
  readonly #kind: MediaKind
  readonly #deliver: (frame: AssembledFrame, now: number) => void
  #depacketizer: Depacketizer
  readonly #ring: (Held | undefined)[] = []
  readonly #info = emptyPayloadInfo()
  /** The packet that the next frame begins with; -1 before the first. */
  #next = -1
  #highest = -1
  #held = 0
  /** Up to here, everything from `#next` on is known to be here, and of one frame that is not whole yet. */
  #scanned = -1
  /** Since when the packet at `#next` is missed. */
  #waitingSince = Number.POSITIVE_INFINITY

  constructor(kind: MediaKind, depacketizer: Depacketizer, deliver: (frame: AssembledFrame, now: number) => void) {
    this.#kind = kind
    this.#depacketizer = depacketizer
    this.#deliver = deliver
    this.needsKeyFrame = kind === 'video'
  }

  /** Another codec: what is held of the one before is dropped. */
  use(depacketizer: Depacketizer): void {
    this.#depacketizer = depacketizer
    this.#clear()
    this.#next = this.#highest + 1
    this.needsKeyFrame = this.#kind === 'video'
  }

  get deadline(): number {
    return this.#waitingSince + PATIENCE[this.#kind]
  }

  /** A packet, once: by itself or brought again. */
  receive(packet: RtpPacket, extended: number, now: number): void {
    const { bytes, payloadStart, payloadEnd } = packet
    if (this.#next < 0) this.#next = extended
    if (extended < this.#next) {
      // What overtook the first packet of all may still be of its frame.
      if (this.framesReceived > 0 || this.#next - extended > 16) {
        this.packetsLate++
        return
      }
      this.#next = extended
      this.#scanned = -1
    }
    if (extended - this.#next >= SIZE) this.#restart(extended)
    if (extended > this.#highest) this.#highest = extended
    this.#hold(packet, extended, bytes.slice(payloadStart, payloadEnd), now)
    this.#assemble(now)
  }

  #hold(packet: RtpPacket, extended: number, payload: Uint8Array, now: number): void {
    const info = this.#info
    const isEmpty = payload.length === 0
    const isSound = !isEmpty && this.#depacketizer.describe(payload, 0, payload.length, info)
    if (!isEmpty && !isSound) this.packetsMalformed++
    this.#ring[extended & MASK] = {
      extended,
      timestamp: packet.timestamp,
      marker: packet.marker,
      // Padding has a number, and nothing else.
      payload: isSound ? payload : payload.subarray(0, 0),
      begins: isSound && info.begins,
      ends: isSound && info.ends,
      keyFrame: isSound && info.keyFrame,
      at: now,
    }
    this.#held++
  }

  #at(extended: number): Held | undefined {
    const held = this.#ring[extended & MASK]
    return held?.extended === extended ? held : undefined
  }

  /** What is lost is given up when its time is over. */
  advance(now: number): void {
    while (now >= this.deadline) {
      this.#skip(now)
      this.#assemble(now)
    }
  }

  #assemble(now: number): void {
    for (;;) {
      const end = this.#wholeUpTo()
      if (end < 0) break
      this.#take(end, now)
    }
    // Something is here, but not what comes next.
    const isWaiting = this.#held > 0 && this.#missesSomething()
    if (!isWaiting) this.#waitingSince = Number.POSITIVE_INFINITY
    else if (this.#waitingSince === Number.POSITIVE_INFINITY) this.#waitingSince = now
  }

  #missesSomething(): boolean {
    return this.#highest >= this.#next + this.#held
  }

  /** The last packet of the frame at `#next`, when all of it is here; -1 when it is not. */
  #wholeUpTo(): number {
    const first = this.#at(this.#next)
    if (first === undefined) return -1
    for (let extended = Math.max(this.#next, this.#scanned); ; extended++) {
      const held = this.#at(extended)
      if (held === undefined) {
        this.#scanned = extended
        return -1
      }
      if (held.timestamp !== first.timestamp) return extended - 1
      // Of audio each packet is a frame.
      if (held.marker || this.#kind === 'audio') return extended
      if (held.payload.length === 0 && extended === this.#next) return extended
    }
  }

  /** Takes the packets up to `end` off the ring, and hands out what they make. */
  #take(end: number, now: number): void {
    const first = this.#at(this.#next)!
    const payloads: Uint8Array[] = []
    let begins = false
    for (let extended = this.#next; extended <= end; extended++) {
      const held = this.#at(extended)!
      if (held.payload.length > 0) {
        if (payloads.length === 0) begins = held.begins
        payloads.push(held.payload)
      }
      this.#ring[extended & MASK] = undefined
      this.#held--
    }
    const start = this.#next
    this.#next = end + 1
    this.#waitingSince = Number.POSITIVE_INFINITY
    if (payloads.length === 0) return
    const joined = begins ? this.#depacketizer.join(payloads) : undefined
    if (joined === undefined || (this.needsKeyFrame && !joined.keyFrame)) {
      this.framesDropped++
      if (joined === undefined && this.#kind === 'video') this.needsKeyFrame = true
      return
    }
    this.needsKeyFrame = false
    this.framesReceived++
    if (joined.keyFrame && this.#kind === 'video') this.keyFramesReceived++
    const { timestamp, at: firstAt } = first
    this.#deliver({ ...joined, timestamp, first: start, last: end, firstAt, wholeAt: now }, now)
  }

  /** Gives up the frame at `#next`: goes on with the first that begins behind what is missing. */
  #skip(now: number): void {
    this.framesDropped++
    this.#waitingSince = Number.POSITIVE_INFINITY
    if (this.#kind === 'video') this.needsKeyFrame = true
    let gap = this.#next
    while (gap <= this.#highest && this.#at(gap) !== undefined) gap++
    let extended = gap
    while (extended <= this.#highest && !this.#isStart(extended)) extended++
    for (let dropped = this.#next; dropped < extended; dropped++) {
      if (this.#at(dropped) === undefined) continue
      this.#ring[dropped & MASK] = undefined
      this.#held--
    }
    this.#next = extended
    if (this.#held > 0 && this.#missesSomething()) this.#waitingSince = now
  }

  /** Whether decoding can go on with this packet. */
  #isStart(extended: number): boolean {
    const held = this.#at(extended)
    return held?.begins === true && (this.#kind === 'audio' || held.keyFrame)
  }

  /** So far behind that there is no room: begins anew with this packet. */
  #restart(extended: number): void {
    this.framesDropped++
    this.#clear()
    this.#next = extended
    if (this.#kind === 'video') this.needsKeyFrame = true
  }

  #clear(): void {
    this.#ring.length = 0
    this.#held = 0
    this.#scanned = -1
    this.#waitingSince = Number.POSITIVE_INFINITY
  }
}
