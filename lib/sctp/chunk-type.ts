/**
 * The numbers of SCTP: chunk types and their flags, parameter types, error causes (RFC 9260 3, RFC 3758, RFC 4820,
 * RFC 6525, RFC 8260, RFC 9653).
 *
 * The two high bits of a type say what a receiver that does not know it has to do (RFC 9260 3.2 and 3.2.1): the first,
 * whether to go on with what follows; the second, whether to report it.
 */

import { COMMON_HEADER } from './common-header.ts'

export const CHUNK = {
  DATA: 0,
  INIT: 1,
  INIT_ACK: 2,
  SACK: 3,
  HEARTBEAT: 4,
  HEARTBEAT_ACK: 5,
  ABORT: 6,
  SHUTDOWN: 7,
  SHUTDOWN_ACK: 8,
  ERROR: 9,
  COOKIE_ECHO: 10,
  COOKIE_ACK: 11,
  SHUTDOWN_COMPLETE: 14,
  I_DATA: 64,
  RE_CONFIG: 130,
  PAD: 132,
  FORWARD_TSN: 192,
  I_FORWARD_TSN: 194,
} as const

/** Flags of DATA (RFC 9260 3.3.1): last and first fragment, unordered, and "acknowledge at once" (RFC 7053). */
export const DATA_END = 0x01
export const DATA_BEGIN = 0x02
export const DATA_UNORDERED = 0x04
export const DATA_IMMEDIATE = 0x08
/** A DATA chunk that carries a whole message. */
export const DATA_WHOLE = DATA_BEGIN | DATA_END

/** Whether a packet ends its association at once (RFC 9260, 3.3.7): for an owner who knows that it is to go on. */
export const isAbort = (packet: Uint8Array): boolean => packet[COMMON_HEADER] === CHUNK.ABORT

/** ABORT and SHUTDOWN COMPLETE: the verification tag is the receiver's own, reflected (RFC 9260 8.4). */
export const TAG_REFLECTED = 0x01

/** Type, flags and length. */
export const CHUNK_HEADER = 4
/** The chunk header of DATA, with TSN, stream identifier and sequence number, and payload protocol identifier. */
export const DATA_HEADER = 16

export const PARAMETER = {
  HEARTBEAT_INFO: 1,
  STATE_COOKIE: 7,
  UNRECOGNIZED: 8,
  OUTGOING_RESET: 13,
  INCOMING_RESET: 14,
  TSN_RESET: 15,
  RECONFIG_RESPONSE: 16,
  ADD_OUTGOING_STREAMS: 17,
  ADD_INCOMING_STREAMS: 18,
  ZERO_CHECKSUM: 0x8001,
  SUPPORTED_EXTENSIONS: 0x8008,
  FORWARD_TSN_SUPPORTED: 0xc000,
} as const

/** Parameters of INIT that mean nothing over DTLS (RFC 8261 6): addresses, cookie lifetime, host name, address types. */
export const IGNORED_PARAMETERS: readonly number[] = [5, 6, 9, 11, 12]

export const CAUSE = {
  INVALID_STREAM: 1,
  MISSING_PARAMETER: 2,
  STALE_COOKIE: 3,
  OUT_OF_RESOURCE: 4,
  UNRECOGNIZED_CHUNK: 6,
  INVALID_PARAMETER: 7,
  UNRECOGNIZED_PARAMETERS: 8,
  NO_USER_DATA: 9,
  COOKIE_WHILE_SHUTTING_DOWN: 10,
  USER_INITIATED_ABORT: 12,
  PROTOCOL_VIOLATION: 13,
} as const

/** Whether a receiver that does not know this chunk or parameter type goes on with what follows. */
export const skipsUnknown = (type: number, bits: 8 | 16): boolean => (type >>> (bits - 1)) % 2 === 1

/** Whether a receiver that does not know this chunk or parameter type reports it. */
export const reportsUnknown = (type: number, bits: 8 | 16): boolean => (type >>> (bits - 2)) % 2 === 1
