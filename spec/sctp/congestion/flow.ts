/**
 * A sender and a receiver reduced to what congestion control sees of them: an endless supply of packets of one size, a
 * receiver that acknowledges each by name, loss found by three later arrivals or a timer. Faster than whole associations,
 * and free of their peculiarities.
 */

import { createCongestionControl } from '../../../lib/sctp/congestion/controllers.ts'
import type { Acknowledgement, CongestionControl, CongestionControlName } from '../../../lib/sctp/index.ts'
import { Agenda } from '../../../lib/sim/agenda.ts'
import { type LinkOptions, SeededRandom } from '../../../lib/sim/index.ts'
import { Link } from '../../../lib/sim/link.ts'

export interface FlowOptions {
  readonly name: CongestionControlName
  readonly packetSize?: number
  /** Milliseconds when it begins. */
  readonly start?: number
  /** The receiver acknowledges what came in so many milliseconds together; 0: every second packet at once. */
  readonly coalesce?: number
  /** Bytes a millisecond that there are to send; endless unless given. */
  readonly supply?: number
}

interface Sent {
  readonly size: number
  readonly at: number
  readonly delivered: number
  readonly deliveredAt: number
  readonly firstSentAt: number
  readonly limited: boolean
  state: 'flying' | 'arrived' | 'lost'
}

const OVERHEAD = 28

/** One bottleneck and the flows through it. */
export class Bottleneck {
  readonly agenda = new Agenda()
  readonly forward: Link
  readonly back: Link
  readonly flows: Flow[] = []
  now = 0
  options: LinkOptions

  constructor(options: LinkOptions, seed = 1) {
    this.options = options
    this.forward = new Link(new SeededRandom(seed, 1), { defaults: {} })
    this.back = new Link(new SeededRandom(seed, 2), { defaults: {} })
    this.change(options)
  }

  /** Both directions have the delay; the rest is of the forward one. */
  change(options: LinkOptions): void {
    this.options = options
    this.forward.options = options
    this.back.options = { delay: options.delay ?? 0 }
  }

  add(options: FlowOptions): Flow {
    const flow = new Flow(this, options, this.flows.length + 1)
    this.flows.push(flow)
    return flow
  }

  run(until: number): void {
    while (this.agenda.next <= until) {
      this.now = this.agenda.next
      this.agenda.take()!(this.now)
    }
    this.now = until
  }
}

export class Flow {
  readonly control: CongestionControl
  readonly size: number
  /** Bytes that the receiver has. */
  received = 0
  lostPackets = 0
  sentPackets = 0
  timeouts = 0
  lastRoundTrip = 0
  largestRoundTrip = 0
  readonly #network: Bottleneck
  readonly #options: FlowOptions
  readonly #packets = new Map<number, Sent>()
  #next = 0
  #oldest = 0
  #highest = -1
  #flight = 0
  #delivered = 0
  #deliveredAt = 0
  #firstSentAt = 0
  #limitedUntil = 0
  #nextDeparture = 0
  #wakeAt = Number.POSITIVE_INFINITY
  #timer = 0
  #recoverUntil = -1
  #smoothed = 200
  #limited = false
  #given = 0
  #arrived: number[] = []
  #expected = 0
  #ackPlanned = false
  readonly #sample: Acknowledgement = {
    now: 0,
    bytes: 0,
    lost: 0,
    priorFlight: 0,
    flight: 0,
    advanced: true,
    limited: false,
    recovering: false,
    roundTrip: Number.NaN,
    deliveryRate: Number.NaN,
    applicationLimited: false,
    delivered: 0,
    priorDelivered: 0,
  }

  constructor(network: Bottleneck, options: FlowOptions, seed: number) {
    this.#network = network
    this.#options = options
    this.size = options.packetSize ?? 1144
    this.control = createCongestionControl(options.name, { packetSize: this.size, random: new SeededRandom(seed, 77) })
    network.agenda.add(options.start ?? 0, now => this.#send(now))
  }

  #send(now: number): void {
    const { control, size } = this
    const { supply } = this.#options
    for (;;) {
      if (supply !== undefined && this.#given + size > supply * (now - (this.#options.start ?? 0))) {
        this.#limited = false
        this.#limitedUntil = this.#delivered + Math.max(1, this.#flight)
        this.#wake(now + 1)
        return
      }
      if (this.#flight >= control.window) {
        this.#limited = true
        return
      }
      if (this.#nextDeparture > now) {
        this.#limited = true
        this.#wake(this.#nextDeparture)
        return
      }
      this.#transmit(now)
    }
  }

  #transmit(now: number): void {
    const { control, size } = this
    if (control.pacingRate !== Number.POSITIVE_INFINITY) {
      this.#nextDeparture = Math.max(this.#nextDeparture, now - 2) + size / control.pacingRate
    }
    if (this.#flight === 0) {
      this.#firstSentAt = now
      this.#deliveredAt = now
    }
    const sequence = this.#next++
    this.#packets.set(sequence, {
      size,
      at: now,
      delivered: this.#delivered,
      deliveredAt: this.#deliveredAt,
      firstSentAt: this.#firstSentAt,
      limited: this.#delivered < this.#limitedUntil,
      state: 'flying',
    })
    control.sent(size, this.#flight, now)
    this.#flight += size
    this.#given += size
    this.sentPackets++
    if (this.#timer === 0) this.#arm(now)
    for (const at of this.#network.forward.enter(new Uint8Array(size), OVERHEAD, now)) {
      this.#network.agenda.add(at, then => this.#arrive(sequence, then))
    }
  }

  #wake(at: number): void {
    if (at >= this.#wakeAt) return
    this.#wakeAt = at
    this.#network.agenda.add(at, now => {
      if (this.#wakeAt === at) this.#wakeAt = Number.POSITIVE_INFINITY
      this.#send(now)
    })
  }

  #arm(now: number): void {
    const mark = ++this.#timer
    const at = now + Math.max(300, 2 * this.#smoothed)
    this.#network.agenda.add(at, then => {
      if (mark !== this.#timer) return
      this.#timer = 0
      if (this.#flight === 0) return
      this.timeouts++
      const flight = this.#flight
      for (let i = this.#oldest; i < this.#next; i++) this.#lose(i)
      this.#recoverUntil = this.#next - 1
      this.control.timedOut(flight, then)
      this.#send(then)
    })
  }

  #lose(sequence: number): number {
    const packet = this.#packets.get(sequence)
    if (packet?.state !== 'flying') return 0
    packet.state = 'lost'
    this.#flight -= packet.size
    this.lostPackets++
    return packet.size
  }

  #arrive(sequence: number, now: number): void {
    const packet = this.#packets.get(sequence)
    if (packet?.state === 'flying' || packet?.state === 'lost') this.received += packet.size
    this.#arrived.push(sequence)
    const { coalesce = 0 } = this.#options
    const gap = sequence !== this.#expected
    this.#expected = sequence + 1
    if (coalesce === 0 && (this.#arrived.length >= 2 || gap)) this.#acknowledge(now)
    if (this.#ackPlanned || this.#arrived.length === 0) return
    this.#ackPlanned = true
    this.#network.agenda.add(now + (coalesce === 0 ? 40 : coalesce), then => {
      this.#ackPlanned = false
      if (this.#arrived.length > 0) this.#acknowledge(then)
    })
  }

  #acknowledge(now: number): void {
    const arrived = this.#arrived
    this.#arrived = []
    for (const at of this.#network.back.enter(new Uint8Array(60), OVERHEAD, now)) {
      this.#network.agenda.add(at, then => this.#acknowledged(arrived, then))
    }
  }

  #acknowledged(arrived: readonly number[], now: number): void {
    const sample = this.#sample
    sample.now = now
    sample.priorFlight = this.#flight
    sample.bytes = 0
    sample.lost = 0
    sample.roundTrip = Number.NaN
    sample.deliveryRate = Number.NaN
    sample.limited = this.#limited
    sample.recovering = this.#recoverUntil >= 0
    let latest: Sent | undefined
    for (const sequence of arrived) {
      const packet = this.#packets.get(sequence)
      if (packet === undefined || packet.state === 'arrived') continue
      if (packet.state === 'flying') this.#flight -= packet.size
      packet.state = 'arrived'
      sample.bytes += packet.size
      if (sequence > this.#highest) this.#highest = sequence
      if (latest === undefined || packet.at >= latest.at) latest = packet
      if (this.#recoverUntil >= 0 && sequence >= this.#recoverUntil) {
        this.#recoverUntil = -1
        this.control.recovered(now)
      }
    }
    this.#delivered += sample.bytes
    if (sample.bytes > 0) this.#deliveredAt = now
    if (latest !== undefined) {
      sample.roundTrip = now - latest.at
      this.lastRoundTrip = sample.roundTrip
      this.largestRoundTrip = Math.max(this.largestRoundTrip, sample.roundTrip)
      this.#smoothed += (sample.roundTrip - this.#smoothed) / 8
      this.#firstSentAt = latest.at
      const interval = Math.max(latest.at - latest.firstSentAt, now - latest.deliveredAt)
      if (interval > 0) sample.deliveryRate = (this.#delivered - latest.delivered) / interval
      sample.applicationLimited = latest.limited
      sample.priorDelivered = latest.delivered
    }
    for (let i = this.#oldest; i < this.#highest - 2; i++) sample.lost += this.#lose(i)
    while (this.#oldest < this.#next && this.#packets.get(this.#oldest)!.state !== 'flying') {
      this.#packets.delete(this.#oldest++)
    }
    sample.delivered = this.#delivered
    sample.flight = this.#flight
    if (sample.lost > 0 && this.#recoverUntil < 0) {
      this.#recoverUntil = this.#next - 1
      this.control.lost(sample.priorFlight, now)
    }
    this.control.acknowledged(sample)
    this.#arm(now)
    this.#send(now)
  }
}
