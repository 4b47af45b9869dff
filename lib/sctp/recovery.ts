/**
 * What a SACK says about the chunks in flight, and what is to be sent again: RACK (RFC 8985) in place of a count of
 * missing reports for each chunk, fast recovery (RFC 9260 7.2.4), the tail-loss probe, and T3-rtx (6.3.2, 6.3.3).
 */

import { add32, diff32 } from '../bytes/index.ts'
import { Timer } from '../machine/index.ts'
import type { Abandonment } from './abandonment.ts'
import type { Acknowledgement, CongestionControl } from './congestion/congestion-control.ts'
import type { SctpCounters } from './counters.ts'
import { DeliveryRate } from './delivery-rate.ts'
import { CHUNK_STATE, type Outstanding } from './outstanding.ts'
import type { Path } from './path.ts'
import { Rack } from './rack.ts'
import { SackView } from './sack-chunk.ts'
import { SpuriousRecovery } from './spurious-recovery.ts'
import { TailLossProbe } from './tail-loss-probe.ts'
import { Transmissions } from './transmissions.ts'

export class Recovery {
  /** T3-rtx. */
  readonly timer = new Timer()
  /** What may have been overtaken counts as lost when it runs out (RFC 8985 6.2 step 5). */
  readonly reordering = new Timer()
  readonly probe = new TailLossProbe()
  readonly rate: DeliveryRate
  /** The first packet of a fast retransmit, which the congestion window does not hold back. */
  fastRetransmit = false
  /** Whether the congestion window or the pacer, and not a lack of data, stopped the sender last. */
  limited = false
  /** What the peer has room for beyond what is in flight, in bytes. */
  peerWindow: number
  /** What a full packet counts for, in bytes. */
  packetSize: number
  readonly #outstanding: Outstanding
  readonly #congestion: CongestionControl
  readonly #abandonment: Abandonment
  readonly #path: Path
  readonly #counters: SctpCounters
  readonly #transmissions = new Transmissions()
  readonly #rack = new Rack()
  readonly #spurious = new SpuriousRecovery()
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
  /** The highest TSN that is known to have arrived. */
  #highest: number
  /** Round trips are taken for the timeout once each: of what was sent from this order on. */
  #timedFrom = 0
  /** The window of the last SACK. */
  #advertised: number
  /** The peer said that its buffer is full; and whether it has said anything since the last timeout. */
  #zeroWindow = false
  #heard = false
  /** What this SACK told: the latest transmissions that arrived, of all and of those sent once; and what else it showed. */
  #newest = 0
  #anyNewest = false
  #once = 0
  #anyOnce = false
  #unsent = false
  #lost = 0

  constructor(
    outstanding: Outstanding,
    congestion: CongestionControl,
    abandonment: Abandonment,
    path: Path,
    counters: SctpCounters,
    peerWindow: number,
    packetSize: number,
  ) {
    this.#outstanding = outstanding
    this.#congestion = congestion
    this.#abandonment = abandonment
    this.#path = path
    this.#counters = counters
    this.peerWindow = peerWindow
    this.packetSize = packetSize
    this.#advertised = peerWindow
    this.#highest = add32(outstanding.first, -1)
    this.rate = new DeliveryRate(this.#transmissions)
  }

  /** When one of the timers is due. */
  get deadline(): number {
    return Math.min(this.timer.at, this.reordering.at, this.probe.timer.at)
  }

  /** A chunk leaves for the first time; returns the order of its transmission. */
  sent(tsn: number, now: number): number {
    if (!this.timer.running) this.timer.set(now + this.#path.timeout.value)
    return this.rate.sent(tsn, this.#outstanding.flight, now)
  }

  /** A chunk leaves again. */
  sentAgain(tsn: number, now: number): void {
    const outstanding = this.#outstanding
    outstanding.sentAgain(tsn, this.rate.sent(tsn, outstanding.flight, now))
    this.#spurious.resent(tsn)
    if (!this.timer.running || tsn === outstanding.first) this.timer.set(now + this.#path.timeout.value)
  }

  /** A FORWARD-TSN leaves, which is repeated by the same timer (RFC 3758 3.5 F5). */
  forwarded(now: number): void {
    if (!this.timer.running) this.timer.set(now + this.#path.timeout.value)
  }

  /** The tail-loss probe has left: T3 waits for its answer. */
  probed(tsn: number, again: boolean, now: number): void {
    this.#counters.tailProbesSent++
    this.probe.sent(tsn, again)
    this.timer.set(now + this.#path.timeout.value)
  }

  /** Data has left, or a SACK came: what is in flight is probed when nothing is heard of it. */
  armProbe(now: number): void {
    const { flight, waitingCount } = this.#outstanding
    if (flight === 0 || waitingCount > 0 || this.#zeroWindow) this.probe.timer.stop()
    else this.probe.arm(this.#path.timeout.smoothed, flight <= this.packetSize, this.timer.at, now)
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
    const priorFlight = outstanding.flight
    this.#anyNewest = false
    this.#anyOnce = false
    this.#unsent = false
    this.#lost = 0
    const repaired = this.#takeDuplicates(sack)
    let probeArrived = false
    let bytes = 0
    for (let i = 0; i < released; i++) {
      const tsn = outstanding.first
      const state = outstanding.state(tsn)
      if (this.probe.probed(tsn)) probeArrived = true
      if (state === CHUNK_STATE.IN_FLIGHT || state === CHUNK_STATE.WAITING) this.#arrived(tsn, state, now)
      bytes += outstanding.release()
    }
    this.#takeBackReneged(sack)
    const recovering = this.#recovering
    if (recovering && diff32(sack.cumulativeTsn, this.#exit) >= 0) {
      this.#recovering = false
      this.#rack.recovered()
      this.#congestion.recovered(now)
    }
    if (released > 0) this.#rack.reports = 0
    const gaps = this.#takeGaps(sack, now)
    if (gaps > 0) this.#rack.reports += Math.max(1, Math.floor(gaps / this.packetSize))
    bytes += gaps
    // What was given up and is skipped counts as an answer too, though not as delivered.
    if (released > 0 || bytes > 0) this.#path.alive()
    this.#measure(bytes, now)
    if (bytes > 0) {
      this.#judge(now)
      this.probe.answered()
    }
    this.#detect(priorFlight, now)
    if (probeArrived) this.#probeSettled(repaired, priorFlight, now)
    if (released > 0 || bytes > 0 || this.#lost > 0) {
      const sample = this.#sample
      sample.advanced = released > 0
      sample.recovering = recovering
      this.#tell(bytes, priorFlight, now)
    }
    this.#takeWindow(sack.window, released, now)
    if (released > 0) {
      if (outstanding.count === 0) {
        this.timer.stop()
        this.probe.stop()
      } else {
        this.timer.set(now + this.#path.timeout.value)
      }
    }
    this.armProbe(now)
    return released > 0 || bytes > 0
  }

  /** Takes a cumulative acknowledgement that says nothing else. */
  receiveCumulative(cumulativeTsn: number, now: number): boolean {
    const sack = new SackView()
    sack.cumulativeTsn = cumulativeTsn
    sack.window = this.#advertised
    return this.receive(sack, now)
  }

  /** What was overtaken has not come within the reordering window. */
  expireReordering(now: number): void {
    const priorFlight = this.#outstanding.flight
    this.#lost = 0
    const recovering = this.#recovering
    this.#detect(priorFlight, now)
    if (this.#lost === 0) return
    const sample = this.#sample
    sample.advanced = false
    sample.recovering = recovering
    sample.roundTrip = Number.NaN
    sample.deliveryRate = Number.NaN
    this.#tell(0, priorFlight, now)
  }

  /** T3-rtx ran out: everything in flight counts as lost. */
  expire(now: number): void {
    const outstanding = this.#outstanding
    if (outstanding.count === 0) return
    this.#counters.timeouts++
    // A peer that keeps answering that its buffer is full has not failed (6.1, A).
    const full = this.#zeroWindow && this.#heard
    if (!full) this.#path.errors++
    this.#heard = false
    this.#path.timeout.backOff()
    this.#congestion.timedOut(outstanding.flight, now)
    this.#recovering = false
    this.probe.timedOut()
    this.reordering.stop()
    this.#timedFrom = this.#transmissions.next
    if (!full) this.#spurious.timedOut(outstanding.first, now)
    for (let tsn = outstanding.first; tsn !== outstanding.next; tsn = add32(tsn, 1)) {
      if (outstanding.state(tsn) === CHUNK_STATE.IN_FLIGHT) this.#lose(tsn, now)
    }
    if (this.#abandonment.pending) this.#abandonment.due = true
    this.timer.set(now + this.#path.timeout.value)
  }

  /** A chunk was in flight, or waited to be sent again, and is known to have arrived. */
  #arrived(tsn: number, state: number, now: number): void {
    const outstanding = this.#outstanding
    const ambiguous = outstanding.ambiguous(tsn)
    const beyond = diff32(tsn, this.#highest) > 0
    if (beyond) this.#highest = tsn
    else if (!ambiguous) this.#rack.reordering = true
    if (state === CHUNK_STATE.WAITING) {
      this.#unsent = true
      return
    }
    const order = outstanding.order(tsn)
    if (ambiguous) {
      // Sooner than any round trip: it is the earlier transmission that arrived (RFC 8985 6.2 step 2).
      if (now - this.#transmissions.sentAt(order) < this.#rack.leastRoundTrip) return
    } else if (!this.#anyOnce || diff32(order, this.#once) > 0) {
      this.#once = order
      this.#anyOnce = true
    }
    if (!this.#anyNewest || diff32(order, this.#newest) > 0) {
      this.#newest = order
      this.#anyNewest = true
    }
  }

  /** Round trip and rate of delivery, of the latest transmissions that arrived. */
  #measure(bytes: number, now: number): void {
    const sample = this.#sample
    sample.roundTrip = Number.NaN
    sample.deliveryRate = Number.NaN
    if (bytes > 0) this.rate.arrived(bytes, now)
    if (this.#anyOnce) {
      const roundTrip = now - this.#transmissions.sentAt(this.#once)
      sample.roundTrip = roundTrip
      this.#rack.measured(roundTrip, now)
      if (diff32(this.#once, this.#timedFrom) >= 0) {
        this.#timedFrom = this.#transmissions.next
        this.#path.timeout.sample(roundTrip)
      }
    }
    if (!this.#anyNewest) return
    this.#rack.arrived(this.#newest, this.#transmissions.sentAt(this.#newest), now)
    this.rate.measure(this.#newest, this.#rack.leastRoundTrip, sample)
  }

  /** Tells congestion control of a SACK, or of the reordering timer. */
  #tell(bytes: number, priorFlight: number, now: number): void {
    const sample = this.#sample
    sample.now = now
    sample.bytes = bytes
    sample.lost = this.#lost
    sample.priorFlight = priorFlight
    sample.flight = this.#outstanding.flight
    sample.limited = this.limited
    sample.delivered = this.rate.delivered
    this.#congestion.acknowledged(sample)
  }

  /** The gap blocks: what is newly reported. */
  #takeGaps(sack: SackView, now: number): number {
    const outstanding = this.#outstanding
    const reach = diff32(outstanding.next, sack.cumulativeTsn)
    let bytes = 0
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
        const state = outstanding.state(tsn)
        if (state !== CHUNK_STATE.ABANDONED) this.#arrived(tsn, state, now)
        bytes += outstanding.acknowledge(tsn)
        offset++
      }
    }
    return bytes
  }

  /** Chunks that were overtaken for longer than the reordering window are lost (RFC 8985 6.2 step 5). */
  #detect(priorFlight: number, now: number): void {
    const outstanding = this.#outstanding
    const transmissions = this.#transmissions
    const rack = this.#rack
    this.reordering.stop()
    const patience = rack.roundTrip + rack.window(this.#recovering, this.#path.timeout.smoothed ?? 0)
    while (!transmissions.empty) {
      const order = transmissions.first
      const tsn = transmissions.tsn(order)
      const inFlight =
        diff32(tsn, outstanding.first) >= 0 &&
        outstanding.order(tsn) === order &&
        outstanding.state(tsn) === CHUNK_STATE.IN_FLIGHT
      if (inFlight) {
        if (!(rack.roundTrip >= 0) || diff32(order, rack.newest) >= 0) break
        const sentAt = transmissions.sentAt(order)
        if (now - sentAt < patience) {
          this.reordering.set(Math.max(now + 1, sentAt + patience))
          break
        }
        this.#lose(tsn, now)
      }
      transmissions.shift()
    }
    if (this.#lost === 0 || this.#recovering) return
    this.#recovering = true
    this.#exit = add32(outstanding.next, -1)
    this.#spurious.begin(outstanding.first)
    this.#congestion.lost(priorFlight, now)
    this.#counters.fastRecoveries++
    this.fastRetransmit = true
  }

  /** A chunk is lost: it is sent again, or its message is given up. */
  #lose(tsn: number, now: number): void {
    const outstanding = this.#outstanding
    this.#counters.lostChunks++
    this.#lost += outstanding.size(tsn)
    const message = outstanding.message(tsn)
    if (this.#abandonment.exhausted(message, outstanding.transmissions(tsn), now)) this.#abandonment.abandon(message)
    else outstanding.markWaiting(tsn)
  }

  /** Duplicates of what was sent again tell that it had not been lost. Returns whether the probe is among them. */
  #takeDuplicates(sack: SackView): boolean {
    let probe = false
    for (let i = 0; i < sack.duplicates; i++) {
      const tsn = sack.duplicate(i)
      if (this.probe.probed(tsn)) probe = true
      if (this.#spurious.duplicate(tsn)) this.#rack.mistaken(this.#rack.newest, this.#transmissions.next)
    }
    return probe
  }

  /** Undoes what was done about a loss that was none. */
  #judge(now: number): void {
    const mistaken = this.#spurious.judge(this.#unsent, this.#rack.leastRoundTrip, now)
    if (mistaken) this.#fly(now)
    if (!mistaken && !this.#spurious.undone()) return
    this.#counters.spuriousRecoveries++
    this.#recovering = false
    this.#congestion.spurious(now)
  }

  /** What waits to be sent again is in flight after all. */
  #fly(now: number): void {
    const outstanding = this.#outstanding
    while (outstanding.waitingCount > 0) {
      const tsn = outstanding.nextWaiting()
      outstanding.fly(tsn, this.rate.sent(tsn, outstanding.flight, now))
    }
  }

  /** The chunk that was sent again as a probe has arrived: unless both did, a loss was repaired (RFC 8985 7.4). */
  #probeSettled(twice: boolean, priorFlight: number, now: number): void {
    this.probe.settled()
    if (twice || this.#recovering || this.#lost > 0) return
    this.#congestion.lost(priorFlight, now)
    this.#congestion.recovered(now)
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
