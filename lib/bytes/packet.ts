/**
 * A datagram under construction, with room before and behind it.
 *
 * The lowest layer that has something to send takes a `Packet`, writes behind the headroom, and hands it down; each
 * layer below puts its header in front and its tag behind, in place, so that a payload is written once and never
 * moved. Whoever puts the bytes on the wire (or drops them) calls `release()`, and the buffer goes back to its pool.
 */

/** Bytes kept free in front: a DTLS record header with its explicit nonce (13 + 8), TURN ChannelData (4), a TCP frame (2). */
export const HEADROOM = 48
/** Bytes kept free behind: an AEAD tag (16), or a CBC pad and MAC. */
export const TAILROOM = 64

export class Packet {
  /** First byte of the datagram in `bytes`. */
  start: number
  /** One past its last byte. */
  end: number
  #pool: PacketPool | undefined

  constructor(
    readonly bytes: Uint8Array,
    start: number,
    end: number,
    pool?: PacketPool,
  ) {
    this.start = start
    this.end = end
    this.#pool = pool
  }

  /** A packet of its own around bytes that are already whole; `release()` does nothing. */
  static of(bytes: Uint8Array): Packet {
    return new Packet(bytes, 0, bytes.length)
  }

  /** A packet of its own, with headroom and tailroom, holding a copy of `payload`. */
  static copy(payload: Uint8Array): Packet {
    const bytes = new Uint8Array(HEADROOM + payload.length + TAILROOM)
    bytes.set(payload, HEADROOM)
    return new Packet(bytes, HEADROOM, HEADROOM + payload.length)
  }

  get length(): number {
    return this.end - this.start
  }

  /** The datagram as a view: valid until `release()`. */
  view(): Uint8Array {
    return this.bytes.subarray(this.start, this.end)
  }

  /** Gives the buffer back. Calling it again does nothing, so an early drop and a late callback may both do it. */
  release(): void {
    const pool = this.#pool
    if (pool === undefined) return
    this.#pool = undefined
    pool.giveBack(this.bytes)
  }
}

/** Buffers of one size, reused. A packet that nobody releases is merely collected; the pool allocates another. */
export class PacketPool {
  readonly #free: Uint8Array[] = []

  /**
   * @param payload Largest payload in bytes, headroom and tailroom not counted.
   * @param keep How many free buffers are kept; more than that are left to the collector.
   */
  constructor(
    readonly payload = 1500,
    readonly keep = 1024,
  ) {}

  /** An empty packet (`start === end`), with `HEADROOM` before and room for `payload + TAILROOM` behind. */
  take(): Packet {
    const bytes = this.#free.pop() ?? new Uint8Array(HEADROOM + this.payload + TAILROOM)
    return new Packet(bytes, HEADROOM, HEADROOM, this)
  }

  /** For `Packet.release` only. */
  giveBack(bytes: Uint8Array): void {
    if (this.#free.length < this.keep) this.#free.push(bytes)
  }
}
