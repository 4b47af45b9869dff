/**
 * Puts handshake messages together from fragments that come in any order, repeated and overlapping, and hands them out
 * in sequence (RFC 6347, 4.2.2 and 4.2.3).
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
  ) {
    this.raw = new Uint8Array(HANDSHAKE_HEADER + length)
    writeHandshakeHeader(this.raw, 0, type, length, sequence, 0, length)
    this.#have = new Uint8Array((length + 7) >>> 3)
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

/** What became of a fragment: it was new, it ended the peer's last whole flight once more, or it was of no use. */
export type FragmentFate = 'taken' | 'repeat' | 'dropped'

export class Reassembly {
  readonly #assemblies = new Map<number, Assembly>()
  /** The sequence number of the message to hand out next. */
  #next = 0
  /** The sequence number of the last message of the peer's last whole flight, or -1. */
  #flightEnd = -1

  /** The peer's flight is complete as far as messages were handed out: its last message coming again is a repeat. */
  endFlight(): void {
    this.#flightEnd = this.#next - 1
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
    if (sequence < this.#next) {
      return sequence === this.#flightEnd && offset + end - start === length ? 'repeat' : 'dropped'
    }
    if (!accept || sequence >= this.#next + MESSAGES_AHEAD || length > MAX_MESSAGE) return 'dropped'
    let assembly = this.#assemblies.get(sequence)
    // A protected fragment outweighs what came without protection for the same message.
    if (assembly !== undefined && assembly.epoch > epoch) return 'dropped'
    // Of two that contradict each other either may be spoofed. The genuine one comes again with each retransmission: if
    // the first to come stood, one datagram of anybody's would end the handshake.
    if (assembly?.epoch !== epoch || assembly.type !== type || assembly.length !== length) {
      assembly = new Assembly(epoch, type, sequence, length)
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
    const { type, sequence, epoch, raw } = assembly
    return { type, sequence, epoch, raw, body: raw.subarray(HANDSHAKE_HEADER) }
  }
}
