/**
 * A growing buffer that numbers and bytes are appended to, in network byte order.
 *
 * For handshakes and control messages. The hot path (SCTP data, DTLS records) writes straight into a `Packet`.
 */

export class Writer {
  #bytes: Uint8Array
  #length = 0

  constructor(capacity = 256) {
    this.#bytes = new Uint8Array(capacity)
  }

  get length(): number {
    return this.#length
  }

  #room(length: number): number {
    const at = this.#length
    const needed = at + length
    if (needed > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2))
      grown.set(this.#bytes.subarray(0, at))
      this.#bytes = grown
    }
    this.#length = needed
    return at
  }

  u8(value: number): this {
    const at = this.#room(1)
    this.#bytes[at] = value
    return this
  }

  u16(value: number): this {
    const at = this.#room(2)
    this.#bytes[at] = value >>> 8
    this.#bytes[at + 1] = value
    return this
  }

  u24(value: number): this {
    const at = this.#room(3)
    this.#bytes[at] = value >>> 16
    this.#bytes[at + 1] = value >>> 8
    this.#bytes[at + 2] = value
    return this
  }

  u32(value: number): this {
    const at = this.#room(4)
    this.#bytes[at] = value >>> 24
    this.#bytes[at + 1] = value >>> 16
    this.#bytes[at + 2] = value >>> 8
    this.#bytes[at + 3] = value
    return this
  }

  /** A non-negative integer below 2^48. */
  u48(value: number): this {
    return this.u16(Math.floor(value / 0x1_0000_0000)).u32(value >>> 0)
  }

  u64(value: bigint): this {
    return this.u32(Number((value >> 32n) & 0xffff_ffffn)).u32(Number(value & 0xffff_ffffn))
  }

  bytes(source: Uint8Array): this {
    const at = this.#room(source.length)
    this.#bytes.set(source, at)
    return this
  }

  zeros(length: number): this {
    const at = this.#room(length)
    this.#bytes.fill(0, at, at + length)
    return this
  }

  /** Appends zeros until the length is a multiple of `unit`. */
  pad(unit: number): this {
    const over = this.#length % unit
    return over === 0 ? this : this.zeros(unit - over)
  }

  /** `source` behind its one-byte length. */
  vector8(source: Uint8Array): this {
    return this.u8(source.length).bytes(source)
  }

  /** `source` behind its two-byte length. */
  vector16(source: Uint8Array): this {
    return this.u16(source.length).bytes(source)
  }

  /** `source` behind its three-byte length. */
  vector24(source: Uint8Array): this {
    return this.u24(source.length).bytes(source)
  }

  /** Appends what `body` writes, behind its two-byte length, which is filled in afterwards. */
  nested16(body: (writer: this) => void): this {
    const at = this.#room(2)
    body(this)
    return this.setU16(at, this.#length - at - 2)
  }

  /** Overwrites two bytes at `at`. */
  setU16(at: number, value: number): this {
    this.#bytes[at] = value >>> 8
    this.#bytes[at + 1] = value
    return this
  }

  /** Overwrites four bytes at `at`. */
  setU32(at: number, value: number): this {
    return this.setU16(at, value >>> 16).setU16(at + 2, value & 0xffff)
  }

  /** What was written, as a view of the writer's buffer: append nothing afterwards, or copy it. */
  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.#length)
  }
}
