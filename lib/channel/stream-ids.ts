/**
 * Which stream belongs to which channel, and which one a new channel gets: even ones for the DTLS client, odd ones for
 * the server (RFC 8832 6). An id is free again only when both directions of its stream are reset (RFC 8831 6.7).
 */

import type { DataChannel } from './channel.ts'

/** 65,535 is reserved (RFC 8832 6). */
export const LARGEST_ID = 65_534

export class StreamIds {
  readonly #channels = new Map<number, DataChannel>()
  /** Given back, to be used first, each once; a negotiated channel may have taken it since. */
  readonly #free: number[] = []
  readonly #listed = new Set<number>()
  /** Streams that could not be reset and are not used again. */
  readonly #retired = new Set<number>()
  /** Streams whose channel is closed, but which the peer has not reset yet. */
  readonly #halfReset = new Set<number>()
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
    this.#halfReset.clear()
    this.#free.length = 0
    this.#listed.clear()
    this.#next = this.#parity
  }

  /** Whether this id is of those that the peer gives out. */
  isPeers(id: number): boolean {
    return id % 2 !== this.#parity
  }

  get(id: number): DataChannel | undefined {
    return this.#channels.get(id)
  }

  /** The ids that are taken. */
  get all(): number[] {
    return [...this.#channels.keys()]
  }

  get channels(): DataChannel[] {
    return [...this.#channels.values()]
  }

  /** A free id of ours below `limit`, or undefined when all are taken. */
  choose(limit: number): number | undefined {
    while (this.#free.length > 0) {
      const id = this.#free.pop()!
      this.#listed.delete(id)
      if (id < limit && this.#isFree(id)) return id
    }
    while (this.#next <= LARGEST_ID && this.#next < limit) {
      const id = this.#next
      this.#next += 2
      if (this.#isFree(id)) return id
    }
    return undefined
  }

  /** Returns false when the id is taken. */
  take(id: number, channel: DataChannel): boolean {
    if (!this.#isFree(id)) return false
    this.#channels.set(id, channel)
    return true
  }

  /** @param after What becomes of the stream: it begins anew, the peer has yet to reset it, or it never will. */
  release(id: number, after: 'free' | 'half-reset' | 'retired'): void {
    this.#channels.delete(id)
    if (after === 'retired') this.#retired.add(id)
    else if (after === 'half-reset') this.#halfReset.add(id)
    else this.#giveBack(id)
  }

  /** The peer has reset a stream. Returns whether that was what its last channel had left open. */
  completed(id: number): boolean {
    if (!this.#halfReset.delete(id)) return false
    this.#giveBack(id)
    return true
  }

  #isFree(id: number): boolean {
    return !this.#channels.has(id) && !this.#retired.has(id) && !this.#halfReset.has(id)
  }

  #giveBack(id: number): void {
    if (this.isPeers(id) || id >= this.#next || this.#listed.has(id)) return
    this.#listed.add(id)
    this.#free.push(id)
  }
}
