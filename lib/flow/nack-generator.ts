/**
 * Which packets of a stream to ask for again (RFC 4585, 6.2.1): each as soon as a later one has come, then once a round
 * trip, until it comes, is too old, or was asked for often enough.
 */

/** Numbers that are missed at a time, at most: beyond it the oldest are given up. */
const MOST_MISSING = 1000
/** How far back it makes sense to ask. */
const OLDEST = 10_000
const MOST_REQUESTS = 10
/** RFC 3550, A.1: what jumps farther ahead has begun anew. */
const MAX_DROPOUT = 3000
/** Milliseconds. */
const LONGEST_WAIT = 2000
/** Milliseconds between two requests where the round trip is not known, and at least. */
const DEFAULT_INTERVAL = 100
const SHORTEST_INTERVAL = 20

interface Missing {
  readonly extended: number
  readonly since: number
  askedAt: number
  requests: number
}

export class NackGenerator {
  /** In ascending order. */
  #missing: Missing[] = []
  #highest = -1
  /** Something is missing that was not asked for yet. */
  #fresh = false
  /** When to look at what was asked for. */
  #lookAt = Number.POSITIVE_INFINITY
  /** Milliseconds; undefined where it is not known. */
  roundTripTime: number | undefined
  /** Packets that were given up: what depends on them cannot be decoded. */
  givenUp = 0

  /** When `due` has something to ask for, at the earliest. */
  get deadline(): number {
    if (this.#missing.length === 0) return Number.POSITIVE_INFINITY
    return this.#fresh ? Number.NEGATIVE_INFINITY : this.#lookAt
  }

  get #interval(): number {
    const rtt = this.roundTripTime
    return rtt === undefined ? DEFAULT_INTERVAL : Math.max(SHORTEST_INTERVAL, rtt * 1.25)
  }

  /** A packet has come, by itself or again. */
  receive(extended: number, now: number): void {
    if (this.#highest < 0 || extended - this.#highest > MAX_DROPOUT) {
      this.#missing.length = 0
      this.#highest = extended
    } else if (extended > this.#highest) {
      // What is further back than it makes sense to ask was lost for good: a number that jumps makes no list.
      for (let number = Math.max(this.#highest + 1, extended - MOST_MISSING); number < extended; number++) {
        this.#missing.push({ extended: number, since: now, askedAt: now, requests: 0 })
        this.#fresh = true
      }
      this.#highest = extended
      this.#trim()
    } else if (this.#missing.length > 0) {
      this.#found(extended)
    }
  }

  #found(extended: number): void {
    const at = this.#place(extended)
    if (this.#missing[at]?.extended === extended) this.#missing.splice(at, 1)
  }

  /** Where a number is in the list, or would be. */
  #place(extended: number): number {
    let low = 0
    let high = this.#missing.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#missing[middle]!.extended < extended) low = middle + 1
      else high = middle
    }
    return low
  }

  /** Whether a packet was asked for, and has not come. */
  misses(extended: number): boolean {
    return this.#missing[this.#place(extended)]?.extended === extended
  }

  #trim(): void {
    let old = Math.max(0, this.#missing.length - MOST_MISSING)
    while (old < this.#missing.length && this.#missing[old]!.extended < this.#highest - OLDEST) old++
    if (old === 0) return
    this.#missing.splice(0, old)
    this.givenUp += old
  }

  /** The sequence numbers to ask for now, in ascending order; empty when it is not time. */
  due(now: number): number[] {
    if (this.#missing.length === 0 || now < this.deadline) return []
    const interval = this.#interval
    const numbers: number[] = []
    const kept: Missing[] = []
    let lookAt = Number.POSITIVE_INFINITY
    for (const missing of this.#missing) {
      const isOver = now - missing.since >= LONGEST_WAIT || missing.requests >= MOST_REQUESTS
      // Compared as `lookAt` is reckoned: a difference may be rounded to less than the interval, and nothing would move on.
      const isAskedLongAgo = now >= missing.askedAt + interval
      if (isOver && isAskedLongAgo) {
        this.givenUp++
        continue
      }
      kept.push(missing)
      if (!isOver && (missing.requests === 0 || isAskedLongAgo)) {
        missing.askedAt = now
        missing.requests++
        numbers.push(missing.extended & 0xffff)
      }
      lookAt = Math.min(lookAt, missing.askedAt + interval)
    }
    this.#missing = kept
    this.#fresh = false
    this.#lookAt = lookAt
    return numbers
  }

  /** What comes before this number is not waited for any more. */
  forgetBefore(extended: number): void {
    const old = this.#place(extended)
    if (old === 0) return
    this.#missing.splice(0, old)
    this.givenUp += old
  }
}
