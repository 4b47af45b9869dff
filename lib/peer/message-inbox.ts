/**
 * Messages that the application takes when it is ready for them (`readable`, `for await`), in place of events.
 *
 * What it has not taken counts against the window that the association advertises (RFC 9260, 6.2): a peer that goes on
 * sending has to wait, and what is kept here stays within `sctp.receiveWindow`.
 */

/** A string for text; an ArrayBuffer or a Blob, by `binaryType`, for binary data. */
export type Message = string | ArrayBuffer | Blob

/** What accounts for kept bytes. */
export interface Account {
  retain(bytes: number): void
  release(bytes: number): void
}

interface Kept {
  readonly value: Message
  readonly cost: number
}

interface Taker {
  readonly resolve: (result: IteratorResult<Message, undefined>) => void
  readonly reject: (error: unknown) => void
}

/** What a message costs beside its bytes. */
const OVERHEAD = 128

export class MessageInbox {
  #account: Account | undefined
  /** Bytes that the account has retained for what is kept. */
  #retained = 0
  readonly #kept: (Kept | undefined)[] = []
  #first = 0
  readonly #takers: Taker[] = []
  #ended = false
  #error: unknown

  constructor(account: Account) {
    this.#account = account
  }

  /** Whether there is nothing left to take and nothing will come. */
  get finished(): boolean {
    return this.#ended && this.#first === this.#kept.length
  }

  /** What `take` rejects with in the end; undefined when nothing has failed. */
  get error(): unknown {
    return this.#error
  }

  /** @param length Bytes of the message. */
  put(value: Message, length: number): void {
    if (this.#ended) return
    const taker = this.#takers.shift()
    if (taker !== undefined) {
      taker.resolve({ done: false, value })
      return
    }
    const cost = length + OVERHEAD
    this.#kept.push({ value, cost })
    if (this.#account === undefined) return
    this.#retained += cost
    this.#account.retain(cost)
  }

  /** The next message, in order; done when the channel has closed, an error when it has failed. */
  take(): Promise<IteratorResult<Message, undefined>> {
    const kept = this.#kept[this.#first]
    if (kept !== undefined) {
      this.#kept[this.#first++] = undefined
      // What was taken is cut off when it is the larger half: a constant cost for each message.
      if (this.#first > 32 && 2 * this.#first > this.#kept.length) {
        this.#kept.splice(0, this.#first)
        this.#first = 0
      }
      if (this.#account !== undefined) {
        this.#retained -= kept.cost
        this.#account.release(kept.cost)
      }
      return Promise.resolve({ done: false, value: kept.value })
    }
    if (this.#ended) {
      return this.#error === undefined
        ? Promise.resolve({ done: true, value: undefined })
        : Promise.reject(this.#error as Error)
    }
    return new Promise((resolve, reject) => this.#takers.push({ resolve, reject }))
  }

  /** Nothing more comes; what is kept can still be taken. */
  end(error?: unknown): void {
    if (this.#ended) return
    this.#ended = true
    this.#error = error
    for (const { resolve, reject } of this.#takers.splice(0)) {
      if (error === undefined) resolve({ done: true, value: undefined })
      else reject(error)
    }
  }

  /** The application has closed the channel: what is kept holds the peer up no longer, and can still be taken. */
  settle(): void {
    const account = this.#account
    this.#account = undefined
    if (this.#retained > 0) account?.release(this.#retained)
    this.#retained = 0
  }

  /** Nobody wants what is kept. */
  discard(): void {
    this.settle()
    this.#kept.length = 0
    this.#first = 0
    this.end()
  }
}
