/** What a gatherer takes, and what it tells: addresses, servers, policies (RFC 8445, 5.1.1; RFC 9429, 4.1.1). */

import type { CryptoProvider } from '../crypto/index.ts'
import type { LocalCandidateInit } from '../ice/index.ts'
import type { Host, InterfaceAddress, TraceSink } from '../machine/index.ts'
import type { MdnsService } from '../mdns/index.ts'
import type { ServerUri } from '../stun/index.ts'
import type { TurnCredentials } from '../turn/index.ts'
import type { BaseTable } from './base-table.ts'
import type { TcpMux } from './tcp-mux.ts'
import type { UdpMux } from './udp-mux.ts'

/** A STUN or TURN server to gather from. */
export interface GatherServer {
  /** As the application wrote it: told with candidates and errors. */
  readonly url: string
  readonly uri: ServerUri
  readonly credentials?: TurnCredentials
  /** Asked for credentials when there are none, and again when the server refuses those in use. It has 10 s to answer. */
  readonly renew?: () => Promise<TurnCredentials>
  /** Certificates in PEM to trust in place of the platform's, for TLS. */
  readonly ca?: string | readonly string[]
}

/** An address under which the world knows one of ours: a 1:1 NAT, a load balancer. */
export interface AdvertisedAddress {
  /** What the peer is told: an IP address. The port is that of the base. */
  readonly address: string
  /** The interface's name or address that it stands for; by default every base of the same family that is not loopback. */
  readonly base?: string
  /** `host` (the default) puts it in the place of the base's own address; `srflx` names it beside that. */
  readonly type?: 'host' | 'srflx'
}

/** Which TCP candidates to gather (RFC 6544): we connect, we are connected to, or both at once. */
export type TcpGathering = 'active' | 'passive' | 'so'

export interface GatherOptions {
  readonly servers: readonly GatherServer[]
  /** `relay` shows and uses relayed candidates only. */
  readonly policy: 'all' | 'relay'
  readonly includeLoopback: boolean
  /** Which addresses of this machine to use; all by default. */
  readonly addressFilter?: (address: InterfaceAddress) => boolean
  /** Ports for UDP sockets and TCP listeners, both ends included. */
  readonly portRange?: { readonly min: number; readonly max: number }
  readonly tcp: readonly TcpGathering[]
  /** Show host addresses as mDNS names. */
  readonly publishNames: boolean
  readonly advertise: readonly AdvertisedAddress[]
  /** In place of sockets of its own. */
  readonly udpMux?: UdpMux
  readonly tcpMux?: TcpMux
}

/** A server of which nothing came, from none of our addresses. */
export interface GatherError {
  readonly url: string
  /** Where it was last tried from; null when it did not come to that. */
  readonly address: string | null
  readonly port: number | null
  /** Of STUN (300 to 699), or 701 when the server was not reached. */
  readonly code: number
  readonly text: string
}

/** Whom a gatherer tells. Sockets are known by number. */
export interface GatherSink {
  candidate(init: LocalCandidateInit): void
  failed(error: GatherError): void
  /** No more candidates will come, until `gather` is called again. */
  ended(): void
  /** A datagram, or a frame of TCP, or what a relay has passed on: borrowed. */
  receive(packet: Uint8Array, socket: number, address: string, port: number, now: number): void
  /** A TCP connection could not be made, or is over. */
  pathLost(socket: number, address: string, port: number): void
  /** The base is gone for good: its address was taken from this machine, its allocation was lost. */
  baseGone(socket: number): void
}

/** What a gatherer works with. */
export interface GathererContext {
  readonly host: Host
  readonly crypto: CryptoProvider
  /** Of the connection: sockets are known by their number in it. */
  readonly table: BaseTable
  /** Asked for names only when addresses are to be hidden behind them. */
  readonly mdns: Pick<MdnsService, 'publish' | 'withdraw'>
  /** Is told when a relay is lost. */
  readonly trace?: TraceSink
}
