/**
 * A whole connection without a face: negotiation (RFC 9429), its transports, the SCTP association and its channels.
 *
 * A machine: descriptions, candidates, datagrams and time go in; datagrams leave by `transmit`, everything else waits
 * in the event queue. `peer/` puts the W3C objects on it, `sim/` or `net/` the sockets under it.
 */

import type { Channel, ChannelOptions, DataChannels } from '../channel/index.ts'
import { createCname } from '../flow/index.ts'
import type { IceCandidate, LocalCandidateInit } from '../ice/index.ts'
import {
  type Applied,
  type MediaCapabilities,
  Negotiation,
  type SdpType,
  type Transceiver,
  type TransceiverInit,
} from '../jsep/index.ts'
import { EventQueue, type FlushingMachine } from '../machine/index.ts'
import { DataLink, type SctpParameters } from './data-link.ts'
import { DescriptionExchange } from './description-exchange.ts'
import type { CandidateInit, SessionEvent, SessionOptions } from './events.ts'
import { LocalIdentity } from './local-identity.ts'
import type { MediaLink } from './media-link.ts'
import { MediaSet } from './media-set.ts'
import type { SessionTransport } from './session-transport.ts'
import { TransportSet } from './transport-set.ts'

export const DEFAULT_MAX_MESSAGE_SIZE = 262_144
export const DEFAULT_MTU = 1200

export class Session implements FlushingMachine {
  readonly #negotiation: Negotiation
  readonly #events = new EventQueue<SessionEvent>()
  readonly #transports: TransportSet
  /** The CNAME of our streams (RFC 7022). */
  readonly cname: string
  readonly #data: DataLink
  readonly #media: MediaSet
  readonly #descriptions: DescriptionExchange
  #closed = false
  #now = 0
  readonly counters = {
    /** Datagrams on a socket that belongs to no transport (any more). */
    droppedSocket: 0,
  }

  constructor(options: SessionOptions) {
    const { crypto, mtu = DEFAULT_MTU, maxMessageSize = DEFAULT_MAX_MESSAGE_SIZE, timeOrigin = 0 } = options
    const { capabilities, bundlePolicy, headerEncryption } = options
    const cname = createCname(crypto.random)
    this.cname = cname
    this.#negotiation = new Negotiation({
      random: crypto.random,
      maxMessageSize,
      iceLite: options.iceLite === true,
      cname,
      ...(capabilities && { capabilities }),
      ...(bundlePolicy && { bundlePolicy }),
      ...(headerEncryption && { headerEncryption }),
    })
    this.#media = new MediaSet({ crypto, cname, timeOrigin, mtu }, this.#events, () => this.#now)
    this.#data = new DataLink({ ...options, defaultMtu: DEFAULT_MTU, maxMessageSize }, this.#events, () => this.#now)
    this.#transports = new TransportSet(
      { ...options, mtu },
      this.#negotiation,
      this.#events,
      (owner, data, now) => this.#data.receive(data, this.#negotiation.changesCarrier(owner.mid), now),
      (owner, packet, isRtcp, now) => this.#media.receive(owner, packet, isRtcp, now),
    )
    this.#descriptions = new DescriptionExchange({
      negotiation: this.#negotiation,
      identity: new LocalIdentity(options, this.#transports, this.#data),
      transports: this.#transports,
      data: this.#data,
      media: this.#media,
      events: this.#events,
    })
  }

  // The machine

  get deadline(): number {
    if (this.#closed) return Number.POSITIVE_INFINITY
    let deadline = Math.min(this.channels.deadline, this.#media.deadline)
    for (const { transport } of this.#transports.list) if (transport.deadline < deadline) deadline = transport.deadline
    return deadline
  }

  advance(now: number): void {
    if (this.#closed) return
    this.#now = now
    for (const { transport } of this.#transports.list) transport.advance(now)
    this.channels.advance(now)
    this.#media.advance(now)
    this.#settle(now)
  }

  flush(now: number): void {
    if (this.#closed) return
    this.#now = now
    // What fell due in this turn (a check on a candidate just added) need not wait for a timer of the platform.
    for (const { transport } of this.#transports.list) if (transport.deadline <= now) transport.advance(now)
    this.channels.flush(now)
    this.#media.flush(now)
    this.#settle(now)
  }

  /** A datagram that came into `socket`. Borrowed, and overwritten where it is decrypted. */
  receive(packet: Uint8Array, socket: number, address: string, port: number, now: number): void {
    this.#now = now
    const owner = this.#transports.bySocket(socket)
    if (owner === undefined || this.#closed) {
      this.counters.droppedSocket++
      return
    }
    owner.transport.receive(packet, socket, address, port, now)
    this.#settle(now)
  }

  nextEvent(): SessionEvent | undefined {
    return this.#events.next()
  }

  // Negotiation

  get signalingState() {
    return this.#negotiation.signalingState
  }

  get currentLocalDescription() {
    return this.#negotiation.currentLocalDescription
  }

  get pendingLocalDescription() {
    return this.#negotiation.pendingLocalDescription
  }

  get currentRemoteDescription() {
    return this.#negotiation.currentRemoteDescription
  }

  get pendingRemoteDescription() {
    return this.#negotiation.pendingRemoteDescription
  }

  /** Whether the peer has said that it trickles; null before a remote description. */
  get canTrickle(): boolean | null {
    return this.#negotiation.canTrickle
  }

  get transports(): readonly SessionTransport[] {
    return this.#transports.list
  }

  get sctp(): SctpParameters | undefined {
    return this.#data.sctp
  }

  /** Bytes of UDP payload of the largest datagram that is sent now; undefined before the association has begun. */
  get datagramSize(): number | undefined {
    return this.#data.datagramSize
  }

  get channels(): DataChannels {
    return this.#data.channels
  }

  /** Whether the descriptions lag behind what was asked for (webrtc-pc, 4.7.3). */
  negotiationNeeded(): boolean {
    return this.#transports.replacing || this.#negotiation.negotiationNeeded()
  }

  createOffer(options: { iceRestart?: boolean } = {}): string {
    return this.#descriptions.createOffer(options.iceRestart === true)
  }

  createAnswer(): string {
    return this.#descriptions.createAnswer()
  }

  /** Applies a description that `createOffer` or `createAnswer` made, or a rollback. Throws SessionError. */
  setLocalDescription(description: { type: SdpType; sdp: string }, now: number): void {
    this.#now = now
    this.#settleAll(this.#descriptions.setLocal(description, now), now)
  }

  setRemoteDescription(description: { type: SdpType; sdp: string }, now: number): void {
    this.#now = now
    this.#settleAll(this.#descriptions.setRemote(description, now), now)
  }

  /** A trickled candidate, or the end of them. Throws SessionError `OperationError` for one that cannot be applied. */
  addIceCandidate(init: CandidateInit, now: number): void {
    this.#now = now
    this.#descriptions.addIceCandidate(init, now)
    this.#settle(now)
  }

  /** The next offer is to have new ICE credentials (webrtc-pc, 4.4.2 restartIce). */
  restartIce(): void {
    this.#transports.restartIce()
  }

  // Media

  /** The next offer has an m-section for it. */
  addTransceiver(init: TransceiverInit): Transceiver {
    return this.#negotiation.addTransceiver(init)
  }

  /** In the order in which they were added, by the owner or for the peer; those that are stopped are gone. */
  get transceivers(): readonly Transceiver[] {
    return this.#negotiation.transceivers
  }

  get capabilities(): MediaCapabilities {
    return this.#negotiation.capabilities
  }

  /** What flows through a transceiver. */
  link(transceiver: Transceiver): MediaLink {
    return this.#media.link(transceiver)
  }

  /** What the description that was applied last has changed. */
  get lastApplied(): Applied | undefined {
    return this.#descriptions.lastApplied
  }

  // Gathering

  /** A candidate of ours for the transport of `mid`, and the base beneath it. */
  addLocalCandidate(mid: string, init: LocalCandidateInit, now: number): void {
    this.#now = now
    const owner = this.#transports.find(mid)
    if (owner === undefined || this.#closed) return
    this.#transports.addLocal(owner, init, now)
    this.#settle(now)
  }

  /** A base is gone: its address was taken from this machine, or its allocation is lost. */
  removeSocket(socket: number, now: number): void {
    if (this.#closed) return
    this.#now = now
    this.#transports.removeSocket(socket, now)
    this.#settle(now)
  }

  /** A TCP connection of a base could not be made, or is over. */
  pathLost(socket: number, address: string, port: number, now: number): void {
    if (this.#closed) return
    this.#now = now
    this.#transports.bySocket(socket)?.ice.pathLost(socket, address, port, now)
    this.#settle(now)
  }

  /** The addresses of a candidate that event `name` told of; none when it has none. */
  resolveName(mid: string, candidate: IceCandidate, addresses: readonly string[], now: number): void {
    if (this.#closed) return
    this.#now = now
    this.#transports.find(mid)?.ice.resolveName(candidate, addresses, now)
    this.#settle(now)
  }

  endOfLocalCandidates(mid: string, now: number): void {
    this.#now = now
    const owner = this.#transports.find(mid)
    if (owner === undefined || this.#closed) return
    this.#transports.endGathering(owner, now)
    this.#settle(now)
  }

  // Channels

  /** Throws ChannelError when an id is taken or none is left. */
  createChannel(options: ChannelOptions): Channel {
    const channel = this.channels.create(options)
    this.#negotiation.dataWanted = true
    return channel
  }

  /** Throws ChannelError; `data` is read before the call returns, unless it is handed over (`owned`). */
  send(channel: Channel, data: Uint8Array, text: boolean, now: number, owned = false): void {
    this.#now = now
    this.channels.send(channel, data, text, now, owned)
  }

  closeChannel(channel: Channel, now: number): void {
    this.#now = now
    this.channels.close(channel, now)
    this.#settle(now)
  }

  /** Ends everything at once: the peer is told by ABORT and close_notify, as far as it can still be reached. */
  close(now: number): void {
    if (this.#closed) return
    this.#now = now
    this.#media.close()
    this.channels.shutdown(now)
    this.channels.flush(now)
    for (const { transport } of this.#transports.list) transport.close(now)
    this.#settle(now)
    this.#closed = true
  }

  // What happens below

  /** After a description: transports that it has dropped have their last words, too. */
  #settleAll(dropped: readonly SessionTransport[], now: number): void {
    for (const transport of dropped) this.#settleTransport(transport)
    this.#settle(now)
  }

  #settle(now: number): void {
    for (const owner of this.#transports.list) this.#settleTransport(owner)
    this.#data.settle(now)
    this.#media.drain()
  }

  #settleTransport(owner: SessionTransport): void {
    const { mid, transport } = owner
    transport.settle(this.#now)
    for (let event = transport.nextEvent(); event !== undefined; event = transport.nextEvent()) {
      this.#events.push({ mid, ...event })
      if (event.type !== 'dtls') continue
      const isOver = event.state === 'closed' || event.state === 'failed'
      if (isOver) this.#data.lost(owner, this.#now, this.#negotiation.changesCarrier(mid))
    }
  }
}
