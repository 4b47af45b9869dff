/** A user message on its way out: what to send, how far it has gone, and when to give it up (RFC 3758, RFC 7496). */

export interface SendOptions {
  /** Delivered regardless of order (RFC 9260 6.6). */
  readonly unordered?: boolean | undefined
  /** Given up when it would have to be sent again more often than this; 0 means that it is sent once. */
  readonly maxRetransmits?: number | undefined
  /** Milliseconds from now after which it is no longer sent; the turn in which it is queued may always send it. */
  readonly lifetime?: number | undefined
  /**
   * What it is worth, any number: while nothing of it has been sent, it may be dropped for a message worth more when the
   * send buffer is full (the priority policy of RFC 7496 3.2). Never dropped so unless given.
   */
  readonly discardPriority?: number | undefined
  /** The caller hands `data` over and does not touch it again, so that it is not copied. */
  readonly owned?: boolean | undefined
  /** Counts towards `bufferedAmount`: true unless given. A protocol's own messages need not. */
  readonly counted?: boolean | undefined
}

export class OutboundMessage {
  /** Its neighbours in the queue of its stream. */
  next: OutboundMessage | undefined
  previous: OutboundMessage | undefined
  /** Bytes that have been given a TSN. */
  offset = 0
  /** Stream sequence number or message identifier (RFC 8260 2.1), given with the first TSN. */
  ssn = 0
  /** The TSN of its latest fragment; the others are linked to it. */
  lastTsn = 0
  /** How many TSNs it has. */
  chunks = 0
  abandoned = false
  /** The turn of the send queue in which it was queued. */
  turn = 0
  /** Where it stands among those that may be dropped for more valuable ones, while nothing of it has been sent. */
  discardable: Discardable | undefined

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

/** A message in the list of those that are worth the same, oldest first. */
export class Discardable {
  previous: Discardable | undefined
  next: Discardable | undefined

  constructor(
    readonly message: OutboundMessage,
    readonly value: number,
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
): OutboundMessage => {
  const message = new OutboundMessage(
    streamId,
    ppid,
    // Not `slice`: that of a Node Buffer shares its memory.
    options.owned === true ? data : new Uint8Array(data),
    options.unordered !== true,
    options.maxRetransmits ?? Number.POSITIVE_INFINITY,
    options.lifetime === undefined ? Number.POSITIVE_INFINITY : now + options.lifetime + 1,
    options.counted !== false,
  )
  const { discardPriority } = options
  if (discardPriority !== undefined) message.discardable = new Discardable(message, discardPriority)
  return message
}
