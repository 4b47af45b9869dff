/**
 * How much may be in flight, and how fast it may leave: what every congestion controller is told and what it answers
 * (RFC 9260 7.2 for the standard one). A controller knows bytes and times, and nothing of TSNs or chunks.
 *
 * Bytes count whole DATA chunks, headers included, and times are monotonic milliseconds.
 */

import type { Random } from '../../machine/index.ts'

/** What one SACK has told: filled in anew for each, so that a controller copies what it keeps. */
export interface Acknowledgement {
  now: number
  /** Bytes that were not known to have arrived before: acknowledged cumulatively or by a gap block. */
  bytes: number
  /** Bytes that it showed to be lost. */
  lost: number
  /** Bytes in flight before it. */
  priorFlight: number
  /** Bytes in flight now. */
  flight: number
  /** Whether the cumulative TSN moved. */
  advanced: boolean
  /** Whether the window or the pacer, and not a lack of data or the peer's buffer, had held the sender back. */
  limited: boolean
  /** Whether a loss recovery was under way when it came. */
  recovering: boolean
  /** The round trip of the latest chunk that it acknowledges and that was sent once, in milliseconds; NaN: none. */
  roundTrip: number
  /** The rate at which the path delivered meanwhile, in bytes a millisecond; NaN: none could be measured. */
  deliveryRate: number
  /** The measured rate says nothing about the path's capacity: there was too little to send. */
  applicationLimited: boolean
  /** Bytes known to be delivered since the association began. */
  delivered: number
  /** `delivered` as it stood when the latest of these chunks left: a round trip ends when it passes a mark (BBR). */
  priorDelivered: number
}

export interface CongestionControl {
  /** The congestion window in bytes. */
  readonly window: number
  /** Bytes a millisecond at which packets may leave; Infinity: as fast as the window lets them. */
  readonly pacingRate: number
  /** The path takes packets of another size now: what a full one counts for, in bytes. */
  setPacketSize(bytes: number): void
  /**
   * Data leaves.
   * @param bytes What is added to the flight.
   * @param flight Bytes in flight before.
   */
  sent(bytes: number, flight: number, now: number): void
  /** A SACK told of something new, or showed a loss. `lost` of the controller comes before it, when both happen. */
  acknowledged(sample: Readonly<Acknowledgement>): void
  /**
   * A loss was found without the timer: called once per recovery (RFC 9260 7.2.4).
   * @param flight Bytes in flight when it was found, the lost ones counted.
   */
  lost(flight: number, now: number): void
  /** All that was outstanding when the recovery began has arrived, or was given up. */
  recovered(now: number): void
  /** The last `lost` or `timedOut` was mistaken: what counted as lost had been received (RFC 3522, RFC 3708). */
  spurious(now: number): void
  /** The retransmission timer ran out (7.2.3). */
  timedOut(flight: number, now: number): void
  /** Nothing was sent for this many retransmission timeouts (7.2.1). */
  idled(timeouts: number, now: number): void
}

export interface CongestionOptions {
  /** What a full packet counts for, in bytes. */
  readonly packetSize: number
  readonly random: Random
}

/** The controllers that are built in. */
export type CongestionControlName = 'standard' | 'cubic' | 'bbr'
