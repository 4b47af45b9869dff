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
  /** Binds a UDP socket. Rejects with an error whose `code` is the platform's (EADDRINUSE, EADDRNOTAVAIL, EACCES). */
  openDatagram(options: DatagramOptions): Promise<DatagramSocket>
  /** Addresses of a host name, in the order to try; empty when it has none or cannot be resolved. Never rejects. */
  resolve(name: string): Promise<readonly string[]>
  /** Calls `task` once, at `at` of this host's clock or as soon as possible afterwards. Does not keep a process alive. */
  schedule(at: number, task: (now: number) => void): Cancellable
  /** Calls `task` in a later turn of the event loop, in order: the W3C "queue a task". */
  queueTask(task: () => void): void
}
