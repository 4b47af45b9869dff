/**
 * The number of a packet on its transport, of all streams together (draft-holmer-rmcat-transport-wide-cc-extensions-01, 2),
 * and its second version (webrtc.org, transport-wide-cc-02), by which the sender says when it wants feedback.
 */

import type { ExtensionWriter } from '../packet-writer.ts'

export const TRANSPORT_SEQUENCE_NUMBER_URI = 'http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01'
export const TRANSPORT_SEQUENCE_NUMBER_V2_URI = 'http://www.webrtc.org/experiments/rtp-hdrext/transport-wide-cc-02'

const PLAIN = 2
const WITH_REQUEST = 4
const TIMES = 0x8000

/** What the second version asks for. */
export interface FeedbackRequest {
  /** Whether the times of arrival are to be told. */
  readonly times: boolean
  /** Packets up to this one that are to be told of: 1 to 32767. */
  readonly count: number
}

/** 0 to 65535, of either version; undefined where the length is another. */
export const readTransportSequenceNumber = (bytes: Uint8Array, start: number, end: number): number | undefined =>
  end - start === PLAIN || end - start === WITH_REQUEST ? (bytes[start]! << 8) | bytes[start + 1]! : undefined

/** What is asked for; undefined where nothing is: most packets. */
export const readFeedbackRequest = (bytes: Uint8Array, start: number, end: number): FeedbackRequest | undefined => {
  if (end - start !== WITH_REQUEST) return undefined
  const flags = (bytes[start + 2]! << 8) | bytes[start + 3]!
  const count = flags & 0x7fff
  return count === 0 ? undefined : { times: (flags & TIMES) !== 0, count }
}

/** Both versions, without a request. */
export const putTransportSequenceNumber = (writer: ExtensionWriter, id: number, number: number): boolean => {
  const at = writer.reserve(id, PLAIN)
  if (at < 0) return false
  setNumber(writer.bytes, at, number)
  return true
}

/** The second version, with a request for feedback, or with room for one (undefined): so that headers keep their size. */
export const putTransportSequenceNumberV2 = (
  writer: ExtensionWriter,
  id: number,
  number: number,
  request: FeedbackRequest | undefined,
): boolean => {
  const at = writer.reserve(id, WITH_REQUEST)
  if (at < 0) return false
  setNumber(writer.bytes, at, number)
  setNumber(writer.bytes, at + 2, request === undefined ? 0 : (request.times ? TIMES : 0) | (request.count & 0x7fff))
  return true
}

const setNumber = (bytes: Uint8Array, at: number, value: number): void => {
  bytes[at] = value >> 8
  bytes[at + 1] = value
}
