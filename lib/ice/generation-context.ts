/** What the generations of one agent share, and what they ask of it. */

import type { CryptoProvider } from '../crypto/index.ts'
import type { IceCounters, IceRole, IceTiming } from './options.ts'
import type { Foundations } from './priority.ts'

export interface GenerationContext {
  readonly crypto: CryptoProvider
  readonly timing: IceTiming
  readonly counters: IceCounters
  readonly foundations: Foundations
  /** We are a lite implementation. */
  readonly lite: boolean
  /** We announce renomination. */
  readonly renomination: boolean
  role: IceRole
  /** 64 bits (RFC 8445, 16.1). */
  tieBreaker: bigint
  transmit(message: Uint8Array, socket: number, address: string, port: number, now: number): void
  /** A check of the peer has shown that we must take the other role (RFC 8445, 7.3.1.1). */
  switchRole(): void
  /** The peer has told by a 487 that we must take the other role (RFC 8445, 7.2.5.1). */
  loseRole(): void
}
