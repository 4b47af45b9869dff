/** Error causes, as ERROR and ABORT carry them (RFC 9260 3.3.10), and the error that an association ends with. */

import { fromUtf8, utf8, Writer } from '../bytes/index.ts'
import { CAUSE } from './chunk-type.ts'
import { readParameters, writeParameter } from './parameter.ts'

/** Bytes of a text for a person, ours or the peer's. */
const LONGEST_REASON = 256

export type SctpErrorCode =
  /** The caller's own mistake: the association is not in a state for this. */
  | 'invalid-state'
  /** The caller's own mistake: the stream does not exist on this association. */
  | 'invalid-stream'
  /** The send buffer is full. */
  | 'buffer-full'
  /** The peer sent ABORT: `causeCode` says why. */
  | 'aborted'
  /** The peer did not answer the handshake. */
  | 'handshake-timeout'
  /** The peer stopped acknowledging. */
  | 'timeout'
  /** The peer broke the protocol; the association was aborted with `causeCode`. */
  | 'protocol-violation'
  /** The peer began the association anew (RFC 9260 5.2.4.1). */
  | 'restarted'
  /** The layer below is gone. */
  | 'transport-closed'

export class SctpError extends Error {
  override readonly name = 'SctpError'

  /** @param causeCode The error cause of RFC 9260 3.3.10 that was sent or received. */
  constructor(
    readonly code: SctpErrorCode,
    message: string,
    readonly causeCode?: number,
  ) {
    super(message)
  }
}

/**
 * The first cause in an ABORT or ERROR; `reason` is the text of causes that carry one.
 * @returns `code` undefined when there is no cause; undefined as a whole when a length lies.
 */
export const readCause = (
  bytes: Uint8Array,
  start: number,
  end: number,
): { readonly code: number | undefined; readonly reason: string } | undefined => {
  const causes = readParameters(bytes, start, end)
  if (causes === undefined) return undefined
  const cause = causes[0]
  if (cause === undefined) return { code: undefined, reason: '' }
  const textual = cause.type === CAUSE.USER_INITIATED_ABORT || cause.type === CAUSE.PROTOCOL_VIOLATION
  // A reason is for a log line: what is longer than one is cut.
  return { code: cause.type, reason: textual ? fromUtf8(cause.value.subarray(0, LONGEST_REASON)) : '' }
}

/** Whether one of the causes in an ERROR has this code. */
export const hasCause = (bytes: Uint8Array, start: number, end: number, code: number): boolean =>
  readParameters(bytes, start, end)?.some(cause => cause.type === code) ?? false

/** A cause with its information. */
export const writeCause = (code: number, information: Uint8Array = new Uint8Array(0)): Uint8Array => {
  const writer = new Writer(8 + information.length)
  writeParameter(writer, code, information)
  return writer.finish()
}

/** A cause whose information is text for a person. */
export const writeTextCause = (code: number, reason: string): Uint8Array =>
  writeCause(code, utf8(reason).subarray(0, LONGEST_REASON))

/** Invalid Stream Identifier (RFC 9260 3.3.10.1). */
export const invalidStream = (streamId: number): Uint8Array =>
  writeCause(CAUSE.INVALID_STREAM, new Writer(4).u16(streamId).u16(0).finish())

/** Stale Cookie (RFC 9260 3.3.10.3): by how many microseconds. */
export const staleCookie = (microseconds: number): Uint8Array =>
  writeCause(CAUSE.STALE_COOKIE, new Writer(4).u32(Math.min(microseconds, 0xffffffff)).finish())

/** Missing Mandatory Parameter (RFC 9260 3.3.10.2). */
export const missingParameter = (type: number): Uint8Array =>
  writeCause(CAUSE.MISSING_PARAMETER, new Writer(6).u32(1).u16(type).finish())

/** No User Data (RFC 9260 3.3.10.9). */
export const noUserData = (tsn: number): Uint8Array => writeCause(CAUSE.NO_USER_DATA, new Writer(4).u32(tsn).finish())
