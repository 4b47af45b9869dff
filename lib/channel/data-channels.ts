/**
 * The data channels of one association (RFC 8831, RFC 8832): opening, messages, closing.
 *
 * It owns the association whole: packets go in and out here, and what the association tells becomes events of channels.
 */

import { EventQueue, type FlushingMachine } from '../machine/index.ts'
import { Association, type AssociationEvent, type SctpCounters, SctpError } from '../sctp/index.ts'
import { type Channel, ChannelError, type ChannelOptions, DataChannel } from './channel.ts'
import type { ChannelCounters, ChannelEvent, ConnectOptions, DataChannelsOptions } from './channel-event.ts'
import { writeOpen } from './dcep.ts'
import { Incoming } from './incoming.ts'
import { DCEP_POLICY, EMPTY_PAYLOAD, PPID, payloadIdentifier } from './payload.ts'
import { StreamIds } from './stream-ids.ts'

/** Packets that came before `connect` and are kept: an INIT right behind the handshake of DTLS. */
const EARLY_PACKETS = 16

export class DataChannels implements FlushingMachine {
  readonly counters: ChannelCounters = { badOpens: 0, unknownPayloads: 0, lateMessages: 0, droppedEarlyMessages: 0 }
  readonly #association: Association
  readonly #events = new EventQueue<ChannelEvent>()
  readonly #ids = new StreamIds()
  readonly #incoming: Incoming
  /** Made here, and not announced as open yet, in order. */
  #opening: DataChannel[] = []
  #state: 'new' | 'connecting' | 'connected' | 'closed' = 'new'
  #remoteMaxMessageSize = 65_536
  #earlyPackets: Uint8Array[] = []

  constructor(options: DataChannelsOptions) {
    const { maxChannels } = options
    const streams = maxChannels === undefined ? {} : { outboundStreams: maxChannels, inboundStreams: maxChannels }
    this.#association = new Association({ ...options, ...streams, dtls: true })
    this.#incoming = new Incoming(this.#association, this.#ids, this.#events, this.counters, {
      fail: (channel, message) => this.#fail(channel, message),
      ended: channel => this.#incomingReset(channel),
    })
  }

  get state(): 'new' | 'connecting' | 'connected' | 'closed' {
    return this.#state
  }

  /** Every channel that is not closed. */
  get list(): readonly Channel[] {
    const identified = [...this.#ids.values()]
    return [...identified, ...this.#opening.filter(channel => channel.id === undefined)]
  }

  /** How many channels there can be; undefined before the association is up. */
  get maxChannels(): number | undefined {
    if (this.#state !== 'connected') return undefined
    return this.#streamLimit
  }

  /** Milliseconds. */
  get smoothedRoundTripTime(): number | undefined {
    return this.#association.smoothedRoundTripTime
  }

  /** Bytes. */
  get congestionWindow(): number {
    return this.#association.congestionWindow
  }

  /** Bytes that the peer has room for. */
  get receiverWindow(): number {
    return this.#association.peerReceiveWindow
  }

  get associationCounters(): Readonly<SctpCounters> {
    return this.#association.counters
  }

  /** The largest SCTP packet in bytes, as far as the path is known to carry it. */
  get mtu(): number {
    return this.#association.mtu
  }

  /** DATA chunks that were sent and not acknowledged yet. */
  get unacknowledgedChunks(): number {
    return this.#association.unacknowledgedChunks
  }

  get deadline(): number {
    return this.#association.deadline
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
    this.#opening.push(channel)
    return channel
  }

  /** The DTLS role is agreed on: gives their ids to the channels made so far (RFC 8832 6). Counts once. */
  setRole(role: 'client' | 'server'): void {
    if (this.#ids.begun) return
    this.#ids.begin(role)
    for (const channel of [...this.#opening]) {
      if (channel.id === undefined && !this.#identify(channel)) {
        this.#finish(channel, new ChannelError('no-id-left', 'Every stream has a channel'))
      }
    }
  }

  /** DTLS is up: begins the association. */
  connect(options: ConnectOptions, now: number): void {
    if (this.#state !== 'new') return
    this.#state = 'connecting'
    this.#remoteMaxMessageSize = options.remoteMaxMessageSize
    this.#events.push({ type: 'association', state: 'connecting' })
    this.setRole(options.role)
    this.#association.connect(now, { local: options.localPort, remote: options.remotePort })
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
   * @param data Read before the call returns. UTF-8 when `text`. May be empty.
   * @throws ChannelError 'invalid-state', 'too-large', 'buffer-full'.
   */
  send(channel: Channel, data: Uint8Array, text: boolean, now: number): void {
    const own = this.#own(channel)
    if (own.state !== 'open') throw new ChannelError('invalid-state', `The channel is ${own.state}`)
    const limit = this.#remoteMaxMessageSize
    if (limit !== 0 && data.length > limit) {
      throw new ChannelError('too-large', `The peer takes messages of up to ${limit} bytes`)
    }
    const empty = data.length === 0
    const ppid = payloadIdentifier(text, empty)
    const policy = {
      unordered: !own.ordered && own.acknowledged,
      maxRetransmits: own.maxRetransmits,
      lifetime: own.maxPacketLifeTime,
      counted: !empty,
    }
    try {
      this.#association.send(own.id!, ppid, empty ? EMPTY_PAYLOAD : data, policy, now)
    } catch (error) {
      if (!(error instanceof SctpError)) throw error
      throw new ChannelError(error.code === 'buffer-full' ? 'buffer-full' : 'invalid-state', error.message)
    }
    own.messagesSent++
    own.bytesSent += data.length
  }

  /** Closes a channel: what was sent before leaves first (RFC 8831 6.7). Closing again does nothing. */
  close(channel: Channel, now: number): void {
    const own = this.#own(channel)
    if (own.state === 'connecting') {
      this.#finish(own)
    } else if (own.state === 'open') {
      own.state = 'closing'
      this.#association.resetStreams([own.id!])
    }
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
    if (this.#state === 'connected' && this.#opening.length > 0) this.#openAll(now)
    this.#association.flush(now)
    this.#drain(now)
  }

  advance(now: number): void {
    this.#association.advance(now)
    this.#drain(now)
  }

  /** Ends the association: at once, telling the peer so, or (`graceful`) when all that was sent is acknowledged. */
  shutdown(now: number, options: { readonly graceful?: boolean } = {}): void {
    if (options.graceful === true) this.#association.shutdown(now)
    else this.#association.abort(now)
    this.#drain(now)
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

  get #streamLimit(): number {
    return this.#incoming.streamLimit
  }

  #own(channel: Channel): DataChannel {
    if (channel instanceof DataChannel) return channel
    throw new TypeError('Not a channel of this association')
  }

  #identify(channel: DataChannel): boolean {
    const id = this.#ids.choose(this.#streamLimit)
    if (id === undefined) return false
    channel.id = id
    this.#ids.take(id, channel)
    return true
  }

  #openAll(now: number): void {
    const opening = this.#opening
    this.#opening = []
    for (const channel of opening) this.#open(channel, now)
  }

  #open(channel: DataChannel, now: number): void {
    const id = channel.id!
    if (id >= this.#streamLimit) {
      this.#finish(channel, new ChannelError('no-id-left', `The peer has no stream ${id}`))
      return
    }
    if (!this.#association.canSend(id)) {
      this.#finish(
        channel,
        new ChannelError('invalid-state', 'The association is ending, or the stream is being reset'),
      )
      return
    }
    if (!channel.negotiated) this.#association.send(id, PPID.DCEP, writeOpen(channel), DCEP_POLICY, now)
    channel.state = 'open'
    channel.applyThreshold()
    this.#events.push({ type: 'open', channel })
    this.#incoming.open(id, now)
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
      case 'buffered-low': {
        const channel = this.#ids.get(event.streamId)
        if (channel !== undefined) this.#events.push({ type: 'buffered-low', channel })
        break
      }
      case 'established':
        // After a restart it is up once more.
        if (this.#state !== 'connected') this.#events.push({ type: 'association', state: 'connected' })
        this.#state = 'connected'
        this.#openAll(now)
        break
      case 'oversized': {
        const channel = this.#ids.get(event.streamId)
        if (channel !== undefined) this.#fail(channel, 'The peer sent a message larger than was announced')
        break
      }
      case 'incoming-reset':
        this.#incoming.reset(event.streamIds)
        for (const channel of this.#named(event.streamIds)) this.#incomingReset(channel)
        break
      case 'reset-requested':
        for (const channel of this.#named(event.streamIds)) this.#closing(channel)
        break
      case 'reset-done':
        for (const channel of this.#named(event.streamIds)) {
          channel.outgoingReset = event.ok
          if (event.ok && !channel.incomingReset) continue
          this.#finish(channel)
          this.#incoming.freed(channel.id!, event.ok, now)
        }
        break
      case 'restarted':
        this.#closeAll(new ChannelError('sctp-failure', 'The peer began the association anew'))
        this.#ids.restart()
        this.#incoming.clear()
        break
      case 'closed': {
        if (this.#state === 'closed') break
        this.#state = 'closed'
        this.#incoming.clear()
        const cause = event.error
        const error = cause && new ChannelError('sctp-failure', cause.message, cause.causeCode)
        this.#events.push({ type: 'association', state: 'closed', ...(error && { error }) })
        this.#closeAll(error)
        break
      }
    }
  }

  /** The channels of these streams; an empty list means all. */
  #named(streamIds: readonly number[]): DataChannel[] {
    if (streamIds.length === 0) return [...this.#ids.values()]
    return streamIds.map(id => this.#ids.get(id)).filter(channel => channel !== undefined)
  }

  /** The peer has ended its direction: ours ends too (RFC 8831 6.7). */
  #incomingReset(channel: DataChannel): void {
    // A channel that waits to be opened here has had nothing on its stream yet.
    if (channel.state === 'connecting' || channel.incomingReset) return
    channel.incomingReset = true
    this.#closing(channel)
    if (channel.outgoingReset) this.#finish(channel)
  }

  /** Closes a channel that its owner has not closed. */
  #closing(channel: DataChannel): void {
    if (channel.state !== 'open') return
    channel.state = 'closing'
    this.#events.push({ type: 'closing', channel })
    this.#association.resetStreams([channel.id!], { discard: true })
  }

  #fail(channel: DataChannel, message: string): void {
    channel.error ??= new ChannelError('data-channel-failure', message)
    this.#closing(channel)
  }

  #closeAll(error: ChannelError | undefined): void {
    for (const channel of [...this.#ids.values()]) this.#finish(channel, error)
    for (const channel of [...this.#opening]) this.#finish(channel, error)
  }

  #finish(channel: DataChannel, error = channel.error): void {
    if (channel.state === 'closed') return
    const { id } = channel
    const untouched = channel.state === 'connecting'
    channel.finish()
    this.#incoming.closed(channel)
    if (untouched) this.#opening = this.#opening.filter(other => other !== channel)
    if (id !== undefined) this.#ids.release(id, untouched || (channel.outgoingReset && channel.incomingReset))
    this.#events.push({ type: 'closed', channel, ...(error && { error }) })
  }
}
