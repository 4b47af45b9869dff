/**
 * The extensions of hello messages (RFC 5246, 7.4.1.4): their list, and the bodies that are made of numbers.
 *
 * Every extension is kept as bytes under its number, so that one that nothing here knows is skipped by not being asked
 * for. The same number twice is an error.
 */

import { Reader, Writer } from '../bytes/index.ts'
import { Alert, malformed, violation } from './error.ts'

export const ExtensionType = {
  supportedGroups: 10,
  ecPointFormats: 11,
  signatureAlgorithms: 13,
  useSrtp: 14,
  extendedMasterSecret: 23,
  supportedVersions: 43,
  renegotiationInfo: 0xff01,
} as const

export type Extensions = ReadonlyMap<number, Uint8Array>

/** Reads what is left of a hello: nothing at all, or a list of extensions that ends where the message does. */
export const decodeExtensions = (reader: Reader): Extensions => {
  const extensions = new Map<number, Uint8Array>()
  if (reader.remaining === 0) return extensions
  const list = new Reader(reader.vector16())
  if (reader.failed || reader.remaining > 0) throw malformed('the list of extensions')
  while (list.remaining > 0) {
    const type = list.u16()
    const data = list.vector16()
    if (list.failed) throw malformed('the list of extensions')
    if (extensions.has(type)) throw violation(Alert.illegalParameter, `extension ${type} is there twice`)
    extensions.set(type, data)
  }
  return extensions
}

export const encodeExtensions = (writer: Writer, extensions: Extensions): void => {
  if (extensions.size === 0) return
  writer.nested16(list => {
    for (const [type, data] of extensions) list.u16(type).vector16(data)
  })
}

/** A list of two-byte numbers behind its two-byte length: supported_groups, signature_algorithms. */
export const encodeNumbers = (numbers: readonly number[]): Uint8Array => {
  const writer = new Writer(2 + 2 * numbers.length).u16(2 * numbers.length)
  for (const number of numbers) writer.u16(number)
  return writer.finish()
}

/** Reads the two-byte numbers that `bytes` consists of. */
export const readNumbers = (bytes: Uint8Array, what: string): number[] => {
  if (bytes.length % 2 !== 0) throw malformed(what)
  const numbers: number[] = []
  for (let i = 0; i < bytes.length; i += 2) numbers.push((bytes[i]! << 8) | bytes[i + 1]!)
  return numbers
}

/** The reverse of `encodeNumbers`; an empty list is an error. */
export const decodeNumbers = (data: Uint8Array, what: string): number[] => {
  const reader = new Reader(data)
  const numbers = readNumbers(reader.vector16(), what)
  if (reader.failed || reader.remaining > 0 || numbers.length === 0) throw malformed(what)
  return numbers
}

/** The bytes behind a one-byte length that make up the whole body; an empty list is an error. */
export const decodeBytes8 = (data: Uint8Array, what: string): Uint8Array => {
  const reader = new Reader(data)
  const bytes = reader.vector8()
  if (reader.failed || reader.remaining > 0 || bytes.length === 0) throw malformed(what)
  return bytes
}
