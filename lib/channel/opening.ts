/** How channels made here open (RFC 8832, 6): once the association is up, in their order, told by OPEN unless negotiated. */

import type { EventQueue } from '../machine/index.ts'
import type { Association } from '../sctp/index.ts'
import { ChannelError, type DataChannel } from './channel.ts'
import type { ChannelEvent } from './channel-event.ts'
import type { Closing } from './closing.ts'
import { writeOpen } from './dcep.ts'
import type { Incoming } from './incoming.ts'
import { DCEP_POLICY, PPID } from './payload.ts'

export class Opening {
  readonly #association: Association
  readonly #events: EventQueue<ChannelEvent>
  readonly #closing: Closing
  readonly #incoming: Incoming
  /** Not announced as open yet, in order. */
  #channels = new Set<DataChannel>()

  constructor(association: Association, events: EventQueue<ChannelEvent>, closing: Closing, incoming: Incoming) {
    this.#association = association
    this.#events = events
    this.#closing = closing
    this.#incoming = incoming
  }

  get channels(): readonly DataChannel[] {
    return [...this.#channels]
  }

  /** Those whose ids are not known yet. */
  get nameless(): readonly DataChannel[] {
    return this.channels.filter(({ id }) => id === undefined)
  }

  add(channel: DataChannel): void {
    this.#channels.add(channel)
  }

  delete(channel: DataChannel): void {
    this.#channels.delete(channel)
  }

  /** Opens all whose streams are not being reset. */
  openAll(now: number): void {
    if (this.#channels.size === 0) return
    const opening = this.#channels
    this.#channels = new Set()
    for (const channel of opening) {
      if (this.#closing.isUnderWay(channel.id!)) this.#channels.add(channel)
      else this.#open(channel, now)
    }
  }

  #open(channel: DataChannel, now: number): void {
    const id = channel.id!
    if (id >= this.#incoming.streamLimit) {
      this.#closing.finish(channel, new ChannelError('no-id-left', `The peer has no stream ${id}`))
      return
    }
    if (!this.#association.canSend(id)) {
      this.#closing.finish(
        channel,
        new ChannelError('invalid-state', 'The association is ending, or the stream is being reset'),
      )
      return
    }
    channel.begin()
    if (!channel.negotiated) this.announce(channel, now)
    channel.state = 'open'
    this.#events.push({ type: 'open', channel })
    this.#incoming.open(id, now)
  }

  /** Tells the peer of a channel, or tells it again where it may not have heard. */
  announce(channel: DataChannel, now: number): void {
    this.#association.send(channel.id!, PPID.DCEP, writeOpen(channel), DCEP_POLICY, now)
  }
}
