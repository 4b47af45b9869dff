/** What an association is made from, what it tells, and the defaults (RFC 9260 16, fitted to WebRTC). */

import type { Packet, PacketPool } from '../bytes/index.ts'
import type { CryptoProvider } from '../crypto/index.ts'
import type { TraceSink } from '../machine/index.ts'
import type { CongestionControl, CongestionControlName, CongestionOptions } from './congestion/congestion-control.ts'
import type { SctpError } from './error-cause.ts'
import type { SchedulerName } from './scheduling/scheduler.ts'

export interface AssociationOptions {
  readonly crypto: CryptoProvider
  /** Takes each packet; called from within the input methods, `flush` and `advance`. */
  readonly transmit: (packet: Packet) => void
  /** Where packets come from; one of its own unless given, or when the given one's are smaller than `mtu`. */
  readonly pool?: PacketPool | undefined
  /** 5000 unless given, as in WebRTC. */
  readonly localPort?: number | undefined
  readonly remotePort?: number | undefined
  /** The largest SCTP packet in bytes: 1172, which stays within a UDP payload of 1200 in a record of DTLS 1.3; 1.2 with AES-GCM leaves 1163. */
  readonly mtu?: number | undefined
  /** The largest SCTP packet in bytes that path MTU discovery (RFC 8899) tries; without it, or when it is no larger than `mtu`, nothing is tried. */
  readonly largestPacket?: number | undefined
  /** What bounds the data in flight: 'standard' (RFC 9260 7.2) unless given. */
  readonly congestionControl?: CongestionControlName | ((options: CongestionOptions) => CongestionControl) | undefined
  /** Whose turn it is among streams: 'weighted-fair' by `setPriority` unless given. */
  readonly scheduler?: SchedulerName | undefined
  /** Whether I-DATA (RFC 8260) is offered, and used when the peer offers it too: true. */
  readonly interleaving?: boolean | undefined
  /** The packets travel in DTLS, which finds what is damaged: the condition of RFC 9653 for doing without checksums. False. */
  readonly dtls?: boolean | undefined
  /** Whether this side announces that it takes packets without a checksum (RFC 9653); needs `dtls`. False: some peers refuse an INIT with a parameter that they do not know. */
  readonly zeroChecksum?: boolean | undefined
  /** The largest message that is taken, in bytes: 262,144. A larger one is dropped, and told by an event. */
  readonly maxMessageSize?: number | undefined
  /** Bytes that the peer may send ahead of what is missing (a_rwnd): 5 MiB. */
  readonly receiveWindow?: number | undefined
  /**
   * Bytes that may wait to be sent, on all streams together, before `send` refuses: 64 MiB. A message may be larger when
   * nothing else waits.
   */
  readonly sendBufferLimit?: number | undefined
  /** Streams that are offered each way: 65,535 (RFC 8831 6.2). */
  readonly outboundStreams?: number | undefined
  readonly inboundStreams?: number | undefined
  /** Milliseconds. RTO.Initial: 1000. */
  readonly initialTimeout?: number | undefined
  /**
   * RTO.Max in milliseconds, as far as back-off goes: 3000; where round trips are longer the timeout follows them up to 10,000.
   * The RFC's 60,000 are for the failure of one of several paths. Here there is one, and ICE knows sooner whether it has failed
   * (RFC 7675); where a third of the packets are lost, longer pauses are only time lost. libwebrtc takes the same bound.
   */
  readonly largestTimeout?: number | undefined
  /** Association.Max.Retrans: 20, which `largestTimeout` lets last a minute. The RFC's 10 in a row are met with by chance where a third of the packets are lost each way. */
  readonly maxRetransmissions?: number | undefined
  /** Max.Init.Retransmits: 20 in place of the RFC's 8, which makes a minute too. */
  readonly maxInitRetransmissions?: number | undefined
  /** Milliseconds of idleness between heartbeats (HB.interval): 30,000; Infinity for none. */
  readonly heartbeatInterval?: number | undefined
  /** What state cookies are signed with: 32 random bytes unless given. Who gives it can answer an INIT, forget all of it, and know its COOKIE ECHO. */
  readonly cookieKey?: Uint8Array | undefined
  readonly trace?: TraceSink | undefined
}

export type AssociationState =
  /** Not begun, or ended. */
  | 'closed'
  | 'cookie-wait'
  | 'cookie-echoed'
  | 'established'
  /** `shutdown` was called, and data is still to be acknowledged. */
  | 'shutdown-pending'
  | 'shutdown-sent'
  | 'shutdown-received'
  | 'shutdown-ack-sent'

export type AssociationEvent =
  | { readonly type: 'established' }
  /** A message; `data` is the receiver's own and fills its buffer. */
  | {
      readonly type: 'message'
      readonly streamId: number
      readonly ppid: number
      readonly data: Uint8Array<ArrayBuffer>
    }
  /** A message larger than `maxMessageSize` came on this stream, and was dropped. */
  | { readonly type: 'oversized'; readonly streamId: number }
  /** The peer has reset these of its outgoing streams: they begin anew. An empty list means all. */
  | { readonly type: 'incoming-reset'; readonly streamIds: readonly number[] }
  /** The peer asked us to reset these of our outgoing streams, which is under way. An empty list means all. */
  | { readonly type: 'reset-requested'; readonly streamIds: readonly number[] }
  /** These of our outgoing streams were reset, or (not `ok`) the peer refused, or cannot. */
  | { readonly type: 'reset-done'; readonly streamIds: readonly number[]; readonly ok: boolean }
  /** The peer has answered `requestIncomingReset`: the resets themselves are told by `incoming-reset`. */
  | { readonly type: 'incoming-reset-done'; readonly streamIds: readonly number[]; readonly ok: boolean }
  /** There are so many more streams, by our wish or the peer's; or (not `ok`) the peer refused ours. */
  | {
      readonly type: 'streams-added'
      readonly direction: 'outbound' | 'inbound'
      readonly count: number
      readonly ok: boolean
    }
  /** A stream's buffered amount fell to its threshold. */
  | { readonly type: 'buffered-low'; readonly streamId: number }
  /** The peer began anew: what was under way is lost, and all streams begin anew (RFC 9260 5.2.4.1). */
  | { readonly type: 'restarted'; readonly lowered: readonly number[] }
  /** The end. Without an error when either side asked for it by `shutdown`, or this one by `abort`. */
  | { readonly type: 'closed'; readonly error?: SctpError }

export const DEFAULTS = {
  port: 5000,
  mtu: 1172,
  maxMessageSize: 262_144,
  receiveWindow: 5 * 1024 * 1024,
  sendBufferLimit: 64 * 1024 * 1024,
  streams: 65_535,
  interleaving: true,
  initialTimeout: 1000,
  largestTimeout: 3000,
  maxRetransmissions: 20,
  maxInitRetransmissions: 20,
  heartbeatInterval: 30_000,
} as const
