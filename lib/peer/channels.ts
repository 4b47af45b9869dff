/** The data channels of a connection: which W3C object stands for which channel of the session. */

import type { Channel, ChannelEvent, ChannelOptions } from '../channel/index.ts'
import { RTCDataChannel } from './data-channel.ts'
import { type DataChannelOwner, DataChannelSlots } from './data-channel-slots.ts'

/** A channel and its face. */
export interface ChannelFace {
  readonly channel: Channel
  readonly slots: DataChannelSlots
  readonly face: RTCDataChannel
}

/** A channel of an association that is over: what it was to be, and closed. */
const stillbornChannel = (options: ChannelOptions): Channel => ({
  ...options,
  id: options.id,
  maxRetransmits: options.maxRetransmits,
  maxPacketLifeTime: options.maxPacketLifeTime,
  priority: options.priority ?? 'low',
  state: 'closed',
  bufferedAmount: 0,
  bufferedAmountLowThreshold: 0,
  messagesSent: 0,
  bytesSent: 0,
  messagesReceived: 0,
  bytesReceived: 0,
  awaitDrain: () => false,
  reserve: () => {},
  unreserve: () => {},
  retain: () => {},
  release: () => {},
})

/** How many closed channels the statistics remember. */
const MOST_ENDED = 256

export class Channels {
  readonly #owner: DataChannelOwner
  readonly #faces = new Map<Channel, ChannelFace>()
  readonly #ended: ChannelFace[] = []
  /** Whether a channel has ever been created by the application. */
  created = false

  constructor(owner: DataChannelOwner) {
    this.#owner = owner
  }

  /** All channels, and the last of those that are closed. */
  get all(): readonly ChannelFace[] {
    return [...this.#ended, ...this.#faces.values()]
  }

  add(channel: Channel): ChannelFace {
    const slots = new DataChannelSlots(channel, this.#owner)
    const added = { channel, slots, face: new RTCDataChannel(slots) }
    this.#faces.set(channel, added)
    return added
  }

  /** A channel that cannot be made any more: the application gets it, and is told (webrtc-pc, 6.2.6). */
  addFailed(options: ChannelOptions, message: string): ChannelFace {
    const added = this.add(stillbornChannel(options))
    this.#owner.queueTask(() => {
      this.#end(added)
      added.slots.closed('data-channel-failure', message)
    })
    return added
  }

  #end(face: ChannelFace): void {
    this.#faces.delete(face.channel)
    this.#ended.push(face)
    if (this.#ended.length > MOST_ENDED) this.#ended.shift()
  }

  /** For a channel that the peer has opened: the task after the `datachannel` event. */
  announceOpen(channel: Channel): void {
    this.#faces.get(channel)?.slots.announceOpen()
  }

  /** Does what an event of a channel asks for, in a task of its own; `incoming` and `association` are not among them. */
  handle(event: Exclude<ChannelEvent, { type: 'association' | 'incoming' }>): void {
    const known = this.#faces.get(event.channel)
    if (known === undefined) return
    const { slots } = known
    switch (event.type) {
      case 'message':
        slots.deliver(event.data, event.text)
        break
      case 'open':
        slots.announceOpen()
        break
      case 'buffered-low':
        slots.bufferedLow()
        break
      case 'drained':
        slots.drained()
        break
      case 'closing':
        slots.closing()
        break
      case 'closed': {
        this.#end(known)
        const { error } = event
        if (error === undefined) {
          slots.closed()
        } else {
          // A channel that was never open could not be made, whatever became of the association.
          const lost = error.code === 'sctp-failure' && slots.readyState !== 'connecting'
          const detail = lost ? 'sctp-failure' : 'data-channel-failure'
          slots.closed(detail, error.message, error.sctpCauseCode)
        }
        break
      }
    }
  }

  /** The connection is closed: so are all channels, at once and without events. */
  abandon(): void {
    for (const { slots } of this.#faces.values()) slots.abandon()
  }
}
