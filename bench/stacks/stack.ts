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

/** What the association has done so far, where a stack tells. */
export interface PacketCounts {
  /** Bytes of UDP payload of the largest datagram that is sent now. */
  readonly datagramSize: number
  /** Packets that carried a SACK, and packets of the association that came in. */
  readonly sacksSent: number
  readonly packetsReceived: number
}

/** Open channels of one connection, reliable and ordered; most jobs need the first alone. */
export interface BenchChannel {
  /** Sends a binary message over the channel of that number (the first). `bytes` may be overwritten as soon as the call returns. */
  send(bytes: Uint8Array, channel?: number): void
  /** From now on, messages come to `listener`; what it is given is valid until it returns. */
  receive(listener: (bytes: Uint8Array, channel: number) => void): void
  /** Absent where the stack does not tell. */
  readonly counts?: () => Promise<PacketCounts | undefined>
  close(): void
}

export interface Stack {
  readonly name: StackName
  /** Makes a connection with so many channels (one); resolves when all are open. */
  connect(role: Role, link: Link, channels?: number): Promise<BenchChannel>
}

/** Keeps what comes before anyone listens: some stacks deliver before the promise of an open channel has settled. */
export class Inbox {
  readonly #early: { readonly bytes: Uint8Array; readonly channel: number }[] = []
  #listener: ((bytes: Uint8Array, channel: number) => void) | undefined

  deliver(bytes: Uint8Array, channel: number): void {
    if (this.#listener === undefined) this.#early.push({ bytes, channel })
    else this.#listener(bytes, channel)
  }

  listen(listener: (bytes: Uint8Array, channel: number) => void): void {
    this.#listener = listener
    for (const { bytes, channel } of this.#early.splice(0)) listener(bytes, channel)
  }
}
