/**
 * Parameters in the type-length-value form that INIT, RE-CONFIG and error causes share (RFC 9260 3.2.1).
 *
 * Unknown ones are treated by the two high bits of their type.
 */

import { getU16, type Writer } from '../bytes/index.ts'

/** Type and length. */
export const PARAMETER_HEADER = 4

/** One parameter: views of the bytes it was read from. */
export interface Parameter {
  readonly type: number
  readonly value: Uint8Array
  /** Header, value and padding, as it stood in the packet. */
  readonly whole: Uint8Array
}

/**
 * Reads `bytes[start, end)` as a list of parameters.
 * @returns undefined when a length lies.
 */
export const readParameters = (bytes: Uint8Array, start: number, end: number): Parameter[] | undefined => {
  const parameters: Parameter[] = []
  let at = start
  while (at < end) {
    if (end - at < PARAMETER_HEADER) return undefined
    const length = getU16(bytes, at + 2)
    if (length < PARAMETER_HEADER || length > end - at) return undefined
    const next = Math.min(end, at + ((length + 3) & ~3))
    parameters.push({
      type: getU16(bytes, at),
      value: bytes.subarray(at + PARAMETER_HEADER, at + length),
      whole: bytes.subarray(at, next),
    })
    at = next
  }
  return parameters
}

/** Appends one parameter. The last one's padding is not part of the chunk's length (RFC 9260 3.2): it is left out. */
export const writeParameter = (writer: Writer, type: number, value: Uint8Array): void => {
  writer
    .pad(4)
    .u16(type)
    .u16(PARAMETER_HEADER + value.length)
    .bytes(value)
}
