/**
 * The tail-loss probe (RFC 8985 7): when the last packets of a transfer are lost nothing that comes later tells so, and
 * instead of waiting for T3-rtx one chunk is sent, whose SACK does. One probe for each silence.
 *
 * Where something is held up until the peer has acknowledged what it may well have, such as the reset of a stream, the probe
 * also brings that acknowledgement: the peer may delay the one of a single packet, but not that of a duplicate (RFC 9260 6.2).
 */

import { Timer } from '../machine/index.ts'

/** Milliseconds that the peer may hold back the SACK of a single packet (RFC 9260 6.2). */
const DELAYED_ACKNOWLEDGEMENT = 200
/** Milliseconds: on short paths it is the peer's event loop that has to be waited for. */
const LEAST_TIMEOUT = 10
/** Milliseconds: the same where the acknowledgement is awaited, and a probe too many is all that haste costs. */
const LEAST_AWAITED_TIMEOUT = 5

export class TailLossProbe {
  readonly timer = new Timer()
  /** This silence has been probed, or T3 has run out in it. */
  #probing = false
  /** The chunk that was sent again as the probe. */
  #again = false
  #tsn = 0
  #sentAt = 0
  /** The timer does not wait for a delayed acknowledgement, so that the probe may cross it. */
  #hasty = false
  /** The chunk of a hasty probe has arrived, and whether once or twice is not known. */
  #undecided = false

  /**
   * Data was sent, or acknowledged, and some is in flight: waits anew, but not beyond T3. Before a round trip is known T3
   * is all there is: a probe could come no sooner.
   * @param single Whether what is in flight is no more than one packet.
   */
  arm(smoothed: number | undefined, single: boolean, retransmissionAt: number, now: number): void {
    if (this.#probing || smoothed === undefined) return
    let timeout = Math.max(LEAST_TIMEOUT, 2 * smoothed)
    if (single) timeout += DELAYED_ACKNOWLEDGEMENT
    this.#hasty = false
    this.timer.set(Math.min(now + timeout, retransmissionAt))
  }

  /**
   * The acknowledgement of a single packet in flight is awaited: the peer is given no time to hold it back. Of the round
   * trips the least one counts, because the others may have delayed acknowledgements in them.
   * @param sentAt When the last of what is in flight was sent.
   */
  hasten(sentAt: number, leastRoundTrip: number, now: number): void {
    const at = Math.max(now, sentAt + Math.max(LEAST_AWAITED_TIMEOUT, 2 * leastRoundTrip))
    if (this.#probing || !this.timer.running || at >= this.timer.at) return
    this.#hasty = true
    this.timer.set(at)
  }

  /** A new chunk left as the probe, or an old one again. */
  sent(tsn: number, again: boolean, now: number): void {
    this.#probing = true
    this.#again = again
    this.#undecided = false
    this.#tsn = tsn
    this.#sentAt = now
    this.timer.stop()
  }

  /** The peer has answered: the next silence may be probed again. */
  answered(): void {
    this.#probing = false
  }

  /** Whether this chunk left again as the probe, and its fate is not known yet. */
  probed(tsn: number): boolean {
    return (this.#again || this.#undecided) && tsn === this.#tsn
  }

  /**
   * The chunk has arrived. Returns whether a loss was repaired (RFC 8985 7.4): unless both transmissions did.
   * A delayed SACK and a hasty probe may have crossed; then the SACK of the duplicate is still to come.
   */
  arrived(twice: boolean): boolean {
    this.#again = false
    this.#undecided = this.#hasty && !twice
    return !this.#hasty && !twice
  }

  /** Another SACK has come. Returns whether it leaves no doubt any more that a loss was repaired. */
  decide(twice: boolean, timeout: number, now: number): boolean {
    if (!this.#undecided || (!twice && now - this.#sentAt < timeout)) return false
    this.#undecided = false
    return !twice
  }

  /** Its loss has been answered with that of others. */
  settled(): void {
    this.#again = false
    this.#undecided = false
  }

  /** T3 has run out: it goes on alone until the peer answers. */
  timedOut(): void {
    this.timer.stop()
    this.#probing = true
    this.settled()
  }

  /** Nothing is outstanding. */
  stop(): void {
    this.timer.stop()
    this.#probing = false
    this.#again = false
  }
}
