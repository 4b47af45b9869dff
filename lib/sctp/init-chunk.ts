/**
 * INIT and INIT ACK: what each side announces when an association begins (RFC 9260 3.3.2 and 3.3.3).
 *
 * Announced are partial reliability (RFC 3758) and, in Supported Extensions (RFC 5061 4.2.7), RE-CONFIG, FORWARD-TSN
 * and, unless it is turned off, I-DATA with I-FORWARD-TSN (RFC 8260). A parameter of its own says that packets without a
 * checksum are taken (RFC 9653 4), only where that was asked for: some peers reject an INIT with a parameter that they
 * do not know.
 */

import { getU32, Reader, Writer } from '../bytes/index.ts'
import { CHUNK, IGNORED_PARAMETERS, PARAMETER, reportsUnknown, skipsUnknown } from './chunk-type.ts'
import { readParameters, writeParameter } from './parameter.ts'

/** The fixed part of INIT, its chunk header not counted. */
const FIXED = 16
/** How many bytes of unknown parameters are kept for the report; a peer's INIT may hold more. */
const LARGEST_REPORT = 512
/** The error detection method identifier of SCTP over DTLS (RFC 9653 7.1). */
const DETECTION_BY_DTLS = 1

export interface Init {
  readonly tag: number
  /** Advertised receiver window in bytes. */
  readonly window: number
  readonly outboundStreams: number
  readonly inboundStreams: number
  readonly initialTsn: number
  readonly forwardTsn: boolean
  readonly reconfig: boolean
  /** I-DATA is listed; and whether I-FORWARD-TSN is. */
  readonly interleaving: boolean
  readonly interleavedForwardTsn: boolean
  /** Packets without a checksum are taken, DTLS being what finds errors. */
  readonly zeroChecksum: boolean
  /** INIT ACK only. */
  readonly cookie: Uint8Array | undefined
  /** Whole parameters that were not known and ask to be reported. */
  readonly unrecognized: readonly Uint8Array[]
}

/** What this side announces. */
export type LocalInit = Pick<
  Init,
  'tag' | 'window' | 'outboundStreams' | 'inboundStreams' | 'initialTsn' | 'interleaving' | 'zeroChecksum'
>

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
  let interleaving = false
  let interleavedForwardTsn = false
  let zeroChecksum = false
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
      if (value.includes(CHUNK.I_DATA)) interleaving = true
      if (value.includes(CHUNK.I_FORWARD_TSN)) interleavedForwardTsn = true
    } else if (type === PARAMETER.ZERO_CHECKSUM) {
      // Another method than DTLS cannot be what protects this association.
      if (value.length === 4 && getU32(value, 0) === DETECTION_BY_DTLS) zeroChecksum = true
    } else if (type !== PARAMETER.UNRECOGNIZED && !IGNORED_PARAMETERS.includes(type)) {
      if (reportsUnknown(type, 16) && reportLength + whole.length <= LARGEST_REPORT) {
        unrecognized.push(whole)
        reportLength += whole.length
      }
      if (!skipsUnknown(type, 16)) break
    }
  }
  return {
    tag,
    window,
    outboundStreams,
    inboundStreams,
    initialTsn,
    forwardTsn,
    reconfig,
    interleaving,
    interleavedForwardTsn,
    zeroChecksum,
    cookie,
    unrecognized,
  }
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
  const extensions: number[] = [CHUNK.RE_CONFIG, CHUNK.FORWARD_TSN]
  if (init.interleaving) extensions.push(CHUNK.I_DATA, CHUNK.I_FORWARD_TSN)
  writeParameter(writer, PARAMETER.SUPPORTED_EXTENSIONS, Uint8Array.from(extensions))
  if (init.zeroChecksum) writeParameter(writer, PARAMETER.ZERO_CHECKSUM, Uint8Array.of(0, 0, 0, DETECTION_BY_DTLS))
  for (const parameter of unrecognized) writeParameter(writer, PARAMETER.UNRECOGNIZED, parameter)
  return writer.finish()
}
