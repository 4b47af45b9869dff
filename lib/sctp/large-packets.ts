/**
 * Whether packets larger than the base still arrive (black hole detection, RFC 8899 4.3).
 *
 * Where large packets vanish and small ones do not, SACKs go on and find the large ones lost, time and again, so that no
 * timer runs out. One round of losses is congestion, or chance. Several in a row, in which no large packet arrived at all,
 * though each round was sent in answer to the one before, are the path.
 *
 * A packet counts by its last chunks: those that lie beyond what the base has room for.
 */

import { diff32 } from '../bytes/index.ts'

/** Rounds of losses: as many as lost probes in RFC 8899 5.1.2. */
const ROUNDS = 3

export class LargePackets {
  #rounds = 0
  /** A round is of transmissions from this order on: of what was sent when the round before had been found lost. */
  #from = 0

  /** A chunk of the part of a packet that is beyond the base has arrived. */
  arrived(): void {
    this.#rounds = 0
  }

  /**
   * One is found lost. Returns true when the path is to be suspected.
   * @param order Of its transmission; `next` is the order of the transmission that comes next.
   */
  lost(order: number, next: number): boolean {
    if (this.#rounds > 0 && diff32(order, this.#from) < 0) return false
    this.#from = next
    if (++this.#rounds < ROUNDS) return false
    this.#rounds = 0
    return true
  }
}
