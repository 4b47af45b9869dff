/**
 * Bundles chunks into packets no larger than the path allows (RFC 9260 6.10), each written once, where it is sent from.
 *
 * A packet may grow with what the path is found to carry (`setMtu`), but no chunk is larger than the base packet has room
 * for: a chunk of data keeps its TSN, so it cannot be cut again when the path turns out to carry less, and a larger
 * packet carries several.
 *
 * A packet is opened by its first chunk and stays open, so that what is produced within one turn travels together; it
 * leaves when a chunk no longer fits or when `finish` is called. Control chunks stand before DATA in a packet
 * (RFC 9260 6.10), and there are peers that abort when they do not; so DATA closes a packet to control chunks.
 */

import { Packet, PacketPool, setU16 } from '../bytes/index.ts'
import type { TraceSink } from '../machine/index.ts'
import { CHUNK, CHUNK_HEADER } from './chunk-type.ts'
import { COMMON_HEADER, writeCommonHeader } from './common-header.ts'

/** Bytes that a chunk of `length` takes in a packet: chunks are padded to four (RFC 9260 3.2). */
export const padded = (length: number): number => (length + 3) & ~3

/** Free buffers that are kept for packets larger than the base: they may have 16 KiB each. */
const KEPT_LARGE = 256

export interface PacketBuilderOptions {
  readonly transmit: (packet: Packet) => void
  readonly pool?: PacketPool | undefined
  /** The largest SCTP packet in bytes. */
  readonly mtu: number
  readonly trace?: TraceSink | undefined
}

export class PacketBuilder {
  /** The verification tag that the peer expects; zero while it is not known. */
  tag = 0
  localPort = 0
  remotePort = 0
  /** The buffer of the open packet. */
  bytes: Uint8Array = new Uint8Array(0)
  /**
   * The peer takes packets without a checksum (RFC 9653). Those that go out `alone` have one all the same: INIT, and what
   * answers packets out of the blue; and so has COOKIE ECHO, which is sent before this is set (5.2).
   */
  zeroChecksum = false
  packetsSent = 0
  bytesSent = 0
  /** The largest packet now. */
  mtu: number
  /** The largest packet that is taken for granted. */
  baseMtu: number
  readonly #transmit: (packet: Packet) => void
  #basePool: PacketPool
  #pool: PacketPool
  readonly #trace: TraceSink | undefined
  #packet: Packet | undefined
  #end = 0
  /** The largest size of the open packet. */
  #limit = 0
  /** Whether the open packet has DATA in it. */
  #data = false

  constructor(options: PacketBuilderOptions) {
    // A chunk is padded to four bytes, and so is a full packet.
    this.baseMtu = options.mtu & ~3
    this.mtu = this.baseMtu
    this.#transmit = options.transmit
    const given = options.pool
    this.#basePool = given !== undefined && given.payload >= this.mtu ? given : new PacketPool(this.mtu)
    this.#pool = this.#basePool
    this.#trace = options.trace
  }

  /** Whether a packet with at least one chunk is waiting. */
  get open(): boolean {
    return this.#packet !== undefined
  }

  /** Whether the open packet is larger than the base. */
  get large(): boolean {
    const packet = this.#packet
    return packet !== undefined && this.#end - packet.start > this.baseMtu
  }

  /** Bytes that the next chunk, header included, may have without a new packet. */
  get room(): number {
    const packet = this.#packet
    return packet === undefined ? this.mtu - COMMON_HEADER : this.#limit - (this.#end - packet.start)
  }

  /** The largest chunk, header included: what the base packet has room for. */
  get largestChunk(): number {
    return this.baseMtu - COMMON_HEADER
  }

  /** The largest DATA or I-DATA chunk, header included. */
  get largestDataChunk(): number {
    return this.baseMtu - COMMON_HEADER
  }

  /** Another path takes other packets for granted: chunks and packets are made for it from the next one on. */
  setBase(bytes: number): void {
    this.baseMtu = bytes & ~3
    this.mtu = this.baseMtu
    if (this.#basePool.payload < this.mtu) this.#basePool = new PacketPool(this.mtu)
    this.#pool = this.#basePool
  }

  /** Packets have up to this many bytes from now on, the open one too if that is fewer; never fewer than the base packet. */
  setMtu(bytes: number): void {
    const mtu = Math.max(this.baseMtu, bytes & ~3)
    if (mtu === this.mtu) return
    this.mtu = mtu
    this.#limit = Math.min(this.#limit, mtu)
    if (mtu <= this.#basePool.payload) this.#pool = this.#basePool
    else if (mtu > this.#pool.payload || this.#pool === this.#basePool) this.#pool = new PacketPool(mtu, KEPT_LARGE)
  }

  /**
   * Appends the header of a chunk whose value is `length` bytes, and zeroes its padding. When the open packet has no
   * room for it, or it is a control chunk and there is DATA before it, that packet leaves first.
   * @returns Where the value begins in `bytes`; the caller writes it before the next call.
   */
  chunk(type: number, flags: number, length: number, now: number): number {
    const size = padded(CHUNK_HEADER + length)
    const data = type === CHUNK.DATA || type === CHUNK.I_DATA
    if (this.#packet !== undefined && (size > this.room || (this.#data && !data))) this.finish(now)
    if (this.#packet === undefined) this.#open(this.#pool.take(), this.mtu)
    if (data) this.#data = true
    const bytes = this.bytes
    const at = this.#end
    bytes[at] = type
    bytes[at + 1] = flags
    setU16(bytes, at + 2, CHUNK_HEADER + length)
    const end = at + size
    for (let i = at + CHUNK_HEADER + length; i < end; i++) bytes[i] = 0
    this.#end = end
    return at + CHUNK_HEADER
  }

  /** Appends a whole chunk; one larger than a packet is left out (returns false). */
  append(type: number, flags: number, value: Uint8Array, now: number): boolean {
    if (padded(CHUNK_HEADER + value.length) > this.largestChunk) return false
    const at = this.chunk(type, flags, value.length, now)
    this.bytes.set(value, at)
    return true
  }

  /** Sends the open packet, if there is one. */
  finish(now: number): void {
    this.#send(this.tag, !this.zeroChecksum, now)
  }

  /** Sends one chunk in a packet of its own, under any tag: INIT, INIT ACK, and what answers packets out of the blue. */
  alone(tag: number, type: number, flags: number, value: Uint8Array, now: number): boolean {
    this.finish(now)
    if (!this.append(type, flags, value, now)) return false
    this.#send(tag, true, now)
    return true
  }

  /** Sends a heartbeat in a packet of its own, padded to `size` bytes, which may be more than packets have (RFC 4820). */
  probe(size: number, information: Uint8Array, now: number): void {
    this.finish(now)
    this.#open(size <= this.#pool.payload ? this.#pool.take() : Packet.copy(new Uint8Array(size)), size)
    this.append(CHUNK.HEARTBEAT, 0, information, now)
    const length = this.room - CHUNK_HEADER
    const at = this.chunk(CHUNK.PAD, 0, length, now)
    this.bytes.fill(0, at, at + length)
    this.finish(now)
  }

  /** Forgets the open packet. */
  discard(): void {
    this.#packet?.release()
    this.#packet = undefined
  }

  #open(packet: Packet, limit: number): void {
    this.#packet = packet
    this.#data = false
    this.bytes = packet.bytes
    this.#end = packet.start + COMMON_HEADER
    this.#limit = limit
  }

  #send(tag: number, checksum: boolean, now: number): void {
    const packet = this.#packet
    if (packet === undefined) return
    this.#packet = undefined
    packet.end = this.#end
    writeCommonHeader(packet.bytes, packet.start, packet.end, this.localPort, this.remotePort, tag, checksum)
    this.packetsSent++
    this.bytesSent += packet.end - packet.start
    if (this.#trace?.packet !== undefined) this.#trace.packet('sctp', 'out', packet.view(), now)
    this.#transmit(packet)
  }
}
