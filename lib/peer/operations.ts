/**
 * The operations chain (webrtc-pc, 4.4.1.2) and the negotiation-needed flag that waits for it (4.7.3): of the methods
 * that negotiate, one runs at a time, in the order of the calls.
 */

import { closedException } from '../idl/index.ts'

/** What the chain asks of its connection. */
export interface NegotiationOwner {
  readonly closed: boolean
  readonly stable: boolean
  /** Whether anything remains to be negotiated ("check if negotiation is needed"). */
  negotiationNeeded(): boolean
  queueTask(task: () => void): void
  fireNegotiationNeeded(): void
}

export class OperationsChain {
  readonly #owner: NegotiationOwner
  readonly #operations: (() => void)[] = []
  #updateOnEmptyChain = false
  #negotiationNeeded = false

  constructor(owner: NegotiationOwner) {
    this.#owner = owner
  }

  /**
   * Runs `operation` when those before it are done: at once when there are none.
   *
   * The promise settles as the operation's does, or never when the connection is closed before.
   */
  chain<T>(context: string, operation: () => Promise<T>): Promise<T> {
    if (this.#owner.closed) return Promise.reject(closedException(context))
    return new Promise((resolve, reject) => {
      const settle = (act: () => void): void => {
        if (this.#owner.closed) return
        // Queued before the promise settles, so that the next operation begins ahead of the application's reactions.
        void Promise.resolve().then(this.#next)
        act()
      }
      const run = (): void => {
        operation().then(
          value => settle(() => resolve(value)),
          (error: unknown) => settle(() => reject(error)),
        )
      }
      this.#operations.push(run)
      if (this.#operations.length === 1) run()
    })
  }

  /** Updates the flag, and fires `negotiationneeded` in a task of its own when it becomes set. */
  updateNegotiationNeeded(): void {
    if (this.#operations.length > 0) {
      this.#updateOnEmptyChain = true
      return
    }
    this.#owner.queueTask(() => this.#update())
  }

  /** An answer has been applied: whatever needed negotiation has had it, or will be found again. */
  clearNegotiationNeeded(): void {
    this.#negotiationNeeded = false
  }

  #update(): void {
    const owner = this.#owner
    if (owner.closed) return
    if (this.#operations.length > 0) {
      this.#updateOnEmptyChain = true
      return
    }
    // It is looked at again when the state becomes stable.
    if (!owner.stable) return
    if (!owner.negotiationNeeded()) {
      this.#negotiationNeeded = false
      return
    }
    if (this.#negotiationNeeded) return
    this.#negotiationNeeded = true
    owner.fireNegotiationNeeded()
  }

  readonly #next = (): void => {
    if (this.#owner.closed) return
    this.#operations.shift()
    const first = this.#operations[0]
    if (first !== undefined) {
      first()
    } else if (this.#updateOnEmptyChain) {
      this.#updateOnEmptyChain = false
      this.updateNegotiationNeeded()
    }
  }
}
