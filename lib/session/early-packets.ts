/**
 * Packets of streams that no description knows yet (RFC 9143, 9.2; RFC 3264, 5.1): whoever answers may send before its
 * answer is here. A few are kept until the next description; the oldest give way.
 */

/** Packets: what a camera's first key frame and some audio beside it have. */
const MOST_PACKETS = 128
/** Bytes. */
const MOST_BYTES = 128 << 10
/** Milliseconds: what comes later than that after a packet is not its description. */
const LONGEST = 5000

interface EarlyPacket {
  readonly bytes: Uint8Array
  readonly at: number
}

export class EarlyPackets {
  #packets: EarlyPacket[] = []
  #bytes = 0
  /** When the packet came that is being handed out again. */
  #cameAt: number | undefined
  /** Given way to newer ones, or too old when a description came. */
  dropped = 0

  /** Keeps a copy. */
  add(packet: Uint8Array, now: number): void {
    // One that is still nobody's grows no younger.
    this.#packets.push({ bytes: packet.slice(), at: this.#cameAt ?? now })
    this.#bytes += packet.length
    while (this.#packets.length > MOST_PACKETS || this.#bytes > MOST_BYTES) {
      this.#bytes -= this.#packets.shift()!.bytes.length
      this.dropped++
    }
  }

  /** Hands out what is kept, in the order in which it came, and forgets it. What nobody takes may be added again. */
  replay(now: number, deliver: (packet: Uint8Array) => void): void {
    const packets = this.#packets
    this.#packets = []
    this.#bytes = 0
    for (const { bytes, at } of packets) {
      if (now - at > LONGEST) {
        this.dropped++
        continue
      }
      this.#cameAt = at
      deliver(bytes)
    }
    this.#cameAt = undefined
  }
}
