/**
 * The handshake message and its header (RFC 6347, 4.2.2; RFC 9147, 5.2).
 *
 *   msg_type (1)  length (3)  message_seq (2)  fragment_offset (3)  fragment_length (3)  body
 *
 * A message is kept with its header as if it had come in one fragment: in that form it enters the transcript of DTLS
 * 1.2; that of 1.3 leaves out what lies between the length and the body.
 */

export const HandshakeType = {
  helloRequest: 0,
  clientHello: 1,
  serverHello: 2,
  helloVerifyRequest: 3,
  newSessionTicket: 4,
  endOfEarlyData: 5,
  encryptedExtensions: 8,
  requestConnectionId: 9,
  newConnectionId: 10,
  certificate: 11,
  serverKeyExchange: 12,
  certificateRequest: 13,
  serverHelloDone: 14,
  certificateVerify: 15,
  clientKeyExchange: 16,
  finished: 20,
  keyUpdate: 24,
  /** Never sent: stands for the first ClientHello in a transcript (RFC 8446, 4.4.1). */
  messageHash: 254,
} as const

export const HANDSHAKE_HEADER = 12

export interface HandshakeMessage {
  readonly type: number
  readonly sequence: number
  /** The epoch of the records that it came in. */
  readonly epoch: number
  /** Header and body, as if unfragmented. */
  readonly raw: Uint8Array
  /** The body, a view of `raw`. */
  readonly body: Uint8Array
}

/** Writes the header of a fragment at `at`. */
export const writeHandshakeHeader = (
  bytes: Uint8Array,
  at: number,
  type: number,
  length: number,
  sequence: number,
  offset: number,
  fragmentLength: number,
): void => {
  bytes[at] = type
  bytes[at + 1] = length >>> 16
  bytes[at + 2] = length >>> 8
  bytes[at + 3] = length
  bytes[at + 4] = sequence >>> 8
  bytes[at + 5] = sequence
  bytes[at + 6] = offset >>> 16
  bytes[at + 7] = offset >>> 8
  bytes[at + 8] = offset
  bytes[at + 9] = fragmentLength >>> 16
  bytes[at + 10] = fragmentLength >>> 8
  bytes[at + 11] = fragmentLength
}

/** A message with its header in front, unfragmented. */
export const encodeHandshake = (type: number, sequence: number, body: Uint8Array): Uint8Array => {
  const raw = new Uint8Array(HANDSHAKE_HEADER + body.length)
  writeHandshakeHeader(raw, 0, type, body.length, sequence, 0, body.length)
  raw.set(body, HANDSHAKE_HEADER)
  return raw
}
