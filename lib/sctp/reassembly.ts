/**
 * What puts messages together from what arrives and delivers them: `data-reassembly.ts` from DATA chunks,
 * `interleaved-reassembly.ts` from I-DATA chunks (RFC 8260).
 */

import type { DataChunk } from './data-chunk.ts'

/** A whole message; `data` is a buffer of its own. */
export type DeliverMessage = (streamId: number, ppid: number, data: Uint8Array<ArrayBuffer>) => void
/** A message is larger than `maxMessageSize`: it is dropped. */
export type RefuseMessage = (streamId: number) => void

export interface Reassembly {
  /** Whether it takes I-DATA and I-FORWARD-TSN, and else DATA and FORWARD-TSN. */
  readonly interleaved: boolean
  /**
   * Bytes held that the receiver window pays for, with an allowance for each piece; what one message of the largest size
   * needs while it is half done is not among them, since else it could never be finished.
   */
  readonly buffered: number
  /** Whether there are more half-done messages than any sender can mean. */
  readonly exhausted: boolean
  /** Takes the chunk that is next in sequence. */
  take(chunk: DataChunk): void
  /** Takes a chunk that lies `ahead` (2 or more) of the cumulative TSN. */
  hold(chunk: DataChunk, ahead: number): void
  /** The cumulative TSN has moved over `count` TSNs from `tsn` on. */
  pass(tsn: number, count: number): void
  /** Messages of a stream up to this number, ordered or unordered ones, are not waited for any longer. */
  skip(streamId: number, unordered: boolean, sequence: number): void
  /** The peer begins these streams anew with number zero (RFC 6525 5.2.2); undefined: all of them. */
  resetStreams(ids: readonly number[] | undefined): void
}
