/**
 * A client transaction over UDP: the request is sent again until an answer comes or hope is lost (RFC 8489, 6.2.1).
 */

import type { Machine } from '../machine/index.ts'

export interface RetransmissionTiming {
  /** Milliseconds before the first retransmission; doubled after each. 500 by default. */
  readonly initialTimeout?: number
  /** Rc: how often the request is sent in all. 7 by default; 1 is never sent again. */
  readonly requests?: number
  /** Rm: how many times `initialTimeout` to wait for an answer after the last request. 16 by default. */
  readonly lastWait?: number
}

export const DEFAULT_INITIAL_TIMEOUT = 500
export const DEFAULT_REQUESTS = 7
export const DEFAULT_LAST_WAIT = 16

export type TransactionState = 'running' | 'completed' | 'timed-out'

export class ClientTransaction implements Machine {
  state: TransactionState = 'running'
  /** When the request was first and last sent, and how often. */
  readonly firstSentAt: number
  lastSentAt: number
  requestsSent = 1
  deadline: number
  readonly #request: Uint8Array
  readonly #transmit: (request: Uint8Array, now: number) => void
  readonly #initialTimeout: number
  readonly #lastWait: number
  #requests: number
  #timeout: number

  /**
   * Sends the request for the first time.
   * @param transmit Puts the request on the wire; it is not to be changed there.
   */
  constructor(
    request: Uint8Array,
    transmit: (request: Uint8Array, now: number) => void,
    now: number,
    timing: RetransmissionTiming = {},
  ) {
    this.#request = request
    this.#transmit = transmit
    this.#initialTimeout = timing.initialTimeout ?? DEFAULT_INITIAL_TIMEOUT
    this.#requests = timing.requests ?? DEFAULT_REQUESTS
    this.#lastWait = timing.lastWait ?? DEFAULT_LAST_WAIT
    this.#timeout = this.#initialTimeout
    this.firstSentAt = now
    this.lastSentAt = now
    this.deadline = this.#nextDeadline(now)
    transmit(request, now)
  }

  advance(now: number): void {
    while (this.state === 'running' && now >= this.deadline) {
      if (this.requestsSent >= this.#requests) {
        this.state = 'timed-out'
        this.deadline = Number.POSITIVE_INFINITY
        return
      }
      // A driver that comes late must not send a burst: the next timeout counts from now.
      this.requestsSent++
      this.lastSentAt = now
      this.#timeout *= 2
      this.deadline = this.#nextDeadline(now)
      this.#transmit(this.#request, now)
    }
  }

  /**
   * Sends no more, but waits for the answer as long as it would have without (RFC 8445, 7.2.5.1 and 7.3.1.4).
   */
  stopRetransmitting(now: number): void {
    if (this.state !== 'running' || this.requestsSent >= this.#requests) return
    this.#requests = this.requestsSent
    this.deadline = now + this.#lastWait * this.#initialTimeout
  }

  /** The answer has come. */
  complete(): void {
    this.state = 'completed'
    this.deadline = Number.POSITIVE_INFINITY
  }

  #nextDeadline(now: number): number {
    const last = this.requestsSent >= this.#requests
    return now + (last ? this.#lastWait * this.#initialTimeout : this.#timeout)
  }
}
