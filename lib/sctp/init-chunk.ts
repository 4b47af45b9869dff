/**
 * INIT and INIT ACK: what each side announces when an association begins (RFC 9260 3.3.2 and 3.3.3).
 *
 * Announced are partial reliability (RFC 3758) and, in Supported Extensions (RFC 5061 4.2.7), RE-CONFIG and
 * FORWARD-TSN, and nothing else: some peers reject an INIT with a parameter that they do not know.
 */

import { Reader, Writer } from '../bytes/index.ts'
import { CHUNK, IGNORED_PARAMETERS, PARAMETER, reportsUnknown, skipsUnknown } from './chunk-type.ts'
import { readParameters, writeParameter } from './parameter.ts'

/** The fixed part of INIT, its chunk header not counted. */
const FIXED = 16
/** How many bytes of unknown parameters are kept for the report; a peer's INIT may hold more. */
const LARGEST_REPORT = 512

export interface Init {
  readonly tag: number
  /** Advertised receiver window in bytes. */
  readonly window: number
  readonly outboundStreams: number
  readonly inboundStreams: number
  readonly initialTsn: number
  readonly forwardTsn: boolean
  readonly reconfig: boolean
  /** INIT ACK only. */
  readonly cookie: Uint8Array | undefined
  /** Whole parameters that were not known and ask to be reported. */
  readonly unrecognized: readonly Uint8Array[]
}

/** What this side announces. */
export type LocalInit = Pick<Init, 'tag' | 'window' | 'outboundStreams' | 'inboundStreams' | 'initialTsn'>

/** Reads the value of an INIT or INIT ACK; undefined when it is malformed. `cookie` and reports are views. */
export const readInit = (bytes: Uint8Array, start: number, end: number): Init | undefined => {
  if (end - start < FIXED) return undefined
  const reader = new Reader(bytes, start, end)
  const tag = reader.u32()
  const window = reader.u32()
  const outboundStreams = reader.u16()
  const inboundStreams = reader.u16()
  const initialTsn = reader.u32()
  const parameters = readParameters(bytes, start + FIXED, end)
  if (parameters === undefined) return undefined
  let forwardTsn = false
  let reconfig = false
  let cookie: Uint8Array | undefined
  let reportLength = 0
  const unrecognized: Uint8Array[] = []
  for (const { type, value, whole } of parameters) {
    if (type === PARAMETER.STATE_COOKIE) {
      cookie ??= value
    } else if (type === PARAMETER.FORWARD_TSN_SUPPORTED) {
      forwardTsn = true
    } else if (type === PARAMETER.SUPPORTED_EXTENSIONS) {
      if (value.includes(CHUNK.RE_CONFIG)) reconfig = true
      if (value.includes(CHUNK.FORWARD_TSN)) forwardTsn = true
    } else if (type !== PARAMETER.UNRECOGNIZED && !IGNORED_PARAMETERS.includes(type)) {
      if (reportsUnknown(type, 16) && reportLength + whole.length <= LARGEST_REPORT) {
        unrecognized.push(whole)
        reportLength += whole.length
      }
      if (!skipsUnknown(type, 16)) break
    }
  }
  return { tag, window, outboundStreams, inboundStreams, initialTsn, forwardTsn, reconfig, cookie, unrecognized }
}

/** The value of an INIT, or of an INIT ACK when there is a cookie. */
export const writeInit = (
  init: LocalInit,
  cookie?: Uint8Array,
  unrecognized: readonly Uint8Array[] = [],
): Uint8Array => {
  const writer = new Writer()
    .u32(init.tag)
    .u32(init.window)
    .u16(init.outboundStreams)
    .u16(init.inboundStreams)
    .u32(init.initialTsn)
  if (cookie !== undefined) writeParameter(writer, PARAMETER.STATE_COOKIE, cookie)
  writeParameter(writer, PARAMETER.FORWARD_TSN_SUPPORTED, new Uint8Array(0))
  writeParameter(writer, PARAMETER.SUPPORTED_EXTENSIONS, new Uint8Array([CHUNK.RE_CONFIG, CHUNK.FORWARD_TSN]))
  for (const parameter of unrecognized) writeParameter(writer, PARAMETER.UNRECOGNIZED, parameter)
  return writer.finish()
}
