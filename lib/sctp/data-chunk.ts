/**
 * DATA (RFC 9260 3.3.1) and I-DATA (RFC 8260 2.1): a fragment of a user message, or a whole one.
 *
 * DATA tells the order of a stream's messages by a stream sequence number, and that of a message's fragments by their
 * TSNs. I-DATA has a message identifier for every message, ordered or not, and a fragment sequence number, so that
 * fragments of several messages may follow each other in any order; its first fragment has the payload protocol
 * identifier in place of the fragment sequence number, which is zero there.
 */

import { getU16, getU32, setU16, setU32 } from '../bytes/index.ts'
import { DATA_BEGIN, DATA_END, DATA_IMMEDIATE, DATA_UNORDERED } from './chunk-type.ts'
import type { OutboundMessage } from './outbound-message.ts'

const NONE = new Uint8Array(0)

/** Bytes before the payload, the chunk header included. */
export const dataHeader = (interleaved: boolean): number => (interleaved ? 20 : 16)

/** The flags of the fragment `[offset, offset + length)` of a message. */
export const dataFlags = (message: OutboundMessage, offset: number, length: number): number =>
  (offset === 0 ? DATA_BEGIN : 0) |
  (offset + length === message.data.length ? DATA_END : 0) |
  (message.ordered ? 0 : DATA_UNORDERED)

/**
 * Writes what stands before the payload.
 * @param at Behind the chunk header; the payload follows at `at + dataHeader(interleaved) - 4`.
 * @param fragment The fragment sequence number: 0 for the first one of a message. DATA does without.
 */
export const writeDataHeader = (
  bytes: Uint8Array,
  at: number,
  interleaved: boolean,
  tsn: number,
  message: OutboundMessage,
  fragment: number,
): void => {
  setU32(bytes, at, tsn)
  setU16(bytes, at + 4, message.streamId)
  if (interleaved) {
    setU16(bytes, at + 6, 0)
    setU32(bytes, at + 8, message.ssn)
    setU32(bytes, at + 12, fragment === 0 ? message.ppid : fragment)
  } else {
    setU16(bytes, at + 6, message.ssn)
    setU32(bytes, at + 8, message.ppid)
  }
}

/** A reusable view of one DATA or I-DATA chunk; its payload stays where it is. */
export class DataChunk {
  tsn = 0
  streamId = 0
  /** The stream sequence number (16 bits; without meaning when unordered) or the message identifier (32 bits). */
  sequence = 0
  /** The payload protocol identifier; 0 in the later fragments of I-DATA, which have none. */
  ppid = 0
  /** The fragment sequence number of I-DATA; 0 in DATA. */
  fragment = 0
  begin = false
  end = false
  ordered = false
  /** The sender asks for a SACK at once (RFC 7053). */
  immediate = false
  bytes: Uint8Array = NONE
  /** Where the payload begins and ends in `bytes`. */
  from = 0
  to = 0

  /** Reads the chunk whose value is `bytes[start, end)`; false when it is too short. The payload may be empty. */
  read(flags: number, bytes: Uint8Array, start: number, end: number, interleaved: boolean): boolean {
    const from = start + (interleaved ? 16 : 12)
    if (from > end) return false
    this.tsn = getU32(bytes, start)
    this.streamId = getU16(bytes, start + 4)
    const begin = (flags & DATA_BEGIN) !== 0
    if (interleaved) {
      this.sequence = getU32(bytes, start + 8)
      const field = getU32(bytes, start + 12)
      this.ppid = begin ? field : 0
      this.fragment = begin ? 0 : field
    } else {
      this.sequence = getU16(bytes, start + 6)
      this.ppid = getU32(bytes, start + 8)
      this.fragment = 0
    }
    this.begin = begin
    this.end = (flags & DATA_END) !== 0
    this.ordered = (flags & DATA_UNORDERED) === 0
    this.immediate = (flags & DATA_IMMEDIATE) !== 0
    this.bytes = bytes
    this.from = from
    this.to = end
    return true
  }
}
