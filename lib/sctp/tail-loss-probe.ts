/**
 * The tail-loss probe (RFC 8985 7): when the last packets of a transfer are lost nothing that comes later tells so, and
 * instead of waiting for T3-rtx one chunk is sent, whose SACK does. One probe for each silence.
 */

import { Timer } from '../machine/index.ts'

/** Milliseconds that the peer may hold back the SACK of a single packet (RFC 9260 6.2). */
const DELAYED_ACKNOWLEDGEMENT = 200
/** Milliseconds: on short paths it is the peer's event loop that has to be waited for. */
const LEAST_TIMEOUT = 10

export class TailLossProbe {
  readonly timer = new Timer()
  /** This silence has been probed, or T3 has run out in it. */
  #probing = false
  /** The chunk that was sent again as the probe. */
  #again = false
  #tsn = 0

  /**
   * Data was sent, or acknowledged, and some is in flight: waits anew, but not beyond T3. Before a round trip is known T3
   * is all there is: a probe could come no sooner.
   * @param single Whether what is in flight is no more than one packet.
   */
  arm(smoothed: number | undefined, single: boolean, retransmissionAt: number, now: number): void {
    if (this.#probing || smoothed === undefined) return
    let timeout = Math.max(LEAST_TIMEOUT, 2 * smoothed)
    if (single) timeout += DELAYED_ACKNOWLEDGEMENT
    this.timer.set(Math.min(now + timeout, retransmissionAt))
  }

  /** A new chunk left as the probe, or an old one again. */
  sent(tsn: number, again: boolean): void {
    this.#probing = true
    this.#again = again
    this.#tsn = tsn
    this.timer.stop()
  }

  /** The peer has answered: the next silence may be probed again. */
  answered(): void {
    this.#probing = false
  }

  /** Whether this chunk left again as the probe, and its fate is not known yet. */
  probed(tsn: number): boolean {
    return this.#again && tsn === this.#tsn
  }

  /** The chunk has arrived. */
  settled(): void {
    this.#again = false
  }

  /** T3 has run out: it goes on alone until the peer answers. */
  timedOut(): void {
    this.timer.stop()
    this.#probing = true
    this.#again = false
  }

  /** Nothing is outstanding. */
  stop(): void {
    this.timer.stop()
    this.#probing = false
    this.#again = false
  }
}
