/**
 * The MID of a packet (RFC 9143, 15; an SDES item as a header extension, RFC 7941): which m-section its stream is of.
 */

import { fromStrictUtf8, utf8 } from '../../bytes/index.ts'
import type { ExtensionWriter } from '../packet-writer.ts'

export const MID_URI = 'urn:ietf:params:rtp-hdrext:sdes:mid'

/** The text of `bytes[start, end)`; undefined where it is empty or no UTF-8. Makes a string: not for each packet. */
export const readMid = (bytes: Uint8Array, start: number, end: number): string | undefined =>
  end > start ? fromStrictUtf8(bytes.subarray(start, end)) : undefined

/** False where the writer cannot take it: more than 16 bytes want the two-byte form. */
export const putMid = (writer: ExtensionWriter, id: number, mid: string): boolean => {
  const bytes = utf8(mid)
  return bytes.length > 0 && writer.put(id, bytes)
}
