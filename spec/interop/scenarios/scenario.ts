/** What a scenario is. */

import type { Test } from 'tap'
import type { Quirks } from '../drivers/driver.ts'
import type { Pair } from '../pair.ts'

export interface Scenario {
  /** What is true when it passes. */
  readonly name: string
  /** Whether a peer with these quirks can do it at all. */
  fits(quirks: Quirks, weOffer: boolean): boolean
  /** For our RTCPeerConnection. */
  readonly ours?: object | (() => Promise<object>)
  /** For the peer's. */
  peer?(quirks: Quirks): object
  /** The DTLS role that the offer is made to name, whatever the offerer wrote: then the other is the answerer's. */
  readonly offeredSetup?: 'active' | 'passive'
  run(t: Test, pair: Pair): Promise<void>
}

/** A scenario that every peer can do. */
export const always = () => true
