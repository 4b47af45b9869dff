/**
 * Messages for streams that no channel has yet: the peer's end of a negotiated channel may be there before ours, an OPEN
 * may be overtaken, and an id may be used again before we know that its last channel is closed. They are kept within a bound; beyond it they are dropped and counted, and with them
 * what else was kept of that stream: a reliable channel has no holes.
 */

export interface EarlyMessage {
  readonly ppid: number
  readonly data: Uint8Array<ArrayBuffer>
}

const LARGEST_TOTAL = 1 << 20
/** What a message costs beside its bytes. */
const OVERHEAD = 128

export class EarlyMessages {
  readonly #kept = new Map<number, EarlyMessage[]>()
  /** Streams of which something was dropped: what comes on them is not whole any more. Bounded by the streams. */
  readonly #lossy = new Set<number>()
  readonly #counters: { droppedEarlyMessages: number }
  #total = 0

  constructor(counters: { droppedEarlyMessages: number }) {
    this.#counters = counters
  }

  keep(streamId: number, ppid: number, data: Uint8Array<ArrayBuffer>): void {
    const cost = data.length + OVERHEAD
    if (this.#lossy.has(streamId) || this.#total + cost > LARGEST_TOTAL) {
      this.#counters.droppedEarlyMessages += 1 + this.take(streamId).length
      this.#lossy.add(streamId)
      return
    }
    this.#total += cost
    const list = this.#kept.get(streamId)
    if (list === undefined) this.#kept.set(streamId, [{ ppid, data }])
    else list.push({ ppid, data })
  }

  has(streamId: number): boolean {
    return this.#kept.has(streamId)
  }

  /** The streams for which something is kept. */
  get streams(): number[] {
    return [...this.#kept.keys(), ...this.#lossy]
  }

  /** Whether something of the stream had to be dropped since `take`. */
  isLossy(streamId: number): boolean {
    return this.#lossy.has(streamId)
  }

  /** What was kept for a stream, in the order in which it came; it is not kept any longer. */
  take(streamId: number): readonly EarlyMessage[] {
    this.#lossy.delete(streamId)
    const list = this.#kept.get(streamId)
    if (list === undefined) return []
    this.#kept.delete(streamId)
    for (const { data } of list) this.#total -= data.length + OVERHEAD
    return list
  }

  clear(): void {
    this.#lossy.clear()
    this.#kept.clear()
    this.#total = 0
  }
}
