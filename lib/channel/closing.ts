/**
 * How channels end (RFC 8831 6.7): each side resets its direction of the stream, and the channel is closed when both are
 * reset.
 *
 * The one who closes resets first, behind what was queued; who sees that resets too. That also holds for a stream of which
 * no channel is known here: the peer may have made a negotiated channel that this side has not. A peer that does not
 * answer so (some do not, where they have no channel) leaves us with a stream that is reset one way: after a while in
 * which nothing has come on it, the channel is closed all the same, and its id waits for the peer's reset (RFC 6525 lets
 * that come at any time).
 */

import type { EventQueue } from '../machine/index.ts'
import type { Association } from '../sctp/index.ts'
import { ChannelError, type DataChannel } from './channel.ts'
import type { ChannelEvent } from './channel-event.ts'
import type { StreamIds } from './stream-ids.ts'

/** Milliseconds for which the peer may be silent, once our direction is reset, before we go without its reset. */
const ANSWER_TIMEOUT = 10_000

export class Closing {
  readonly #association: Association
  readonly #ids: StreamIds
  readonly #events: EventQueue<ChannelEvent>
  readonly #closed: (channel: DataChannel, untouched: boolean) => void
  /** Streams without a channel that we have reset: the peer's reset that answers is not to be answered again. */
  readonly #refused = new Set<number>()
  /** Streams without a channel that we are resetting. */
  readonly #underWay = new Set<number>()
  /** Channels that wait for the peer's reset. */
  readonly #waiting = new Set<DataChannel>()
  /** When the first of them may be overdue: monotonic ms, early at worst. */
  #deadline = Number.POSITIVE_INFINITY

  /** @param closed Forgets a channel; `untouched`: it was never open. */
  constructor(
    association: Association,
    ids: StreamIds,
    events: EventQueue<ChannelEvent>,
    closed: (channel: DataChannel, untouched: boolean) => void,
  ) {
    this.#association = association
    this.#ids = ids
    this.#events = events
    this.#closed = closed
  }

  get deadline(): number {
    return this.#deadline
  }

  /** Goes without the resets that are overdue. */
  advance(now: number): void {
    if (now < this.#deadline) return
    this.#deadline = Number.POSITIVE_INFINITY
    for (const channel of this.#waiting) {
      if (channel.answerDue <= now) this.finish(channel)
      else this.#deadline = Math.min(this.#deadline, channel.answerDue)
    }
  }

  /** Its owner closes a channel: what was queued leaves first. */
  close(channel: DataChannel): void {
    if (channel.state === 'connecting') {
      this.finish(channel)
    } else if (channel.state === 'open') {
      channel.state = 'closing'
      this.#association.resetStreams([channel.id!])
    }
  }

  /** Closes a channel that its owner has not closed: what was not begun to be sent would not be heard. */
  closing(channel: DataChannel): void {
    if (channel.state !== 'open') return
    channel.state = 'closing'
    this.#events.push({ type: 'closing', channel })
    channel.drop()
  }

  /** The peer broke the protocol on a channel. */
  fail(channel: DataChannel, message: string): void {
    channel.error ??= new ChannelError('data-channel-failure', message)
    if (channel.state !== 'connecting') {
      this.closing(channel)
      return
    }
    this.finish(channel)
    this.refuse(channel.id!)
  }

  /** The peer still sends on a channel that is closing. */
  heard(channel: DataChannel, now: number): void {
    if (channel.outgoingReset) channel.answerDue = now + ANSWER_TIMEOUT
  }

  /** Resets a stream that has no channel, of our own accord. */
  refuse(streamId: number): void {
    if (this.#reset(streamId)) this.#refused.add(streamId)
  }

  /** Whether a stream without a channel is being reset, so that a channel must wait for that. */
  isUnderWay(streamId: number): boolean {
    return this.#underWay.has(streamId)
  }

  /** The peer has ended its direction of a stream: ours ends too. */
  incomingReset(streamId: number): void {
    const channel = this.#ids.get(streamId)
    if (channel === undefined) {
      this.#streamReset(streamId)
      return
    }
    if (channel.state === 'connecting') {
      // It may be the end of what its stream was before; or else the peer's end is closed before ours was open.
      if (this.#refused.delete(streamId) || this.#underWay.has(streamId)) return
      this.finish(channel)
      this.#reset(streamId)
      return
    }
    if (channel.incomingReset) return
    channel.incomingReset = true
    this.closing(channel)
    if (channel.outgoingReset) this.finish(channel)
  }

  #streamReset(streamId: number): void {
    const answered = this.#refused.delete(streamId)
    if (this.#ids.completed(streamId) || answered) return
    this.#reset(streamId)
  }

  /** Our direction of a channel's stream is reset, or (not `ok`) cannot be. Returns whether the channel is closed now. */
  outgoingReset(channel: DataChannel, ok: boolean, now: number): boolean {
    channel.outgoingReset = ok
    if (ok && !channel.incomingReset) {
      channel.answerDue = now + ANSWER_TIMEOUT
      this.#waiting.add(channel)
      this.#deadline = Math.min(this.#deadline, channel.answerDue)
      return false
    }
    this.finish(channel)
    return true
  }

  /** The same of a stream that has no channel. Returns whether a channel may have waited for it. */
  streamResetDone(streamId: number): boolean {
    return this.#underWay.delete(streamId)
  }

  finish(channel: DataChannel, error = channel.error): void {
    if (channel.state === 'closed') return
    const { id, incomingReset, outgoingReset } = channel
    const untouched = channel.state === 'connecting'
    channel.finish()
    this.#waiting.delete(channel)
    if (id !== undefined) {
      const after = untouched || (outgoingReset && incomingReset) ? 'free' : outgoingReset ? 'half-reset' : 'retired'
      this.#ids.release(id, after)
    }
    this.#closed(channel, untouched)
    this.#events.push({ type: 'closed', channel, ...(error && { error }) })
  }

  /** All streams begin anew, or are gone. */
  clear(): void {
    this.#refused.clear()
    this.#underWay.clear()
    this.#waiting.clear()
    this.#deadline = Number.POSITIVE_INFINITY
  }

  #reset(streamId: number): boolean {
    if (!this.#association.canSend(streamId)) return false
    this.#underWay.add(streamId)
    this.#association.resetStreams([streamId])
    return true
  }
}
