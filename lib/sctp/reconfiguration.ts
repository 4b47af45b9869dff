/**
 * Resetting and adding streams (RFC 6525): our own requests, one at a time, with their timer; the peer's are in
 * `reconfig-responder.ts`.
 *
 * A data channel is closed by resets alone (RFC 8831 6.7).
 */

import { add32, after32 } from '../bytes/index.ts'
import { Timer } from '../machine/index.ts'
import { CHUNK } from './chunk-type.ts'
import type { SctpCounters } from './counters.ts'
import type { PacketBuilder } from './packet-builder.ts'
import type { Path } from './path.ts'
import {
  type AddStreams,
  RESULT,
  type ReconfigParameter,
  writeAddStreams,
  writeIncomingReset,
  writeOutgoingReset,
} from './reconfig-chunk.ts'
import { ReconfigResponder, type ReconfigResponderOwner } from './reconfig-responder.ts'
import type { SendQueue } from './send-queue.ts'

/** What becomes of a request is told to this. */
export interface ReconfigurationOwner extends ReconfigResponderOwner {
  /** Our request for these is answered. */
  outgoingReset(streamIds: readonly number[], ok: boolean): void
  /** Our request that the peer reset these is answered; none: all. */
  incomingResetAnswered(streamIds: readonly number[], ok: boolean): void
  /** Our request for more streams of ours (outgoing) or of the peer's (incoming) is answered. */
  streamsAdded(type: AddStreams['type'], count: number, ok: boolean): void
}

/** The chunk header, the parameter's header, and three numbers. */
const REQUEST_LENGTH = 4 + 4 + 12

/** A request that waits for its turn. */
type Wish =
  | { readonly type: 'incoming-reset'; readonly streamIds: readonly number[] }
  | { readonly type: AddStreams['type']; readonly count: number }

type Request = (Wish | { readonly type: 'outgoing-reset'; readonly streamIds: readonly number[] }) & {
  readonly sequence: number
  readonly value: Uint8Array
}

export class Reconfiguration {
  readonly timer = new Timer()
  readonly #owner: ReconfigurationOwner
  readonly #supported: boolean
  readonly #queue: SendQueue
  readonly #path: Path
  readonly #counters: SctpCounters
  readonly #responder: ReconfigResponder
  /** The number of our next request. */
  #next: number
  /** Our request that is not answered yet. */
  #request: Request | undefined
  #requestDue = false
  /** The peer has said that it is busy with it: that it is asked again is no failure. */
  #inProgress = false
  /** Streams that are drained, with the last TSN given out by then: they wait until it is acknowledged, and for their turn. */
  readonly #waiting: { readonly streamId: number; readonly lastTsn: number }[] = []
  readonly #wishes: Wish[] = []

  /** @param supported Whether the peer takes RE-CONFIG; if not, every request fails at once. */
  constructor(
    supported: boolean,
    initialTsn: number,
    peerInitialTsn: number,
    owner: ReconfigurationOwner,
    queue: SendQueue,
    path: Path,
    counters: SctpCounters,
  ) {
    this.#supported = supported
    this.#next = initialTsn
    this.#owner = owner
    this.#queue = queue
    this.#path = path
    this.#counters = counters
    this.#responder = new ReconfigResponder(peerInitialTsn, owner)
  }

  /** Whether `flush` has something to send. */
  get pending(): boolean {
    if (this.#responder.answers.length > 0 || this.#requestDue) return true
    return this.#queue.hasDrained || (this.#request === undefined && this.#waiting.length + this.#wishes.length > 0)
  }

  /** Whether a stream waits to be reset until this TSN, the lowest that is not acknowledged, and those after it are. */
  awaits(firstOutstanding: number): boolean {
    const last = this.#waiting.at(-1)
    return last !== undefined && !after32(firstOutstanding, last.lastTsn)
  }

  /** Takes one parameter. `cumulativeTsn` is the last TSN up to which all has arrived. */
  receive(parameter: ReconfigParameter, cumulativeTsn: number): void {
    if (parameter.type === 'response') {
      this.#response(parameter.sequence, parameter.result)
      return
    }
    // The peer may answer a request to reset by resetting, and say nothing else (5.2.2, D).
    if (parameter.type === 'outgoing-reset' && this.#request?.type === 'incoming-reset') {
      this.#response(parameter.responseSequence, RESULT.PERFORMED)
    }
    this.#responder.receive(parameter, cumulativeTsn)
  }

  /** The cumulative TSN moved: a reset of the peer's that was put off may be due. */
  advanced(cumulativeTsn: number): void {
    this.#responder.advanced(cumulativeTsn)
  }

  /** Asks the peer to reset these of its streams (5.1.3); no ids: all. */
  requestIncomingReset(streamIds: readonly number[]): void {
    this.#wishes.push({ type: 'incoming-reset', streamIds })
  }

  /** How many requests of ours for more streams to send on are not answered yet. */
  get growing(): number {
    const type = 'add-outgoing-streams'
    return this.#wishes.filter(wish => wish.type === type).length + (this.#request?.type === type ? 1 : 0)
  }

  /** Asks for more streams (5.1.5, 5.1.6). */
  requestStreams(type: AddStreams['type'], count: number): void {
    this.#wishes.push({ type, count })
  }

  /** The timer ran out: the request was lost, or the peer was not ready. */
  expire(): void {
    if (this.#request === undefined) return
    if (!this.#inProgress) {
      this.#path.errors++
      this.#path.timeout.backOff()
    }
    this.#inProgress = false
    this.#requestDue = true
  }

  /**
   * Answers the peer's requests. Goes ahead of DATA: with the answer to the second of two resets the peer holds a stream free,
   * and takes what comes on it before for what belongs to the old one.
   */
  answer(packets: PacketBuilder, now: number): void {
    const { answers } = this.#responder
    if (answers.length === 0) return
    for (const answer of answers) packets.append(CHUNK.RE_CONFIG, 0, answer, now)
    this.#responder.answers = []
  }

  /**
   * A reset is asked for when all that it covers is acknowledged, and names that as the last TSN: so the peer need never put
   * it off (RFC 6525 5.2.2), neither for a lost packet nor for what other streams have sent since. There are peers that
   * lose messages when they do.
   * @param firstOutstanding The lowest TSN that is not acknowledged; `lastTsn` plus one when there is none.
   * @param lastTsn The last TSN that was given out.
   */
  flush(firstOutstanding: number, lastTsn: number, packets: PacketBuilder, now: number): void {
    if (this.#queue.hasDrained) {
      const drained = this.#queue.takeDrained()
      if (this.#supported) for (const streamId of drained) this.#waiting.push({ streamId, lastTsn })
      else this.#owner.outgoingReset(drained, false)
    }
    if (this.#request === undefined) this.#begin(firstOutstanding, packets.largestChunk)
    if (this.#requestDue && this.#request !== undefined) {
      this.#requestDue = false
      this.#counters.reconfigsSent++
      packets.append(CHUNK.RE_CONFIG, 0, this.#request.value, now)
      this.timer.set(now + this.#path.timeout.value)
    }
  }

  /** The next request, if there is one and it is ready. */
  #begin(firstOutstanding: number, largestChunk: number): void {
    const sequence = this.#next
    const most = (largestChunk - REQUEST_LENGTH) >>> 1
    const outstanding = this.#waiting.findIndex(stream => !after32(firstOutstanding, stream.lastTsn))
    const ready = outstanding < 0 ? this.#waiting.length : outstanding
    if (ready > 0) {
      const covered = this.#waiting.splice(0, Math.min(ready, most))
      const streamIds = covered.map(({ streamId }) => streamId)
      const value = writeOutgoingReset(sequence, this.#responder.lastSequence, covered.at(-1)!.lastTsn, streamIds)
      this.#request = { type: 'outgoing-reset', sequence, streamIds, value }
    } else {
      const wish = this.#nextWish(most)
      if (wish === undefined) return
      if (!this.#supported) {
        this.#answered(wish, false)
        return
      }
      const value =
        wish.type === 'incoming-reset'
          ? writeIncomingReset(sequence, wish.streamIds)
          : writeAddStreams(wish.type, sequence, wish.count)
      this.#request = { ...wish, sequence, value }
    }
    this.#next = add32(sequence, 1)
    this.#requestDue = true
    this.#inProgress = false
  }

  /** The oldest wish, or as much of it as fits into a chunk. */
  #nextWish(most: number): Wish | undefined {
    const wish = this.#wishes.shift()
    if (wish?.type !== 'incoming-reset' || wish.streamIds.length <= most) return wish
    this.#wishes.unshift({ type: 'incoming-reset', streamIds: wish.streamIds.slice(most) })
    return { type: 'incoming-reset', streamIds: wish.streamIds.slice(0, most) }
  }

  #response(sequence: number, result: number): void {
    const request = this.#request
    if (request === undefined || request.sequence !== sequence) return
    this.#path.alive()
    // In progress (5.2.7): the same request is sent again when the timer runs out.
    if (result === RESULT.IN_PROGRESS) {
      this.#inProgress = true
      return
    }
    this.timer.stop()
    this.#request = undefined
    this.#requestDue = false
    const ok = result === RESULT.PERFORMED || result === RESULT.NOTHING_TO_DO
    if (request.type !== 'outgoing-reset') {
      this.#answered(request, ok)
      return
    }
    // A stream whose reset was refused stays closed: it has neither ended nor begun anew.
    if (ok) for (const id of request.streamIds) this.#queue.restart(id)
    this.#owner.outgoingReset(request.streamIds, ok)
  }

  #answered(wish: Wish, ok: boolean): void {
    if (wish.type === 'incoming-reset') this.#owner.incomingResetAnswered(wish.streamIds, ok)
    else this.#owner.streamsAdded(wish.type, wish.count, ok)
  }
}
