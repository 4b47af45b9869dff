/**
 * Whether what was sent again had been lost at all: by the duplicates that the peer reports (RFC 3708, with the duplicate
 * TSNs of a SACK in place of DSACK), and after a timeout by what is acknowledged too soon, or without having been sent
 * again (RFC 5682, RFC 3522).
 */

import { diff32 } from '../bytes/index.ts'
import { SerialBits } from './serial-bits.ts'

const CAPACITY = 65_536

export class SpuriousRecovery {
  /** The timer ran out, and nothing that was acknowledged since has told whether it did so rightly. */
  undecided = false
  /** A SACK has acknowledged something since the timer ran out. */
  #heard = false
  #timedOutAt = 0
  #resent: SerialBits | undefined
  #first = 0
  #sent = 0
  #duplicates = 0
  #running = false

  /** A recovery begins, in which chunks from `first` on may be sent again. */
  begin(first: number): void {
    this.#resent?.clear(0, CAPACITY)
    this.#resent ??= new SerialBits(CAPACITY)
    this.#first = first
    this.#sent = 0
    this.#duplicates = 0
    this.#running = true
    this.undecided = false
  }

  /** The timer ran out. */
  timedOut(first: number, now: number): void {
    this.begin(first)
    this.undecided = true
    this.#heard = false
    this.#timedOutAt = now
  }

  /** A chunk is sent again. */
  resent(tsn: number): void {
    if (!this.#running) return
    this.#resent!.add(tsn)
    this.#sent++
  }

  /** The peer received it twice. Returns whether it had been sent again: else it is the network that made two of it. */
  duplicate(tsn: number): boolean {
    const distance = diff32(tsn, this.#first)
    if (!this.#running || distance < 0 || distance >= CAPACITY || !this.#resent!.has(tsn)) return false
    this.#resent!.delete(tsn)
    this.#duplicates++
    return true
  }

  /** Whether all that was sent again had been received before; true once. */
  undone(): boolean {
    if (!this.#running || this.#sent === 0 || this.#duplicates < this.#sent) return false
    this.#running = false
    this.undecided = false
    return true
  }

  /**
   * The first SACKs after a timeout that acknowledge anything. Returns whether they show that it was mistaken.
   * @param unsent Something was acknowledged that counted as lost and had not been sent again.
   */
  judge(unsent: boolean, leastRoundTrip: number, now: number): boolean {
    if (!this.undecided) return false
    // An answer to what was sent again takes a round trip at least.
    const early = !this.#heard && now - this.#timedOutAt < leastRoundTrip && leastRoundTrip !== Number.POSITIVE_INFINITY
    // The first answer may be to a cumulative gap that was filled; the second one is not (RFC 5682 2.1 step 3).
    const mistaken = early || (this.#heard && unsent)
    if (this.#heard || early) this.undecided = false
    this.#heard = true
    if (mistaken) this.#running = false
    return mistaken
  }
}
