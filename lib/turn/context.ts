/** What the parts of a TURN client share. */

import type { EventQueue } from '../machine/index.ts'
import { ErrorCode } from '../stun/index.ts'
import type { TurnCounters, TurnEvent } from './options.ts'
import type { Outcome, Requests } from './requests.ts'

export interface TurnContext {
  readonly requests: Requests
  readonly counters: TurnCounters
  readonly events: EventQueue<TurnEvent>
  /** The allocation is gone: nothing is asked or sent any more. */
  lose(outcome: Outcome & { readonly kind: 'error' }): void
  /**
   * A 400 to a request that is in order: servers exist (coturn) that answer so when they know of no allocation, since they
   * were restarted. A Refresh tells.
   */
  doubt(now: number): void
}

/**
 * Whether an error to any request but the first means that there is no allocation for us at this server: it knows of
 * none (437), it belongs to another user name (441), or we cannot prove who we are (401, 438).
 */
export const isLoss = ({ code, message }: Outcome & { readonly kind: 'error' }): boolean =>
  code === ErrorCode.unauthenticated ||
  (message !== undefined &&
    (code === ErrorCode.allocationMismatch || code === ErrorCode.wrongCredentials || code === ErrorCode.staleNonce))
