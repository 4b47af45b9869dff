/**
 * What a machine's driver needs from the world: a clock, randomness, sockets, a resolver, a task queue.
 *
 * Two exist: `net/` (the platform's own) and `sim/` (a virtual clock and a simulated network).
 */

import type { Packet } from '../bytes/index.ts'
import type { Random } from './machine.ts'

/** An address of this machine. */
export interface InterfaceAddress {
  /** The interface's name, as `eth0`. */
  readonly name: string
  /** Canonical text: dotted quad, or IPv6 by RFC 5952. A link-local address carries no zone here. */
  readonly address: string
  readonly family: 4 | 6
  /** Whether it is a loopback address. */
  readonly internal: boolean
}

/**
 * Called for each datagram. `packet` is borrowed: valid until the call returns, and the receiver may overwrite it
 * (decryption is in place). `address` is canonical text.
 */
export type DatagramSink = (packet: Uint8Array, address: string, port: number, now: number) => void

export interface DatagramOptions {
  /** The address to bind, as `InterfaceAddress.address`. */
  readonly address: string
  /** The port, or 0 for any free one (the default). */
  readonly port?: number
  readonly receive: DatagramSink
  /** A send or receive error of the platform (ENETUNREACH, EPERM, ...): told, never fatal. `code` is the platform's. */
  readonly failed?: (code: string) => void
}

export interface DatagramSocket {
  readonly address: string
  readonly port: number
  /** Sends, and releases `packet` when the platform is done with it. Does nothing but release it after `close`. */
  send(packet: Packet, address: string, port: number): void
  /** Frees the socket. Nothing is received afterwards. Calling it again does nothing. */
  close(): void
}

export interface MulticastOptions {
  /** The group to join, as `224.0.0.251` or `ff02::fb`. */
  readonly group: string
  /** The port that the group uses: bound beside whoever else has it (mDNS: 5353). */
  readonly port: number
  /** The address of the interface to join and to send on, as `InterfaceAddress.address`; of the group's family. */
  readonly address: string
  readonly receive: DatagramSink
  readonly failed?: (code: string) => void
}

/** What a byte stream tells its owner. */
export interface StreamHandlers {
  /** Bytes as they came, in order. Borrowed: valid until the call returns, and the receiver may overwrite them. */
  readonly receive: (bytes: Uint8Array, now: number) => void
  /**
   * The stream is over: ended by the other side (undefined), or by an error of the platform (ECONNRESET, ...). Told once,
   * nothing follows; not told after `close`.
   */
  readonly closed: (code: string | undefined) => void
}

export interface TlsOptions {
  /** Whom the certificate must name: a host name, or an IP address in canonical text. */
  readonly serverName: string
  /** Certificates in PEM to trust in place of the platform's. */
  readonly ca?: string | readonly string[]
}

export interface StreamOptions extends StreamHandlers {
  readonly remoteAddress: string
  readonly remotePort: number
  /** The address to connect from; the platform's choice by default. */
  readonly address?: string
  /** The port to connect from; any free one by default. It may be one that connects elsewhere already. */
  readonly port?: number
  /** Milliseconds until the attempt is given up with code ETIMEDOUT, TLS included. 10,000 by default. */
  readonly timeout?: number
  /** TLS on top, with the certificate verified. */
  readonly tls?: TlsOptions
}

export interface StreamSocket {
  readonly address: string
  readonly port: number
  readonly remoteAddress: string
  readonly remotePort: number
  /** Bytes given to `send` that the platform has not taken yet. */
  readonly bufferedAmount: number
  /** Sends, and releases `packet` when the platform is done with it. Does nothing but release it when the stream is over. */
  send(packet: Packet): void
  /** Ends the stream behind what was sent. Nothing is received or told afterwards. Calling it again does nothing. */
  close(): void
}

export interface StreamListenerOptions {
  /** The address to bind, as `InterfaceAddress.address`. */
  readonly address: string
  /** The port, or 0 for any free one (the default). */
  readonly port?: number
  /** Called for each connection; undefined refuses it. */
  readonly accept: (socket: StreamSocket) => StreamHandlers | undefined
}

export interface StreamListener {
  readonly address: string
  readonly port: number
  /** Accepts no more; the connections that were accepted stay. */
  close(): void
}

/** A timer that can be taken back. */
export interface Cancellable {
  cancel(): void
}

export interface Host {
  /** Monotonic milliseconds, with fractions. */
  now(): number
  /** Milliseconds since 1970 that `now() === 0` stands for: `timeOrigin + now()` is wall-clock time. */
  readonly timeOrigin: number
  readonly random: Random
  /** The addresses of this machine that are up. */
  interfaces(): readonly InterfaceAddress[]
  /** Calls `changed` after addresses have come or gone, until it is cancelled. Does not keep a process alive. */
  watchInterfaces(changed: () => void): Cancellable
  /** Binds a UDP socket. Rejects with an error whose `code` is the platform's (EADDRINUSE, EADDRNOTAVAIL, EACCES). */
  openDatagram(options: DatagramOptions): Promise<DatagramSocket>
  /** Joins a multicast group on one interface. What is sent to the group also reaches this host. Rejects likewise. Does not keep a process alive. */
  openMulticast(options: MulticastOptions): Promise<DatagramSocket>
  /**
   * Connects over TCP, or TLS. Rejects with an error whose `code` is the platform's (ECONNREFUSED, EHOSTUNREACH, ETIMEDOUT;
   * for TLS what is wrong with the certificate, as ERR_TLS_CERT_ALTNAME_INVALID).
   */
  openStream(options: StreamOptions): Promise<StreamSocket>
  /** Listens for TCP connections. Rejects with an error whose `code` is the platform's. */
  listenStream(options: StreamListenerOptions): Promise<StreamListener>
  /** Addresses of a host name, in the order to try; empty when it has none or cannot be resolved. Never rejects. */
  resolve(name: string): Promise<readonly string[]>
  /**
   * Takes each line of the NSS key log, without its line end, where the platform keeps one (SSLKEYLOGFILE); absent where it
   * keeps none. Never throws.
   */
  readonly keyLog?: ((line: string) => void) | undefined
  /** Calls `task` once, at `at` of this host's clock or as soon as possible afterwards. Does not keep a process alive. */
  schedule(at: number, task: (now: number) => void): Cancellable
  /** Calls `task` in a later turn of the event loop, in order: the W3C "queue a task". */
  queueTask(task: () => void): void
}
