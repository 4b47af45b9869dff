/**
 * The key_share extension (RFC 8446, 4.2.8), in the three forms of ClientHello, ServerHello and HelloRetryRequest.
 *
 * Decoders throw a `DtlsError` with the alert to send; the parts they return are views of the data.
 */

import { Reader, Writer } from '../../bytes/index.ts'
import { Alert, malformed, violation } from '../error.ts'

export interface KeyShareEntry {
  /** The number of its group, ours or not. */
  readonly group: number
  readonly keyExchange: Uint8Array
}

const putEntry = (writer: Writer, { group, keyExchange }: KeyShareEntry): void => {
  writer.u16(group).vector16(keyExchange)
}

const readEntry = (reader: Reader): KeyShareEntry => {
  const group = reader.u16()
  const keyExchange = reader.vector16()
  if (reader.failed || keyExchange.length === 0) throw malformed('key_share')
  return { group, keyExchange }
}

export const encodeClientShares = (entries: readonly KeyShareEntry[]): Uint8Array =>
  new Writer(1300)
    .nested16(list => {
      for (const entry of entries) putEntry(list, entry)
    })
    .finish()

/** Best first; none, when the client leaves the choice of a group to the server. */
export const decodeClientShares = (data: Uint8Array): KeyShareEntry[] => {
  const reader = new Reader(data)
  const list = new Reader(reader.vector16())
  if (reader.failed || reader.remaining > 0) throw malformed('key_share')
  const entries: KeyShareEntry[] = []
  const groups = new Set<number>()
  while (list.remaining > 0) {
    const entry = readEntry(list)
    if (groups.has(entry.group)) throw violation(Alert.illegalParameter, `two key shares of group ${entry.group}`)
    groups.add(entry.group)
    entries.push(entry)
  }
  return entries
}

export const encodeServerShare = (entry: KeyShareEntry): Uint8Array => {
  const writer = new Writer(entry.keyExchange.length + 4)
  putEntry(writer, entry)
  return writer.finish()
}

export const decodeServerShare = (data: Uint8Array): KeyShareEntry => {
  const reader = new Reader(data)
  const entry = readEntry(reader)
  if (reader.remaining > 0) throw malformed('key_share')
  return entry
}

/** HelloRetryRequest: the group that a share is wanted of. */
export const encodeSelectedGroup = (group: number): Uint8Array => new Writer(2).u16(group).finish()

export const decodeSelectedGroup = (data: Uint8Array): number => {
  if (data.length !== 2) throw malformed('key_share')
  return (data[0]! << 8) | data[1]!
}
