/**
 * What long-term credentials put into messages and keys (RFC 8489, 9.2 and 14.4, 14.11, 14.12): USERHASH,
 * PASSWORD-ALGORITHMS, PASSWORD-ALGORITHM, and the key itself.
 */

import { Reader, utf8, Writer } from '../bytes/index.ts'
import type { CryptoProvider } from '../crypto/index.ts'
import { Attribute, type StunAttribute } from './attributes.ts'

/** Password algorithms (IANA "STUN Password Algorithms"; RFC 8489, 18.5). */
export const PasswordAlgorithm = { md5: 1, sha256: 2 } as const

/** An entry of PASSWORD-ALGORITHMS, or PASSWORD-ALGORITHM. */
export interface PasswordAlgorithmEntry {
  readonly algorithm: number
  /** None for MD5 and SHA-256. */
  readonly parameters: Uint8Array
}

/** How the key is made from name, realm and password. */
export type KeyAlgorithm = 'md5' | 'sha-256'

/** Bytes of a USERHASH. */
const USERHASH_LENGTH = 32
/** A list may be as long as a message: entries beyond these are passed over, as if they were not known. */
const MOST_ALGORITHMS = 32
const NONE = new Uint8Array(0)

/**
 * A user name, realm or password as both sides must write it before they hash it: the OpaqueString profile of PRECIS
 * (RFC 8265, 4.2.2), spaces outside ASCII mapped to U+0020, then Unicode Normalization Form C.
 *
 * What the profile disallows (control characters, code points that are not assigned) is not refused here: the server that
 * gave the credentials has decided, and a string that it did not mean fails there with 401.
 */
export const opaqueString = (text: string): string => text.replace(/\p{Zs}/gu, ' ').normalize('NFC')

const credential = (...parts: readonly string[]): Uint8Array => utf8(parts.map(opaqueString).join(':'))

/**
 * The key of long-term credentials, for `createMac` (RFC 8489, 18.5.1): the hash of name, realm and password. All three
 * are prepared with `opaqueString` here.
 */
export const longTermKey = (
  crypto: CryptoProvider,
  algorithm: KeyAlgorithm,
  username: string,
  realm: string,
  password: string,
): Uint8Array => crypto.hash(algorithm, credential(username, realm, password))

/** In place of USERNAME, which is then not to be read on the way (RFC 8489, 14.4). Both are prepared here. */
export const userhash = (crypto: CryptoProvider, username: string, realm: string): StunAttribute => ({
  type: Attribute.userhash,
  value: crypto.hash('sha-256', credential(username, realm)),
})

/** The 32 bytes of USERHASH, borrowed. */
export const readUserhash = (value: Uint8Array): Uint8Array | undefined =>
  value.length === USERHASH_LENGTH ? value : undefined

const write = (writer: Writer, { algorithm, parameters }: PasswordAlgorithmEntry): void => {
  writer.u16(algorithm).vector16(parameters).pad(4)
}

const read = (reader: Reader): PasswordAlgorithmEntry => {
  const algorithm = reader.u16()
  const parameters = reader.vector16()
  // The padding of the last entry may have been taken for that of the attribute, which the value does not include.
  reader.skip(Math.min(-parameters.length & 3, reader.remaining))
  return { algorithm, parameters }
}

/** What the server can do, the best first. A bare number is an algorithm without parameters. */
export const passwordAlgorithms = (entries: readonly (number | PasswordAlgorithmEntry)[]): StunAttribute => {
  const writer = new Writer(4 * entries.length)
  for (const entry of entries) write(writer, typeof entry === 'number' ? { algorithm: entry, parameters: NONE } : entry)
  return { type: Attribute.passwordAlgorithms, value: writer.finish() }
}

/** The first 32 of the list; undefined when it is malformed. Parameters are borrowed. */
export const readPasswordAlgorithms = (value: Uint8Array): PasswordAlgorithmEntry[] | undefined => {
  const reader = new Reader(value)
  const entries: PasswordAlgorithmEntry[] = []
  while (reader.remaining > 0 && !reader.failed && entries.length < MOST_ALGORITHMS) entries.push(read(reader))
  return reader.failed ? undefined : entries
}

/** What the client has chosen of the server's list. */
export const passwordAlgorithm = (entry: number | PasswordAlgorithmEntry): StunAttribute => ({
  type: Attribute.passwordAlgorithm,
  value: passwordAlgorithms([entry]).value,
})

/** PASSWORD-ALGORITHM: one entry and nothing else. */
export const readPasswordAlgorithm = (value: Uint8Array): PasswordAlgorithmEntry | undefined => {
  const reader = new Reader(value)
  const entry = read(reader)
  return reader.failed || reader.remaining > 0 ? undefined : entry
}
