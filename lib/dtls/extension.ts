/**
 * The extensions of handshake messages (RFC 5246, 7.4.1.4; RFC 8446, 4.2): their list, and the bodies that are made of
 * numbers or a few bytes.
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
  encryptThenMac: 22,
  extendedMasterSecret: 23,
  supportedVersions: 43,
  cookie: 44,
  keyShare: 51,
  renegotiationInfo: 0xff01,
} as const

export type Extensions = ReadonlyMap<number, Uint8Array>

/** Reads a list of extensions behind its two-byte length, which has to be there. */
export const readExtensionBlock = (reader: Reader): Extensions => {
  const extensions = new Map<number, Uint8Array>()
  const list = new Reader(reader.vector16())
  if (reader.failed) throw malformed('the list of extensions')
  while (list.remaining > 0) {
    const type = list.u16()
    const data = list.vector16()
    if (list.failed) throw malformed('the list of extensions')
    if (extensions.has(type)) throw violation(Alert.illegalParameter, `extension ${type} is there twice`)
    extensions.set(type, data)
  }
  return extensions
}

/** Reads what is left of a hello: nothing at all, or a list of extensions that ends where the message does. */
export const decodeExtensions = (reader: Reader): Extensions => {
  if (reader.remaining === 0) return new Map()
  const extensions = readExtensionBlock(reader)
  if (reader.remaining > 0) throw malformed('the list of extensions')
  return extensions
}

/** The list behind its two-byte length, also when it is empty. */
export const encodeExtensionBlock = (writer: Writer, extensions: Extensions): void => {
  writer.nested16(list => {
    for (const [type, data] of extensions) list.u16(type).vector16(data)
  })
}

/** What ends a hello: no list at all when there is no extension. */
export const encodeExtensions = (writer: Writer, extensions: Extensions): void => {
  if (extensions.size > 0) encodeExtensionBlock(writer, extensions)
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

/** supported_versions of a client, best first (RFC 8446, 4.2.1). */
export const encodeVersions = (versions: readonly number[]): Uint8Array => {
  const writer = new Writer(1 + 2 * versions.length).u8(2 * versions.length)
  for (const version of versions) writer.u16(version)
  return writer.finish()
}

/** The reverse of `encodeVersions`; an empty list is an error. */
export const decodeVersions = (data: Uint8Array): number[] =>
  readNumbers(decodeBytes8(data, 'supported_versions'), 'supported_versions')

/** supported_versions of a server: the one that it chose. */
export const encodeSelectedVersion = (version: number): Uint8Array => new Writer(2).u16(version).finish()

export const decodeSelectedVersion = (data: Uint8Array): number => {
  if (data.length !== 2) throw malformed('supported_versions')
  return (data[0]! << 8) | data[1]!
}

/** The extension, not the field of DTLS 1.2 (RFC 8446, 4.2.2). */
export const encodeCookie = (cookie: Uint8Array): Uint8Array => new Writer(2 + cookie.length).vector16(cookie).finish()

/** The reverse of `encodeCookie`; an empty one is an error. */
export const decodeCookie = (data: Uint8Array): Uint8Array => {
  const reader = new Reader(data)
  const cookie = reader.vector16()
  if (reader.failed || reader.remaining > 0 || cookie.length === 0) throw malformed('cookie')
  return cookie
}
