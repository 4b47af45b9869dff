/**
 * The STUN message: header and attributes (RFC 8489, sections 5 and 14).
 *
 * Decoding keeps views of the received bytes and the places of both integrities and of FINGERPRINT, because these are
 * computed over the bytes as they came (`integrity.ts`). It takes nothing on trust and never throws.
 */

import type { Mac } from '../crypto/index.ts'
import { Attribute, type StunAttribute } from './attributes.ts'
import { fingerprintOf, INTEGRITY_LENGTH, INTEGRITY_SHA256_LENGTH, integrityOf } from './integrity.ts'

export const MAGIC_COOKIE = 0x2112a442
export const HEADER_LENGTH = 20
export const TRANSACTION_ID_LENGTH = 12

/** Methods (RFC 8489, 18.2; RFC 8656, 17). */
export const Method = {
  binding: 0x001,
  allocate: 0x003,
  refresh: 0x004,
  send: 0x006,
  data: 0x007,
  createPermission: 0x008,
  channelBind: 0x009,
} as const

export type StunClass = 'request' | 'indication' | 'success' | 'error'

const CLASSES: readonly StunClass[] = ['request', 'indication', 'success', 'error']

/** A received message. Its views are borrowed: valid as long as the datagram is. */
export class StunMessage {
  constructor(
    readonly bytes: Uint8Array,
    readonly kind: StunClass,
    readonly method: number,
    /** In order; those behind an integrity attribute that it does not protect are left out (RFC 8489, 14.5 and 14.6). */
    readonly attributes: readonly StunAttribute[],
    /** Where the MESSAGE-INTEGRITY attribute begins, or -1. */
    readonly integrityAt: number,
    /** Where the FINGERPRINT attribute begins, or -1. */
    readonly fingerprintAt: number,
    /** Where the MESSAGE-INTEGRITY-SHA256 attribute begins, or -1. */
    readonly integritySha256At = -1,
  ) {}

  get transactionId(): Uint8Array {
    return this.bytes.subarray(8, HEADER_LENGTH)
  }

  /** The value of the first attribute of this type: of several, only the first counts (RFC 8489, 14). */
  find(type: number): Uint8Array | undefined {
    for (const attribute of this.attributes) if (attribute.type === type) return attribute.value
    return undefined
  }

  has(type: number): boolean {
    return this.find(type) !== undefined
  }
}

/** Decodes a whole datagram, or returns undefined when it is not a well-formed STUN message. */
export const decodeStun = (bytes: Uint8Array): StunMessage | undefined => {
  if (bytes.length < HEADER_LENGTH) return undefined
  const type = (bytes[0]! << 8) | bytes[1]!
  const length = (bytes[2]! << 8) | bytes[3]!
  if (type > 0x3fff || length % 4 !== 0 || length !== bytes.length - HEADER_LENGTH) return undefined
  if (bytes[4] !== 0x21 || bytes[5] !== 0x12 || bytes[6] !== 0xa4 || bytes[7] !== 0x42) return undefined

  const attributes: StunAttribute[] = []
  let integrityAt = -1
  let integritySha256At = -1
  let fingerprintAt = -1
  for (let at = HEADER_LENGTH; at < bytes.length; ) {
    // FINGERPRINT is the last attribute (RFC 8489, 14.7); whatever follows was appended by someone else.
    if (fingerprintAt >= 0) return undefined
    const attributeType = (bytes[at]! << 8) | bytes[at + 1]!
    const valueLength = (bytes[at + 2]! << 8) | bytes[at + 3]!
    const end = at + 4 + valueLength
    if (end > bytes.length) return undefined
    // Behind MESSAGE-INTEGRITY only the two others count, behind MESSAGE-INTEGRITY-SHA256 only FINGERPRINT does.
    let counts = integrityAt < 0 && integritySha256At < 0
    if (attributeType === Attribute.fingerprint) {
      fingerprintAt = at
      counts = true
    } else if (attributeType === Attribute.messageIntegritySha256 && integritySha256At < 0) {
      integritySha256At = at
      counts = true
    } else if (attributeType === Attribute.messageIntegrity && counts) integrityAt = at
    if (counts) attributes.push({ type: attributeType, value: bytes.subarray(at + 4, end) })
    at = end + (-end & 3)
  }
  const kind = CLASSES[((type >> 7) & 2) | ((type >> 4) & 1)]!
  const method = (type & 0x000f) | ((type >> 1) & 0x0070) | ((type >> 2) & 0x0f80)
  return new StunMessage(bytes, kind, method, attributes, integrityAt, fingerprintAt, integritySha256At)
}

export interface StunFields {
  readonly kind: StunClass
  readonly method: number
  /** 12 bytes, uniformly random for a request (RFC 8489, 5). */
  readonly transactionId: Uint8Array
  readonly attributes?: readonly StunAttribute[]
  /** HMAC-SHA1 keyed with the password (short-term, RFC 8489, 9.1.1) or `longTermKey`: appends MESSAGE-INTEGRITY. */
  readonly integrity?: Mac
  /** HMAC-SHA256 keyed likewise: appends MESSAGE-INTEGRITY-SHA256, behind MESSAGE-INTEGRITY when there are both. */
  readonly integritySha256?: Mac
  /** Appends FINGERPRINT; ICE requires it (RFC 8445, 7.1). False by default. */
  readonly fingerprint?: boolean
}

/** Encodes a message. Throws a RangeError when the transaction id is not 12 bytes or the attributes exceed 65,535. */
export const encodeStun = (fields: StunFields): Uint8Array<ArrayBuffer> => {
  const { transactionId, attributes = [], integrity, integritySha256, fingerprint = false } = fields
  if (transactionId.length !== TRANSACTION_ID_LENGTH) throw new RangeError('a STUN transaction id is 12 bytes')
  let length = HEADER_LENGTH
  for (const { value } of attributes) length += 4 + value.length + (-value.length & 3)
  if (integrity !== undefined) length += 4 + INTEGRITY_LENGTH
  if (integritySha256 !== undefined) length += 4 + INTEGRITY_SHA256_LENGTH
  if (fingerprint) length += 8
  if (length - HEADER_LENGTH > 0xffff) throw new RangeError('a STUN message carries at most 65,535 bytes of attributes')

  const bytes = new Uint8Array(length)
  const classBits = CLASSES.indexOf(fields.kind)
  const { method } = fields
  const type =
    (method & 0x000f) |
    ((method & 0x0070) << 1) |
    ((method & 0x0f80) << 2) |
    ((classBits & 1) << 4) |
    ((classBits & 2) << 7)
  put16(bytes, 0, type)
  put16(bytes, 2, length - HEADER_LENGTH)
  put16(bytes, 4, MAGIC_COOKIE >>> 16)
  put16(bytes, 6, MAGIC_COOKIE & 0xffff)
  bytes.set(transactionId, 8)
  let at = HEADER_LENGTH
  for (const { type: attributeType, value } of attributes) {
    put16(bytes, at, attributeType)
    put16(bytes, at + 2, value.length)
    bytes.set(value, at + 4)
    at += 4 + value.length + (-value.length & 3)
  }
  if (integrity !== undefined) at = seal(bytes, at, Attribute.messageIntegrity, INTEGRITY_LENGTH, integrity)
  if (integritySha256 !== undefined)
    at = seal(bytes, at, Attribute.messageIntegritySha256, INTEGRITY_SHA256_LENGTH, integritySha256)
  if (fingerprint) {
    put16(bytes, at, Attribute.fingerprint)
    put16(bytes, at + 2, 4)
    const value = fingerprintOf(bytes, at)
    put16(bytes, at + 4, value >>> 16)
    put16(bytes, at + 6, value & 0xffff)
  }
  return bytes
}

/** Writes an integrity attribute at `at` and returns its end. */
const seal = (bytes: Uint8Array, at: number, type: number, length: number, mac: Mac): number => {
  put16(bytes, at, type)
  put16(bytes, at + 2, length)
  bytes.set(integrityOf(bytes, at, mac, length), at + 4)
  return at + 4 + length
}

const put16 = (bytes: Uint8Array, at: number, value: number): void => {
  bytes[at] = value >>> 8
  bytes[at + 1] = value
}
