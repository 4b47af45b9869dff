/** What the bench needs of a WebRTC stack: one connection with one data channel, between two processes. */

/** `purertc-1200` is purertc without path MTU discovery: datagrams of at most 1,200 bytes, as the others send them. */
export const STACKS = ['purertc', 'purertc-1200', 'node-datachannel', 'wrtc', 'werift'] as const
/** Compared with the others only where it is named: what DTLS 1.3 costs shows beside it. */
export const ON_REQUEST = ['purertc-dtls1.2'] as const
/** Not in JavaScript, and driven over a pipe: what they do to connect can be compared, how fast they send cannot. */
export const CONNECTING = ['pion', 'aiortc'] as const
export type StackName = (typeof STACKS)[number] | (typeof ON_REQUEST)[number] | (typeof CONNECTING)[number]

export type Role = 'offerer' | 'answerer'

/** A description or a candidate on its way to the other process: JSON. */
export interface Signal {
  readonly description?: { readonly type: string; readonly sdp: string }
  readonly candidate?: Record<string, unknown>
}

export interface Link {
  tell(signal: Signal): void
  /** Called once; from then on the signals of the other side come to `listener`, in their order. */
  listen(listener: (signal: Signal) => void): void
}

/** An open channel, reliable and ordered. */
export interface BenchChannel {
  /** Sends a binary message. `bytes` may be overwritten as soon as the call returns. */
  send(bytes: Uint8Array): void
  /** From now on, messages come to `listener`; what it is given is valid until it returns. */
  receive(listener: (bytes: Uint8Array) => void): void
  close(): void
}

export interface Stack {
  readonly name: StackName
  /** Makes a connection with one channel; resolves when the channel is open. */
  connect(role: Role, link: Link): Promise<BenchChannel>
}

/** Keeps what comes before anyone listens: some stacks deliver before the promise of an open channel has settled. */
export class Inbox {
  readonly #early: Uint8Array[] = []
  #listener: ((bytes: Uint8Array) => void) | undefined

  deliver(bytes: Uint8Array): void {
    if (this.#listener === undefined) this.#early.push(bytes)
    else this.#listener(bytes)
  }

  listen(listener: (bytes: Uint8Array) => void): void {
    this.#listener = listener
    for (const bytes of this.#early.splice(0)) listener(bytes)
  }
}
