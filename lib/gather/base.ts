/**
 * The base (RFC 8445, 4): what a candidate of ours sends from and receives at.
 *
 * One base carries datagrams between us and any number of remote transport addresses. Over UDP that is a socket, or a
 * share of one; over TCP (RFC 6544) it is a set of connections, each RFC 4571 frame of which counts as a datagram.
 */

import type { Packet } from '../bytes/index.ts'
import type { DatagramSink } from '../machine/index.ts'

export interface Base {
  readonly protocol: 'udp' | 'tcp'
  /** Where it is bound: canonical text. */
  readonly address: string
  /** The port, as the candidate tells it: 9 for TCP active (RFC 6544, 4.5). */
  readonly port: number
  /** Sends a datagram, and releases `packet`. What cannot be sent is dropped and counted, as a network would. */
  send(packet: Packet, address: string, port: number): void
  /** Frees all that it holds. Nothing is received or told afterwards. Calling it again does nothing. */
  close(): void
}

/** Called for each datagram; `packet` is borrowed and may be overwritten, `address` is canonical text. */
export type BaseSink = DatagramSink

/**
 * Tells that the TCP connection with a remote address could not be made, or is over: pairs that use it have failed.
 * A later packet to a TCP active or simultaneous-open base makes another attempt.
 */
export type LostSink = (address: string, port: number, now: number) => void

/** Ports, both ends included, from 1 to 65535. */
export interface PortRange {
  readonly min: number
  readonly max: number
}
