/**
 * The transmission control block of an association (RFC 9260 14): its state, the parts it is made of, and the passages
 * from one state to the next.
 */

import { EventQueue, type Random } from '../machine/index.ts'
import {
  type AssociationEvent,
  type AssociationOptions,
  type AssociationState,
  DEFAULTS,
} from './association-options.ts'
import { CAUSE, CHUNK } from './chunk-type.ts'
import { COMMON_HEADER } from './common-header.ts'
import { createCounters, type SctpCounters } from './counters.ts'
import { SctpError, writeTextCause } from './error-cause.ts'
import { Establishment } from './establishment.ts'
import { PacketBuilder } from './packet-builder.ts'
import { Path } from './path.ts'
import { PathMtu } from './path-mtu.ts'
import type { AddStreams } from './reconfig-chunk.ts'
import { SendQueue } from './send-queue.ts'
import { Shutdown } from './shutdown.ts'
import { Transfer, type TransferOptions, type TransferOwner } from './transfer.ts'

/** Stream identifiers have 16 bits, and so have their counts (RFC 9260 3.3.2). */
export const MOST_STREAMS = 65_535
/** Bytes: no less may be announced (RFC 9260 3.3.2). */
const LEAST_WINDOW = 1500
/** Requests for more streams that the peer may have us make before it answers the first. */
const MOST_GROWTHS = 4

export class ControlBlock implements TransferOwner {
  state: AssociationState = 'closed'
  /** Once closed, an association stays so. */
  ended = false
  readonly counters: SctpCounters = createCounters()
  readonly events = new EventQueue<AssociationEvent>()
  readonly packets: PacketBuilder
  readonly path: Path
  readonly pathMtu: PathMtu
  readonly establishment: Establishment
  readonly shutdown: Shutdown
  queue: SendQueue
  /** There while both sides' tags are known and the association is up. */
  transfer: Transfer | undefined
  /** Streams that may be used: what is offered, until the peer has said what it takes. */
  outboundStreams: number
  inboundStreams: number
  readonly #offered: { readonly outbound: number; readonly inbound: number }
  /** Packets of the peer without a checksum are taken: it was told so, and they come out of DTLS (RFC 9653 5.3). */
  readonly takesZeroChecksum: boolean
  readonly #transferOptions: TransferOptions
  readonly #random: Random
  /** Bytes up to which packets are tried. */
  #largestPacket: number

  constructor(options: AssociationOptions) {
    const largestTimeout = options.largestTimeout ?? DEFAULTS.largestTimeout
    const initialTimeout = options.initialTimeout ?? DEFAULTS.initialTimeout
    const window = Math.max(LEAST_WINDOW, options.receiveWindow ?? DEFAULTS.receiveWindow)
    const { crypto, transmit, pool, trace } = options
    this.#random = crypto.random
    this.queue = new SendQueue(options.scheduler, this.counters)
    const dtls = options.dtls === true
    this.takesZeroChecksum = dtls && options.zeroChecksum === true
    const abilities = {
      interleaving: options.interleaving ?? DEFAULTS.interleaving,
      dtls,
      zeroChecksum: this.takesZeroChecksum,
    }
    this.outboundStreams = options.outboundStreams ?? DEFAULTS.streams
    this.inboundStreams = options.inboundStreams ?? DEFAULTS.streams
    this.#offered = { outbound: this.outboundStreams, inbound: this.inboundStreams }
    this.packets = new PacketBuilder({ transmit, pool, trace, mtu: options.mtu ?? DEFAULTS.mtu })
    this.packets.localPort = options.localPort ?? DEFAULTS.port
    this.packets.remotePort = options.remotePort ?? DEFAULTS.port
    this.path = new Path(
      {
        timeout: { initial: initialTimeout, largest: largestTimeout },
        maxRetransmissions: options.maxRetransmissions ?? DEFAULTS.maxRetransmissions,
        heartbeatInterval: options.heartbeatInterval ?? DEFAULTS.heartbeatInterval,
      },
      crypto.random,
      this.counters,
    )
    this.#largestPacket = options.largestPacket ?? 0
    this.pathMtu = new PathMtu(this.packets, this.path, crypto.random, this.counters, () => this.#sized())
    this.establishment = new Establishment(
      {
        crypto,
        window,
        outboundStreams: this.outboundStreams,
        inboundStreams: this.inboundStreams,
        abilities,
        initialTimeout,
        largestTimeout,
        maxRetransmissions: options.maxInitRetransmissions ?? DEFAULTS.maxInitRetransmissions,
        cookieKey: options.cookieKey,
      },
      this.counters,
    )
    this.shutdown = new Shutdown(this.packets, this.path, largestTimeout)
    this.#transferOptions = {
      window,
      maxMessageSize: options.maxMessageSize ?? DEFAULTS.maxMessageSize,
      congestionControl: options.congestionControl ?? 'standard',
    }
  }

  get deadline(): number {
    const { establishment, shutdown, path, pathMtu, transfer } = this
    const own = Math.min(establishment.timer.at, shutdown.timer.at, shutdown.guard.at, path.timer.at, pathMtu.timer.at)
    return transfer === undefined ? own : Math.min(own, transfer.deadline)
  }

  /** Does what is due, the sending of data apart. */
  advance(now: number): void {
    const { establishment, packets, path, pathMtu, shutdown } = this
    if (establishment.timer.expire(now) && !establishment.expire(packets, now)) {
      this.end(new SctpError('handshake-timeout', 'The peer does not answer'))
      return
    }
    if (shutdown.guard.expire(now)) {
      this.abort(writeTextCause(CAUSE.USER_INITIATED_ABORT, 'Shutdown took too long'), now)
      return
    }
    if (shutdown.timer.expire(now)) {
      shutdown.missed()
      this.repeatShutdown(now)
    }
    if (path.timer.expire(now)) path.expire(packets, now)
    if (pathMtu.timer.expire(now)) pathMtu.expire(now)
    this.transfer?.advance(now)
    if (path.failed) {
      const error = new SctpError('timeout', 'The peer has stopped answering')
      this.abort(writeTextCause(CAUSE.USER_INITIATED_ABORT, 'Too many retransmissions'), now, error)
    }
  }

  /** Both sides have agreed. */
  establish(now: number): void {
    const { agreement } = this.establishment
    if (agreement === undefined) return
    this.state = 'established'
    this.outboundStreams = Math.min(this.#offered.outbound, agreement.peerInboundStreams)
    this.inboundStreams = Math.min(this.#offered.inbound, agreement.peerOutboundStreams)
    this.transfer = new Transfer(
      agreement,
      this.#transferOptions,
      this,
      this.queue,
      this.packets,
      this.path,
      this.counters,
      this.#random,
    )
    this.packets.zeroChecksum = agreement.zeroChecksum
    this.#sized()
    this.#seekMtu(now)
    this.path.errors = 0
    this.path.used(now)
    this.events.push({ type: 'established' })
  }

  /** The path below is another one. */
  setPath(mtu: number, largestPacket: number, now: number): void {
    this.packets.setBase(mtu)
    this.#largestPacket = largestPacket
    this.#sized()
    this.#seekMtu(now)
  }

  #seekMtu(now: number): void {
    if (this.transfer === undefined) return
    this.pathMtu.begin(this.establishment.agreement?.padding === true ? this.#largestPacket : 0, now)
  }

  /** Packets have another size now. */
  #sized(): void {
    this.transfer?.sender.setPacketSize(this.packets.mtu - COMMON_HEADER)
  }

  /** The peer has begun anew: nothing of what was under way can be finished. */
  restart(now: number): void {
    const { lowered } = this.queue
    this.queue = this.queue.renewed()
    this.shutdown.stop()
    this.events.push({ type: 'restarted', lowered })
    this.establish(now)
  }

  /** All that was queued has been acknowledged: the shutdown goes on (RFC 9260 9.2). */
  shutdownReady(now: number): void {
    if (this.state === 'shutdown-pending') this.state = 'shutdown-sent'
    else if (this.state === 'shutdown-received') this.state = 'shutdown-ack-sent'
    else return
    this.repeatShutdown(now)
  }

  /** Sends what the peer has to answer for the shutdown to go on; again when T2 has run out. */
  repeatShutdown(now: number): void {
    if (this.state === 'shutdown-sent') this.shutdown.sendShutdown(this.transfer!.receiver.tracker.cumulative, now)
    else if (this.state === 'shutdown-ack-sent') this.shutdown.sendShutdownAck(now)
  }

  /** Ends it without a word to the peer. */
  end(error?: SctpError): void {
    if (this.ended) return
    this.ended = true
    this.state = 'closed'
    this.establishment.timer.stop()
    this.shutdown.stop()
    this.path.stop()
    this.pathMtu.stop()
    this.packets.discard()
    this.transfer = undefined
    this.events.push(error === undefined ? { type: 'closed' } : { type: 'closed', error })
  }

  /** Ends it and tells the peer why, if it is known under which tag. */
  abort(cause: Uint8Array, now: number, error?: SctpError): void {
    if (this.ended) return
    if (this.packets.tag !== 0) {
      this.packets.append(CHUNK.ABORT, 0, cause, now)
      this.packets.finish(now)
    }
    this.end(error)
  }

  deliver(streamId: number, ppid: number, data: Uint8Array<ArrayBuffer>): void {
    this.events.push({ type: 'message', streamId, ppid, data })
  }

  refuse(streamId: number): void {
    this.events.push({ type: 'oversized', streamId })
  }

  incomingReset(streamIds: readonly number[] | undefined): void {
    this.transfer?.receiver.reassembly.resetStreams(streamIds)
    this.events.push({ type: 'incoming-reset', streamIds: streamIds ?? [] })
  }

  resetRequested(streamIds: readonly number[] | undefined): boolean {
    const known = (streamIds ?? this.queue.ids()).filter(id => this.queue.known(id) !== undefined)
    if (known.length === 0) return false
    this.events.push({ type: 'reset-requested', streamIds: streamIds ?? [] })
    for (const id of known) this.queue.drain(id, false)
    return true
  }

  addInbound(count: number): boolean {
    if (this.inboundStreams + count > MOST_STREAMS) return false
    this.inboundStreams += count
    this.events.push({ type: 'streams-added', direction: 'inbound', count, ok: true })
    return true
  }

  addOutboundRequested(count: number): boolean {
    const reconfiguration = this.transfer?.reconfiguration
    if (reconfiguration === undefined || reconfiguration.growing >= MOST_GROWTHS) return false
    if (this.outboundStreams + count > MOST_STREAMS) return false
    reconfiguration.requestStreams('add-outgoing-streams', count)
    return true
  }

  incomingResetAnswered(streamIds: readonly number[], ok: boolean): void {
    this.events.push({ type: 'incoming-reset-done', streamIds, ok })
  }

  streamsAdded(type: AddStreams['type'], count: number, ok: boolean): void {
    // More streams of the peer's are there when it asks for them itself.
    if (type === 'add-incoming-streams' && ok) return
    if (ok) this.outboundStreams = Math.min(MOST_STREAMS, this.outboundStreams + count)
    const direction = type === 'add-outgoing-streams' ? 'outbound' : 'inbound'
    this.events.push({ type: 'streams-added', direction, count, ok })
  }

  outgoingReset(streamIds: readonly number[], ok: boolean): void {
    this.events.push({ type: 'reset-done', streamIds, ok })
  }
}
