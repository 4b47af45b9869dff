/**
 * An SCTP association (RFC 9260) in the profile of WebRTC (RFC 8261, RFC 8831): one path, over DTLS or whatever else
 * carries packets.
 *
 * This is what its owner sees. What a received chunk means is in `inbound.ts`; tags and cookies are in
 * `establishment.ts`; DATA, SACK and stream resets in `transfer.ts`.
 */

import type { FlushingMachine } from '../machine/index.ts'
import {
  type AssociationEvent,
  type AssociationOptions,
  type AssociationState,
  DEFAULTS,
} from './association-options.ts'
import { CAUSE } from './chunk-type.ts'
import { ControlBlock, MOST_STREAMS } from './control-block.ts'
import type { SctpCounters } from './counters.ts'
import { SctpError, writeTextCause } from './error-cause.ts'
import { Inbound } from './inbound.ts'
import { createMessage, type SendOptions } from './outbound-message.ts'
import { readSignalledInit } from './signalled-init.ts'
import type { Transfer } from './transfer.ts'

const TOO_MANY = `An association has no more than ${MOST_STREAMS} streams each way`

export class Association implements FlushingMachine {
  readonly #block: ControlBlock
  readonly #inbound: Inbound
  readonly #sendBufferLimit: number
  /** Bytes of messages that the owner will send and has room for. */
  #reserved = 0

  constructor(options: AssociationOptions) {
    this.#block = new ControlBlock(options)
    this.#inbound = new Inbound(this.#block, options.trace)
    this.#sendBufferLimit = options.sendBufferLimit ?? DEFAULTS.sendBufferLimit
  }

  get state(): AssociationState {
    return this.#block.state
  }

  get counters(): Readonly<SctpCounters> {
    return this.#block.counters
  }

  get packetsSent(): number {
    return this.#block.packets.packetsSent
  }

  get bytesSent(): number {
    return this.#block.packets.bytesSent
  }

  /** Milliseconds; undefined before the first measurement. */
  get smoothedRoundTripTime(): number | undefined {
    return this.#block.path.timeout.smoothed
  }

  /** Bytes. */
  get congestionWindow(): number {
    return this.#block.transfer?.sender.congestion.window ?? 0
  }

  /** Bytes that the peer has room for beyond what is in flight. */
  get peerReceiveWindow(): number {
    return this.#block.transfer?.sender.recovery.peerWindow ?? 0
  }

  /** Bytes in flight. */
  get flightSize(): number {
    return this.#block.transfer?.sender.outstanding.flight ?? 0
  }

  /** DATA chunks that were sent and not acknowledged yet. */
  get unacknowledgedChunks(): number {
    return this.#block.transfer?.sender.outstanding.count ?? 0
  }

  /** The largest SCTP packet in bytes, as far as the path is known to carry it. */
  get mtu(): number {
    return this.#block.packets.mtu
  }

  /** Whether messages are interleaved (RFC 8260), as both sides have agreed. */
  get interleaving(): boolean {
    return this.#block.establishment.agreement?.interleaving ?? false
  }

  /** Whether packets to the peer go without a checksum, since it takes them so (RFC 9653). */
  get zeroChecksum(): boolean {
    return this.#block.packets.zeroChecksum
  }

  /** Streams that may be sent on: what is offered, and from `established` on what both sides can. */
  get outboundStreams(): number {
    return this.#block.outboundStreams
  }

  get inboundStreams(): number {
    return this.#block.inboundStreams
  }

  /** Bytes waiting for their first transmission, on all streams. */
  get totalBufferedAmount(): number {
    return this.#block.queue.buffered
  }

  get deadline(): number {
    return this.#block.deadline
  }

  /**
   * Begins the association. Both sides may do so at once, as in WebRTC. Does nothing when the peer was first.
   * @param ports When they were not known at construction.
   * @throws SctpError 'invalid-state' after its end.
   */
  connect(now: number, ports?: { readonly local: number; readonly remote: number }): void {
    const block = this.#block
    if (block.ended) throw new SctpError('invalid-state', 'The association has ended')
    if (block.state !== 'closed') return
    this.#usePorts(ports)
    block.state = 'cookie-wait'
    block.establishment.begin(block.packets, now)
  }

  /**
   * Our INIT chunk for the attribute `a=sctp-init` (draft-hancke-tsvwg-snap), to be encoded in base64: the same bytes each
   * time. Nothing is sent and no timer runs; `connect` remains possible when the peer does not signal one.
   */
  createInit(): Uint8Array {
    return this.#block.establishment.signal()
  }

  /**
   * Is established at once, by the INITs that both sides have signalled. To be called when packets can be sent, and before
   * any are received. Does nothing when the association has begun; begins by a handshake, as `connect` does, when the peer's
   * INIT cannot be used.
   * @param remoteInit What the peer's `a=sctp-init` decodes to.
   * @returns Whether it is established.
   * @throws SctpError 'invalid-state' after its end, or when `createInit` was not called.
   */
  connectWith(
    remoteInit: Uint8Array,
    now: number,
    ports?: { readonly local: number; readonly remote: number },
  ): boolean {
    const block = this.#block
    const init = readSignalledInit(remoteInit)
    if (init === undefined || block.ended || block.state !== 'closed') {
      this.connect(now, ports)
      return false
    }
    this.#usePorts(ports)
    if (!block.establishment.adoptSignalled(init, block.packets)) {
      throw new SctpError('invalid-state', 'The peer was told of no INIT of ours')
    }
    block.establish(now)
    return true
  }

  /**
   * The path below has changed: packets have `mtu` bytes from now on, and are tried up to `largestPacket` (RFC 8899).
   * @param sizes Bytes of SCTP packet.
   */
  setPath(sizes: { readonly mtu: number; readonly largestPacket: number }, now: number): void {
    this.#block.setPath(sizes.mtu, sizes.largestPacket, now)
  }

  /** Takes a packet, which is borrowed until the call returns. */
  receive(packet: Uint8Array, now: number): void {
    this.#inbound.receive(packet, now)
  }

  /**
   * The owner cannot do with so many bytes of what was delivered for now: the peer may send as many fewer (a_rwnd), until
   * `release`. It counts for the association as a whole, which has no window for each stream (RFC 9260 6.2).
   */
  retain(bytes: number): void {
    this.#block.transfer?.receiver.retain(bytes)
  }

  /** The owner has done with bytes that it had retained; the peer is told with `flush`. */
  release(bytes: number): void {
    this.#block.transfer?.receiver.release(bytes)
  }

  /**
   * Queues a message; it leaves with `flush`. May be called before the association is up.
   * @param data Copied before the call returns, unless `owned`. Not empty (SCTP has no empty messages).
   * @throws SctpError 'invalid-state' when the association is ending or the stream is being reset, 'invalid-stream',
   * 'buffer-full' (not for what is not counted, nor while nothing else waits); RangeError when `data` is empty.
   */
  send(streamId: number, ppid: number, data: Uint8Array, options: SendOptions, now: number): void {
    const block = this.#block
    const { queue, state } = block
    if (block.ended || state.startsWith('shutdown')) {
      throw new SctpError('invalid-state', 'The association has ended or is being shut down')
    }
    if (streamId < 0 || streamId >= block.outboundStreams) {
      throw new SctpError('invalid-stream', `There is no stream ${streamId}`)
    }
    if (data.length === 0) throw new RangeError('An SCTP message has at least one byte')
    const stream = queue.stream(streamId)
    if (stream.resetting) throw new SctpError('invalid-state', `Stream ${streamId} is being reset`)
    if (options.counted !== false) this.#makeRoom(data.length, options.discardPriority)
    queue.push(stream, createMessage(streamId, ppid, data, options, now))
    block.counters.messagesSent++
  }

  /**
   * Keeps room for a message whose bytes are not there yet, so that `send` takes it after `unreserve`.
   * @throws SctpError 'buffer-full', as `send` does.
   */
  reserve(bytes: number): void {
    this.#makeRoom(bytes)
    this.#reserved += bytes
  }

  /** Such a message is to be sent now, or will not be. */
  unreserve(bytes: number): void {
    this.#reserved -= bytes
  }

  /** Whether `send` would take a message on this stream, as far as states go. */
  canSend(streamId: number): boolean {
    const block = this.#block
    if (block.ended || block.state.startsWith('shutdown') || streamId >= block.outboundStreams) return false
    return block.queue.known(streamId)?.resetting !== true
  }

  /** Bytes accepted on a stream and not yet sent for the first time. */
  bufferedAmount(streamId: number): number {
    return this.#block.queue.known(streamId)?.buffered ?? 0
  }

  /** The event `buffered-low` is told when `bufferedAmount` falls from above this to it or below. */
  setBufferedAmountLowThreshold(streamId: number, bytes: number): void {
    this.#block.queue.stream(streamId).lowThreshold = bytes
  }

  /**
   * Sets the priority of a stream, by which the scheduler goes.
   * @param priority 1 to 65,535: in WebRTC 128, 256 (unless set), 512 or 1024 (RFC 8831 6.4).
   */
  setPriority(streamId: number, priority: number): void {
    this.#block.queue.setPriority(streamId, priority)
  }

  /**
   * Resets outgoing streams once what was queued on them is sent (RFC 6525); the event `reset-done` follows. Does
   * nothing after the end.
   * @param options `discard`: what has not begun to be sent is dropped.
   */
  resetStreams(streamIds: readonly number[], options: { readonly discard?: boolean } = {}): void {
    const block = this.#block
    if (block.ended) return
    for (const id of streamIds) block.queue.drain(id, options.discard === true)
  }

  /**
   * Asks the peer to reset these of its outgoing streams (RFC 6525 5.1.3), none meaning all; the event
   * `incoming-reset-done` tells what it answered, and `incoming-reset` when it has done it.
   * @throws SctpError 'invalid-state' unless the association is established.
   */
  requestIncomingReset(streamIds: readonly number[]): void {
    this.#established().reconfiguration.requestIncomingReset([...streamIds])
  }

  /**
   * Asks for more streams (RFC 6525 5.1.5 and 5.1.6); the event `streams-added` follows for each direction.
   * @param counts How many more to send on, and to receive on. Together with those there are, no more than 65,535.
   * @throws SctpError 'invalid-state' unless the association is established; RangeError when it would be too many.
   */
  addStreams(counts: { readonly outbound?: number; readonly inbound?: number }): void {
    const block = this.#block
    const { outbound = 0, inbound = 0 } = counts
    const { reconfiguration } = this.#established()
    if (outbound < 0 || inbound < 0 || block.outboundStreams + outbound > MOST_STREAMS) throw new RangeError(TOO_MANY)
    if (block.inboundStreams + inbound > MOST_STREAMS) throw new RangeError(TOO_MANY)
    if (outbound > 0) reconfiguration.requestStreams('add-outgoing-streams', outbound)
    if (inbound > 0) reconfiguration.requestStreams('add-incoming-streams', inbound)
  }

  /** Ends gracefully: what was queued is sent and acknowledged first (RFC 9260 9.2). */
  shutdown(now: number): void {
    const block = this.#block
    if (block.ended) return
    if (block.state === 'established') {
      block.state = 'shutdown-pending'
      block.shutdown.begin(now)
    } else if (!block.state.startsWith('shutdown')) {
      this.abort(now)
    }
  }

  /** Ends at once, and tells the peer (9.1). */
  abort(now: number, reason = ''): void {
    this.#block.abort(writeTextCause(CAUSE.USER_INITIATED_ABORT, reason), now)
  }

  /** The layer below is gone: ends without a word. */
  transportClosed(): void {
    this.#block.end(new SctpError('transport-closed', 'The transport below the association is gone'))
  }

  /** Sends what waits. To be called once a turn. */
  flush(now: number): void {
    const block = this.#block
    const { transfer } = block
    if (block.ended) return
    block.pathMtu.watch(now)
    if (transfer !== undefined) {
      transfer.flush(now, block.state !== 'established')
      const { queue } = block
      for (let id = queue.nextLowered(); id >= 0; id = queue.nextLowered()) {
        block.events.push({ type: 'buffered-low', streamId: id })
      }
      if (block.state !== 'established' && transfer.sender.idle) block.shutdownReady(now)
    }
    block.queue.turnDone()
    block.packets.finish(now)
    block.pathMtu.flush(now)
  }

  advance(now: number): void {
    if (now < this.deadline) return
    this.#block.advance(now)
    this.flush(now)
  }

  /** What happened since the last call; to be drained after every input. */
  nextEvent(): AssociationEvent | undefined {
    return this.#block.events.next()
  }

  /** Makes room for a message, if need be in place of less valuable ones. Alone, or beside uncounted ones, it has any size. */
  #makeRoom(length: number, discardPriority = Number.POSITIVE_INFINITY): void {
    const { queue } = this.#block
    const waiting = queue.buffered + this.#reserved
    const excess = Math.min(waiting - queue.uncounted, waiting + length - this.#sendBufferLimit)
    if (excess <= 0 || queue.makeRoom(excess, discardPriority)) return
    throw new SctpError('buffer-full', `More than ${this.#sendBufferLimit} bytes would wait to be sent`)
  }

  #usePorts(ports: { readonly local: number; readonly remote: number } | undefined): void {
    if (ports === undefined) return
    this.#block.packets.localPort = ports.local
    this.#block.packets.remotePort = ports.remote
  }

  #established(): Transfer {
    const { state, transfer } = this.#block
    if (transfer !== undefined && state === 'established') return transfer
    throw new SctpError('invalid-state', 'The association is not established')
  }
}
