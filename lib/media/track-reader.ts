/**
 * What readers of a track have in common: an addition to W3C's objects, where media leaves a track for the application. Made
 * with a callback, a reader hands over synchronously; without, it keeps what comes until it is taken, by `for await` or from
 * `readable`, within bounds.
 */

import { exception } from '../idl/index.ts'
import { BoundedInbox } from './bounded-inbox.ts'
import { MediaStreamTrack, trackOf } from './media-stream-track.ts'
import type { Track } from './track.ts'
import type { MediaForm, TrackSink } from './track-source.ts'

export interface ReaderOptions {
  /** How many packets or frames are kept for who takes them late. */
  readonly capacity?: number
  /** Bytes of all that is kept. Default 8 MiB. */
  readonly byteCapacity?: number
}

export interface ReaderCounters {
  /** What the track has given. */
  readonly received: number
  /** What of it was never taken, since there was no room: the oldest; of video frames, all up to the next key frame. */
  readonly dropped: number
}

/** How a class of reader makes what it reads. */
export interface Reading<T> {
  readonly form: MediaForm
  readonly capacity: number
  readonly untilKey: boolean
  /** Makes the sink. It calls `offer` with what is to be kept; `count` for what it has handed to its callback instead. */
  sink(offer: (value: T, size: number, isKey: boolean) => void, count: () => void): TrackSink
  /** Where all goes, so that nothing is kept. */
  readonly callback: unknown
}

const DEFAULT_BYTES = 8 << 20

const positive = (value: number | undefined, otherwise: number, name: string): number => {
  if (value === undefined) return otherwise
  if (!(value >= 1)) throw new RangeError(`${name} is less than 1.`)
  return value
}

/** Calls the application: what it throws is an unhandled rejection, and disturbs nobody here. */
export const callApplication = <A>(callback: (argument: A) => unknown, argument: A): void => {
  try {
    callback(argument)
  } catch (error) {
    Promise.reject(error)
  }
}

export abstract class TrackReader<T> implements AsyncIterable<T> {
  readonly #track: Track
  readonly #sink: TrackSink
  readonly #inbox: BoundedInbox<T>
  readonly #isCalling: boolean
  #readable: ReadableStream<T> | undefined
  #controller: ReadableStreamDefaultController<T> | undefined
  #pulling = false
  #delivered = 0
  #closed = false

  /** @throws TypeError unless it is a track; `NotSupportedError` when its source gives no media in the form that is read. */
  constructor(face: MediaStreamTrack, reading: Reading<T>, { capacity, byteCapacity }: ReaderOptions) {
    if (!(face instanceof MediaStreamTrack)) throw new TypeError("The value is not of type 'MediaStreamTrack'.")
    const track = trackOf(face)
    if (!track.source.gives(reading.form)) {
      throw exception('NotSupportedError', `The track's source gives no ${reading.form}.`)
    }
    this.#track = track
    this.#isCalling = reading.callback !== undefined
    this.#inbox = new BoundedInbox({
      count: positive(capacity, reading.capacity, 'capacity'),
      bytes: positive(byteCapacity, DEFAULT_BYTES, 'byteCapacity'),
      untilKey: reading.untilKey,
    })
    const sink = reading.sink(
      (value, size, isKey) => {
        if (!this.#inbox.put(value, size, isKey)) track.requestKeyFrame()
      },
      () => {
        this.#delivered++
      },
    )
    this.#sink = { ...sink, ended: () => this.#end() }
    track.addSink(this.#sink)
  }

  /** Whether nothing more comes: the track has ended, or `close` was called. */
  get closed(): boolean {
    return this.#closed
  }

  get counters(): ReaderCounters {
    const { received, dropped } = this.#inbox
    return { received: received + this.#delivered, dropped }
  }

  /** What comes, as a stream; closed when the track has ended and all is read. Cancelling it closes the reader. */
  get readable(): ReadableStream<T> {
    this.#refuseCallback()
    this.#readable ??= new ReadableStream<T>(
      {
        start: controller => {
          this.#controller = controller
          if (this.#inbox.finished) this.#finish()
        },
        pull: () => this.#pull(),
        cancel: () => {
          this.#controller = undefined
          this.close()
        },
      },
      { highWaterMark: 0 },
    )
    return this.#readable
  }

  /** What comes, one after the other, shared with `readable`. Leaving the loop closes the reader. */
  [Symbol.asyncIterator](): AsyncIterableIterator<T> {
    this.#refuseCallback()
    return {
      next: () => this.#inbox.take(),
      return: () => {
        this.close()
        return Promise.resolve({ done: true, value: undefined })
      },
      [Symbol.asyncIterator]() {
        return this
      },
    }
  }

  /** Asks whoever makes the video for a key frame. */
  requestKeyFrame(): void {
    this.#track.requestKeyFrame()
  }

  /** Reads no more; what was not taken is dropped. The track goes on. */
  close(): void {
    this.#track.removeSink(this.#sink)
    this.#inbox.discard()
    this.#end()
  }

  async #pull(): Promise<void> {
    this.#pulling = true
    const { done, value } = await this.#inbox.take()
    this.#pulling = false
    if (!done) this.#controller?.enqueue(value)
    if (this.#inbox.finished) this.#finish()
  }

  #end(): void {
    this.#closed = true
    this.#inbox.end()
    if (this.#inbox.finished && !this.#pulling) this.#finish()
  }

  #finish(): void {
    this.#controller?.close()
    this.#controller = undefined
  }

  #refuseCallback(): void {
    if (this.#isCalling) throw exception('InvalidStateError', 'The reader has a callback, which takes all.')
  }
}
