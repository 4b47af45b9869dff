/**
 * What follows from a SACK for what is in flight, and from silence: fast recovery (RFC 9260 7.2.4), with RACK (RFC 8985)
 * in place of a count of missing reports for each chunk, the tail-loss probe, and T3-rtx (6.3.2, 6.3.3).
 */

import { add32, diff32 } from '../bytes/index.ts'
import { Timer } from '../machine/index.ts'
import type { Abandonment } from './abandonment.ts'
import { Arrivals } from './arrivals.ts'
import type { Acknowledgement, CongestionControl } from './congestion/congestion-control.ts'
import type { SctpCounters } from './counters.ts'
import { LossDetection } from './loss-detection.ts'
import { CHUNK_STATE, type Outstanding } from './outstanding.ts'
import type { Path } from './path.ts'
import { SackView } from './sack-chunk.ts'
import { SpuriousRecovery } from './spurious-recovery.ts'
import { TailLossProbe } from './tail-loss-probe.ts'

/** Transmissions of the lowest chunk that restart T3 (7.2.4): it must run out in the end, however often RACK finds it lost. */
const RESTARTS = 4

export class Recovery {
  /** T3-rtx. */
  readonly timer = new Timer()
  readonly losses: LossDetection
  readonly arrivals: Arrivals
  readonly probe = new TailLossProbe()
  /** The first packet of a fast retransmit, which the congestion window does not hold back. */
  fastRetransmit = false
  /** Whether the congestion window or the pacer, and not a lack of data, stopped the sender last. */
  limited = false
  /** Something is held up until what is in flight is acknowledged. */
  awaited = false
  /** What the peer has room for beyond what is in flight, in bytes. */
  peerWindow: number
  /** What a full packet counts for, in bytes. */
  packetSize: number
  readonly #outstanding: Outstanding
  readonly #congestion: CongestionControl
  readonly #abandonment: Abandonment
  readonly #path: Path
  readonly #counters: SctpCounters
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
  /** The window of the last SACK. */
  #advertised: number
  /** The peer said that its buffer is full; and whether it has said anything since the last timeout. */
  #zeroWindow = false
  #heard = false
  /** Until when nothing more is taken back. */
  #takenBackUntil = Number.NEGATIVE_INFINITY

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
    this.losses = new LossDetection(outstanding, abandonment, path.timeout, counters)
    this.arrivals = new Arrivals(outstanding, this.losses, path.timeout, counters)
  }

  /** When one of the timers is due. */
  get deadline(): number {
    return Math.min(this.timer.at, this.losses.timer.at, this.probe.timer.at)
  }

  /** A chunk leaves for the first time; returns the order of its transmission. */
  sent(tsn: number, now: number): number {
    if (!this.timer.running) this.timer.set(now + this.#path.timeout.value)
    return this.arrivals.rate.sent(tsn, this.#outstanding.flight, now)
  }

  /** A chunk leaves again. */
  sentAgain(tsn: number, now: number): void {
    const outstanding = this.#outstanding
    outstanding.sentAgain(tsn, this.arrivals.rate.sent(tsn, outstanding.flight, now))
    this.#spurious.resent(tsn)
    const leads = tsn === outstanding.first && outstanding.transmissions(tsn) <= RESTARTS
    if (leads || !this.timer.running) this.timer.set(now + this.#path.timeout.value)
  }

  /** A FORWARD-TSN leaves, which is repeated by the same timer (RFC 3758 3.5 F5). */
  forwarded(now: number): void {
    if (!this.timer.running) this.timer.set(now + this.#path.timeout.value)
  }

  /** The tail-loss probe has left: T3 waits for its answer. */
  probed(tsn: number, again: boolean, now: number): void {
    this.#counters.tailProbesSent++
    this.probe.sent(tsn, again, now)
    this.timer.set(now + this.#path.timeout.value)
  }

  /** Data has left, or a SACK came: what is in flight is probed when nothing is heard of it. */
  armProbe(now: number): void {
    const { flight, waitingCount } = this.#outstanding
    if (flight === 0 || waitingCount > 0 || this.#zeroWindow) this.probe.timer.stop()
    else this.probe.arm(this.#path.timeout.smoothed, flight <= this.packetSize, this.timer.at, now)
    if (this.awaited) this.hasten(now)
  }

  /** What is in flight is awaited: a peer that holds its acknowledgement back is made to send it. */
  hasten(now: number): void {
    if (this.#outstanding.flight > this.packetSize) return
    const { rack, transmissions } = this.losses
    this.probe.hasten(transmissions.sentAt(transmissions.next - 1), rack.leastRoundTrip, now)
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
    this.arrivals.begin()
    this.losses.lost = 0
    const twice = this.#takeDuplicates(sack)
    let probeArrived = false
    let bytes = 0
    for (let i = 0; i < released; i++) {
      if (this.probe.probed(outstanding.first)) probeArrived = true
      bytes += this.arrivals.release(now)
    }
    this.#takeBackReneged(sack.gaps > 0 ? sack.gapStart(0) - 1 : outstanding.count, now)
    const recovering = this.#recovering
    if (recovering && diff32(sack.cumulativeTsn, this.#exit) >= 0) {
      this.#recovering = false
      this.losses.rack.recovered()
      this.#congestion.recovered(now)
    }
    if (released > 0) this.losses.rack.reports = 0
    const gaps = this.arrivals.report(sack, now)
    if (gaps > 0) this.losses.rack.reports += Math.max(1, Math.floor(gaps / this.packetSize))
    bytes += gaps
    // What was given up and is skipped counts as an answer too, though not as delivered.
    if (released > 0 || bytes > 0) this.#path.alive()
    this.arrivals.measure(bytes, this.#sample, now)
    if (bytes > 0) {
      this.#judge(now)
      this.probe.answered()
    }
    this.#detect(priorFlight, now)
    const { probe } = this
    const repaired = probeArrived ? probe.arrived(twice) : probe.decide(twice, this.#path.timeout.value, now)
    if (repaired && !this.#recovering && this.losses.lost === 0) {
      this.#congestion.lost(priorFlight, now)
      this.#congestion.recovered(now)
    }
    if (released > 0 || bytes > 0 || this.losses.lost > 0) {
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
    this.losses.lost = 0
    const recovering = this.#recovering
    this.#detect(priorFlight, now)
    if (this.losses.lost === 0) return
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
    this.losses.timer.stop()
    this.arrivals.timedOut()
    if (!full) this.#spurious.timedOut(outstanding.first, now)
    for (let tsn = outstanding.first; tsn !== outstanding.next; tsn = add32(tsn, 1)) {
      if (outstanding.state(tsn) === CHUNK_STATE.IN_FLIGHT) this.losses.lose(tsn, now)
    }
    this.#takenBackUntil = now
    this.#takeBackReneged(outstanding.count, now)
    if (this.#abandonment.pending) this.#abandonment.due = true
    this.timer.set(now + this.#path.timeout.value)
  }

  /** Tells congestion control of a SACK, or of the reordering timer. */
  #tell(bytes: number, priorFlight: number, now: number): void {
    const sample = this.#sample
    sample.now = now
    sample.bytes = bytes
    sample.lost = this.losses.lost
    sample.priorFlight = priorFlight
    sample.flight = this.#outstanding.flight
    sample.limited = this.limited
    sample.delivered = this.arrivals.rate.delivered
    this.#congestion.acknowledged(sample)
  }

  /** Finds what is lost; the first loss begins a recovery (RFC 9260 7.2.4). */
  #detect(priorFlight: number, now: number): void {
    this.losses.detect(this.#recovering, now)
    if (this.losses.lost === 0 || this.#recovering) return
    this.#recovering = true
    this.probe.settled()
    const outstanding = this.#outstanding
    this.#exit = add32(outstanding.next, -1)
    this.#spurious.begin(outstanding.first)
    this.#congestion.lost(priorFlight, now)
    this.#counters.fastRecoveries++
    this.fastRetransmit = true
  }

  /** Duplicates of what was sent again tell that it had not been lost. Returns whether the probe is among them. */
  #takeDuplicates(sack: SackView): boolean {
    let probe = false
    for (let i = 0; i < sack.duplicates; i++) {
      const tsn = sack.duplicate(i)
      if (this.probe.probed(tsn)) probe = true
      if (this.#spurious.duplicate(tsn))
        this.losses.rack.mistaken(this.losses.rack.newest, this.losses.transmissions.next)
    }
    return probe
  }

  /** Undoes what was done about a loss that was none. */
  #judge(now: number): void {
    const mistaken = this.#spurious.judge(this.arrivals.unsent, this.losses.rack.leastRoundTrip, now)
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
      outstanding.fly(tsn, this.arrivals.rate.sent(tsn, outstanding.flight, now))
    }
  }

  /**
   * A receiver may discard what it reported in a gap block (6.2). It shows when the chunk next to the cumulative TSN is
   * one: then whatever was reported among the next `end`, before the first block of this SACK, is sent again, unless its
   * message was given up.
   * As it touches all that is outstanding it is done once a timeout; T3 sees to the rest.
   */
  #takeBackReneged(end: number, now: number): void {
    const outstanding = this.#outstanding
    if (outstanding.count === 0 || outstanding.state(outstanding.first) !== CHUNK_STATE.ACKNOWLEDGED) return
    if (now < this.#takenBackUntil) return
    this.#takenBackUntil = now + this.#path.timeout.value
    const reported = Math.min(end, outstanding.count)
    for (let i = 0; i < reported; i++) {
      const tsn = add32(outstanding.first, i)
      if (outstanding.state(tsn) !== CHUNK_STATE.ACKNOWLEDGED) continue
      if (outstanding.message(tsn).abandoned) outstanding.giveUp(tsn)
      else outstanding.markWaiting(tsn)
    }
  }

  #takeWindow(window: number, released: number, now: number): void {
    const outstanding = this.#outstanding
    if (this.#zeroWindow && window > 0 && released === 0 && outstanding.count > 0) {
      // The buffer has room again, and what probed it was dropped: do not wait for the timer. But what left less than a
      // round trip ago cannot have been answered yet: a window that flickers brings no more than one packet each time.
      const { first } = outstanding
      const { rack, transmissions } = this.losses
      if (
        outstanding.state(first) === CHUNK_STATE.IN_FLIGHT &&
        now - transmissions.sentAt(outstanding.order(first)) >= rack.leastRoundTrip
      ) {
        this.losses.lose(first, now)
        this.fastRetransmit = outstanding.waitingCount > 0
      }
    }
    this.#zeroWindow = window === 0
    this.#advertised = window
    this.peerWindow = Math.max(0, window - outstanding.flight)
  }
}
