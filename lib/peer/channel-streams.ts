/**
 * A data channel as streams (WHATWG Streams), with backpressure both ways: an addition to webrtc-pc.
 *
 * What is written waits while the channel has much to send, and says so by `writer.ready`. What is not read is kept by a
 * `MessageInbox`, and slows the peer down.
 */

import { exception } from '../idl/index.ts'
import { type Account, type Message, MessageInbox } from './message-inbox.ts'

/** What `send` and `writable` take. */
export type Sendable = string | Blob | ArrayBuffer | ArrayBufferView

/** What the streams ask of their channel. */
export interface StreamedChannel extends Account {
  readonly readyState: 'connecting' | 'open' | 'closing' | 'closed'
  readonly bufferedAmount: number
  /** Bytes of the largest message that `send` takes. */
  readonly maxMessageSize: number
  /** With what it has failed; undefined when it has not. */
  readonly error: unknown
  /** As RTCDataChannel's. */
  send(data: Sendable): void
  close(): void
  /** Asks to be told by `drained`; false when no more than so many bytes wait. */
  awaitDrain(bytes: number): boolean
}

/** Bytes that wait to be sent: with more than `high` a write is not done before they are `low` again. */
const MARKS = { low: 512 << 10, high: 1 << 20 } as const

/** Some platforms leave it out, or their types do. */
type Abortable = WritableStreamDefaultController & { readonly signal?: AbortSignal }

interface Waiter {
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

const isBlob = (value: unknown): value is Blob => value instanceof Blob

export class ChannelStreams {
  readonly #channel: StreamedChannel
  #inbox: MessageInbox | undefined
  #readable: ReadableStream<Message> | undefined
  #reading: ReadableStreamDefaultController<Message> | undefined
  #writable: WritableStream<Sendable> | undefined
  #writing: WritableStreamDefaultController | undefined
  /** The stream of the application was closed, and closes the channel. */
  #closes = false
  #open: Waiter | undefined
  #drain: Waiter | undefined
  #close: Waiter | undefined

  constructor(channel: StreamedChannel) {
    this.#channel = channel
  }

  /** Where messages go in place of events; undefined when nobody reads. */
  get inbox(): MessageInbox | undefined {
    return this.#inbox
  }

  /** Begins to read. */
  read(): MessageInbox {
    if (this.#inbox === undefined) {
      this.#inbox = new MessageInbox(this.#channel)
      if (this.#channel.readyState === 'closed') this.#inbox.end(this.#channel.error)
    }
    return this.#inbox
  }

  get readable(): ReadableStream<Message> {
    this.#readable ??= this.#createReadable(this.read())
    return this.#readable
  }

  get writable(): WritableStream<Sendable> {
    this.#writable ??= this.#createWritable()
    return this.#writable
  }

  iterator(): AsyncIterableIterator<Message> {
    const inbox = this.read()
    return {
      next: () => inbox.take(),
      return: () => Promise.resolve({ done: true, value: undefined }),
      [Symbol.asyncIterator]() {
        return this
      },
    }
  }

  // What the channel tells

  opened(): void {
    this.#open?.resolve()
    this.#open = undefined
  }

  drained(): void {
    this.#drain?.resolve()
    this.#drain = undefined
  }

  /** The peer closes: what is written from now on would not be sent. */
  closing(): void {
    if (!this.#closes) this.#fail(exception('InvalidStateError', 'The peer has closed the RTCDataChannel.'))
  }

  /**
   * @param error What has failed, if something has.
   * @param abandoned The connection is closed: what was written may not have been sent.
   */
  closed(error?: unknown, abandoned = false): void {
    const inbox = this.#inbox
    inbox?.end(error)
    if (inbox?.finished) this.#finishReading(error)
    if (this.#closes && error === undefined && !abandoned) {
      this.#close?.resolve()
      this.drained()
    } else {
      const reason = error ?? exception('InvalidStateError', 'The RTCDataChannel is closed.')
      this.#close?.reject(reason)
      this.#fail(reason)
    }
    this.#close = undefined
  }

  #fail(error: unknown): void {
    this.#wake(error)
    this.#writing?.error(error)
    this.#writing = undefined
  }

  /** What was waited for will not be. */
  #wake(error: unknown): void {
    this.#open?.reject(error)
    this.#drain?.reject(error)
    this.#open = undefined
    this.#drain = undefined
  }

  // Reading

  #createReadable(inbox: MessageInbox): ReadableStream<Message> {
    const stream = new ReadableStream<Message>(
      {
        start: controller => {
          this.#reading = controller
        },
        pull: async controller => {
          const { done, value } = await inbox.take()
          if (this.#reading !== controller) return
          if (!done) controller.enqueue(value)
          if (inbox.finished) this.#finishReading(inbox.error)
        },
        cancel: () => {
          this.#reading = undefined
          this.#readable = undefined
          this.#inbox = undefined
          inbox.discard()
          if (this.#channel.readyState === 'closed') this.read()
        },
      },
      { highWaterMark: 0 },
    )
    if (inbox.finished) this.#finishReading(inbox.error)
    return stream
  }

  #finishReading(error: unknown): void {
    const controller = this.#reading
    this.#reading = undefined
    if (error === undefined) controller?.close()
    else controller?.error(error)
  }

  // Writing

  #createWritable(): WritableStream<Sendable> {
    return new WritableStream<Sendable>(
      {
        start: controller => this.#startWriting(controller),
        write: chunk => this.#take(chunk),
        close: () => this.#endWriting(),
        abort: () => {
          this.#writing = undefined
          this.#channel.close()
        },
      },
      { highWaterMark: 1 },
    )
  }

  #startWriting(controller: WritableStreamDefaultController): Promise<void> | undefined {
    this.#writing = controller
    // Before the stream is aborted what is under way is waited for, and the peer may be long in taking it.
    const { signal } = controller as Abortable
    signal?.addEventListener('abort', () => this.#interrupt(signal.reason), { once: true })
    const { readyState } = this.#channel
    if (readyState === 'open') return undefined
    if (readyState !== 'connecting') {
      throw exception('InvalidStateError', 'RTCDataChannel.readyState is neither connecting nor open.')
    }
    return new Promise((resolve, reject) => {
      this.#open = { resolve, reject }
    })
  }

  #interrupt(reason: unknown): void {
    this.#writing = undefined
    this.#wake(reason)
    // As `abort` does, which may have to wait for a Blob that is being read.
    this.#channel.close()
  }

  #take(chunk: Sendable): Promise<void> | undefined {
    // One that is too large is not read in vain.
    if (!isBlob(chunk) || chunk.size > this.#channel.maxMessageSize) return this.#write(chunk)
    return chunk.arrayBuffer().then(data => this.#write(data))
  }

  #write(chunk: Sendable): Promise<void> | undefined {
    const channel = this.#channel
    channel.send(chunk)
    if (channel.bufferedAmount <= MARKS.high || !channel.awaitDrain(MARKS.low)) return undefined
    return new Promise((resolve, reject) => {
      this.#drain = { resolve, reject }
    })
  }

  /** The channel is closed behind what was written; done when it is closed on both sides. */
  #endWriting(): Promise<void> | undefined {
    this.#closes = true
    this.#writing = undefined
    this.#channel.close()
    if (this.#channel.readyState === 'closed') return undefined
    return new Promise((resolve, reject) => {
      this.#close = { resolve, reject }
    })
  }
}
