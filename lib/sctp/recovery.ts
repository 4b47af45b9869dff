/**
 * What a SACK says about the chunks in flight, and what is to be sent again: fast retransmit and fast recovery
 * (RFC 9260 7.2.4), and the T3-rtx timer (6.3.2, 6.3.3).
 *
 * One step beyond the RFC: a chunk that was sent again may be found lost again by missing reports, of chunks that were
 * first sent after it. The RFC leaves that to T3, which at ten percent of loss means every tenth recovery waits for it.
 */

import { add32, diff32 } from '../bytes/index.ts'
import { Timer } from '../machine/index.ts'
import type { Abandonment } from './abandonment.ts'
import type { Acknowledgement, CongestionControl } from './congestion/congestion-control.ts'
import type { SctpCounters } from './counters.ts'
import { CHUNK_STATE, type Outstanding } from './outstanding.ts'
import type { Path } from './path.ts'
import { SackView } from './sack-chunk.ts'

/** Missing reports after which a chunk counts as lost. */
const MISSING_REPORTS = 3

export class Recovery {
  /** T3-rtx. */
  readonly timer = new Timer()
  /** The first packet of a fast retransmit, which the congestion window does not hold back. */
  fastRetransmit = false
  /** Whether the congestion window, and not a lack of data, stopped the sender last. */
  limited = false
  /** What the peer has room for beyond what is in flight, in bytes. */
  peerWindow: number
  readonly #outstanding: Outstanding
  readonly #congestion: CongestionControl
  readonly #abandonment: Abandonment
  readonly #path: Path
  readonly #counters: SctpCounters
  readonly #sample: Acknowledgement = {
    now: 0,
    bytes: 0,
    lost: 0,
    priorFlight: 0,
    flight: 0,
    advanced: false,
    limited: false,
    recovering: false,
    roundTrip: Number.NaN,
    deliveryRate: Number.NaN,
    applicationLimited: false,
    delivered: 0,
    priorDelivered: 0,
  }
  #recovering = false
  /** Fast recovery ends when this TSN is cumulatively acknowledged. */
  #exit = 0
  /** The chunk whose round trip is being measured. */
  #timing = false
  #timedTsn = 0
  #timedAt = 0
  /** Chunks sent again, oldest first, each with the TSN that was next when it was. */
  #again: { readonly tsn: number; readonly next: number; readonly transmissions: number }[] = []
  /** The window of the last SACK. */
  #advertised: number
  /** The peer said that its buffer is full; and whether it has said anything since the last timeout. */
  #zeroWindow = false
  #heard = false

  constructor(
    outstanding: Outstanding,
    congestion: CongestionControl,
    abandonment: Abandonment,
    path: Path,
    counters: SctpCounters,
    peerWindow: number,
  ) {
    this.#outstanding = outstanding
    this.#congestion = congestion
    this.#abandonment = abandonment
    this.#path = path
    this.#counters = counters
    this.peerWindow = peerWindow
    this.#advertised = peerWindow
  }

  /** A chunk leaves for the first time. */
  sent(tsn: number, now: number): void {
    if (!this.#timing) {
      this.#timing = true
      this.#timedTsn = tsn
      this.#timedAt = now
    }
    if (!this.timer.running) this.timer.set(now + this.#path.timeout.value)
  }

  /** A chunk leaves again. */
  sentAgain(tsn: number, now: number): void {
    // Karn: what was sent twice measures nothing (rule C5).
    if (this.#timing && tsn === this.#timedTsn) this.#timing = false
    const outstanding = this.#outstanding
    this.#again.push({ tsn, next: outstanding.next, transmissions: outstanding.transmissions(tsn) })
    if (!this.timer.running || tsn === outstanding.first) this.timer.set(now + this.#path.timeout.value)
  }

  /** A FORWARD-TSN leaves, which is repeated by the same timer (RFC 3758 3.5 F5). */
  forwarded(now: number): void {
    if (!this.timer.running) this.timer.set(now + this.#path.timeout.value)
  }

  /** Takes a SACK. Returns false when it told of nothing new or could not be believed. */
  receive(sack: SackView, now: number): boolean {
    const outstanding = this.#outstanding
    const released = diff32(sack.cumulativeTsn, outstanding.first) + 1
    if (released < 0) {
      this.#counters.staleSacks++
      return false
    }
    if (released > outstanding.count) {
      this.#counters.lyingSacks++
      return false
    }
    this.#heard = true
    let bytes = 0
    for (let i = 0; i < released; i++) {
      if (this.#timing && outstanding.first === this.#timedTsn) this.#measured(now)
      bytes += outstanding.release()
    }
    this.#takeBackReneged(sack)
    const recovering = this.#recovering
    if (recovering && diff32(sack.cumulativeTsn, this.#exit) >= 0) this.#recovering = false
    bytes += this.#takeGaps(sack, released > 0, now)
    // What was given up and is skipped counts as an answer too, though not as delivered.
    if (released > 0 || bytes > 0) this.#path.alive()
    const sample = this.#sample
    sample.now = now
    sample.bytes = bytes
    sample.advanced = released > 0
    sample.limited = this.limited
    sample.recovering = recovering
    sample.flight = outstanding.flight
    this.#congestion.acknowledged(sample)
    this.#takeWindow(sack.window, released, now)
    if (released > 0) {
      this.#pruneAgain()
      if (outstanding.count === 0) this.timer.stop()
      else this.timer.set(now + this.#path.timeout.value)
    }
    return released > 0 || bytes > 0
  }

  /** Takes a cumulative acknowledgement that says nothing else. */
  receiveCumulative(cumulativeTsn: number, now: number): boolean {
    const sack = new SackView()
    sack.cumulativeTsn = cumulativeTsn
    sack.window = this.#advertised
    return this.receive(sack, now)
  }

  /** T3-rtx ran out: everything in flight counts as lost. */
  expire(now: number): void {
    const outstanding = this.#outstanding
    if (outstanding.count === 0) return
    this.#counters.timeouts++
    // A peer that keeps answering that its buffer is full has not failed (6.1, A).
    if (!(this.#zeroWindow && this.#heard)) this.#path.errors++
    this.#heard = false
    this.#path.timeout.backOff()
    this.#congestion.timedOut(outstanding.flight, now)
    this.#recovering = false
    this.#timing = false
    this.#again = []
    for (let tsn = outstanding.first; tsn !== outstanding.next; tsn = add32(tsn, 1)) {
      if (outstanding.state(tsn) === CHUNK_STATE.IN_FLIGHT) this.#lose(tsn, now)
    }
    if (this.#abandonment.pending) this.#abandonment.due = true
    this.timer.set(now + this.#path.timeout.value)
  }

  #measured(now: number): void {
    this.#timing = false
    this.#path.timeout.sample(now - this.#timedAt)
  }

  /**
   * The gap blocks: what is newly reported, and what that shows to be missing.
   * @param advanced Whether the cumulative TSN moved.
   */
  #takeGaps(sack: SackView, advanced: boolean, now: number): number {
    const outstanding = this.#outstanding
    const reach = diff32(outstanding.next, sack.cumulativeTsn)
    let bytes = 0
    let highestNew = 0
    let lastEnd = 1
    for (let block = 0; block < sack.gaps; block++) {
      const start = sack.gapStart(block)
      const end = sack.gapEnd(block)
      if (start <= lastEnd || end < start || end >= reach) {
        this.#counters.lyingSacks++
        break
      }
      lastEnd = end
      let offset = start
      while (offset <= end) {
        const known = outstanding.acknowledged.distanceToGap(add32(sack.cumulativeTsn, offset), end - offset + 1)
        if (known < 0) break
        offset += known
        const tsn = add32(sack.cumulativeTsn, offset)
        if (this.#timing && tsn === this.#timedTsn) this.#measured(now)
        bytes += outstanding.acknowledge(tsn)
        highestNew = offset
        offset++
      }
    }
    // In fast recovery, a SACK that moves the cumulative TSN reports all that it lacks (7.2.4).
    const reported = this.#recovering && advanced && lastEnd > 1 ? lastEnd : highestNew
    if (reported > 0) this.#countMissing(add32(sack.cumulativeTsn, reported), now)
    return bytes
  }

  /** Counts a missing report for each chunk before `highest` that is in flight. */
  #countMissing(highest: number, now: number): void {
    const outstanding = this.#outstanding
    let found = false
    let tsn = outstanding.first
    let left = diff32(highest, tsn)
    while (left > 0) {
      const distance = outstanding.fresh.distanceToMember(tsn, left)
      if (distance < 0) break
      tsn = add32(tsn, distance)
      if (outstanding.reportMissing(tsn) >= MISSING_REPORTS) {
        this.#lose(tsn, now)
        found = true
      }
      tsn = add32(tsn, 1)
      left -= distance + 1
    }
    for (const entry of this.#again) {
      if (diff32(highest, entry.next) < 0) break
      if (!this.#stillInFlight(entry)) continue
      if (outstanding.reportMissing(entry.tsn) >= MISSING_REPORTS) {
        this.#lose(entry.tsn, now)
        found = true
      }
    }
    this.#pruneAgain()
    if (!found || this.#recovering) return
    this.#recovering = true
    this.#exit = add32(outstanding.next, -1)
    this.#congestion.lost(outstanding.flight, now)
    this.#counters.fastRecoveries++
    this.fastRetransmit = true
  }

  #stillInFlight(entry: { readonly tsn: number; readonly transmissions: number }): boolean {
    const outstanding = this.#outstanding
    return (
      diff32(entry.tsn, outstanding.first) >= 0 &&
      outstanding.state(entry.tsn) === CHUNK_STATE.IN_FLIGHT &&
      outstanding.transmissions(entry.tsn) === entry.transmissions
    )
  }

  #pruneAgain(): void {
    let done = 0
    while (done < this.#again.length && !this.#stillInFlight(this.#again[done]!)) done++
    if (done > 0) this.#again.splice(0, done)
  }

  /** A chunk is lost: it is sent again, or its message is given up. */
  #lose(tsn: number, now: number): void {
    const outstanding = this.#outstanding
    this.#counters.lostChunks++
    const message = outstanding.message(tsn)
    if (this.#abandonment.exhausted(message, outstanding.transmissions(tsn), now)) this.#abandonment.abandon(message)
    else outstanding.markWaiting(tsn)
  }

  /**
   * A receiver may discard what it reported in a gap block (6.2). It shows when the chunk next to the cumulative TSN is
   * one: then whatever was reported before the first block of this SACK is sent again, unless its message was given up.
   */
  #takeBackReneged(sack: SackView): void {
    const outstanding = this.#outstanding
    if (outstanding.count === 0 || outstanding.state(outstanding.first) !== CHUNK_STATE.ACKNOWLEDGED) return
    const end = sack.gaps > 0 ? sack.gapStart(0) - 1 : outstanding.count
    for (let i = 0; i < Math.min(end, outstanding.count); i++) {
      const tsn = add32(outstanding.first, i)
      if (outstanding.state(tsn) !== CHUNK_STATE.ACKNOWLEDGED) continue
      if (outstanding.message(tsn).abandoned) outstanding.giveUp(tsn)
      else outstanding.markWaiting(tsn)
    }
  }

  #takeWindow(window: number, released: number, now: number): void {
    const outstanding = this.#outstanding
    if (this.#zeroWindow && window > 0 && released === 0 && outstanding.count > 0) {
      // The buffer has room again, and what probed it was dropped: do not wait for the timer.
      if (outstanding.state(outstanding.first) === CHUNK_STATE.IN_FLIGHT) this.#lose(outstanding.first, now)
      this.fastRetransmit = outstanding.waitingCount > 0
    }
    this.#zeroWindow = window === 0
    this.#advertised = window
    this.peerWindow = Math.max(0, window - outstanding.flight)
  }
}
