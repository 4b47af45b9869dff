/**
 * What the peer sends on its streams: user messages for channels, and the messages of DCEP that make them
 * (RFC 8831 6.6, RFC 8832 6).
 */

import type { EventQueue } from '../machine/index.ts'
import type { Association } from '../sctp/index.ts'
import { DataChannel } from './channel.ts'
import type { ChannelCounters, ChannelEvent } from './channel-event.ts'
import { type OpenMessage, readDcep, writeAck } from './dcep.ts'
import { EarlyMessages } from './early-messages.ts'
import { DCEP_POLICY, isEmpty, isText, isUserMessage, PPID } from './payload.ts'
import type { StreamIds } from './stream-ids.ts'

/** Bytes of labels and protocols that the peer can make this side keep. */
const LARGEST_LABELS = 16 << 20
const NO_BYTES = new Uint8Array(0)
/** Stands among kept messages for the peer's reset of the stream behind them. */
const STREAM_END = -1

export interface IncomingOwner {
  /** Closes a channel on which the peer broke the protocol. */
  fail(channel: DataChannel, message: string): void
  /** The peer has reset the stream, behind what was kept of it. */
  ended(streamId: number): void
  /** The peer still sends on a channel that is closing. */
  late(channel: DataChannel, now: number): void
  /** Resets a stream that has no channel. */
  refuse(streamId: number): void
}

export class Incoming {
  readonly #association: Association
  readonly #ids: StreamIds
  readonly #events: EventQueue<ChannelEvent>
  readonly #counters: ChannelCounters
  readonly #owner: IncomingOwner
  readonly #early: EarlyMessages
  #labelBytes = 0

  constructor(
    association: Association,
    ids: StreamIds,
    events: EventQueue<ChannelEvent>,
    counters: ChannelCounters,
    owner: IncomingOwner,
  ) {
    this.#association = association
    this.#ids = ids
    this.#events = events
    this.#counters = counters
    this.#owner = owner
    this.#early = new EarlyMessages(counters)
  }

  /** A channel needs a stream each way: ids are below this. */
  get streamLimit(): number {
    return Math.min(this.#association.outboundStreams, this.#association.inboundStreams)
  }

  message(streamId: number, ppid: number, data: Uint8Array<ArrayBuffer>, now: number): void {
    const channel = this.#ids.get(streamId)
    if (channel?.incomingReset === true) {
      // The peer has seen both resets, and goes on to the next channel of this id; the answer to ours is still under way.
      this.#early.keep(streamId, ppid, data)
      return
    }
    if (ppid === STREAM_END) {
      if (channel !== undefined) this.#owner.ended(streamId)
      return
    }
    if (ppid === PPID.DCEP) {
      this.#dcep(streamId, data, now)
      return
    }
    if (channel === undefined || channel.state === 'connecting') {
      this.#early.keep(streamId, ppid, data)
      return
    }
    if (channel.state !== 'open') {
      this.#counters.lateMessages++
      this.#owner.late(channel, now)
      return
    }
    if (!isUserMessage(ppid)) {
      this.#counters.unknownPayloads++
      this.#owner.fail(channel, `The peer sent a message under payload protocol identifier ${ppid}`)
      return
    }
    channel.acknowledge()
    channel.messagesReceived++
    const content = isEmpty(ppid) ? NO_BYTES : data
    channel.bytesReceived += content.length
    this.#events.push({ type: 'message', channel, data: content, text: isText(ppid) })
  }

  /** The stream has an open channel now: what came before that is taken in. */
  open(streamId: number, now: number): void {
    const channel = this.#ids.get(streamId)
    if (this.#early.isLossy(streamId)) {
      this.#early.take(streamId)
      if (channel !== undefined) this.#owner.fail(channel, 'More came before the channel than could be kept')
      else this.#owner.refuse(streamId)
      return
    }
    for (const { ppid, data } of this.#early.take(streamId)) this.message(streamId, ppid, data, now)
  }

  /** The peer has reset these streams (an empty list means all): what came on them without a channel is of no use. */
  reset(streamIds: readonly number[]): void {
    for (const id of streamIds.length === 0 ? this.#early.streams : streamIds) {
      // On a stream that waits for its next channel, the reset is that channel's.
      if (this.#ids.get(id)?.incomingReset !== true) this.#early.take(id)
      else if (this.#early.has(id)) this.#early.keep(id, STREAM_END, NO_BYTES)
    }
  }

  /** The stream's channel is closed: what came for the next one is taken in, if the stream can carry one. */
  freed(streamId: number, usable: boolean, now: number): void {
    if (usable) this.open(streamId, now)
    else this.#early.take(streamId)
  }

  closed(channel: DataChannel): void {
    this.#labelBytes -= channel.openLength
  }

  clear(): void {
    this.#early.clear()
  }

  #dcep(streamId: number, data: Uint8Array, now: number): void {
    const message = readDcep(data)
    const channel = this.#ids.get(streamId)
    if (message?.type === 'ack') {
      channel?.acknowledge()
      return
    }
    const refused =
      message === undefined ||
      channel !== undefined ||
      !this.#ids.isPeers(streamId) ||
      streamId >= this.streamLimit ||
      !this.#association.canSend(streamId) ||
      this.#labelBytes + data.length > LARGEST_LABELS
    if (!refused) {
      this.#accept(streamId, message, data.length, now)
      return
    }
    // The error is told by resetting the stream (RFC 8832 6).
    this.#counters.badOpens++
    this.#early.take(streamId)
    if (channel !== undefined)
      this.#owner.fail(channel, 'The peer sent a message of the establishment protocol out of place')
    else this.#owner.refuse(streamId)
  }

  #accept(streamId: number, message: OpenMessage, length: number, now: number): void {
    const channel = new DataChannel(this.#association, { ...message, negotiated: false }, true)
    channel.id = streamId
    // The peer may not have reset the stream, or could not be brought to: then it cannot carry another channel.
    if (!this.#ids.take(streamId, channel)) {
      this.#counters.badOpens++
      this.#owner.refuse(streamId)
      return
    }
    this.#labelBytes += length
    channel.openLength = length
    channel.state = 'open'
    channel.begin()
    this.#association.send(streamId, PPID.DCEP, writeAck(), DCEP_POLICY, now)
    this.#events.push({ type: 'incoming', channel })
    this.open(streamId, now)
  }
}
