/**
 * Puts handshake messages together from fragments that come in any order, repeated and overlapping, and hands them out
 * in sequence (RFC 6347, 4.2.2 and 4.2.3; RFC 9147, 5.2 and 5.5). It also knows what of the peer's earlier flights a
 * fragment repeats.
 *
 * What a peer can make it hold is bounded: `MESSAGES_AHEAD` messages of at most `MAX_MESSAGE` bytes.
 */

import { HANDSHAKE_HEADER, type HandshakeMessage, writeHandshakeHeader } from './handshake-message.ts'

/** Bytes of the longest message taken: a chain of certificates fits, a single self-signed one by far. */
export const MAX_MESSAGE = 32768
/** Messages that may be under way at once: the longest flight of DTLS 1.2 has seven. */
export const MESSAGES_AHEAD = 10

class Assembly {
  readonly raw: Uint8Array
  /** One bit for each byte of the body that has come. */
  readonly #have: Uint8Array
  #missing: number

  constructor(
    readonly epoch: number,
    readonly type: number,
    readonly sequence: number,
    readonly length: number,
    /** What it takes the place of. Its memory is taken over, so that who contradicts himself on and on costs none. */
    predecessor: Assembly | undefined,
  ) {
    const [size, bits] = [HANDSHAKE_HEADER + length, (length + 7) >>> 3]
    if (predecessor === undefined) {
      this.raw = new Uint8Array(size)
      this.#have = new Uint8Array(bits)
    } else {
      const { raw } = predecessor
      const largest = HANDSHAKE_HEADER + MAX_MESSAGE
      const memory = raw.buffer.byteLength < size ? new ArrayBuffer(largest) : raw.buffer
      this.raw = new Uint8Array(memory, 0, size)
      const have = predecessor.#have.buffer
      this.#have = new Uint8Array(have.byteLength < bits ? new ArrayBuffer(MAX_MESSAGE >>> 3) : have, 0, bits).fill(0)
    }
    writeHandshakeHeader(this.raw, 0, type, length, sequence, 0, length)
    this.#missing = length
  }

  get whole(): boolean {
    return this.#missing === 0
  }

  /** Takes the bytes that are new; those that have come before stay as they were. */
  put(offset: number, bytes: Uint8Array, start: number, end: number): void {
    for (let from = start, at = offset; from < end; from++, at++) {
      const bit = 1 << (at & 7)
      const have = this.#have[at >>> 3]!
      if ((have & bit) !== 0) continue
      this.#have[at >>> 3] = have | bit
      this.raw[HANDSHAKE_HEADER + at] = bytes[from]!
      this.#missing--
    }
  }
}

/**
 * What became of a fragment:
 * - `taken`: it is kept.
 * - `known`: its message was handed out before, in a flight that is not whole yet.
 * - `repeat`: it ends the flight that ours answered, once more.
 * - `acknowledged`: it repeats a part of what we have acknowledged, or will.
 * - `dropped`: it is of no use.
 */
export type FragmentFate = 'taken' | 'known' | 'repeat' | 'acknowledged' | 'dropped'

export class Reassembly {
  readonly #assemblies = new Map<number, Assembly>()
  /** The sequence number of the message to hand out next. */
  #next = 0
  /** The epoch of the message that was handed out last. */
  #epoch = 0
  /** The sequence number of the first message of the flight that is under way. */
  #flightStart = 0
  /** The sequence number of the last message of the flight that was answered, or -1, and its epoch. */
  #answeredEnd = -1
  #answeredEpoch = 0
  /** From which message on flights were acknowledged, up to the one under way. */
  #acknowledgedFrom = Number.POSITIVE_INFINITY

  /**
   * The peer's flight is complete as far as messages were handed out, and a flight of ours answers it: its last message
   * coming again is a repeat. Where nothing was handed out since the flight before, nothing is answered.
   */
  endFlight(): void {
    if (this.#flightStart === this.#next) return
    this.#answeredEnd = this.#next - 1
    this.#answeredEpoch = this.#epoch
    this.#flightStart = this.#next
  }

  /** The same, but that an ACK answers it. */
  acknowledgeFlight(): void {
    this.#acknowledgedFrom = Math.min(this.#acknowledgedFrom, this.#flightStart)
    this.#flightStart = this.#next
  }

  /** Drops what is under way. */
  clear(): void {
    this.#assemblies.clear()
  }

  /**
   * A fragment, `bytes[start, end)`, copied.
   * @param accept False when no new message is expected any more, and only repeats are of interest.
   */
  put(
    epoch: number,
    type: number,
    length: number,
    sequence: number,
    offset: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    accept: boolean,
  ): FragmentFate {
    // It says nothing, and must not displace what does.
    if (start === end && length > 0) return 'dropped'
    if (sequence < this.#next) return this.#fateOfOld(epoch, sequence, offset + end - start === length)
    if (!accept || sequence >= this.#next + MESSAGES_AHEAD || length > MAX_MESSAGE) return 'dropped'
    let assembly = this.#assemblies.get(sequence)
    // A protected fragment outweighs what came without protection for the same message.
    if (assembly !== undefined && assembly.epoch > epoch) return 'dropped'
    // Of two that contradict each other either may be spoofed. The genuine one comes again with each retransmission: if
    // the first to come stood, one datagram of anybody's would end the handshake.
    if (assembly?.epoch !== epoch || assembly.type !== type || assembly.length !== length) {
      assembly = new Assembly(epoch, type, sequence, length, assembly)
      this.#assemblies.set(sequence, assembly)
    }
    assembly.put(offset, bytes, start, end)
    return 'taken'
  }

  /** The next message in sequence, if it is whole. */
  next(): HandshakeMessage | undefined {
    const assembly = this.#assemblies.get(this.#next)
    if (assembly === undefined || !assembly.whole) return undefined
    this.#assemblies.delete(this.#next)
    this.#next++
    this.#epoch = assembly.epoch
    const { type, sequence, epoch, raw } = assembly
    return { type, sequence, epoch, raw, body: raw.subarray(HANDSHAKE_HEADER) }
  }

  #fateOfOld(epoch: number, sequence: number, isEnd: boolean): FragmentFate {
    if (sequence >= this.#flightStart) return 'known'
    if (sequence >= this.#acknowledgedFrom) return 'acknowledged'
    return sequence === this.#answeredEnd && epoch === this.#answeredEpoch && isEnd ? 'repeat' : 'dropped'
  }
}
