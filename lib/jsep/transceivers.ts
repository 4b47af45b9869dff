/**
 * The transceivers of a negotiation, and what descriptions do to them (RFC 9429, 5.9 to 5.11; webrtc-pc, 4.4.1.5): associated
 * with m-sections, made for those of the peer's, brought back by a rollback, stopped with a rejection.
 */

import type { MediaKind } from '../rtp/index.ts'
import type { Description } from './description.ts'
import { receives, reversed } from './direction.ts'
import { negotiatedMedia } from './media-negotiation.ts'
import { isMedia, readMediaSection } from './media-section.ts'
import { NO_TRACK, Transceiver, type TransceiverInit, type TransceiverState } from './transceiver.ts'

export class Transceivers {
  #list: Transceiver[] = []
  readonly #allocate: () => number
  /** What a rollback returns to. */
  #stable: ReadonlyMap<Transceiver, TransceiverState> | undefined

  /** @param allocate Gives SSRCs that nobody has yet. */
  constructor(allocate: () => number) {
    this.#allocate = allocate
  }

  /** In the order in which they were added; those that are stopped are gone. */
  get list(): readonly Transceiver[] {
    return this.#list
  }

  add(init: TransceiverInit): Transceiver {
    const transceiver = new Transceiver(init, { ssrc: this.#allocate(), rtxSsrc: this.#allocate() })
    this.#list.push(transceiver)
    return transceiver
  }

  find(mid: string): Transceiver | undefined {
    return this.#list.find(each => each.mid === mid)
  }

  /** A description is about to be applied in the state `stable`: what is now is what a rollback returns to. */
  remember(): void {
    this.#stable ??= new Map(this.#list.map(transceiver => [transceiver, transceiver.state]))
  }

  /** Our offer is applied: its m-sections belong to these transceivers. */
  associateLocal(description: Description, plan: readonly (Transceiver | undefined)[]): void {
    plan.forEach((transceiver, index) => {
      if (transceiver === undefined) return
      transceiver.mid = description.mids[index]!
      transceiver.mLineIndex = index
    })
  }

  /** The peer's offer is applied: each m-section of media finds or gets its transceiver. */
  associateRemote(description: Description): Transceiver[] {
    const created: Transceiver[] = []
    description.mids.forEach((mid, index) => {
      const media = description.media(index)
      if (!isMedia(media) || description.rejected(index)) return
      const section = readMediaSection(description, index)
      let transceiver = this.find(mid)
      if (transceiver === undefined && receives(section.direction)) transceiver = this.#vacant(section.kind)
      if (transceiver === undefined) {
        transceiver = this.add({ kind: section.kind, direction: 'recvonly' })
        transceiver.createdByRemote = true
        created.push(transceiver)
      }
      transceiver.mid = mid
      transceiver.mLineIndex = index
      this.#hear(transceiver, description, index)
    })
    return created
  }

  /** RFC 9429, 5.10: one that addTrack made and no m-section has. */
  #vacant(kind: MediaKind): Transceiver | undefined {
    return this.#list.find(each => each.kind === kind && each.addedByTrack && each.mid === undefined && !each.stopping)
  }

  /** What the peer says of the track that it sends. */
  #hear(transceiver: Transceiver, description: Description, index: number): void {
    const { direction, track } = readMediaSection(description, index)
    transceiver.remote = receives(reversed(direction)) ? { ...track, receives: true } : NO_TRACK
  }

  /** An answer, or a provisional one, is applied: what was offered holds as far as it says. */
  agree(local: Description, remote: Description): void {
    for (const transceiver of this.#list) {
      const { mid } = transceiver
      const here = mid === undefined ? undefined : local.indexOf(mid)
      const there = mid === undefined ? undefined : remote.indexOf(mid)
      if (here === undefined || there === undefined || local.rejected(here) || remote.rejected(there)) continue
      if (!isMedia(local.media(here)) || !isMedia(remote.media(there))) continue
      if (remote.type !== 'offer') this.#hear(transceiver, remote, there)
      transceiver.negotiated = negotiatedMedia(readMediaSection(local, here), readMediaSection(remote, there))
      transceiver.currentDirection = transceiver.negotiated.direction
    }
  }

  /** The state is stable again: what is rejected on either side is stopped, and nothing can be rolled back. */
  settle(local: Description | undefined, remote: Description | undefined): Transceiver[] {
    this.#stable = undefined
    const stopped = this.#list.filter(({ mid }) => {
      if (mid === undefined) return false
      return [local, remote].some(description => {
        const index = description?.indexOf(mid)
        return description !== undefined && index !== undefined && description.rejected(index)
      })
    })
    for (const transceiver of stopped) transceiver.stop()
    this.#list = this.#list.filter(transceiver => !transceiver.stopped)
    // From now on they are as any other.
    for (const transceiver of this.#list) transceiver.createdByRemote = false
    return stopped
  }

  /** Undoes what the pending descriptions did (RFC 9429, 4.1.10.2; webrtc-pc, 4.4.1.5). */
  rollBack(): Transceiver[] {
    const stable = this.#stable ?? new Map<Transceiver, TransceiverState>()
    this.#stable = undefined
    const removed: Transceiver[] = []
    for (const transceiver of this.#list) {
      const state = stable.get(transceiver)
      if (state !== undefined) transceiver.restore(state)
      else if (transceiver.createdByRemote) removed.push(transceiver)
      else
        transceiver.restore({
          mid: undefined,
          mLineIndex: undefined,
          currentDirection: undefined,
          remote: NO_TRACK,
          negotiated: undefined,
        })
    }
    for (const transceiver of removed) transceiver.stop()
    this.#list = this.#list.filter(transceiver => !removed.includes(transceiver))
    return removed
  }
}
