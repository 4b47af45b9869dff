/**
 * What became of one server, over all addresses that it was asked from: nothing is said as long as one of them may still
 * succeed, and it has failed as a whole when none did (webrtc-pc, 4.8.3: told once for each URL).
 */

import type { GatherError } from './options.ts'

/** Nobody answers, or the way there is barred: outside the range of STUN's codes (webrtc-pc, 4.8.3). */
export const UNREACHABLE = 701

export interface AttemptFailure {
  readonly code: number
  readonly text: string
  readonly address?: string
  readonly port?: number
}

export class ServerAttempts {
  #succeeded = false
  #failure: AttemptFailure | undefined

  constructor(readonly url: string) {}

  succeeded(): void {
    this.#succeeded = true
  }

  /** A refusal by the server says more than silence, so it is kept when some attempts reached it and some did not. */
  failed(failure: AttemptFailure): void {
    if (this.#failure === undefined || this.#failure.code === UNREACHABLE) this.#failure = failure
  }

  /** All attempts are over: the failure to tell, if none of them led anywhere. */
  get error(): GatherError | undefined {
    if (this.#succeeded || this.#failure === undefined) return undefined
    const { code, text, address = null, port = null } = this.#failure
    return { url: this.url, address, port, code, text }
  }
}
