/**
 * Which stream belongs to which channel, and which one a new channel gets: even ones for the DTLS client, odd ones for
 * the server (RFC 8832 6). An id is free again only when both directions of its stream are reset (RFC 8831 6.7).
 */

import type { DataChannel } from './channel.ts'

/** 65,535 is reserved (RFC 8832 6). */
export const LARGEST_ID = 65_534

export class StreamIds {
  readonly #channels = new Map<number, DataChannel>()
  /** Given back, to be used first. */
  #free: number[] = []
  /** Streams that could not be reset and are not used again. */
  readonly #retired = new Set<number>()
  #next = 0
  #parity = 0

  /** Whether it is known which ids are ours. */
  begun = false

  begin(role: 'client' | 'server'): void {
    this.begun = true
    this.#parity = role === 'client' ? 0 : 1
    this.#next = this.#parity
  }

  /** Every stream begins anew, and no channel is left. */
  restart(): void {
    this.#channels.clear()
    this.#retired.clear()
    this.#free = []
    this.#next = this.#parity
  }

  /** Whether this id is of those that the peer gives out. */
  isPeers(id: number): boolean {
    return id % 2 !== this.#parity
  }

  get(id: number): DataChannel | undefined {
    return this.#channels.get(id)
  }

  values(): IterableIterator<DataChannel> {
    return this.#channels.values()
  }

  /** A free id of ours below `limit`, or undefined when all are taken. */
  choose(limit: number): number | undefined {
    while (this.#free.length > 0) {
      const id = this.#free.pop()!
      if (id < limit && !this.#channels.has(id)) return id
    }
    while (this.#next <= LARGEST_ID && this.#next < limit) {
      const id = this.#next
      this.#next += 2
      if (!this.#channels.has(id) && !this.#retired.has(id)) return id
    }
    return undefined
  }

  /** Returns false when the id is taken. */
  take(id: number, channel: DataChannel): boolean {
    if (this.#channels.has(id) || this.#retired.has(id)) return false
    this.#channels.set(id, channel)
    return true
  }

  /** @param reusable Whether the stream begins anew. */
  release(id: number, reusable: boolean): void {
    this.#channels.delete(id)
    if (!reusable) this.#retired.add(id)
    else if (!this.isPeers(id) && id < this.#next) this.#free.push(id)
  }
}
