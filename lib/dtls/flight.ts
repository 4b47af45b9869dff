/**
 * A flight of messages, and its packing into datagrams (RFC 6347, 4.2.3 and 4.2.4).
 *
 * The messages are kept in the clear and sealed anew each time that the flight is sent, because a retransmitted message
 * travels in a record with a new sequence number. Datagrams are filled: several records in one, and a message is split
 * where the datagram ends.
 */

import { HEADROOM, Packet, TAILROOM } from '../bytes/index.ts'
import { HANDSHAKE_HEADER, writeHandshakeHeader } from './handshake-message.ts'
import { ContentType, type RecordSealer } from './record.ts'

/** No fragment shorter than this is made to fill the rest of a datagram. */
const SHORTEST_FRAGMENT = 64
/** The smallest datagram that a flight can be packed into. */
export const SMALLEST_MTU = 128

interface FlightItem {
  readonly sealer: RecordSealer
  readonly type: number
  /** A whole handshake message with its header, or the content of a record of another type. */
  readonly content: Uint8Array
}

export class Flight {
  readonly #items: FlightItem[] = []

  /** Appends a handshake message, `raw` with its header as if unfragmented. */
  message(sealer: RecordSealer, raw: Uint8Array): this {
    this.#items.push({ sealer, type: ContentType.handshake, content: raw })
    return this
  }

  changeCipherSpec(sealer: RecordSealer): this {
    this.#items.push({ sealer, type: ContentType.changeCipherSpec, content: Uint8Array.of(1) })
    return this
  }

  /** Seals the flight into datagrams of at most `mtu` bytes. */
  pack(mtu: number, transmit: (packet: Packet) => void): void {
    const packer = new Packer(mtu, transmit)
    for (const { sealer, type, content } of this.#items) {
      if (type === ContentType.handshake) packer.message(sealer, content)
      else packer.record(sealer, type, content)
    }
    packer.flush()
  }
}

class Packer {
  #packet: Packet | undefined

  constructor(
    readonly mtu: number,
    readonly transmit: (packet: Packet) => void,
  ) {}

  message(sealer: RecordSealer, raw: Uint8Array): void {
    const length = raw.length - HANDSHAKE_HEADER
    const sequence = (raw[4]! << 8) | raw[5]!
    let offset = 0
    do {
      const left = length - offset
      const packet = this.#room(sealer, HANDSHAKE_HEADER + Math.min(left, SHORTEST_FRAGMENT))
      const fits = packet.start + this.mtu - packet.end - sealer.before - sealer.after - HANDSHAKE_HEADER
      const size = Math.min(left, fits)
      const start = packet.end + sealer.before
      writeHandshakeHeader(packet.bytes, start, raw[0]!, length, sequence, offset, size)
      const from = HANDSHAKE_HEADER + offset
      packet.bytes.set(raw.subarray(from, from + size), start + HANDSHAKE_HEADER)
      packet.end = sealer.seal(ContentType.handshake, packet.bytes, start, start + HANDSHAKE_HEADER + size)
      offset += size
    } while (offset < length)
  }

  record(sealer: RecordSealer, type: number, content: Uint8Array): void {
    const packet = this.#room(sealer, content.length)
    const start = packet.end + sealer.before
    packet.bytes.set(content, start)
    packet.end = sealer.seal(type, packet.bytes, start, start + content.length)
  }

  flush(): void {
    const packet = this.#packet
    this.#packet = undefined
    if (packet !== undefined) this.transmit(packet)
  }

  /** The datagram under way if a record with `length` bytes of content fits in it, else a new one. */
  #room(sealer: RecordSealer, length: number): Packet {
    const record = sealer.before + length + sealer.after
    if (this.#packet !== undefined && this.#packet.length + record > this.mtu) this.flush()
    this.#packet ??= new Packet(new Uint8Array(HEADROOM + this.mtu + TAILROOM), HEADROOM, HEADROOM)
    return this.#packet
  }
}
