/**
 * The peer's requests to reset or add streams, and our answers (RFC 6525 5.2).
 *
 * Requests are numbered, and each is carried out once: one that comes again gets the answer that it got before. As two
 * may share a chunk, the last two answers are kept (5.2.1).
 */

import { add32, after32 } from '../bytes/index.ts'
import { type OutgoingReset, RESULT, type ReconfigRequest, writeResponse } from './reconfig-chunk.ts'

/** What the peer asks for is carried out by this. */
export interface ReconfigResponderOwner {
  /** Streams the peer may send on. */
  readonly inboundStreams: number
  /** Streams we may send on. */
  readonly outboundStreams: number
  /** The peer has reset these streams; undefined: all. */
  incomingReset(streamIds: readonly number[] | undefined): void
  /** The peer asks that these be reset by us; undefined: all. Returns whether there was any to reset. */
  resetRequested(streamIds: readonly number[] | undefined): boolean
  /** The peer will send on so many more streams. Returns false to refuse. */
  addInbound(count: number): boolean
  /** The peer asks that we ask for so many more streams to send on. Returns false to refuse. */
  addOutboundRequested(count: number): boolean
}

/** Answers that wait for the next flush: a packet may be full of requests, and no more than this are kept. */
const MOST_ANSWERS = 64

export class ReconfigResponder {
  /** Chunks to send. */
  answers: Uint8Array[] = []
  readonly #owner: ReconfigResponderOwner
  /** The number of the peer's next request. */
  #expected: number
  /** Results of the last request, and of the one before it. */
  #last: number = RESULT.NOTHING_TO_DO
  #lastButOne: number = RESULT.NOTHING_TO_DO
  /** A reset that waits for the last of the data that it covers. */
  #deferred: OutgoingReset | undefined
  /** The last reset that was put off and has been carried out. */
  #overdue: OutgoingReset | undefined

  constructor(peerInitialTsn: number, owner: ReconfigResponderOwner) {
    this.#expected = peerInitialTsn
    this.#owner = owner
  }

  /** The number of the last request that was taken. */
  get lastSequence(): number {
    return add32(this.#expected, -1)
  }

  /** Takes a request. `cumulativeTsn` is the last TSN up to which all has arrived. */
  receive(request: ReconfigRequest, cumulativeTsn: number): void {
    const { sequence } = request
    const last = this.lastSequence
    if (sequence === last || sequence === add32(last, -1)) {
      // A repetition: the answer was lost, or the data has arrived meanwhile.
      const waiting = this.#deferred?.sequence === sequence
      this.advanced(cumulativeTsn)
      const answered = waiting && this.#deferred === undefined
      if (!answered) this.#answer(sequence, sequence === last ? this.#last : this.#lastButOne)
      return
    }
    if (sequence !== this.#expected) {
      this.#answer(sequence, RESULT.BAD_SEQUENCE_NUMBER)
      return
    }
    const result = this.#judge(request, cumulativeTsn)
    this.#expected = add32(sequence, 1)
    this.#lastButOne = this.#last
    this.#last = result
    this.#answer(sequence, result)
  }

  /** The cumulative TSN moved: a reset that was put off may be due. */
  advanced(cumulativeTsn: number): void {
    const deferred = this.#deferred
    if (deferred === undefined || after32(deferred.lastTsn, cumulativeTsn)) return
    this.#deferred = undefined
    this.#overdue = deferred
    this.#reset(deferred)
    if (deferred.sequence === this.lastSequence) this.#last = RESULT.PERFORMED
    else if (deferred.sequence === add32(this.lastSequence, -1)) this.#lastButOne = RESULT.PERFORMED
    this.#answer(deferred.sequence, RESULT.PERFORMED)
  }

  #judge(request: ReconfigRequest, cumulativeTsn: number): number {
    const owner = this.#owner
    switch (request.type) {
      case 'outgoing-reset':
        return this.#judgeReset(request, cumulativeTsn)
      case 'incoming-reset': {
        const { streamIds } = request
        if (streamIds.some(id => id >= owner.outboundStreams)) return RESULT.WRONG_SSN
        const some = owner.resetRequested(streamIds.length === 0 ? undefined : streamIds)
        return some ? RESULT.PERFORMED : RESULT.NOTHING_TO_DO
      }
      case 'add-outgoing-streams':
        if (request.count === 0) return RESULT.NOTHING_TO_DO
        return owner.addInbound(request.count) ? RESULT.PERFORMED : RESULT.DENIED
      case 'add-incoming-streams':
        if (request.count === 0) return RESULT.NOTHING_TO_DO
        return owner.addOutboundRequested(request.count) ? RESULT.PERFORMED : RESULT.DENIED
      case 'tsn-reset':
        // TSNs begin anew with a new association only (5.2.4 leaves this to the receiver).
        return RESULT.DENIED
    }
  }

  #judgeReset(request: OutgoingReset, cumulativeTsn: number): number {
    if (request.streamIds.some(id => id >= this.#owner.inboundStreams)) return RESULT.WRONG_SSN
    const deferred = this.#deferred
    if (deferred !== undefined) {
      if (!alike(request, deferred)) return RESULT.ALREADY_IN_PROGRESS
      // There are peers that ask again under a new number after "in progress".
      this.#deferred = undefined
    } else if (this.#overdue !== undefined && alike(request, this.#overdue)) {
      // The same, and its reset has been carried out meanwhile: the stream may be in use again.
      this.#overdue = undefined
      return RESULT.PERFORMED
    }
    this.#overdue = undefined
    if (after32(request.lastTsn, cumulativeTsn)) {
      this.#deferred = request
      return RESULT.IN_PROGRESS
    }
    this.#reset(request)
    return RESULT.PERFORMED
  }

  #reset(request: OutgoingReset): void {
    this.#owner.incomingReset(request.streamIds.length === 0 ? undefined : request.streamIds)
  }

  #answer(sequence: number, result: number): void {
    if (this.answers.length < MOST_ANSWERS) this.answers.push(writeResponse(sequence, result))
  }
}

const alike = (a: OutgoingReset, b: OutgoingReset): boolean =>
  a.lastTsn === b.lastTsn &&
  a.streamIds.length === b.streamIds.length &&
  a.streamIds.every((id, i) => id === b.streamIds[i])
