/** RTCDataChannel (webrtc-pc, 6.2): messages to and from the peer. */

import { utf8 } from '../bytes/index.ts'
import { ChannelError } from '../channel/index.ts'
import {
  DOMString,
  defineEventHandlers,
  defineInterface,
  type EventHandler,
  enforcedUnsignedLong,
  exception,
  getEventHandler,
  illegalConstructor,
  requireArguments,
  setEventHandler,
  TypedEventTarget,
} from '../idl/index.ts'
import type { Sendable } from './channel-streams.ts'
import type { RTCPriorityType } from './data-channel-init.ts'
import { type BinaryType, DataChannelSlots, type RTCDataChannelState } from './data-channel-slots.ts'
import type { RTCErrorEvent } from './error.ts'
import type { Message } from './message-inbox.ts'

/** A message, as the `message` event carries it: the platform's MessageEvent. */
export interface RTCDataChannelMessageEvent extends Event {
  /** A string for text; an ArrayBuffer or a Blob, by `binaryType`, for binary data. */
  readonly data: string | ArrayBuffer | Blob
  readonly origin: string
  readonly lastEventId: string
}

export interface RTCDataChannelEventMap {
  open: Event
  message: RTCDataChannelMessageEvent
  bufferedamountlow: Event
  error: RTCErrorEvent
  closing: Event
  close: Event
}

const context = "Failed to execute 'send' on 'RTCDataChannel'"

/** Whether it is an ArrayBuffer of any realm: its accessor throws on everything else. */
const byteLength = Object.getOwnPropertyDescriptor(ArrayBuffer.prototype, 'byteLength')?.get
const isArrayBuffer = (value: object): value is ArrayBuffer => {
  try {
    byteLength?.call(value)
    return true
  } catch {
    return false
  }
}

const isBlob = (value: object): value is Blob =>
  value instanceof Blob ||
  (/^(Blob|File)$/.test(String((value as { [Symbol.toStringTag]?: unknown })[Symbol.toStringTag])) &&
    'arrayBuffer' in value)

const bytesOf = (data: object): Uint8Array | Blob => {
  if (ArrayBuffer.isView(data)) {
    if (typeof SharedArrayBuffer === 'undefined' || !(data.buffer instanceof SharedArrayBuffer)) {
      return data instanceof Uint8Array ? data : new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    }
  } else if (isArrayBuffer(data)) {
    return new Uint8Array(data)
  } else if (isBlob(data)) {
    return data
  }
  throw new TypeError(`${context}: The data is neither a string, a Blob, an ArrayBuffer nor a view of one.`)
}

/** The peer's number has 32 bits (RFC 8832, 5.1), the attribute 16. */
const inShort = (limit: number | undefined): number | null => (limit === undefined ? null : Math.min(limit, 65_535))

/** Says what a ChannelError means to the caller of `send`. */
const sendError = (error: unknown): unknown => {
  if (!(error instanceof ChannelError)) return error
  const message = `${context}: ${error.message}`
  return error.code === 'too-large' ? new TypeError(message) : exception('OperationError', message)
}

export class RTCDataChannel extends TypedEventTarget<RTCDataChannelEventMap> {
  readonly #slots: DataChannelSlots
  declare onopen: EventHandler<Event>
  declare onmessage: EventHandler<RTCDataChannelMessageEvent>
  declare onbufferedamountlow: EventHandler<Event>
  declare onclosing: EventHandler<Event>
  declare onclose: EventHandler<Event>

  /** Not for applications: channels come from `createDataChannel` and the `datachannel` event. */
  constructor(slots: DataChannelSlots) {
    super()
    this.#slots = slots instanceof DataChannelSlots ? slots.attach(this) : illegalConstructor()
  }

  get label(): string {
    return this.#slots.channel.label
  }

  get ordered(): boolean {
    return this.#slots.channel.ordered
  }

  /** Milliseconds; null when it is not limited. */
  get maxPacketLifeTime(): number | null {
    return inShort(this.#slots.channel.maxPacketLifeTime)
  }

  get maxRetransmits(): number | null {
    return inShort(this.#slots.channel.maxRetransmits)
  }

  get protocol(): string {
    return this.#slots.channel.protocol
  }

  get negotiated(): boolean {
    return this.#slots.channel.negotiated
  }

  /** The SCTP stream in both directions; null before the DTLS role that decides it is known. */
  get id(): number | null {
    return this.#slots.channel.id ?? null
  }

  get priority(): RTCPriorityType {
    return this.#slots.channel.priority
  }

  get readyState(): RTCDataChannelState {
    return this.#slots.readyState
  }

  /** Bytes of messages that `send` has taken and the association has not sent yet. */
  get bufferedAmount(): number {
    return this.#slots.bufferedAmount
  }

  /** Bytes: when `bufferedAmount` falls to this or below, `bufferedamountlow` is fired. */
  get bufferedAmountLowThreshold(): number {
    return this.#slots.bufferedAmountLowThreshold
  }

  set bufferedAmountLowThreshold(value: number) {
    this.#slots.bufferedAmountLowThreshold = enforcedUnsignedLong(
      value,
      "Failed to set the 'bufferedAmountLowThreshold' property on 'RTCDataChannel'",
    )
  }

  get binaryType(): BinaryType {
    return this.#slots.binaryType
  }

  /** Anything else than the two values is ignored, as Web IDL has it for enumerations. */
  set binaryType(value: BinaryType) {
    const type = DOMString(value, "Failed to set the 'binaryType' property on 'RTCDataChannel'")
    if (type === 'blob' || type === 'arraybuffer') this.#slots.binaryType = type
  }

  /**
   * Sends a message: text, or binary data.
   * @throws `InvalidStateError` unless the channel is open, TypeError for data of another type or larger than
   * `sctp.maxMessageSize`, `OperationError` when the buffer is full (`sctp.sendBufferLimit`).
   */
  send(data: Sendable): void {
    const slots = this.#slots
    let bytes: Uint8Array | Blob
    let text = false
    if (typeof data === 'string') {
      if (slots.readyState !== 'open') this.#refuse()
      bytes = utf8(data)
      text = true
    } else if ((typeof data === 'object' && data !== null) || typeof data === 'function') {
      bytes = bytesOf(data)
    } else {
      requireArguments(context, 1, data === undefined ? 0 : 1)
      if (data === null) throw new TypeError(`${context}: The data is null.`)
      bytes = utf8(DOMString(data, context))
      text = true
    }
    if (slots.readyState !== 'open') this.#refuse()
    const size = bytes instanceof Uint8Array ? bytes.byteLength : bytes.size
    const { maxMessageSize } = slots.owner
    if (size > maxMessageSize) {
      throw new TypeError(`${context}: ${size} bytes are more than the ${maxMessageSize} that the peer takes.`)
    }
    try {
      if (!(bytes instanceof Uint8Array)) this.#sendBlob(bytes)
      else if (slots.waits) slots.wait({ data: text ? bytes : new Uint8Array(bytes), text, size })
      // Text was encoded for this alone; binary data stays the application's.
      else slots.transmit(bytes, text, text)
    } catch (error) {
      throw sendError(error)
    }
  }

  /**
   * Addition: the messages as a stream. From the first access on they go there in place of `message` events; an error of
   * the channel ends it with that RTCError, after what came before. A reader that does not keep up slows the peer down:
   * what nobody has taken counts against `sctp.receiveWindow`, which all channels of the connection share, until `close` is
   * called here. Cancelling it drops what is kept, and later messages are events again.
   */
  get readable(): ReadableStream<Message> {
    return this.#slots.streams.readable
  }

  /**
   * Addition: a stream whose chunks are sent, each as a message, as `send` does it. It takes none before the channel is
   * open; a write is done, and `writer.ready` with it, when no more than 1 MiB waits to be sent (`bufferedAmount`), or no
   * more than half of that after there was more. Closing it closes the channel behind what was written, and is done when
   * that is closed; aborting it closes the channel too. It fails when the channel closes otherwise.
   */
  get writable(): WritableStream<Sendable> {
    return this.#slots.streams.writable
  }

  /**
   * Addition: the messages in turn, as from `readable`, with which it shares them. Ends when the channel is closed, throws
   * its RTCError. Leaving the loop neither closes the channel nor loses a message: another loop goes on from there, and
   * the peer waits meanwhile.
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<Message> {
    return this.#slots.streams.iterator()
  }

  /** Closes the channel when what was sent is delivered. Calling it again does nothing. */
  close(): void {
    this.#slots.close()
  }

  #refuse(): never {
    throw exception('InvalidStateError', `${context}: RTCDataChannel.readyState is not 'open'.`)
  }

  #sendBlob(blob: Blob): void {
    const slots = this.#slots
    const message = { data: undefined as Uint8Array | undefined, text: false, size: blob.size }
    slots.wait(message)
    blob.arrayBuffer().then(
      buffer => {
        message.data = new Uint8Array(buffer)
        slots.sendWaiting()
      },
      (error: unknown) => slots.dropWaiting(message, error),
    )
  }

  get onerror(): EventHandler<Event> {
    return getEventHandler(this, RTCDataChannel, 'error')
  }

  set onerror(handler: EventHandler<RTCErrorEvent>) {
    setEventHandler(this, RTCDataChannel, 'error', handler)
  }

  static {
    defineEventHandlers(RTCDataChannel, ['open', 'message', 'bufferedamountlow', 'closing', 'close'])
    defineInterface(RTCDataChannel, 'RTCDataChannel')
  }
}
