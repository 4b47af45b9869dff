/** RE-CONFIG: the requests and responses that reset streams (RFC 6525 3 and 4). */

import { Reader, Writer } from '../bytes/index.ts'
import { PARAMETER } from './chunk-type.ts'
import { readParameters, writeParameter } from './parameter.ts'

/** Results of a request (RFC 6525 4.4). */
export const RESULT = {
  NOTHING_TO_DO: 0,
  PERFORMED: 1,
  DENIED: 2,
  WRONG_SSN: 3,
  ALREADY_IN_PROGRESS: 4,
  BAD_SEQUENCE_NUMBER: 5,
  IN_PROGRESS: 6,
} as const

export type ReconfigParameter =
  | {
      readonly type: 'outgoing-reset'
      readonly sequence: number
      readonly responseSequence: number
      readonly lastTsn: number
      /** Empty: all streams. */
      readonly streamIds: number[]
    }
  | { readonly type: 'incoming-reset'; readonly sequence: number; readonly streamIds: number[] }
  | { readonly type: 'add-outgoing-streams'; readonly sequence: number; readonly count: number }
  /** A request that is not granted: TSN reset, or incoming streams to be added. */
  | { readonly type: 'other-request'; readonly sequence: number }
  | { readonly type: 'response'; readonly sequence: number; readonly result: number }

const streamIds = (reader: Reader): number[] => {
  const ids: number[] = []
  while (!reader.failed && reader.remaining >= 2) ids.push(reader.u16())
  return ids
}

/** The parameters of a RE-CONFIG chunk (at most two, RFC 6525 3.1); undefined when it is malformed. */
export const readReconfig = (bytes: Uint8Array, start: number, end: number): ReconfigParameter[] | undefined => {
  const parameters = readParameters(bytes, start, end)
  if (parameters === undefined || parameters.length > 2) return undefined
  const read: ReconfigParameter[] = []
  for (const { type, value } of parameters) {
    const reader = new Reader(value)
    const sequence = reader.u32()
    switch (type) {
      case PARAMETER.OUTGOING_RESET: {
        const responseSequence = reader.u32()
        const lastTsn = reader.u32()
        read.push({ type: 'outgoing-reset', sequence, responseSequence, lastTsn, streamIds: streamIds(reader) })
        break
      }
      case PARAMETER.INCOMING_RESET:
        read.push({ type: 'incoming-reset', sequence, streamIds: streamIds(reader) })
        break
      case PARAMETER.ADD_OUTGOING_STREAMS:
        read.push({ type: 'add-outgoing-streams', sequence, count: reader.u16() })
        break
      case PARAMETER.TSN_RESET:
      case PARAMETER.ADD_INCOMING_STREAMS:
        read.push({ type: 'other-request', sequence })
        break
      case PARAMETER.RECONFIG_RESPONSE:
        read.push({ type: 'response', sequence, result: reader.u32() })
        break
    }
    if (reader.failed) return undefined
  }
  return read
}

/** The value of a RE-CONFIG chunk with an Outgoing SSN Reset Request (RFC 6525 4.1). */
export const writeOutgoingReset = (
  sequence: number,
  responseSequence: number,
  lastTsn: number,
  ids: readonly number[],
): Uint8Array => {
  const value = new Writer(12 + 2 * ids.length).u32(sequence).u32(responseSequence).u32(lastTsn)
  for (const id of ids) value.u16(id)
  const writer = new Writer(20 + 2 * ids.length)
  writeParameter(writer, PARAMETER.OUTGOING_RESET, value.finish())
  return writer.finish()
}

/** The value of a RE-CONFIG chunk with an Incoming SSN Reset Request (RFC 6525 4.2). */
export const writeIncomingReset = (sequence: number, ids: readonly number[]): Uint8Array => {
  const value = new Writer(4 + 2 * ids.length).u32(sequence)
  for (const id of ids) value.u16(id)
  const writer = new Writer(12 + 2 * ids.length)
  writeParameter(writer, PARAMETER.INCOMING_RESET, value.finish())
  return writer.finish()
}

/** The value of a RE-CONFIG chunk with a Re-configuration Response (RFC 6525 4.4). */
export const writeResponse = (sequence: number, result: number): Uint8Array => {
  const writer = new Writer(12)
  writeParameter(writer, PARAMETER.RECONFIG_RESPONSE, new Writer(8).u32(sequence).u32(result).finish())
  return writer.finish()
}
