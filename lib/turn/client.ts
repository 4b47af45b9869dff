/**
 * A TURN client (RFC 8656): one allocation at one server, over one UDP flow or stream that its owner provides.
 *
 * Allocate; permissions for the addresses that we talk to; Send and Data indications; a channel for each peer that is
 * worth one; refreshes of all three while they are in use; Refresh with lifetime 0 at the end. Indications and
 * ChannelData carry no proof of who sent them: they are believed as far as UDP is, from permitted addresses and on bound
 * channels only.
 */

import type { Packet } from '../bytes/index.ts'
import { EventQueue, type Machine } from '../machine/index.ts'
import {
  Attribute,
  decodeStun,
  ErrorCode,
  encodeStun,
  Method,
  readAlternateServer,
  type StunAddress,
  type StunMessage,
  TRANSACTION_ID_LENGTH,
  verifyFingerprint,
} from '../stun/index.ts'
import { Allocation } from './allocation.ts'
import { channelData, channelOf, isChannelData, writeChannelData } from './channel-data.ts'
import { Channels } from './channels.ts'
import type { TurnContext } from './context.ts'
import { IndicationIds, indicatedPeer, MOST_INDICATED_DATA, writeSendIndication } from './indication.ts'
import {
  createCounters,
  type TurnClientOptions,
  type TurnCredentials,
  type TurnEvent,
  type TurnState,
} from './options.ts'
import type { Peer, Permission } from './peer.ts'
import { LAST_LOOK, Permissions } from './permissions.ts'
import { type Outcome, Requests } from './requests.ts'

const CHANNEL_AFTER = 8
const KEEPALIVE = 15_000

export class TurnClient implements Machine {
  readonly counters = createCounters()
  readonly #options: TurnClientOptions
  readonly #events = new EventQueue<TurnEvent>()
  readonly #requests: Requests
  readonly #allocation: Allocation
  readonly #permissions: Permissions
  readonly #channels: Channels
  readonly #indicationIds: IndicationIds
  readonly #channelAfter: number
  readonly #keepalive: number
  #state: TurnState = 'new'

  /** Throws a RangeError when no family is asked for, or `keepalive` is not above 0. */
  constructor(options: TurnClientOptions) {
    if (options.families.length === 0) throw new RangeError('an allocation has at least one family')
    if (!((options.keepalive ?? KEEPALIVE) > 0)) throw new RangeError('keepalive is above 0 ms')
    this.#options = options
    this.#indicationIds = new IndicationIds(options.crypto.random)
    this.#channelAfter = options.channelAfter ?? CHANNEL_AFTER
    // A stream is kept open by the stream.
    this.#keepalive = options.reliable ? Number.POSITIVE_INFINITY : (options.keepalive ?? KEEPALIVE)
    this.#requests = new Requests(options, this.counters, this.#events)
    const context: TurnContext = {
      requests: this.#requests,
      counters: this.counters,
      events: this.#events,
      lose: outcome => this.#fail(outcome),
      doubt: now => this.#allocation.doubt(now),
    }
    this.#permissions = new Permissions(context, (permission, now) => this.#sendWaiting(permission, now))
    this.#channels = new Channels(context, this.#permissions)
    this.#allocation = new Allocation(context, options.families, options.lifetime, () => {
      this.#permissions.families = this.#allocation.families
      this.#state = 'allocated'
      this.#events.push({ type: 'allocated' })
    })
  }

  get state(): TurnState {
    return this.#state
  }

  /** The relayed transport addresses: one of each family that was asked for and given. Empty without an allocation. */
  get relayed(): readonly StunAddress[] {
    return this.#state === 'allocated' ? this.#allocation.relayed : []
  }

  /** Our address as the server sees it. */
  get mapped(): StunAddress | undefined {
    return this.#allocation.mapped
  }

  /** Why the server gave no relayed address of one of two families (ADDRESS-ERROR-CODE). */
  get familyError(): Allocation['familyError'] {
    return this.#allocation.familyError
  }

  /** When the server has said last that the allocation stands: -Infinity without one. */
  get refreshedAt(): number {
    return this.#state === 'allocated' ? this.#allocation.refreshedAt : Number.NEGATIVE_INFINITY
  }

  get deadline(): number {
    const { deadline } = this.#requests
    if (this.#state !== 'allocated') return deadline
    return Math.min(
      deadline,
      this.#allocation.deadline,
      this.#permissions.deadline,
      this.#channels.deadline,
      this.#requests.lastSentAt + this.#keepalive,
    )
  }

  nextEvent(): TurnEvent | undefined {
    return this.#events.next()
  }

  /** Asks for the allocation. Calling it again does nothing. */
  allocate(now: number): void {
    if (this.#state !== 'new') return
    this.#state = 'allocating'
    this.#allocation.allocate(now)
  }

  /**
   * Refreshes the allocation now, to know whether it still stands: `refreshedAt` moves on, or `failed` comes. A NAT that
   * gives us another port, for one, leaves it out of reach (437). Does nothing without an allocation.
   */
  refresh(now: number): void {
    if (this.#state === 'allocated') this.#allocation.refresh(now)
  }

  /**
   * Gives credentials: from now on these are used, and what the server refused since the event `credentials` is asked
   * again. Undefined: there are no others, so what was refused has failed. A server that binds an allocation to its user
   * name answers another name with 441 (RFC 8656, 5): the allocation is then lost.
   */
  setCredentials(credentials: TurnCredentials | undefined, now: number): void {
    if (this.#state !== 'failed' && this.#state !== 'closed') this.#requests.setCredentials(credentials, now)
  }

  /**
   * Asks for the permission to exchange data with an address, and keeps it. Does nothing without an allocation, or beyond
   * 256 addresses. Throws a TypeError when `address` is no IP address.
   * @param kept False lets it go after five minutes in which nothing was sent there.
   */
  permit(address: string, now: number, kept = true): void {
    if (this.#state === 'allocated') this.#permissions.keep(address, now, kept)
  }

  // Data

  /**
   * Sends a datagram to a peer through the server. Takes the packet. What comes before the permission is kept, up to 16
   * packets of an address and 128 in all. There is room for 256 addresses at a time, and 64 ports of each; what goes
   * beyond is dropped. Throws a TypeError when `address` is no IP address.
   */
  send(packet: Packet, address: string, port: number, now: number): void {
    const isSendable = port > 0 && port < 0x10000 && packet.length <= MOST_INDICATED_DATA
    if (this.#state !== 'allocated' || !isSendable) {
      this.counters.droppedUnsendable++
      packet.release()
      return
    }
    let peer: Peer | undefined
    try {
      peer = this.#permissions.peer(address, port, now)
    } catch (error) {
      packet.release()
      throw error
    }
    if (peer === undefined) {
      this.counters.droppedOverflow++
      packet.release()
    } else if (now < peer.permission.grantedUntil) {
      if (now > peer.permission.grantedUntil - LAST_LOOK) this.#permissions.renew(peer.permission, now)
      this.#transmit(peer, packet, now)
    } else {
      this.#permissions.hold(peer, packet, now)
    }
  }

  #transmit(peer: Peer, packet: Packet, now: number): void {
    const { reliable, transmit } = this.#options
    peer.usedAt = now
    peer.permission.usedAt = now
    this.#requests.lastSentAt = now
    const { channel } = peer
    if (channel !== undefined && now < channel.boundUntil) {
      this.counters.channelDataSent++
      transmit(writeChannelData(packet, channel.number, reliable))
      return
    }
    this.counters.sendIndications++
    transmit(writeSendIndication(packet, peer, this.#indicationIds))
    peer.indications++
    if (peer.indications >= this.#channelAfter) this.#channels.bind(peer, now)
  }

  #sendWaiting(permission: Permission, now: number): void {
    for (let waiting = this.#permissions.take(permission); waiting; waiting = this.#permissions.take(permission))
      this.#transmit(waiting.peer, waiting.packet, now)
  }

  /** Takes one whole STUN message or ChannelData message of the server's: borrowed. */
  receive(frame: Uint8Array, now: number): void {
    if (this.#state === 'closed') {
      const message = decodeStun(frame)
      if (message !== undefined) this.#requests.receiveLast(message, now)
      return
    }
    if (this.#state !== 'allocated' && this.#state !== 'allocating') return
    if (isChannelData(frame)) {
      this.#receiveChannelData(frame, now)
      return
    }
    const message = decodeStun(frame)
    if (message === undefined || (message.fingerprintAt >= 0 && !verifyFingerprint(message))) {
      this.counters.malformed++
      return
    }
    if (message.kind === 'success' || message.kind === 'error') {
      this.#options.trace?.packet?.('turn', 'in', frame, now)
      this.#requests.receive(message, now)
    } else if (message.kind === 'indication' && message.method === Method.data) {
      this.#receiveIndication(message, now)
    } else {
      this.counters.ignoredMethods++
    }
  }

  #receiveChannelData(frame: Uint8Array, now: number): void {
    const number = channelOf(frame)
    if (number < 0) {
      this.counters.malformed++
      return
    }
    const channel = this.#channels.find(number, now)
    if (channel === undefined) {
      this.counters.droppedUnknownChannel++
      return
    }
    const { peer } = channel
    peer.usedAt = now
    peer.permission.usedAt = now
    this.counters.channelDataReceived++
    this.#options.deliver(channelData(frame), peer.permission.address, peer.port, now)
  }

  #receiveIndication(message: StunMessage, now: number): void {
    const peer = indicatedPeer(message)
    const data = message.find(Attribute.data)
    if (peer === undefined || data === undefined) {
      if (peer !== undefined && message.has(Attribute.icmp)) this.counters.icmpErrors++
      else this.counters.malformed++
      return
    }
    const permission = this.#permissions.find(peer.address, now)
    if (permission === undefined) {
      this.counters.droppedUnpermitted++
      return
    }
    permission.usedAt = now
    this.counters.dataIndications++
    this.#options.deliver(data, permission.address, peer.port, now)
  }

  // Time and the end

  advance(now: number): void {
    this.#requests.advance(now)
    if (this.#state !== 'allocated') return
    this.#allocation.advance(now)
    this.#permissions.advance(now)
    this.#channels.advance(now)
    if (now >= this.#requests.lastSentAt + this.#keepalive) this.#keepAlive(now)
  }

  #keepAlive(now: number): void {
    if (this.#state !== 'allocated') return
    const transactionId = this.#options.crypto.random.fill(new Uint8Array(TRANSACTION_ID_LENGTH))
    this.counters.keepalives++
    this.#requests.indicate(encodeStun({ kind: 'indication', method: Method.binding, transactionId }), now)
  }

  #fail(outcome: Outcome & { readonly kind: 'error' }): void {
    if (this.#state !== 'allocating' && this.#state !== 'allocated') return
    this.#state = 'failed'
    this.#clear()
    const { code, reason, message } = outcome
    const alternate = code === ErrorCode.tryAlternate && message ? readAlternateServer(message) : undefined
    this.#events.push({ type: 'failed', code, reason, ...(alternate && { alternate }) })
  }

  /**
   * Gives the allocation back, and ends: nothing is told any more, and no time needed. An owner that can still receive
   * does well to: to a stale nonce the last request is sent once more.
   */
  close(now: number): void {
    if (this.#state === 'closed') return
    // One that is asked for is granted by the time this reaches the server, and would stand for ten minutes unused.
    if (this.#state === 'allocated' || (this.#state === 'allocating' && this.#requests.isSealed)) {
      this.#allocation.release(now)
    }
    this.#state = 'closed'
    this.#clear()
  }

  #clear(): void {
    this.#requests.clear()
    this.#allocation.clear()
    this.#permissions.clear()
    this.#channels.clear()
  }
}
