/** A user message on its way out: what to send, how far it has gone, and when to give it up (RFC 3758, RFC 7496). */

export interface SendOptions {
  /** Delivered regardless of order (RFC 9260 6.6). */
  readonly unordered?: boolean | undefined
  /** Given up when it would have to be sent again more often than this; 0 means that it is sent once. */
  readonly maxRetransmits?: number | undefined
  /** Milliseconds from now after which it is no longer sent; the turn in which it is queued may always send it. */
  readonly lifetime?: number | undefined
  /** The caller hands `data` over and does not touch it again, so that it is not copied. */
  readonly owned?: boolean | undefined
  /** Counts towards `bufferedAmount`: true unless given. A protocol's own messages need not. */
  readonly counted?: boolean | undefined
}

export class OutboundMessage {
  /** The next one of the same stream. */
  next: OutboundMessage | undefined
  /** Bytes that have been given a TSN. */
  offset = 0
  /** Stream sequence number, given with the first TSN. */
  ssn = 0
  firstTsn = 0
  /** How many TSNs it has. */
  chunks = 0
  abandoned = false
  /** The turn of the send queue in which it was queued. */
  turn = 0

  constructor(
    readonly streamId: number,
    readonly ppid: number,
    readonly data: Uint8Array,
    readonly ordered: boolean,
    /** Infinity: reliable. */
    readonly maxRetransmits: number,
    /** Monotonic milliseconds; Infinity: never. */
    readonly expiresAt: number,
    readonly counted: boolean,
  ) {}
}

/**
 * A message from what the caller gave; `data` is copied unless it was handed over. It lives through the whole of the
 * last millisecond of its lifetime, so that 0 is not over before it has begun.
 */
export const createMessage = (
  streamId: number,
  ppid: number,
  data: Uint8Array,
  options: SendOptions,
  now: number,
): OutboundMessage =>
  new OutboundMessage(
    streamId,
    ppid,
    // Not `slice`: that of a Node Buffer shares its memory.
    options.owned === true ? data : new Uint8Array(data),
    options.unordered !== true,
    options.maxRetransmits ?? Number.POSITIVE_INFINITY,
    options.lifetime === undefined ? Number.POSITIVE_INFINITY : now + options.lifetime + 1,
    options.counted !== false,
  )
