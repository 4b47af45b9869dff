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
 * Messages of up to so many bytes are copied into one piece of memory, one behind the other: memory of their own takes
 * several times as long to get as to fill. Not those that the engine keeps among its objects (64 bytes).
 */
const SMALL = 1024
const TINY = 64
/** Bytes of a piece, which is held for as long as one message of it is. */
const PIECE = 8192
let piece = new Uint8Array(0)
let used = 0

const copyOf = (data: Uint8Array): Uint8Array => {
  const { length } = data
  // Not `slice`: that of a Node Buffer shares its memory.
  if (length <= TINY || length > SMALL) return new Uint8Array(data)
  if (used + length > piece.length) {
    piece = new Uint8Array(PIECE)
    used = 0
  }
  const copy = piece.subarray(used, used + length)
  copy.set(data)
  used += length
  return copy
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
    options.owned === true ? data : copyOf(data),
    options.unordered !== true,
    options.maxRetransmits ?? Number.POSITIVE_INFINITY,
    options.lifetime === undefined ? Number.POSITIVE_INFINITY : now + options.lifetime + 1,
    options.counted !== false,
  )
  const { discardPriority } = options
  if (discardPriority !== undefined) message.discardable = new Discardable(message, discardPriority)
  return message
}
