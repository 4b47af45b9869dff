/**
 * Takes DATA and FORWARD-TSN, or I-DATA and I-FORWARD-TSN: accounts for their TSNs, keeps within the advertised window,
 * hands payload to reassembly (RFC 9260 6.2; RFC 3758 3.6; RFC 8260 2).
 */

import { add32, diff32 } from '../bytes/index.ts'
import type { SctpCounters } from './counters.ts'
import { DataChunk } from './data-chunk.ts'
import { ForwardTsnView } from './forward-tsn-chunk.ts'
import type { PacketBuilder } from './packet-builder.ts'
import type { Reassembly } from './reassembly.ts'
import { MAX_AHEAD, TsnTracker } from './tsn-tracker.ts'

export class Receiver {
  readonly tracker: TsnTracker
  readonly reassembly: Reassembly
  readonly #window: number
  readonly #counters: SctpCounters
  readonly #chunk = new DataChunk()
  readonly #forward = new ForwardTsnView()
  /** What was advertised last. */
  #advertised: number
  /** Bytes that were delivered and that the owner has not done with. */
  #retained = 0
  #inPacket = false

  /** @param window The largest receiver window in bytes: the a_rwnd of INIT. */
  constructor(initialTsn: number, window: number, reassembly: Reassembly, counters: SctpCounters) {
    this.tracker = new TsnTracker(initialTsn, counters)
    this.reassembly = reassembly
    this.#window = window
    this.#advertised = window
    this.#counters = counters
  }

  /** Whether it takes I-DATA and I-FORWARD-TSN, and else DATA and FORWARD-TSN. */
  get interleaved(): boolean {
    return this.reassembly.interleaved
  }

  /** What may be sent to this side, in bytes: the a_rwnd of SACKs. */
  get window(): number {
    return Math.max(0, this.#window - this.#retained - this.reassembly.buffered)
  }

  /** Whether the peer has made this side keep far more than was advertised. */
  get overflowing(): boolean {
    return this.reassembly.buffered > 2 * this.#window + 65_536 || this.reassembly.exhausted
  }

  /** The owner cannot do with this many bytes of what was delivered for now: the window is smaller by them. */
  retain(bytes: number): void {
    this.#retained += bytes
  }

  /** The owner has done with this many bytes that were retained; what it opens the window by is told when the turn ends. */
  release(bytes: number): void {
    this.#retained = Math.max(0, this.#retained - bytes)
    this.#updateWindow()
  }

  /** Takes a chunk of data whose value is `bytes[start, end)`, on a stream that exists. */
  data(flags: number, bytes: Uint8Array, start: number, end: number): void {
    const { tracker, reassembly } = this
    const chunk = this.#chunk
    if (!chunk.read(flags, bytes, start, end, reassembly.interleaved)) return
    this.#counters.dataChunksReceived++
    this.#inPacket = true
    const { tsn } = chunk
    const ahead = tracker.ahead(tsn)
    if (chunk.immediate) tracker.acknowledgeNow()
    if (ahead === 1) {
      // Taken even when the buffer is full, since it is what sets free what is held; but not when the owner is to blame.
      if (this.#retained >= this.#window && this.#retained > 0) {
        this.#full()
        return
      }
      const moved = tracker.next()
      reassembly.take(chunk)
      if (moved > 1) reassembly.pass(add32(tsn, 1), moved - 1)
      return
    }
    if (ahead <= 0 || (ahead <= MAX_AHEAD && tracker.has(tsn))) {
      tracker.duplicate(tsn)
    } else if (ahead > MAX_AHEAD) {
      this.#counters.beyondWindow++
    } else if (this.#retained + reassembly.buffered >= this.#window) {
      this.#full()
    } else {
      tracker.beyond(tsn)
      reassembly.hold(chunk, ahead)
    }
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

  /** Takes a chunk that moves the cumulative TSN, whose value is `bytes[start, end)`; false when it is malformed. */
  forwardTsn(bytes: Uint8Array, start: number, end: number): boolean {
    const { tracker, reassembly } = this
    const forward = this.#forward
    if (!forward.read(bytes, start, end, reassembly.interleaved)) return false
    this.#counters.forwardTsnsReceived++
    this.#inPacket = true
    const ahead = tracker.ahead(forward.tsn)
    if (ahead > MAX_AHEAD) return false
    // An old one is answered all the same: the SACK for it may have been lost (RFC 3758 3.6).
    tracker.acknowledgeNow()
    if (ahead <= 0) return true
    const from = add32(tracker.cumulative, 1)
    tracker.forward(forward.tsn)
    reassembly.pass(from, diff32(tracker.cumulative, from) + 1)
    for (let i = 0; i < forward.entries; i++) {
      reassembly.skip(forward.streamId(i), forward.unordered(i), forward.sequence(i))
    }
    return true
  }

  /** A packet has been taken whole. */
  packetDone(packets: PacketBuilder, now: number): void {
    this.#updateWindow()
    if (!this.#inPacket) return
    this.#inPacket = false
    this.#counters.dataPacketsReceived++
    this.tracker.packetDone(now)
    if (this.tracker.pressing) {
      this.acknowledge(packets, now)
      packets.finish(now)
    }
  }

  /** Writes a SACK. */
  acknowledge(packets: PacketBuilder, now: number): void {
    this.#advertised = this.window
    this.tracker.write(this.#advertised, packets, now)
  }

  /** A window that has opened by a good part is told at once: the sender may be waiting for it (6.1, 6.2). */
  #updateWindow(): void {
    if (this.#advertised === this.#window) return
    if (this.window - this.#advertised >= this.#window >>> 2) this.tracker.acknowledgeNow()
  }

  /** There is no room for a chunk: it is dropped, and the sender told how things stand. */
  #full(): void {
    this.#counters.windowFull++
    this.tracker.acknowledgeNow()
  }
}
