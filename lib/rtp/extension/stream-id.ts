/**
 * RtpStreamId and RepairedRtpStreamId (RFC 8852, 3; SDES items as header extensions, RFC 7941): which encoding of its source
 * a stream is, and which one a stream of retransmissions or of error correction repairs.
 */

import type { ExtensionWriter } from '../packet-writer.ts'

export const STREAM_ID_URI = 'urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id'
export const REPAIRED_STREAM_ID_URI = 'urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id'

/** RFC 8852, 3: ASCII letters and digits. RFC 8851, 10 lets descriptions have `-` and `_` too, and peers send them. */
const isOfStreamId = (code: number): boolean =>
  (code >= 0x30 && code <= 0x39) ||
  (code >= 0x41 && code <= 0x5a) ||
  (code >= 0x61 && code <= 0x7a) ||
  code === 0x2d ||
  code === 0x5f

/** The id in `bytes[start, end)`; undefined where it has other characters or none. Makes a string: not for each packet. */
export const readStreamId = (bytes: Uint8Array, start: number, end: number): string | undefined => {
  if (end <= start) return undefined
  let text = ''
  for (let at = start; at < end; at++) {
    const code = bytes[at]!
    if (!isOfStreamId(code)) return undefined
    text += String.fromCharCode(code)
  }
  return text
}

/** False for what is no id, and where the writer cannot take it: more than 16 characters want the two-byte form. */
export const putStreamId = (writer: ExtensionWriter, id: number, streamId: string): boolean => {
  const { length } = streamId
  if (length === 0) return false
  for (let i = 0; i < length; i++) if (!isOfStreamId(streamId.charCodeAt(i))) return false
  const at = writer.reserve(id, length)
  if (at < 0) return false
  for (let i = 0; i < length; i++) writer.bytes[at + i] = streamId.charCodeAt(i)
  return true
}
