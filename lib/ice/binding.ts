/**
 * The Binding messages of connectivity checks and their authentication (RFC 8445, 7.1 to 7.3; RFC 8489, 9.1).
 *
 * A request is believed only when its FINGERPRINT is right, its user name begins with a user-name fragment of ours, and
 * its MESSAGE-INTEGRITY was made with the password that goes with it. Nothing else about it is looked at before.
 */

import type { Mac } from '../crypto/index.ts'
import {
  Attribute,
  encodeStun,
  errorCode,
  iceControlled,
  iceControlling,
  Method,
  nomination,
  priority,
  readTieBreaker,
  readU32,
  readUsername,
  type StunAddress,
  type StunAttribute,
  type StunMessage,
  unknownAttributes,
  unknownRequired,
  useCandidate,
  username,
  verifyFingerprint,
  verifyIntegrity,
  xorAddress,
} from '../stun/index.ts'
import type { IceRole } from './options.ts'

/** What a check must be understood to be; the rest of the range below 0x8000 gives a 420. */
const UNDERSTOOD: ReadonlySet<number> = new Set([
  Attribute.username,
  Attribute.messageIntegrity,
  Attribute.priority,
  Attribute.useCandidate,
  // Meaningless in a check, but known: an old stack that adds them does no harm.
  Attribute.mappedAddress,
  Attribute.xorMappedAddress,
  Attribute.realm,
  Attribute.nonce,
])

/** Who may be asking: the credentials of one generation. */
export interface Responder {
  readonly localFragment: string
  readonly localMac: Mac
}

/** An authenticated and complete connectivity check of the peer. */
export interface CheckRequest<R extends Responder> {
  readonly responder: R
  /** The second half of the user name: whom the peer takes itself for. */
  readonly remoteFragment: string
  readonly priority: number
  readonly useCandidate: boolean
  /** NOMINATION (draft-thatcher-ice-renomination), above 0. */
  readonly nomination: number | undefined
  /** What the peer takes itself to be, and with which tie-breaker; undefined when it does not say. */
  readonly role: IceRole | undefined
  readonly tieBreaker: bigint
}

/** Why a request is refused, with the response to send (none when it is dropped in silence). */
export interface Refusal {
  readonly reason:
    | 'invalidFingerprint'
    | 'missingCredentials'
    | 'unknownUsername'
    | 'invalidIntegrity'
    | 'unknownAttributes'
    | 'malformedRequests'
  readonly response: Uint8Array | undefined
}

/** Judges a Binding request; `responders` are tried in order. */
export const judgeRequest = <R extends Responder>(
  message: StunMessage,
  responders: readonly R[],
): CheckRequest<R> | Refusal => {
  if (!verifyFingerprint(message)) return { reason: 'invalidFingerprint', response: undefined }
  const name = message.find(Attribute.username)
  if (name === undefined || message.integrityAt < 0)
    return { reason: 'missingCredentials', response: encodeError(message, 400, 'Bad Request') }
  const [local = '', remoteFragment = '', ...more] = (readUsername(name) ?? '').split(':')
  const named = responders.filter(({ localFragment }) => localFragment === local)
  if (named.length === 0 || remoteFragment === '' || more.length > 0)
    return { reason: 'unknownUsername', response: encodeError(message, 401, 'Unauthorized') }
  const responder = named.find(({ localMac }) => verifyIntegrity(message, localMac))
  if (responder === undefined)
    return { reason: 'invalidIntegrity', response: encodeError(message, 401, 'Unauthorized') }

  const { localMac } = responder
  const unknown = unknownRequired(message.attributes, UNDERSTOOD)
  if (unknown.length > 0) {
    const attributes = [unknownAttributes(unknown)]
    return {
      reason: 'unknownAttributes',
      response: encodeError(message, 420, 'Unknown Attribute', localMac, attributes),
    }
  }
  const priorityValue = readU32(message.find(Attribute.priority) ?? NOTHING)
  const controlling = message.find(Attribute.iceControlling)
  const controlled = message.find(Attribute.iceControlled)
  const tieBreaker = readTieBreaker(controlling ?? controlled ?? EIGHT_ZEROS)
  if (priorityValue === undefined || priorityValue === 0 || tieBreaker === undefined)
    return { reason: 'malformedRequests', response: encodeError(message, 400, 'Bad Request', localMac) }
  return {
    responder,
    remoteFragment,
    priority: priorityValue,
    useCandidate: message.has(Attribute.useCandidate),
    nomination: readU32(message.find(Attribute.nomination) ?? NOTHING) || undefined,
    role: controlling !== undefined ? 'controlling' : controlled !== undefined ? 'controlled' : undefined,
    tieBreaker,
  }
}

const NOTHING = new Uint8Array(0)
const EIGHT_ZEROS = new Uint8Array(8)

export interface CheckFields {
  readonly transactionId: Uint8Array
  /** The peer's fragment, a colon, ours. */
  readonly username: string
  readonly role: IceRole
  readonly tieBreaker: bigint
  /** What a peer-reflexive candidate that this check discovers is to have. */
  readonly priority: number
  readonly useCandidate: boolean
  /** The number of the nomination; 0 without one. */
  readonly nomination: number
  /** Keyed with the peer's password. */
  readonly mac: Mac
}

export const encodeCheck = (fields: CheckFields): Uint8Array => {
  const { transactionId, role, tieBreaker, mac } = fields
  return encodeStun({
    kind: 'request',
    method: Method.binding,
    transactionId,
    attributes: [
      username(fields.username),
      role === 'controlling' ? iceControlling(tieBreaker) : iceControlled(tieBreaker),
      ...(fields.useCandidate ? [useCandidate()] : []),
      ...(fields.nomination > 0 ? [nomination(fields.nomination)] : []),
      priority(fields.priority),
    ],
    integrity: mac,
    fingerprint: true,
  })
}

/** The answer to a check: where it came from, as seen here. */
export const encodeSuccess = (request: StunMessage, source: StunAddress, mac: Mac): Uint8Array => {
  const { transactionId } = request
  return encodeStun({
    kind: 'success',
    method: Method.binding,
    transactionId,
    attributes: [xorAddress(Attribute.xorMappedAddress, source, transactionId)],
    integrity: mac,
    fingerprint: true,
  })
}

/** A refusal; without `mac` when it is the credentials that are refused (RFC 8489, 9.1.3). */
export const encodeError = (
  request: StunMessage,
  code: number,
  reason: string,
  mac?: Mac,
  attributes: readonly StunAttribute[] = [],
): Uint8Array =>
  encodeStun({
    kind: 'error',
    method: request.method,
    transactionId: request.transactionId,
    attributes: [errorCode(code, reason), ...attributes],
    fingerprint: true,
    ...(mac && { integrity: mac }),
  })
