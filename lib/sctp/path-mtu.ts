/**
 * Packetization-layer path MTU discovery (RFC 8899; for SCTP its section 6.2): how large a packet the path carries.
 *
 * A probe is a HEARTBEAT with a PAD chunk behind it (RFC 4820), in a packet of its own that carries no data. One is under
 * way at a time; it is not held back by the congestion window, and its loss is no sign of congestion or of a failed path
 * (RFC 8899 3). The base is taken for granted: chunks have been cut for it.
 *
 * The owner names a ceiling that is likely to be right, so the ceiling itself is tried first, and bisection follows only
 * when it is not. What carried packets once may stop to: after a retransmission timeout, or when large packets alone are
 * lost round after round, packets are of the base size until a probe has shown the larger size again, and losses that
 * acknowledgements show make a probe check it (4.3).
 */

import { getU32, setU16, setU32 } from '../bytes/index.ts'
import { type Random, randomU32, Timer } from '../machine/index.ts'
import { PARAMETER } from './chunk-type.ts'
import type { SctpCounters } from './counters.ts'
import type { PacketBuilder } from './packet-builder.ts'
import type { Path } from './path.ts'

/** Heartbeat Information of a probe: the parameter's header, a nonce of 64 bits, and the size. */
export const PROBE_INFO_LENGTH = 16
/** MAX_PROBES of RFC 8899 5.1.2. */
const MAX_PROBES = 3
/** Milliseconds: the least PROBE_TIMER (5.1.1). */
const LEAST_PROBE_TIME = 1000
/** Milliseconds: PMTU_RAISE_TIMER (5.1.1). */
const RAISE_TIME = 600_000
/** Milliseconds between two checks of a size that is in use, while losses go on. */
const CHECK_INTERVAL = 5000
/** The search ends when what is left of it is smaller than this, in bytes. */
const GRANULARITY = 16
/** What most paths carry when they do not carry a ceiling much larger than it: tried after the first loss of that. */
const COMMON_SIZE = 1400

type State =
  /** No larger packets than the base are allowed for, or there is no association. */
  | 'disabled'
  | 'searching'
  /** The size is in use, and a probe shows whether it should be. */
  | 'checking'
  | 'complete'

export class PathMtu {
  /** PROBE_TIMER while a probe is under way; PMTU_RAISE_TIMER when the search is complete. */
  readonly timer = new Timer()
  #state: State = 'disabled'
  readonly #packets: PacketBuilder
  readonly #path: Path
  readonly #random: Random
  readonly #counters: SctpCounters
  readonly #changed: (bytes: number) => void
  readonly #info = new Uint8Array(PROBE_INFO_LENGTH)
  #ceiling = 0
  /** The largest size that was acknowledged, and the largest that may still be right. */
  #lower = 0
  #upper = 0
  /** The size of the probe that is under way or due, and how often it was not answered. */
  #size = 0
  #misses = 0
  #due = false
  /** The probe under way; zero: none. */
  #nonce = 0
  #checkAfter = 0
  /** The counters as they stood when they were last looked at. */
  #silences = 0
  #lost = 0

  /** @param changed Told the new size of packets, in bytes. */
  constructor(
    packets: PacketBuilder,
    path: Path,
    random: Random,
    counters: SctpCounters,
    changed: (bytes: number) => void,
  ) {
    this.#packets = packets
    this.#path = path
    this.#random = random
    this.#counters = counters
    this.#changed = changed
  }

  /** Starts from the base; the first probe leaves with the next `flush`, behind what is sent there. */
  begin(ceiling: number, now: number): void {
    this.#use(this.#packets.baseMtu)
    this.#ceiling = ceiling & ~3
    if (this.#ceiling <= this.#packets.baseMtu) {
      this.stop()
      return
    }
    this.#silences = this.#counters.timeouts + this.#counters.largePacketsLost
    this.#lost = this.#counters.lostChunks
    this.#lower = this.#packets.baseMtu
    this.#search(this.#ceiling, now)
  }

  stop(): void {
    this.#state = 'disabled'
    this.#due = false
    this.#nonce = 0
    this.timer.stop()
  }

  /** Sends the probe that is due, if there is one. */
  flush(now: number): void {
    if (this.#state === 'disabled' || !this.#due) return
    this.#due = false
    const info = this.#info
    this.#nonce = randomU32(this.#random) | 1
    setU16(info, 0, PARAMETER.HEARTBEAT_INFO)
    setU16(info, 2, PROBE_INFO_LENGTH)
    setU32(info, 4, this.#nonce)
    setU32(info, 8, randomU32(this.#random))
    setU32(info, 12, this.#size)
    this.#counters.mtuProbesSent++
    this.#packets.probe(this.#size, info, now)
    this.timer.set(now + Math.max(LEAST_PROBE_TIME, this.#path.timeout.value))
  }

  /** The timer ran out: a probe was lost, or it is time to try larger ones again. */
  expire(now: number): void {
    if (this.#state === 'complete') {
      this.#search(this.#ceiling, now)
      return
    }
    this.#nonce = 0
    this.#misses++
    this.#counters.mtuProbesLost++
    if (this.#misses === MAX_PROBES) this.#refused(now)
    else if (this.#state === 'searching' && this.#lower < COMMON_SIZE && this.#size > 2 * COMMON_SIZE) {
      this.#try(COMMON_SIZE)
    } else this.#due = true
  }

  /** A HEARTBEAT ACK of a probe's length; one that does not carry what was sent last changes nothing. */
  acknowledged(bytes: Uint8Array, start: number, end: number, now: number): void {
    if (this.#nonce === 0 || end - start !== PROBE_INFO_LENGTH) return
    for (let at = 4; at < PROBE_INFO_LENGTH; at += 4) {
      if (getU32(bytes, start + at) !== getU32(this.#info, at)) return
    }
    this.#nonce = 0
    this.timer.stop()
    this.#path.alive()
    this.#lower = this.#size
    this.#use(this.#size)
    this.#state = 'searching'
    this.#next(now)
  }

  /** What the losses of data say about the size in use; to be called before any of it is sent again. */
  watch(now: number): void {
    if (this.#state === 'disabled') return
    const { timeouts, largePacketsLost, lostChunks } = this.#counters
    const silences = timeouts + largePacketsLost
    const silent = silences !== this.#silences
    const lost = lostChunks !== this.#lost
    if (!silent && !lost) return
    const size = this.#packets.mtu
    this.#silences = silences
    if (size === this.#packets.baseMtu) {
      this.#lost = lostChunks
      return
    }
    if (silent) {
      this.#use(this.#packets.baseMtu)
      this.#check(size, now)
    } else if (this.#state === 'complete' && now >= this.#checkAfter) {
      this.#check(size, now)
    }
    if (this.#state !== 'complete') this.#lost = lostChunks
  }

  #check(size: number, now: number): void {
    this.#state = 'checking'
    this.#checkAfter = now + CHECK_INTERVAL
    this.#try(size)
  }

  /** The path does not carry this size. */
  #refused(now: number): void {
    if (this.#state === 'checking') {
      this.#counters.blackHoles++
      this.#lower = this.#packets.baseMtu
      this.#use(this.#lower)
    }
    this.#search(this.#size - 4, now)
  }

  /** Looks for the size, from the largest that was acknowledged up to `upper`. */
  #search(upper: number, now: number): void {
    this.#state = 'searching'
    this.#upper = upper
    this.#next(now)
  }

  #next(now: number): void {
    const lower = this.#lower
    const upper = this.#upper
    // A ceiling that has not been refused is likelier than anything below it.
    if (upper === this.#ceiling && lower < upper) this.#try(upper)
    else if (upper - lower >= GRANULARITY) this.#try(((lower + upper + 4) >>> 1) & ~3)
    else this.#complete(now)
  }

  #complete(now: number): void {
    this.#state = 'complete'
    this.#due = false
    if (this.#lower < this.#ceiling) this.timer.set(now + RAISE_TIME)
    else this.timer.stop()
  }

  #try(size: number): void {
    this.#size = size
    this.#misses = 0
    this.#nonce = 0
    this.#due = true
    this.timer.stop()
  }

  #use(bytes: number): void {
    const before = this.#packets.mtu
    this.#packets.setMtu(bytes)
    if (this.#packets.mtu !== before) this.#changed(this.#packets.mtu)
  }
}
