/** What a TURN client takes, what it tells, and what it counts. */

import type { Packet } from '../bytes/index.ts'
import type { CryptoProvider } from '../crypto/index.ts'
import type { TraceSink } from '../machine/index.ts'
import type { AddressFamily, AlternateServer, LongTermCredentials, RetransmissionTiming } from '../stun/index.ts'

export type TurnCredentials = LongTermCredentials

export type TurnState = 'new' | 'allocating' | 'allocated' | 'failed' | 'closed'

export interface TurnClientOptions {
  readonly crypto: CryptoProvider
  /** Without them, a server that wants some leads to the event `credentials`. */
  readonly credentials?: TurnCredentials
  /** Whether the way to the server is a stream (TCP, TLS): nothing is retransmitted, and ChannelData is padded. */
  readonly reliable: boolean
  /** The families of the relayed addresses. Both: as many of the two as the server gives (RFC 8656, 7.1). */
  readonly families: readonly AddressFamily[]
  /** Puts a message on the way to the server. Takes the packet. */
  readonly transmit: (packet: Packet) => void
  /** Data of a peer: borrowed, valid until the call returns. It may send, but not feed input to this client. */
  readonly deliver: (data: Uint8Array, address: string, port: number, now: number) => void
  /** Seconds for which each allocation and refresh asks. The server's own choice by default (600 as a rule). */
  readonly lifetime?: number
  /** How requests are repeated over UDP (RFC 8489, 6.2.1). A stream waits as long in all, and repeats nothing. */
  readonly timing?: RetransmissionTiming
  /** Milliseconds for which requests wait for `setCredentials` after the event `credentials`. 30,000 by default. */
  readonly credentialsTimeout?: number
  /** How many Send indications make a peer worth a channel. 8 by default; Infinity binds none. */
  readonly channelAfter?: number
  /**
   * Milliseconds of silence towards the server after which a Binding indication keeps the NATs on the way open; not over
   * a stream. 15,000 by default, the least that RFC 8445, 11 allows.
   */
  readonly keepalive?: number
  readonly trace?: TraceSink
}

export type TurnEvent =
  | { readonly type: 'allocated' }
  /**
   * There is no allocation, or no more. `code` is the server's (RFC 8656, 19; RFC 8489, 14.8), or 701 when nobody answers
   * or no answer was authentic. `alternate` is where a 300 sends us.
   */
  | {
      readonly type: 'failed'
      readonly code: number
      readonly reason: string
      readonly alternate?: AlternateServer
    }
  /** The server refuses the credentials, or wants some: call `setCredentials`. */
  | { readonly type: 'credentials' }
  /** The server relays nothing to and from this address. Asked for again after a minute, if there is something to send. */
  | { readonly type: 'peer-refused'; readonly address: string; readonly code: number; readonly reason: string }

/** What a client has done, and what it has seen and not acted on. */
export const createCounters = () => ({
  requestsSent: 0,
  requestsRetransmitted: 0,
  /** 401 and 438 that were answered with another attempt. */
  challenges: 0,
  sendIndications: 0,
  channelDataSent: 0,
  dataIndications: 0,
  channelDataReceived: 0,
  keepalives: 0,
  /** Neither STUN nor ChannelData. */
  malformed: 0,
  /** Requests and indications that a client has no use for. */
  ignoredMethods: 0,
  /** Responses to no request of ours, or to one that was answered. */
  unmatchedResponses: 0,
  /** Responses whose integrity is missing or wrong. */
  unauthenticatedResponses: 0,
  /** Data indications from addresses without permission. */
  droppedUnpermitted: 0,
  /** ChannelData on channels that are not bound. */
  droppedUnknownChannel: 0,
  /** Data indications with an ICMP error in place of data. */
  icmpErrors: 0,
  /** Packets to send without an allocation, to no address, or of a size that cannot be relayed. */
  droppedUnsendable: 0,
  /** Packets to peers that the server refuses. */
  droppedRefused: 0,
  /** Packets beyond what is kept until a permission is there, and to peers beyond their bound. */
  droppedOverflow: 0,
})

export type TurnCounters = ReturnType<typeof createCounters>
