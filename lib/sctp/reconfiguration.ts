/**
 * Resetting streams (RFC 6525): our own outgoing ones, one request at a time, and the peer's requests.
 *
 * A data channel is closed by this alone (RFC 8831 6.7).
 */

import { add32, after32, diff32 } from '../bytes/index.ts'
import { Timer } from '../machine/index.ts'
import { CHUNK } from './chunk-type.ts'
import type { SctpCounters } from './counters.ts'
import type { PacketBuilder } from './packet-builder.ts'
import type { Path } from './path.ts'
import { RESULT, type ReconfigParameter, writeOutgoingReset, writeResponse } from './reconfig-chunk.ts'
import type { SendQueue } from './send-queue.ts'

/** What becomes of a reset is told to this. */
export interface ReconfigurationOwner {
  /** The peer has reset these streams; undefined: all. */
  incomingReset(streamIds: readonly number[] | undefined): void
  /** The peer asks that these be reset by us; undefined: all. */
  resetRequested(streamIds: readonly number[] | undefined): void
  /** Our request for these is answered. */
  outgoingReset(streamIds: readonly number[], ok: boolean): void
}

/** The chunk header, the parameter's header, and three numbers. */
const REQUEST_LENGTH = 4 + 4 + 12

interface Request {
  readonly sequence: number
  readonly streamIds: readonly number[]
  readonly value: Uint8Array
}

export class Reconfiguration {
  readonly timer = new Timer()
  readonly #owner: ReconfigurationOwner
  readonly #supported: boolean
  readonly #queue: SendQueue
  readonly #path: Path
  readonly #counters: SctpCounters
  /** The sequence number of our next request. */
  #next: number
  /** Our request that is not answered yet. */
  #request: Request | undefined
  #requestDue = false
  /** Streams that are drained, with the last TSN given out by then: they wait until it is acknowledged, and for their turn. */
  readonly #waiting: { readonly streamId: number; readonly lastTsn: number }[] = []
  /** The sequence number of the peer's next request, and what we answered to the one before. */
  #expected: number
  #lastResult: number = RESULT.NOTHING_TO_DO
  /** A reset of the peer's that waits for the last of the data it covers. */
  #deferred: Extract<ReconfigParameter, { type: 'outgoing-reset' }> | undefined
  #responses: Uint8Array[] = []

  /** @param supported Whether the peer takes RE-CONFIG; if not, every reset fails at once. */
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
    this.#expected = peerInitialTsn
    this.#owner = owner
    this.#queue = queue
    this.#path = path
    this.#counters = counters
  }

  /** Whether `flush` has something to send. */
  get pending(): boolean {
    if (this.#responses.length > 0 || this.#requestDue) return true
    return this.#queue.hasDrained || (this.#request === undefined && this.#waiting.length > 0)
  }

  /** Takes one parameter. `cumulativeTsn` is the last TSN up to which all has arrived. */
  receive(parameter: ReconfigParameter, cumulativeTsn: number): void {
    if (parameter.type === 'response') this.#response(parameter.sequence, parameter.result)
    else this.#peerRequest(parameter, cumulativeTsn)
  }

  /** The cumulative TSN moved: a reset that was put off may be due. */
  advanced(cumulativeTsn: number): void {
    const deferred = this.#deferred
    if (deferred === undefined || after32(deferred.lastTsn, cumulativeTsn)) return
    this.#deferred = undefined
    this.#perform(deferred)
    this.#lastResult = RESULT.PERFORMED
    this.#responses.push(writeResponse(deferred.sequence, RESULT.PERFORMED))
  }

  /** The timer ran out: the request was lost, or the peer was not ready. */
  expire(): void {
    if (this.#request === undefined) return
    this.#path.errors++
    this.#path.timeout.backOff()
    this.#requestDue = true
  }

  /**
   * A request is sent when all that it covers is acknowledged, and names that as the last TSN: so the peer need never put
   * it off (RFC 6525 5.2.2), neither for a lost packet nor for what other streams have sent since. There are peers that
   * lose messages when they do.
   * @param firstOutstanding The lowest TSN that is not acknowledged; `lastTsn` plus one when there is none.
   * @param lastTsn The last TSN that was given out.
   */
  flush(firstOutstanding: number, lastTsn: number, packets: PacketBuilder, now: number): void {
    for (const response of this.#responses) packets.append(CHUNK.RE_CONFIG, 0, response, now)
    this.#responses = []
    if (this.#queue.hasDrained) {
      const drained = this.#queue.takeDrained()
      if (this.#supported) for (const streamId of drained) this.#waiting.push({ streamId, lastTsn })
      else this.#owner.outgoingReset(drained, false)
    }
    const outstanding = this.#waiting.findIndex(stream => !after32(firstOutstanding, stream.lastTsn))
    const ready = outstanding < 0 ? this.#waiting.length : outstanding
    if (this.#request === undefined && ready > 0) {
      const most = (packets.largestChunk - REQUEST_LENGTH) >>> 1
      const covered = this.#waiting.splice(0, Math.min(ready, most))
      const streamIds = covered.map(({ streamId }) => streamId)
      const value = writeOutgoingReset(this.#next, add32(this.#expected, -1), covered.at(-1)!.lastTsn, streamIds)
      this.#request = { sequence: this.#next, streamIds, value }
      this.#next = add32(this.#next, 1)
      this.#requestDue = true
    }
    if (this.#requestDue && this.#request !== undefined) {
      this.#requestDue = false
      this.#counters.reconfigsSent++
      packets.append(CHUNK.RE_CONFIG, 0, this.#request.value, now)
      this.timer.set(now + this.#path.timeout.value)
    }
  }

  #response(sequence: number, result: number): void {
    const request = this.#request
    if (request === undefined || request.sequence !== sequence) return
    this.#path.alive()
    // In progress (5.2.7): the same request is sent again when the timer runs out.
    if (result === RESULT.IN_PROGRESS) return
    this.timer.stop()
    this.#request = undefined
    this.#requestDue = false
    const ok = result === RESULT.PERFORMED || result === RESULT.NOTHING_TO_DO
    // A stream whose reset was refused stays closed: it has neither ended nor begun anew.
    if (ok) for (const id of request.streamIds) this.#queue.restart(id)
    this.#owner.outgoingReset(request.streamIds, ok)
  }

  #peerRequest(request: Exclude<ReconfigParameter, { type: 'response' }>, cumulativeTsn: number): void {
    const { sequence } = request
    if (sequence === add32(this.#expected, -1)) {
      // A repetition: the answer was lost, or the data has arrived meanwhile.
      this.advanced(cumulativeTsn)
      if (this.#responses.length === 0) this.#responses.push(writeResponse(sequence, this.#lastResult))
      return
    }
    if (sequence !== this.#expected) {
      this.#answer(sequence, RESULT.BAD_SEQUENCE_NUMBER)
      return
    }
    this.#expected = add32(sequence, 1)
    this.#deferred = undefined
    this.#lastResult = this.#judge(request, cumulativeTsn)
    this.#answer(sequence, this.#lastResult)
  }

  #judge(request: Exclude<ReconfigParameter, { type: 'response' }>, cumulativeTsn: number): number {
    if (request.type === 'outgoing-reset') {
      if (diff32(request.lastTsn, cumulativeTsn) > 0) {
        this.#deferred = request
        return RESULT.IN_PROGRESS
      }
      this.#perform(request)
      return RESULT.PERFORMED
    }
    if (request.type === 'incoming-reset') {
      this.#owner.resetRequested(request.streamIds.length === 0 ? undefined : request.streamIds)
      return RESULT.PERFORMED
    }
    // Streams were negotiated up to the largest number there is, and TSNs are never begun anew.
    return RESULT.DENIED
  }

  #perform(request: { readonly streamIds: readonly number[] }): void {
    this.#owner.incomingReset(request.streamIds.length === 0 ? undefined : request.streamIds)
  }

  #answer(sequence: number, result: number): void {
    // As many requests as fit into a packet may come in one: each gets its answer, and no more are kept.
    if (this.#responses.length < 64) this.#responses.push(writeResponse(sequence, result))
  }
}
