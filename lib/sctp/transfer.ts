/**
 * What an association has once it is up: the sender, the receiver and the resetting of streams, with their timers, and
 * the order in which their chunks are bundled. A restart replaces it as a whole.
 */

import { add32 } from '../bytes/index.ts'
import type { Random } from '../machine/index.ts'
import type { Agreement } from './agreement.ts'
import type { AssociationOptions } from './association-options.ts'
import type { SctpCounters } from './counters.ts'
import { DataReassembly } from './data-reassembly.ts'
import { InterleavedReassembly } from './interleaved-reassembly.ts'
import type { PacketBuilder } from './packet-builder.ts'
import type { Path } from './path.ts'
import { Receiver } from './receiver.ts'
import { Reconfiguration, type ReconfigurationOwner } from './reconfiguration.ts'
import type { SendQueue } from './send-queue.ts'
import { Sender } from './sender.ts'

/** What arrives is told to this. */
export interface TransferOwner extends ReconfigurationOwner {
  deliver(streamId: number, ppid: number, data: Uint8Array<ArrayBuffer>): void
  /** A message was larger than this side takes, and is dropped. */
  refuse(streamId: number): void
}

export interface TransferOptions {
  /** Our receiver window in bytes. */
  readonly window: number
  readonly maxMessageSize: number
  readonly congestionControl: NonNullable<AssociationOptions['congestionControl']>
}

export class Transfer {
  readonly sender: Sender
  readonly receiver: Receiver
  readonly reconfiguration: Reconfiguration
  /** User data travels in I-DATA (RFC 8260), and else in DATA. */
  readonly interleaving: boolean
  readonly #packets: PacketBuilder
  readonly #path: Path

  constructor(
    agreement: Agreement,
    options: TransferOptions,
    owner: TransferOwner,
    queue: SendQueue,
    packets: PacketBuilder,
    path: Path,
    counters: SctpCounters,
    random: Random,
  ) {
    const { localTsn, peerTsn, peerWindow, forwardTsn, reconfig } = agreement
    this.interleaving = agreement.interleaving
    this.#packets = packets
    this.#path = path
    if (agreement.interleaving) queue.interleave(peerWindow)
    const deliver = owner.deliver.bind(owner)
    const refuse = owner.refuse.bind(owner)
    const ReassemblyOf = agreement.interleaving ? InterleavedReassembly : DataReassembly
    const reassembly = new ReassemblyOf(options.maxMessageSize, deliver, refuse, counters)
    this.sender = new Sender(
      queue,
      localTsn,
      peerWindow,
      forwardTsn,
      agreement.interleaving,
      options.congestionControl,
      packets.largestDataChunk,
      path,
      counters,
      random,
    )
    this.receiver = new Receiver(peerTsn, options.window, reassembly, counters)
    this.reconfiguration = new Reconfiguration(reconfig, localTsn, peerTsn, owner, queue, path, counters)
  }

  get deadline(): number {
    const { sender, receiver, reconfiguration } = this
    return Math.min(sender.deadline, receiver.tracker.timer.at, reconfiguration.timer.at)
  }

  advance(now: number): void {
    const { sender, receiver, reconfiguration } = this
    if (receiver.tracker.timer.expire(now)) receiver.tracker.acknowledgeNow()
    sender.advance(this.#packets, now)
    if (reconfiguration.timer.expire(now)) reconfiguration.expire()
  }

  /** A packet has been taken whole. */
  packetDone(now: number): void {
    this.receiver.packetDone(this.#packets, now)
    this.reconfiguration.advanced(this.receiver.tracker.cumulative)
  }

  /** @param ending Whether the association ends when all is sent and acknowledged. */
  flush(now: number, ending: boolean): void {
    const { sender, receiver, reconfiguration } = this
    const packets = this.#packets
    const { tracker } = receiver
    // A SACK that is not due yet travels with DATA (RFC 9260 6.2), and with resets: the peer may be waiting for it to reset its own.
    if (tracker.due || (tracker.pending && (reconfiguration.pending || sender.ready(now)))) {
      receiver.acknowledge(packets, now)
    }
    reconfiguration.answer(packets, now)
    if (ending) sender.await(true, now)
    if (sender.flush(packets, now)) this.#path.used(now)
    if (reconfiguration.pending) {
      const { first, next } = sender.outstanding
      reconfiguration.flush(first, add32(next, -1), packets, now)
    }
    sender.await((ending && sender.queue.empty) || reconfiguration.awaits(sender.outstanding.first), now)
  }
}
