/** RE-CONFIG: the requests and responses that reset and add streams (RFC 6525 3 and 4). */

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

export interface OutgoingReset {
  readonly type: 'outgoing-reset'
  readonly sequence: number
  /** The number of the request that this answers, if it answers one. */
  readonly responseSequence: number
  /** The last TSN that the sender gave out before it. */
  readonly lastTsn: number
  /** Empty: all streams. */
  readonly streamIds: readonly number[]
}

export interface IncomingReset {
  readonly type: 'incoming-reset'
  readonly sequence: number
  /** Empty: all streams. */
  readonly streamIds: readonly number[]
}

export interface TsnReset {
  readonly type: 'tsn-reset'
  readonly sequence: number
}

export interface AddStreams {
  /** The sender of the request wants more streams of its own, or wants the receiver to have more. */
  readonly type: 'add-outgoing-streams' | 'add-incoming-streams'
  readonly sequence: number
  readonly count: number
}

export interface ReconfigResponse {
  readonly type: 'response'
  readonly sequence: number
  readonly result: number
}

export type ReconfigRequest = OutgoingReset | IncomingReset | TsnReset | AddStreams
export type ReconfigParameter = ReconfigRequest | ReconfigResponse

/** What may stand together in a chunk, in either order (3.1). */
const PAIRS: readonly (readonly [ReconfigParameter['type'], ReconfigParameter['type']])[] = [
  ['outgoing-reset', 'incoming-reset'],
  ['add-outgoing-streams', 'add-incoming-streams'],
  ['response', 'outgoing-reset'],
  ['response', 'response'],
]

const streamIds = (reader: Reader): number[] => {
  const ids: number[] = []
  while (!reader.failed && reader.remaining >= 2) ids.push(reader.u16())
  return ids
}

const readParameter = (type: number, value: Uint8Array): ReconfigParameter | 'unknown' | undefined => {
  const reader = new Reader(value)
  const sequence = reader.u32()
  let parameter: ReconfigParameter
  switch (type) {
    case PARAMETER.OUTGOING_RESET: {
      const responseSequence = reader.u32()
      const lastTsn = reader.u32()
      parameter = { type: 'outgoing-reset', sequence, responseSequence, lastTsn, streamIds: streamIds(reader) }
      break
    }
    case PARAMETER.INCOMING_RESET:
      parameter = { type: 'incoming-reset', sequence, streamIds: streamIds(reader) }
      break
    case PARAMETER.TSN_RESET:
      parameter = { type: 'tsn-reset', sequence }
      break
    case PARAMETER.ADD_OUTGOING_STREAMS:
      parameter = { type: 'add-outgoing-streams', sequence, count: reader.u16() }
      break
    case PARAMETER.ADD_INCOMING_STREAMS:
      parameter = { type: 'add-incoming-streams', sequence, count: reader.u16() }
      break
    case PARAMETER.RECONFIG_RESPONSE:
      parameter = { type: 'response', sequence, result: reader.u32() }
      break
    default:
      return 'unknown'
  }
  return reader.failed ? undefined : parameter
}

/**
 * The parameters of a RE-CONFIG chunk, one or two; those that are not known are left out.
 * @returns undefined when it is malformed, or has parameters that may not stand together.
 */
export const readReconfig = (bytes: Uint8Array, start: number, end: number): ReconfigParameter[] | undefined => {
  const parameters = readParameters(bytes, start, end)
  if (parameters === undefined || parameters.length === 0 || parameters.length > 2) return undefined
  const read: ReconfigParameter[] = []
  for (const { type, value } of parameters) {
    const parameter = readParameter(type, value)
    if (parameter === undefined) return undefined
    if (parameter !== 'unknown') read.push(parameter)
  }
  if (read.length < 2) return read
  const [first, second] = read.map(({ type }) => type)
  const allowed = PAIRS.some(([a, b]) => (a === first && b === second) || (a === second && b === first))
  return allowed ? read : undefined
}

const write = (type: number, value: Writer): Uint8Array => {
  const bytes = value.finish()
  const writer = new Writer(4 + bytes.length)
  writeParameter(writer, type, bytes)
  return writer.finish()
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
  return write(PARAMETER.OUTGOING_RESET, value)
}

/** The value of a RE-CONFIG chunk with an Incoming SSN Reset Request (RFC 6525 4.2). */
export const writeIncomingReset = (sequence: number, ids: readonly number[]): Uint8Array => {
  const value = new Writer(4 + 2 * ids.length).u32(sequence)
  for (const id of ids) value.u16(id)
  return write(PARAMETER.INCOMING_RESET, value)
}

/** The value of a RE-CONFIG chunk with an Add Outgoing or Add Incoming Streams Request (RFC 6525 4.5 and 4.6). */
export const writeAddStreams = (type: AddStreams['type'], sequence: number, count: number): Uint8Array =>
  write(
    type === 'add-outgoing-streams' ? PARAMETER.ADD_OUTGOING_STREAMS : PARAMETER.ADD_INCOMING_STREAMS,
    new Writer(8).u32(sequence).u16(count).u16(0),
  )

/** The value of a RE-CONFIG chunk with a Re-configuration Response (RFC 6525 4.4). */
export const writeResponse = (sequence: number, result: number): Uint8Array =>
  write(PARAMETER.RECONFIG_RESPONSE, new Writer(8).u32(sequence).u32(result))
