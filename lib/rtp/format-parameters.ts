/**
 * The text of `a=fmtp` behind the payload type, read and written (RFC 8866, 6.15): most formats have `name=value` parts with
 * semicolons between them; telephone-event (RFC 4733, 7.1.1) and RED (RFC 2198, 5) have one part without a name.
 *
 * Names are compared without regard to case (RFC 4855, 1), spaces around the parts are nobody's, and order means nothing. So
 * two texts are never compared: what they say is.
 */

import type { Codec } from './codec.ts'

/** Parameters by their names in lower case. What stands without a name and a value is under the empty name. */
export type FormatParameters = ReadonlyMap<string, string>

const NONE: FormatParameters = new Map()

/** A description is a megabyte at most; nobody needs more parameters than this, and the rest is left out. */
const MOST_PARAMETERS = 64

/**
 * Reads the text behind the payload type of `a=fmtp`.
 * @returns The first value of each name: RFC 8866 does not let a name come twice, and does not say what it means.
 */
export const readFormatParameters = (text: string | undefined): FormatParameters => {
  if (text === undefined || text === '') return NONE
  const parameters = new Map<string, string>()
  for (const part of text.split(';', MOST_PARAMETERS)) {
    const piece = part.trim()
    if (piece === '') continue
    const equals = piece.indexOf('=')
    const name = equals < 0 ? '' : piece.slice(0, equals).trim().toLowerCase()
    const value = equals < 0 ? piece : piece.slice(equals + 1).trim()
    if (!parameters.has(name)) parameters.set(name, value)
  }
  return parameters
}

/** What was read already: lists are compared each with each. */
const known = new WeakMap<Codec, FormatParameters>()

/** The parameters of a codec; empty where it has none. */
export const formatParametersOf = (codec: Codec): FormatParameters => {
  let parameters = known.get(codec)
  if (parameters === undefined) {
    parameters = readFormatParameters(codec.sdpFmtpLine)
    known.set(codec, parameters)
  }
  return parameters
}

/** The text of parameters, as it stands behind the payload type; undefined where there are none. */
export const writeFormatParameters = (parameters: FormatParameters): string | undefined => {
  if (parameters.size === 0) return undefined
  const parts: string[] = []
  for (const [name, value] of parameters) parts.push(name === '' ? value : `${name}=${value}`)
  return parts.join(';')
}

/** @returns The value of a parameter that is a whole number in decimal digits; `absent` where it is missing, or is none. */
export const numberParameter = (parameters: FormatParameters, name: string, absent: number): number => {
  const text = parameters.get(name)
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : absent
}

/**
 * The payload types of `apt` (RFC 4588, 8.1), or of RED's list (RFC 2198, 5), as they are written: what a codec that is no
 * codec of its own refers to.
 * @returns Undefined where a part is no payload type.
 */
export const readPayloadTypes = (text: string): number[] | undefined => {
  const types: number[] = []
  for (const part of text.split('/', MOST_PARAMETERS)) {
    const piece = part.trim()
    if (!/^\d{1,3}$/.test(piece)) return undefined
    const type = Number(piece)
    if (type > 127) return undefined
    types.push(type)
  }
  return types
}
