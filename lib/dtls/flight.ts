/**
 * A flight of messages, and its packing into datagrams (RFC 6347, 4.2.3 and 4.2.4; RFC 9147, 5.8 and 7.2).
 *
 * The messages are kept in the clear and sealed anew each time that the flight is sent, because a retransmitted message
 * travels in a record with a new sequence number. Which record carried what is remembered: what the peer acknowledges is
 * not sent again. Datagrams are filled: several records in one, and a message is split where the datagram ends.
 */

import { HEADROOM, Packet, TAILROOM } from '../bytes/index.ts'
import { HANDSHAKE_HEADER, writeHandshakeHeader } from './handshake-message.ts'
import { ContentType, type RecordSealer } from './record.ts'
import type { RecordNumber } from './v13/acknowledgement.ts'

/** No fragment shorter than this is made to fill the rest of a datagram. */
const SHORTEST_FRAGMENT = 64
/** The smallest datagram that a flight can be packed into. */
export const SMALLEST_MTU = 128
/** Of how many records of a flight it is known what they carried: the latest. */
export const MAX_REMEMBERED = 512

/** Bytes of a message's body that the peer is not known to have, `[from, to)`. */
interface Gap {
  readonly from: number
  readonly to: number
}

/** A handshake message, or the content of a record of another type, and what of it is still to arrive. */
class FlightItem {
  /** In their order, not touching. An empty message has an empty gap. */
  gaps: Gap[]
  /** Whether any of it was acknowledged without protection, which anybody may have done. */
  inClear = false

  constructor(
    readonly sealer: RecordSealer,
    readonly type: number,
    /** With the header as if unfragmented, when it is a handshake message. */
    readonly content: Uint8Array,
  ) {
    this.gaps = [this.#whole]
  }

  get #whole(): Gap {
    return { from: 0, to: Math.max(0, this.content.length - HANDSHAKE_HEADER) }
  }

  /** The peer has `[from, to)`. Returns whether that was not known. */
  arrived(from: number, to: number): boolean {
    let news = false
    const gaps: Gap[] = []
    for (const gap of this.gaps) {
      if (to < gap.from || from > gap.to || (from === to && gap.from !== gap.to)) {
        gaps.push(gap)
        continue
      }
      if (gap.from < from) gaps.push({ from: gap.from, to: Math.min(from, gap.to) })
      if (gap.to > to) gaps.push({ from: Math.max(to, gap.from), to: gap.to })
      if (Math.max(from, gap.from) < Math.min(to, gap.to) || gap.from === gap.to) news = true
    }
    this.gaps = gaps
    return news
  }

  forget(): void {
    this.gaps = [this.#whole]
    this.inClear = false
  }
}

interface Carried {
  readonly item: FlightItem
  readonly from: number
  readonly to: number
}

export class Flight {
  readonly #items: FlightItem[] = []
  /** What the records carried, by epoch and sequence number. */
  readonly #carried = new Map<number, Map<number, Carried>>()
  /** Their numbers, oldest first. */
  readonly #remembered: RecordNumber[] = []
  #touched = false

  /** Appends a handshake message, `raw` with its header as if unfragmented. */
  message(sealer: RecordSealer, raw: Uint8Array): this {
    this.#items.push(new FlightItem(sealer, ContentType.handshake, raw))
    return this
  }

  changeCipherSpec(sealer: RecordSealer): this {
    this.#items.push(new FlightItem(sealer, ContentType.changeCipherSpec, Uint8Array.of(1)))
    return this
  }

  /** Whether the peer has all of it. */
  get acknowledged(): boolean {
    return this.#items.every(({ gaps }) => gaps.length === 0)
  }

  /** Whether the peer is known to have any of it. */
  get touched(): boolean {
    return this.#touched
  }

  /**
   * The peer has those records.
   * @param inClear Whether it said so without protection.
   * @returns Whether that was not known.
   */
  acknowledge(records: readonly RecordNumber[], inClear: boolean): boolean {
    let news = false
    for (const { epoch, sequence } of records) {
      const carried = this.#carried.get(epoch)?.get(sequence)
      if (carried?.item.arrived(carried.from, carried.to) !== true) continue
      news = true
      if (inClear) carried.item.inClear = true
    }
    this.#touched ||= news
    return news
  }

  /** The peer has all of it: it goes on with what follows. */
  complete(): void {
    for (const item of this.#items) item.gaps = []
    this.#touched = true
  }

  /** What was acknowledged without protection alone is not believed any longer, since nothing came of it. */
  doubt(): void {
    for (const item of this.#items) if (item.inClear) item.forget()
  }

  /** Seals what the peer is not known to have into datagrams of at most `mtu` bytes. */
  pack(mtu: number, transmit: (packet: Packet) => void): void {
    const packer = new Packer(mtu, transmit)
    for (const item of this.#items) {
      const { sealer, type, content } = item
      if (type === ContentType.handshake) {
        for (const { from, to } of item.gaps) {
          packer.message(sealer, content, from, to, (sequence, start, end) =>
            this.#remember(sealer.epoch, sequence, { item, from: start, to: end }),
          )
        }
      } else if (item.gaps.length > 0) {
        packer.record(sealer, type, content)
      }
    }
    packer.flush()
  }

  #remember(epoch: number, sequence: number, carried: Carried): void {
    const ofEpoch = this.#carried.get(epoch) ?? new Map<number, Carried>()
    this.#carried.set(epoch, ofEpoch.set(sequence, carried))
    this.#remembered.push({ epoch, sequence })
    if (this.#remembered.length <= MAX_REMEMBERED) return
    const oldest = this.#remembered.shift()
    if (oldest !== undefined) this.#carried.get(oldest.epoch)?.delete(oldest.sequence)
  }
}

class Packer {
  #packet: Packet | undefined

  constructor(
    readonly mtu: number,
    readonly transmit: (packet: Packet) => void,
  ) {}

  /** Bytes `[from, to)` of the body of a message. `sent` hears which record carries which of them. */
  message(
    sealer: RecordSealer,
    raw: Uint8Array,
    from: number,
    to: number,
    sent: (sequence: number, from: number, to: number) => void,
  ): void {
    const length = raw.length - HANDSHAKE_HEADER
    const messageSequence = (raw[4]! << 8) | raw[5]!
    let offset = from
    do {
      const left = to - offset
      const packet = this.#room(sealer, HANDSHAKE_HEADER + Math.min(left, SHORTEST_FRAGMENT))
      const fits = packet.start + this.mtu - packet.end - sealer.before - sealer.after - HANDSHAKE_HEADER
      const size = Math.min(left, fits)
      const start = packet.end + sealer.before
      writeHandshakeHeader(packet.bytes, start, raw[0]!, length, messageSequence, offset, size)
      const at = HANDSHAKE_HEADER + offset
      packet.bytes.set(raw.subarray(at, at + size), start + HANDSHAKE_HEADER)
      sent(sealer.sequence, offset, offset + size)
      packet.end = sealer.seal(ContentType.handshake, packet.bytes, start, start + HANDSHAKE_HEADER + size)
      offset += size
    } while (offset < to)
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
