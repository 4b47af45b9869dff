/** What the data channels of an association are made from, and what they tell. */

import type { Packet, PacketPool } from '../bytes/index.ts'
import type { CryptoProvider } from '../crypto/index.ts'
import type { TraceSink } from '../machine/index.ts'
import type { Association, CongestionControlName, SchedulerName } from '../sctp/index.ts'
import type { Channel, ChannelError } from './channel.ts'

/** What the owner may say of the association; what it leaves out is as said. */
export interface AssociationPreferences {
  /** What bounds the data in flight: 'standard'. */
  readonly congestionControl?: CongestionControlName
  /** Whose message is sent next: 'weighted-fair', by the channels' priorities. */
  readonly scheduler?: SchedulerName
  /** Whether I-DATA is offered (RFC 8260): true. */
  readonly interleaving?: boolean
  /** Whether the peer is told that it may leave out checksums (RFC 9653): false. */
  readonly zeroChecksum?: boolean
  /** Bytes that the peer may send ahead of what is missing or not taken (5 MiB). */
  readonly receiveWindow?: number
  /**
   * Bytes that may wait to be sent before `send` throws 'buffer-full' (64 MiB); a message may be larger when nothing else
   * waits. Infinity: no bound.
   */
  readonly sendBufferLimit?: number
  /** Channels that there can be at a time: 1 to 65,535, which are offered. */
  readonly maxChannels?: number
}

/** What statistics read of an association. */
export type AssociationView = Readonly<
  Pick<
    Association,
    | 'bytesSent'
    | 'congestionWindow'
    | 'counters'
    | 'flightSize'
    | 'interleaving'
    | 'mtu'
    | 'packetsSent'
    | 'peerReceiveWindow'
    | 'smoothedRoundTripTime'
    | 'unacknowledgedChunks'
    | 'zeroChecksum'
  >
>

export interface DataChannelsOptions extends AssociationPreferences {
  readonly crypto: CryptoProvider
  readonly transmit: (packet: Packet) => void
  /** The largest SCTP packet in bytes (1172). */
  readonly mtu?: number
  /** The largest message that is taken, in bytes (262,144). */
  readonly maxMessageSize?: number
  readonly pool?: PacketPool
  readonly trace?: TraceSink
}

export interface ConnectOptions {
  /** The DTLS role, which decides who has the even ids. */
  readonly role: 'client' | 'server'
  readonly localPort: number
  readonly remotePort: number
  /** The largest message that the peer takes, in bytes; 0: any (RFC 8841 6.1). */
  readonly remoteMaxMessageSize: number
  /** The peer's INIT chunk, when it has ours from `createInit`: then neither is sent (draft-hancke-tsvwg-snap). */
  readonly remoteInit?: Uint8Array
}

export type ChannelEvent =
  | {
      readonly type: 'association'
      readonly state: 'connecting' | 'connected' | 'closed'
      readonly error?: ChannelError
    }
  /** The peer opened it; it is open. */
  | { readonly type: 'incoming'; readonly channel: Channel }
  | { readonly type: 'open'; readonly channel: Channel }
  /** `data` is the receiver's own and fills its buffer: UTF-8 when it is text. */
  | {
      readonly type: 'message'
      readonly channel: Channel
      readonly data: Uint8Array<ArrayBuffer>
      readonly text: boolean
    }
  | { readonly type: 'buffered-low'; readonly channel: Channel }
  /** What `awaitDrain` asked for. */
  | { readonly type: 'drained'; readonly channel: Channel }
  /** The peer closes it, or it failed. */
  | { readonly type: 'closing'; readonly channel: Channel }
  | { readonly type: 'closed'; readonly channel: Channel; readonly error?: ChannelError }

export interface ChannelCounters {
  /** DCEP messages that were malformed, for a stream in use, or with an id that the peer does not give out. */
  badOpens: number
  /** Messages under a payload protocol identifier that is not known. */
  unknownPayloads: number
  /** Messages for channels that were closing or closed. */
  lateMessages: number
  /** Messages that came before their channel and could not be kept. */
  droppedEarlyMessages: number
}
