/**
 * The transceivers of a negotiation, and what descriptions do to them (RFC 9429, 5.9 to 5.11; webrtc-pc, 4.4.1.5): associated
 * with m-sections, made for those of the peer's, brought back by a rollback, stopped with a rejection.
 */

import type { MediaKind } from '../rtp/index.ts'
import type { Description } from './description.ts'
import { receives, sends } from './direction.ts'
import { negotiatedMedia } from './media-negotiation.ts'
import { isMedia } from './media-section.ts'
import { NO_TRACK, Transceiver, type TransceiverInit, type TransceiverState } from './transceiver.ts'

export class Transceivers {
  #list: Transceiver[] = []
  readonly #allocate: () => number
  /** The id of the stream of tracks that the peer names no stream of (RFC 9429, 5.8.2). */
  #defaultStream: string | undefined
  readonly #makeStreamId: () => string
  /** What a rollback returns to. */
  #stable: ReadonlyMap<Transceiver, TransceiverState> | undefined

  /** @param allocate Gives SSRCs that nobody has yet. */
  constructor(allocate: () => number, makeStreamId: () => string) {
    this.#allocate = allocate
    this.#makeStreamId = makeStreamId
  }

  /** In the order in which they were added; those that are stopped are gone once an answer has agreed with it. */
  get list(): readonly Transceiver[] {
    return this.#list
  }

  add(init: TransceiverInit): Transceiver {
    const transceiver = new Transceiver(init, { ssrc: this.#allocate(), rtxSsrc: this.#allocate() })
    this.#list.push(transceiver)
    return transceiver
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
    const byMid = new Map(this.#list.map(transceiver => [transceiver.mid, transceiver]))
    description.mids.forEach((mid, index) => {
      const media = description.media(index)
      if (!isMedia(media) || description.rejected(index)) return
      const section = description.section(index)
      let transceiver = byMid.get(mid)
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
    const { direction, track } = description.section(index)
    if (!sends(direction)) transceiver.remote = NO_TRACK
    else {
      const { streamIds, trackId } = track
      if (streamIds === undefined) this.#defaultStream ??= this.#makeStreamId()
      transceiver.remote = { receives: true, streamIds: streamIds ?? [this.#defaultStream!], trackId }
    }
  }

  /** An answer, or a provisional one, is applied: what was offered holds as far as it says. */
  agree(local: Description, remote: Description): void {
    for (const transceiver of this.#list) {
      const { mid, stopped } = transceiver
      if (stopped) continue
      const here = mid === undefined ? undefined : local.indexOf(mid)
      const there = mid === undefined ? undefined : remote.indexOf(mid)
      if (here === undefined || there === undefined || local.rejected(here) || remote.rejected(there)) continue
      if (!isMedia(local.media(here)) || !isMedia(remote.media(there))) continue
      if (remote.type !== 'offer') this.#hear(transceiver, remote, there)
      transceiver.negotiated = negotiatedMedia(local.section(here), remote.section(there))
      transceiver.currentDirection = transceiver.negotiated.direction
    }
  }

  /** What the peer rejects, in an offer too, is stopped at once and for good (webrtc-pc, 4.4.1.5). */
  stopRejected(...descriptions: readonly (Description | undefined)[]): Transceiver[] {
    const rejected = this.#list.filter(({ mid, stopped }) => {
      if (mid === undefined || stopped) return false
      return descriptions.some(description => {
        const index = description?.indexOf(mid)
        return description !== undefined && index !== undefined && description.rejected(index)
      })
    })
    for (const transceiver of rejected) transceiver.stop()
    return rejected
  }

  /** The state is stable again: what is rejected on either side is stopped, and nothing can be rolled back. */
  settle(local: Description | undefined, remote: Description | undefined): Transceiver[] {
    this.#stable = undefined
    const stopped = this.stopRejected(local, remote)
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
      // What is stopped stays so.
      if (transceiver.stopped) continue
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
