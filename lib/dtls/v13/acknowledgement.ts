/**
 * The ACK message of DTLS 1.3 (RFC 9147, 7): which records with handshake messages have come. It is no handshake message,
 * but a content type of its own.
 *
 *   record_numbers<0..2^16-1>, of each: epoch (8)  sequence_number (8)
 */

import { Reader, Writer } from '../../bytes/index.ts'
import { malformed } from '../error.ts'

export interface RecordNumber {
  readonly epoch: number
  readonly sequence: number
}

/** Bytes of an ACK beside its record numbers, and of each of these. */
export const ACK_HEADER = 2
export const RECORD_NUMBER = 16

export const encodeAcknowledgement = (records: readonly RecordNumber[]): Uint8Array => {
  const writer = new Writer(ACK_HEADER + RECORD_NUMBER * records.length).u16(RECORD_NUMBER * records.length)
  for (const { epoch, sequence } of records) writer.zeros(2).u48(epoch).zeros(2).u48(sequence)
  return writer.finish()
}

/**
 * The records that `bytes[start, end)` names. A number beyond 2^53, which none of ours has, comes out inexact.
 * Throws a `DtlsError` when it is malformed.
 */
export const decodeAcknowledgement = (bytes: Uint8Array, start: number, end: number): RecordNumber[] => {
  const reader = new Reader(bytes.subarray(start, end))
  const length = reader.u16()
  if (reader.failed || length !== reader.remaining || length % RECORD_NUMBER !== 0) throw malformed('ACK')
  const records: RecordNumber[] = []
  while (reader.remaining > 0) records.push({ epoch: Number(reader.u64()), sequence: Number(reader.u64()) })
  return records
}
