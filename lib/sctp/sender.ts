/**
 * Sends DATA: what was lost first, then what is new, as far as the congestion window and the peer's buffer allow
 * (RFC 9260 6.1), fragmented (6.9) and bundled (6.10).
 */

import { setU16, setU32 } from '../bytes/index.ts'
import { type Random, Timer } from '../machine/index.ts'
import { Abandonment } from './abandonment.ts'
import { CHUNK, CHUNK_HEADER, DATA_BEGIN, DATA_END, DATA_HEADER, DATA_IMMEDIATE, DATA_UNORDERED } from './chunk-type.ts'
import type { CongestionControl } from './congestion/congestion-control.ts'
import { StandardCongestionControl } from './congestion/standard.ts'
import type { SctpCounters } from './counters.ts'
import type { OutboundMessage } from './outbound-message.ts'
import { MAX_OUTSTANDING, Outstanding } from './outstanding.ts'
import { type PacketBuilder, padded } from './packet-builder.ts'
import type { Path } from './path.ts'
import { Recovery } from './recovery.ts'
import type { SackView } from './sack-chunk.ts'
import type { SendQueue } from './send-queue.ts'

/**
 * Packets sent at once. The RFC's Max.Burst is 4 (16), for receivers that acknowledge every other packet; one that
 * coalesces acknowledges a turn's worth. What it must not exceed is the peer's socket buffer: 212 KB hold 92 packets.
 */
const MAX_BURST = 32
/** Milliseconds after which a burst is continued. */
const BURST_INTERVAL = 1
/** A long message does not begin in a rest of a packet smaller than this. */
const LEAST_FRAGMENT = 256

export class Sender {
  readonly queue: SendQueue
  readonly outstanding: Outstanding
  readonly congestion: CongestionControl
  readonly recovery: Recovery
  readonly abandonment: Abandonment
  /** When to go on with what a burst held back. */
  readonly burst = new Timer()
  readonly #path: Path
  readonly #counters: SctpCounters
  #lastSent = Number.NEGATIVE_INFINITY
  /** Where the flags of the last DATA chunk stand in the open packet. */
  #lastFlags = 0

  /**
   * @param peerWindow The peer's receiver window in bytes.
   * @param largestChunk The largest DATA chunk in bytes: the unit of the congestion window.
   * @param forwardTsn Whether the peer takes FORWARD-TSN: without it every message is reliable.
   */
  constructor(
    queue: SendQueue,
    initialTsn: number,
    peerWindow: number,
    forwardTsn: boolean,
    largestChunk: number,
    path: Path,
    counters: SctpCounters,
    random: Random,
  ) {
    this.queue = queue
    this.outstanding = new Outstanding(initialTsn)
    this.congestion = new StandardCongestionControl({ packetSize: largestChunk, random })
    this.abandonment = new Abandonment(this.outstanding, queue, forwardTsn, counters)
    this.recovery = new Recovery(this.outstanding, this.congestion, this.abandonment, path, counters, peerWindow)
    this.#path = path
    this.#counters = counters
  }

  /** Whether all that was accepted has been acknowledged. */
  get idle(): boolean {
    return this.queue.empty && this.outstanding.count === 0
  }

  receiveSack(sack: SackView, packets: PacketBuilder, now: number): void {
    this.recovery.receive(sack, now)
    this.abandonment.advance((packets.largestChunk - CHUNK_HEADER - 4) >>> 2)
    this.abandonment.remind(now, this.#path.timeout.smoothed ?? this.#path.timeout.value)
  }

  expireRetransmission(packets: PacketBuilder, now: number): void {
    this.recovery.expire(now)
    this.abandonment.advance((packets.largestChunk - CHUNK_HEADER - 4) >>> 2)
  }

  /** A SHUTDOWN acknowledges like a SACK without gap blocks (9.2). */
  acknowledge(cumulativeTsn: number, packets: PacketBuilder, now: number): void {
    this.recovery.receiveCumulative(cumulativeTsn, now)
    this.abandonment.advance((packets.largestChunk - CHUNK_HEADER - 4) >>> 2)
  }

  /** Whether the next `flush` has DATA to send, so that a SACK may travel along. */
  ready(now: number): boolean {
    const { outstanding, recovery } = this
    if (outstanding.waitingCount > 0) return recovery.fastRetransmit || outstanding.flight < this.congestion.window
    return this.queue.current(now) !== undefined && outstanding.flight < this.congestion.window
  }

  /** Returns whether DATA was sent. */
  flush(packets: PacketBuilder, now: number): boolean {
    if (this.abandonment.due) {
      this.abandonment.write(packets, now)
      this.recovery.forwarded(now)
    }
    const { outstanding } = this
    if (outstanding.waitingCount === 0 && this.queue.empty) {
      this.recovery.limited = false
      return false
    }
    if (outstanding.flight === 0) this.#wake(now)
    const first = packets.packetsSent
    this.#lastFlags = 0
    if (outstanding.waitingCount > 0) this.#retransmit(packets, first, now)
    if (outstanding.waitingCount === 0) this.#transmit(packets, first, now)
    if (packets.packetsSent - first >= MAX_BURST) this.burst.set(now + BURST_INTERVAL)
    if (this.#lastFlags === 0) return false
    this.#lastSent = now
    return true
  }

  /** After a pause the window is no longer what the path was seen to bear (7.2.1). */
  #wake(now: number): void {
    const timeouts = Math.floor((now - this.#lastSent) / this.#path.timeout.value)
    if (timeouts > 0 && this.#lastSent > Number.NEGATIVE_INFINITY) this.congestion.idled(timeouts, now)
  }

  #retransmit(packets: PacketBuilder, first: number, now: number): void {
    const { outstanding, recovery, abandonment } = this
    while (outstanding.waitingCount > 0) {
      const tsn = outstanding.nextWaiting()
      const message = outstanding.message(tsn)
      if (abandonment.expired(message, now)) {
        abandonment.abandon(message)
        // Nothing that waits may be found a second time, whatever became of its message before.
        outstanding.giveUp(tsn)
        abandonment.advance((packets.largestChunk - CHUNK_HEADER - 4) >>> 2)
        continue
      }
      const size = outstanding.size(tsn)
      if (packets.open && size > packets.room) {
        packets.finish(now)
        recovery.fastRetransmit = false
        if (packets.packetsSent - first >= MAX_BURST) return
      }
      if (!recovery.fastRetransmit && outstanding.flight >= this.congestion.window) {
        recovery.limited = true
        this.#hurry(packets)
        return
      }
      outstanding.sentAgain(tsn)
      recovery.sentAgain(tsn, now)
      this.#counters.retransmittedChunks++
      this.#write(packets, tsn, message, outstanding.offset(tsn), outstanding.length(tsn), now)
    }
    recovery.fastRetransmit = false
  }

  #transmit(packets: PacketBuilder, first: number, now: number): void {
    const { outstanding, recovery, queue } = this
    const largest = packets.largestDataChunk - DATA_HEADER
    for (;;) {
      const message = queue.current(now)
      if (message === undefined) {
        recovery.limited = false
        return
      }
      if (outstanding.flight >= this.congestion.window || outstanding.count >= MAX_OUTSTANDING) {
        recovery.limited = true
        break
      }
      const left = message.data.length - message.offset
      let room = packets.room - DATA_HEADER
      const whole = message.offset === 0 && left <= largest
      if (packets.open && room < (whole ? left : Math.min(left, LEAST_FRAGMENT))) {
        packets.finish(now)
        if (packets.packetsSent - first >= MAX_BURST) {
          recovery.limited = true
          return
        }
        room = largest
      }
      const length = Math.min(left, room, largest)
      // With nothing in flight, one chunk may probe a window that is full (6.1, A).
      if (length > recovery.peerWindow && outstanding.flight > 0) {
        recovery.limited = false
        break
      }
      const offset = message.offset
      queue.advance(message, length)
      const tsn = outstanding.add(message, offset, length)
      if (offset === 0) message.firstTsn = tsn
      message.chunks++
      recovery.peerWindow = Math.max(0, recovery.peerWindow - padded(DATA_HEADER + length))
      recovery.sent(tsn, now)
      this.#counters.dataChunksSent++
      this.#write(packets, tsn, message, offset, length, now)
    }
    this.#hurry(packets)
  }

  /** Nothing more can be sent: asks the peer to acknowledge the last chunk at once (RFC 7053). */
  #hurry(packets: PacketBuilder): void {
    if (packets.open && this.#lastFlags !== 0) packets.bytes[this.#lastFlags]! |= DATA_IMMEDIATE
  }

  #write(
    packets: PacketBuilder,
    tsn: number,
    message: OutboundMessage,
    offset: number,
    length: number,
    now: number,
  ): void {
    let flags = 0
    if (offset === 0) flags |= DATA_BEGIN
    if (offset + length === message.data.length) flags |= DATA_END
    if (!message.ordered) flags |= DATA_UNORDERED
    const at = packets.chunk(CHUNK.DATA, flags, DATA_HEADER - CHUNK_HEADER + length, now)
    const bytes = packets.bytes
    this.#lastFlags = at - CHUNK_HEADER + 1
    setU32(bytes, at, tsn)
    setU16(bytes, at + 4, message.streamId)
    setU16(bytes, at + 6, message.ssn)
    setU32(bytes, at + 8, message.ppid)
    const { data } = message
    if (offset === 0 && length === data.length) bytes.set(data, at + 12)
    else bytes.set(data.subarray(offset, offset + length), at + 12)
  }
}
