/** A data channel (RFC 8831): what it was opened with, what became of it, what it has counted. */

import { utf8 } from '../bytes/index.ts'
import { type Association, SctpError, type SendOptions } from '../sctp/index.ts'
import { type ChannelPriority, priorityWeight } from './dcep.ts'

export interface ChannelOptions {
  /** At most 65,535 bytes of UTF-8. */
  readonly label: string
  /** At most 65,535 bytes of UTF-8. */
  readonly protocol: string
  readonly ordered: boolean
  /** How often a message is sent again at most; 0: it is sent once. Not together with `maxPacketLifeTime`. */
  readonly maxRetransmits?: number | undefined
  /** Milliseconds for which a message is sent. */
  readonly maxPacketLifeTime?: number | undefined
  /** Both sides make the channel, with the same `id`, and nothing is said about it on the wire. */
  readonly negotiated: boolean
  /** Of a negotiated channel: 0 to 65,534. */
  readonly id?: number | undefined
  readonly priority?: ChannelPriority | undefined
}

export type ChannelState = 'connecting' | 'open' | 'closing' | 'closed'

export type ChannelErrorCode =
  /** The channel is not open, or the association is closed. */
  | 'invalid-state'
  /** The message is larger than the peer takes. */
  | 'too-large'
  /** Too much waits to be sent. */
  | 'buffer-full'
  | 'id-in-use'
  | 'no-id-left'
  /** The peer broke the protocol on this channel, or sent a message larger than was announced. */
  | 'data-channel-failure'
  /** The association failed. */
  | 'sctp-failure'

/** A caller's mistake (thrown), or why a channel was closed (told). */
export class ChannelError extends Error {
  override readonly name = 'ChannelError'

  /** @param sctpCauseCode The cause in the peer's ABORT (RFC 9260 3.3.10). */
  constructor(
    readonly code: ChannelErrorCode,
    message: string,
    readonly sctpCauseCode?: number,
  ) {
    super(message)
  }
}

/** What the association throws, as the owner of a channel is to see it. */
export const sendError = (error: unknown): unknown => {
  if (!(error instanceof SctpError)) return error
  return new ChannelError(error.code === 'buffer-full' ? 'buffer-full' : 'invalid-state', error.message)
}

export interface Channel {
  /** The SCTP stream, both ways; undefined until the DTLS role is known (RFC 8832 6). */
  readonly id: number | undefined
  readonly label: string
  readonly protocol: string
  readonly ordered: boolean
  readonly maxRetransmits: number | undefined
  /** Milliseconds. */
  readonly maxPacketLifeTime: number | undefined
  readonly negotiated: boolean
  readonly priority: ChannelPriority
  readonly state: ChannelState
  /** Bytes accepted by `send` and not yet handed to the network. What will not be sent, since the channel closes, stays. */
  readonly bufferedAmount: number
  /** The event `buffered-low` is told when `bufferedAmount` falls from above this to it or below; never, if it is negative. */
  bufferedAmountLowThreshold: number
  readonly messagesSent: number
  readonly bytesSent: number
  readonly messagesReceived: number
  readonly bytesReceived: number
  /**
   * Asks for one event `drained`.
   * @returns False, and there will be none, when no more than `bytes` are buffered now, or the channel is closed.
   */
  awaitDrain(bytes: number): boolean
  /**
   * Keeps room for a message whose bytes are not there yet: once they are, `send` has room for it after `unreserve`.
   * @throws ChannelError 'buffer-full'.
   */
  reserve(bytes: number): void
  /** It is to be sent now, or will not be. */
  unreserve(bytes: number): void
  /** The owner keeps so many bytes of messages that nobody has taken yet: the peer may send as many fewer. */
  retain(bytes: number): void
  /** They were taken; the peer is told with `flush`. */
  release(bytes: number): void
}

/** The same, as its `DataChannels` sees it. */
export class DataChannel implements Channel {
  id: number | undefined
  readonly label: string
  readonly protocol: string
  readonly ordered: boolean
  readonly maxRetransmits: number | undefined
  readonly maxPacketLifeTime: number | undefined
  readonly negotiated: boolean
  readonly priority: ChannelPriority
  state: ChannelState = 'connecting'
  messagesSent = 0
  bytesSent = 0
  messagesReceived = 0
  bytesReceived = 0
  /** How messages are sent, by whether their bytes are handed over; made anew when the peer has acknowledged. */
  policy!: SendOptions
  ownedPolicy!: SendOptions
  #acknowledged: boolean
  /** Closing is over when both directions are reset. */
  outgoingReset = false
  incomingReset = false
  /** Monotonic milliseconds until which the peer, once our direction is reset, is waited for. */
  answerDue = Number.POSITIVE_INFINITY
  /** Bytes of the OPEN that the peer made it with. */
  openLength = 0
  /** Why it is being closed. */
  error: ChannelError | undefined
  readonly #association: Association
  #threshold = 0
  /** Bytes: the event `drained` is told at this many or fewer, once; -1 when nobody waits for it. */
  #drainMark = -1
  /** What the association was told to tell us of: the highest mark that lies below the amount. */
  #mark = 0
  #lastBuffered = 0
  /** Bytes that will not be sent any more, since the peer has closed the channel. */
  #discarded = 0

  /** Throws a TypeError when the options contradict each other or are out of range. */
  constructor(association: Association, options: ChannelOptions, acknowledged: boolean) {
    const { maxRetransmits, maxPacketLifeTime, negotiated, id } = options
    if (maxRetransmits !== undefined && maxPacketLifeTime !== undefined) {
      throw new TypeError('maxRetransmits and maxPacketLifeTime exclude each other')
    }
    if (negotiated && (id === undefined || !Number.isInteger(id) || id < 0 || id > 65_534)) {
      throw new TypeError('A negotiated channel has an id from 0 to 65534')
    }
    for (const text of [options.label, options.protocol]) {
      if (text.length > 65_535 || (text.length > 21_845 && utf8(text).length > 65_535)) {
        throw new TypeError('Label and protocol have at most 65535 bytes of UTF-8')
      }
    }
    this.#association = association
    this.id = negotiated ? id : undefined
    this.label = options.label
    this.protocol = options.protocol
    this.ordered = options.ordered
    this.maxRetransmits = maxRetransmits
    this.maxPacketLifeTime = maxPacketLifeTime
    this.negotiated = negotiated
    this.priority = options.priority ?? 'low'
    this.#acknowledged = acknowledged
    this.#setPolicies()
  }

  get acknowledged(): boolean {
    return this.#acknowledged
  }

  /** The peer has it too: the ACK came, or a message. Until then what is sent is sent in order (RFC 8832 6). */
  acknowledge(): void {
    if (this.#acknowledged) return
    this.#acknowledged = true
    this.#setPolicies()
  }

  #setPolicies(): void {
    this.policy = {
      unordered: !this.ordered && this.#acknowledged,
      maxRetransmits: this.maxRetransmits,
      lifetime: this.maxPacketLifeTime,
    }
    this.ownedPolicy = { ...this.policy, owned: true }
  }

  get bufferedAmount(): number {
    if (this.state === 'closed' || this.id === undefined) return this.#lastBuffered
    return this.#association.bufferedAmount(this.id) + this.#discarded
  }

  get bufferedAmountLowThreshold(): number {
    return this.#threshold
  }

  set bufferedAmountLowThreshold(bytes: number) {
    this.#threshold = bytes
    this.#applyMarks()
  }

  /** The stream is the channel's from now on: how much of the rate it gets, and of which amounts it tells. */
  begin(): void {
    const id = this.id!
    this.#association.setPriority(id, priorityWeight(this.priority))
    this.#applyMarks()
  }

  reserve(bytes: number): void {
    try {
      this.#association.reserve(bytes)
    } catch (error) {
      throw sendError(error)
    }
  }

  unreserve(bytes: number): void {
    this.#association.unreserve(bytes)
  }

  retain(bytes: number): void {
    this.#association.retain(bytes)
  }

  release(bytes: number): void {
    this.#association.release(bytes)
  }

  awaitDrain(bytes: number): boolean {
    if (this.state === 'closed' || this.bufferedAmount <= bytes) return false
    this.#drainMark = bytes
    this.#applyMarks()
    return true
  }

  /** Something was queued: the amount may stand above another mark now. */
  queued(): void {
    if (this.#drainMark >= 0) this.#applyMarks()
  }

  /** The amount fell to what the association was to tell of: which of the two marks that was. */
  lowered(): { readonly threshold: boolean; readonly drained: boolean } {
    const { bufferedAmount } = this
    const threshold =
      this.#mark === this.#threshold || (this.#mark > this.#threshold && bufferedAmount <= this.#threshold)
    const drained = this.#drainMark >= 0 && bufferedAmount <= this.#drainMark
    if (drained) this.#drainMark = -1
    this.#applyMarks()
    return { threshold, drained }
  }

  #applyMarks(): void {
    if (this.id === undefined || this.state === 'closed') return
    const { bufferedAmount } = this
    const threshold = this.#threshold
    const drain = this.#drainMark
    // Of two marks the association is told the one that is passed first.
    const drainFirst = drain >= 0 && bufferedAmount > drain && (drain > threshold || bufferedAmount <= threshold)
    this.#mark = drainFirst ? drain : threshold
    this.#association.setBufferedAmountLowThreshold(this.id, this.#mark)
  }

  /** Resets the stream, of which what has not begun to be sent is dropped: that has not become less for it. */
  drop(): void {
    const id = this.id!
    const before = this.bufferedAmount
    this.#association.setBufferedAmountLowThreshold(id, -1)
    this.#association.resetStreams([id], { discard: true })
    this.#discarded += before - this.bufferedAmount
  }

  /** It is over; its stream may soon be another channel's. */
  finish(): void {
    this.#lastBuffered = this.bufferedAmount
    this.state = 'closed'
  }
}
