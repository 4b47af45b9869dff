/**
 * The internal slots of an RTCDataChannel and the steps that its connection runs on them (webrtc-pc, 6.2.1 to 6.2.7).
 *
 * Each step that fires an event is called from a task of its own.
 */

import { fromUtf8 } from '../bytes/index.ts'
import type { Channel } from '../channel/index.ts'
import { illegalConstructor } from '../idl/index.ts'
import { ChannelStreams, type Sendable, type StreamedChannel } from './channel-streams.ts'
import { RTCError, type RTCErrorDetailType, RTCErrorEvent } from './error.ts'

export type RTCDataChannelState = 'connecting' | 'open' | 'closing' | 'closed'
export type BinaryType = 'blob' | 'arraybuffer'

/** What a channel asks of its connection. */
export interface DataChannelOwner {
  /** Bytes of the largest message that the peer takes. */
  readonly maxMessageSize: number
  /** Throws a ChannelError; reads `data` before it returns, unless it is handed over (`owned`). */
  send(channel: Channel, data: Uint8Array, text: boolean, owned: boolean): void
  /** What was changed is to reach the peer. */
  flushSoon(): void
  closeChannel(channel: Channel): void
  /** The channel has entered, or left, the open state: for the statistics. */
  counted(what: 'opened' | 'closed'): void
  queueTask(task: () => void): void
}

/** The platform's MessageEvent, which the types of some platforms leave out. */
declare const MessageEvent: new (type: string, init: { readonly data: unknown }) => Event

/** A message that waits for the bytes of a Blob, its own or one before it. */
export interface WaitingMessage {
  data: Uint8Array | undefined
  readonly text: boolean
  readonly size: number
}

/** The bytes as a buffer of the application's own: that of the message, which fills it unless it is empty. */
const ownBuffer = (data: Uint8Array<ArrayBuffer>): ArrayBuffer =>
  data.byteLength > 0 && data.byteLength === data.buffer.byteLength ? data.buffer : new Uint8Array(data).buffer

const makeError = (errorDetail: RTCErrorDetailType, message: string, sctpCauseCode?: number): RTCError =>
  new RTCError({ errorDetail, ...(sctpCauseCode !== undefined && { sctpCauseCode }) }, message)

export class DataChannelSlots implements StreamedChannel {
  readonly channel: Channel
  readonly owner: DataChannelOwner
  readyState: RTCDataChannelState = 'connecting'
  binaryType: BinaryType = 'arraybuffer'
  /** With what the channel has failed. */
  error: RTCError | undefined
  #face: (EventTarget & { send(data: Sendable): void }) | undefined
  #streams: ChannelStreams | undefined
  #waiting: WaitingMessage[] = []
  #waitingBytes = 0
  /** `drained` is to be told at this many bytes or fewer, once nothing waits here; -1: not. */
  #drainMark = -1
  #lowThreshold = 0
  /** Bytes sent in vain, after the association had closed the channel and before the task that tells so. */
  #lostBytes = 0
  #closeWhenSent = false
  /** What `bufferedAmount` says once the channel is closed: it does not go back to zero. */
  #finalAmount = 0

  constructor(channel: Channel, owner: DataChannelOwner) {
    this.channel = channel
    this.owner = owner
  }

  /** Called by the face's constructor: the one object at which the events are fired. */
  attach(face: EventTarget & { send(data: Sendable): void }): this {
    if (this.#face !== undefined) illegalConstructor()
    this.#face = face
    return this
  }

  get bufferedAmount(): number {
    if (this.readyState === 'closed') return this.#finalAmount
    return this.channel.bufferedAmount + this.#waitingBytes + this.#lostBytes
  }

  get bufferedAmountLowThreshold(): number {
    return this.#lowThreshold
  }

  set bufferedAmountLowThreshold(bytes: number) {
    this.#lowThreshold = bytes
    this.#applyThreshold()
  }

  /** The channel knows nothing of what waits here, which counts all the same: its own amount must be lower by that. */
  #applyThreshold(): void {
    this.channel.bufferedAmountLowThreshold = this.#lowThreshold - this.#waitingBytes
  }

  get maxMessageSize(): number {
    return this.owner.maxMessageSize
  }

  /** The channel as streams, made when they are first asked for. */
  get streams(): ChannelStreams {
    this.#streams ??= new ChannelStreams(this)
    return this.#streams
  }

  // Sending

  /** Whether messages wait for a Blob, so that what is sent now must wait behind them. */
  get waits(): boolean {
    return this.#waiting.length > 0
  }

  /** Gives a message to the association, which may have closed the channel already: then it is lost, as it would be on its way. */
  transmit(data: Uint8Array, text: boolean, owned: boolean): void {
    if (this.channel.state === 'open') this.owner.send(this.channel, data, text, owned)
    else this.#lostBytes += data.byteLength
  }

  /** As the application does it, for what is written to `writable`. */
  send(data: Sendable): void {
    this.#face?.send(data)
  }

  awaitDrain(bytes: number): boolean {
    if (!this.waits) return this.channel.awaitDrain(bytes)
    this.#drainMark = bytes
    return true
  }

  /** Messages are kept for a reader: the peer has so much less room. */
  retain(bytes: number): void {
    this.channel.retain(bytes)
  }

  release(bytes: number): void {
    this.channel.release(bytes)
    this.owner.flushSoon()
  }

  /** Queues a message behind the Blobs that are being read. Throws a ChannelError when there is no room for it. */
  wait(message: WaitingMessage): void {
    this.channel.reserve(message.size)
    this.#waiting.push(message)
    this.#waitingBytes += message.size
    this.#applyThreshold()
  }

  /** Sends the messages at the head whose bytes are there. */
  sendWaiting(): void {
    const before = this.bufferedAmount
    let sent = 0
    for (const { data, text, size } of this.#waiting) {
      if (data === undefined) break
      sent++
      this.#forget(size)
      try {
        this.transmit(data, text, true)
      } catch (error) {
        this.#failLater(error)
      }
    }
    this.#waiting.splice(0, sent)
    this.#lowered(before)
    if (this.waits) return
    if (this.#closeWhenSent) this.owner.closeChannel(this.channel)
    const mark = this.#drainMark
    this.#drainMark = -1
    if (mark >= 0 && !this.channel.awaitDrain(mark)) this.drained()
  }

  /** A Blob could not be read: its message is lost, and the application is told. */
  dropWaiting(message: WaitingMessage, error: unknown): void {
    const at = this.#waiting.indexOf(message)
    if (at < 0) return
    const before = this.bufferedAmount
    this.#waiting.splice(at, 1)
    this.#forget(message.size)
    this.#failLater(error)
    this.#lowered(before)
    this.sendWaiting()
  }

  /** A message waits here no longer. */
  #forget(size: number): void {
    this.channel.unreserve(size)
    this.#waitingBytes -= size
    this.#applyThreshold()
  }

  /** Of the amount `before`, something was lost that the channel has never had, and so cannot tell of. */
  #lowered(before: number): void {
    if (before > this.#lowThreshold && this.bufferedAmount <= this.#lowThreshold) {
      this.owner.queueTask(() => this.bufferedLow())
    }
  }

  /** The application has called `close`. */
  close(): void {
    this.#streams?.inbox?.settle()
    if (this.readyState === 'closing' || this.readyState === 'closed') return
    this.#leaveOpen()
    this.readyState = 'closing'
    if (this.#waiting.length === 0) this.owner.closeChannel(this.channel)
    else this.#closeWhenSent = true
  }

  // What the connection tells

  /** The peer's channel: open before the `datachannel` event, so that a handler may send. */
  becomeOpen(): void {
    if (this.readyState !== 'connecting') return
    this.readyState = 'open'
    this.owner.counted('opened')
    this.#streams?.opened()
  }

  announceOpen(): void {
    if (this.readyState === 'closing' || this.readyState === 'closed') return
    this.becomeOpen()
    this.#fire(new Event('open'))
  }

  /** A message has come. `data` is the channel's from now on. */
  deliver(data: Uint8Array<ArrayBuffer>, text: boolean): void {
    if (this.readyState !== 'open') return
    const inbox = this.#streams?.inbox
    if (inbox !== undefined) inbox.put(this.#value(data, text), data.byteLength)
    else this.#fire(new MessageEvent('message', { data: this.#value(data, text) }))
  }

  /** It is told in a task of its own: when more was sent meanwhile, that will be low another time. */
  bufferedLow(): void {
    if (this.readyState !== 'open' && this.readyState !== 'closing') return
    if (this.bufferedAmount <= this.#lowThreshold) this.#fire(new Event('bufferedamountlow'))
  }

  /** Of what was written to `writable`, enough is sent. */
  drained(): void {
    this.#streams?.drained()
  }

  /** The peer closes. */
  closing(): void {
    if (this.readyState === 'closing' || this.readyState === 'closed') return
    this.#leaveOpen()
    this.readyState = 'closing'
    this.#streams?.closing()
    this.#fire(new Event('closing'))
  }

  /**
   * The channel is closed, or could not be made.
   * @param detail What has failed, if something has.
   */
  closed(detail?: RTCErrorDetailType, message = '', sctpCauseCode?: number): void {
    if (this.readyState === 'closed') return
    const error = detail && makeError(detail, message, sctpCauseCode)
    this.#end(error)
    if (error !== undefined) this.#fire(new RTCErrorEvent('error', { error }))
    this.#fire(new Event('close'))
  }

  /** The connection is closed: the channel is too, at once and without an event. */
  abandon(): void {
    if (this.readyState === 'closed') return
    this.#end(undefined, true)
  }

  #end(error: RTCError | undefined, abandoned = false): void {
    this.error = error
    this.#finalAmount = this.bufferedAmount
    this.#leaveOpen()
    this.readyState = 'closed'
    this.#waiting = []
    this.channel.unreserve(this.#waitingBytes)
    this.#waitingBytes = 0
    this.#closeWhenSent = false
    this.#streams?.closed(error, abandoned)
  }

  #leaveOpen(): void {
    if (this.readyState === 'open') this.owner.counted('closed')
  }

  #value(data: Uint8Array<ArrayBuffer>, text: boolean): string | Blob | ArrayBuffer {
    if (text) return fromUtf8(data)
    const buffer = ownBuffer(data)
    return this.binaryType === 'blob' ? new Blob([buffer]) : buffer
  }

  #failLater(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error)
    this.owner.queueTask(() => {
      if (this.readyState === 'closed') return
      this.#fire(new RTCErrorEvent('error', { error: makeError('data-channel-failure', message) }))
    })
  }

  #fire(event: Event): void {
    this.#face?.dispatchEvent(event)
  }
}
