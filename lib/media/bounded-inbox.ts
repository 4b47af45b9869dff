/**
 * What a reader of a track has not taken yet, within bounds. Media does not wait for who is late: when there is no room, what
 * is oldest goes. Of video frames, one that was dropped makes those behind it useless up to the next key frame.
 */

export interface InboxLimits {
  /** How many are kept. */
  readonly count: number
  /** Bytes of all that is kept. */
  readonly bytes: number
  /** Whether what is dropped takes all with it up to the next key. */
  readonly untilKey: boolean
}

interface Kept<T> {
  readonly value: T
  readonly size: number
  readonly isKey: boolean
}

export class BoundedInbox<T> {
  /** How many were put in, and how many of them were dropped for want of room, or of a key frame after that. */
  received = 0
  dropped = 0
  readonly #limits: InboxLimits
  #kept: Kept<T>[] = []
  /** The oldest that is still there. */
  #first = 0
  #bytes = 0
  #needsKey = false
  #ended = false
  #takers: ((result: IteratorResult<T, undefined>) => void)[] = []

  constructor(limits: InboxLimits) {
    this.#limits = limits
  }

  /** Whether nothing is left to take, and nothing will come. */
  get finished(): boolean {
    return this.#ended && this.length === 0
  }

  get length(): number {
    return this.#kept.length - this.#first
  }

  /** Bytes of what is kept. */
  get byteLength(): number {
    return this.#bytes
  }

  /** @returns False when a key frame is needed before anything can be kept again. */
  put(value: T, size: number, isKey: boolean): boolean {
    if (this.#ended) return true
    this.received++
    if (this.#needsKey && !isKey) {
      this.dropped++
      return false
    }
    this.#needsKey = false
    const taker = this.#takers.shift()
    if (taker !== undefined) {
      taker({ done: false, value })
      return true
    }
    this.#kept.push({ value, size, isKey })
    this.#bytes += size
    while (this.length > 1 && this.#isOver()) this.#drop()
    return !this.#needsKey
  }

  #isOver(): boolean {
    return this.length > this.#limits.count || this.#bytes > this.#limits.bytes
  }

  #drop(): void {
    this.dropped++
    this.#shift()
    if (!this.#limits.untilKey) return
    while (this.length > 0 && !this.#kept[this.#first]!.isKey) {
      this.dropped++
      this.#shift()
    }
    this.#needsKey = this.length === 0
  }

  #shift(): Kept<T> {
    const kept = this.#kept[this.#first++]!
    this.#bytes -= kept.size
    // What was taken is cut off when it is the larger half: a constant cost for each.
    if (this.#first > 32 && 2 * this.#first > this.#kept.length) {
      this.#kept = this.#kept.slice(this.#first)
      this.#first = 0
    }
    return kept
  }

  /** The next, in order; done when nothing is left and nothing will come. */
  take(): Promise<IteratorResult<T, undefined>> {
    if (this.length > 0) return Promise.resolve({ done: false, value: this.#shift().value })
    if (this.#ended) return Promise.resolve({ done: true, value: undefined })
    return new Promise(resolve => this.#takers.push(resolve))
  }

  /** Nothing more comes; what is kept can still be taken. */
  end(): void {
    if (this.#ended) return
    this.#ended = true
    for (const take of this.#takers.splice(0)) take({ done: true, value: undefined })
  }

  /** Nobody wants what is kept. */
  discard(): void {
    this.#kept = []
    this.#first = 0
    this.#bytes = 0
    this.end()
  }
}
