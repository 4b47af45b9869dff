/**
 * Takes DATA and FORWARD-TSN: accounts for their TSNs, keeps within the advertised window, hands payload to reassembly
 * (RFC 9260 6.2; RFC 3758 3.6).
 */

import { add32, diff32, getU16, getU32 } from '../bytes/index.ts'
import { DATA_IMMEDIATE } from './chunk-type.ts'
import type { SctpCounters } from './counters.ts'
import type { PacketBuilder } from './packet-builder.ts'
import type { Reassembly } from './reassembly.ts'
import { MAX_AHEAD, TsnTracker } from './tsn-tracker.ts'

/** While TSNs are missing, a SACK leaves at once after this many packets, so that the sender can recover soon. */
const PACKETS_PER_SACK_IN_LOSS = 4

export class Receiver {
  readonly tracker: TsnTracker
  readonly reassembly: Reassembly
  readonly #window: number
  readonly #counters: SctpCounters
  #sinceSack = 0
  #inPacket = false

  constructor(initialTsn: number, window: number, reassembly: Reassembly, counters: SctpCounters) {
    this.tracker = new TsnTracker(initialTsn, counters)
    this.reassembly = reassembly
    this.#window = window
    this.#counters = counters
  }

  /** What may be sent to this side, in bytes: the a_rwnd of SACKs. */
  get window(): number {
    return Math.max(0, this.#window - this.reassembly.buffered)
  }

  /** Whether the peer has made this side keep far more than was advertised: only a broken order of messages does. */
  get overflowing(): boolean {
    return this.reassembly.buffered > 2 * this.#window + 65_536
  }

  /** Takes a DATA chunk whose value is `bytes[start, end)`, on a stream that exists. */
  data(flags: number, bytes: Uint8Array, start: number, end: number): void {
    this.#counters.dataChunksReceived++
    this.#inPacket = true
    const { tracker, reassembly } = this
    const tsn = getU32(bytes, start)
    const ahead = tracker.ahead(tsn)
    if ((flags & DATA_IMMEDIATE) !== 0) tracker.acknowledgeNow()
    if (ahead <= 0) {
      tracker.duplicate(tsn)
      return
    }
    if (ahead > MAX_AHEAD) {
      this.#counters.beyondWindow++
      return
    }
    if (ahead > 1 && tracker.has(tsn)) {
      tracker.duplicate(tsn)
      return
    }
    const streamId = getU16(bytes, start + 4)
    const ssn = getU16(bytes, start + 6)
    const ppid = getU32(bytes, start + 8)
    if (ahead === 1) {
      // Taken even when the buffer is full: it is what sets free what is held.
      reassembly.take(tsn, flags, streamId, ssn, ppid, bytes, start + 12, end)
      const moved = tracker.next()
      if (moved > 1) reassembly.pass(add32(tsn, 1), moved - 1)
      return
    }
    if (reassembly.buffered >= this.#window) {
      this.#counters.windowFull++
      tracker.acknowledgeNow()
      return
    }
    tracker.beyond(tsn)
    reassembly.hold(tsn, flags, streamId, ssn, ppid, bytes, start + 12, end, ahead)
  }

  /** Accounts for a TSN whose content is refused. */
  refuse(tsn: number): void {
    this.#inPacket = true
    const { tracker, reassembly } = this
    const ahead = tracker.ahead(tsn)
    if (ahead <= 0 || ahead > MAX_AHEAD || (ahead > 1 && tracker.has(tsn))) {
      tracker.acknowledgeNow()
    } else if (ahead === 1) {
      const moved = tracker.next()
      if (moved > 1) reassembly.pass(add32(tsn, 1), moved - 1)
    } else {
      tracker.beyond(tsn)
    }
  }

  /** Takes a FORWARD-TSN whose value is `bytes[start, end)`; false when it is malformed. */
  forwardTsn(bytes: Uint8Array, start: number, end: number): boolean {
    if (end - start < 4) return false
    this.#counters.forwardTsnsReceived++
    this.#inPacket = true
    const { tracker, reassembly } = this
    const tsn = getU32(bytes, start)
    const ahead = tracker.ahead(tsn)
    if (ahead > MAX_AHEAD) return false
    // An old one is answered all the same: the SACK for it may have been lost (3.6).
    tracker.acknowledgeNow()
    if (ahead <= 0) return true
    const from = add32(tracker.cumulative, 1)
    tracker.forward(tsn)
    reassembly.pass(from, diff32(tracker.cumulative, from) + 1)
    for (let at = start + 4; at + 4 <= end; at += 4) reassembly.skip(getU16(bytes, at), getU16(bytes, at + 2))
    return true
  }

  /** A packet has been taken whole. */
  packetDone(packets: PacketBuilder, now: number): void {
    if (!this.#inPacket) return
    this.#inPacket = false
    this.tracker.packetDone(now)
    this.#sinceSack++
    if (this.tracker.gap && this.#sinceSack >= PACKETS_PER_SACK_IN_LOSS) {
      this.acknowledge(packets, now)
      packets.finish(now)
    }
  }

  /** Writes a SACK. */
  acknowledge(packets: PacketBuilder, now: number): void {
    this.#sinceSack = 0
    this.tracker.write(this.window, packets, now)
  }
}
