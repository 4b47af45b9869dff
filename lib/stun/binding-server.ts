/**
 * The server's side (RFC 8489, 6.3.1 and 12): error responses to requests of any method, and the basic STUN server, which
 * tells whoever asks what address he has, and asks nobody who he is.
 */

import type { Mac } from '../crypto/index.ts'
import { type StunAddress, xorAddress } from './address.ts'
import { Attribute, type StunAttribute } from './attributes.ts'
import { ErrorCode, errorCode, unknownAttributes, unknownRequired } from './error-attributes.ts'
import { verifyFingerprint } from './integrity.ts'
import { encodeStun, Method, type StunMessage } from './message.ts'

export interface ResponseSeal {
  /** Keys as `encodeStun` takes them: a response to an authenticated request is sealed as the request was. */
  readonly integrity?: Mac
  readonly integritySha256?: Mac
}

/**
 * The error response to a request; with FINGERPRINT when the request had one (RFC 8489, 6.3.1).
 * @param code 300 to 699; a RangeError otherwise.
 * @param attributes What else it is to say: REALM and NONCE of a 401, ALTERNATE-SERVER of a 300.
 */
export const errorResponse = (
  request: StunMessage,
  code: number,
  reason: string,
  attributes: readonly StunAttribute[] = [],
  seal: ResponseSeal = {},
): Uint8Array<ArrayBuffer> =>
  encodeStun({
    kind: 'error',
    method: request.method,
    transactionId: request.transactionId,
    attributes: [errorCode(code, reason), ...attributes],
    fingerprint: request.fingerprintAt >= 0,
    ...seal,
  })

/**
 * The 420 response to a request that has comprehension-required attributes other than `known`, or undefined when it has
 * none. With authentication, that comes first (RFC 8489, 9.1.3, 9.2.4).
 */
export const unknownAttributeResponse = (
  request: StunMessage,
  known: ReadonlySet<number>,
  seal: ResponseSeal = {},
): Uint8Array<ArrayBuffer> | undefined => {
  const unknown = unknownRequired(request.attributes, known)
  if (unknown.length === 0) return undefined
  return errorResponse(request, ErrorCode.unknownAttribute, 'Unknown Attribute', [unknownAttributes(unknown)], seal)
}

/** Credentials that nobody asked for are passed over; they are no reason to refuse. */
const UNDERSTOOD: ReadonlySet<number> = new Set([
  Attribute.username,
  Attribute.userhash,
  Attribute.messageIntegrity,
  Attribute.messageIntegritySha256,
  Attribute.realm,
  Attribute.nonce,
  Attribute.passwordAlgorithm,
])

/**
 * What a basic STUN server answers to a message that came from `source`: to a Binding request its address, or a 420;
 * to everything else nothing (undefined).
 * @param attributes What else the response is to say, SOFTWARE for example.
 */
export const answerBinding = (
  message: StunMessage,
  source: StunAddress,
  attributes: readonly StunAttribute[] = [],
): Uint8Array<ArrayBuffer> | undefined => {
  if (message.kind !== 'request' || message.method !== Method.binding) return undefined
  const hasFingerprint = message.fingerprintAt >= 0
  if (hasFingerprint && !verifyFingerprint(message)) return undefined
  const refusal = unknownAttributeResponse(message, UNDERSTOOD)
  if (refusal !== undefined) return refusal
  const { transactionId } = message
  return encodeStun({
    kind: 'success',
    method: Method.binding,
    transactionId,
    attributes: [xorAddress(Attribute.xorMappedAddress, source, transactionId), ...attributes],
    fingerprint: hasFingerprint,
  })
}
