/**
 * The data channels of one association (RFC 8831, RFC 8832): opening, messages, closing.
 *
 * It owns the association whole: packets go in and out here, and what the association tells becomes events of channels.
 */

import { EventQueue, type FlushingMachine } from '../machine/index.ts'
import { Association, type AssociationEvent } from '../sctp/index.ts'
import { type Channel, ChannelError, type ChannelOptions, DataChannel, sendError } from './channel.ts'
import type {
  AssociationView,
  ChannelCounters,
  ChannelEvent,
  ConnectOptions,
  DataChannelsOptions,
} from './channel-event.ts'
import { Closing } from './closing.ts'
import { Incoming } from './incoming.ts'
import { Opening } from './opening.ts'
import { EMPTY_PAYLOAD, EMPTY_POLICY, payloadIdentifier } from './payload.ts'
import { StreamIds } from './stream-ids.ts'

/** Packets that came before `connect` and are kept: an INIT right behind the handshake of DTLS. */
const EARLY_PACKETS = 16

export class DataChannels implements FlushingMachine {
  readonly counters: ChannelCounters = { badOpens: 0, unknownPayloads: 0, lateMessages: 0, droppedEarlyMessages: 0 }
  /** The largest message that the peer takes, in bytes; 0: any (RFC 8841 6.1). It may change while the association stands. */
  remoteMaxMessageSize = 65_536
  readonly #association: Association
  readonly #events = new EventQueue<ChannelEvent>()
  readonly #ids = new StreamIds()
  readonly #closing: Closing
  readonly #incoming: Incoming
  readonly #opening: Opening
  #state: 'new' | 'connecting' | 'connected' | 'closed' = 'new'
  #earlyPackets: Uint8Array[] = []
  /** A peer that begins the association anew means the same channels. */
  #goesOn = false

  constructor(options: DataChannelsOptions) {
    const { maxChannels } = options
    const streams = maxChannels === undefined ? {} : { outboundStreams: maxChannels, inboundStreams: maxChannels }
    this.#association = new Association({ ...options, ...streams, dtls: true })
    this.#closing = new Closing(this.#association, this.#ids, this.#events, (channel, untouched) => {
      this.#incoming.closed(channel)
      if (untouched) this.#opening.delete(channel)
    })
    this.#incoming = new Incoming(this.#association, this.#ids, this.#events, this.counters, {
      fail: (channel, message) => this.#closing.fail(channel, message),
      ended: streamId => this.#closing.incomingReset(streamId),
      late: (channel, now) => this.#closing.heard(channel, now),
      refuse: streamId => this.#closing.refuse(streamId),
    })
    this.#opening = new Opening(this.#association, this.#events, this.#closing, this.#incoming)
  }

  get state(): 'new' | 'connecting' | 'connected' | 'closed' {
    return this.#state
  }

  /** Every channel that is not closed. */
  get list(): readonly Channel[] {
    return [...this.#ids.channels, ...this.#opening.nameless]
  }

  /** How many channels there can be; undefined before the association is up. */
  get maxChannels(): number | undefined {
    if (this.#state !== 'connected') return undefined
    return this.#incoming.streamLimit
  }

  /** What is to be known of the association below. */
  get association(): AssociationView {
    return this.#association
  }

  get deadline(): number {
    return Math.min(this.#association.deadline, this.#closing.deadline)
  }

  /**
   * Makes a channel. It opens when the association is up, and not before the next `flush`.
   * @throws ChannelError 'id-in-use', 'no-id-left', 'invalid-state' after the end; TypeError for options that
   * contradict each other or are out of range.
   */
  create(options: ChannelOptions): Channel {
    if (this.#state === 'closed') throw new ChannelError('invalid-state', 'The association is closed')
    const channel = new DataChannel(this.#association, options, options.negotiated)
    const { id } = channel
    if (id !== undefined) {
      if (!this.#ids.take(id, channel)) throw new ChannelError('id-in-use', `Stream ${id} has a channel already`)
    } else if (this.#ids.begun && !this.#identify(channel)) {
      throw new ChannelError('no-id-left', 'Every stream has a channel')
    }
    this.#opening.add(channel)
    return channel
  }

  /** The DTLS role is agreed on: gives their ids to the channels made so far (RFC 8832 6). Counts once. */
  setRole(role: 'client' | 'server'): void {
    if (this.#ids.begun) return
    this.#ids.begin(role)
    for (const channel of this.#opening.nameless) {
      if (!this.#identify(channel)) {
        this.#closing.finish(channel, new ChannelError('no-id-left', 'Every stream has a channel'))
      }
    }
  }

  /** The INIT chunk of the association, for signalling to carry it (draft-hancke-tsvwg-snap). Before `connect`. */
  createInit(): Uint8Array {
    return this.#association.createInit()
  }

  /** DTLS is up: begins the association. */
  connect(options: ConnectOptions, now: number): void {
    if (this.#state !== 'new') return
    this.#state = 'connecting'
    this.remoteMaxMessageSize = options.remoteMaxMessageSize
    this.#events.push({ type: 'association', state: 'connecting' })
    this.setRole(options.role)
    const ports = { local: options.localPort, remote: options.remotePort }
    if (options.remoteInit === undefined) this.#association.connect(now, ports)
    else this.#association.connectWith(options.remoteInit, now, ports)
    for (const packet of this.#earlyPackets) this.#association.receive(packet, now)
    this.#earlyPackets = []
    this.#drain(now)
  }

  /**
   * The path below is another one, or what DTLS leaves of its datagrams is known now.
   * @param sizes Bytes of SCTP packet: what is taken to get through, and up to what more is tried.
   */
  setPath(sizes: { readonly mtu: number; readonly largestPacket: number }, now: number): void {
    this.#association.setPath(sizes, now)
    this.#drain(now)
  }

  /**
   * Sends a message; it leaves with `flush`.
   * @param data Read before the call returns, unless it is `owned`. UTF-8 when `text`. May be empty.
   * @param owned The caller hands `data` over and does not touch it again, so that it is not copied.
   * @throws ChannelError 'invalid-state', 'too-large', 'buffer-full'.
   */
  send(channel: Channel, data: Uint8Array, text: boolean, now: number, owned = false): void {
    const own = this.#own(channel)
    if (own.state !== 'open') throw new ChannelError('invalid-state', `The channel is ${own.state}`)
    const limit = this.remoteMaxMessageSize
    if (limit !== 0 && data.length > limit) {
      throw new ChannelError('too-large', `The peer takes messages of up to ${limit} bytes`)
    }
    const empty = data.length === 0
    const ppid = payloadIdentifier(text, empty)
    const policy = empty ? { ...own.policy, ...EMPTY_POLICY } : owned ? own.ownedPolicy : own.policy
    try {
      this.#association.send(own.id!, ppid, empty ? EMPTY_PAYLOAD : data, policy, now)
    } catch (error) {
      throw sendError(error)
    }
    own.queued()
    own.messagesSent++
    own.bytesSent += data.length
  }

  /** Closes a channel: what was sent before leaves first (RFC 8831 6.7). Closing again does nothing. */
  close(channel: Channel, now: number): void {
    this.#closing.close(this.#own(channel))
    this.#drain(now)
  }

  /** Takes a packet, which is borrowed until the call returns. */
  receive(packet: Uint8Array, now: number): void {
    if (this.#state === 'new') {
      // The role, and so whose ids are whose, is not known yet.
      if (this.#earlyPackets.length < EARLY_PACKETS) this.#earlyPackets.push(packet.slice())
      return
    }
    this.#association.receive(packet, now)
    this.#drain(now)
  }

  flush(now: number): void {
    if (this.#state === 'connected') this.#opening.openAll(now)
    this.#association.flush(now)
    this.#drain(now)
  }

  advance(now: number): void {
    this.#association.advance(now)
    this.#closing.advance(now)
    this.#drain(now)
  }

  /** Ends the association: at once, telling the peer so, or (`graceful`) when all that was sent is acknowledged. */
  shutdown(now: number, options: { readonly graceful?: boolean } = {}): void {
    if (options.graceful === true) this.#association.shutdown(now)
    else this.#association.abort(now)
    this.#drain(now)
  }

  /** The association goes on over another transport: if the peer begins it anew there, its channels are the same. */
  carryOn(): void {
    this.#goesOn = true
  }

  /** DTLS is gone: everything is closed without a word. */
  transportClosed(now: number): void {
    this.#association.transportClosed()
    this.#drain(now)
  }

  /** What happened since the last call; to be drained after every input. */
  nextEvent(): ChannelEvent | undefined {
    return this.#events.next()
  }

  #own(channel: Channel): DataChannel {
    if (channel instanceof DataChannel) return channel
    throw new TypeError('Not a channel of this association')
  }

  #identify(channel: DataChannel): boolean {
    const id = this.#ids.choose(this.#incoming.streamLimit)
    if (id === undefined) return false
    channel.id = id
    this.#ids.take(id, channel)
    return true
  }

  #drain(now: number): void {
    const association = this.#association
    for (let event = association.nextEvent(); event !== undefined; event = association.nextEvent()) {
      this.#handle(event, now)
    }
  }

  #handle(event: AssociationEvent, now: number): void {
    switch (event.type) {
      case 'message':
        this.#incoming.message(event.streamId, event.ppid, event.data, now)
        break
      case 'buffered-low':
        this.#lowered(event.streamId)
        break
      case 'established':
        // After a restart it is up once more.
        if (this.#state !== 'connected') this.#events.push({ type: 'association', state: 'connected' })
        this.#state = 'connected'
        this.#opening.openAll(now)
        break
      case 'oversized': {
        const channel = this.#ids.get(event.streamId)
        if (channel !== undefined) this.#closing.fail(channel, 'The peer sent a message larger than was announced')
        // It may have been what opens a channel (its label is too long for us), which the peer takes for open.
        else this.#closing.refuse(event.streamId)
        break
      }
      case 'incoming-reset':
        this.#incoming.reset(event.streamIds)
        if (event.streamIds.length === 0) for (const id of this.#ids.all) this.#closing.incomingReset(id)
        else for (const id of event.streamIds) this.#closing.incomingReset(id)
        break
      case 'reset-requested':
        for (const channel of this.#named(event.streamIds)) this.#closing.closing(channel)
        break
      case 'reset-done':
        for (const channel of this.#named(event.streamIds)) {
          // One that waits for this reset to be opened is not what is reset.
          if (channel.state === 'connecting') continue
          if (this.#closing.outgoingReset(channel, event.ok, now)) this.#incoming.freed(channel.id!, event.ok, now)
        }
        for (const id of event.streamIds) this.#closing.streamResetDone(id)
        this.#opening.openAll(now)
        break
      case 'restarted':
        if (this.#goesOn) {
          this.#goOn(event.lowered, now)
          break
        }
        this.#closeAll(new ChannelError('sctp-failure', 'The peer began the association anew'))
        this.#ids.restart()
        this.#closing.clear()
        this.#incoming.clear()
        break
      case 'closed': {
        if (this.#state === 'closed') break
        this.#state = 'closed'
        this.#incoming.clear()
        this.#closing.clear()
        const cause = event.error
        const error = cause && new ChannelError('sctp-failure', cause.message, cause.causeCode)
        this.#events.push({ type: 'association', state: 'closed', ...(error && { error }) })
        this.#closeAll(error)
        break
      }
    }
  }

  #lowered(streamId: number): void {
    const channel = this.#ids.get(streamId)
    if (channel === undefined) return
    const { threshold, drained } = channel.lowered()
    if (threshold) this.#events.push({ type: 'buffered-low', channel })
    if (drained) this.#events.push({ type: 'drained', channel })
  }

  /** The peer began the association anew on another transport, and keeps its channels: so do we. What was under way is lost. */
  #goOn(lowered: readonly number[], now: number): void {
    this.#goesOn = false
    for (const channel of this.#ids.channels) if (channel.state === 'closing') this.#closing.finish(channel)
    const { channels } = this.#ids
    this.#ids.restart()
    this.#closing.clear()
    this.#incoming.clear()
    for (const channel of channels) {
      this.#ids.take(channel.id!, channel)
      if (channel.state === 'open' && !channel.acknowledged) this.#opening.announce(channel, now)
    }
    for (const id of lowered) this.#lowered(id)
  }

  /** The channels of these streams; an empty list means all. */
  #named(streamIds: readonly number[]): DataChannel[] {
    if (streamIds.length === 0) return this.#ids.channels
    return streamIds.map(id => this.#ids.get(id)).filter(channel => channel !== undefined)
  }

  #closeAll(error: ChannelError | undefined): void {
    for (const channel of this.#ids.channels) this.#closing.finish(channel, error)
    for (const channel of this.#opening.channels) this.#closing.finish(channel, error)
  }
}
