/**
 * What an error response says: ERROR-CODE (RFC 8489, 14.8), UNKNOWN-ATTRIBUTES (14.13), and TURN's ADDRESS-ERROR-CODE
 * for one family of two (RFC 8656, 18.12).
 */

import { fromUtf8, Reader, utf8, Writer } from '../bytes/index.ts'
import { type AddressFamily, familyNumber, familyOf } from './address.ts'
import { Attribute, LONGEST_TEXT, type StunAttribute } from './attributes.ts'

/** A code of 300 to 699, and what the server says about it: for people and logs only. */
export interface StunError {
  readonly code: number
  readonly reason: string
}

/** Error codes (RFC 8489, 14.8; RFC 8656, 19; RFC 8445, 7.3.1.1). */
export const ErrorCode = {
  tryAlternate: 300,
  badRequest: 400,
  unauthenticated: 401,
  forbidden: 403,
  unknownAttribute: 420,
  allocationMismatch: 437,
  staleNonce: 438,
  addressFamilyNotSupported: 440,
  wrongCredentials: 441,
  unsupportedTransportProtocol: 442,
  peerAddressFamilyMismatch: 443,
  allocationQuotaReached: 486,
  roleConflict: 487,
  serverError: 500,
  insufficientCapacity: 508,
} as const

/** What no server says: nobody answered. The code of webrtc-pc's `icecandidateerror` (4.8.1.3). */
export const NO_ANSWER = 701

const errorValue = (first: number, code: number, reason: string): Uint8Array => {
  if (!(code >= 300 && code <= 699)) throw new RangeError('a STUN error code is 300 to 699')
  const text = utf8(reason)
  return new Writer(4 + text.length)
    .u8(first)
    .u8(0)
    .u8(Math.floor(code / 100))
    .u8(code % 100)
    .bytes(text)
    .finish()
}

const readErrorValue = (value: Uint8Array): StunError | undefined => {
  if (value.length < 4 || value.length > 4 + LONGEST_TEXT) return undefined
  const hundreds = value[2]! & 7
  const number = value[3]!
  if (hundreds < 3 || hundreds > 6 || number > 99) return undefined
  // coturn counts the padding of the attribute as part of the reason.
  let end = value.length
  while (end > 4 && value[end - 1] === 0) end--
  return { code: hundreds * 100 + number, reason: fromUtf8(value.subarray(4, end)) }
}

/** `code` is 300 to 699; a RangeError otherwise. */
export const errorCode = (code: number, reason: string): StunAttribute => ({
  type: Attribute.errorCode,
  value: errorValue(0, code, reason),
})

/** ERROR-CODE, or undefined when the code is out of its range or the reason is longer than 763 bytes. */
export const readErrorCode = (value: Uint8Array): StunError | undefined => readErrorValue(value)

/** Why a dual allocation has no address of one family. `code` is 300 to 699; a RangeError otherwise. */
export const addressErrorCode = (family: AddressFamily, code: number, reason: string): StunAttribute => ({
  type: Attribute.addressErrorCode,
  value: errorValue(familyNumber(family), code, reason),
})

export const readAddressErrorCode = (value: Uint8Array): (StunError & { family: AddressFamily }) | undefined => {
  const family = familyOf(value[0])
  const error = readErrorValue(value)
  return family === undefined || error === undefined ? undefined : { family, ...error }
}

export const unknownAttributes = (types: readonly number[]): StunAttribute => {
  const writer = new Writer(2 * types.length)
  for (const type of types) writer.u16(type)
  return { type: Attribute.unknownAttributes, value: writer.finish() }
}

export const readUnknownAttributes = (value: Uint8Array): number[] | undefined => {
  if (value.length % 2 !== 0) return undefined
  const reader = new Reader(value)
  const types: number[] = []
  while (reader.remaining > 0) types.push(reader.u16())
  return types
}

/** At most this many are listed in a 420 response. */
const MOST_UNKNOWN = 16

/** The comprehension-required attributes (below 0x8000) that are not in `known`: a reason for a 420 response. */
export const unknownRequired = (attributes: readonly StunAttribute[], known: ReadonlySet<number>): number[] => {
  const types: number[] = []
  for (const { type } of attributes)
    if (type < 0x8000 && !known.has(type) && !types.includes(type) && types.length < MOST_UNKNOWN) types.push(type)
  return types
}
