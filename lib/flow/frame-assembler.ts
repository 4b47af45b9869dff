/**
 * Puts the packets of a stream together to frames, in their order: waits for what is lost as long as a retransmission may
 * take, then goes on where decoding can.
 *
 * A frame is the packets of one timestamp (RFC 3550, 5.1). It ends with the marker, or where the payload says so, and
 * certainly where the next timestamp begins.
 */

import {
  type Depacketizer,
  emptyPayloadInfo,
  type JoinedFrame,
  type MediaKind,
  type PayloadCodec,
} from '../rtp/index.ts'

/** Packets that wait for a missing one, at most: two seconds of 10 Mbit/s. */
const SIZE = 2048
const MASK = SIZE - 1
/** Milliseconds that a missing packet is waited for. Of audio: a retransmission that comes later is of no use. */
const PATIENCE = { video: 1000, audio: 200 } as const
/** How much may overtake the first packet of all. */
const OVERTAKEN = 16

/** A codec of a stream, and what makes frames of its payloads. */
export interface FrameFormat {
  readonly codec: PayloadCodec
  readonly depacketizer: Depacketizer
}

/** What a packet says of its frame beside the payload. */
export interface FramePacket {
  /** Extended sequence number. */
  extended: number
  timestamp: number
  marker: boolean
  /** -dBov, with 128 added where it is speech (RFC 6464); -1 where it is not said. */
  audioLevel: number
  /** Quarter turns, clockwise; -1 where it is not said. */
  rotation: number
  csrcs: readonly number[]
}

interface Held {
  readonly extended: number
  readonly timestamp: number
  readonly marker: boolean
  /** Empty where it is padding, or of no use for frames. */
  readonly payload: Uint8Array
  /** Undefined without a payload. */
  readonly format: FrameFormat | undefined
  readonly isSound: boolean
  readonly begins: boolean
  readonly keyFrame: boolean
  readonly audioLevel: number
  readonly rotation: number
  readonly csrcs: readonly number[]
  readonly at: number
}

/** A whole frame and the packets it came in. */
export interface AssembledFrame extends JoinedFrame {
  readonly codec: PayloadCodec
  readonly timestamp: number
  readonly first: number
  readonly last: number
  readonly audioLevel: number
  readonly rotation: number
  readonly csrcs: readonly number[]
  /** Monotonic milliseconds at which its first packet came, and at which it was whole. */
  readonly firstAt: number
  readonly wholeAt: number
}

const NOTHING = new Uint8Array(0)

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
  /** Whether video goes on after a loss with the next frame that is whole, needed or not: for whoever looks after that. */
  passesBroken = false
  readonly #kind: MediaKind
  readonly #deliver: (frame: AssembledFrame, now: number) => void
  readonly #ring: (Held | undefined)[] = []
  readonly #info = emptyPayloadInfo()
  #codec: PayloadCodec | undefined
  /** The packet that the next frame begins with; -1 before the first. */
  #next = -1
  #highest = -1
  #held = 0
  /** Up to here, everything from `#next` on is known to be here, and of one frame that is not whole yet. */
  #scanned = -1
  /** Since when the packet at `#next` is missed. */
  #waitingSince = Number.POSITIVE_INFINITY

  constructor(kind: MediaKind, deliver: (frame: AssembledFrame, now: number) => void) {
    this.#kind = kind
    this.#deliver = deliver
    this.needsKeyFrame = kind === 'video'
  }

  get deadline(): number {
    return this.#waitingSince + PATIENCE[this.#kind]
  }

  /** What comes before this number is not waited for any more; -1 before the first packet. */
  get next(): number {
    return this.#next
  }

  /** Whether nothing goes on without a key frame, and none has begun to come. */
  get lacksKeyFrame(): boolean {
    return this.needsKeyFrame && !this.#isStart(this.#next)
  }

  /** Whether a packet with this number is held, or its time is over. */
  knows(extended: number): boolean {
    return this.#next < 0 || extended < this.#next || this.#at(extended) !== undefined
  }

  /**
   * A packet with the payload `bytes[start, end)`, once: by itself or brought again.
   * @param format Undefined for one that is of no frame: only its number counts.
   */
  receive(
    packet: FramePacket,
    format: FrameFormat | undefined,
    bytes: Uint8Array,
    start: number,
    end: number,
    now: number,
  ): void {
    const { extended } = packet
    if (this.#next < 0) this.#next = extended
    if (extended < this.#next) {
      // What overtook the first packet of all may still be of its frame.
      if (this.framesReceived > 0 || this.#next - extended > OVERTAKEN) {
        this.packetsLate++
        return
      }
      this.#next = extended
      this.#scanned = -1
    }
    if (extended - this.#next >= SIZE) this.#restart(extended)
    if (extended > this.#highest) this.#highest = extended
    this.#hold(packet, format, format === undefined ? NOTHING : bytes.slice(start, end), now)
    this.#assemble(now)
  }

  #hold(packet: FramePacket, format: FrameFormat | undefined, payload: Uint8Array, now: number): void {
    const { extended, timestamp, marker, audioLevel, rotation, csrcs } = packet
    const info = this.#info
    const isEmpty = payload.length === 0 || format === undefined
    const isSound = isEmpty || format.depacketizer.describe(payload, 0, payload.length, info)
    if (!isSound) this.packetsMalformed++
    this.#ring[extended & MASK] = {
      extended,
      timestamp,
      marker,
      payload,
      format: isEmpty ? undefined : format,
      isSound,
      begins: !isEmpty && isSound && info.begins,
      keyFrame: !isEmpty && isSound && info.keyFrame,
      audioLevel,
      rotation,
      csrcs,
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
      this.#skip()
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
    else if (this.#waitingSince === Number.POSITIVE_INFINITY) this.#waitingSince = this.#gapSince(now)
  }

  /** When what comes behind the first gap showed it. */
  #gapSince(now: number): number {
    let extended = Math.max(this.#next, this.#scanned)
    while (extended < this.#highest && this.#at(extended) === undefined) extended++
    return this.#at(extended)?.at ?? now
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
      if (held.format === undefined && extended === this.#next) return extended
    }
  }

  /** Takes the packets up to `end` off the ring, and hands out what they make. */
  #take(end: number, now: number): void {
    const payloads: Uint8Array[] = []
    const start = this.#next
    const head = this.#at(start)!
    let first: Held | undefined
    const isVideo = this.#kind === 'video'
    let isSound = !isVideo || !this.#isCut(end)
    let { rotation } = head
    for (let extended = start; extended <= end; extended++) {
      const held = this.#at(extended)!
      if (held.format !== undefined) {
        first ??= held
        payloads.push(held.payload)
      }
      isSound &&= held.isSound && (held.format === undefined || held.format === first?.format)
      if (held.rotation >= 0) rotation = held.rotation
      this.#ring[extended & MASK] = undefined
      this.#held--
    }
    this.#next = end + 1
    this.#waitingSince = Number.POSITIVE_INFINITY
    if (first?.format === undefined) return
    const { codec, depacketizer } = first.format
    if (codec !== this.#codec) {
      this.needsKeyFrame = isVideo
      this.#codec = codec
    }
    const joined = isSound && first.begins ? depacketizer.join(payloads) : undefined
    if (joined === undefined || (this.needsKeyFrame && !joined.keyFrame)) {
      this.framesDropped++
      if (joined === undefined) this.#broken()
      return
    }
    this.needsKeyFrame = false
    this.framesReceived++
    if (joined.keyFrame && isVideo) this.keyFramesReceived++
    const { timestamp, audioLevel, csrcs, at: firstAt } = head
    const packets = { timestamp, first: start, last: end, audioLevel, rotation, csrcs, firstAt, wholeAt: now }
    this.#deliver({ ...joined, codec, ...packets }, now)
  }

  /** Whether padding is where the end of a frame would be: whoever sent it on has not got the rest. */
  #isCut(end: number): boolean {
    const last = this.#at(end)!
    if (last.marker) return false
    const after = last.format === undefined ? last : this.#at(end + 1)
    return after !== undefined && after.format === undefined
  }

  /** What follows refers to what is not there. */
  #broken(): void {
    if (this.#kind === 'video' && !(this.passesBroken && this.keyFramesReceived > 0)) this.needsKeyFrame = true
  }

  /** Gives up the frame at `#next`: goes on with the first that begins behind what is missing. */
  #skip(): void {
    this.#waitingSince = Number.POSITIVE_INFINITY
    this.#broken()
    let gap = this.#next
    while (gap <= this.#highest && this.#at(gap) !== undefined) gap++
    let extended = gap
    while (extended <= this.#highest && !this.#isStart(extended)) extended++
    this.#drop(extended)
    this.#next = extended
  }

  /** Drops what is held before a number: at least one frame is lost with what is missing. */
  #drop(before: number): void {
    let frames = 0
    let timestamp = -1
    for (let extended = this.#next; extended < before; extended++) {
      const held = this.#at(extended)
      if (held === undefined) continue
      if (held.format !== undefined && held.timestamp !== timestamp) {
        timestamp = held.timestamp
        frames++
      }
      this.#ring[extended & MASK] = undefined
      this.#held--
    }
    this.framesDropped += Math.max(1, frames)
  }

  /** Whether decoding can go on with this packet. */
  #isStart(extended: number): boolean {
    const held = this.#at(extended)
    return held?.begins === true && (held.keyFrame || !this.needsKeyFrame)
  }

  /** So far behind that there is no room: begins anew with this packet. */
  #restart(extended: number): void {
    this.#drop(this.#next + SIZE)
    this.#ring.length = 0
    this.#held = 0
    this.#scanned = -1
    this.#waitingSince = Number.POSITIVE_INFINITY
    this.#next = extended
    this.#broken()
  }
}
