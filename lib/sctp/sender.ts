/**
 * Sends DATA: what was lost first, then what is new, as far as the congestion window and the peer's buffer allow
 * (RFC 9260 6.1), fragmented (6.9) and bundled (6.10).
 */

import { type Random, Timer } from '../machine/index.ts'
import { Abandonment } from './abandonment.ts'
import type { AssociationOptions } from './association-options.ts'
import { CHUNK, CHUNK_HEADER, DATA_IMMEDIATE } from './chunk-type.ts'
import type { CongestionControl } from './congestion/congestion-control.ts'
import { createCongestionControl } from './congestion/controllers.ts'
import type { SctpCounters } from './counters.ts'
import { dataFlags, dataHeader, writeDataHeader } from './data-chunk.ts'
import type { OutboundMessage } from './outbound-message.ts'
import { MAX_OUTSTANDING, Outstanding } from './outstanding.ts'
import { Pacer } from './pacer.ts'
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
/** Bytes sent at once, for the same reason: packets may have 16 KiB. */
const MAX_BURST_BYTES = 131_072
/** While so little is in flight, in bytes, all of it fits into that buffer whatever a burst adds. */
const HARMLESS_FLIGHT = 75_000
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
  readonly #pacer = new Pacer()
  readonly #interleaved: boolean
  readonly #type: number
  readonly #header: number
  #lastSent = Number.NEGATIVE_INFINITY
  /** Where the flags of the last DATA chunk stand in the open packet; 0: this flush has written none. */
  #lastFlags = 0
  /** What had been sent when this flush began. */
  #packetsBefore = 0
  #bytesBefore = 0

  /**
   * @param peerWindow The peer's receiver window in bytes.
   * @param packetSize What a full packet counts for in the congestion window, in bytes.
   * @param forwardTsn Whether the peer takes FORWARD-TSN: without it every message is reliable.
   * @param interleaved Whether I-DATA and I-FORWARD-TSN are in use (RFC 8260).
   */
  constructor(
    queue: SendQueue,
    initialTsn: number,
    peerWindow: number,
    forwardTsn: boolean,
    interleaved: boolean,
    congestionControl: NonNullable<AssociationOptions['congestionControl']>,
    packetSize: number,
    path: Path,
    counters: SctpCounters,
    random: Random,
  ) {
    this.queue = queue
    this.#interleaved = interleaved
    this.#type = interleaved ? CHUNK.I_DATA : CHUNK.DATA
    this.#header = dataHeader(interleaved)
    this.outstanding = new Outstanding(initialTsn, this.#header)
    const options = { packetSize, random }
    this.congestion =
      typeof congestionControl === 'string'
        ? createCongestionControl(congestionControl, options)
        : congestionControl(options)
    this.abandonment = new Abandonment(this.outstanding, queue, forwardTsn, interleaved, counters)
    this.recovery = new Recovery(
      this.outstanding,
      this.congestion,
      this.abandonment,
      path,
      counters,
      peerWindow,
      packetSize,
    )
    this.#path = path
    this.#counters = counters
  }

  /** Packets have another size now. */
  setPacketSize(bytes: number): void {
    this.recovery.packetSize = bytes
    this.congestion.setPacketSize(bytes)
  }

  /** When a timer is due. */
  get deadline(): number {
    return Math.min(this.recovery.deadline, this.burst.at)
  }

  /** Does what is due; `flush` sends. */
  advance(packets: PacketBuilder, now: number): void {
    const { recovery } = this
    this.burst.expire(now)
    const late = recovery.losses.timer.expire(now)
    if (late) recovery.expireReordering(now)
    // The probe goes before T3, which then waits for its answer.
    if (recovery.probe.timer.expire(now) && this.#probe(packets, now)) return
    const timedOut = recovery.timer.expire(now)
    if (timedOut) recovery.expire(now)
    if (late || timedOut) this.abandonment.advance(packets.largestChunk)
  }

  /** Whether all that was accepted has been acknowledged. */
  get idle(): boolean {
    return this.queue.empty && this.outstanding.count === 0
  }

  receiveSack(sack: SackView, packets: PacketBuilder, now: number): void {
    this.recovery.receive(sack, now)
    this.abandonment.advance(packets.largestChunk)
    this.abandonment.remind(now, this.#path.timeout.smoothed ?? this.#path.timeout.value)
  }

  /** A SHUTDOWN acknowledges like a SACK without gap blocks (9.2). */
  acknowledge(cumulativeTsn: number, packets: PacketBuilder, now: number): void {
    this.recovery.receiveCumulative(cumulativeTsn, now)
    this.abandonment.advance(packets.largestChunk)
  }

  /**
   * Says whether the acknowledgement of what is in flight is awaited: then the peer is asked not to hold it back, by the I
   * bit on what is sent (RFC 7053), and by a probe on behalf of what has been sent.
   */
  await(awaited: boolean, now: number): void {
    this.recovery.awaited = awaited
    if (awaited) this.recovery.hasten(now)
  }

  /** Whether the next `flush` has DATA to send, so that a SACK may travel along. */
  ready(now: number): boolean {
    const { outstanding, recovery, congestion } = this
    if (!this.#pacer.allows(congestion.pacingRate, recovery.packetSize, now)) return false
    if (outstanding.waitingCount > 0) return recovery.fastRetransmit || outstanding.flight < congestion.window
    return outstanding.flight < congestion.window && this.queue.current(now) !== undefined
  }

  /** Returns whether DATA was sent. */
  flush(packets: PacketBuilder, now: number): boolean {
    const { outstanding, recovery } = this
    if (this.abandonment.due) {
      this.abandonment.write(packets, now)
      recovery.forwarded(now)
    }
    if (outstanding.waitingCount === 0 && this.queue.empty) {
      recovery.limited = false
      this.#pacer.rest()
      if (outstanding.flight < this.congestion.window) recovery.arrivals.rate.applicationLimited(outstanding.flight)
      return false
    }
    if (outstanding.flight === 0) this.#wake(now)
    this.#packetsBefore = packets.packetsSent
    this.#bytesBefore = packets.bytesSent
    this.#lastFlags = 0
    if (outstanding.waitingCount > 0) this.#retransmit(packets, now)
    if (outstanding.waitingCount === 0) this.#transmit(packets, now)
    if (this.#lastFlags === 0) return false
    if (recovery.awaited || this.queue.hasDrained) this.#hurry(packets)
    this.#lastSent = now
    recovery.armProbe(now)
    return true
  }

  /** After a pause the window is no longer what the path was seen to bear (7.2.1). */
  #wake(now: number): void {
    const timeouts = Math.floor((now - this.#lastSent) / this.#path.timeout.value)
    if (timeouts > 0 && this.#lastSent > Number.NEGATIVE_INFINITY) this.congestion.idled(timeouts, now)
  }

  /** Whether a packet of data may begin; if not, `burst` says when. */
  #mayBegin(packets: PacketBuilder, now: number): boolean {
    const { congestion, recovery } = this
    const sent = packets.packetsSent - this.#packetsBefore
    const isBurst = sent >= MAX_BURST || packets.bytesSent - this.#bytesBefore + packets.mtu > MAX_BURST_BYTES
    if (isBurst && this.outstanding.flight >= HARMLESS_FLIGHT) {
      this.burst.set(now + BURST_INTERVAL)
    } else if (this.#pacer.allows(congestion.pacingRate, recovery.packetSize, now)) {
      return true
    } else {
      this.burst.set(this.#pacer.resume(congestion.pacingRate, recovery.packetSize, now))
    }
    // What a burst may be, or the pace, bounds the flight: no wider window is proven by it than twice that.
    recovery.limited = congestion.window < 2 * this.outstanding.flight
    return false
  }

  #retransmit(packets: PacketBuilder, now: number): void {
    const { outstanding, recovery, abandonment } = this
    let begun = false
    while (outstanding.waitingCount > 0) {
      const tsn = outstanding.nextWaiting()
      const message = outstanding.message(tsn)
      if (abandonment.expired(message, now)) {
        abandonment.abandon(message)
        // Nothing that waits may be found a second time, whatever became of its message before.
        outstanding.giveUp(tsn)
        abandonment.advance(packets.largestChunk)
        continue
      }
      const size = outstanding.size(tsn)
      if (packets.open && size > packets.room) {
        packets.finish(now)
        if (begun) recovery.fastRetransmit = false
        begun = false
      }
      if (!recovery.fastRetransmit && outstanding.flight >= this.congestion.window) {
        recovery.limited = true
        this.#hurry(packets)
        return
      }
      if (!begun && !recovery.fastRetransmit && !this.#mayBegin(packets, now)) return
      begun = true
      this.#sendAgain(packets, tsn, now)
    }
    recovery.fastRetransmit = false
  }

  #transmit(packets: PacketBuilder, now: number): void {
    const { outstanding, recovery, queue, congestion } = this
    const header = this.#header
    const largest = packets.largestDataChunk - header
    let begun = packets.open && this.#lastFlags !== 0
    for (;;) {
      const message = queue.current(now)
      if (message === undefined) {
        recovery.limited = false
        recovery.arrivals.rate.applicationLimited(outstanding.flight)
        this.#pacer.rest()
        return
      }
      if (outstanding.flight >= congestion.window || outstanding.count >= MAX_OUTSTANDING) {
        recovery.limited = outstanding.flight >= congestion.window
        break
      }
      const left = message.data.length - message.offset
      const whole = message.offset === 0 && left <= largest
      if (packets.open && packets.room - header < (whole ? left : Math.min(left, LEAST_FRAGMENT))) {
        packets.finish(now)
        begun = false
      }
      const length = Math.min(left, packets.room - header, largest)
      // With nothing in flight, one chunk may probe a window that is full (6.1, A).
      if (length > recovery.peerWindow && outstanding.flight > 0) {
        recovery.limited = false
        recovery.arrivals.rate.applicationLimited(outstanding.flight)
        break
      }
      if (!begun && !this.#mayBegin(packets, now)) return
      begun = true
      this.#sendNew(packets, message, length, now)
    }
    this.#hurry(packets)
  }

  /** Sends a tail-loss probe (RFC 8985 7.3): what is new, or the last chunk in flight again. Returns whether it could. */
  #probe(packets: PacketBuilder, now: number): boolean {
    const { outstanding, recovery, queue } = this
    const message = queue.current(now)
    if (message !== undefined && outstanding.count < MAX_OUTSTANDING) {
      const room =
        (packets.open ? Math.min(packets.room, packets.largestDataChunk) : packets.largestDataChunk) - this.#header
      const length = Math.min(message.data.length - message.offset, room)
      if (length > 0 && length <= recovery.peerWindow) {
        recovery.probed(this.#sendNew(packets, message, length, now), false, now)
        this.#hurry(packets)
        return true
      }
    }
    const tsn = outstanding.lastInFlight()
    if (tsn < 0) return false
    if (this.abandonment.exhausted(outstanding.message(tsn), outstanding.transmissions(tsn), now)) return false
    this.#sendAgain(packets, tsn, now)
    recovery.probed(tsn, true, now)
    this.#hurry(packets)
    return true
  }

  /** Nothing more can be sent: asks the peer to acknowledge the last chunk at once (RFC 7053). */
  #hurry(packets: PacketBuilder): void {
    if (packets.open && this.#lastFlags !== 0) packets.bytes[this.#lastFlags]! |= DATA_IMMEDIATE
  }

  /** Sends the next `length` bytes of the queue's current message; returns their TSN. */
  #sendNew(packets: PacketBuilder, message: OutboundMessage, length: number, now: number): number {
    const { outstanding, recovery, congestion } = this
    const { offset } = message
    this.queue.advance(message, length)
    const { flight } = outstanding
    const tsn = outstanding.add(message, offset, length, recovery.sent(outstanding.next, now))
    const size = padded(this.#header + length)
    recovery.peerWindow = Math.max(0, recovery.peerWindow - size)
    congestion.sent(size, flight, now)
    this.#pacer.sent(size, congestion.pacingRate, now)
    this.#counters.dataChunksSent++
    this.#write(packets, tsn, message, offset, length, now)
    return tsn
  }

  #sendAgain(packets: PacketBuilder, tsn: number, now: number): void {
    const { outstanding, congestion } = this
    const { flight } = outstanding
    this.recovery.sentAgain(tsn, now)
    const size = outstanding.size(tsn)
    congestion.sent(size, flight, now)
    this.#pacer.sent(size, congestion.pacingRate, now)
    this.#counters.retransmittedChunks++
    this.#write(packets, tsn, outstanding.message(tsn), outstanding.offset(tsn), outstanding.length(tsn), now)
  }

  #write(
    packets: PacketBuilder,
    tsn: number,
    message: OutboundMessage,
    offset: number,
    length: number,
    now: number,
  ): void {
    const header = this.#header
    const flags = dataFlags(message, offset, length)
    const at = packets.chunk(this.#type, flags, header - CHUNK_HEADER + length, now)
    const { bytes } = packets
    this.#lastFlags = at - CHUNK_HEADER + 1
    if (packets.large) this.recovery.losses.transmissions.markLarge(this.outstanding.order(tsn))
    writeDataHeader(bytes, at, this.#interleaved, tsn, message, this.outstanding.fragment(tsn))
    const { data } = message
    const to = at - CHUNK_HEADER + header
    if (offset === 0 && length === data.length) bytes.set(data, to)
    else bytes.set(data.subarray(offset, offset + length), to)
  }
}
